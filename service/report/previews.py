"""A small picture of an item, for orientation: of an image, or of a document's first page.

Pure: the same bytes give the same bytes with the same versions of Pillow and pdfium. It parses what
came from outside, so it runs in the reading process (service/reading/child.py), never beside keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from PIL import Image

from evidence.errors import RequestError
from service.derivatives import pictures

# Printed 46 mm wide: 370 dots an inch for a picture that is square.
MOST_SIDE = 680
QUALITY = 72
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
        if media_type.partition(";")[0].strip().lower() == "application/pdf":
            return _of_document(data)
        return _of_picture(data)
    except RequestError as problem:
        return Preview(b"", problem.why)
    except Exception as problem:  # decoders raise what they like
        return Preview(b"", f"it cannot be shown ({type(problem).__name__})")


def _of_picture(data: bytes) -> Preview:
    with pictures.opened(data, about=MOST_SIDE) as image:
        frames = int(getattr(image, "n_frames", 1))
        return _saved(pictures.upright(image), pages=frames)


def _of_document(data: bytes) -> Preview:
    with pictures.pdf(data) as document:
        pages = len(document)
        if pages == 0:
            return Preview(b"", "it has no page")
        return _saved(pictures.drawn(document, 1, longest=MOST_SIDE), pages=pages)


def _saved(picture: Image.Image, *, pages: int) -> Preview:
    """Without transparency, metadata or colour profile: PDF/A takes nothing else."""
    return Preview(pictures.small_jpeg(picture, longest=MOST_SIDE, quality=QUALITY), pages=pages)
