"""The traces in the pictures of scanned pages: those that a picture by itself is asked for."""

from __future__ import annotations

import ctypes
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PIL import Image

from verifiers.readers.reader import MAX_PIXELS
from verifiers.readers.traces.pdf_marks import Box, Mark, Page
from verifiers.readers.traces.trace import Trace

# A scanned paper has one page or two that state something; each costs a third of a second.
MAX_PAGES = 2
_MOST_PIXELS = min(MAX_PIXELS, 12_000_000)
_MOST_BYTES = 32_000_000
_OF_PAGE = 0.5  # of a page that its picture covers at least
_SAME_SHAPE = 0.03


def traces_in(document: Any, pages: Sequence[Page]) -> list[Trace]:
    """What the pictures show, each place in points of its page; [] of pages of another making.

    A picture that is laid in turned or mirrored, and one too large, is not looked at.
    """
    traces: list[Trace] = []
    for page, mark in [(page, mark) for page in pages if (mark := scan_on(page))][:MAX_PAGES]:
        shown = document[page.number - 1]
        try:
            traces += _of_page(shown, page, mark)
        finally:
            shown.close()
    return traces


def scan_on(page: Page) -> Mark | None:
    """The only picture of a page that shows no text beside it; None of any other page."""
    pictures = [mark for mark in page.marks if mark.kind == "picture"]
    if len(pictures) != 1 or pictures[0].nested or any(mark.shown for mark in page.texts):
        return None
    large = pictures[0].box.area > _OF_PAGE * page.width * page.height
    return pictures[0] if large else None


def _of_page(shown: Any, page: Page, mark: Mark) -> list[Trace]:
    import pypdfium2.raw as pdfium

    from verifiers.readers.traces import pixels

    thing = pdfium.FPDFPage_GetObject(shown.raw, mark.handle)
    wide, high = ctypes.c_uint(), ctypes.c_uint()
    if not pdfium.FPDFImageObj_GetImagePixelSize(thing, wide, high):
        return []
    size, box = (wide.value, high.value), mark.box
    if not 0 < size[0] * size[1] <= _MOST_PIXELS or not box.height:
        return []
    if abs(box.width / box.height / (size[0] / size[1]) - 1) > _SAME_SHAPE:
        return []
    picture = _picture(pdfium, thing)
    if picture is None or picture.size != size:
        return []
    found = pixels.traces_of(picture, getattr(picture, "quantization", None), paper=True)
    scale = box.width / size[0]
    return [replace(one, at=_placed(one, box, scale).on(page.number)) for one in found]


def _placed(trace: Trace, box: Box, scale: float) -> Box:
    x, y, width, height = (int(side) * scale for side in trace.at.place.split(","))
    return Box(box.x0 + x, box.y0 + y, box.x0 + x + width, box.y0 + y + height)


def _picture(pdfium: Any, thing: Any) -> Image.Image | None:
    """As JPEG where it is stored so, for its tables; else its pixels as they are."""
    count = pdfium.FPDFImageObj_GetImageDataRaw(thing, None, 0)
    if pdfium.FPDFImageObj_GetImageFilterCount(thing) == 1 and 0 < count <= _MOST_BYTES:
        data = (ctypes.c_ubyte * count)()
        pdfium.FPDFImageObj_GetImageDataRaw(thing, data, count)
        if bytes(data[:3]) == b"\xff\xd8\xff":
            picture = Image.open(io.BytesIO(bytes(data)))
            if picture.mode in ("L", "RGB"):
                picture.load()
                return picture
    raw = pdfium.FPDFImageObj_GetBitmap(thing)
    if not raw:
        return None
    import pypdfium2

    bitmap = pypdfium2.PdfBitmap.from_raw(raw)
    try:
        whole: Image.Image = bitmap.to_pil().convert("RGB")
        return whole
    finally:
        bitmap.close()
