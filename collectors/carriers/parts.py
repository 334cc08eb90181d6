"""Documents and pictures that carriers put into JSON as base64."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evidence.items import Item, Role
from evidence.pages import Node

# Base64 of more is not taken out; the answer that holds it is kept all the same.
MAX_BASE64 = 24 << 20

_MAGIC = (
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)


@dataclass(frozen=True, slots=True)
class Taken:
    data: bytes
    media_type: str


def picture_in(value: Any) -> Taken | None:
    """The picture in a base64 text; None for a placeholder, or bytes that are no known picture."""
    data = _decoded(value)
    media_type = None if data is None else picture_type(data)
    return None if data is None or media_type is None else Taken(data, media_type)


def picture_type(data: bytes) -> str | None:
    """The media type of a picture by its first bytes; None for what is no known picture."""
    for magic, media_type in _MAGIC:
        if data.startswith(magic):
            return media_type
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def document_in(value: Any) -> Taken | None:
    """The HTML page or PDF in a base64 text, or None."""
    data = _decoded(value)
    if data is None:
        return None
    if data.startswith(b"%PDF-"):
        return Taken(data, "application/pdf")
    beginning = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if beginning.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml")):
        return Taken(data, "text/html")
    return None


def parts_at(item: Item, role: Role, node: Node) -> Iterator[Item]:
    """What stands in base64 at a node of the item's page, as an item of the same parcel.

    A document for POD_DOCUMENT, a picture for other roles; nothing where it is neither.
    """
    taken = document_in(node.value) if role is Role.POD_DOCUMENT else picture_in(node.value)
    if taken is not None:
        yield item.part(
            role,
            taken.data,
            at=node.locator,
            encoding="base64",
            media_type=taken.media_type,
        )


def _decoded(value: Any) -> bytes | None:
    if not isinstance(value, str) or not 16 <= len(value) <= MAX_BASE64:
        return None
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
