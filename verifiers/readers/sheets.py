"""The rows of a workbook's sheets, as text: Excel (old and new) and OpenDocument.

Cells hold what their formulas gave when the file was saved; no formula is calculated. A date is
written as its wall clock, since a workbook knows no zone. Excel keeps 15 digits of a number: a
longer one has lost some, and is written as about a power of ten, which matches no order.

Sources: ECMA-376 part 1, 18.3 and 18.8.30; OpenDocument 1.3 part 3, 9.1.4 and 19.385; [MS-XLS] 2.5.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from functools import cache
from itertools import islice
from typing import Any

from evidence.errors import EvidenceError, FormatError, TooLargeError
from verifiers.readers.lines import Line
from verifiers.readers.tables import MAX_COLUMNS, lines_of_rows
from verifiers.readers.xml_walk import walk

MAX_SHEETS = 30
MAX_ROWS = 20_000
MAX_CELLS = 200_000
# One more than are told, so that it can be said that there were more.
_COLUMNS = MAX_COLUMNS + 1
_GRID = 1 << 20  # rows that Excel has, whether or not anything stands in them
_CHARS = 2_000
NEEDS_XLS = "its cells need the extra `xls`, which is not installed"

Sheet = tuple[str, list[list[str]]]


def sheets_of_xlsx(data: bytes) -> list[Sheet]:
    """Each sheet's name and rows; EvidenceError with the reason."""
    import openpyxl  # here, as it takes as long as all else that reading imports

    try:
        book = openpyxl.load_workbook(
            io.BytesIO(data), read_only=True, data_only=True, keep_links=False
        )
        sheets: list[Sheet] = []
        for sheet in book.worksheets[:MAX_SHEETS]:
            # What a sheet claims of its size is a stranger's word; rows would be filled up to it.
            sheet.reset_dimensions()
            rows = ([_said(cell) for cell in row[:_COLUMNS]] for row in sheet.values)
            sheets.append((sheet.title, _bounded(rows)))
    except EvidenceError:
        raise
    except Exception as problem:  # openpyxl lets whatever its parsers raise through
        why = f"it cannot be read ({type(problem).__name__})"
        raise FormatError(what="the workbook", why=why) from problem
    return sheets


@cache
def xls_available() -> bool:
    return importlib.util.find_spec("xlrd") is not None


def sheets_of_xls(data: bytes) -> list[Sheet]:
    """As for xlsx; needs the extra `xls`."""
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), on_demand=True)
        sheets: list[Sheet] = []
        for index in range(min(book.nsheets, MAX_SHEETS)):
            sheet = book.sheet_by_index(index)
            rows = (
                [_said(_xls_value(cell, book.datemode)) for cell in sheet.row(number)[:_COLUMNS]]
                for number in range(sheet.nrows)
            )
            sheets.append((sheet.name, _bounded(rows)))
    except EvidenceError:
        raise
    except Exception as problem:  # as above
        why = f"it cannot be read ({type(problem).__name__})"
        raise FormatError(what="the old workbook", why=why) from problem
    return sheets


def _xls_value(cell: Any, datemode: int) -> Any:
    import xlrd

    match cell.ctype:
        case xlrd.XL_CELL_DATE:
            return xlrd.xldate_as_datetime(cell.value, datemode)
        case xlrd.XL_CELL_BOOLEAN:
            return bool(cell.value)
        case xlrd.XL_CELL_ERROR | xlrd.XL_CELL_EMPTY | xlrd.XL_CELL_BLANK:
            return None
    return cell.value


def sheets_of_ods(content: bytes) -> list[Sheet]:
    """As for xlsx, from the document's content.xml."""
    reading = _Ods()
    walk(content, what="the workbook", start=reading.start, end=reading.end, text=reading.text)
    return reading.sheets


class _Ods:
    """Takes the events of content.xml. Many empty cells are one: programs fill sheets with them."""

    def __init__(self) -> None:
        self.sheets: list[Sheet] = []
        self._cells = 0
        self._times = 1
        self._date = ""
        self._said: list[str] = []
        self._in_cell = self._in_text = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        match name:
            case "table" if len(self.sheets) < MAX_SHEETS:
                self.sheets.append((attributes.get("name", ""), []))
            case "table-row" if self.sheets:
                self._row().append([])
            case "table-cell" | "covered-table-cell":
                self._in_cell += 1
                self._times = _count(attributes.get("number-columns-repeated", "1"))
                self._date = attributes.get("date-value", "").replace("T", " ")
                self._said.clear()
            case "p":
                self._in_text += 1
            case "s" | "tab" | "line-break":
                self._said.append(" ")

    def text(self, said: str) -> None:
        if self._in_cell and self._in_text:
            self._said.append(said)

    def end(self, name: str) -> None:
        if name == "p":
            self._in_text -= 1
        elif name in {"table-cell", "covered-table-cell"}:
            self._in_cell -= 1
            rows = self._row()
            if not rows:
                return
            said = self._date[:19] or " ".join("".join(self._said).split())[:_CHARS]
            times = min(self._times, _COLUMNS - len(rows[-1])) if said or self._times < 20 else 1
            self._cells += max(times, 0) if said else 0
            _bound(len(rows) if said else 0, self._cells)
            rows[-1] += [said] * max(times, 0)

    def _row(self) -> list[list[str]]:
        return self.sheets[-1][1] if self.sheets else []


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 1


def _bounded(rows: Iterable[list[str]]) -> list[list[str]]:
    """The rows up to the last that says something; TooLargeError where too much is said."""
    kept: list[list[str]] = []
    cells = 0
    for number, row in enumerate(islice(rows, _GRID)):
        if not any(row):
            continue
        cells += len(row)
        _bound(number + 1, cells)
        kept += [[] for _ in range(number - len(kept))]
        kept.append(row)
    return kept


def _bound(rows: int, cells: int) -> None:
    if rows > MAX_ROWS:
        raise TooLargeError(what="the workbook (in rows)", size=rows, limit=MAX_ROWS)
    if cells > MAX_CELLS:
        raise TooLargeError(what="the workbook (in cells)", size=cells, limit=MAX_CELLS)


def _said(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            at_day = value.time() == time()
            return value.date().isoformat() if at_day else value.strftime("%Y-%m-%d %H:%M:%S")
        case date() | time():
            return value.isoformat()
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case float():
            return f"≈ {value:E}" if abs(value) >= 1e15 else repr(value)
        case int():
            return str(value) if abs(value) < 10**40 else "a number of more than 40 digits"
    return str(value)[:_CHARS]


def lines_of_sheets(sheets: Sequence[Sheet]) -> Iterator[Line]:
    """The cells of all sheets; those of the first one's are told without its name."""
    for number, (name, rows) in enumerate(sheets, start=1):
        yield from lines_of_rows(rows, sheet=name if number > 1 else "", page=number)


def text_of_sheets(sheets: Sequence[Sheet]) -> str:
    return "\n".join("\t".join(row) for _, rows in sheets for row in rows)
