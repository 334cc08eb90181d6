"""Pictures drawn anew, out of image files and pages of PDFs: their pixels and nothing else.

Pure. Both kinds of file come from outside, so this runs in the reading process. Whoever shows or
copies a picture begins here: previews, reports, transforms.
"""

from __future__ import annotations

import importlib.util
import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image, ImageOps

from evidence.errors import RequestError

# As for reading (verifiers/readers/picture.py): more is a bomb, or not a photo of a parcel.
MAX_PIXELS = 100_000_000
NEEDS_PDFIUM = (
    "showing a page needs one of the extras `forensics`, `ocr` and `report`, and none is installed"
)


@contextmanager
def opened(data: bytes, *, about: int = 0) -> Iterator[Image.Image]:
    """An image file, before anything of it is decoded. RequestError if it has too many pixels.

    about   the longer side that is wanted; a JPEG is then decoded at about that size
    """
    # Pillow warns about large and odd pictures; the bound decides instead.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise RequestError(
                    what="The picture", why=f"it has more than {MAX_PIXELS:,} pixels"
                )
            if about:
                image.draft("RGB", (about, about))
            yield image


def upright(image: Image.Image) -> Image.Image:
    """Turned as its Exif asks."""
    return ImageOps.exif_transpose(image)


def plain(picture: Image.Image) -> Image.Image:
    """The pixels alone, eight bits a channel, with transparency if there is any."""
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    converted = picture.convert(mode)
    copy = Image.new(mode, converted.size)
    copy.paste(converted)
    return copy


def flat(picture: Image.Image) -> Image.Image:
    """The same on white, without transparency."""
    copy = plain(picture)
    if copy.mode == "RGB":
        return copy
    white = Image.new("RGB", copy.size, (255, 255, 255))
    white.paste(copy, mask=copy.getchannel("A"))
    return white


def small_jpeg(picture: Image.Image, *, longest: int, quality: int) -> bytes:
    """On white, its longer side `longest` pixels at most, never larger than it was."""
    copy = flat(picture)
    copy.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    copy.save(out, format="jpeg", quality=quality, optimize=True)
    return out.getvalue()


def can_draw_pages() -> bool:
    """Whether pdfium is here, which comes with the extras `forensics`, `ocr` and `report`."""
    return importlib.util.find_spec("pypdfium2") is not None


@contextmanager
def pdf(data: bytes) -> Iterator[Any]:
    """A pypdfium2 document. RequestError where pdfium is not installed; pdfium's own for no PDF."""
    if not can_draw_pages():
        raise RequestError(what="The document", why=NEEDS_PDFIUM)
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        yield document
    finally:
        document.close()


def drawn(document: Any, number: int, *, longest: int) -> Image.Image:
    """Page `number`, from 1, with `longest` pixels on its longer side.

    Forms are not initialised, so no script of the document could run. RequestError if there is no
    such page, or it cannot be drawn at that size.
    """
    if not 1 <= number <= len(document):
        why = f"it has {len(document)} pages, and page {number} was asked for"
        raise RequestError(what="The document", why=why)
    sheet = document[number - 1]
    width, height = sheet.get_size()
    if not (math.isfinite(width) and math.isfinite(height)) or min(width, height) < 1:
        raise RequestError(what="The document", why="its page has no size")
    scale = longest / max(width, height)
    if width * height * scale * scale > MAX_PIXELS:
        raise RequestError(what="The document", why="its page is too large")
    picture: Image.Image = sheet.render(scale=scale, may_draw_forms=False).to_pil()
    return picture
