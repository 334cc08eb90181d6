"""A picture: its size and what its metadata states. Its text needs OCR, and is not read here."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from PIL import Image, UnidentifiedImageError

from evidence.errors import EvidenceError, FormatError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import meta
from evidence.times import Time, parse_iso
from verifiers.readers.reader import MAX_BYTES, fact, failed

# Twice a large phone camera's picture; more is a bomb, or not a photo of a parcel.
MAX_PIXELS = 100_000_000
NEEDS_OCR = "its text needs OCR, which is not built in"

_EXIF = 0x8769  # the IFD that holds the times (Exif 2.32, 4.6.3)
_TAKEN, _TAKEN_OFFSET, _TAKEN_SUBSEC = 0x9003, 0x9011, 0x9291
_SOFTWARE = 0x0131


def read(item: Item) -> list[Fact]:
    """Size, capture time and software; the whole picture is decoded, so damage shows."""
    facts: list[Fact] = []
    try:
        # Pillow warns about large and odd pictures; the bound below decides instead.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _read(item, facts)
    except EvidenceError as problem:
        facts.append(failed(item, f"{problem}"))
    except (UnidentifiedImageError, Image.DecompressionBombError) as problem:
        facts.append(failed(item, f"it is not a picture we may open ({type(problem).__name__})"))
    except Exception as problem:
        # Hostile files reach every corner of the decoders, and each corner raises its own.
        facts.append(failed(item, f"it is damaged or cut short ({type(problem).__name__})"))
    return facts


def text_of(item: Item) -> str:
    """ "": without OCR a picture has no text."""
    return ""


def _read(item: Item, facts: list[Fact]) -> None:
    data = item.content.read(MAX_BYTES)
    with Image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
        facts.append(fact(item, "picture.size", f"{width} x {height}"))
        if width * height > MAX_PIXELS:
            facts.append(failed(item, f"it has more than {MAX_PIXELS:,} pixels"))
            return
        facts.extend(_metadata(item, picture))
        picture.load()
    facts.append(failed(item, NEEDS_OCR))


def _metadata(item: Item, picture: Image.Image) -> Iterator[Fact]:
    try:
        exif = picture.getexif()
        software = exif.get(_SOFTWARE) or picture.info.get("Software")
        inner = exif.get_ifd(_EXIF)
    except Exception as problem:
        yield failed(item, f"its metadata is damaged ({type(problem).__name__})", meta("EXIF"))
        return
    if isinstance(software, str) and (said := software.replace("\x00", "").strip()):
        yield fact(item, "picture.software", said[:200], meta("Software"))
    moment = _taken(inner)
    if moment is not None:
        yield fact(item, "picture.taken.at", moment, meta("DateTimeOriginal"))


def _taken(inner: dict[int, Any]) -> Time | None:
    """DateTimeOriginal, with its zone only if OffsetTimeOriginal states one."""
    text = str(inner.get(_TAKEN, "")).replace("\x00", "").strip()
    found = re.fullmatch(r"(\d{4}):(\d{2}):(\d{2}) (\d{2}:\d{2}:\d{2})", text)
    if found is None:
        return None
    offset = str(inner.get(_TAKEN_OFFSET, "")).replace("\x00", "").strip()
    if not re.fullmatch(r"[+-]\d{2}:\d{2}|Z", offset):
        offset = ""
    try:
        datetime(int(found[1]), int(found[2]), int(found[3]))
        return parse_iso(f"{found[1]}-{found[2]}-{found[3]}T{found[4]}{offset}")
    except (FormatError, ValueError):
        return None
