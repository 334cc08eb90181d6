"""The lines a person would see of HTML, and how they lie to each other. Nothing is rendered.

Without its style sheets nobody knows where a page puts its lines; its elements say which belong
together. Cells of a table's row stand side by side, all else one under the other, and what shares
an element stands closer than what does not: in `<li><p>Nov 10</p><p>Delivered</p></li><li>…` the
day is nearer to the words behind it than to those of the item before. A table that only lays a
page out, with tables or long texts in its cells, puts nothing side by side.

What a style or an attribute hides is left out: a page could otherwise say one thing to its reader
and another to us.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from verifiers.readers.reader import MAX_LINES, MAX_TEXT

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
# An inline element that its style sets away from the text before it.
_SET_APART = re.compile(
    r"float\s*:\s*(?:left|right)|position\s*:\s*absolute|display\s*:\s*(?:block|flex|grid|inline-)"
    r"|margin-left\s*:\s*[1-9a]",
    re.IGNORECASE,
)
# Elements whose end need not be written: the next of their kind ends them, up to the one around.
_ENDED_BY = {
    "li": {"li"}, "p": {"p"}, "tr": {"tr", "td", "th"}, "td": {"td", "th"}, "th": {"td", "th"},
    "dt": {"dt", "dd"}, "dd": {"dt", "dd"}, "option": {"option"},
}  # fmt: skip
_AROUND = frozenset({"table", "ul", "ol", "dl", "select", "div", "section", "article", "body"})
_DEEPEST = 256

# In heights of a line, what lies between two lines: nothing in one element, and the more the more
# elements end and begin between them, up to what still makes them neighbours (said/events.py).
_GAPS = (0.0, 0.0, 0.0, 0.7, 1.4, 1.7, 1.93, 2.1, 2.25, 2.35, 2.42, 2.5)
_COLUMN = 10.0
# A cell of a row has at most so many lines; a day and its time of day in one are read as one.
_MOST_LINES, _SHORT = 4, 40
# Between two inline elements that touch.
_JOINT = "\x00"


@dataclass(frozen=True, slots=True)
class Laid:
    """A line, and its box in heights of a line: x, y, width, height."""

    text: str
    box: tuple[float, float, float, float]


@dataclass(slots=True)
class _Seen:
    """A line; `apart` are the elements that end or begin between the line before and it."""

    text: str
    apart: int
    column: int = 0
    row: int = 0  # of a table, counted from 1 over the page; 0 for none
    place: int = 0  # among the lines of its cell


@dataclass(slots=True)
class _Row:
    """A row that is open: where its lines begin, and those of each cell."""

    cells: list[int] = field(default_factory=list)
    is_layout: bool = False


def laid_out(markup: str) -> list[Laid]:
    """The lines that a person would see of a page, blanks made one, each with its place."""
    page = _Page()
    page.feed(_closed(markup[:MAX_PAGE_BYTES]))
    page.close()
    return list(_placed(page.lines))


def lines_of(markup: str) -> list[str]:
    """The lines that a person would see of a page, blanks made one."""
    return [line.text for line in laid_out(markup)]


def _closed(markup: str) -> str:
    """Without the comment that never ends, which hides the rest of a page: the parser would look
    for its end again from each sign.
    """
    open_at = markup.find("<!--", markup.rfind("-->") + 1)
    return markup if open_at < 0 else markup[:open_at]


def _placed(lines: Sequence[_Seen]) -> Iterator[Laid]:
    top = bottom = 0.0
    row = 0
    for line in lines:
        if not line.row or line.row != row:
            top = bottom + _GAPS[min(line.apart, len(_GAPS) - 1)]
            row = line.row
        y = top + line.place
        bottom = max(bottom, y + 1)
        x, width = (line.column * _COLUMN, 0.9 * _COLUMN) if line.row else (0.0, 100 * _COLUMN)
        yield Laid(line.text, (x, y, width, 1.0))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[_Seen] = []
        self._words: list[str] = []
        self._hidden: list[str] = []  # the hiding element and every element open inside it
        self._chars = 0
        self._open: list[str] = []
        self._depth = 0  # how many were open at the last line
        self._lowest = 0  # how few were open since
        self._rows: list[_Row | None] = []  # the open row of each open table
        self._count = 0
        self._ended_inline = False

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
        if tag in _INLINE:
            # Two elements of one line that touch are words of their own: a style sets them apart.
            if self._ended_inline or _SET_APART.search(named.get("style") or ""):
                self._words.append(_JOINT)
        else:
            self._break()
            self._begin(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            while self._hidden and self._hidden.pop() != tag:
                pass
        if tag not in _INLINE:
            self._break()
            self._end(tag)
        else:
            self._ended_inline = True

    def handle_data(self, data: str) -> None:
        if not self._hidden and self._chars < MAX_TEXT:
            self._chars += len(data)
            self._words.append(data)
            self._ended_inline = False

    def close(self) -> None:
        super().close()
        self._break()
        while self._rows:
            self._end_row()
            self._rows.pop()

    def _begin(self, tag: str) -> None:
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at] in _ENDED_BY.get(tag, ()):
                self._close_to(at)
            elif self._open[at] in _AROUND:
                break
        if len(self._open) == _DEEPEST:
            return
        self._open.append(tag)
        if tag == "table":
            if self._rows and (row := self._rows[-1]) is not None:
                row.is_layout = True
            self._rows.append(None)
        elif tag == "tr" and self._rows:
            self._end_row()
            self._rows[-1] = _Row()
        elif tag in {"td", "th"} and self._rows and (row := self._rows[-1]) is not None:
            row.cells.append(len(self.lines))

    def _end(self, tag: str) -> None:
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at] == tag:
                self._close_to(at)
                return

    def _close_to(self, depth: int) -> None:
        for tag in reversed(self._open[depth:]):
            if tag == "tr" and self._rows:
                self._end_row()
            elif tag == "table" and self._rows:
                self._end_row()
                self._rows.pop()
        del self._open[depth:]
        self._lowest = min(self._lowest, depth)

    def _end_row(self) -> None:
        """Set the lines of the open row side by side, if it is one."""
        row, self._rows[-1] = self._rows[-1], None
        if row is None or row.is_layout or not row.cells:
            return
        ends = [*row.cells[1:], len(self.lines)]
        cells = [self.lines[start:end] for start, end in zip(row.cells, ends, strict=True)]
        if sum(map(bool, cells)) < 2 or any(len(cell) > _MOST_LINES for cell in cells):
            return
        self._count += 1
        del self.lines[row.cells[0] :]
        for column, cell in enumerate(cells):
            for place, line in enumerate(_in_one(cell)):
                line.row, line.column, line.place = self._count, column, place
                self.lines.append(line)

    def _break(self) -> None:
        self._ended_inline = False
        if self._words:
            said = _said(self._words)
            self._words.clear()
            if said and len(self.lines) < MAX_LINES:
                depth = len(self._open)
                self.lines.append(_Seen(said, self._depth + depth - 2 * min(self._lowest, depth)))
                self._depth = self._lowest = depth


def _said(words: Sequence[str]) -> str:
    """What inline elements say together; a joint is a blank between words, not between signs."""
    pieces: list[str] = []
    joined = False
    for word in words:
        if word == _JOINT:
            joined = True
            continue
        apart = bool(pieces) and len(pieces[-1].strip()) > 1 and len(word.strip()) > 1
        if joined and apart and word[:1].isalnum():
            pieces.append(" ")
        pieces.append(word)
        joined = False
    return " ".join("".join(pieces).split())


def _in_one(cell: Sequence[_Seen]) -> Sequence[_Seen]:
    """A cell's lines; a day over its time of day, or the parts of a number, are one line."""
    texts = [line.text for line in cell]
    digits = all(any(map(str.isdigit, text)) for text in texts)
    if len(cell) > 1 and digits and sum(map(len, texts)) <= _SHORT:
        return [_Seen(" ".join(texts), cell[0].apart)]
    return cell
