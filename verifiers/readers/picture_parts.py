"""What a picture's file holds beside its pixels: colour profile, XMP, JPEG tables, thumbnail.

The tables tell the encoder: libjpeg's are the standard's, scaled by a quality from 1 to 100; a
camera, Photoshop or a chat's servers have their own, which are told by their digest.

Sources: ITU-T T.81, annex K.1 (tables); libjpeg 6b, jcparam.c (scaling, as documented there);
ICC.1:2022, 7.2 and 10.15 (profile description); Exif 2.32, 4.5.4 (thumbnail).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from PIL import ExifTags, Image

from evidence.canonical import digest
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import meta
from verifiers.readers.reader import fact, failed
from verifiers.readers.traces.xmp import xmp_of
from verifiers.readers.xmp_said import STATED

_OFFSET, _LENGTH = 0x0201, 0x0202
_MAX_THUMBNAIL = 1 << 20
# Annex K.1, the luminance table, row by row.
_LUMINANCE = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip


def facts_of(item: Item, data: bytes, picture: Image.Image) -> Iterator[Fact]:
    """Each part as a fact; one that is damaged costs only itself."""
    for what, part in (("ICC", _profile), ("XMP", _xmp), ("DQT", _tables), ("IFD1", _thumbnail)):
        try:
            yield from part(item, data, picture)
        except Exception as problem:  # hostile bytes reach every corner of the decoders
            why = f"its {what} part is damaged ({type(problem).__name__})"
            yield failed(item, why, meta(what))


def _profile(item: Item, _: bytes, picture: Image.Image) -> Iterator[Fact]:
    profile = picture.info.get("icc_profile")
    if isinstance(profile, bytes) and profile:
        yield fact(item, "picture.profile", _description(profile), meta("ICC"))


def _description(profile: bytes) -> str:
    """The profile's own description, else its digest."""
    count = min(int.from_bytes(profile[128:132], "big"), 100)
    for index in range(count):
        entry = profile[132 + 12 * index : 144 + 12 * index]
        if len(entry) == 12 and entry[:4] == b"desc":
            _, start, size = struct.unpack(">4sII", entry)
            tag = profile[start : start + min(size, 2_000)]
            if tag[:4] == b"desc":  # version 2: ASCII behind its length
                length = int.from_bytes(tag[8:12], "big")
                said = tag[12 : 12 + length].decode("latin-1")
            else:  # version 4: records of a language; the first one
                length, at = struct.unpack(">II", tag[20:28])
                said = tag[at : at + length].decode("utf-16-be", "replace")
            if named := " ".join(said.replace("\x00", " ").split())[:120]:
                return named
    return f"without a description, SHA-256 {digest(profile)}"


def _xmp(item: Item, data: bytes, _: Image.Image) -> Iterator[Fact]:
    packet = xmp_of(data)
    for name in STATED if packet is not None else ():
        assert packet is not None  # for mypy  # noqa: S101
        for said in dict.fromkeys(packet.all(name)[:5]):
            shown = " ".join(said.split())[:200]
            yield fact(item, "picture.property", f"{name}: {shown}", meta(name))


def _tables(item: Item, _: bytes, picture: Image.Image) -> Iterator[Fact]:
    tables: Mapping[int, Sequence[int]] | None = getattr(picture, "quantization", None)
    if not tables:
        return
    luminance = tuple(tables[min(tables)])
    quality = _standard().get(luminance)
    whose = f"the standard's at quality {quality}" if quality else "an encoder's own"
    kept = b"".join(struct.pack(">64H", *tables[number]) for number in sorted(tables))
    said = f"{whose}; {len(tables)} tables, SHA-256 {digest(kept)}"
    yield fact(item, "picture.quantisation", said, meta("DQT"))


@cache
def _standard() -> dict[tuple[int, ...], int]:
    """The standard's luminance table at each quality, as libjpeg scales it."""
    found: dict[tuple[int, ...], int] = {}
    for quality in range(1, 101):
        scale = 5_000 // quality if quality < 50 else 200 - 2 * quality
        table = tuple(min(max((base * scale + 50) // 100, 1), 255) for base in _LUMINANCE)
        found.setdefault(table, quality)
    return found


def _thumbnail(item: Item, data: bytes, picture: Image.Image) -> Iterator[Fact]:
    block: Any = picture.info.get("exif")
    if not isinstance(block, bytes) or not block.startswith(b"Exif\x00\x00"):
        return
    first = picture.getexif().get_ifd(ExifTags.IFD.IFD1)
    start, length = first.get(_OFFSET), first.get(_LENGTH)
    if not isinstance(start, int) or not isinstance(length, int) or length > _MAX_THUMBNAIL:
        return
    with Image.open(io.BytesIO(block[6 + start : 6 + start + length]), formats=["JPEG"]) as small:
        said = f"{small.size[0]} x {small.size[1]}"
    yield fact(item, "picture.thumbnail", said, meta("IFD1"))
