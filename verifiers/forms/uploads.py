"""What a file that goes to a platform is, read out of its bytes and believed from nothing else."""

from __future__ import annotations

import io
import logging
import re
import struct
from dataclasses import dataclass

from pypdf import PdfReader

# Far above what any platform takes for one file.
MAX_UPLOAD = 64 << 20

_PNG = b"\x89PNG\r\n\x1a\n"
# Frames of a JPEG that tell its size: all SOF but DHT, JPG and DAC (ITU-T T.81, table B.1).
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PART = re.compile(rb"pdfaid:part(?:>|\s*=\s*[\"'])\s*(\d)")
_LEVEL = re.compile(rb"pdfaid:conformance(?:>|\s*=\s*[\"'])\s*([A-Za-z])")

EXTENSIONS = {
    "application/pdf": ("pdf",),
    "image/gif": ("gif",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/tiff": ("tif", "tiff"),
    "application/zip": ("zip",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the bytes say of themselves.

    media_type  by signature; "" for what is none of EXTENSIONS
    pages       of a PDF
    standard    the PDF/A part and level that a PDF claims, such as "PDF/A-2b", or ""
    width, height, dpi   of a picture, 0 where it does not say
    broken      why it cannot be opened, or ""
    """

    media_type: str
    pages: int = 0
    standard: str = ""
    width: int = 0
    height: int = 0
    dpi: int = 0
    broken: str = ""


def told(data: bytes) -> Told:
    """Never raises: what cannot be opened says why in `broken`."""
    if data.startswith(b"%PDF-"):
        return _pdf(data)
    if data.startswith(_PNG):
        return _png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        width, height = struct.unpack("<2H", data[6:10].ljust(4, b"\0"))
        return Told(media_type="image/gif", width=width, height=height)
    if data[:4] in (b"II*\0", b"MM\0*"):
        return Told(media_type="image/tiff")
    if data.startswith(b"PK\x03\x04"):
        return Told(media_type="application/zip")
    return Told(media_type="")


def _pdf(data: bytes) -> Told:
    kind = "application/pdf"
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted:
            return Told(media_type=kind, broken="it is encrypted")
        pages = len(reader.pages)
        metadata = reader.root_object.get("/Metadata")
        xmp = metadata.get_object().get_data() if metadata is not None else b""
    except Exception as problem:  # a hostile file reaches every corner of the parser
        return Told(media_type=kind, broken=f"it cannot be opened ({type(problem).__name__})")
    finally:
        logger.setLevel(level)
    part, conformance = _PART.search(xmp), _LEVEL.search(xmp)
    standard = ""
    if part:
        standard = f"PDF/A-{part[1].decode()}"
        standard += conformance[1].decode().lower() if conformance else ""
    return Told(media_type=kind, pages=pages, standard=standard)


def _png(data: bytes) -> Told:
    kind = "image/png"
    if len(data) < 33 or data[12:16] != b"IHDR":
        return Told(media_type=kind, broken="it has no header")
    width, height = struct.unpack(">2L", data[16:24])
    if not data.endswith(b"IEND\xaeB`\x82"):
        return Told(media_type=kind, width=width, height=height, broken="it is cut short")
    dpi = 0
    at = 33
    while at + 12 <= len(data):
        (length,) = struct.unpack(">L", data[at : at + 4])
        name = data[at + 4 : at + 8]
        if name == b"pHYs" and length == 9 and data[at + 16] == 1:
            (across,) = struct.unpack(">L", data[at + 8 : at + 12])
            dpi = round(across * 0.0254)
        if name == b"IDAT":
            break
        at += 12 + length
    return Told(media_type=kind, width=width, height=height, dpi=dpi)


def _jpeg(data: bytes) -> Told:
    kind = "image/jpeg"
    at, dpi = 2, 0
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        body = data[at + 4 : at + 2 + length]
        if marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) >= 12:
            unit, (across,) = body[7], struct.unpack(">H", body[8:10])
            dpi = across if unit == 1 else round(across * 2.54) if unit == 2 else 0
        if marker in _SOF and len(body) >= 5:
            height, width = struct.unpack(">2H", body[1:5])
            # The end may have bytes behind it, as phones write them.
            broken = "" if b"\xff\xd9" in data[-65536:] else "it is cut short"
            return Told(media_type=kind, width=width, height=height, dpi=dpi, broken=broken)
        at += 2 + length
    return Told(media_type=kind, dpi=dpi, broken="it has no frame")
