"""A small picture of an item, for orientation: of an image, or of a document's first page.

Pure: the same bytes give the same bytes with the same versions of Pillow and pdfium. It parses what
came from outside, so it runs in the reading process (service/reading_child.py), never beside keys.
"""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageOps

# Printed 46 mm wide: 370 dots an inch for a picture that is square.
MOST_SIDE = 680
QUALITY = 72
MAX_PIXELS = 100_000_000
_PICTURES = ("image/jpeg", "image/png", "image/gif", "image/tiff", "image/webp", "image/bmp")


@dataclass(frozen=True, slots=True)
class Preview:
    """A JPEG without metadata, or no data and the reason; `pages` of a document, else 1."""

    data: bytes = field(repr=False)
    why: str = ""
    pages: int = 1


def can_be_seen(media_type: str) -> bool:
    kind = media_type.partition(";")[0].strip().lower()
    return kind in _PICTURES or kind == "application/pdf"


def preview_of(data: bytes, media_type: str) -> Preview:
    """Never raises for what the bytes are: a file that cannot be shown says why."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if media_type.partition(";")[0].strip().lower() == "application/pdf":
                return _of_document(data)
            return _of_picture(data)
    except ImportError:
        return Preview(b"", "the extra `report` is not installed")
    except Exception as problem:  # decoders raise what they like
        return Preview(b"", f"it cannot be shown ({type(problem).__name__})")


def _of_picture(data: bytes) -> Preview:
    with Image.open(io.BytesIO(data)) as opened:
        if opened.width * opened.height > MAX_PIXELS:
            return Preview(b"", "it has too many pixels")
        frames = int(getattr(opened, "n_frames", 1))
        opened.draft("RGB", (MOST_SIDE, MOST_SIDE))  # a JPEG is then decoded at the size wanted
        return _saved(ImageOps.exif_transpose(opened), pages=frames)


def _of_document(data: bytes) -> Preview:
    import pypdfium2

    document: Any = pypdfium2.PdfDocument(data)
    try:
        pages = len(document)
        if pages == 0:
            return Preview(b"", "it has no page")
        page = document[0]
        width, height = page.get_size()
        if not (math.isfinite(width) and math.isfinite(height)) or min(width, height) < 1:
            return Preview(b"", "its page has no size", pages)
        scale = MOST_SIDE / max(width, height)
        if width * height * scale * scale > MAX_PIXELS:
            return Preview(b"", "its page is too large", pages)
        return _saved(page.render(scale=scale, may_draw_forms=False).to_pil(), pages=pages)
    finally:
        document.close()


def _saved(picture: Image.Image, *, pages: int) -> Preview:
    """On white, without transparency, metadata or colour profile: PDF/A takes nothing else."""
    plain = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if plain.mode == "RGBA":
        white = Image.new("RGB", plain.size, (255, 255, 255))
        white.paste(plain, mask=plain.getchannel("A"))
        plain = white
    copy = Image.new("RGB", plain.size)
    copy.paste(plain)
    copy.thumbnail((MOST_SIDE, MOST_SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    copy.save(out, format="jpeg", quality=QUALITY)
    return Preview(out.getvalue(), pages=pages)
