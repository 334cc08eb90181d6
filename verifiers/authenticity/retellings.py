"""One delivery that an item dates twice, such as in a heading and in the history under it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import pairwise

from evidence.facts import Facts
from verifiers.authenticity.contradiction import Contradiction
from verifiers.authenticity.events import (
    DELIVERED,
    DOUBTED,
    OUT,
    SHIPPED,
    STEPS,
    TRANSIT,
    WAY,
    Event,
    weight_of,
    words_of,
)
from verifiers.authenticity.lines import Area, place_of
from verifiers.authenticity.sequence import delivered_again, places_of
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Told, labels_in


def dated_places(facts: Facts) -> list[Area]:
    """Where each date stands, also of what happened in unknown words."""
    names = {*STEPS, "document.printed.at"}
    return [at for fact in facts if fact.name in names and (at := place_of(fact)) is not None]


def told_twice(
    events: Sequence[Event], *, parcels: int, dated: Sequence[Area] = ()
) -> Iterator[Contradiction]:
    """One delivery told at two times, such as in a heading and in the history under it.

    parcels  how many tracking numbers the item names: those of several have a delivery each
    dated    where dates stand: a column of them that a delivery ends is a history
    """
    delivered = [event for event in events if event.step == DELIVERED]
    if not 2 <= len(delivered) <= 3 or parcels > 1:
        return
    way = any(event.step in {TRANSIT, OUT} or _of_a_way(event, delivered) for event in events)
    if not way and not any(_ends_a_column(event, dated) for event in delivered):
        # Without a history, only a row that names the delivery itself surely dates it.
        delivered = [event for event in delivered if _names_delivery(event)]
    first = next(iter(delivered), None)
    for other in delivered[1:]:
        # Of a row with two deliveries, such as of a page on its side, nobody knows which is which.
        if first is None or first.line is other.line or _agree(first, other):
            continue
        early, late = sorted((first, other), key=lambda one: min(one.days))
        told_again = [one for one in delivered if _agree(one, late)]
        if any(delivered_again(early, one, events) for one in told_again):
            continue
        if any(_handed_over(early, one, events) for one in told_again if one is not late):
            continue
        if _are_next_rows(first, other, dated):
            continue
        said = f'"{words_of(first)}" and "{words_of(other)}" tell of one delivery'
        facts = (*first.line.facts, *other.line.facts)
        weight = weight_of(first, other, contradict=lambda *both: not _agree(*both))
        if max(first, other, key=lambda one: one.starts).worded or early.waits:
            weight = min(weight, DOUBTED)
        yield Contradiction("twice", said, facts, weight)
        return


def _of_a_way(event: Event, delivered: Sequence[Event]) -> bool:
    """Whether it is a scan in one row or one column with a delivery, as pages draw the way."""
    return event.step == SHIPPED and event.timed and any(
        one.timed and (one.line is event.line or _under(one, event)) for one in delivered
    )  # fmt: skip


def _under(one: Event, other: Event) -> bool:
    """Whether both stand in one column, a few rows apart."""
    if one.place is None or other.place is None or one.place[0] != other.place[0]:
        return False
    height = max(one.place[4], other.place[4])
    apart = abs(one.place[2] - other.place[2])
    return abs(one.place[1] - other.place[1]) < 0.5 * height and apart > 2.5 * height


_LEAST_ROWS = 3


def _ends_a_column(event: Event, dated: Sequence[Area]) -> bool:
    """Whether other dates stand under or over it, each in a row of its own, set to one edge."""
    if event.place is None:
        return False
    page, x, y, width, height = event.place
    rows = [
        at[2] - y
        for at in dated
        if at[0] == page
        and min(abs(at[1] - x), abs(at[1] + at[3] - x - width)) < 0.5 * height
        and abs(at[2] - y) > 1.5 * height
    ]
    return len(rows) >= _LEAST_ROWS and (min(rows) > 0 or max(rows) < 0)


def _are_next_rows(one: Event, other: Event, dated: Sequence[Area]) -> bool:
    """Whether both are scans of one history, as far apart as its other rows: a row's words, such as
    "out for delivery", may be read in part. A heading may stand so, too: its label stands beside
    its date where a row's stands above, or the other way round."""
    if one.place is None or other.place is None or _names_delivery(one) != _names_delivery(other):
        return False
    page, x, y, _, height = one.place
    rows = sorted({at[2] for at in dated if at[0] == page and abs(at[1] - x) < 0.5 * height})
    steps = [after - before for before, after in pairwise(rows)]
    if len(rows) <= _LEAST_ROWS or other.place[2] not in rows or y not in rows:
        return False
    apart, usual = abs(y - other.place[2]), statistics.median(steps)
    return abs(rows.index(y) - rows.index(other.place[2])) == 1 and abs(apart / usual - 1) < 0.25


def _names_delivery(event: Event) -> bool:
    return any(one.told is Told.DELIVERED for one in labels_in(fold(event.line.text)))


def _agree(one: Event, other: Event) -> bool:
    """Whether they can be one time: the same day, or a difference that zones make."""
    if one.timed and other.timed:
        if one.at and other.at and abs(one.at - other.at) <= timedelta(minutes=2):
            return True
        return any(_like_zones(abs(a - b)) for a in one.starts for b in other.starts)
    return bool(one.days & other.days)


# Minutes from the signature to the scan: nobody alters a time by so little.
_SCANNED_LATER = 10


def _like_zones(gap: timedelta) -> bool:
    minutes = gap.total_seconds() / 60
    return minutes <= _SCANNED_LATER or (
        minutes <= 14 * 60 and min(minutes % 30, 30 - minutes % 30) <= 1
    )


def _handed_over(early: Event, late: Event, events: Sequence[Event]) -> bool:
    """Whether both are rows of one history, without another between them: brought to a shop, and
    collected there. The early one's way lies before it, and the date of both has one form."""
    here, there = places_of(early, late, events)
    beside = events[here + 1 :] if there < here else events[:here][::-1]
    way = next((event for event in beside if event.step in WAY), None)
    return (
        abs(here - there) == 1
        and way is not None
        and max(way.days) <= min(early.days)
        and early.form == late.form != ""
    )
