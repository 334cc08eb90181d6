"""The paragraphs and tables of a text document's XML: Word, PowerPoint, OpenDocument.

Text that was deleted while changes were tracked is not what the document says, and is left out.

Sources: ECMA-376 part 1, 17.3 (w:p, w:t, w:tab, w:br), 17.4 (w:tbl), 17.13.5 (w:del), 21.1.2
(a:p, a:t); OpenDocument 1.3 part 3, 5.1 (text:p), 6.1 (text:s, text:tab), 5.5 (tracked changes),
9.1 (tables).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from evidence.locators import line as line_at
from verifiers.readers.lines import Line
from verifiers.readers.tables import lines_of_rows
from verifiers.readers.xml_walk import walk

MAX_CHARS = 2_000_000
_PARAGRAPH = frozenset({"p", "h"})
_ROW = frozenset({"tr", "table-row"})
_CELL = frozenset({"tc", "table-cell", "covered-table-cell"})
_TABLE = frozenset({"tbl", "table"})
_BREAK = frozenset({"br", "cr", "line-break"})
_BLANK = frozenset({"tab", "s", "ptab"})
_LEFT_OUT = frozenset({"tracked-changes", "delText", "annotation", "Fallback"})


@dataclass(slots=True)
class Flow:
    """What a document's XML says: its paragraphs, its tables' rows, its fields' instructions."""

    paragraphs: list[str] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)
    instructions: list[str] = field(default_factory=list)
    chars: int = 0

    def lines(self) -> Iterator[Line]:
        """Paragraphs as lines, counted from 1; each table's cells as of a sheet of its own."""
        for number, said in enumerate(self.paragraphs, start=1):
            yield Line(said, line_at(number))
        for number, rows in enumerate(self.tables, start=1):
            yield from lines_of_rows(rows, sheet=f"table {number}", page=number)

    def text(self) -> str:
        rows = ("\t".join(row) for table in self.tables for row in table)
        return "\n".join([*self.paragraphs, *rows])


def flow_of(data: bytes, flow: Flow, *, what: str, everywhere: bool) -> None:
    """Add what a part says to `flow`.

    everywhere  text counts wherever in a paragraph it stands (OpenDocument), not in `t` alone
    """
    _Reading(flow, everywhere=everywhere).run(data, what)


class _Reading:
    def __init__(self, flow: Flow, *, everywhere: bool) -> None:
        self._flow = flow
        self._everywhere = everywhere
        self._said: list[str] = []
        self._open = {"paragraph": 0, "t": 0, "left out": 0, "instruction": 0}
        # The rows of each table that is open, with the cells of its last row.
        self._tables: list[list[list[str]]] = []

    def run(self, data: bytes, what: str) -> None:
        walk(data, what=what, start=self._start, end=self._end, text=self._text)

    def _start(self, name: str, _: Mapping[str, str]) -> None:
        if name in _LEFT_OUT:
            self._open["left out"] += 1
        elif name in _PARAGRAPH:
            self._open["paragraph"] += 1
        elif name == "t":
            self._open["t"] += 1
        elif name == "instrText":
            self._open["instruction"] += 1
        elif name in _BREAK:
            self._said.append("\n")
        elif name in _BLANK:
            self._said.append(" ")
        elif name in _TABLE:
            self._tables.append([])
        elif name in _ROW and self._tables:
            self._tables[-1].append([])
        elif name in _CELL and self._tables and self._tables[-1]:
            self._tables[-1][-1].append("")

    def _text(self, said: str) -> None:
        if self._open["left out"]:
            return
        if self._open["instruction"]:
            self._flow.instructions.append(said[:500])
        elif self._open["t"] or (self._everywhere and self._open["paragraph"]):
            self._flow.chars += len(said)
            if self._flow.chars <= MAX_CHARS:
                self._said.append(said)

    def _end(self, name: str) -> None:
        if name in _LEFT_OUT:
            self._open["left out"] -= 1
        elif name == "t":
            self._open["t"] -= 1
        elif name == "instrText":
            self._open["instruction"] -= 1
        elif name in _PARAGRAPH:
            self._open["paragraph"] -= 1
            self._paragraph()
        elif name in _TABLE and self._tables:
            table = self._tables.pop()
            if any(map(any, table)):
                self._flow.tables.append(table)

    def _paragraph(self) -> None:
        lines = [" ".join(line.split()) for line in "".join(self._said).split("\n")]
        self._said.clear()
        said = [line for line in lines if line]
        if self._tables and self._tables[-1] and self._tables[-1][-1]:
            row = self._tables[-1][-1]
            row[-1] = " ".join([row[-1], *said]).strip()
        else:
            self._flow.paragraphs += said
