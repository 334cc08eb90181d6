"""Barcodes and QR codes in a picture (extra `ocr`): a printed tracking barcode is a fact."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verifiers.readers.ocr import Pixels

MAX_CODES = 20
_MAX_CHARS = 500


@dataclass(frozen=True, slots=True)
class Code:
    """What one code says, and its box in pixels."""

    text: str
    box: tuple[int, int, int, int]


@cache
def available() -> bool:
    return importlib.util.find_spec("zxingcpp") is not None


def read_codes(pixels: Pixels) -> list[Code]:
    """Every code that can be read with its checks fitting; [] where there is none."""
    import zxingcpp

    codes = []
    for found in zxingcpp.read_barcodes(pixels)[:MAX_CODES]:
        text = found.text.strip()
        if not found.valid or not text:
            continue
        place = found.position
        xs = [p.x for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)]
        ys = [p.y for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)]
        box = (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
        codes.append(Code(text[:_MAX_CHARS], box))
    return codes
