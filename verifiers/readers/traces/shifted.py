"""Glyphs that stand higher or lower than the others of their line.

A program sets all glyphs of a run on one baseline. A figure that was cut out elsewhere and put over
another lands a pixel off it as easily as on it. Some glyphs stand off by their shape (p, q, figures
of old style): those do so wherever they are, so the same glyph is looked for in other places.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from evidence.locators import box
from verifiers.readers.traces.blocks import Bytes
from verifiers.readers.traces.glyphs import Glyph, glyphs_of
from verifiers.readers.traces.marking import drawn_on
from verifiers.readers.traces.trace import Trace
from verifiers.readers.traces.words import Word, rows_of

# Pixels: less than about a whole one is told and does not decide, as in an enlarged picture.
_OFF, _WHOLE = 0.75, 0.92
_MOST_PART = 0.16  # of the height: what hangs lower does so by its shape
_SAME = 0.45  # pixels between how far the upper and the lower edge are off
_AS_TALL = 0.1
_PEER_ON = 0.4  # pixels: the same glyph stands on its line elsewhere
_LIKE = 0.93  # correlation of two drawings of one glyph
# Of its height: figures and Latin letters. Chinese stands in its own way, and in strokes apart.
_NARROW, _THIN = 0.8, 0.2
_MOST_TRIED, _MOST_OF_ROW = 40, 2
_LEAST_AGREED, _AGREED = 4, 0.6  # glyphs; pixels


@dataclass(frozen=True, slots=True)
class Stand:
    """A glyph as tall as capitals, and how far it stands below its line, in pixels."""

    glyph: Glyph
    off: float


def stands_of(rgb: Bytes, words: list[Word]) -> list[list[Stand]]:
    """The glyphs of each line that are as tall as most of them, or as capitals."""
    return [
        _stands([glyph for glyph in glyphs_of(rgb, whole(row)) if _is_narrow(glyph)])
        for row in rows_of(words)
    ]


def shifted_glyphs(rgb: Bytes, rows: list[list[Stand]]) -> list[Trace]:
    """The glyphs that stand off, at most two of a line: more are a word of their own."""
    level = [one for row in rows for one in row if abs(one.off) < _PEER_ON]
    off = [[one for one in row if _is_off(one)] for row in rows]
    if sum(map(len, off)) > _MOST_TRIED:
        return []
    traces = []
    for row in off:
        found = [(one, gap) for one in row if (gap := _gap(one, level)) >= _OFF]
        if len(found) > _MOST_OF_ROW:
            continue
        for one, gap in found:
            area = _area(one.glyph)
            if drawn_on(rgb, area):
                continue
            said = f"it stands {gap:.1f} pixels off its own line, and elsewhere it does not"
            strength = 0.85 if gap >= _WHOLE else 0.5
            traces.append(Trace("trace.picture.off_line", said, box(*area), strength))
    return traces


def _is_narrow(glyph: Glyph) -> bool:
    return _THIN * glyph.height <= glyph.width <= _NARROW * glyph.height


def _is_off(one: Stand) -> bool:
    return _OFF <= abs(one.off) < _MOST_PART * one.glyph.height


def _gap(one: Stand, level: list[Stand]) -> float:
    """How much further off it stands than the same glyph does elsewhere; 0 if that is nowhere."""
    peers = [other.off for other in level if _alike(one.glyph, other.glyph)]
    return abs(one.off - float(np.median(peers))) if peers else 0.0


def whole(row: list[Word]) -> Word:
    """A row of words as one word, and a little more: a hyphen or a colon parts words."""
    reach = max(word.height for word in row)
    left, top = max(0, min(word.x for word in row) - reach), min(word.y for word in row)
    right = max(word.x + word.width for word in row) + reach
    low = max(word.y + word.height for word in row)
    return Word(left, top, right - left, low - top, row[0].ground)


def _stands(glyphs: list[Glyph]) -> list[Stand]:
    """Those as tall as most figures or capitals; [] where fewer than four agree on a line."""
    if len(glyphs) < _LEAST_AGREED:
        return []
    tops = np.array([glyph.top for glyph in glyphs])
    lows = np.array([glyph.base for glyph in glyphs])
    agreed = (np.abs(tops[:, None] - tops) < _AGREED) & (np.abs(lows[:, None] - lows) < _AGREED)
    most = agreed[int(agreed.sum(axis=1).argmax())]
    if most.sum() < _LEAST_AGREED:
        return []
    top, base = float(np.median(tops[most])), float(np.median(lows[most]))
    found = []
    for glyph in glyphs:
        low, high = glyph.base - base, glyph.top - top
        as_tall = abs(glyph.height / (base - top) - 1) < _AS_TALL
        if as_tall and abs(low - high) < _SAME + 0.03 * glyph.height:
            found.append(Stand(glyph, (low + high) / 2))
    return found


def _alike(one: Glyph, other: Glyph) -> bool:
    """Whether both are drawings of one glyph in one size, each at its own part of a pixel."""
    if abs(one.width - other.width) > 1 or abs(one.height - other.height) > 0.6:
        return False
    rows = max(one.cover.shape[0], other.cover.shape[0]) + 2
    columns = max(one.width, other.width) + 2
    wide = np.zeros((rows + 2, columns + 2), dtype=np.float32)
    small = one.cover
    wide[1 : 1 + other.cover.shape[0], 1 : 1 + other.cover.shape[1]] = other.cover
    if small.shape[0] > wide.shape[0] or small.shape[1] > wide.shape[1]:
        return False
    scores = cv2.matchTemplate(wide, small, cv2.TM_CCOEFF_NORMED)
    return float(scores.max()) > _LIKE


def _area(glyph: Glyph) -> tuple[int, int, int, int]:
    top = round(glyph.top)
    return glyph.x, top, glyph.width, max(1, round(glyph.base) - top)
