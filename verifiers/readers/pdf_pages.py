"""A PDF's pages with the place of each line: of the text layer, or recognised in the rendering.

Needs pypdfium2 and the recogniser (extra `ocr`).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from evidence.locators import page_box
from verifiers.readers import ocr
from verifiers.readers.lines import Line
from verifiers.readers.pdf_layout import lines_of_page
from verifiers.readers.said.facts import Size

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


def read_layout(data: bytes, pages: int) -> tuple[list[Line], dict[int, Size], list[str]]:
    """The text layer of the first `pages` pages with places, the pages' sizes, and what failed.

    A page without text is rendered and recognised, up to MAX_PAGES of them.
    """
    import pypdfium2 as pdfium

    lines: list[Line] = []
    sizes: dict[int, Size] = {}
    troubles: list[str] = []
    blank: list[int] = []
    document = pdfium.PdfDocument(data)
    try:
        for number in range(1, min(pages, len(document)) + 1):
            try:
                found, sizes[number] = lines_of_page(document, number)
            except Exception as problem:
                troubles.append(f"page {number} could not be read ({type(problem).__name__})")
                continue
            if not found:
                blank.append(number)
            lines.extend(found)
        for number in blank[:MAX_PAGES]:
            lines.extend(_recognised(document, number))
    finally:
        document.close()
    if len(blank) > MAX_PAGES:
        troubles.append(f"only {MAX_PAGES} of its {len(blank)} pages without text were read")
    return sorted(lines, key=lambda line: line.page), sizes, troubles


def _recognised(document: Any, number: int) -> Iterator[Line]:
    page = document[number - 1]
    try:
        scale = _scale(page)
        for seen in ocr.read_lines(render(page, scale)):
            x, y, w, h = (side / scale for side in seen.box)
            place = page_box(number, round(x), round(y), round(w), round(h))
            yield Line(seen.text, place, (x, y, w, h), number, seen.confidence)
    finally:
        page.close()


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
