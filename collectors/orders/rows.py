"""The rows of an export: delimited text in the encodings that ERPs write, JSON lines, a workbook.

An encoding is declared or proves itself: a byte order mark, UTF-8 without an error, GB18030 without
an error, or the table is refused. Rows come one by one, under bounds; a row that cannot be read is
a Broken with its reason, and the next one is read.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.orders.layout import Layout
from evidence.errors import EvidenceError, FormatError, RequestError, TooLargeError

MAX_TABLE = 64 << 20
MAX_ROWS = 500_000
MAX_CELLS = 1_000
MAX_LINE = 1 << 20
MAX_CELL = 32_767  # Excel's own limit
# A quoted cell may run over lines; one that was never closed must not swallow the rest.
MAX_RECORD_LINES = 40

# A workbook's members are decompressed in memory: these keep a bomb from being one.
MAX_MEMBERS = 2_000
MAX_UNPACKED = 64 << 20
MAX_RATIO = 200

_DECLARABLE = {
    "utf-8": "utf-8-sig", "utf8": "utf-8-sig", "utf-8-sig": "utf-8-sig", "gb18030": "gb18030",
    "gbk": "gb18030", "gb2312": "gb18030", "utf-16": "utf-16", "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be", "latin-1": "latin-1", "cp1252": "cp1252", "shift_jis": "cp932",
    "big5": "big5",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """`number` counts as a person would: lines of text, rows of a sheet, the heading included."""

    number: int
    cells: tuple[str | DateCell, ...]


@dataclass(frozen=True, slots=True)
class DateCell:
    """A date or time that a workbook holds as a number: a wall clock, never with a zone."""

    wall: datetime
    unit_s: float

    def __str__(self) -> str:
        return self.wall.isoformat(" ", "seconds") if self.unit_s < 86400 else str(self.wall.date())


@dataclass(frozen=True, slots=True)
class Broken:
    number: int
    why: str


def is_workbook(data: bytes) -> bool:
    return data.startswith(b"PK\x03\x04")


def media_type_of(data: bytes) -> str:
    if is_workbook(data):
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return "application/x-ndjson" if is_json_lines(data) else "text/csv"


def is_json_lines(data: bytes) -> bool:
    """An object a line (jsonlines.org); no heading of a table begins with a brace."""
    return data.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"{"


def encoding_of(data: bytes, layout: Layout) -> str:
    """The codec that reads the table; RequestError if none is declared and none proves itself."""
    if layout.encoding:
        try:
            return _DECLARABLE[layout.encoding.lower()]
        except KeyError:
            known = ", ".join(sorted(_DECLARABLE))
            raise RequestError(what="the setting encoding", why=f"it is none of {known}") from None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for codec in ("utf-8-sig", "gb18030"):
        try:
            data.decode(codec)
        except UnicodeDecodeError:
            continue
        return codec
    raise RequestError(
        what="reading the table",
        why="it is neither UTF-8 nor GB18030; declare its `encoding` for this source",
    )


def rows_of(data: bytes, layout: Layout) -> Iterator[Row | Broken]:
    """The rows with something in them, the heading first.

    Raises FormatError for what is no workbook after all, TooLargeError over the limits and
    RequestError for an encoding that cannot be told.
    """
    if is_workbook(data):
        return _sheet_rows(data, layout)
    if is_json_lines(data):
        return _json_rows(data, layout)
    return _text_rows(data, layout)


def _json_rows(data: bytes, layout: Layout) -> Iterator[Row | Broken]:
    """The heading is the columns that are declared; a line that lacks one has nothing there."""
    columns = tuple(layout.columns)
    yield Row(0, columns)
    lines = data.removeprefix(codecs.BOM_UTF8).split(b"\n")
    if len(lines) > MAX_ROWS:
        raise TooLargeError(what="the table (in rows)", size=len(lines), limit=MAX_ROWS)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            if len(line) > MAX_LINE:
                raise FormatError(what="the line", why="it is too long")
            said = json.loads(line, parse_float=str, parse_int=str)
            if not isinstance(said, dict):
                raise FormatError(what="the line", why="it is no object")
            cells = tuple(_json_cell(said.get(column)) for column in columns)
        except (ValueError, RecursionError, FormatError) as problem:
            why = str(problem) if isinstance(problem, FormatError) else "it is not JSON"
            yield Broken(number, why)
            continue
        if any(cells):
            yield Row(number, cells)


def _json_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and len(value) <= MAX_CELL:
        return value.strip()
    raise FormatError(what="a value", why="it is neither text nor a number, or too long")


def _text_rows(data: bytes, layout: Layout) -> Iterator[Row | Broken]:
    codec = encoding_of(data, layout)
    lines = _lines(data, codec)
    delimiter = layout.delimiter or _delimiter(lines[0][0] or "")
    # Amazon's tab-separated reports quote nothing, and product names hold stray quotes.
    quoted = delimiter != "\t"
    index = count = width = 0
    while index < len(lines):
        number = index + 1
        text, why = lines[index]
        if text is None:
            yield Broken(number, why)
            index += 1
            continue
        window = (said or "" for said, _ in lines[index : index + MAX_RECORD_LINES])
        reader = csv.reader(
            window,
            delimiter=delimiter,
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
            strict=True,
        )
        try:
            cells = next(reader)
        except (csv.Error, StopIteration) as problem:
            yield Broken(number, f"its quotes or characters are not a table's ({problem})")
            index += 1
            continue
        if reader.line_num == MAX_RECORD_LINES:
            yield Broken(number, f"a quoted cell is still open {MAX_RECORD_LINES} lines further")
            index += 1
            continue
        index += reader.line_num
        if len(cells) > MAX_CELLS:
            yield Broken(number, f"it has {len(cells)} cells, more than {MAX_CELLS}")
        elif any(len(cell) > MAX_CELL for cell in cells):
            yield Broken(number, f"a cell is longer than {MAX_CELL} characters")
        elif not any(cell.strip() for cell in cells):
            continue
        elif width and (len(cells) < width or any(cell.strip() for cell in cells[width:])):
            # A comma or a line break that nobody quoted: every cell behind it has moved.
            yield Broken(number, f"it has {len(cells)} cells where the heading has {width}")
        else:
            width = width or len(cells)
            yield Row(number, tuple(_unguarded(cell) for cell in cells))
            count += 1
            _bounded(count)


def _lines(data: bytes, codec: str) -> list[tuple[str | None, str]]:
    """Each line with its break, or None and why it cannot be read."""
    if codec.startswith("utf-16"):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError as problem:
            raise FormatError(what="the table", why="it is not the UTF-16 it claims") from problem
        return [_checked(line) for line in _split(text, "\n", "\r")]
    # No byte of a character in these encodings is a line feed.
    found: list[tuple[str | None, str]] = []
    for raw in _split(data, b"\n", b"\r"):
        try:
            found.append(_checked(raw.decode(codec if not found else codec.replace("-sig", ""))))
        except UnicodeDecodeError:
            found.append((None, f"its bytes are not the {codec.removesuffix('-sig')} of the rest"))
    return found


def _split(whole: Any, feed: Any, carriage: Any) -> list[Any]:
    if feed not in whole and carriage in whole:  # as old Macs wrote
        feed = carriage
    _bounded(whole.count(feed) // 2)  # twice as many lines: cells may hold line breaks
    return [line + feed for line in whole.split(feed)]


def _checked(line: str) -> tuple[str | None, str]:
    if len(line) > MAX_LINE:
        return None, f"it is longer than {MAX_LINE} characters"
    if "\0" in line:
        return None, "there are NUL characters in it"
    return line, ""


def _delimiter(heading: str) -> str:
    return max((",", ";", "\t", "|"), key=heading.count)


def _unguarded(cell: str) -> str:
    """A cell without what keeps Excel from changing a number: ="...", an apostrophe, a tab."""
    said = cell.strip()
    if said.startswith('="') and said.endswith('"') and len(said) > 2:
        return said[2:-1].strip()
    return said[1:].strip() if said.startswith("'") else said


def _bounded(count: int) -> None:
    if count > MAX_ROWS:
        raise TooLargeError(what="the table (in rows)", size=count, limit=MAX_ROWS)


def _sheet_rows(data: bytes, layout: Layout) -> Iterator[Row | Broken]:
    _refuse_bomb(data)
    import openpyxl  # here, as it takes as long as all else that reading imports

    try:
        book = openpyxl.load_workbook(
            io.BytesIO(data), read_only=True, data_only=True, keep_links=False
        )
        sheet = book[layout.sheet] if layout.sheet else book.worksheets[0]
        # What a sheet claims of its size is a stranger's word, and rows would be filled up to it.
        sheet.reset_dimensions()
        yield from _cells(sheet.iter_rows())
    except EvidenceError:
        raise
    except Exception as problem:  # openpyxl lets whatever its parsers raise through
        raise FormatError(
            what="the workbook", why=f"it cannot be read ({type(problem).__name__})"
        ) from problem


def _cells(rows: Iterable[tuple[Any, ...]]) -> Iterator[Row | Broken]:
    for number, row in enumerate(rows, 1):
        _bounded(number)
        if len(row) > MAX_CELLS:
            yield Broken(number, f"it has {len(row)} cells, more than {MAX_CELLS}")
            continue
        cells = tuple(_sheet_cell(cell) for cell in row)
        if any(str(cell) for cell in cells):
            yield Row(number, cells)


def _sheet_cell(cell: Any) -> str | DateCell:
    value = cell.value
    match value:
        case None:
            return ""
        case datetime():
            shape = str(cell.number_format).lower()
            return DateCell(value.replace(microsecond=0), 1.0 if "h" in shape else 86400.0)
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        case float():
            # Excel keeps 15 digits: a longer number has lost some, and must match no order.
            return f"{value:E}" if abs(value) >= 1e15 else repr(value)
        case int():
            return str(value) if abs(value) < 10**40 else "a number of more than 40 digits"
    return _unguarded(str(value)[:MAX_CELL])


def _refuse_bomb(data: bytes) -> None:
    """Look at the archive's directory before anything in it is decompressed.

    A directory that lies is harmless: the standard library stops at the size that it states.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as problem:
        raise FormatError(what="the workbook", why="it is no ZIP archive") from problem
    if len(members) > MAX_MEMBERS:
        raise TooLargeError(what="the workbook (in members)", size=len(members), limit=MAX_MEMBERS)
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED:
        raise TooLargeError(what="the workbook, unpacked", size=unpacked, limit=MAX_UNPACKED)
    for member in members:
        if member.file_size > MAX_RATIO * max(member.compress_size, 1 << 10):
            raise FormatError(what="the workbook", why="a member unpacks to more than it can hold")
        if member.flag_bits & 1:
            raise FormatError(what="the workbook", why="it is encrypted; export it without")


def heading_of(row: Row) -> Mapping[str, int]:
    """Column by heading; a heading that stands twice belongs to no column."""
    names = [str(cell).strip() for cell in row.cells]
    return {name: index for index, name in enumerate(names) if name and names.count(name) == 1}
