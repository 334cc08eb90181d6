"""Rows of a history by where they stand: which is the delivery's, in words that need not be known.

Reads     the lines of a picture or a page with their boxes, and the deliveries that readers dated.
Assumes   that a page says its status over its history in the words of the history's own row
          ("Completed" over both), that a day over a group of rows is each one's, and that a list of
          days is sorted.

Readers leave such rows out, since they cannot know their words; here they are only held against
the delivery that the page dates itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise, zip_longest

from evidence.facts import Fact, Facts
from evidence.times import LocalDate, LocalTime
from verifiers.authenticity.contradiction import Contradiction
from verifiers.authenticity.days import Written, written_days
from verifiers.authenticity.events import DELIVERED, Event, form_of
from verifiers.authenticity.lines import Area, Line, place_of, plain
from verifiers.readers.said.clocks import clocks_in
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Told, labels_in

_LEAST_ROWS = 3
_EDGE = 0.6  # of a height: how far two edges of one column are apart
# Of its height: how far under a status its date begins; from the middle of a row's words to that of
# their date, and by how much nearer they are to it than to the next one.
_UNDER, _BESIDE, _NEARER = 2.5, 1.7, 0.3
# Of the date's: how large a status over it is; how far rows are set in, and room that ends them.
_LARGER, _INDENT, _ROOM = 1.15, 1.5, 2.2
_LEAST_LETTERS, _MOST_SIGNS = 4, 40
_READ_WELL = 0.9
_WEIGHT = 0.85


@dataclass(frozen=True, slots=True)
class Cell:
    """A box of writing. `day` is the only one that it names, with its minute if it has one."""

    fact: Fact
    text: str
    place: Area
    day: date | None = None
    minute: int | None = None
    alone: bool = False

    @property
    def low(self) -> int:
        return self.place[2] + self.place[4]

    @property
    def middle(self) -> float:
        return self.place[2] + self.place[4] / 2

    def told(self) -> set[Told]:
        return {one.told for one in labels_in(fold(self.text))}


def cells_of(facts: Facts) -> list[Cell]:
    """Every box of writing, from the top of the first page."""
    boxed = [(at, fact) for fact in facts.named("document.text") if (at := place_of(fact))]
    written = {fact: written_days(plain(fact.text)) for _, fact in boxed}
    years = {day.year for days in written.values() for day in days} - {None}
    year = next(iter(years)) if len(years) == 1 else None
    read = {at: day for fact in facts if (day := _day_read(fact)) and (at := place_of(fact))}
    orders = {
        one.readings.index((day.month, day.day))
        for at, fact in boxed
        for one in written[fact]
        if len(one.readings) > 1 and (day := read.get(at)) and (day.month, day.day) in one.readings
    }
    order = orders.pop() if len(orders) == 1 else None
    found = [_cell(fact, at, written[fact], year, order) for at, fact in boxed]
    return sorted(found, key=lambda one: (one.place[0], one.middle, one.place[1]))


def _day_read(fact: Fact) -> date | None:
    """The day that readers made of a date, by all that stands around it."""
    if not fact.name.endswith(".at"):
        return None
    value = fact.value
    if isinstance(value, LocalDate):
        return value.day
    return value.wall.date() if isinstance(value, LocalTime) else None


def _cell(
    fact: Fact, at: Area, written: Sequence[Written], year: int | None, order: int | None
) -> Cell:
    """`order` says which reading is meant where 03/04/2026 can be two days; None if unknown."""
    text = plain(fact.text)
    if len(written) != 1:
        return Cell(fact, text, at)
    (one,) = written
    days = one.days(year=year)
    if len(days) == 2 and order is not None:
        days = [days[order]]
    if len(days) != 1:
        return Cell(fact, text, at)
    rest = (text[: one.start] + text[one.end :]).replace(one.weekday or "\0", "")
    return Cell(fact, text, at, days[0], one.minute, not re.search(r"\w", rest))


# -- rows that tell of the delivery ----------------------------------------------------------------


def deliveries(cells: Sequence[Cell], told: Sequence[Event]) -> list[Event]:
    """The delivery as the page's own history dates it, where no reader saw that; mostly []."""
    known = [one for one in told if one.step == DELIVERED]
    if not known or len(known) > 2 or any(one.place is None for one in known):
        return []
    if len(known) == 2 and known[0].days & known[1].days:
        return []  # its history has it already; a status may be the order's, as "Completed"
    again = _said_again(cells, known)
    found = list(_in_sections(cells, again))
    if not found and again is not None and (head := _date_of(again, cells, known)):
        found = [(again, head)]
    if len(found) != 1 or any(found[0][0].fact in one.line.facts for one in known):
        return []
    event = _event(*found[0], cells)
    return [event] if _are_two(event, known, cells) else []


_ZONE = re.compile(r"(?:utc|gmt)\s?[+-]\d{1,2}(?::?\d\d)?")


def _are_two(event: Event, known: Sequence[Event], cells: Sequence[Cell]) -> bool:
    """Whether more is between the days than zones, where a page names several."""
    zones = {zone for cell in cells for zone in _ZONE.findall(fold(cell.text))}
    least = timedelta(days=2 if len(zones) > 1 else 0)
    apart = (abs(day - other) for day in event.days for one in known for other in one.days)
    return all(gap >= least for gap in apart)


def _event(row: Cell, head: Cell, cells: Sequence[Cell]) -> Event:
    """The delivery on the day of `head`, at a time of day that stands in its row."""
    day = head.day or date.min  # a head has one
    minutes = {
        clock.at.hour * 60 + clock.at.minute
        for cell in cells
        if cell is row or _beside(cell, row)
        for clock in clocks_in(fold(cell.text))
        if clock.unit_s <= 60
    }
    minute = (
        head.minute if head.minute is not None else minutes.pop() if len(minutes) == 1 else None
    )
    start = datetime(day.year, day.month, day.day) + timedelta(minutes=minute or 0)
    parts = tuple(dict.fromkeys((head.fact, row.fact)))
    text = "  ".join(dict.fromkeys((head.text, row.text)))
    sure = all(fact.confidence > 0.995 for fact in parts)
    line = Line(text, parts, sure)
    return Event(DELIVERED, (start,), timed=minute is not None, line=line, place=head.place)


def _said_again(cells: Sequence[Cell], known: Sequence[Event]) -> Cell | None:
    """The only row in the words that the page says over its delivery's date, larger than that."""
    for event in known:
        if event.place is None:
            continue
        page, x, y, _, height = event.place
        for over in cells:
            _, left, top, _, tall = over.place
            near = over.place[0] == page and abs(left - x) < tall and tall >= _LARGER * height
            if not near or not 0 < y - top <= _UNDER * tall or not _are_words(over):
                continue
            same = [one for one in cells if one is not over and fold(one.text) == fold(over.text)]
            if len(same) == 1 and same[0].place[0] == page and same[0].place[2] > y:
                return same[0]
    return None


def _are_words(cell: Cell) -> bool:
    """Whether a cell is a status in unknown words."""
    letters = sum(map(str.isalpha, cell.text))
    least = _LEAST_LETTERS if cell.text.isascii() else 2
    figures = any(map(str.isdigit, cell.text))
    return least <= letters <= len(cell.text) <= _MOST_SIGNS and not figures and not cell.told()


def _in_sections(cells: Sequence[Cell], again: Cell | None) -> Iterator[tuple[Cell, Cell]]:
    """Rows that tell of the delivery under a day of their own, each with that day."""
    heads = _heads(cells)
    groups = list(_groups(heads, cells)) if heads else []
    if not groups or not _are_sections(heads, groups):
        return
    for head, rows in zip(heads, groups, strict=True):
        for row in rows:
            if row is again or (row.day is None and row.told() == {Told.DELIVERED}):
                yield row, head


def _heads(cells: Sequence[Cell]) -> list[Cell]:
    """Days alone in their lines, in one form, at one edge and in their order."""
    alone = [one for one in cells if one.alone and one.day and one.minute is None]
    best: list[Cell] = []
    for first in alone:
        own = [
            one
            for one in alone
            if one.place[0] == first.place[0]
            and abs(one.place[1] - first.place[1]) < _EDGE * first.place[4]
            and form_of(one.text) == form_of(first.text)
            and not any(other is not one and _beside(one, other) for other in cells)
        ]
        if len(own) > len(best):
            best = own
    days = [one.day for one in best if one.day]
    return best if len(best) > 1 and _sorted(days) and len(set(days)) == len(days) else []


def _sorted(days: Sequence[date]) -> bool:
    return list(days) in (sorted(days), sorted(days, reverse=True))


def _beside(one: Cell, other: Cell) -> bool:
    """Whether they stand in one row."""
    same = one.place[0] == other.place[0]
    return same and abs(one.middle - other.middle) < 0.5 * min(one.place[4], other.place[4])


def _groups(heads: Sequence[Cell], cells: Sequence[Cell]) -> Iterator[list[Cell]]:
    """What stands between each head and the next; under the last, as long as there is no room."""
    for head, after in zip_longest(heads, heads[1:]):
        end = after.place[2] if after else None
        rows: list[Cell] = []
        low = head.low
        for cell in cells:
            if cell.place[0] != head.place[0] or cell.middle <= head.low:
                continue
            far = cell.place[2] - low > _ROOM * head.place[4]
            if (end is not None and cell.middle >= end) or (end is None and far):
                break
            rows.append(cell)
            low = max(low, cell.low)
        yield rows


def _are_sections(heads: Sequence[Cell], groups: Sequence[Sequence[Cell]]) -> bool:
    """Whether each day is nearer to the rows under it than to those over it, and heads more than
    one row or stands out from them: else it may be the day of the row over it."""
    if not all(groups):
        return False
    for (head, after), rows in zip(pairwise(heads), groups[:-1], strict=True):
        under = min(row.place[2] for row in rows) - head.low
        over = after.place[2] - max(row.low for row in rows)
        if under >= over:
            return False
    rows = [row for group in groups for row in group]
    set_in = min(row.place[1] for row in rows) - heads[0].place[1] > _INDENT * heads[0].place[4]
    several = any(len({told for row in group for told in row.told()}) > 1 for group in groups)
    # A time of day without a day is of the day over it.
    clocks = any(row.day is None and clocks_in(fold(row.text)) for row in rows)
    return set_in or several or clocks


def _date_of(row: Cell, cells: Sequence[Cell], known: Sequence[Event]) -> Cell | None:
    """The date of a row in the first or the last record of a column of dates; None where two
    stand about as near, or it has none."""
    dated = [one for one in cells if one.day and one.place[0] == row.place[0]]
    own = [one for one in dated if _beside(one, row)]
    if own:
        return own[0] if len(own) == 1 else None
    lowest = max(one.place[2] for one in known if one.place)
    height = row.place[4]
    column = [
        one
        for one in dated
        if one.place[2] > lowest and abs(one.place[1] - row.place[1]) < _EDGE * height
    ]
    if len(column) <= _LEAST_ROWS or not _sorted([one.day for one in column if one.day]):
        return None
    far = sorted((abs(one.middle - row.middle) / height, at) for at, one in enumerate(column))
    (nearest, at), (next_one, _) = far[:2]
    if nearest > _BESIDE or next_one - nearest < _NEARER or at not in {0, len(column) - 1}:
        return None
    return column[at]


# -- lists that are sorted ------------------------------------------------------------------------


def out_of_column(cells: Sequence[Cell], told: Sequence[Event]) -> Iterator[Contradiction]:
    """A delivery that ends a sorted column of days as the newest, and is older than all of them."""
    places = {one.place for one in told if one.step == DELIVERED and one.place}
    for own in cells:
        if own.place not in places or own.day is None:
            continue
        others = [one for one in cells if one is not own and _of_a_column(own, one)]
        days = [one.day for one in others if one.day]
        if len(days) < _LEAST_ROWS or len(set(days)) < 2 or not all(day > own.day for day in days):
            continue
        newest_over = own.place[2] < min(one.place[2] for one in others)
        newest_under = own.place[2] > max(one.place[2] for one in others)
        falls = newest_over and days == sorted(days, reverse=True)
        rises = newest_under and days == sorted(days)
        if len({form_of(one.text) for one in others}) > 1 or not (falls or rises):
            continue
        facts = (own.fact, *(one.fact for one in others[:_LEAST_ROWS]))
        weight = _WEIGHT if min(fact.confidence for fact in facts) >= _READ_WELL else 0.5
        said = f'"{own.text}" is the newest of a list by its place, and the oldest by its day'
        yield Contradiction("order", said, facts, weight)
        return


_NO_ROWS = frozenset({Told.PROMISED, Told.CAPTURED, Told.UPDATED, Told.OTHER, Told.PAID})


def _of_a_column(own: Cell, other: Cell) -> bool:
    if other.day is None or other.place[0] != own.place[0] or other.told() & _NO_ROWS:
        return False
    (_, x, _, width, height), (_, left, _, wide, _) = own.place, other.place
    return min(abs(left - x), abs(left + wide - x - width)) < _EDGE * height
