"""The glyphs of a word, each with its upper and lower edge to a tenth of a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from verifiers.readers.traces.blocks import Bytes, Floats, greatest
from verifiers.readers.traces.words import Word

_LEAST_INK = 60
_SIDE, _TALL = 32, 24.0  # pixels of a copy, and how high a glyph stands in it


@dataclass(frozen=True, slots=True)
class Glyph:
    """One connected spot of ink that is about as high as the word.

    x, width   columns of the picture
    top, base  its upper and lower edge in rows of the picture
    cover      how much of each pixel is ink, 0 to 1; a pixel of ground is kept above and below
    """

    x: int
    width: int
    top: float
    base: float
    cover: Floats

    @property
    def height(self) -> float:
        return self.base - self.top

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


def glyphs_of(rgb: Bytes, word: Word) -> list[Glyph]:
    """From left to right; [] where the ink is too faint. What touches counts as one glyph."""
    rows, columns = word.near(rgb.shape, 4)
    part = rgb[rows, columns].astype(np.float32)
    off = greatest(np.abs(part - np.array(word.ground, dtype=np.float32)))
    ink = float(np.percentile(off, 99.5))
    if ink < _LEAST_INK:
        return []
    cover = np.minimum(off / ink, 1)
    solid = (cover > 0.45).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    found = []
    for label in range(1, count):
        x, y, w, h, area = (int(n) for n in stats[label])
        if h < 0.45 * word.height or w > 1.6 * h + 4 or area < 6:
            continue
        own = labels[:, x : x + w] == label
        free = own | (solid[:, x : x + w] == 0)
        mine = np.where(free, cover[:, x : x + w], 0)
        # A row that a glyph covers in part counts by how much.
        rows_cover = mine.max(axis=1)
        end = y + h
        low = end + (rows_cover[end] if end < rows_cover.size else 0)
        low -= 1 - rows_cover[end - 1] if rows_cover[end - 1] < 0.9 else 0
        high = y - (rows_cover[y - 1] if y > 0 else 0)
        high += 1 - rows_cover[y] if rows_cover[y] < 0.9 else 0
        found.append(
            Glyph(
                x + columns.start,
                w,
                float(high) + rows.start,
                float(low) + rows.start,
                np.asarray(mine[max(0, y - 1) : end + 1], dtype=np.float32),
            )
        )
    return sorted(found, key=lambda glyph: glyph.x)


def of_one_size(cover: Floats, tall: float) -> Floats:
    """A drawing to be laid over others: _SIDE * _SIDE values with mean 0 and length 1.

    tall  pixels that become _TALL. It stands around the centre of its ink, so that parts of a pixel
          do not count.
    """
    factor = _TALL / tall
    whole = max(float(cover.sum()), 1e-3)
    x = float((cover.sum(axis=0) * np.arange(cover.shape[1])).sum()) / whole
    y = float((cover.sum(axis=1) * np.arange(cover.shape[0])).sum()) / whole
    move = np.array(
        [[factor, 0, _SIDE / 2 - factor * x], [0, factor, _SIDE / 2 - factor * y]], dtype=np.float32
    )
    drawn = cv2.warpAffine(cover, move, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR).ravel()
    drawn = drawn - drawn.mean()
    return np.asarray(drawn / max(float(np.linalg.norm(drawn)), 1e-6), dtype=np.float32)
