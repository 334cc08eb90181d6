"""A table's rows: what is no row is told with its number, and the others are read all the same."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from collectors.orders import rows
from collectors.orders.layout import Layout
from collectors.orders.rows import Broken, DateCell, Row, rows_of
from evidence.errors import FormatError, RequestError, TooLargeError

COLUMNS = Layout(columns={"a": "order.id", "b": "order.total"})


def read(data: bytes, layout: Layout = COLUMNS) -> list[tuple[int, Any]]:
    return [
        (one.number, one.cells if isinstance(one, Row) else one.why)
        for one in rows_of(data, layout)
    ]


def book(*lines: list[Any], **formats: str) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for line in lines:
        sheet.append(line)
    for cell, shape in formats.items():
        sheet[cell].number_format = shape
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def test_lines_of_json_are_rows_of_the_columns_that_are_declared() -> None:
    data = b"""{"a": "1", "b": 1.10, "c": 7}
\n{"a": true, "b": null}
{"a": {}}
[1]
nonsense
{"b": false, "a": " x "}
{}"""
    assert read(data) == [
        (0, ("a", "b")), (1, ("1", "1.10")), (3, ("yes", "")),
        (4, "a value is malformed: it is neither text nor a number, or too long."
            " Get the bytes again from where they came; do not repair them by hand."),
        (5, "the line is malformed: it is no object."
            " Get the bytes again from where they came; do not repair them by hand."),
        (6, "it is not JSON"), (7, ("x", "no")),
    ]  # fmt: skip


def test_a_line_of_text_that_is_no_row_is_told_and_skipped() -> None:
    long = "x" * (rows.MAX_CELL + 1)
    wide = ",".join("x" * (rows.MAX_CELLS + 1))
    data = f'a,b\n1,2\n\n{long},2\n{wide}\n"open,2\n3,4\n5,\0\n6,7\n'.encode()
    told = read(data)
    assert told[:2] == [(1, ("a", "b")), (2, ("1", "2"))]
    said = {number: what for number, what in told if isinstance(what, str)}
    assert said[4] == f"a cell is longer than {rows.MAX_CELL} characters"
    assert said[5] == f"it has {rows.MAX_CELLS + 1} cells, more than {rows.MAX_CELLS}"
    assert "quotes" in said[6] or "quoted cell" in said[6]
    assert said[8] == "there are NUL characters in it"
    assert told[-1] == (9, ("6", "7"))


@pytest.mark.parametrize(
    ("limit", "most", "data", "why"),
    [
        ("MAX_LINE", 9, b"a,b\n123456,78910\n1,2\n", "it is longer than 9 characters"),
        ("MAX_LINE", 9, b'{"a":"1"}\n{"a":"22"}\n', "it is too long"),
        ("MAX_RECORD_LINES", 3, b'a,b\n"1\n2\n3",4\n1,2\n', "still open 3 lines further"),
        ("MAX_RECORD_LINES", 2, b'a,b\n"1\n2\n3",4\n1,2\n', "are not a table's"),
    ],
)
def test_what_is_longer_than_any_row_costs_only_itself(
    monkeypatch: pytest.MonkeyPatch, limit: str, most: int, data: bytes, why: str
) -> None:
    monkeypatch.setattr(rows, limit, most)
    told = list(rows_of(data, COLUMNS))
    assert any(why in one.why for one in told if isinstance(one, Broken))
    assert isinstance(told[0], Row)


@pytest.mark.parametrize("data", [b"a,b\n" + b"1,2\n" * 30, b'{"a":"1"}\n' * 30])
def test_more_rows_than_a_table_may_have_are_refused(
    monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 9)
    with pytest.raises(TooLargeError, match="in rows"):
        list(rows_of(data, COLUMNS))


def test_old_line_ends_and_guarded_numbers_are_read_as_they_are_meant() -> None:
    told = read(b'a;b\r\'0012;="34"\r')
    assert told == [(1, ("a", "b")), (2, ("0012", "34"))]


@pytest.mark.parametrize("encoding", ["", "utf-8", "gb18030"])
def test_an_encoding_is_declared_or_proves_itself(encoding: str) -> None:
    data = "a,b\n订单,2\n".encode(encoding or "gb18030")
    declared = Layout(columns=COLUMNS.columns, encoding=encoding)
    assert read(data, declared)[1] == (2, ("订单", "2"))


def test_an_encoding_that_nothing_tells_or_nobody_knows_is_refused() -> None:
    with pytest.raises(RequestError, match="neither UTF-8 nor GB18030"):
        list(rows_of(b"a,b\n\xff\xff,2\n", COLUMNS))
    with pytest.raises(RequestError, match="it is none of"):
        list(rows_of(b"a,b\n", Layout(columns={}, encoding="klingon")))


def test_a_sheets_cells_are_what_they_show() -> None:
    at = datetime(2026, 11, 5, 14, 32, 7, 9)
    data = book(
        ["a", "b"], [True, 7.0], [False, 1.5], [1e16, 2**60], [None, None], [at, at],
        ['="0012"', "'0034"], B6="yyyy-mm-dd",
    )  # fmt: skip
    second = at.replace(microsecond=0)
    assert read(data) == [
        (1, ("a", "b")), (2, ("yes", "7")), (3, ("no", "1.5")),
        (4, ("1.000000E+16", "1.152922E+18")),  # Excel keeps fifteen digits
        (6, (DateCell(second, 1.0), DateCell(second, 86400.0))), (7, ("", "0034")),
    ]  # fmt: skip
    assert [str(cell) for cell in read(data)[4][1]] == ["2026-11-05 14:32:07", "2026-11-05"]


def bent(data: bytes, bend: Callable[[zipfile.ZipFile], None]) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        bend(archive)
    return out.getvalue()


def test_a_workbook_that_is_a_bomb_or_no_workbook_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = book(["a", "b"], ["1", "2"])
    with pytest.raises(FormatError, match="unpacks to more than it can hold"):
        list(rows_of(bent(plain, lambda zip: zip.writestr("x", b"\0" * 5_000_000)), COLUMNS))
    with pytest.raises(FormatError, match="it cannot be read"):
        list(rows_of(plain, Layout(columns={}, sheet="another")))
    with pytest.raises(FormatError, match="it is no ZIP archive"):
        list(rows_of(plain[:200], COLUMNS))
    monkeypatch.setattr(rows, "MAX_CELLS", 1)
    assert read(plain) == [(1, "it has 2 cells, more than 1"), (2, "it has 2 cells, more than 1")]
    monkeypatch.setattr(rows, "MAX_UNPACKED", 10)
    with pytest.raises(TooLargeError, match="unpacked"):
        list(rows_of(plain, COLUMNS))
    monkeypatch.setattr(rows, "MAX_MEMBERS", 2)
    with pytest.raises(TooLargeError, match="members"):
        list(rows_of(plain, COLUMNS))
