"""Bytes that can be opened as more than one thing: what shows one face here may show another there.

A file is read as what it begins with. A program that looks elsewhere (a PDF viewer takes a header
within the first kilobyte, an unpacker looks at the end) may show its user something else, so that
is said. It proves nothing: a picture's program may have hung its project behind it.

Sources: ISO 32000-1, annex H.3.4.1 (a header within 1,024 bytes); APPNOTE.TXT, 4.3.16 (the end of
the central directory); RAR 5.0 and 7z format notes (signatures that self-extracting files carry).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.facts import Fact
from evidence.items import Item
from evidence.media import HEAD, sniff
from verifiers.readers.reader import MAX_BYTES, fact

_END = b"PK\x05\x06"
_MAX_COMMENT = 65_557
_MARKUP = re.compile(rb"<(?:!doctype\s+html|html|script|body)[\s>]", re.IGNORECASE)
_BINARY = ("image/", "application/pdf", "application/zip", "application/gzip")
_PACKED = ((b"Rar!\x1a\x07", "application/vnd.rar"), (b"7z\xbc\xaf\x27\x1c", "application/x-7z"))


def faces_of(item: Item) -> Iterator[Fact]:
    """Another type that its bytes can be opened as, each once."""
    if item.content.size > MAX_BYTES:
        return
    data = item.content.read(MAX_BYTES)
    for also in other_types(data):
        yield fact(item, "file.also", also)


def other_types(data: bytes) -> list[str]:
    """Media types beside the one that `sniff` gives."""
    first = sniff(data[:HEAD])
    found = []
    if first != "application/pdf" and 0 < data[:1_024].find(b"%PDF-"):
        found.append("application/pdf")
    if first != "application/zip" and _ends_like_zip(data):
        found.append("application/zip")
    if first.startswith(_BINARY):
        if _MARKUP.search(data[:1_024]):
            found.append("text/html")
        found += [name for mark, name in _PACKED if mark in data]
    return found


def _ends_like_zip(data: bytes) -> bool:
    """Whether the last thing in the bytes is the end of an archive whose directory is there."""
    at = data.rfind(_END, -_MAX_COMMENT)
    if at < 0 or len(data) - at < 22:
        return False
    comment = int.from_bytes(data[at + 20 : at + 22], "little")
    members = int.from_bytes(data[at + 10 : at + 12], "little")
    size = int.from_bytes(data[at + 12 : at + 16], "little")
    start = at - size
    return (
        at + 22 + comment == len(data)
        and members > 0
        and start >= 0
        and data[start : start + 4] == b"PK\x01\x02"
    )
