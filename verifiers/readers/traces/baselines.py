"""Words of one line that do not stand on one line.

A program sets a line's words on one baseline, to the pixel; one that centres two sizes in a row
sets the middles of both at one height. Text that was put in by hand stands a pixel or more off
either. Only pictures of a screen are measured: in a photo and a scan no line is level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
_BAR = 0.03  # of a picture's height
_FAR = 4.0  # heights between two words of one row
_ALIKE = 0.13  # of the height of capitals: one size, nearly
# Of a glyph's height, the least blank; of the glyphs of a part, how many stand on its line.
_BLANK, _MOSTLY = 0.2, 0.6


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
    parts = [part for word, own in zip(words, glyphs, strict=True) for part in _parted(word, own)]
    words = [word for word, _ in parts]
    measured = [line for word, own in parts if (line := line_of(word, own)) is not None]
    if len(measured) < 5 or np.median([abs(line.slope) for line in measured]) > _LEVEL:
        return []
    found: list[tuple[Line, Line, float]] = []
    steps: list[tuple[Line, Line]] = []
    level = 0
    for place, one in enumerate(measured):
        for other in measured[place + 1 :]:
            if not _beside(one.word, other.word):
                continue
            gap = abs(one.base - other.base)
            if gap > _OFF:
                steps.append((one, other))
            if abs(one.tall / other.tall - 1) > _ALIKE:
                continue
            centred = abs(one.tall - other.tall) / 2
            if gap <= _OFF or abs(gap - centred) <= 0.7 + 0.01 * one.tall:
                level += 1
            elif gap < 0.45 * max(one.tall, other.tall):
                found.append((one, other, gap))
    found = _of_rows([pair for pair in found if not _is_the_pages(pair[:2], steps)])
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
        # Cells of a row that wrap apart stand so on a phone's fine screen: too little alone. And a
        # label may stand at the top of its cell, far from the value that is beside it.
        part = gap / max(1, later.word.height)
        fine = part < _LEAST_PART and later.word.height >= 20
        apart, high = _apart(one.word, other.word), max(one.word.height, other.word.height)
        far = _blank(one.word, other.word, words) > _FAR * high
        strength = 0.5 if fine or far else 0.8
        # Two columns whose lines wrapped apart, as steps beside each other do.
        if apart >= high and _in_a_block(one.word, words) and _in_a_block(other.word, words):
            strength = 0.5
        # A system's bar sets its signs apart, and two captures beside each other have two bars.
        if later.word.y + later.word.height / 2 < _BAR * len(rgb):
            strength = 0.5
        if len(found) > 2:  # a page that sets its rows so, rather than a line that was put in
            strength = 0.5
        if strength > 0.5 and (gap >= 1.5 or level >= 2):
            strength = 0.85
        traces.append(Trace("trace.picture.off_line", said, box(*area), strength))
    return traces


def _of_rows(found: list[tuple[Line, Line, float]]) -> list[tuple[Line, Line, float]]:
    """Of each row the two words nearest to each other: of a sentence, many are off many."""
    rows: list[tuple[Line, Line, float]] = []
    for one, other, gap in sorted(found, key=lambda pair: _apart(pair[0].word, pair[1].word)):
        if not any(abs(kept.base - one.base) < 0.5 * one.tall for kept, _, _ in rows):
            rows.append((one, other, gap))
    return rows


def _apart(one: Word, other: Word) -> int:
    """Pixels between two words of a row."""
    return max(one.x - other.x - other.width, other.x - one.x - one.width)


def _blank(one: Word, other: Word, words: list[Word]) -> int:
    """The widest blank between two words of a row, in which others may stand between them."""
    left, right = sorted((one, other), key=lambda word: word.x)
    end, widest = left.x + left.width, 0
    for word in sorted(words, key=lambda word: word.x):
        middle = word.y + word.height / 2
        if left.x < word.x <= right.x and left.y <= middle <= left.y + left.height:
            widest, end = max(widest, word.x - end), max(end, word.x + word.width)
    return max(widest, right.x - end)


def _is_the_pages(pair: tuple[Line, Line], steps: Sequence[tuple[Line, Line]]) -> bool:
    """Whether another row has the same step between the same columns: labels at the top of their
    cells stand so, of whatever size and script."""
    left, right = sorted(pair, key=lambda line: line.word.x)
    step = right.base - left.base
    for other in steps:
        first, second = sorted(other, key=lambda line: line.word.x)
        near = 0.5 * left.word.height
        apart = abs(first.base - left.base) > left.word.height
        ends = abs(second.word.x + second.word.width - right.word.x - right.word.width)
        column = abs(first.word.x - left.word.x) < near and (
            abs(second.word.x - right.word.x) < near or ends < near
        )
        same = abs(second.base - first.base - step) <= max(0.6, 0.2 * abs(step))
        if apart and column and same:
            return True
    return False


def _parted(word: Word, glyphs: list[Glyph]) -> list[tuple[Word, list[Glyph]]]:
    """The word; or two, where what stands near enough to be one stands on two lines."""
    row = sorted(glyphs, key=lambda glyph: glyph.x)
    whole = _standing(row)
    best, more = 0, _LEAST_GLYPHS - 1
    for place in range(_LEAST_GLYPHS, len(row) - _LEAST_GLYPHS + 1):
        before, after = row[place - 1], row[place]
        if after.x - before.x - before.width < _BLANK * before.height:
            continue
        left, right = _standing(row[:place]), _standing(row[place:])
        firm = left > _MOSTLY * place and right > _MOSTLY * (len(row) - place)
        if firm and left + right - whole > more:
            best, more = place, left + right - whole
    if not best:
        return [(word, glyphs)]
    end = row[best - 1].x + row[best - 1].width
    left_word = replace(word, width=end - word.x)
    right_word = replace(word, x=row[best].x, width=word.x + word.width - row[best].x)
    return [(left_word, row[:best]), (right_word, row[best:])]


def _standing(glyphs: list[Glyph]) -> int:
    """How many stand on the line that most stand on."""
    lows = np.array([glyph.base for glyph in glyphs])
    return int((np.abs(lows[:, None] - lows) < 0.6).sum(axis=1).max()) if lows.size else 0


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
    same = max(abs(a - b) for a, b in zip(one.ground, other.ground, strict=True)) < 8
    return same and 0 <= _apart(one, other) < 12 * max(one.height, other.height)


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
