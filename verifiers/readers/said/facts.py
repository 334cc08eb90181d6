"""From the lines of a document to facts: numbers, marks, places, and what happened when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice

from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import Locator
from verifiers.readers.lines import Line
from verifiers.readers.reader import (
    CUT,
    MAX_FOUND,
    MAX_LINES,
    MAX_SAID,
    MAX_TOLD_CHARS,
    MAX_TOLD_LINES,
    fact,
    failed,
)
from verifiers.readers.said.captures import captured_in
from verifiers.readers.said.context import (
    Dated,
    context_of,
    date_capture,
    date_event,
    latest_shown,
)
from verifiers.readers.said.day_blocks import with_leaves
from verifiers.readers.said.days_of_events import Event
from verifiers.readers.said.events import events_in
from verifiers.readers.said.final_status import with_final_status
from verifiers.readers.said.labels import Told
from verifiers.readers.said.layout import Row, Size, rows_of
from verifiers.readers.said.level import levelled
from verifiers.readers.said.marks import Mark, home_of, marks_in, writes_from
from verifiers.readers.said.moments import with_blanks
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
_MENTIONED = FACT_OF[Told.OTHER]


def facts_of_lines(
    item: Item,
    lines: Iterable[Line],
    *,
    sizes: Mapping[int, Size] | None = None,
    photo: bool = False,
    written: date | None = None,
    most: int = MAX_FOUND,
) -> list[Fact]:
    """The lines themselves, and what they say.

    sizes  of the pages by their number, 0 for a picture; {} where there is no layout
    photo  nothing in it was drawn by a program but, perhaps, a stamp
    written  the day on which it was written, where something beside the lines says so
    most   how much that they say is told

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
    kept = [line for line in searched if line.box is None or line.text.strip()]
    read = unwrapped(with_leaves(levelled([_mended(line) for line in kept])))
    rows = rows_of(read)
    saying = _found(item, read, rows, sizes or {}, photo=photo, written=written)
    found = _told_at_most(item, list(islice(saying, max(most, MAX_SAID))), most)
    if more:
        found.append(failed(item, f"{CUT} the first {MAX_LINES:,} of its lines were searched"))
    return told + found


def _told_at_most(item: Item, found: list[Fact], most: int) -> list[Fact]:
    """The first of what was found, dates without a label last: a chat has one in each line."""
    if len(found) <= most:
        return found
    said = [one for one in found if one.name != _MENTIONED]
    if len(said) > most:
        why = f"{CUT} the first {most:,} numbers, dates and names in it were told"
        return [*said[:most], failed(item, why)]
    room = most - len(said)
    dates = len(found) - len(said)
    kept = [one for one in found if one.name != _MENTIONED or (room := room - 1) >= 0]
    why = f"of its {dates:,} dates that nothing labels {most - len(said):,} were told"
    return [*kept, failed(item, why)]


def _mended(line: Line) -> Line:
    text = with_blanks(line.text)
    return line if text == line.text else replace(line, text=text)


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
    written: date | None,
) -> Iterator[Fact]:
    marks = marks_in(rows)
    places = places_in(rows)
    orders = order_numbers(rows, portals={mark.whose for mark in marks if mark.portal})
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
    yield from _events(item, lines, rows, marks, places, sizes, photo=photo, written=written)
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
    rows: Sequence[Row],
    marks: Sequence[Mark],
    places: Sequence[Place],
    sizes: Mapping[int, Size],
    *,
    photo: bool,
    written: date | None,
) -> Iterator[Fact]:
    events = events_in(lines)
    countries = {place.country for place in places}
    countries |= {home for mark in marks if (home := home_of(mark.whose))}
    context = context_of(
        events, lines, countries=countries, hints=item.hints, came_in=item.collected_at,
        writers={of for mark in marks if (of := writes_from(mark.whose))}, written=written,
    )  # fmt: skip
    events = with_final_status([one for one in events if not _is_status(one)], rows, context)
    shown = latest_shown(events, context)
    for event, sure in captured_in(events, lines, context, sizes, photo=photo):
        captured = event.told is Told.CAPTURED
        dated = date_capture(event, context, shown) if captured else date_event(event, context)
        yield from _event(item, event, dated, sure)


def _is_status(event: Event) -> bool:
    """ "Out for delivery today" is what a carrier calls it, on whatever day it was."""
    day = event.moment.day
    return (
        event.told is Told.OUT and day is not None and day.relative == 0 and not event.moment.clock
    )


def _event(item: Item, event: Event, dated: Dated, sure: float) -> Iterator[Fact]:
    name = FACT_OF[event.told] if event.told else _MENTIONED
    sure *= 0.9 * dated.sure * event.line.confidence
    if dated.time is not None:
        yield fact(item, name, dated.time, event.line.locator, confidence=sure)
    elif len(dated.either) > 1:
        days = " or ".join(day.isoformat() for day in dated.either)
        said = f"{name}: {event.text}: {days}"
        yield fact(item, "document.date.open", said, event.line.locator, confidence=sure)


def _marks(item: Item, marks: Sequence[Mark]) -> Iterator[Fact]:
    for mark in marks[:60]:
        name = "document.portal" if mark.portal else "document.mark"
        sure = mark.strength * mark.line.confidence
        yield fact(item, name, mark.whose, mark.line.locator, confidence=sure)


def _places(item: Item, places: Sequence[Place]) -> Iterator[Fact]:
    told: set[tuple[str, str, str]] = set()
    for place in places:
        name = "document.country"
        if place.site:
            name = "order.site"
        elif place.to:
            name = "delivery.country"
        once = name, place.country, _row_of(place.line.locator)
        if once not in told:
            told.add(once)
            sure = 0.85 * place.line.confidence
            yield fact(item, name, place.country, place.line.locator, confidence=sure)


def _row_of(place: Locator) -> str:
    """Where it is said once: in a row of a table, in a record, or in the document."""
    return place.place.rpartition("/")[0] if place.kind in {"cell", "json", "xml"} else ""
