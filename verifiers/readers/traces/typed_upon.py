"""Words that were typed upon a photo or a scan.

A camera and a scanner soften all edges of a page alike, and lay its lines askew by a little. What a
program types over them afterwards has sharper edges than anything around it, and stands level where
the lines around it rise. A scan in bare black and white shows the contrary: only what was typed
upon it has grey edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evidence.locators import box
from verifiers.readers.traces.blocks import Bytes, Floats, greatest
from verifiers.readers.traces.marking import drawn_on
from verifiers.readers.traces.trace import Trace
from verifiers.readers.traces.words import Word

Numbers = NDArray[np.float64]

_LEAST_HEIGHT = 8  # pixels
_LEAST_OTHERS = 4
_MOST_WORDS = 150
_SOFT = 0.76  # sharpness of a photo's or a scan's edges, at most
_AS_LARGE = 0.6  # of its height: smaller writing is softer by its size
_SHARPER, _SOMEWHAT = 0.1, 0.055  # by how much; a bold heading by less
_BARE, _GREY = 0.02, 0.12  # share of a word's ink that is neither: of black and white; of typing
_SLOPES: Numbers = np.linspace(-0.12, 0.12, 97)  # rise over run
_LEVEL = 0.12  # pixels from one end of a word to the other
_UNLIKE = 0.8  # of how clearly its rows part, along the slope that its place has
_RISES = 1.4  # pixels
_FEW = 2  # rows: more are how the page is made
_NEAR_ACROSS, _NEAR_DOWN = 12, 9  # heights of the word
_SAME_GROUND = 48


@dataclass(frozen=True, slots=True)
class Drawn:
    """How a word is drawn.

    sharp  the steepest change from one pixel to the next, as a share of ink against ground
    grey   the share of its ink that is neither ink nor ground
    cover  how much of each pixel is ink, 0 to 1, over its width and a little more than its height
    """

    word: Word
    sharp: float
    grey: float
    cover: Floats

    @property
    def middle(self) -> tuple[float, float]:
        return self.word.x + self.word.width / 2, self.word.y + self.word.height / 2


class _Slopes:
    """How words rise. Reckoned when first asked for: most of a screen is too sharp to need it."""

    def __init__(self, drawn: list[Drawn]) -> None:
        self._drawn = drawn

    @cached_property
    def _along(self) -> list[Numbers]:
        return [_along(one.cover) for one in self._drawn]

    @cached_property
    def expected(self) -> Numbers:
        """The rise over run, downwards, that each word's place has by the other rows."""
        return _expected(self._drawn, [_peak(along) for along in self._along])

    def is_level(self, number: int) -> bool:
        """Whether a word lies along the rows of pixels, where its place rises."""
        along, slope = self._along[number], float(self.expected[number])
        width = self._drawn[number].word.width
        rises = abs(slope) * width >= _RISES and np.interp(slope, _SLOPES, along) < _UNLIKE
        return bool(rises and abs(_peak(along)) * width < _LEVEL)


def typed_upon(rgb: Bytes, words: list[Word]) -> list[Trace]:
    """The words that were typed upon it; [] where they are more than an edit changes."""
    drawn = [_drawn(rgb, word) for word in words if _is_long(word, 2)][:_MOST_WORDS]
    if len(drawn) <= _LEAST_OTHERS:
        return []
    bare = float(np.median([one.grey for one in drawn])) < _BARE
    slopes = _Slopes(drawn)
    found = []
    for number, one in enumerate(drawn):
        others = [other for other in drawn if not _of_a_row(one, other)]
        if not _is_long(one.word, 3) or len(others) < _LEAST_OTHERS:
            continue
        told = _greyer(one, others) if bare else _sharper(one, others, slopes, number)
        if told and _on_the_page(one, others):
            found.append((one, *told))
    rows = [row for n, (row, _, _) in enumerate(found) if not _in_rows(row, found[:n])]
    if len(rows) > _FEW:
        return []
    areas = [(one.word.x, one.word.y, one.word.width, one.word.height) for one, _, _ in found]
    return [
        Trace("trace.picture.typed_upon", said, box(*area), strength)
        for (_, said, strength), area in zip(found, areas, strict=True)
        if not drawn_on(rgb, area)
    ]


def _sharper(
    one: Drawn, others: list[Drawn], slopes: _Slopes, number: int
) -> tuple[str, float] | None:
    """Told of a photo and a scan: of a page whose edges are soft everywhere."""
    as_large = [other.sharp for other in others if other.word.height > _AS_LARGE * one.word.height]
    if len(as_large) < _LEAST_OTHERS or float(np.median(as_large)) > _SOFT:
        return None
    lead = one.sharp - max(as_large)
    said = "its edges are sharper than those of all other writing"
    if lead >= 0 and slopes.is_level(number):
        rise = abs(float(slopes.expected[number])) * one.word.width
        return f"{said}, and it is level where the lines around it rise by {rise:.0f} pixels", 0.88
    if lead >= _SOMEWHAT:
        return said, 0.86 if lead >= _SHARPER else 0.5
    return None


def _greyer(one: Drawn, others: list[Drawn]) -> tuple[str, float] | None:
    """Told of a scan in bare black and white."""
    if one.grey < _GREY or float(np.percentile([other.grey for other in others], 90)) > _GREY / 3:
        return None
    return "its edges are grey where all else is bare black and white", 0.86


def _is_long(word: Word, shape: float) -> bool:
    return word.height >= _LEAST_HEIGHT and shape * word.height <= word.width < 40 * word.height


def _in_rows(one: Drawn, found: list[tuple[Drawn, str, float]]) -> bool:
    return any(_of_a_row(one, row) for row, _, _ in found)


def _on_the_page(one: Drawn, others: list[Drawn]) -> bool:
    """Whether other rows stand near, on the same paper: a camera's stamp is by itself."""
    x, y = one.middle
    near = 0
    for other in others:
        there_x, there_y = other.middle
        same = max(abs(a - b) for a, b in zip(one.word.ground, other.word.ground, strict=True))
        down, across = abs(there_y - y), abs(there_x - x) - (one.word.width + other.word.width) / 2
        height = one.word.height
        near += (
            same < _SAME_GROUND and down < _NEAR_DOWN * height
            and across < _NEAR_ACROSS * height
        )  # fmt: skip
    return near >= 2


def _of_a_row(one: Drawn, other: Drawn) -> bool:
    """Whether they stand beside each other, or are one and the same."""
    small = min(one.word.height, other.word.height)
    return abs(one.middle[1] - other.middle[1]) < max(0.7 * small, 6)


def _expected(drawn: list[Drawn], own: list[float]) -> Numbers:
    """The slope that each word's place has by the other rows: a plane through their `own`."""
    x, y = np.array([one.middle for one in drawn]).T
    slopes = np.array(own)
    weights = np.array([one.word.width for one in drawn], dtype=np.float64)
    spread = np.stack([np.ones_like(x), x / x.max(), y / y.max()], axis=1)
    fitted: Numbers = np.full(len(drawn), float(np.median(slopes)))
    for _ in range(6):
        off = np.abs(slopes - fitted) * weights
        trust = np.sqrt(weights) / (1 + (off / 1.0) ** 2)
        solved = np.linalg.lstsq(spread * trust[:, None], slopes * trust, rcond=None)[0]
        fitted = spread @ solved
    return fitted


def _drawn(rgb: Bytes, word: Word) -> Drawn:
    rows, columns = word.near(rgb.shape, max(4, word.height // 3))
    part = rgb[rows, columns].astype(np.float32)
    ground = np.array(word.ground, dtype=np.float32)
    off = greatest(np.abs(part - ground))
    cover = np.clip(off / max(1.0, float(np.percentile(off, 99))), 0, 1)
    cover[cover < 0.2] = 0
    top, left = word.y - rows.start, word.x - columns.start
    grey = part[top : top + word.height].mean(axis=2)
    contrast = float(np.percentile(np.abs(grey - np.median(ground)), 98))
    steep = float(np.percentile(np.abs(np.diff(grey, axis=1)), 97))
    inner = cover[top : top + word.height]
    grey_share = float(((inner > 0.3) & (inner < 0.7)).sum() / max(1, (inner > 0.3).sum()))
    own = np.asarray(cover[:, left : left + word.width], dtype=np.float32)
    return Drawn(word, steep / max(1.0, contrast), grey_share, own)


def _along(cover: Floats) -> Numbers:
    """How clearly the rows of ink part from the rows without, along each slope; the best is 1."""
    height, width = cover.shape
    edges = np.linspace(0, width, max(6, min(24, width // 6)) + 1).astype(int)
    strips = np.add.reduceat(cover, edges[:-1], axis=1).T
    away = (edges[:-1] + edges[1:]) / 2 - width / 2
    at = np.arange(height) + _SLOPES[:, None, None] * away[:, None]
    low = np.floor(at).astype(np.intp)
    part = at - low
    strip = np.arange(len(strips))[None, :, None]
    profile = strips[strip, np.clip(low, 0, height - 1)] * (1 - part)
    profile += strips[strip, np.clip(low + 1, 0, height - 1)] * part
    scores: Numbers = (np.diff(profile.sum(axis=1), axis=1) ** 2).sum(axis=1)
    return scores / max(float(scores.max()), 1e-6)


def _peak(along: Numbers) -> float:
    best = int(along.argmax())
    if not 0 < best < along.size - 1:
        return float(_SLOPES[best])
    before, here, after = along[best - 1 : best + 2].tolist()
    bend = before - 2 * here + after
    off = 0.5 * (before - after) / bend if bend else 0.0
    return float(_SLOPES[best] + off * (_SLOPES[1] - _SLOPES[0]))
