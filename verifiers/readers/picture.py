"""A picture: size, metadata, the text and the codes in it, and measures of its pixels.

Text and codes need the extra `ocr`; without it that is said. Boxes are pixels of the picture as it
is shown, which its Exif orientation may have turned.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageOps, UnidentifiedImageError

from evidence.errors import EvidenceError, FormatError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import box, meta
from evidence.times import Time, parse_iso
from verifiers.readers import barcodes, ocr, picture_parts
from verifiers.readers.lines import Line
from verifiers.readers.ocr import slant_of, straightened
from verifiers.readers.reader import MAX_BYTES, MAX_PIXELS, MAX_TEXT, fact, failed, why_not
from verifiers.readers.said.facts import facts_of_code, facts_of_lines
from verifiers.readers.said.layout import Size
from verifiers.readers.traits import file_traits, told, traits_of

if TYPE_CHECKING:
    from verifiers.readers.ocr import Pixels

# What is read is a smaller copy beyond this; print that a person can read stays readable.
_MOST_READ = 16_000_000

_EXIF = 0x8769  # the IFD that holds the times (Exif 2.32, 4.6.3)
_TAKEN, _TAKEN_OFFSET, _TAKEN_SUBSEC = 0x9003, 0x9011, 0x9291
_MAKE, _MODEL, _SOFTWARE = 0x010F, 0x0110, 0x0131


def read(item: Item) -> list[Fact]:
    """Size, metadata, text, codes and measures; the whole picture is decoded, so damage shows."""
    facts: list[Fact] = []
    try:
        # Pillow warns about large and odd pictures; the bound below decides instead.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _read(item, facts)
    except EvidenceError as problem:
        facts.append(failed(item, f"{problem}"))
    except UnidentifiedImageError:
        facts.append(failed(item, "it begins like a picture, and no decoder takes it for one"))
    except Exception as problem:
        facts.append(failed(item, why_not(problem, "it is damaged or cut short")))
    return facts


def text_of(item: Item) -> str:
    """Its lines from top to bottom; "" without the extra `ocr`, or for what is no picture."""
    if not ocr.available():
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(item.content.read(MAX_BYTES))) as picture:
                if picture.size[0] * picture.size[1] > MAX_PIXELS:
                    return ""
                pixels, _ = pixels_of(picture)
        return "\n".join(seen.text for seen in ocr.read_lines(pixels))[:MAX_TEXT]
    except Exception:
        return ""


# A picture with less of one tone than this was seen by a camera or a scanner (marks/kind.py).
_DRAWN = 0.3


def _read(item: Item, facts: list[Fact]) -> None:
    data = item.content.read(MAX_BYTES)
    with Image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
        facts.append(fact(item, "picture.size", f"{width} x {height}"))
        if width * height > MAX_PIXELS:
            facts.append(failed(item, f"it has more than {MAX_PIXELS:,} pixels"))
            return
        facts.extend(_metadata(item, picture))
        facts.extend(picture_parts.facts_of(item, data, picture))
        facts.extend(fact(item, "picture.trait", said) for said in told(file_traits(picture)))
        picture.load()
        if not ocr.available():
            facts.append(failed(item, ocr.NEEDS_OCR))
            return
        pixels, shrunk = pixels_of(picture)
    facts.extend(facts_of_pixels(item, pixels, shrunk))


def pixels_of(picture: Image.Image) -> tuple[Pixels, float]:
    """Its pixels as shown, BGR on white, and how much smaller than the picture they are."""
    import numpy as np

    width, height = picture.size
    shrunk = max(1.0, (width * height / _MOST_READ) ** 0.5)
    if shrunk > 1:
        picture.draft("RGB", (round(width / shrunk), round(height / shrunk)))
    shown = ImageOps.exif_transpose(picture)
    if shown.mode in {"RGBA", "LA", "PA"} or "transparency" in shown.info:
        shown = shown.convert("RGBA")
        paper = Image.new("RGBA", shown.size, "white")
        shown = Image.alpha_composite(paper, shown)
    shown = shown.convert("RGB")
    if shown.size[0] * shown.size[1] > _MOST_READ:
        size = (round(shown.size[0] / shrunk), round(shown.size[1] / shrunk))
        shown = shown.resize(size, Image.Resampling.LANCZOS)
    longest = max(width, height) / max(shown.size)
    return np.ascontiguousarray(np.asarray(shown)[:, :, ::-1]), longest


def facts_of_pixels(item: Item, pixels: Pixels, shrunk: float) -> Iterator[Fact]:
    """The text and the codes in a picture, as facts with boxes in the unshrunken picture."""
    traits = traits_of(pixels)
    for said in told(traits):
        yield fact(item, "picture.trait", said)
    seen = ocr.read_lines(pixels)
    yield fact(item, "reading.engine", ocr.engine_name())
    if (slant := slant_of(seen)) is not None:
        yield fact(item, "picture.trait", f"{math.degrees(slant):.2f} slant")
    height, width = pixels.shape[:2]
    upright, (width, height) = straightened(seen, (width, height))
    lines = [
        Line(one.text, box(*(round(side * shrunk) for side in one.box)), place, 0, one.confidence)
        for one, place in zip(seen, upright, strict=True)
    ]
    photo = traits.get("even", 1.0) < _DRAWN
    yield from facts_of_lines(item, lines, sizes={0: Size(width, height)}, photo=photo)
    for code in barcodes.read_codes(pixels) if barcodes.available() else ():
        place = box(*(round(side * shrunk) for side in code.box))
        yield from facts_of_code(item, code.text, place)


def _metadata(item: Item, picture: Image.Image) -> Iterator[Fact]:
    try:
        exif = picture.getexif()
        software = exif.get(_SOFTWARE) or picture.info.get("Software")
        camera = " ".join(str(exif.get(tag, "")) for tag in (_MAKE, _MODEL))
        inner = exif.get_ifd(_EXIF)
    except Exception as problem:
        yield failed(item, f"its metadata is damaged ({type(problem).__name__})", meta("EXIF"))
        return
    if said := " ".join(camera.replace("\x00", " ").split()):
        yield fact(item, "picture.camera", said[:200], meta("Model"))
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
