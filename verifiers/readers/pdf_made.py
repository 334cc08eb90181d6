"""What a PDF's first page is made of: written text, or one picture that fills it as a scan does.

Text that is there but not shown lies under a scan so that it can be searched; it makes no page a
written one. Needs pypdfium2 and numpy (extra `ocr`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from verifiers.readers.traits import traits_of

if TYPE_CHECKING:
    from verifiers.readers.ocr import Pixels

_MOST_OBJECTS, _DEPTH = 4_000, 3
# Beyond this a picture is not unpacked, and its pixels are not measured.
_MOST_PIXELS = 40_000_000
# The share of the page that a picture covers which is the page.
WHOLE_PAGE = 0.7


def page_traits(data: bytes) -> Mapping[str, float]:
    """The first page's measures by name, and those of the picture that fills it (traits.py).

    covered  share of the page that its largest picture covers
    written  characters that are shown, at most as many as are looked at
    """
    import pypdfium2 as pdfium

    document = pdfium.PdfDocument(data)
    try:
        if len(document) == 0:
            return {}
        page = document[0]
        try:
            return _of_page(page)
        finally:
            page.close()
    finally:
        document.close()


def _of_page(page: Any) -> Mapping[str, float]:
    import pypdfium2.raw as raw

    width, height = page.get_size()
    text = page.get_textpage()
    largest, covered, written = None, 0.0, 0
    try:
        for number, part in enumerate(page.get_objects(max_depth=_DEPTH, textpage=text)):
            if number >= _MOST_OBJECTS:
                break
            if part.type == raw.FPDF_PAGEOBJ_IMAGE:
                share = _share(part.get_bounds(), width, height)
                if share > covered:
                    largest, covered = part, share
            elif part.type == raw.FPDF_PAGEOBJ_TEXT:
                shown = raw.FPDFTextObj_GetTextRenderMode(part.raw) not in (
                    raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP,
                )  # fmt: skip
                written += raw.FPDFTextObj_GetText(part.raw, text.raw, None, 0) // 2 if shown else 0
        found = {"covered": covered, "written": float(written)}
        if largest is not None and covered >= WHOLE_PAGE:
            found |= _of_picture(largest)
        return found
    finally:
        text.close()


def _share(bounds: tuple[float, float, float, float], width: float, height: float) -> float:
    left, bottom, right, top = bounds
    wide = max(min(right, width) - max(left, 0.0), 0.0)
    high = max(min(top, height) - max(bottom, 0.0), 0.0)
    return wide * high / max(width * height, 1.0)


def _of_picture(part: Any) -> Mapping[str, float]:
    width, height = part.get_px_size()
    if width * height > _MOST_PIXELS:
        return {}
    return traits_of(_colours(part.get_bitmap().to_numpy()))


def _colours(pixels: Any) -> Pixels:
    """One, three or four values a pixel as blue, green, red."""
    import numpy as np

    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.shape[2] < 3:
        pixels = np.repeat(pixels[:, :, :1], 3, axis=2)
    return np.ascontiguousarray(pixels[:, :, :3])
