"""Every reader, chosen by what the bytes are and never by a name or a header."""

from __future__ import annotations

from evidence.items import Item
from evidence.media import HEAD, sniff
from verifiers.readers import html, pdf, picture, text
from verifiers.readers.reader import Reader

READERS: tuple[Reader, ...] = (
    Reader("pdf", 1, frozenset({"application/pdf"}), pdf.read, pdf.text_of),
    Reader(
        "picture",
        1,
        frozenset({"image/jpeg", "image/png", "image/gif", "image/tiff", "image/webp"}),
        picture.read,
        picture.text_of,
    ),
    Reader("html", 1, frozenset({"text/html"}), html.read, html.text_of),
    Reader("text", 1, frozenset({"text/plain"}), text.read, text.text_of),
)


def reader_for(media_type: str) -> Reader | None:
    """The reader of a sniffed media type, or None where none can read it."""
    return next((reader for reader in READERS if media_type in reader.media_types), None)


def reader_of(item: Item) -> Reader | None:
    """The reader for an item's bytes; the media type it came with is not believed."""
    head = b""
    for chunk in item.content.chunks():
        head += chunk[: HEAD - len(head)]
        if len(head) >= HEAD:
            break
    return reader_for(sniff(head))
