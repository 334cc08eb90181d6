"""What can be done to an item without a person: shrink it, blacken boxes, change its format.

Pure: the same bytes, parameters and version of Pillow give the same bytes. Runs in the reading
process, since the pictures come from outside.

Only the picture goes into a copy. Exif, thumbnails, comments and colour profiles stay behind: a
thumbnail shows what a box hides. The picture is turned upright as its Exif asks, so boxes are in
pixels from the upper left corner of what a viewer shows.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import PIL
from PIL import Image, ImageDraw, UnidentifiedImageError

from evidence.derivatives import Change
from evidence.errors import EvidenceError, RequestError
from service.derivatives import documents as documents
from service.derivatives.documents import number_in
from service.derivatives.pictures import flat, opened, plain, small_jpeg, upright

MAX_BOXES = 1_000
VERSION = f"1/pillow-{PIL.__version__}"
MAX_PAGE = documents.MAX_PAGES

_LEAST_SIDE, _MOST_SIDE = 16, 20_000
_BOX = re.compile(r"(\d{1,6}),(\d{1,6}),([1-9]\d{0,5}),([1-9]\d{0,5})")
_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "pdf": "application/pdf"}
_WHAT = "The picture"


@dataclass(frozen=True, slots=True)
class Made:
    """A copy's bytes and what they are."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A transform: what it makes of an original, how, and of which version its maker is."""

    change: Change
    make: Callable[[bytes, Mapping[str, str]], Made]
    version: Callable[[], str]


def apply(name: str, parameters: Mapping[str, str], data: bytes) -> Made:
    """Make a copy of the picture or document `data`.

    picture.shrink    {"longest": pixels, "quality": 1 to 95}: a JPEG that is no larger than that
    picture.redact    {"boxes": "x,y,width,height;…"}: a PNG with these boxes black; every other
                      pixel is as the original decodes
    picture.convert   {"to": "jpeg", "png" or "pdf"}: transparency becomes white, but in a PNG
    document.page     {"page": from 1, "longest": pixels, "quality": 1 to 95}: a page as a JPEG
    document.shrink   {"longest": pixels, "quality": 1 to 95}: the PDF with smaller pictures in it

    Raises RequestError for anything else, and for what is no picture of one frame, or no PDF.
    """
    kind = KINDS.get(name)
    if kind is None:
        why = f"{name[:40]!r} is not one of {', '.join(KINDS)}"
        raise RequestError(what="The transform", why=why)
    return kind.make(data, parameters)


def _of_picture(
    make: Callable[[Image.Image, Mapping[str, str]], Made],
) -> Callable[[bytes, Mapping[str, str]], Made]:
    def made(data: bytes, parameters: Mapping[str, str]) -> Made:
        try:
            with opened(data) as image:
                if (frames := getattr(image, "n_frames", 1)) != 1:
                    why = f"it has {frames} frames, and a copy would show one"
                    raise RequestError(what=_WHAT, why=why)
                return make(upright(image), parameters)
        except EvidenceError:
            raise
        except (UnidentifiedImageError, Image.DecompressionBombError) as error:
            why = f"it is not one that can be opened ({type(error).__name__})"
            raise RequestError(what=_WHAT, why=why) from error
        except Exception as error:
            # Hostile files reach every corner of the decoders, and each corner raises its own.
            why = f"it is damaged or cut short ({type(error).__name__})"
            raise RequestError(what=_WHAT, why=why) from error

    return made


def _shrink(picture: Image.Image, parameters: Mapping[str, str]) -> Made:
    longest, quality = _size_of(parameters)
    return Made(small_jpeg(picture, longest=longest, quality=quality), _TYPES["jpeg"])


def _redact(picture: Image.Image, parameters: Mapping[str, str]) -> Made:
    boxes = boxes_of(parameters.get("boxes", ""))
    # A palette could keep the colours of what is under a box, and a mode of its own their depth.
    copy = plain(picture)
    draw = ImageDraw.Draw(copy)
    for x, y, width, height in boxes:
        if x >= copy.width or y >= copy.height:
            why = f"the box {x},{y},{width},{height} lies outside its {copy.width} x {copy.height}"
            raise RequestError(what=_WHAT, why=why)
        black = (0, 0, 0, 255) if copy.mode == "RGBA" else (0, 0, 0)
        draw.rectangle((x, y, x + width - 1, y + height - 1), fill=black)
    return _saved(copy, "png", optimize=True)


def _convert(picture: Image.Image, parameters: Mapping[str, str]) -> Made:
    to = parameters.get("to", "")
    if to == "png":
        return _saved(plain(picture), to, optimize=True)
    if to == "jpeg":
        return _saved(flat(picture), to, quality=95, optimize=True)
    if to == "pdf":
        # The same bytes each time: Pillow would write the hour into them.
        epoch = time.gmtime(315532800)
        return _saved(flat(picture), to, quality=95, creationDate=epoch, modDate=epoch)
    raise RequestError(what="The format", why=f"{to[:20]!r} is not one of {', '.join(_TYPES)}")


def _page(data: bytes, parameters: Mapping[str, str]) -> Made:
    number = number_in(parameters, "page", 1, MAX_PAGE)
    longest, quality = _size_of(parameters)
    shown = documents.page(data, number=number, longest=longest, quality=quality)
    return Made(shown, _TYPES["jpeg"])


def _shrink_document(data: bytes, parameters: Mapping[str, str]) -> Made:
    longest, quality = _size_of(parameters)
    return Made(documents.shrink(data, longest=longest, quality=quality), _TYPES["pdf"])


def _size_of(parameters: Mapping[str, str]) -> tuple[int, int]:
    longest = number_in(parameters, "longest", _LEAST_SIDE, _MOST_SIDE)
    return longest, number_in(parameters, "quality", 1, 95)


def _pillow() -> str:
    return VERSION


KINDS: Mapping[str, Kind] = {
    "picture.shrink": Kind(Change.SHRUNK, _of_picture(_shrink), _pillow),
    "picture.redact": Kind(Change.REDACTED, _of_picture(_redact), _pillow),
    "picture.convert": Kind(Change.CONVERTED, _of_picture(_convert), _pillow),
    "document.page": Kind(Change.CONVERTED, _page, documents.page_version),
    "document.shrink": Kind(Change.SHRUNK, _shrink_document, documents.shrink_version),
}


def boxes_of(text: str) -> list[tuple[int, int, int, int]]:
    """x, y, width and height of each box in "x,y,width,height;…". Raises RequestError."""
    boxes = []
    for part in text.split(";"):
        found = _BOX.fullmatch(part.strip())
        if found is None:
            why = f"{part[:40]!r} is not x,y,width,height in whole pixels"
            raise RequestError(what="A box", why=why)
        boxes.append((int(found[1]), int(found[2]), int(found[3]), int(found[4])))
    if len(boxes) > MAX_BOXES:
        raise RequestError(what="The list of boxes", why=f"it has more than {MAX_BOXES}")
    return boxes


def _saved(picture: Image.Image, to: str, **options: Any) -> Made:
    out = io.BytesIO()
    picture.save(out, format=to, **options)
    return Made(out.getvalue(), _TYPES[to])
