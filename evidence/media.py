"""What bytes are, by the signature they begin with; a name or a header is never asked.

An allow-list: what is not on it is `application/octet-stream`. A signature says how the bytes
begin, not that the rest is sound; a picture or a document is decoded before anyone relies on it.

Sources: ISO 32000-1, 7.5.2 (PDF); ITU-T T.81, B.1.1 (JPEG); ISO/IEC 15948, 5.2 (PNG); GIF89a, 17;
RFC 9649, 2.3 (WebP); TIFF 6.0, section 2; ISO/IEC 14496-12, 4.3 (ftyp); APPNOTE.TXT, 4.3.7 (ZIP);
RFC 1952, 2.3.1 (gzip).
"""

from __future__ import annotations

import codecs

UNKNOWN = "application/octet-stream"

# As many bytes as `sniff` ever looks at.
HEAD = 4096

_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),  # an archive without members
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)

_BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"avif": "image/avif",
    b"isom": "video/mp4",
    b"iso2": "video/mp4",
    b"mp41": "video/mp4",
    b"mp42": "video/mp4",
    b"qt  ": "video/quicktime",
}

_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def sniff(head: bytes) -> str:
    """The media type of a file that begins with `head`; HEAD bytes are enough.

    Text is `text/html` if it begins like HTML, `text/xml` if like XML, else `text/plain`; it has to
    be UTF-8, or UTF-16 with a byte order mark, and free of control characters. An Office file is
    the ZIP archive that it is.
    """
    head = head[:HEAD]
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], UNKNOWN)
    return _text_type(head)


def _text_type(head: bytes) -> str:
    encoding = "utf-16" if head.startswith(_BOMS) else "utf-8-sig"
    try:
        # Not final: the head may end in the middle of a character.
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeError:
        return UNKNOWN
    if not text.strip() or any(ord(c) < 32 and c not in "\t\n\r\f\x1b" for c in text):
        return UNKNOWN
    start = text.lstrip()[:15].lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<body")):
        return "text/html"
    return "text/xml" if start.startswith("<?xml") else "text/plain"
