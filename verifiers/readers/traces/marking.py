"""What people draw on a picture to show something, told apart from what is made to look like it."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from verifiers.readers.traces.blocks import Bytes, Flags, greatest, least

Numbers: TypeAlias = npt.NDArray[np.float64]

_BRIGHT = 70  # between the strongest and the weakest channel: a colour, not paper or ink
_INK = 40


def drawn_on(rgb: Bytes, area: tuple[int, int, int, int]) -> bool:
    """Whether a part (x, y, width, height) is a frame, an arrow, a bar or a highlight.

    Those have a bright colour, are long straight lines, or are one even field without writing.
    """
    x, y, width, height = area
    part = rgb[max(0, y) : y + height, max(0, x) : x + width]
    if part.size == 0:
        return True
    values = part.astype(np.int16)
    ground = np.median(values.reshape(-1, 3), axis=0)
    colour = greatest(values) - least(values)
    grounds_colour = int(ground.max() - ground.min())
    off = greatest(np.abs(values - ground)) > _INK
    if off.mean() < 0.004:
        return True
    dark_even = off.mean() < 0.35 and float(np.median(values.std(axis=2))) < 12
    edge = off[:, :2].mean() + off[:, -2:].mean()
    if ground.max() < 60 and dark_even and edge < 0.2 and off.mean() < 0.04:
        return True  # a bar
    bright = off & (colour > _BRIGHT) & (colour > grounds_colour + 40)
    if bright.sum() > 0.3 * off.sum():
        return True
    if grounds_colour > 60 and _ends_here(rgb, area, ground):
        return True  # a highlight, rather than a coloured page
    return bool(_straight(off) > 0.7 * off.sum())


def _ends_here(rgb: Bytes, area: tuple[int, int, int, int], ground: Numbers) -> bool:
    """Whether most of what lies around has another ground."""
    x, y, width, height = area
    reach = max(40, 2 * height)
    around = rgb[max(0, y - reach) : y + height + reach, max(0, x - reach) : x + width + reach]
    other = greatest(np.abs(around.astype(np.int16) - ground)) > 40
    return bool(other.mean() > 0.5)


def _straight(off: Flags) -> int:
    """Pixels of lines longer than letters are high."""
    height, width = off.shape
    plane = off.astype(np.uint8)
    across = np.ones((1, max(24, int(0.5 * width))), dtype=np.uint8)
    down = np.ones((max(24, int(0.6 * height)), 1), dtype=np.uint8)
    lines = np.maximum(
        cv2.morphologyEx(plane, cv2.MORPH_OPEN, across),
        cv2.morphologyEx(plane, cv2.MORPH_OPEN, down),
    )
    return int(np.count_nonzero(lines))


def vivid_share(rgb: Bytes, area: tuple[int, int, int, int]) -> float:
    """How much of a part (x, y, width, height) has a colour that pens and frames have."""
    x, y, width, height = area
    part = rgb[max(0, y) : y + height, max(0, x) : x + width].astype(np.int16)
    return float((greatest(part) - least(part) > _VIVID).mean()) if part.size else 0.0


_WORKING = 1200  # pixels of the longer side that are enough to see a frame or an arrow
_VIVID = 120


def marks_on(rgb: Bytes) -> list[tuple[int, int, int, int]]:
    """Frames, rings, arrows and pen lines in a vivid colour, and bars: x, y, width, height each."""
    height, width = rgb.shape[:2]
    scale = min(1.0, _WORKING / max(height, width))
    small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    low, high = least(small).astype(np.int16), greatest(small).astype(np.int16)
    found = []
    for mask, bars in ((high - low > _VIVID, False), (high < 34, True)):
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
        for x, y, w, h, area in stats[1:count].tolist():
            filled = area / (w * h)
            touches = x == 0 or y == 0 or x + w == small.shape[1] or y + h == small.shape[0]
            bar = bars and filled > 0.97 and 30 < w < 0.6 * small.shape[1] and 8 < h < 80
            drawn = not bars and filled < 0.3 and w > 40 and h > 16 and area > 120
            if not touches and (bar or drawn):
                found.append(tuple(int(side / scale) for side in (x, y, w, h)))
    return [(x, y, w, h) for x, y, w, h in found]
