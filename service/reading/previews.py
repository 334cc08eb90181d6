"""What a person is shown of an item: pictures drawn anew, or its text as lines. Nothing active.

Runs in the reading process (service/reading/child.py) and nowhere else. A picture is decoded and
encoded again, a page of a PDF is rendered, so nothing of the file itself reaches a browser; of
all else the text is shown, each line with its place, so that a fact leads to where it stood.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from PIL import Image

from evidence.errors import EvidenceError, RequestError
from evidence.items import Item, Role
from evidence.locators import header, line
from evidence.mail import MAX_MAIL, parse_mail
from evidence.media import HEAD, sniff
from evidence.xmlpages import parse_xml
from service.derivatives import pictures
from service.derivatives.transforms import Made
from verifiers.readers import html_lines, json_text, mail, pdf, registry, text, xml_text
from verifiers.readers.lines import Line
from verifiers.readers.tables import lines_of_rows, rows_of_text

MAX_LINES = 1_500
MAX_CHARS = 600
MAX_PAGES = 30
MAX_BYTES = 16 << 20
_LONGEST = 1_500  # pixels of a preview's longer side
_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/tiff", "image/webp"})
_NO_PAGES = "Its pages cannot be drawn here: install the extra `forensics` or `ocr`."


def shown(item: Item) -> dict[str, Any]:
    """How the item is shown.

    sizes   of its pictures: width and height in the unit of its boxes (pixels; points of a page)
    lines   [locator, text] each
    more    whether there is more of it than is shown
    why     what is not shown, as a sentence
    """
    data = item.content.read(item.content.size)
    if item.role is Role.EXCHANGE:
        return _text_of_exchange(data)
    kind = sniff(data[:HEAD])
    if kind in _PICTURES:
        with pictures.opened(data) as image:
            width, height = pictures.upright(image).size
        return _answer(sizes=[[width, height]], unit="pixel")
    if kind == "application/pdf":
        return _pages(item, data)
    return _as_lines(_lines(item, data, kind))


def picture(item: Item, page: int) -> Made:
    """Page `page` of the item, from 1, as a picture of ours. RequestError where there is none."""
    data = item.content.read(item.content.size)
    kind = sniff(data[:HEAD])
    if kind in _PICTURES and page == 1:
        with pictures.opened(data) as image:
            return _saved(pictures.upright(image))
    if kind == "application/pdf" and 1 <= page <= MAX_PAGES:
        with pictures.pdf(data) as document:
            return _saved(pictures.drawn(document, page, longest=_LONGEST))
    raise RequestError(what="The picture", why="the item has no such page")


def _saved(picture: Image.Image) -> Made:
    return Made(pictures.small_jpeg(picture, longest=_LONGEST, quality=82), "image/jpeg")


def _pages(item: Item, data: bytes) -> dict[str, Any]:
    lines = pdf.lines_of(item)
    if not pictures.can_draw_pages():
        return _as_lines(lines) | {"why": _NO_PAGES}
    with pictures.pdf(data) as document:
        count = len(document)
        sizes = [list(document.get_page_size(n)) for n in range(min(count, MAX_PAGES))]
    found = _as_lines(lines)
    return _answer(sizes=sizes, unit="point", lines=found["lines"], more=count > MAX_PAGES)


def _lines(item: Item, data: bytes, kind: str) -> Iterator[Line]:
    data = data[:MAX_BYTES]
    if kind == "message/rfc822":
        yield from _mail_lines(data)
    elif kind == "application/json":
        try:
            yield from json_text.lines_in(data)
        except json_text.NotJsonError:
            yield from _text_lines(text.decoded(data))
    elif kind == "text/xml":
        yield from xml_text.lines_in(parse_xml(data))
    elif kind == "text/html":
        said = html_lines.lines_of(data.decode("utf-8", "replace"))
        yield from (Line(each, line(number)) for number, each in enumerate(said, start=1))
    else:
        yield from _rows_or_lines(item, data, kind)


def _mail_lines(data: bytes) -> Iterator[Line]:
    """The headers as they were decoded, then every text of it."""
    found = parse_mail(data[:MAX_MAIL])
    for name, value in islice(found.head.decoded_items(), 200):
        yield Line(f"{name}: {' '.join(str(value).split())}", header(name))
    yield from islice(mail.lines_in(found), 1, None)


def _rows_or_lines(item: Item, data: bytes, kind: str) -> Iterator[Line]:
    if kind != "text/plain":
        reader = registry.reader_for(kind)
        if reader is not None:  # an office file
            yield from _text_lines(reader.text_of(item))
            return
        if b"\x00" in data[:HEAD]:
            return
        # An export in a Chinese program's own encoding, or text in one that we do not know.
        said = data.decode("gb18030", "replace")
    else:
        said = text.decoded(data)
    rows = rows_of_text(said)
    yield from lines_of_rows(rows) if rows is not None else _text_lines(said)


def _text_lines(said: str) -> Iterator[Line]:
    return (Line(each, line(number)) for number, each in enumerate(said.splitlines(), start=1))


def _text_of_exchange(data: bytes) -> dict[str, Any]:
    """The record's own headers and the body's first bytes, as text; secrets are out already."""
    import gzip

    try:
        with gzip.open(io.BytesIO(data)) as members:
            said = members.read(MAX_BYTES).decode("utf-8", "replace")
    except (OSError, EOFError) as error:
        raise RequestError(what="The exchange", why="it cannot be unpacked") from error
    return _as_lines(_text_lines(said))


def _as_lines(lines: Iterable[Line]) -> dict[str, Any]:
    found = list(islice(lines, MAX_LINES + 1))
    told = [[str(each.locator), _printable(each.text)] for each in found[:MAX_LINES]]
    return _answer(lines=told, more=len(found) > MAX_LINES)


def _printable(said: str) -> str:
    """Without what turns text around or hides it: controls, and Unicode's Bidi_Control."""
    cut = said if len(said) <= MAX_CHARS else f"{said[:MAX_CHARS]} …"
    return "".join(each if each.isprintable() or each == "\t" else "\ufffd" for each in cut)


def _answer(
    *,
    sizes: list[list[float]] | None = None,
    unit: str = "",
    lines: list[list[str]] | None = None,
    more: bool = False,
    why: str = "",
) -> dict[str, Any]:
    return {"sizes": sizes or [], "unit": unit, "lines": lines or [], "more": more, "why": why}


def told(item: Item) -> dict[str, Any]:
    """`shown`, and a sentence where the item cannot be shown at all."""
    try:
        return shown(item)
    except EvidenceError as problem:
        return _answer(why=str(problem))
    except Exception as problem:  # hostile files reach every corner of the decoders
        return _answer(
            why=f"It cannot be shown: it is damaged or cut short ({type(problem).__name__})."
        )


__all__ = ["MAX_PAGES", "picture", "shown", "told"]
