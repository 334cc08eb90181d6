"""Documents and pictures that carriers put into JSON as base64."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from evidence.errors import EvidenceError
from evidence.items import Item, Role
from evidence.pages import Node, page_of

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


T = TypeVar("T")


def out_of(
    item: Item, take: Callable[[Any], Iterable[T]], page: Callable[[Item], Node] = page_of
) -> list[T]:
    """What `take` finds on the item's page; nothing where it cannot be read: `read` will say why.

    Called before the item is handed over: after that its bytes may have moved on.

    page   page_of, or xml_page_of where the answer is XML
    """
    try:
        return list(take(page(item)))
    except EvidenceError:
        return []


def with_parts(
    item: Item, take: Callable[[Any], Iterable[Item]], page: Callable[[Item], Node] = page_of
) -> list[Item]:
    """The item, and then what `take` finds on its page."""
    return [item, *out_of(item, take, page)]


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


def drawing_at(role: Role, node: Node) -> Iterator[Item]:
    """The SVG drawing that stands as plain text at a node, as an item."""
    if (said := node.as_written) is not None and is_drawing(said):
        yield node.item.part(
            role,
            said.encode(),
            at=node.locator,
            encoding="text",
            media_type="image/svg+xml",
        )


def is_drawing(value: Any) -> bool:
    """Whether a value is the text of an SVG drawing with something in it."""
    if not isinstance(value, str) or len(value) > MAX_BASE64:
        return False
    start, end = value[:1024].lstrip().lower(), value[-64:].rstrip().lower()
    return start.startswith(("<svg", "<?xml")) and "<svg" in start and end.endswith("</svg>")


def parts_at(role: Role, node: Node) -> Iterator[Item]:
    """What stands in base64 at a node, as an item.

    A document for POD_DOCUMENT, a picture for other roles; nothing where it is neither.
    """
    said = node.as_written
    taken = document_in(said) if role is Role.POD_DOCUMENT else picture_in(said)
    if taken is not None:
        yield node.item.part(
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
