"""Writing whose paper has another grain than the paper around it.

A screen's own picture has none: each pixel behind a text has exactly one colour. A photo and
a scan have it everywhere. What was pasted from elsewhere brings its own, and what was painted over
has lost it. Only paper of one colour is compared: a label is smoother than the cardboard it is on.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from evidence.locators import Locator, box
from verifiers.readers.traces.blocks import Bytes, Floats
from verifiers.readers.traces.marking import drawn_on
from verifiers.readers.traces.trace import Trace
from verifiers.readers.traces.words import Word, ink_of

_PAPER = 14  # how far paper may be from its own colour
# Grey levels that making a picture smaller leaves around letters: to .29 in captures laid beside
# larger ones, where what came out of a photo or of JPEG has 1.3 and more.
_RINGING = 0.35
_LEAST = 60  # pixels that a measure is made of


@dataclass(frozen=True, slots=True)
class Paper:
    """The grain behind a word and around it: mean deviation, and the share that deviates."""

    word: Word
    inside: float
    inside_share: float
    around: float
    around_share: float


def strange_papers(rgb: Bytes, grey: Floats, words: list[Word], *, kept: bool) -> list[Trace]:
    """Words on paper of another grain. `kept`: the file keeps every pixel as it was (PNG)."""
    rough = roughness(grey)
    papers = [paper for word in words if (paper := _paper(rgb, rough, word)) is not None]
    if len(papers) < 6:
        return []
    found = []
    clean = [paper for paper in papers if paper.inside_share < 0.01]
    if kept and len(clean) >= 0.8 * len(papers):
        found = [
            (paper, "the paper behind it is grained, and clean everywhere else")
            for paper in papers
            if paper.inside_share > 0.08 and paper.inside > _RINGING and paper.around_share < 0.05
        ]
    middle = float(np.median([paper.inside for paper in papers]))
    # What JPEG leaves around letters is no grain: that of a sensor is everywhere.
    if not found and middle > 0.35 and grained(rough, words):
        found = [
            (paper, "the paper behind it is smooth, and grained everywhere else")
            for paper in papers
            if paper.inside < 0.25 * middle and paper.inside < 0.25 * paper.around
        ]
    if not 0 < len(found) <= max(3, len(papers) // 8):
        return []
    return [
        Trace("trace.picture.strange_paper", said, _at(paper.word), 0.85)
        for paper, said in found
        if not drawn_on(rgb, _area(paper.word)) and not _at_the_edge(paper.word, rgb)
    ]


def roughness(grey: Floats) -> Floats:
    """How far each pixel is from the middle of its neighbours, in grey levels."""
    return np.asarray(np.abs(grey - cv2.medianBlur(grey.astype(np.uint8), 3)), dtype=np.float32)


def grained(rough: Floats, words: list[Word]) -> bool:
    """Whether there is grain far from all writing."""
    far = np.ones(rough.shape, dtype=np.bool_)
    for word in words:
        far[word.near(rough.shape, 16)] = False
    values = rough[far][::7]
    return bool(values.size > 500 and float((values >= 1).mean()) > 0.25)


def _paper(rgb: Bytes, rough: Floats, word: Word) -> Paper | None:
    reach = max(6, word.height)
    rows, columns = word.near(rgb.shape, reach)
    part = rgb[rows, columns]
    off = ink_of(part, word.ground, _PAPER)
    ink = cv2.dilate(off.astype(np.uint8), np.ones((5, 5), dtype=np.uint8)) > 0
    own = np.zeros_like(ink)
    y, x = word.y - rows.start, word.x - columns.start
    own[max(0, y) : y + word.height, max(0, x) : x + word.width] = True
    far = 2 + word.height // 3
    wide = np.zeros_like(ink)
    wide[max(0, y - far) : y + word.height + far, max(0, x - far) : x + word.width + far] = True
    inside, around = own & ~ink, ~wide & ~ink
    if inside.sum() < _LEAST or around.sum() < 2 * _LEAST:
        return None
    values = np.minimum(rough[rows, columns], 8)
    return Paper(
        word,
        float(values[inside].mean()),
        float((values[inside] >= 1).mean()),
        float(values[around].mean()),
        float((values[around] >= 1).mean()),
    )


def _at_the_edge(word: Word, rgb: Bytes) -> bool:
    """Stamps that say when and by whom a copy was made stand along the edge."""
    height = int(rgb.shape[0])
    middle = word.y + word.height / 2
    return middle < 0.05 * height or middle > 0.95 * height


def _area(word: Word) -> tuple[int, int, int, int]:
    return (word.x, word.y, word.width, word.height)


def _at(word: Word) -> Locator:
    return box(*_area(word))
