"""A table that an ERP, a warehouse or a marketplace exported: CSV, TSV, XLSX, JSON lines.

Source   whatever the seller exports; no vendor's format is built in. The operator's configuration
         says which column is which fact (layout.py), rows.py how the bytes become rows.
Brings   each file that has a row of the order, whole and as it was received. Other customers' rows
         are in those bytes and never become facts.
Origin   "seller": an ERP's column of carrier events is a copy that the seller keeps, so map it to
         names such as delivery.recorded.at and never to the carrier's scans.
Times    as wide as the cell leaves them. A zone is declared, for the file or a column, or absent.
Limits   files of 64 MB, 500,000 rows, 1,000 columns; bounds on a workbook are in rows.py.
Tried    on exports written by us to the shapes of FACTS; GB18030, Excel-guarded numbers, formulas.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from collectors.collector import Context, FileEntry, Files, fact_at
from collectors.files.drop import in_part
from collectors.mentions import Mentions
from collectors.orders.layout import IDENTITY, Layout, role_of
from collectors.orders.rows import (
    MAX_TABLE,
    Broken,
    DateCell,
    Row,
    encoding_of,
    heading_of,
    is_json_lines,
    is_workbook,
    media_type_of,
    rows_of,
)
from collectors.orders.values import wall_time
from evidence.errors import (
    EvidenceError,
    FormatError,
    RequestError,
    ShapeError,
    TooLargeError,
)
from evidence.facts import Fact, Value
from evidence.items import Content, Item, Provenance, Role
from evidence.locators import WHOLE, cell
from evidence.orders import OrderRef
from evidence.vocabulary import Kind, name_of

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".jsonl", ".ndjson")
MAX_BROKEN = 100
MAX_OWN_ROWS = 1_000

# What a spreadsheet makes of an order number that is too long for it.
_POWER = re.compile(r"\d(?:\.\d+)?E\+?\d{2}", re.IGNORECASE)
_LOST = "a spreadsheet turned its number into a power of ten; export it as text"


class Table:
    name = "table"
    version = 1
    roles = frozenset(
        {
            Role.ORDER_RECORD, Role.SHIPMENT_RECORD, Role.PAYMENT_RECORD, Role.REFUND_RECORD,
            Role.MESSAGE_THREAD,
        }
    )  # fmt: skip
    needs: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset()

    def check(self, settings: Mapping[str, Any]) -> None:
        """ConfigError naming the setting that cannot be used, before an order is asked for."""
        Layout.from_settings(settings)
        role_of(settings)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each export that has the order, the one changed first first.

        Settings: see layout.py; `role` is what the rows are, `pattern` narrows the files ("*.csv").
        A file that cannot be read is named in an error after the others came.
        """
        layout = Layout.from_settings(context.settings)
        role = role_of(context.settings)
        mentions = Mentions.of(order, context)
        files = context.need_files()
        troubles: list[str] = []
        tables = await asyncio.to_thread(lambda: _tables(context))
        for entry in sorted(tables, key=lambda entry: (entry.modified_at, entry.path)):
            try:
                data = await asyncio.to_thread(_looked_at, files, entry)
                if not await asyncio.to_thread(_has_order, data, layout, mentions):
                    continue
                hints = {"table": _settled(layout, data).hint()} | mentions.hints()
            except EvidenceError as problem:
                troubles.append(f"{entry.path}: {problem.said}")
                continue
            yield context.item(
                role,
                await asyncio.to_thread(_spooled, data, context),
                key=entry.path,
                media_type=media_type_of(data),
                origin="seller",
                provenance=Provenance.UPLOAD,
                name=PurePosixPath(entry.path).name,
                about={"order.id": order.id},
                hints=hints,
            )
        if troubles:
            raise in_part(troubles)

    def read(self, item: Item) -> list[Fact]:
        """The facts of the order's own rows, and `row.broken` for rows that nobody can attribute.

        Raises ShapeError if the item has no layout of ours, FormatError or TooLargeError if its
        bytes are not a table.
        """
        if "table" not in item.hints:
            raise ShapeError(
                source=item.source, pointer="item:", expected="a declared layout", got="none"
            )
        layout = Layout.from_hint(item.hints["table"])
        mentions = Mentions.from_hints(item.about, item.hints)
        return list(_facts(item, layout, mentions))


def _tables(context: Context) -> list[FileEntry]:
    pattern = str(context.settings.get("pattern", "*"))
    return [
        entry
        for entry in context.need_files().entries(suffixes=SUFFIXES)
        # ~$ is what Excel leaves beside a workbook that is open.
        if fnmatchcase(PurePosixPath(entry.path).name, pattern)
        and not PurePosixPath(entry.path).name.startswith("~$")
    ]


def _looked_at(files: Files, entry: FileEntry) -> bytes:
    return b"".join(files.stream(entry, limit=MAX_TABLE))


def _spooled(data: bytes, context: Context) -> Content:
    writer = context.spool.open(limit=MAX_TABLE)
    try:
        writer.write(data)
        return writer.close()
    except BaseException:
        writer.discard()
        raise


def _settled(layout: Layout, data: bytes) -> Layout:
    """The layout with the encoding that was found, so that it is never looked for again."""
    if is_workbook(data) or is_json_lines(data) or layout.encoding:
        return layout
    codec = encoding_of(data, layout)
    return layout.encoded(codec)


def _has_order(data: bytes, layout: Layout, mentions: Mentions) -> bool:
    columns: Mapping[str, int] | None = None
    for row in rows_of(data, layout):
        if isinstance(row, Broken):
            _need_heading(row, columns)
        elif columns is None:
            columns = heading_of(row)
            if not _identity(columns, layout):
                wanted = " or ".join(_identity_headings(layout))
                why = f"its first row has no column {wanted}; name the right one under `columns`"
                raise RequestError(what="the table", why=why)
        elif _is_own(row, columns, layout, mentions):
            return True
    return False


def _facts(item: Item, layout: Layout, mentions: Mentions) -> Iterator[Fact]:
    columns: Mapping[str, int] | None = None
    broken = own = 0
    for row in rows_of(item.content.read(MAX_TABLE), layout):
        if isinstance(row, Row):
            if columns is None:
                columns = heading_of(row)
                yield from _missing(item, columns, layout)
                continue
            if _is_own(row, columns, layout, mentions):
                own += 1
                if own > MAX_OWN_ROWS:
                    raise TooLargeError(what="the order (in rows)", size=own, limit=MAX_OWN_ROWS)
                yield from _read_row(item, row, columns, layout)
                continue
            if not _lost_digits(row, columns, layout):
                continue
            row = Broken(row.number, _LOST)
        _need_heading(row, columns)
        broken += 1
        if broken <= MAX_BROKEN:
            yield _broken(item, row)
    if broken > MAX_BROKEN:
        why = f"{broken - MAX_BROKEN} more rows could not be read"
        yield fact_at(item, "row.broken", why, WHOLE)
    if columns is None:
        raise FormatError(what="the table", why="there is no row in it that can be read")


def _read_row(item: Item, row: Row, columns: Mapping[str, int], layout: Layout) -> Iterator[Fact]:
    group = f"row/{row.number}"
    for heading, index in columns.items():  # in the order of the table
        name = layout.columns.get(heading)
        if name is None or index >= len(row.cells) or not (said := row.cells[index]):
            continue
        at = cell(row.number, heading)
        try:
            yield fact_at(item, name, _value(said, name, heading, layout), at, group=group)
        except EvidenceError as problem:
            why = f"row {row.number}: {problem}"
            yield fact_at(item, "row.broken", why, at, group=group)


def _value(said: str | DateCell, name: str, heading: str, layout: Layout) -> Value:
    if name in IDENTITY and _POWER.fullmatch(str(said)):
        raise FormatError(what=f"the number under {heading!r}", why=_LOST)
    if isinstance(said, str):
        return layout.value_of(name, heading, said)
    if name_of(name).kind is Kind.TIME:
        return wall_time(said.wall, str(said), said.unit_s, zone=layout.zone_of(heading))
    return str(said)


def _is_own(row: Row, columns: Mapping[str, int], layout: Layout, mentions: Mentions) -> bool:
    """Whether a row is the order's: by its order numbers, or by its parcel where it has none."""
    said = _numbers(row, columns, layout)
    orders = [number for name, number in said if name != "shipment.tracking_number"]
    return any(mentions.is_one(number) for number in orders or [n for _, n in said])


def _lost_digits(row: Row, columns: Mapping[str, int], layout: Layout) -> bool:
    """Whether the row could be anybody's, because a spreadsheet rounded its number."""
    return any(_POWER.fullmatch(number) for _, number in _numbers(row, columns, layout))


def _need_heading(row: Broken, columns: Mapping[str, int] | None) -> None:
    if columns is None:
        raise FormatError(what="the table's heading", why=row.why)


def _numbers(row: Row, columns: Mapping[str, int], layout: Layout) -> list[tuple[str, str]]:
    found = []
    for heading in _identity(columns, layout):
        index = columns[heading]
        if index < len(row.cells) and (said := str(row.cells[index])):
            found.append((layout.columns[heading], said))
    return found


def _identity(columns: Mapping[str, int], layout: Layout) -> list[str]:
    return [heading for heading in _identity_headings(layout) if heading in columns]


def _identity_headings(layout: Layout) -> list[str]:
    return [heading for heading, name in layout.columns.items() if name in IDENTITY]


def _missing(item: Item, columns: Mapping[str, int], layout: Layout) -> Iterator[Fact]:
    for heading in layout.columns:
        if heading not in columns:
            why = f"The column {heading!r} is not in the heading, or twice."
            yield fact_at(item, "reading.failed", why, WHOLE)


def _broken(item: Item, row: Broken) -> Fact:
    why = f"row {row.number}: {row.why}"
    return fact_at(item, "row.broken", why, cell(row.number, ""), group=f"row/{row.number}")
