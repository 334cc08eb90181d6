"""A line whose figures are drawn in another typeface than others of their size and weight.

Text that is typed in seldom finds the page's own font. Nothing is recognised: two drawings of one
figure in one typeface are nearly the same, in another they are alike, and two figures are neither.
Only lines that are mostly figures are judged, by how far apart their glyphs stand: a number in a
typewriter's face, which pages set for their own reasons, stands wider and is left out. Left out are
clocks and stamps along the edge, which the system or the browser draws, and what is on a ground of
its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evidence.locators import box
from verifiers.readers.traces.blocks import Bytes, Floats
from verifiers.readers.traces.glyphs import Glyph, of_one_size
from verifiers.readers.traces.marking import drawn_on
from verifiers.readers.traces.trace import Trace

_SAME_SIZE, _SAME_GROUND = 0.07, 24
_EDGE = 0.05  # of the picture's height
_LEAST_GLYPHS, _LEAST_OTHERS, _LEAST_LINES = 7, 12, 2
_SAME, _LIKE = 0.94, 0.75  # correlation: one typeface, one figure
_MOST_SAME, _LEAST_LIKE = 0.1, 0.6  # of a line's glyphs
_FIGURES = (0.7, 0.84)  # from one figure to the next, of their height
_PITCH, _MOSTLY = 0.1, 0.65  # steps as wide as most, and how many of them
_WEIGHT = (0.78, 1.28)  # ink of one over the other's: bold is no other typeface
_LEAST_ALIKE = 0.35  # of all glyphs, in a picture that is a screen's own
_MOST = 2  # lines; a page that mixes more does so itself


@dataclass(frozen=True, slots=True)
class Figures:
    """The tall glyphs of a line, each as a copy of one size.

    area    x, y, width, height in the picture
    ground  the colour behind them
    tall    their height in the picture
    copies  a row each, as of_one_size() draws them
    ink     how much ink each has, in squares of its height
    pitch   from one glyph to the next, of their height
    even    the share of its glyphs that stand so: figures do, letters do not
    """

    area: tuple[int, int, int, int]
    ground: NDArray[np.float64]
    tall: float
    copies: Floats
    ink: Floats
    pitch: float
    even: float


def strange_typefaces(rgb: Bytes, lines: list[list[Glyph]]) -> list[Trace]:
    """The lines in another typeface; `lines` are the tall, narrow glyphs of each."""
    figures = [_figures(rgb, line) for line in lines if len(line) >= 4]
    if not _drawn_alike(figures):
        return []
    found = [one for one in figures if _is_strange(one, figures)]
    if len(found) > _MOST:
        return []
    return [
        Trace(
            "trace.picture.typeface",
            "its figures are drawn in another typeface than others of its size and weight",
            box(*one.area),
            0.82,
        )
        for one in found
        if not drawn_on(rgb, one.area) and not _at_the_edge(one, rgb)
    ]


def _drawn_alike(figures: list[Figures]) -> bool:
    """Whether one glyph in one typeface looks the same twice, which it does not in a scan."""
    same = whole = 0
    for one in figures:
        others = [other.copies for other in figures if _of_a_size(one, other)]
        if others:
            best = (one.copies @ np.concatenate(others).T).max(axis=1)
            same, whole = same + int((best > _SAME).sum()), whole + len(best)
    return same >= _LEAST_ALIKE * max(1, whole)


def _of_a_size(one: Figures, other: Figures) -> bool:
    return other is not one and abs(other.tall / one.tall - 1) < _SAME_SIZE


def _is_strange(one: Figures, figures: list[Figures]) -> bool:
    count = len(one.copies)
    if count < _LEAST_GLYPHS or not _FIGURES[0] <= one.pitch <= _FIGURES[1]:
        return False
    near = [
        other
        for other in figures
        if _of_a_size(one, other) and float(np.abs(other.ground - one.ground).max()) < _SAME_GROUND
    ]
    # Letters and figures of a small print look alike. Where they are the same, in a line whose
    # slashes stand closer, the page has the typeface elsewhere.
    others = [other for other in near if other.even >= _MOSTLY]
    if len(others) < _LEAST_LINES or sum(len(other.copies) for other in others) < _LEAST_OTHERS:
        return False
    scores = one.copies @ np.concatenate([other.copies for other in others]).T
    same = one.copies @ np.concatenate([other.copies for other in near]).T > _SAME
    like = scores.max(axis=1) > _LIKE
    if same.any(axis=1).sum() > _MOST_SAME * count or like.sum() < _LEAST_LIKE * count:
        return False
    ink = np.concatenate([other.ink for other in others])[scores.argmax(axis=1)]
    weight = float(np.median((one.ink / ink)[like]))
    return _WEIGHT[0] <= weight <= _WEIGHT[1]


def _at_the_edge(one: Figures, rgb: Bytes) -> bool:
    height = int(rgb.shape[0])
    middle = one.area[1] + one.area[3] / 2
    return middle < _EDGE * height or middle > (1 - _EDGE) * height


def _figures(rgb: Bytes, line: list[Glyph]) -> Figures:
    tall = float(np.median([glyph.height for glyph in line]))
    left, top = min(glyph.x for glyph in line), round(min(glyph.top for glyph in line))
    right = max(glyph.x + glyph.width for glyph in line)
    low = round(max(glyph.base for glyph in line))
    frame = rgb[max(0, top - 3) : low + 3, max(0, left - 3) : right + 3]
    edge = np.concatenate([frame[0], frame[-1], frame[:, 0], frame[:, -1]])
    steps = np.diff(sorted(glyph.middle for glyph in line)) / tall
    pitch = float(np.median(steps))
    return Figures(
        (left, top, right - left, max(1, low - top)),
        np.median(edge, axis=0),
        tall,
        np.stack([of_one_size(glyph.cover, tall) for glyph in line]),
        np.array([glyph.cover.sum() / (tall * tall) for glyph in line], dtype=np.float32),
        pitch,
        float((np.abs(steps - pitch) < _PITCH).mean()),
    )
