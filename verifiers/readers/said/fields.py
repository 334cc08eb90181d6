"""Values that a label announces: in its line, in the cell to the right, or in the row under it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from verifiers.readers.lines import Line
from verifiers.readers.said.fold import fold
from verifiers.readers.said.layout import Row, are_interlaced, is_set_in, share_column
from verifiers.readers.said.moments import MAX_LINE

# A value under its label is at most so many of the label's heights away.
_UNDER = 2.6
# And over it, nearer than that: so small print stands under what it names.
_OVER = 1.5
# A row of fewer cells is none of a table's.
_COLUMNS = 3
# What leads from a name to its value at the other edge.
_LEADERS = " .·…_\t"
_AFTER_LABEL = re.compile(
    r"(?:\s?[.·…_]{4,80})?[\s:#.№º°)\]=|>-]{0,6}(?:is\s|ist\s|est\s|es\s|为|是)?\s?"
)


@dataclass(frozen=True, slots=True)
class Field:
    """What follows a label; `near` is 1 in the label's line, less for another cell or row."""

    text: str
    line: Line
    near: float
    announced: tuple[int, int, int]  # by which label: its row, cell and place in it


def fields_of(label: re.Pattern[str], rows: Sequence[Row]) -> Iterator[Field]:
    """Everything that stands where a value of the label would, nearest first for each label."""
    for number, row in enumerate(rows):
        for place, cell in enumerate(row.cells):
            folded = fold(cell.text[:MAX_LINE])
            for match in label.finditer(folded):
                start, announced = match.end(), (number, place, match.start())
                if skipped := _AFTER_LABEL.match(folded, start):
                    start = skipped.end()
                rest = cell.text[start:MAX_LINE]
                if rest.strip(_LEADERS):
                    yield Field(rest.strip(), cell, 1.0, announced)
                    continue
                if place + 1 < len(row.cells):
                    right = row.cells[place + 1]
                    yield Field(right.text, right, 0.95, announced)
                elif beside := _beside(cell, number, rows):
                    yield Field(beside.text, beside, 0.95, announced)
                under = _under(cell, number, rows)
                if under is None and folded.strip() == match[0].strip():
                    if over := _over(cell, number, rows):
                        yield Field(over.text, over, 0.85, announced)
                if under:
                    yield Field(under.text, under, 0.9, announced)
                    if folded.strip() == match[0].strip():
                        for one in _column(cell, under, rows):
                            yield Field(one.text, one, 0.9, announced)


def _beside(cell: Line, number: int, rows: Sequence[Row]) -> Line | None:
    """The nearest cell to the right of a label of several lines: it stands beside one of them, or
    beside them all."""
    if cell.box is None:
        return None
    x, y, width, height = cell.box
    here = rows[number]
    found = [
        other
        for row in rows[max(number - 1, 0) : number + 2]
        if row.page == here.page
        for other in row.cells
        if other.box
        and other.box[0] >= x + width
        and (
            (row is not here and are_interlaced(row, here))
            or (other.box[3] <= 0.6 * height and y < other.box[1] + other.box[3] / 2 < y + height)
        )
    ]
    return min(found, key=lambda one: one.box[0] if one.box else 0.0, default=None)


def _column(head: Line, first: Line, rows: Sequence[Row]) -> Iterator[Line]:
    """What stands under the first value of a table's column, row by row, as long as each row has
    such a value there and others beside it."""
    at = next(n for n, row in enumerate(rows) if any(cell is first for cell in row.cells))
    if first.box is None or len(rows[at].cells) < _COLUMNS:
        return
    for row in rows[at + 1 :]:
        if row.page != rows[at].page or len(row.cells) < _COLUMNS:
            return
        found = [one for one in row.cells if share_column(first, one) and share_column(head, one)]
        if len(found) != 1 or not any(map(str.isdigit, found[0].text)):
            return
        yield found[0]


def _over(cell: Line, number: int, rows: Sequence[Row]) -> Line | None:
    """The value that stands right over its label, as on cards of an app, in a page that has room
    around each."""
    if not number or cell.box is None or rows[number - 1].page != rows[number].page:
        return None
    here, over = rows[number], rows[number - 1]
    if not 0 <= here.top - over.bottom <= _OVER * here.height:
        return None
    further = rows[number - 2] if number > 1 else None
    if further and further.page == here.page and over.top - further.bottom < over.height:
        return None
    return next((one for one in over.cells if share_column(cell, one)), None)


def _under(cell: Line, number: int, rows: Sequence[Row]) -> Line | None:
    for following in rows[number + 1 : number + 3]:
        if following.page != rows[number].page:
            return None
        if cell.box is None:
            return following.cells[0]
        if following.top - rows[number].bottom > _UNDER * rows[number].height:
            return None
        for other in following.cells:
            if share_column(cell, other) or is_set_in(rows[number], following):
                return other
    return None
