"""Barcodes and QR codes in a picture (extra `ocr`): a printed tracking barcode is a fact."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verifiers.readers.ocr import Pixels

MAX_CODES = 20
_MAX_CHARS = 500
# Every so many rows are looked at; grey levels of an edge, how many a row of stripes has at least,
# and pixels of blank beside it. A larger area than this is no small code.
_STEP, _EDGE, _LEAST_EDGES, _QUIET = 4, 50, 36, 24
_LARGER, _MOST_PIXELS = 2, 1_000_000


@dataclass(frozen=True, slots=True)
class Code:
    """What one code says, and its box in pixels."""

    text: str
    box: tuple[int, int, int, int]


@cache
def available() -> bool:
    return importlib.util.find_spec("zxingcpp") is not None


def read_codes(pixels: Pixels) -> list[Code]:
    """Every code that can be read with its checks fitting; [] where there is none.

    A screen shows a label's code with bars of a pixel or less: where none is read, the stripes are
    looked for and read enlarged, of the one kind with a check of its own that carriers print.
    """
    import zxingcpp

    if codes := _codes(zxingcpp.read_barcodes(pixels)):
        return codes
    area = _striped(pixels)
    if area is None:
        return []
    import numpy as np
    from PIL import Image

    left, top, right, low = area
    size = (_LARGER * (right - left), _LARGER * (low - top))
    part = Image.fromarray(np.ascontiguousarray(pixels[top:low, left:right]))
    large = np.asarray(part.resize(size, Image.Resampling.BICUBIC))
    kinds = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.Code128)
    found = _codes(zxingcpp.read_barcodes(large, formats=kinds))
    return [
        Code(one.text, (left + x // _LARGER, top + y // _LARGER, w // _LARGER, h // _LARGER))
        for one in found
        for x, y, w, h in (one.box,)
    ]


def _striped(pixels: Pixels) -> tuple[int, int, int, int] | None:
    """Left, top, right and low of rows that share many upright edges; None where none do."""
    import numpy as np

    grey = pixels[::_STEP].mean(axis=2) if pixels.ndim == 3 else pixels[::_STEP].astype(np.float32)
    edges = np.abs(np.diff(grey, axis=1)) > _EDGE
    if len(edges) < 3:
        return None
    shared = edges[:-2] & edges[1:-1] & edges[2:]
    rows = np.flatnonzero(shared.sum(axis=1) >= _LEAST_EDGES)
    if not len(rows):
        return None
    columns = np.flatnonzero(shared[rows].any(axis=0))
    top, low = int(rows[0]) * _STEP, (int(rows[-1]) + 3) * _STEP
    left, right = int(columns[0]) - _QUIET, int(columns[-1]) + _QUIET
    area = (
        max(0, left), max(0, top - _STEP),
        min(pixels.shape[1], right), min(pixels.shape[0], low),
    )  # fmt: skip
    large = (area[2] - area[0]) * (area[3] - area[1]) > _MOST_PIXELS
    return None if large else area


def _codes(read: Iterable[Any]) -> list[Code]:
    codes = []
    for found in list(read)[:MAX_CODES]:
        text = found.text.strip()
        if not found.valid or not text:
            continue
        place = found.position
        xs = [p.x for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)]
        ys = [p.y for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)]
        box = (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
        codes.append(Code(text[:_MAX_CHARS], box))
    return codes
