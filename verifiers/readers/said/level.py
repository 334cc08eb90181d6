"""Pages that were scanned askew, whose text layer was kept as askew: their rows made level again.

What stands under each other on such a page moves to one side line by line, by as much as what
stands beside each other moves down. Pictures come level from their own reader.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from verifiers.readers.lines import Line
from verifiers.readers.said.layout import rows_of

# Tangents: what is told apart, what is level enough, and what no sheet on a scanner has.
_STEP, _LEVEL, _MOST = 0.006, 0.012, 0.08
# Lines that are held against each other stand so many heights apart, and are so many further down.
_NEAR, _FAR, _AHEAD = 2.5, 16.0, 12
# Pairs that must agree, their share of all of them, and how many rows may be left of all.
_LEAST, _SHARE, _FEWER = 5, 0.2, 0.95


def levelled(lines: Sequence[Line]) -> list[Line]:
    """The lines of each page; of one that is askew with boxes as if it were not."""
    pages: dict[int, list[Line]] = {}
    for line in lines:
        if line.box is not None and line.page and line.text.strip():
            pages.setdefault(line.page, []).append(line)
    made: dict[int, Line] = {}
    for page in pages.values():
        slope = _slope(page)
        if slope is None:
            continue
        level = [_levelled(line, slope) for line in page]
        if len(rows_of(level)) <= _FEWER * len(rows_of(page)):
            made |= {id(line): one for line, one in zip(page, level, strict=True)}
    return [made.get(id(line), line) for line in lines]


def _levelled(line: Line, slope: float) -> Line:
    x, y, width, height = line.box or (0.0, 0.0, 0.0, 0.0)
    return replace(line, box=(x + slope * y, y - slope * x, width, height))


def _slope(page: Sequence[Line]) -> float | None:
    """How far lines move down to the right, by most pairs that begin nearly at one edge; None where
    the page is level, or nothing is in common."""
    found = list(_drifts(page))
    bins = Counter(round(one / _STEP) for one in found)
    if not bins:
        return None
    most, count = bins.most_common(1)[0]
    agreed = [one for one in found if abs(one / _STEP - most) <= 1]
    level = sum(bins[one] for one in (-1, 0, 1))
    if abs(most) * _STEP < _LEVEL or count <= level:
        return None
    return sum(agreed) / len(agreed) if len(agreed) >= max(_LEAST, _SHARE * len(found)) else None


def _drifts(page: Sequence[Line]) -> Iterator[float]:
    placed = sorted((line.box for line in page if line.box), key=lambda box: box[1])
    for at, (x, y, _, height) in enumerate(placed):
        for other_x, other_y, *_ in placed[at + 1 : at + 1 + _AHEAD]:
            down = other_y - y
            if _NEAR * height <= down <= _FAR * height and abs(other_x - x) <= _MOST * down:
                yield (x - other_x) / down
