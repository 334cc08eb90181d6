"""Where a picture has writing: boxes around words and short runs, found by contrast alone."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from verifiers.readers.traces.blocks import Bytes, Flags, greatest

MAX_WORDS = 400
_WORKING = 2_400  # pixels of the longer side that are looked at
_CONTRAST = 40
_FRAME = 120  # pixels; the largest letters that are looked at


@dataclass(frozen=True, slots=True)
class Word:
    """A box in pixels; `ground` is the colour behind it."""

    x: int
    y: int
    width: int
    height: int
    ground: tuple[int, int, int]

    def near(self, shape: tuple[int, ...], reach: int) -> tuple[slice, slice]:
        """Rows and columns of the box and `reach` pixels around it."""
        return (
            slice(max(0, self.y - reach), min(shape[0], self.y + self.height + reach)),
            slice(max(0, self.x - reach), min(shape[1], self.x + self.width + reach)),
        )


def ink_of(part: Bytes, ground: tuple[int, int, int], contrast: int = _CONTRAST) -> Flags:
    off = np.abs(part.astype(np.int16) - np.array(ground, dtype=np.int16))
    return np.asarray(greatest(off) > contrast)


def words_of(rgb: Bytes) -> list[Word]:
    """The words, from top to bottom; [] for a picture too large to be looked at as it is."""
    height, width = rgb.shape[:2]
    if max(height, width) > 2 * _WORKING:
        return []
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    ground = cv2.medianBlur(grey, 31)
    ink = _without_frames((cv2.absdiff(grey, ground) > _CONTRAST).astype(np.uint8))
    reach = max(7, width // 110) | 1
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, reach), dtype=np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = []
    for x, y, w, h, area in stats[1:count].tolist():
        if not (7 <= h <= 120 and w >= 1.5 * h and area > 0.15 * w * h):
            continue
        part = rgb[max(0, y - 3) : y + h + 3, max(0, x - 3) : x + w + 3]
        edge = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
        red, green, blue = (int(v) for v in np.median(edge, axis=0))
        found.append(Word(x, y, w, h, (red, green, blue)))
    return sorted(found, key=lambda word: (word.y, word.x))[:MAX_WORDS]


def _without_frames(ink: Bytes) -> Bytes:
    """Without what is far wider or higher than a letter: a table's frame joins all it holds."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    side = max(_FRAME, ink.shape[1] // 12)
    large = (stats[:, 2] > side) | (stats[:, 3] > side)
    large[0] = False
    if large.any():
        ink[large[labels]] = 0
    return ink


def rows_of(words: list[Word]) -> list[list[Word]]:
    """Words that stand beside each other, near and on one ground, together; each from the left."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.x):
        for row in rows:
            if _goes_on(row[-1], word):
                row.append(word)
                break
        else:
            rows.append([word])
    return rows


def _goes_on(one: Word, word: Word) -> bool:
    middle = abs((one.y + one.height / 2) - (word.y + word.height / 2))
    small, large = sorted((one.height, word.height))
    same = max(abs(a - b) for a, b in zip(one.ground, word.ground, strict=True)) < 8
    gap = word.x - one.x - one.width
    return same and middle < 0.3 * small and small > 0.6 * large and gap < 1.5 * large
