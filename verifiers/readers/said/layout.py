"""Where lines stand to each other: the rows of a page, and what is above and below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verifiers.readers.lines import Line

# How far a value is set in under its label, in heights.
_INDENT = 4
# How much of a line's height those meet in that stand side by side.
_INTERLACED = 0.25


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of a page or picture, in the units of its lines' boxes."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Row:
    """Lines side by side, from left to right. A line without a box is a row of its own.

    top, bottom   in the page's units; without boxes the row's number and the next one
    """

    cells: tuple[Line, ...]
    page: int
    top: float
    bottom: float

    @property
    def height(self) -> float:
        return max(self.bottom - self.top, 1.0)

    @property
    def left(self) -> float:
        return self.cells[0].box[0] if self.cells[0].box else 0.0

    @property
    def right(self) -> float:
        return max((cell.box[0] + cell.box[2] if cell.box else 0.0) for cell in self.cells)


def rows_of(lines: Sequence[Line]) -> list[Row]:
    """The rows of all pages, from top to bottom; lines without boxes keep their order."""
    rows: list[Row] = []
    boxed: dict[int, list[Line]] = {}
    for number, line in enumerate(lines):
        if not line.text.strip():
            continue
        if line.box is None:
            rows.append(Row((line,), line.page, float(number), float(number + 1)))
        else:
            boxed.setdefault(line.page, []).append(line)
    for page in sorted(boxed):
        rows.extend(_page_rows(page, boxed[page]))
    return rows


def _page_rows(page: int, lines: Sequence[Line]) -> list[Row]:
    rows: list[list[Line]] = []
    spans: list[tuple[float, float]] = []
    for line in sorted(lines, key=lambda one: _middle(one)):
        middle, height = _middle(line), _height(line)
        if rows:
            top, bottom = spans[-1]
            small = min(height, bottom - top)
            near = abs(middle - (top + bottom) / 2) < 0.5 * small
            # A cell of several lines stands in the row of its first one.
            if max(height, bottom - top) > 1.5 * small:
                near = near or abs(middle - height / 2 - top) < 0.3 * small
            # And one that is centred beside a cell of several lines in the row of that.
            near = near or any(
                _height(other) > 1.5 * height and abs(middle - _middle(other)) < 0.3 * height
                for other in rows[-1]
            )
            # Two lines that share a column are two rows, however near they are.
            if near and not any(_overlap(line, other) > 0.3 for other in rows[-1]):
                rows[-1].append(line)
                continue
        rows.append([line])
        spans.append((middle - height / 2, middle + height / 2))
    made = []
    for cells, (top, bottom) in zip(rows, spans, strict=True):
        cells.sort(key=lambda one: one.box[0] if one.box else 0.0)
        made.append(Row(tuple(cells), page, top, bottom))
    return made


def _middle(line: Line) -> float:
    assert line.box is not None  # only lines with boxes come here  # noqa: S101
    return line.box[1] + line.box[3] / 2


def _height(line: Line) -> float:
    assert line.box is not None  # noqa: S101
    return max(line.box[3], 1.0)


def _overlap(first: Line, second: Line) -> float:
    """The share of the narrower one's width that both cover."""
    assert first.box is not None and second.box is not None  # noqa: S101
    left = max(first.box[0], second.box[0])
    right = min(first.box[0] + first.box[2], second.box[0] + second.box[2])
    return max(right - left, 0.0) / max(min(first.box[2], second.box[2]), 1.0)


def share_column(first: Line, second: Line) -> bool:
    """Whether one stands over the other: their widths overlap, or their left edges agree."""
    if first.box is None or second.box is None:
        return True
    if _overlap(first, second) > 0.3:
        return True
    height = max(first.box[3], second.box[3])
    return abs(first.box[0] - second.box[0]) < 1.5 * height


def are_interlaced(first: Row, second: Row) -> bool:
    """Whether both are rows of one record: what is centred beside two lines stands between them."""
    meet = min(first.bottom, second.bottom) - max(first.top, second.top)
    if first.cells[0].box is None or meet < _INTERLACED * print_of(first, second):
        return False
    return all(_overlap(one, other) == 0 for one in first.cells for other in second.cells)


def is_set_in(upper: Row, lower: Row) -> bool:
    """Whether a row of one cell is set in under another: a value under its label, in a list of
    terms as browsers draw them."""
    if len(upper.cells) != 1 or len(lower.cells) != 1 or upper.cells[0].box is None:
        return False
    return 0 <= lower.left - upper.left < _INDENT * lower.height


def print_of(*rows: Row) -> float:
    """The height of the smallest print in them; cells of several lines are higher."""
    return min((cell.box[3] for row in rows for cell in row.cells if cell.box), default=1.0)
