"""Every reader, chosen by what the bytes are and never by a name or a header."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from evidence.facts import Fact
from evidence.items import Item
from evidence.media import HEAD, UNKNOWN, sniff
from verifiers.readers import (
    html,
    json_text,
    mail,
    mhtml,
    office,
    old_office,
    pdf,
    picture,
    said,
    text,
    warc,
    xml_text,
)
from verifiers.readers.faces import faces_of
from verifiers.readers.inside import one_item
from verifiers.readers.reader import Reader
from verifiers.readers.traces.registry import VERSION as TRACES

_WARC = "application/warc"
READERS: tuple[Reader, ...] = (
    Reader("pdf", 9, frozenset({"application/pdf"}), pdf.read, pdf.text_of),
    Reader(
        "picture",
        6,
        frozenset(
            {"image/jpeg", "image/png", "image/gif", "image/tiff", "image/webp", "image/avif"}
        ),
        picture.read,
        picture.text_of,
    ),
    Reader("mail", 5, frozenset({"message/rfc822"}), mail.read, mail.text_of),
    Reader("mhtml", 2, frozenset({"multipart/related"}), mhtml.read, mhtml.text_of),
    Reader("html", 3, frozenset({"text/html"}), html.read, html.text_of),
    Reader("json", 5, frozenset({"application/json"}), json_text.read, json_text.text_of),
    Reader("xml", 2, frozenset({"text/xml"}), xml_text.read, xml_text.text_of),
    Reader("office", 3, frozenset({"application/zip"}), office.read, office.text_of),
    Reader(
        "old_office",
        1,
        frozenset({"application/x-ole-storage"}),
        old_office.read,
        old_office.text_of,
    ),
    Reader("text", 3, frozenset({"text/plain"}), text.read, text.text_of),
    Reader("warc", 1, frozenset({_WARC}), warc.read, warc.text_of),
)

# What readings rest on beside our own code: another version of one of these may read otherwise.
LIBRARIES = (
    "c2pa-python", "numpy", "onnxruntime", "opencv-python-headless", "pillow", "pyhanko", "pypdf",
    "pypdfium2", "rapidocr", "xlrd", "zxing-cpp",
)  # fmt: skip


def versions() -> dict[str, str]:
    """The version of each reader, of what they share, and of each library; "" for one not here."""
    return {
        **{f"reader.{reader.name}": str(reader.version) for reader in READERS},
        "reader.said": str(said.VERSION),
        "reader.traces": str(TRACES),
        **{f"library.{name}": _installed(name) for name in LIBRARIES},
    }


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


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
    return reader_for(_type_of(head))


def _type_of(head: bytes) -> str:
    """As sniffed; beside it web archives, XML without its declaration, and text of before
    Unicode."""
    media_type = sniff(head)
    if media_type in {"text/plain", "application/gzip"} and warc.begins(head):
        return _WARC
    if media_type == "text/plain" and xml_text.begins(head):
        return "text/xml"
    return "text/plain" if media_type == UNKNOWN and text.encoding_of(head) else media_type


def read(item: Item) -> list[Fact] | None:
    """What an item says, and which other type its bytes have; None where nothing can read it."""
    reader = reader_of(item)
    if reader is None:
        return None
    with one_item():
        return [*faces_of(item), *reader.read(item)]
