"""Plain text: its lines as they are. A byte that is not UTF-8 becomes a replacement character."""

from __future__ import annotations

from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import line as line_at
from verifiers.readers.lines import Line
from verifiers.readers.reader import MAX_TEXT, failed
from verifiers.readers.said.facts import facts_of_lines

MAX_TEXT_BYTES = 8 << 20


def read(item: Item) -> list[Fact]:
    """Its lines, and the numbers, dates and names in them."""
    try:
        data = item.content.read(MAX_TEXT_BYTES)
    except EvidenceError as problem:
        return [failed(item, f"{problem}")]
    lines = _decoded(data).splitlines()
    return facts_of_lines(item, (Line(said, line_at(n)) for n, said in enumerate(lines, start=1)))


def text_of(item: Item) -> str:
    try:
        return _decoded(item.content.read(MAX_TEXT_BYTES))[:MAX_TEXT]
    except EvidenceError:
        return ""


def _decoded(data: bytes) -> str:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode("utf-16" if marked else "utf-8-sig", errors="replace")
