"""A PDF's pages with the place of each line: of the text layer, or recognised in the rendering.

Needs pypdfium2 and the recogniser (extra `ocr`).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from evidence.locators import Locator, page_box
from verifiers.readers import barcodes, ocr
from verifiers.readers.lines import Line
from verifiers.readers.pdf_layout import lines_of_page
from verifiers.readers.reader import CUT
from verifiers.readers.said.layout import Size

if TYPE_CHECKING:
    from verifiers.readers.ocr import Pixels

# Fine enough for eight-point print, and no more pixels than a picture of a page needs.
_DPI = 200
_MOST_PIXELS = 6_000_000
# Pages that are recognised; a second of one core each.
MAX_PAGES = 8
# Pages with a text layer whose barcodes are looked for, and how fine; a label is on the first ones.
_CODED_PAGES, _CODED_SCALE, _CODED_PIXELS = 4, 2.0, 4_000_000
_POINTS = 72
_TEXT_OBJECT = 1  # FPDF_PAGEOBJ_TEXT


@cache
def available() -> bool:
    """Whether pages can be rendered and recognised: the extra `ocr` is installed."""
    return importlib.util.find_spec("pypdfium2") is not None and ocr.available()


@dataclass(slots=True)
class Layout:
    """What stands where on the pages.

    lines       of the text layer, or recognised, page by page
    sizes       of the pages in points, by number
    codes       what barcodes say, each with its place
    troubles    what failed, each as a part of a sentence
    recognised  whether a page had no text, and was recognised here
    """

    lines: list[Line] = field(default_factory=list)
    sizes: dict[int, Size] = field(default_factory=dict)
    codes: list[tuple[str, Locator]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    recognised: bool = False


def read_layout(data: bytes, pages: int) -> Layout:
    """The first `pages` pages; one without text is recognised, up to MAX_PAGES of them."""
    import pypdfium2 as pdfium

    layout = Layout()
    blank: list[int] = []
    document = pdfium.PdfDocument(data)
    try:
        for number in range(1, min(pages, len(document)) + 1):
            try:
                found, layout.sizes[number] = lines_of_page(document, number)
                if found and number <= _CODED_PAGES:
                    _add_codes(layout, document, number)
            except Exception as problem:
                why = f"page {number} could not be read ({type(problem).__name__})"
                layout.troubles.append(why)
                continue
            if not found:
                blank.append(number)
            layout.lines.extend(found)
        for number in blank[:MAX_PAGES]:
            _recognise(layout, document, number)
    finally:
        document.close()
    if len(blank) > MAX_PAGES:
        why = f"{CUT} {MAX_PAGES} of its {len(blank)} pages without text were read"
        layout.troubles.append(why)
    layout.lines.sort(key=lambda line: line.page)
    return layout


def _add_codes(layout: Layout, document: Any, number: int) -> None:
    """The codes on a page with a text layer; one that draws nothing but text can have none."""
    if not barcodes.available():
        return
    page = document[number - 1]
    try:
        if any(drawn.type != _TEXT_OBJECT for drawn in page.get_objects(max_depth=1)):
            width, height = page.get_size()
            bound = (_CODED_PIXELS / max(width * height, 1.0)) ** 0.5
            scale = min(_CODED_SCALE, bound)
            layout.codes += _codes(render(page, scale), number, scale)
    finally:
        page.close()


def _codes(pixels: Pixels, number: int, scale: float) -> Iterator[tuple[str, Locator]]:
    for code in barcodes.read_codes(pixels) if barcodes.available() else ():
        x, y, w, h = (round(side / scale) for side in code.box)
        yield code.text, page_box(number, x, y, max(1, w), max(1, h))


def _recognise(layout: Layout, document: Any, number: int) -> None:
    page = document[number - 1]
    try:
        scale = scale_of(page)
        pixels = render(page, scale)
        lines = ocr.read_lines(pixels)
        layout.recognised |= bool(lines)
        height, width = pixels.shape[:2]
        levels, (width, height) = ocr.straightened(lines, (width, height))
        layout.sizes[number] = Size(width / scale, height / scale)
        for seen, level in zip(lines, levels, strict=True):
            place = page_box(number, *(round(side / scale) for side in seen.box))
            x, y, w, h = (side / scale for side in level)
            layout.lines.append(Line(seen.text, place, (x, y, w, h), number, seen.confidence))
        layout.codes += _codes(pixels, number, scale)
    finally:
        page.close()


def scale_of(page: Any) -> float:
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
