"""From the lines of a document to facts: numbers, marks, places, and what happened when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import Locator
from verifiers.readers.lines import Line
from verifiers.readers.reader import (
    MAX_FOUND,
    MAX_LINES,
    MAX_TOLD_CHARS,
    MAX_TOLD_LINES,
    fact,
    failed,
)
from verifiers.readers.said.context import Context, context_of, date_event, local_day
from verifiers.readers.said.events import Event, events_in
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Told, labels_in
from verifiers.readers.said.layout import Row, rows_of
from verifiers.readers.said.marks import Mark, home_of, marks_in, writes_from
from verifiers.readers.said.moments import MAX_LINE
from verifiers.readers.said.order_numbers import order_numbers
from verifiers.readers.said.parcel_numbers import number_of_code, parcel_numbers
from verifiers.readers.said.people import left_at, taken_by
from verifiers.readers.said.places import Place, places_in
from verifiers.readers.said.wrapping import unwrapped

FACT_OF = {
    Told.PROMISED: "delivery.promised.at",
    Told.EXCEPTION: "scan.exception.at",
    Told.OUT: "scan.out_for_delivery.at",
    Told.ORDERED: "order.placed.at",
    Told.PAID: "order.paid.at",
    Told.LABEL: "shipment.label.at",
    Told.SHIPPED: "shipment.shipped.at",
    Told.ACCEPTED: "scan.accepted.at",
    Told.TRANSIT: "scan.transit.at",
    Told.CAPTURED: "document.captured.at",
    Told.UPDATED: "document.updated.at",
    Told.DELIVERED: "delivery.at",
    Told.OTHER: "document.printed.at",
}
# The strip along the upper and the lower edge in which a browser prints the day of printing, and a
# camera its stamp.
_TOP, _BOTTOM = 0.05, 0.94
# Rows that an event of a history takes at most, with its words and its place.
_ROWS_OF_EVENT = 4


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of a page or picture, in the units of its lines' boxes."""

    width: float
    height: float


def facts_of_lines(
    item: Item,
    lines: Iterable[Line],
    *,
    sizes: Mapping[int, Size] | None = None,
    photo: bool = False,
) -> list[Fact]:
    """The lines themselves, and what they say.

    sizes  of the pages by their number, 0 for a picture; {} where there is no layout
    photo  nothing in it was drawn by a program but, perhaps, a stamp

    An order number that only a label speaks for is an alias: it may be the shop's or the ERP's own.
    """
    waiting = iter(lines)
    searched = list(islice(waiting, MAX_LINES))
    known = [line for line in searched if line.text.strip()]
    more = next(waiting, None) is not None
    told = [
        fact(item, "document.text", line.text.strip()[:MAX_TOLD_CHARS], line.locator,
             confidence=line.confidence)
        for line in known[:MAX_TOLD_LINES]
    ]  # fmt: skip
    # Empty lines of a text part it; a layout has places for that.
    read = unwrapped([line for line in searched if line.box is None or line.text.strip()])
    rows = rows_of(read)
    found: list[Fact] = []
    for one in _found(item, read, rows, sizes or {}, photo=photo):
        if len(found) == MAX_FOUND:
            break
        found.append(one)
    if more:
        found.append(failed(item, f"only the first {MAX_LINES:,} of its lines were searched"))
    return told + found


def facts_of_code(item: Item, said: str, place: Locator) -> Iterator[Fact]:
    """What a barcode says, and the tracking number that it is, if it is one."""
    yield fact(item, "document.barcode", said, place, confidence=0.99)
    if number := number_of_code(said):
        yield fact(item, "shipment.tracking_number", number, place, confidence=0.98)


def _found(
    item: Item,
    lines: Sequence[Line],
    rows: Sequence[Row],
    sizes: Mapping[int, Size],
    *,
    photo: bool,
) -> Iterator[Fact]:
    marks = marks_in(rows)
    places = places_in(rows)
    orders = order_numbers(rows)
    for order in orders:
        name = "order.id" if order.sure else "order.alias"
        sure = (0.95 if order.sure else 0.9) * order.near * order.line.confidence
        yield fact(item, name, order.text, order.line.locator, confidence=sure)
    carriers = {mark.whose for mark in marks if not mark.portal}
    for number in parcel_numbers(rows, marks=carriers, others={order.text for order in orders}):
        if number.line is not None:
            sure = number.sure * number.line.confidence
            name = "shipment.tracking_number"
            yield fact(item, name, number.text, number.line.locator, confidence=sure)
    yield from _events(item, lines, marks, places, sizes, photo=photo)
    yield from _marks(item, marks)
    yield from _places(item, places)
    for line in lines:
        for name, value in (
            ("delivery.received_by", taken_by(line.text)),
            ("delivery.place", left_at(line.text)),
        ):
            if value:
                yield fact(item, name, value, line.locator, confidence=0.9 * line.confidence)


def _events(
    item: Item,
    lines: Sequence[Line],
    marks: Sequence[Mark],
    places: Sequence[Place],
    sizes: Mapping[int, Size],
    *,
    photo: bool,
) -> Iterator[Fact]:
    events = events_in(lines)
    countries = {place.country for place in places}
    countries |= {home for mark in marks if (home := home_of(mark.whose))}
    context = context_of(
        events, lines, countries=countries, hints=item.hints, came_in=item.collected_at,
        writers={of for mark in marks if (of := writes_from(mark.whose))},
    )  # fmt: skip
    events = [one for one in events if not _is_status(one)]
    closing = _closing(events, context, lines)
    heading = _letters_own(events, lines) or _papers_own(events, context)
    heading = heading or (_stamp_alone(events, lines) if photo else None)
    heading = heading or _at_its_foot(events, lines, context)
    for event in events:
        if event is closing or event is heading:
            event = replace(event, told=Told.CAPTURED)
        # Only what is laid out in a size of its own has an edge.
        edge = event.line.page in sizes and (
            _along_edge(event.line, sizes)
            or _in_last_corner(event.line, lines)
            or (event.line.page == 0 and _opens(event, lines))
        )
        edge = edge and not _in_column(event, events)
        if edge and _is_printers(event, sizes):
            event = replace(event, told=None)
        yield from _event(item, event, context, edge=edge)


def _closing(events: Sequence[Event], context: Context, lines: Sequence[Line]) -> Event | None:
    """The moment that a page ends with, where none is said to be its capture's: "Words: moment" in
    words that are not known, near the end of the text, and no other moment of it is later.

    Whoever prints or saves a page says so last, whatever the language.
    """
    last = max(events, key=lambda one: one.row, default=None)
    if last is None or last.told is not None or last.moment.day is None:
        return None
    if any(one.told in {Told.CAPTURED, Told.PROMISED} for one in events):
        return None
    before = last.line.text.partition(last.text)[0].rstrip()
    if not before.endswith((":", "：")) or last.line not in lines:
        return None
    days = {id(one): local_day(time) for one in events if (time := date_event(one, context).time)}
    own = days.pop(id(last), None)
    others = [day for day in days.values() if day is not None]
    if own is None or not others or own < max(others):
        return None
    after = lines[lines.index(last.line) + 1 :]
    return last if sum(bool(one.text.strip()) for one in after) <= 2 else None


def _is_status(event: Event) -> bool:
    """ "Out for delivery today" is what a carrier calls it, on whatever day it was."""
    day = event.moment.day
    return (
        event.told is Told.OUT and day is not None and day.relative == 0 and not event.moment.clock
    )


# What programs that print a stamp into a photo call themselves.
_STAMPED_BY = re.compile(
    r"timemark|time\s?stamp\s?camera|gps\s?map\s?camera|solocator|photo\s?code|水印相机|水印相機|防伪|真实时间"
)
# Lines of a picture that shows a stamp and no page; of one that names its program.
_FEW_LINES, _MORE_LINES = 10, 30


def _stamp_alone(events: Sequence[Event], lines: Sequence[Line]) -> Event | None:
    """The one day that a picture of few lines shows, where nothing says what it is of: a camera
    printed it there, with its hour, the place and more."""
    shown = [line for line in lines if line.text.strip()]
    if any(line.page for line in shown) or len(shown) > _MORE_LINES:
        return None
    named = any(_STAMPED_BY.search(fold(line.text[:MAX_LINE])) for line in shown)
    if len(shown) > _FEW_LINES and not named:
        return None
    if not named and any(labels_in(fold(line.text[:MAX_LINE])) for line in shown):
        return None
    if any(one.told is Told.CAPTURED for one in events):
        return None
    dated = [
        one for one in events
        if one.told is None and one.moment.day is not None and one.moment.day.has_year
    ]  # fmt: skip
    return dated[0] if len(dated) == 1 else None


_SALUTATION = re.compile(
    r"(?:dear|to whom|sehr geehrte|bonjour|madame|monsieur|chere?|estimad[oa]|gentile|spett|geachte"
    r"|prezad[oa]|szanown[iya]|basta|kara|尊敬的|敬启者|拝啓)(?![a-z])"
)


def _letters_own(events: Sequence[Event], lines: Sequence[Line]) -> Event | None:
    """The day over a letter's salutation, alone in its line: that of the letter, as carriers write
    their proofs of delivery."""
    if any(one.told in {Told.CAPTURED, Told.PROMISED} for one in events):
        return None
    alone = {
        id(one.line): one
        for one in events
        if one.told is None and one.moment.day is not None and one.moment.day.has_year
        and one.moment.clock is None and one.line.text.strip() == one.text
    }  # fmt: skip
    before: list[Line] = []
    for line in lines if alone else ():
        if not line.text.strip():
            continue
        if _SALUTATION.match(fold(line.text.strip()[:MAX_LINE])):
            found = [alone[id(one)] for one in before if id(one) in alone]
            if found:
                return found[0]
        before = [*before[-1:], line]
    return None


def _at_its_foot(events: Sequence[Event], lines: Sequence[Line], context: Context) -> Event | None:
    """A day with its hour that is all of the lowest line of a page, and later than all that the
    page tells: who saves a page says so there."""
    boxed = [line for line in lines if line.box and line.text.strip()]
    if len(boxed) < 6 or any(one.told in {Told.CAPTURED, Told.PROMISED} for one in events):
        return None
    lowest = max(boxed, key=lambda line: (line.page, line.box[1] if line.box else 0.0))
    own = next((one for one in events if one.line is lowest), None)
    if own is None or own.told is not None or not (own.moment.day and own.moment.clock):
        return None
    if not own.moment.day.has_year or len(lowest.text.strip()) > len(own.text) + 12:
        return None
    days = {id(one): local_day(date_event(one, context).time) for one in events}
    mine = days.pop(id(own))
    others = [day for day in days.values() if day is not None]
    return own if mine is not None and others and mine >= max(others) else None


_OWN_DAY = re.compile(
    r"(?:date|datum|fecha|data|日期|日付)\s?:\s?"
    r"|(?:fait\s(?:a|en)\s)?[^\W\d][\w .-]{2,30},?\s(?:den|le)\s|fait\sle\s"
)


def _papers_own(events: Sequence[Event], context: Context) -> Event | None:
    """The day of a paper: "Date: …" or "Hamburg, den …", alone in its line, and later than all
    that is told in it. Of the same day it may be the delivery's."""
    if any(one.told in {Told.CAPTURED, Told.PROMISED} for one in events):
        return None
    own: list[tuple[Event, date]] = []
    others: list[date] = []
    for one in events:
        day = local_day(date_event(one, context).time)
        if day is None:
            continue
        before, _, after = one.line.text.partition(one.text)
        bare = one.told is None and one.moment.day is not None and one.moment.day.has_year
        if bare and not after.strip(" .") and _OWN_DAY.fullmatch(fold(before.lstrip())):
            own.append((one, day))
        else:
            others.append(day)
    if len(own) != 1 or not others or own[0][1] <= max(others):
        return None
    return own[0][0]


def _in_column(event: Event, events: Sequence[Event]) -> bool:
    """Whether two more moments stand over it or under it: it is one of a history, not a stamp."""
    box = event.line.box
    if box is None:
        return False
    beside = {
        other.row
        for other in events
        if other.line.box and abs(other.line.box[0] - box[0]) < 0.8 * max(box[3], 1.0)
    }
    away = [abs(row - event.row) for row in beside - {event.row}]
    return len(away) >= 2 and min(away) <= _ROWS_OF_EVENT


def _event(item: Item, event: Event, context: Context, *, edge: bool) -> Iterator[Fact]:
    dated = date_event(event, context)
    name = FACT_OF[event.told] if event.told else "document.printed.at"
    sure = 0.9 * dated.sure * event.line.confidence
    if event.told is None and edge:
        name, sure = "document.captured.at", 0.75 * sure
    if dated.time is not None:
        yield fact(item, name, dated.time, event.line.locator, confidence=sure)
    elif len(dated.either) > 1:
        days = " or ".join(day.isoformat() for day in dated.either)
        said = f"{name}: {event.text}: {days}"
        yield fact(item, "document.date.open", said, event.line.locator, confidence=sure)


def _along_edge(line: Line, sizes: Mapping[int, Size]) -> bool:
    size = sizes.get(line.page)
    if size is None or line.box is None:
        return False
    middle = line.box[1] + line.box[3] / 2
    return middle < _TOP * size.height or middle > _BOTTOM * size.height


def _opens(event: Event, lines: Sequence[Line]) -> bool:
    """Whether a day with its hour is all of one of the uppermost lines: the clock over a desktop,
    in a photo of a screen."""
    boxes = [one.box for one in lines if one.box and one.page == event.line.page]
    box = event.line.box
    if box is None or len(boxes) < 6 or not (event.moment.day and event.moment.clock):
        return False
    if len(event.line.text.strip()) > len(event.text) + 12:
        return False
    return box[1] <= min(one[1] for one in boxes) + 1.2 * box[3]  # a photo is askew


def _is_printers(event: Event, sizes: Mapping[int, Size]) -> bool:
    """Whether a moment is alone in its cell along the edge of a printed page: there a browser sets
    the day of printing beside the page's title, which may be "Proof of delivery"."""
    if event.told in {None, Told.CAPTURED} or event.firm or event.line.page == 0:
        return False
    whole = event.moment.day is not None and event.moment.clock is not None
    alone = event.line.text.strip() == event.text.strip()
    return whole and alone and _along_edge(event.line, sizes)


def _in_last_corner(line: Line, lines: Sequence[Line]) -> bool:
    """Whether it ends the text of its page at the lower right: a desktop's clock in a photo."""
    boxes = [one.box for one in lines if one.box and one.page == line.page]
    if line.box is None or len(boxes) < 6:
        return False
    x, y, width, height = line.box
    left, right = min(box[0] for box in boxes), max(box[0] + box[2] for box in boxes)
    lowest = max(box[1] + box[3] for box in boxes)
    cornered = x + width > right - 0.04 * (right - left) and x > left + 0.7 * (right - left)
    return cornered and y + height > lowest - 0.8 * height


def _marks(item: Item, marks: Sequence[Mark]) -> Iterator[Fact]:
    for mark in marks[:60]:
        name = "document.portal" if mark.portal else "document.mark"
        sure = mark.strength * mark.line.confidence
        yield fact(item, name, mark.whose, mark.line.locator, confidence=sure)


def _places(item: Item, places: Sequence[Place]) -> Iterator[Fact]:
    told: set[tuple[str, str]] = set()
    for place in places:
        name = "document.country"
        if place.site:
            name = "order.site"
        elif place.to:
            name = "delivery.country"
        if (name, place.country) not in told:
            told.add((name, place.country))
            sure = 0.85 * place.line.confidence
            yield fact(item, name, place.country, place.line.locator, confidence=sure)
