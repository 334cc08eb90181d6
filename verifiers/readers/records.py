"""Records: what JSON and XML hold. Each value with its place, under the name it stands under.

What stands in one record is said of one thing. So a day and a clock beside it are one moment, in
the zone that the record names; the one moment of a row of a list is when that happened which the
row describes; and what a list says of several parcels or orders is told of each apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from evidence.facts import Fact
from evidence.locators import WHOLE, Locator
from verifiers.readers.lines import Line
from verifiers.readers.names import words_of_name
from verifiers.readers.reader import MAX_LINES, MAX_TOLD_CHARS
from verifiers.readers.record_moments import is_moment, moment_of, told_together, words_in

MAX_DEPTH = 100
_MOST = MAX_LINES + 1  # of one record: a line more than is searched, so that it shows
# Between the rows of a list: what is said in one is not of the next. So many empty lines part what
# stands in lines without a place (said/spots.py).
_ROOM = 3


@dataclass(frozen=True, slots=True)
class Field:
    """A value in a record.

    step   leads from the record to it; None where it stands in the place of the record itself
    apart  one of a list: what is said in it is not of its neighbours
    """

    step: str | int | None
    name: str
    value: str | Record
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Its values in their order: a name that stands twice keeps both."""

    fields: Sequence[Field]


Steps = tuple[str | int, ...]


def lines_of(root: str | Record, place: Callable[..., Locator]) -> Iterator[Line]:
    """Each value as a line "name: value"; empty lines around each row of a list.

    place  the locator for the steps that lead to a value
    """
    waiting: list[tuple[Steps, str, str | Record | None]] = [((), "", root)]
    while waiting:
        steps, name, value = waiting.pop()
        match value:
            case None:
                yield from [Line("", WHOLE)] * _ROOM
            case Record(fields) if len(steps) < MAX_DEPTH:
                inner: list[tuple[Steps, str, str | Record | None]] = []
                for one in told_together(fields[:_MOST], name):
                    below = (*steps, one.step) if one.step is not None else steps
                    inner.append((below, one.name, one.value))
                    if one.apart:
                        inner[-1:] = [((), "", None), inner[-1], ((), "", None)]
                waiting.extend(reversed(inner))
            case str() if value.strip():
                said = " ".join(value.split())[:MAX_TOLD_CHARS]
                label = words_of_name(name)
                said = moment_of(label, said) or said
                yield Line(f"{label}: {said}" if label else said, place(*steps))


# What a parcel's or an order's own number is called.
_NUMBERED = re.compile(
    r"(?:(?:tracking|waybill|parcel|package|piece|shipment|consignment|awb|order|logistics|mail)\s?)"
    r"(?:number|no|nr|id|code|sn|num)|unitno|pin|waybill|awb|trackingnumber|运单号|订单号|快递单号"
)


def apart(root: str | Record) -> list[Steps]:
    """The steps to each row of the outermost list whose rows are of several parcels or orders:
    each names a number of its own, or has a history of its own."""
    waiting: list[tuple[Steps, str | Record]] = [((), root)]
    for steps, value in waiting:  # grows while it is walked, level by level
        if isinstance(value, str) or len(steps) >= MAX_DEPTH:
            continue
        rows = [
            one for one in value.fields[:_MOST]
            if one.apart and isinstance(one.value, Record) and one.step is not None
        ]  # fmt: skip
        numbers = {number for one in rows if (number := _own_number(one))}
        if len(numbers) > 1 or sum(_has_history(one) for one in rows) > 1:
            return [(*steps, one.step) for one in rows if one.step is not None]
        waiting.extend(
            ((*steps, one.step) if one.step is not None else steps, one.value)
            for one in value.fields[:_MOST]
        )
    return []


def _own_number(row: Field) -> str | None:
    return next(
        (
            one.value
            for one in _inside(row, lists=False)
            if isinstance(one.value, str) and _NUMBERED.fullmatch(words_in(one))
        ),
        None,
    )


def _has_history(row: Field) -> bool:
    """Whether a list inside it has rows with moments."""
    return any(
        is_moment(value)
        for one in _inside(row, lists=True)
        if one.apart
        for value in _inside(one, lists=False)
    )


def _inside(row: Field, *, lists: bool) -> Iterator[Field]:
    """What stands in it, at most _MOST fields; `lists`: in the rows of lists too."""
    waiting = [(row, 0)]
    for one, depth in waiting:
        if one is not row:
            yield one
        if (
            isinstance(one.value, Record)
            and depth < MAX_DEPTH
            and (one is row or lists or not one.apart)
        ):
            waiting.extend((inner, depth + 1) for inner in one.value.fields[: _MOST - len(waiting)])


def grouped(facts: Iterable[Fact], rows: Sequence[Locator]) -> list[Fact]:
    """The facts, those that stand in one of these rows as a group of its own."""
    places = {f"{row}": f"{row.kind}{row.place}" for row in rows}
    return [
        replace(one, group=group) if (group := _row_of(f"{one.locator}", places)) else one
        for one in facts
    ]


def _row_of(place: str, rows: dict[str, str]) -> str | None:
    while place:
        if place in rows:
            return rows[place]
        place = place.rpartition("/")[0]
    return None
