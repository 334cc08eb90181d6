"""An HTML page: the lines a person would see. Nothing of it is executed, fetched or rendered.

Lines are counted in the text that `text_of` gives. What a style or an attribute hides is left out:
a page could otherwise say one thing to its reader and another to us.
"""

from __future__ import annotations

import codecs
import re
from html.parser import HTMLParser

from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import line as line_at
from verifiers.readers import saved_page
from verifiers.readers.lines import Line
from verifiers.readers.reader import MAX_TEXT, failed
from verifiers.readers.said.facts import facts_of_lines

# The parser is linear on honest pages only.
MAX_PAGE_BYTES = 4 << 20

_SILENT = frozenset({"script", "style", "template", "noscript", "svg", "math", "object", "iframe"})
_VOID = frozenset(("area base br col embed hr img input link meta param source track wbr").split())
_INLINE = frozenset(
    ("a abbr b bdi bdo big cite code em font i kbd label mark q s samp small span strong sub sup"
     " time tt u var").split()
)  # fmt: skip
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt|em|%)?\s*(?:;|$)"
    r"|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)",
    re.IGNORECASE,
)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,30})", re.IGNORECASE)
_ALLOWED = frozenset(
    "utf-8 ascii iso8859-1 cp1252 gb18030 gbk gb2312 big5 shift_jis euc_jp euc_kr".split()
)


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._words: list[str] = []
        self._hidden: list[str] = []  # the hiding element and every element open inside it
        self._chars = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            if tag in {"br", "hr"}:
                self._break()
            return
        named = dict(attrs)
        hides = (
            tag in _SILENT
            or "hidden" in named
            or _HIDING.search(named.get("style") or "") is not None
        )
        if self._hidden or hides:
            self._hidden.append(tag)
        if tag not in _INLINE:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            while self._hidden and self._hidden.pop() != tag:
                pass
        if tag not in _INLINE:
            self._break()

    def handle_data(self, data: str) -> None:
        if not self._hidden and self._chars < MAX_TEXT:
            self._chars += len(data)
            self._words.append(data)

    def close(self) -> None:
        super().close()
        self._break()

    def _break(self) -> None:
        if self._words:
            said = " ".join("".join(self._words).split())
            self._words.clear()
            if said:
                self.lines.append(said)


def read(item: Item) -> list[Fact]:
    """Its visible lines, the numbers, dates and names in them, and what a saved page says of it."""
    try:
        page = _decoded(item.content.read(MAX_PAGE_BYTES))
        lines = lines_of(page)
    except EvidenceError as problem:
        return [failed(item, f"{problem}")]
    except Exception as problem:  # the parser's corners on hostile input
        return [failed(item, f"it is not HTML that can be read ({type(problem).__name__})")]
    if not lines:
        return [failed(item, "it has no visible text")]
    said = (Line(text, line_at(n)) for n, text in enumerate(lines, start=1))
    return [*saved_page.facts_of(item, page), *facts_of_lines(item, said)]


def text_of(item: Item) -> str:
    try:
        return "\n".join(lines_of(_decoded(item.content.read(MAX_PAGE_BYTES))))
    except Exception:
        return ""


def lines_of(markup: str) -> list[str]:
    """The lines that a person would see of a page, blanks made one."""
    page = _Seen()
    page.feed(_closed(markup[:MAX_PAGE_BYTES]))
    page.close()
    return page.lines


def _closed(markup: str) -> str:
    """Without the comment that never ends, which hides the rest of a page: the parser would look
    for its end again from each sign.
    """
    open_at = markup.find("<!--", markup.rfind("-->") + 1)
    return markup if open_at < 0 else markup[:open_at]


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
