"""What can be done to a PDF without a person: show a page as a picture, shrink the pictures in it.

Pure: the same bytes, parameters and versions of the libraries give the same bytes. Runs in the
reading process, since the documents come from outside.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from PIL import Image

from evidence.errors import EvidenceError, RequestError
from service.derivatives import pictures

# As for reading: more is a bomb, or no document of an order.
MAX_PAGES = 2_000
MAX_PICTURES = 2_000

_WHAT = "The document"


def page_version() -> str:
    return f"1/pypdfium2-{version('pypdfium2')}" if pictures.can_draw_pages() else "1"


def shrink_version() -> str:
    return f"1/pypdf-{version('pypdf')}"


def page(data: bytes, *, number: int, longest: int, quality: int) -> bytes:
    """Page `number` (from 1) as a JPEG whose longer side has `longest` pixels.

    Raises RequestError for what is no PDF, has no such page, or cannot be shown.
    """
    try:
        with pictures.pdf(data) as document:
            shown = pictures.drawn(document, number, longest=longest)
    except EvidenceError:
        raise
    except Exception as error:  # hostile files reach every corner of the parser
        why = f"it cannot be shown ({type(error).__name__})"
        raise RequestError(what=_WHAT, why=why) from error
    return pictures.small_jpeg(shown, longest=longest, quality=quality)


def shrink(data: bytes, *, longest: int, quality: int) -> bytes:
    """The same document with each picture in it no longer than `longest` pixels, as JPEG.

    Its text stays text. A picture that would not become smaller stays as it is.
    """
    from pypdf import PdfReader, PdfWriter

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            raise RequestError(what=_WHAT, why="it is encrypted")
        if len(reader.pages) > MAX_PAGES:
            raise RequestError(what=_WHAT, why=f"it has more than {MAX_PAGES} pages")
        writer = PdfWriter(clone_from=reader)
        seen = 0
        for sheet in writer.pages:
            for picture in sheet.images:
                seen += 1
                if seen > MAX_PICTURES:
                    raise RequestError(what=_WHAT, why=f"it has more than {MAX_PICTURES} pictures")
                _shrink_picture(picture, longest, quality)
            sheet.compress_content_streams()
        writer.compress_identical_objects(remove_duplicates=True, remove_unreferenced=True)
        out = io.BytesIO()
        writer.write(out)
    except EvidenceError:
        raise
    except Exception as error:
        why = f"it cannot be written again ({type(error).__name__})"
        raise RequestError(what=_WHAT, why=why) from error
    return out.getvalue()


def _shrink_picture(picture: Any, longest: int, quality: int) -> None:
    shown: Image.Image | None = picture.image
    if shown is None or shown.width * shown.height > pictures.MAX_PIXELS or "A" in shown.getbands():
        return  # a mask carries its transparency, and a JPEG could not
    smaller = shown.convert("RGB")
    smaller.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    smaller.save(out, format="jpeg", quality=quality, optimize=True)
    if out.tell() < len(picture.data):
        picture.replace(smaller, quality=quality, optimize=True)


def number_in(parameters: Mapping[str, str], name: str, least: int, most: int) -> int:
    """The whole number called `name`, from `least` to `most`. RequestError for anything else."""
    text = parameters.get(name, "")
    if not (text.isascii() and text.isdigit()) or len(text) > 6 or not least <= int(text) <= most:
        why = f"{text[:20]!r} is not a number from {least} to {most}"
        raise RequestError(what=f"The parameter {name}", why=why)
    return int(text)
