"""Where in an item a fact stood, so that anyone can go and look.

A locator is written `kind:place`. The kinds:

    json:/a/b/0         JSON Pointer (RFC 6901)
    xml:/a/b[2]/@c      an element of an XML document by its names without namespace, the second of
                        its name, or an attribute
    header:Date         a mail or HTTP header, by name
    cell:12/订单号       a table's row, counted from 1 with the header row, and column heading
    cell:Sheet2!12/B    the same on another than a workbook's first sheet, or in a document's table;
                        a column without heading
    line:7              a line of the item's text, counted from 1
    part:2.1            a part of a mail, numbered as IMAP numbers them (RFC 9051, 6.4.5)
    part:1/line:7       a line of that part's decoded text, counted from 1
    part:3/page:1/...   a place in the file that is that part, by a locator of its own
    attached:2/line:7   a place in a file inside the item (a PDF's attachment, an archive's member),
                        files counted from 1 in the item's order
    page:2/line:7       a page of a document, counted from 1, and a line of its text layer
    page:2/box:x,y,w,h  a box on a page, in points from its upper left corner
    pixel:x,y,w,h       a box in a picture
    name:               the file name the item came under
    meta:Producer       a metadata field of a document or picture
    item:               the item as a whole
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from evidence.canonical import writable
from evidence.errors import FormatError

_KINDS = frozenset(
    {"json", "xml", "header", "cell", "line", "part", "attached", "page", "pixel", "name", "meta",
     "item"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Locator:
    kind: str
    place: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", writable(self.place))

    def __str__(self) -> str:
        return f"{self.kind}:{self.place}"

    @classmethod
    def parse(cls, text: str) -> Locator:
        kind, _, place = text.partition(":")
        if kind not in _KINDS:
            raise FormatError(what=f"the locator {text[:80]!r}", why="its kind is not known")
        return cls(kind, place)


def pointer(*steps: str | int) -> Locator:
    """A JSON Pointer from its unescaped steps (RFC 6901, section 3)."""
    escaped = (str(step).replace("~", "~0").replace("/", "~1") for step in steps)
    return Locator("json", "".join(f"/{step}" for step in escaped))


def xml_path(*steps: str) -> Locator:
    """The path of an element from the root down, each step a name, `name[2]` or `@name`."""
    return Locator("xml", "".join(f"/{step}" for step in steps))


def resolve_pointer(document: Any, place: str) -> Any:
    """What the JSON Pointer `place` leads to in a parsed document; FormatError if nowhere."""
    value = document
    first, *steps = place.split("/")
    if first:
        raise _nowhere(place)
    for raw in steps:
        if _NOT_ESCAPED.search(raw):
            raise _nowhere(place)
        step = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and _INDEX.fullmatch(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            raise _nowhere(place)
    return value


# RFC 6901, section 4: no sign, no leading zero, digits of ASCII. No list of ours is longer.
_INDEX = re.compile(r"0|[1-9][0-9]{0,11}")
_NOT_ESCAPED = re.compile(r"~(?![01])")


def _nowhere(place: str) -> FormatError:
    return FormatError(what=f"the pointer {place[:80]!r}", why="it leads nowhere")


def header(name: str) -> Locator:
    return Locator("header", name)


def cell(row: int, column: str) -> Locator:
    return Locator("cell", f"{row}/{column}")


def line(number: int) -> Locator:
    return Locator("line", str(number))


def mail_part(number: str, *, line: int | None = None) -> Locator:
    return Locator("part", number if line is None else f"{number}/line:{line}")


def attached(number: int) -> Locator:
    return Locator("attached", str(number))


def inside(file: Locator, place: Locator) -> Locator:
    """`place` in the file that stands at `file`; the file itself for the whole of it."""
    return file if place == WHOLE else Locator(file.kind, f"{file.place}/{place}")


def page_line(page: int, number: int) -> Locator:
    return Locator("page", f"{page}/line:{number}")


def page_box(page: int, x: int, y: int, width: int, height: int) -> Locator:
    return Locator("page", f"{page}/box:{x},{y},{width},{height}")


def box(x: int, y: int, width: int, height: int) -> Locator:
    return Locator("pixel", f"{x},{y},{width},{height}")


def meta(field: str) -> Locator:
    return Locator("meta", field)


FILE_NAME = Locator("name")
WHOLE = Locator("item")
