"""Days that apps set as a leaf of a calendar: a large number over or under its month.

    17      Delivered            10:21
    Jul     Austin, TX

A leaf is as high as what stands beside it; its day is put beside the time of day there, or else
beside the first line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from verifiers.readers.lines import Line
from verifiers.readers.said.fold import fold
from verifiers.readers.said.moments import moments_in

_NUMBER = re.compile(r"\d{1,2}\.?")
_LONGEST = 20
# In heights of the month's print: how close both stand, how far their middles or edges differ, and
# how much smaller than it the number may be.
_CLOSE, _EDGE, _SMALLER = 0.8, 0.7, 0.9
# Lines further down than so many are not looked at.
_AHEAD = 12
_Box = tuple[float, float, float, float]


def with_leaves(lines: Sequence[Line]) -> list[Line]:
    """The lines, number and month of each leaf as one where its number stood."""
    placed = sorted(
        (at for at, line in enumerate(lines) if line.box),
        key=lambda at: (lines[at].page, _box(lines[at])[1]),
    )
    made: dict[int, Line] = {}
    gone: set[int] = set()
    for place, at in enumerate(placed):
        for other in placed[place + 1 : place + 1 + _AHEAD]:
            number, month = (at, other) if _is_number(lines[at]) else (other, at)
            if gone & {number, month} or lines[at].page != lines[other].page:
                continue
            if (leaf := _leaf(lines[number], lines[month])) is not None:
                near = [lines[one] for one in placed[max(place - _AHEAD, 0) : place + 2 * _AHEAD]]
                made[number] = _beside(leaf, near)
                gone |= {number, month}
                break
    return [
        made.get(at, line) for at, line in enumerate(lines) if at in made or at not in gone
    ]  # fmt: skip


def _is_number(line: Line) -> bool:
    return _NUMBER.fullmatch(line.text.strip()) is not None


def _leaf(number: Line, month: Line) -> Line | None:
    """Both as one line with the box around them; None where they are no day's number and month."""
    name = month.text.strip()
    if not _is_number(number) or len(name) > _LONGEST or not any(map(str.isalpha, name)):
        return None
    x, y, w, h = _box(number)
    mx, my, mw, mh = _box(month)
    apart = my - (y + h) if my > y else y - (my + mh)
    if h < _SMALLER * mh or not -0.4 * mh <= apart <= _CLOSE * mh:
        return None
    if min(abs(x - mx), abs((x + w / 2) - (mx + mw / 2))) > _EDGE * mh:
        return None
    text = f"{number.text.strip()} {name}"
    found = moments_in(fold(text))
    if len(found) != 1 or not found[0].day or (found[0].start, found[0].end) != (0, len(text)):
        return None
    left, top = min(x, mx), min(y, my)
    box = (left, top, max(x + w, mx + mw) - left, max(y + h, my + mh) - top)
    sure = min(number.confidence, month.confidence)
    return replace(number, text=text, box=box, confidence=sure)


def _beside(leaf: Line, near: Sequence[Line]) -> Line:
    """The leaf in the height of the line that its day goes with."""
    x, top, width, height = _box(leaf)
    lines = [
        one
        for one in near
        if one.page == leaf.page
        and top <= _box(one)[1] + _box(one)[3] / 2 <= top + height
        and not x - 1 <= _box(one)[0] + _box(one)[2] / 2 <= x + width + 1
    ]
    clocks = [one for one in lines if _is_clock(one)]
    if not lines:
        return leaf
    _, y, _, h = _box(min(clocks or lines, key=lambda one: _box(one)[1]))
    return replace(leaf, box=(x, y, width, h))


def _is_clock(line: Line) -> bool:
    text = fold(line.text.strip())
    found = moments_in(text) if len(text) <= _LONGEST else []
    return len(found) == 1 and found[0].day is None and found[0].start == 0


def _box(line: Line) -> _Box:
    return line.box or (0.0, 0.0, 0.0, 0.0)
