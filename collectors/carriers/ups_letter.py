"""UPS's proof-of-delivery letter, line by line.

The Track API gives it as HTML, and as HTML that is not valid (UPS-API/api-documentation, issue 76),
so it is read as lines of text: tags off, entities resolved. Every line becomes document.text; lines
with a known label say more. "Delivered on" holds a date and no zone. The last line tells when the
letter was asked for, in Eastern Time, not when anything was delivered.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time

from evidence.errors import ShapeError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import line
from evidence.times import Instant, LocalDate, LocalTime, Time, ZoneBasis, declared

# A letter is two kilobytes; a page this large is kept, not read.
MAX_LETTER = 2 << 20
_MAX_LINES = 2_000
_MAX_TEXT = 2_000

# Elements that end a line on paper, wherever the source breaks its own.
_BREAK = re.compile(r"</?(?:div|p|br|tr|td|th|li|h[1-6]|table|title)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_LABEL = re.compile(r"([A-Za-z][A-Za-z ()/]{1,40}?)\s*:\s*(\S.*)")
_PLACE = re.compile(r".*,\s*[A-Z]{2}(,|\s|$).*")
_WEIGHT = re.compile(r"\d{1,9}(\.\d{1,6})?\s*[A-Za-z]{1,10}\.?")
_PRINTED = re.compile(r"(.+?)\s+Eastern Time(?: \(USA\))?")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORDS = re.compile(r"([A-Za-z]{3})[a-z]*\.? (\d{1,2}), (\d{4})(?:,? (.+))?")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:,? (.+))?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))? ?(?:([AP])\.?M\.?)?", re.IGNORECASE)


def read_letter(item: Item) -> list[Fact]:
    """The letter's claims. ShapeError if it is too large or holds no text."""
    if item.content.size > MAX_LETTER:
        raise ShapeError(
            source=item.source, pointer="item:", expected="a letter", got="a far larger page"
        )
    source = item.content.read(MAX_LETTER).decode("utf-8", errors="replace")
    american = item.hints.get("locale", "") == "en_US"
    facts: list[Fact] = []
    for number, text in _lines(source):
        facts.append(_fact(item, "document.text", text, number))
        label = _LABEL.fullmatch(text)
        if label is not None:
            facts += _read_label(
                item, label[1].lower(), label[2].strip(), number, american=american
            )
    if not facts:
        raise ShapeError(source=item.source, pointer="item:", expected="a letter", got="no text")
    return facts


def _lines(source: str) -> Iterator[tuple[int, str]]:
    """Lines of text with the number of the source line they stand on, counted from 1."""
    count = 0
    for number, raw in enumerate(_without_styles(source).split("\n"), start=1):
        for piece in _BREAK.split(raw):
            text = " ".join(html.unescape(_TAG.sub(" ", piece)).split())
            if text:
                count += 1
                if count > _MAX_LINES:
                    return
                yield number, text[:_MAX_TEXT]


def _without_styles(source: str) -> str:
    """The page without style sheets and scripts, its line breaks where they were."""
    for name in ("style", "script"):
        lower, kept, at = source.lower(), [], 0
        if len(lower) != len(source):  # a few letters change their length; then nothing is cut
            return source
        while (start := lower.find(f"<{name}", at)) >= 0:
            end = lower.find(f"</{name}", start)
            if end < 0:
                break
            kept += [source[at:start], "\n" * source.count("\n", start, end)]
            at = end
        source = "".join([*kept, source[at:]])
    return source


def _read_label(
    item: Item, label: str, said: str, number: int, *, american: bool
) -> Iterator[Fact]:
    match label:
        case "tracking number":
            yield _fact(item, "shipment.tracking_number", said, number)
        case "reference number(s)" | "reference number" | "reference numbers":
            for reference in said.split(",")[:50]:
                if reference.strip():
                    yield _fact(item, "shipment.reference", reference.strip(), number)
        case "service type" | "service":
            yield _fact(item, "shipment.service", said, number)
        case "package weight" | "weight" if _WEIGHT.fullmatch(said):
            yield _fact(item, "shipment.weight", said, number)
        case "delivered on":
            moment = _moment(said, american=american)
            if moment is not None:
                yield _fact(item, "delivery.at", moment, number)
        case "delivered to":
            # UPS writes a place here ("DUNLAP, TN, US"), or whoever it was handed to.
            name = "delivery.place" if _PLACE.fullmatch(said) else "delivery.received_by"
            yield _fact(item, name, said, number)
        case "received by" | "signed by" | "signed for by":
            yield _fact(item, "delivery.received_by", said, number)
        case "left at" | "location":
            yield _fact(item, "delivery.place", said, number)
        case "tracking results provided by ups":
            printed = _PRINTED.fullmatch(said)
            wall = _moment(printed[1], american=american) if printed else None
            if isinstance(wall, LocalTime):
                yield _fact(item, "document.printed.at", _eastern(wall, said), number)


def _eastern(wall: LocalTime, text: str) -> Instant:
    """The letter writes "Eastern Time (USA)": a zone that is stated, by name."""
    moment = declared(wall.wall, text, zone="America/New_York", unit_s=wall.unit_s)
    return replace(moment, basis=ZoneBasis.STATED)


def _moment(text: str, *, american: bool) -> Time | None:
    """`Apr 03, 2024 06:41 AM`, or `04/03/2024` where the letter was asked for in American English.

    None for anything else: the line itself stays as document.text.
    """
    if found := _WORDS.fullmatch(text):
        name = found[1].lower()
        if name not in _MONTHS:
            return None
        year, month, day = int(found[3]), _MONTHS.index(name) + 1, int(found[2])
    elif american and (found := _SLASHES.fullmatch(text)):
        year, month, day = int(found[3]), int(found[1]), int(found[2])
    else:
        return None
    try:
        calendar = date(year, month, day)
        if found[4] is None:
            return LocalDate(calendar, text)
        clock = _CLOCK.fullmatch(found[4])
        if clock is None:
            return None
        return LocalTime(
            datetime.combine(calendar, _of_day(clock)), text, 60.0 if clock[3] is None else 1.0
        )
    except ValueError:
        return None


def _of_day(clock: re.Match[str]) -> time:
    hour = int(clock[1])
    if half := (clock[4] or "").upper():
        if not 1 <= hour <= 12:
            raise ValueError("no such hour")
        hour = hour % 12 + (12 if half == "P" else 0)
    return time(hour, int(clock[2]), int(clock[3] or 0))


def _fact(item: Item, name: str, value: str | Time, number: int) -> Fact:
    return Fact(name=name, value=value, locator=line(number), item=item.sha256, origin=item.origin)
