"""An HTML page: the lines a person would see (html_lines.py). Nothing of it is executed, fetched or
rendered. Lines are counted in the text that `text_of` gives.
"""

from __future__ import annotations

import codecs
import re

from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import line as line_at
from verifiers.readers import saved_page
from verifiers.readers.html_lines import MAX_PAGE_BYTES, laid_out, lines_of
from verifiers.readers.lines import Line
from verifiers.readers.reader import failed
from verifiers.readers.said.facts import facts_of_lines

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,30})", re.IGNORECASE)
_ALLOWED = frozenset(
    "utf-8 ascii iso8859-1 cp1252 gb18030 gbk gb2312 big5 shift_jis euc_jp euc_kr".split()
)


def read(item: Item) -> list[Fact]:
    """Its visible lines, the numbers, dates and names in them, and what a saved page says of it."""
    try:
        page = _decoded(item.content.read(MAX_PAGE_BYTES))
        lines = laid_out(page)
    except EvidenceError as problem:
        return [failed(item, f"{problem}")]
    except Exception as problem:  # the parser's corners on hostile input
        return [failed(item, f"it is not HTML that can be read ({type(problem).__name__})")]
    if not lines:
        return [failed(item, "it has no visible text")]
    said = (Line(one.text, line_at(n), one.box, 1) for n, one in enumerate(lines, start=1))
    return [*saved_page.facts_of(item, page), *facts_of_lines(item, said)]


def text_of(item: Item) -> str:
    try:
        return "\n".join(lines_of(_decoded(item.content.read(MAX_PAGE_BYTES))))
    except Exception:
        return ""


def _decoded(data: bytes) -> str:
    """By its byte order mark, by what it declares if that is a known encoding, else UTF-8."""
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"),
                           (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
        if data.startswith(mark):
            return data.decode(encoding, errors="replace").lstrip("\ufeff")
    declared = _CHARSET.search(data[:2048])
    if declared is not None:
        try:
            name = codecs.lookup(declared[1].decode("ascii")).name
        except LookupError:
            name = ""
        if name in _ALLOWED:
            return data.decode(name, errors="replace")
    return data.decode("utf-8", errors="replace")
