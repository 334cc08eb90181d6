"""Bubbles of a chat: filled boxes on a wall, one under the other, some at its left and some at its
right edge, as every messenger draws them.

Only shapes count, no text and no colours of a certain program. A page has boxes as well, but side
by side, or all from one edge to the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from verifiers.readers.ocr import Pixels

# Width at which shapes are looked at, and how much longer than wide a picture of a chat may be.
_WIDE, _LONGEST = 400, 12
# Where a chat's pane can begin: at the edge, or beside a list of chats.
_PANES = (0.0, 0.25, 0.3, 0.35, 0.4)
# Levels of a channel by which a bubble differs from the wall.
_DIFFERS = 7
# Shares of the pane's width: a bubble's least width and height, its distance from its own edge and
# from the other one, and how exactly those of a side are lined up.
_LEAST_WIDE, _LEAST_HIGH, _NEAR, _AWAY, _LINED_UP = 0.05, 0.03, 0.19, 0.12, 0.018
# What only one side sent: in a picture so many times as high as wide, bubbles so wide.
_TALL, _WIDE_ONE = 1.3, 0.35
# What a compression leaves along a bubble's edge, in pixels.
_SEAM = 3
# The share of its box that a bubble fills, with its corners cut and its tail.
_SOLID = 0.86


@dataclass(frozen=True, slots=True)
class Bubbles:
    """How many bubbles stand at each side; `entry` if a line to type in stands under them.

    lone  how many wide ones of one side stand in a tall picture with nothing but wall beside them
    """

    left: int = 0
    right: int = 0
    entry: bool = False
    lone: int = 0


@dataclass(frozen=True, slots=True)
class _Box:
    x: int
    y: int
    w: int
    h: int

    @property
    def bottom(self) -> int:
        return self.y + self.h


def bubbles_in(pixels: Pixels) -> Bubbles:
    """The bubbles of the picture (height x width x BGR), or of the pane that has the most."""
    import cv2

    height, width = pixels.shape[:2]
    if min(height, width) < 100 or height > _LONGEST * width:
        return Bubbles()
    best = Bubbles()
    for start in _PANES if width > height else _PANES[:1]:
        pane = pixels[:, round(start * width) :]
        scale = _WIDE / pane.shape[1]
        small = cv2.resize(
            pane, (_WIDE, max(1, round(height * scale))), interpolation=cv2.INTER_AREA
        )
        found = _of_pane(small.astype(pixels.dtype), tall=height >= _TALL * width)
        if min(found.left, found.right) > min(best.left, best.right) or (
            found.left + found.right > best.left + best.right and not min(best.left, best.right)
        ):
            best = found
    # In a wide picture cards of a page stand so too, if they are of one side, or two.
    if height < _TALL * width and (not min(best.left, best.right) or best.left + best.right < 3):
        return Bubbles()
    return best


def _of_pane(pane: Pixels, *, tall: bool) -> Bubbles:
    import cv2
    import numpy as np

    wall = _wall(pane)
    if wall is None:
        return Bubbles()
    unlike = (np.abs(pane.astype(np.int16) - wall).max(axis=2) > _DIFFERS).astype(np.uint8)
    # Letters and pictures are holes in a bubble of the wall's own tone; close them.
    filled = _filled(unlike)
    count, _, stats, _ = cv2.connectedComponentsWithStats(filled, connectivity=4)
    boxes = [
        _Box(x, y, w, h)
        for x, y, w, h, area in stats[1:count].tolist()
        if w >= _LEAST_WIDE * _WIDE and h >= _LEAST_HIGH * _WIDE and area >= _SOLID * w * h
    ]
    left = _lined_up(
        [b for b in boxes if b.x <= _NEAR * _WIDE and b.x + b.w <= (1 - _AWAY) * _WIDE], right=False
    )
    right = _lined_up(
        [b for b in boxes if b.x + b.w >= (1 - _NEAR) * _WIDE and b.x >= _AWAY * _WIDE], right=True
    )
    left, right = _apart(left, right)
    bottom = max((box.bottom for box in (*left, *right)), default=0)
    lone = 0
    if tall:
        lone = max(
            sum(_is_alone(b, filled[b.y : b.bottom, b.x + b.w + _SEAM :]) for b in left),
            sum(_is_alone(b, filled[b.y : b.bottom, : max(b.x - _SEAM, 0)]) for b in right),
        )
    return Bubbles(len(left), len(right), _has_entry(pane, bottom), lone)


def _is_alone(box: _Box, beside: NDArray[np.uint8]) -> bool:
    """Whether a wide bubble has nothing but the wall beside it."""
    return box.w >= _WIDE_ONE * _WIDE and beside.size > 0 and bool(beside.mean() < 0.01)


def _wall(pane: Pixels) -> NDArray[np.int16] | None:
    """The tone along one edge of the pane that is along the other too; None where none is."""
    import numpy as np

    height = pane.shape[0]
    part = pane[height // 10 : height - height // 10].astype(np.int16)
    strips = [part[:, 2:7].reshape(-1, 3), part[:, -7:-2].reshape(-1, 3)]
    for strip, other in (strips, strips[::-1]):
        # Tones eight levels apart are told apart; the most frequent one is the strip's.
        keys = (strip.astype(np.int32) // 8) @ np.array([1, 32, 1024])
        values, counts = np.unique(keys, return_counts=True)
        own = keys == values[counts.argmax()]
        tone = np.median(strip[own], axis=0).astype(np.int16)
        # A picture that was sent may reach over the edge.
        across = (np.abs(other - tone).max(axis=1) <= _DIFFERS).mean()
        if own.mean() >= 0.35 and across >= 0.1:
            return np.asarray(tone)
    return None


def _filled(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mask with the holes in its shapes filled."""
    import cv2
    import numpy as np

    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, outlines, -1, 1, thickness=cv2.FILLED)
    return filled.astype(np.uint8)


def _lined_up(boxes: Sequence[_Box], *, right: bool) -> list[_Box]:
    """The boxes whose edge on that side is one line, where most are."""
    best: list[_Box] = []
    for one in boxes:
        edge = one.x + one.w if right else one.x
        same = [
            box for box in boxes
            if abs((box.x + box.w if right else box.x) - edge) <= _LINED_UP * _WIDE
        ]  # fmt: skip
        if len(same) > len(best):
            best = same
    return best


def _apart(left: Sequence[_Box], right: Sequence[_Box]) -> tuple[list[_Box], list[_Box]]:
    """Those beside which nothing of the other side stands: a chat has one column."""

    def alone(box: _Box, others: Sequence[_Box]) -> bool:
        return not any(box.y < other.bottom and other.y < box.bottom for other in others)

    return [b for b in left if alone(b, right)], [b for b in right if alone(b, left)]


def _has_entry(pane: Pixels, below: int) -> bool:
    """Whether under the bubbles a wide light or dark box of one tone stands in a strip."""
    import cv2
    import numpy as np

    part = pane[below:]
    if below == 0 or part.shape[0] < 12:
        return False
    grey = cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)
    edges = np.abs(np.diff(grey.astype(np.int16), axis=0)) > 3
    # The upper and the lower side of the box: level lines that do not reach the pane's edges.
    long = [
        row
        for row in range(edges.shape[0])
        if 0.4 * _WIDE < edges[row, _WIDE // 20 : -_WIDE // 20].sum() < 0.88 * _WIDE
        and not edges[row, :6].any()
        and not edges[row, -6:].any()
    ]
    return any(8 <= low - high <= 60 for high in long for low in long if low > high)
