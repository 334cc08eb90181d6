"""Times as a report writes them: in UTC, and in a zone only if somebody named it."""

from __future__ import annotations

from datetime import datetime

from evidence.times import Time, zone_of
from service.report.blocks import quoted
from service.timeline.timeline import zone_words
from service.wording.words import Said


def ours(at: datetime, zone: str | None) -> Said:
    """A moment of our own clock: UTC, and beside it the zone that was asked for, by its name."""
    utc = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    if zone is None:
        return Said.same(utc)
    local = at.astimezone(zone_of(zone))
    return Said.same(f"{utc} = {local:%Y-%m-%d %H:%M:%S %z} {zone}")


def as_written(time: Time) -> Said:
    return quoted(time.text, most=80)


def zone_cell(time: Time) -> Said:
    return zone_words(time)


def in_utc(time: Time) -> Said:
    """What a time can mean: one moment to the second, or from when to when."""
    span = time.span
    if (span.latest - span.earliest).total_seconds() < 1:
        return Said.same(f"{span.earliest:%Y-%m-%d %H:%M:%S}")
    first = f"{span.earliest:%Y-%m-%d %H:%M:%S}"
    last = f"{span.latest:%Y-%m-%d %H:%M:%S}"
    return Said.same(f"{first} – {last}")
