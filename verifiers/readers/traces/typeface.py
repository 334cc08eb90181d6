"""A line whose figures are drawn in another typeface than others of their size and weight.

Text that is typed in seldom finds the page's own font. Nothing is recognised: two drawings of one
figure in one typeface are nearly the same, in another they are alike, and two figures are neither.
Only lines that are mostly figures are judged, by how far apart their glyphs stand: a number in a
typewriter's face, which pages set for their own reasons, stands wider and is left out. Left out are
clocks and stamps along the edge, which the system or the browser draws, and what is on a ground of
its own.

Where an editor wrote the file, less is told as well: a line of figures that are drawn otherwise
than others of about their size. Honest pages have such lines, so that alone it is no reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evidence.locators import box
from verifiers.readers.traces.blocks import Bytes, Floats
from verifiers.readers.traces.glyphs import Glyph
from verifiers.readers.traces.marking import drawn_on
from verifiers.readers.traces.shifted import glyphs_in
from verifiers.readers.traces.trace import Trace
from verifiers.readers.traces.words import Word

_SIDE, _TALL = 32, 24.0  # pixels of a glyph's copy, and how high it stands in it
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
# Beside an editor's name: the share of a line's glyphs, and the sizes it is compared with.
_FEW_SAME, _ABOUT_SIZE = 0.45, 0.09
_FEWEST_GLYPHS, _FEWEST_OTHERS, _OF_LINE = 5, 10, 0.2
_DIGITS = (0.55, 0.87)  # from one figure to the next, of their height: narrow faces too


@dataclass(frozen=True, slots=True)
class Figures:
    """The tall glyphs of a line, each as a copy of one size.

    area    x, y, width, height in the picture
    ground  the colour behind them
    tall    their height in the picture
    copies  rows of _SIDE * _SIDE values, each with mean 0 and length 1
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
            "trace.picture.strange_part",
            "its figures are drawn in another typeface than others of its size and weight",
            box(*one.area),
            0.82,
        )
        for one in found
        if not drawn_on(rgb, one.area) and not _at_the_edge(one, rgb)
    ]


def odd_figures(rgb: Bytes, words: list[Word]) -> list[Trace]:
    """Lines of figures drawn otherwise than those of about their size; for files from an editor."""
    figures = []
    for line in glyphs_in(rgb, words):
        tall = float(np.median([glyph.height for glyph in line])) if line else 0.0
        agreed = [glyph for glyph in line if abs(glyph.height / tall - 1) < _OF_LINE]
        if len(agreed) >= 4:
            figures.append(_figures(rgb, agreed))
    return [
        Trace(
            "trace.picture.odd_figures",
            "its figures are drawn otherwise than others of about their size",
            box(*one.area),
            0.6,
        )
        for one in figures
        if _is_odd(one, figures) and not _at_the_edge(one, rgb)
    ]


def _is_odd(one: Figures, figures: list[Figures]) -> bool:
    others = [other for other in figures if _is_peer(one, other)]
    return (
        len(one.copies) >= _FEWEST_GLYPHS
        and sum(len(other.copies) for other in others) >= _FEWEST_OTHERS
        and _DIGITS[0] <= one.pitch <= _DIGITS[1]
        and _same_share(one, others) <= _FEW_SAME
    )


def _is_peer(one: Figures, other: Figures) -> bool:
    return (
        other is not one
        and abs(other.tall / one.tall - 1) < _ABOUT_SIZE
        and float(np.abs(other.ground - one.ground).max()) < _SAME_GROUND
    )


def _same_share(one: Figures, others: list[Figures]) -> float:
    """Of its glyphs, those that are drawn the same in one of the others."""
    best = (one.copies @ np.concatenate([other.copies for other in others]).T).max(axis=1)
    return float((best > _SAME).mean())


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
    others = [
        other
        for other in figures
        if _of_a_size(one, other)
        and float(np.abs(other.ground - one.ground).max()) < _SAME_GROUND
        and other.even >= _MOSTLY  # letters and figures of a small print look alike
    ]
    if len(others) < _LEAST_LINES or sum(len(other.copies) for other in others) < _LEAST_OTHERS:
        return False
    scores = one.copies @ np.concatenate([other.copies for other in others]).T
    best = scores.max(axis=1)
    like = best > _LIKE
    if (best > _SAME).sum() > _MOST_SAME * count or like.sum() < _LEAST_LIKE * count:
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
        np.stack([_copy(glyph, tall) for glyph in line]),
        np.array([glyph.cover.sum() / (tall * tall) for glyph in line], dtype=np.float32),
        pitch,
        float((np.abs(steps - pitch) < _PITCH).mean()),
    )


def _copy(glyph: Glyph, tall: float) -> Floats:
    """At _TALL pixels high, around the centre of its ink, so that parts of a pixel do not count."""
    cover, factor = glyph.cover, _TALL / tall
    whole = max(float(cover.sum()), 1e-3)
    x = float((cover.sum(axis=0) * np.arange(cover.shape[1])).sum()) / whole
    y = float((cover.sum(axis=1) * np.arange(cover.shape[0])).sum()) / whole
    move = np.array(
        [[factor, 0, _SIDE / 2 - factor * x], [0, factor, _SIDE / 2 - factor * y]], dtype=np.float32
    )
    drawn = cv2.warpAffine(cover, move, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR).ravel()
    drawn = drawn - drawn.mean()
    return np.asarray(drawn / max(float(np.linalg.norm(drawn)), 1e-6), dtype=np.float32)
