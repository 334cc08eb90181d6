"""Words of one line that do not stand on one line.

A program sets a line's words on one baseline, to the pixel; one that centres two sizes in a row
sets the middles of both at one height. Text that was put in by hand stands a pixel or more off
either. Only pictures of a screen are measured: in a photo and a scan no line is level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evidence.locators import box
from verifiers.readers.traces.blocks import Bytes
from verifiers.readers.traces.glyphs import Glyph
from verifiers.readers.traces.marking import drawn_on
from verifiers.readers.traces.trace import Trace
from verifiers.readers.traces.words import Word

_LEAST_GLYPHS = 4
_LEVEL, _TILTED = 0.007, 0.003  # a line's rise over its run
_OFF = 0.9  # pixels
_LEAST_PART = 0.11  # of a word's height
_ALIKE = 0.13  # of the height of capitals: one size, nearly


@dataclass(frozen=True, slots=True)
class Line:
    """Where a word stands: its baseline and the height of its tall glyphs, in pixels."""

    word: Word
    base: float
    tall: float
    slope: float


def off_the_line(rgb: Bytes, words: list[Word], glyphs: list[list[Glyph]]) -> list[Trace]:
    """Words that stand off the line of their neighbours, both on one ground.

    glyphs  those of each word
    """
    lines = (line_of(word, own) for word, own in zip(words, glyphs, strict=True))
    measured = [line for line in lines if line is not None]
    if len(measured) < 5 or np.median([abs(line.slope) for line in measured]) > _LEVEL:
        return []
    found: list[tuple[Line, Line, float]] = []
    level = 0
    for place, one in enumerate(measured):
        for other in measured[place + 1 :]:
            if not _beside(one.word, other.word):
                continue
            gap = abs(one.base - other.base)
            if abs(one.tall / other.tall - 1) > _ALIKE:
                continue
            centred = abs(one.tall - other.tall) / 2
            if gap <= _OFF or abs(gap - centred) <= 0.7 + 0.01 * one.tall:
                level += 1
            elif gap < 0.45 * max(one.tall, other.tall):
                found.append((one, other, gap))
    if not found or len(found) > 4:
        return []
    traces = []
    for one, other, gap in found:
        # The one that stands further right was put beside the other, as a rule.
        later = max(one, other, key=lambda line: line.word.x)
        area = (later.word.x, later.word.y, later.word.width, later.word.height)
        if drawn_on(rgb, area):
            continue
        said = f"it stands {gap:.1f} pixels off the line of what is beside it"
        # Cells of a row that wrap apart stand so on a phone's fine screen: too little alone.
        part = gap / max(1, later.word.height)
        strength = 0.5 if part < _LEAST_PART and later.word.height >= 20 else 0.8
        if _in_a_block(one.word, words) and _in_a_block(other.word, words):
            strength = 0.5  # two columns whose lines wrapped apart, as steps beside each other do
        if len(found) > 2:  # a page that sets its rows so, rather than a line that was put in
            strength = 0.5
        if strength > 0.5 and (gap >= 1.5 or level >= 2):
            strength = 0.85
        traces.append(Trace("trace.picture.off_line", said, box(*area), strength))
    return traces


def is_level(words: list[Word], glyphs: list[list[Glyph]]) -> bool:
    """Whether lines run along the rows of pixels, as on a screen; few lines are taken for level.

    Of a level page some lines seem to rise and as many to fall; those of a scan all do the same.
    """
    lines = (line_of(word, own) for word, own in zip(words, glyphs, strict=True))
    slopes = [line.slope for line in lines if line is not None]
    return len(slopes) < 5 or abs(float(np.median(slopes))) <= _TILTED


def _beside(one: Word, other: Word) -> bool:
    """Whether they are of one row, near each other, on one ground, and not one above the other."""
    middle = abs((one.y + one.height / 2) - (other.y + other.height / 2))
    if middle > 0.5 * min(one.height, other.height):
        return False
    gap = max(one.x - other.x - other.width, other.x - one.x - one.width)
    same = max(abs(a - b) for a, b in zip(one.ground, other.ground, strict=True)) < 8
    return same and 0 <= gap < 12 * max(one.height, other.height)


def _in_a_block(one: Word, words: list[Word]) -> bool:
    """Whether a line of text stands tightly over or under it, as in a cell of several lines."""
    middle = one.x + one.width / 2
    for other in words:
        gap = max(one.y - other.y - other.height, other.y - one.y - one.height)
        aligned = other.x <= middle <= other.x + other.width or (
            one.x <= other.x + other.width / 2 <= one.x + one.width
        )
        if other is not one and aligned and 0 <= gap < 0.7 * max(one.height, other.height):
            return True
    return False


def line_of(word: Word, glyphs: list[Glyph]) -> Line | None:
    """Where the word stands; None where too few glyphs agree on it."""
    if len(glyphs) < _LEAST_GLYPHS:
        return None
    lows = np.array([glyph.base for glyph in glyphs])
    base = max(lows.tolist(), key=lambda low: int((np.abs(lows - low) < 0.6).sum()))
    standing = np.abs(lows - base) < 0.6
    heights = np.array([glyph.height for glyph in glyphs])[standing]
    tall = heights[heights > 0.88 * heights.max()]
    if standing.sum() < 3 or tall.size < 3:
        return None
    near = np.abs(lows - base) < 0.25 * word.height
    middles = np.array([glyph.middle for glyph in glyphs])
    slope = float(np.polyfit(middles[near], lows[near], 1)[0]) if near.sum() >= 4 else 0.0
    return Line(word, float(np.median(lows[standing])), float(np.median(tall)), slope)
