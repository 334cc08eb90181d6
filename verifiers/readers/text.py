"""Plain text: its lines as they are, or the rows of a table of separated values.

A byte that is not UTF-8 becomes a replacement character.
"""

from __future__ import annotations

from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import line as line_at
from verifiers.readers.lines import Line
from verifiers.readers.reader import MAX_TEXT, failed
from verifiers.readers.said.facts import facts_of_lines
from verifiers.readers.tables import facts_of_rows, lines_of_rows, rows_of_text

MAX_TEXT_BYTES = 8 << 20


def read(item: Item) -> list[Fact]:
    """Its lines or cells, and the numbers, dates and names in them."""
    try:
        said = decoded(item.content.read(MAX_TEXT_BYTES))
    except EvidenceError as problem:
        return [failed(item, f"{problem}")]
    if (rows := rows_of_text(said)) is not None:
        return facts_of_rows(item, lines_of_rows(rows))
    lines = enumerate(said.splitlines(), start=1)
    return facts_of_lines(item, (Line(text, line_at(number)) for number, text in lines))


def text_of(item: Item) -> str:
    try:
        return decoded(item.content.read(MAX_TEXT_BYTES))[:MAX_TEXT]
    except EvidenceError:
        return ""


def decoded(data: bytes) -> str:
    """UTF-8, or UTF-16 with its mark."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode("utf-16" if marked else "utf-8-sig", errors="replace")
