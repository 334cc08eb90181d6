"""Pages of a PDF as pictures: rendered (pypdfium2, extra `ocr`), then read like any picture."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from evidence.locators import page_box
from verifiers.readers import ocr
from verifiers.readers.lines import Line

if TYPE_CHECKING:
    from verifiers.readers.ocr import Pixels

# Fine enough for eight-point print, and no more pixels than a picture of a page needs.
_DPI = 200
_MOST_PIXELS = 6_000_000
# Pages that are recognised; a second of one core each.
MAX_PAGES = 8
_POINTS = 72


@cache
def available() -> bool:
    """Whether pages can be rendered and recognised: the extra `ocr` is installed."""
    return importlib.util.find_spec("pypdfium2") is not None and ocr.available()


def read_pages(data: bytes, pages: Sequence[int]) -> list[Line]:
    """The lines on these pages, counted from 1, with boxes in points from the upper left."""
    import pypdfium2 as pdfium

    lines: list[Line] = []
    document = pdfium.PdfDocument(data)
    try:
        for number in pages[:MAX_PAGES]:
            page = document[number - 1]
            try:
                scale = _scale(page)
                for seen in ocr.read_lines(render(page, scale)):
                    x, y, w, h = (side / scale for side in seen.box)
                    place = page_box(number, round(x), round(y), round(w), round(h))
                    lines.append(Line(seen.text, place, (x, y, w, h), number, seen.confidence))
            finally:
                page.close()
    finally:
        document.close()
    return lines


def _scale(page: Any) -> float:
    """Pixels a point, so that the page has no more pixels than are allowed."""
    width, height = page.get_size()
    bound = (_MOST_PIXELS / max(width * height, 1.0)) ** 0.5
    return float(min(_DPI / _POINTS, bound))


def render(page: Any, scale: float) -> Pixels:
    """The page as it is shown, BGR on white."""
    import numpy as np

    bitmap = page.render(scale=scale, rev_byteorder=False)
    try:
        return np.ascontiguousarray(bitmap.to_numpy()[:, :, :3])
    finally:
        bitmap.close()
