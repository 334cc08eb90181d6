"""Plain text: its lines as they are, or the rows of a table of separated values.

Text is UTF-8; what is none may be of before Unicode (GB 18030, Shift JIS, Windows-1252), as exports
of older programs are. A byte that fits nowhere becomes a replacement character.
"""

from __future__ import annotations

import codecs
import re

from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import line as line_at
from evidence.media import HEAD
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
    """UTF-8, UTF-16 with its mark, or what was written before: of China, of Japan, of the West."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    return data.decode(encoding_of(data[:HEAD]) or "utf-8-sig", errors="replace")


# Two bytes of GB 2312, whose ideographs in use begin with B0 to D7; control characters of ASCII.
_GB = re.compile(rb"(?:[\xa1-\xa9\xb0-\xf7][\xa1-\xfe])+")
_OFTEN = re.compile(rb"[\xb0-\xd7][\xa1-\xfe]")
_HIGH, _CONTROL = (
    re.compile(rb"[\x80-\xff]+"),
    re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]"),
)
_KANA = re.compile(r"[\u3041-\u30fe]")
# Letters of the West, of which a text has few among many of ASCII.
_LETTERS = re.compile(
    rb"[\x80\x85\x8a\x8c\x8e\x91-\x9a\x9c\x9e\x9f\xa0\xa3\xa7-\xab\xb0\xb4\xb7\xba-\xff]+"
)
_MOST_LETTERS = 0.15


def encoding_of(head: bytes) -> str | None:
    """Which encoding of before Unicode the bytes are text in; None for UTF-8, and for no text."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
        return None
    except UnicodeError:
        pass
    if _CONTROL.search(head) or len(head) < 8:
        return None
    # The head may end in the middle of a character.
    runs = _HIGH.findall(head[:-1])
    size = sum(map(len, runs))
    if all(_GB.fullmatch(run[: len(run) & ~1]) and not len(run) & 1 for run in runs[:-1]):
        if 2 * sum(len(_OFTEN.findall(run)) for run in runs) >= 0.7 * size:
            return "gb18030"
    try:
        said = codecs.getincrementaldecoder("shift_jis")().decode(head)
    except UnicodeError:
        said = ""
    if len(_KANA.findall(said)) >= 2:
        return "shift_jis"
    if size <= _MOST_LETTERS * len(head) and all(map(_LETTERS.fullmatch, runs)):
        return "cp1252"
    return None
