"""ERP exports: which are brought, which rows speak, and what hostile ones can do."""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.orders.layout import Layout
from collectors.orders.table import Table
from evidence.canonical import canonical
from evidence.errors import EvidenceError, FormatError, RequestError, ShapeError, TooLargeError
from evidence.facts import Facts
from evidence.items import InMemory, Item, Provenance, Role
from evidence.times import Instant, LocalDate, LocalTime, ZoneBasis
from tests.collectors.folder_script import NOW, ORDER, collect

COLUMNS = {
    "平台订单号": "order.id",
    "运单号": "shipment.tracking_number",
    "发货时间": "shipment.shipped.at",
    "金额": "order.total",
}
SETTINGS: dict[str, Any] = {"columns": COLUMNS, "currency": "USD"}
HEADING = "平台订单号,运单号,发货时间,金额"
OWN = f"{ORDER.id},1Z999AA10123456784,2026-06-13 13:21:43,49.99"
OTHER = "111-1111111-1111111,1ZSTRANGER,2026-06-13 13:25:00,10.00"


def export(folder: Path, *lines: str, encoding: str = "utf-8", name: str = "orders.csv") -> Path:
    (folder / name).write_bytes("\r\n".join(lines).encode(encoding))
    return folder


def one(folder: Path, **changes: Any) -> tuple[Item, Facts]:
    (item,) = collect(Table(), folder, settings=SETTINGS | changes)
    return item, Facts(Table().read(item))


def item_of(data: bytes, **changes: Any) -> Item:
    return Item(
        role=Role.ORDER_RECORD,
        key="orders.csv",
        content=InMemory(data),
        media_type="text/csv",
        collector="table/1",
        origin="seller",
        provenance=Provenance.UPLOAD,
        collected_at=NOW,
        about={"order.id": ORDER.id},
        hints={"table": Layout.from_settings(SETTINGS | changes).hint()},
    )


def facts_of(data: bytes, **changes: Any) -> Facts:
    return Facts(Table().read(item_of(data, **changes)))


def test_only_the_orders_rows_become_facts_each_with_its_cell(tmp_path: Path) -> None:
    item, facts = one(export(tmp_path, HEADING, OTHER, OWN, OTHER))
    assert item.content.read(10_000) == (tmp_path / "orders.csv").read_bytes()
    assert (item.origin, item.provenance, item.role) == (
        "seller",
        Provenance.UPLOAD,
        Role.ORDER_RECORD,
    )
    assert [(f.name, f.text, str(f.locator), f.group) for f in facts] == [
        ("order.id", ORDER.id, "cell:3/平台订单号", "row/3"),
        ("shipment.tracking_number", "1Z999AA10123456784", "cell:3/运单号", "row/3"),
        ("shipment.shipped.at", "2026-06-13 13:21:43", "cell:3/发货时间", "row/3"),
        ("order.total", "49.99 USD", "cell:3/金额", "row/3"),
    ]


def test_an_export_without_the_order_is_not_brought(tmp_path: Path) -> None:
    export(tmp_path, HEADING, OTHER)
    assert collect(Table(), tmp_path, settings=SETTINGS) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"], ids=str)
def test_chinese_headings_are_read_in_every_encoding_that_proves_itself(
    tmp_path: Path, encoding: str
) -> None:
    _, facts = one(export(tmp_path, HEADING, OWN, encoding=encoding))
    assert len(facts) == 4


def test_bytes_in_no_encoding_are_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xff\x81\x20order\n" + OWN.encode())
    with pytest.raises(RequestError, match="declare its `encoding`"):
        collect(Table(), tmp_path, settings=SETTINGS)


def test_a_time_is_local_until_a_zone_is_declared(tmp_path: Path) -> None:
    export(tmp_path, HEADING, OWN)
    shipped = one(tmp_path)[1].first("shipment.shipped.at")
    assert shipped is not None and isinstance(shipped.value, LocalTime)
    declared = one(tmp_path, zone="Asia/Shanghai")[1].first("shipment.shipped.at")
    assert declared is not None and isinstance(declared.value, Instant)
    assert (declared.value.at.hour, declared.value.basis) == (5, ZoneBasis.DECLARED)
    column = one(tmp_path, zone="Asia/Shanghai", zones={"发货时间": "America/Los_Angeles"})[1]
    shipped = column.first("shipment.shipped.at")
    assert shipped is not None and isinstance(shipped.value, Instant)
    assert shipped.value.at.hour == 20


@pytest.mark.parametrize(
    ("said", "kind", "unit_s"),
    [
        ("2026/6/14 9:26", LocalTime, 60),
        ("2026-06-14", LocalDate, None),
        ("2026-06-13T05:21:43+00:00", Instant, 1),
    ],
)
def test_a_time_is_as_wide_as_its_cell(said: str, kind: type, unit_s: float | None) -> None:
    (shipped,) = facts_of(f"{HEADING}\n{ORDER.id},1Z,{said},1".encode()).named(
        "shipment.shipped.at"
    )
    assert type(shipped.value) is kind
    assert getattr(shipped.value, "unit_s", None) == unit_s


def test_a_date_that_could_be_two_days_needs_a_declared_format() -> None:
    data = f"{HEADING}\n{ORDER.id},1Z,6/7/2026 9:26,1".encode()
    facts = facts_of(data)
    assert facts.named("shipment.shipped.at") == []
    (broken,) = facts.named("row.broken")
    assert str(broken.locator) == "cell:2/发货时间"
    (shipped,) = facts_of(data, date_formats=["%d/%m/%Y %H:%M"]).named("shipment.shipped.at")
    assert isinstance(shipped.value, LocalTime)
    assert shipped.value.wall == datetime(2026, 7, 6, 9, 26)


@pytest.mark.parametrize(
    ("said", "decimal", "amount"),
    [
        ("49.99", "", "49.99 USD"),
        ("EUR 49.99", "", "49.99 EUR"),
        ('"1,234.50"', ".", "1234.50 USD"),
        ('"1.234,50 EUR"', ",", "1234.50 EUR"),
        ('"1,234"', "", None),
        ("forty", ".", None),
    ],
)
def test_an_amount_is_never_guessed(said: str, decimal: str, amount: str | None) -> None:
    facts = facts_of(f"{HEADING}\n{ORDER.id},1Z,,{said}".encode(), decimal=decimal)
    assert facts.values("order.total") == ([amount] if amount else [])
    assert len(facts.named("row.broken")) == (amount is None)


def test_broken_rows_are_told_by_line_and_the_rest_is_read() -> None:
    lines = [
        HEADING.encode(),
        b"111-1111111-1111111,too few",
        b"111-1111111-1111111,a,b,c,one comma too many",
        b"\xff\xff\xff,bad,bytes,1",
        b'111-1111111-1111111,"never closed,x,1',
        b"111-1111111-1111111,nul\x00,x,1",
        OWN.encode(),
    ]
    facts = facts_of(b"\n".join(lines), encoding="utf-8")
    assert [fact.group for fact in facts.named("row.broken")] == [f"row/{n}" for n in range(2, 7)]
    assert "1111111" not in " ".join(facts.values("row.broken"))
    assert facts.values("order.id") == [ORDER.id]
    assert {fact.group for fact in facts.named("order.id")} == {"row/7"}


def test_a_quoted_cell_may_hold_commas_and_line_breaks() -> None:
    data = f'{HEADING}\n111-1111111-1111111,"a\nb, c",,1\n{OWN}\n'.encode()
    facts = facts_of(data)
    assert facts.named("row.broken") == []
    assert {fact.group for fact in facts} == {"row/4"}


@pytest.mark.timeout(60)
def test_a_line_of_five_million_commas_is_one_broken_row() -> None:
    facts = facts_of(f"{HEADING}\n{',' * 5_000_000}\n{OWN}".encode())
    assert len(facts.named("row.broken")) == 1
    assert facts.values("order.id") == [ORDER.id]


@pytest.mark.timeout(60)
def test_a_million_open_quotes_end_soon() -> None:
    with pytest.raises(EvidenceError):
        facts_of(HEADING.encode() + b'\n"' * 1_100_000)
    facts = facts_of(HEADING.encode() + b'\n"a' * 20_000)
    assert len(facts.named("row.broken")) == 101


def test_a_number_that_a_spreadsheet_rounded_matches_nobody_and_is_said_so() -> None:
    facts = facts_of(f"{HEADING}\n5.76684E+17,1Z,,1\n{OWN}".encode())
    (broken,) = facts.named("row.broken")
    assert "power of ten" in broken.text
    assert facts.values("order.id") == [ORDER.id]


def test_a_row_of_another_order_is_not_ours_for_sharing_our_parcel(tmp_path: Path) -> None:
    lines = (HEADING, "111-1111111-1111111,1Z999AA10123456784,,1", ",1Z999AA10123456784,,2")
    known = {"shipment.tracking_number": ("1Z999AA10123456784",)}
    (item,) = collect(Table(), export(tmp_path, *lines), settings=SETTINGS, facts=known)
    assert {fact.group for fact in Table().read(item)} == {"row/3"}


def test_a_broken_heading_and_a_missing_column_are_told(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="heading"):
        facts_of(b"\x00\n" + OWN.encode())
    _, facts = one(export(tmp_path, "平台订单号,运单号,金额", f"{ORDER.id},1Z,1"))
    (failed,) = facts.named("reading.failed")
    assert "发货时间" in failed.text
    export(tmp_path, "a,b", "1,2", name="strange.csv")
    with pytest.raises(RequestError, match=r"strange\.csv"):
        collect(Table(), tmp_path, settings=SETTINGS)


@pytest.mark.needs_shared
def test_the_gbk_warehouse_export_is_found_and_read(shared: Path) -> None:
    columns = {
        "订单号": "order.alias",
        "平台订单号": "order.id",
        "物流方式": "shipment.carrier",
        "运单号": "shipment.tracking_number",
        "发货时间": "shipment.shipped.at",
        "签收时间": "delivery.recorded.at",
    }
    options = {
        "columns": columns, "role": "shipment.record", "zone": "Asia/Shanghai", "pattern": "*gbk*",
    }  # fmt: skip
    (item,) = collect(Table(), shared / "contracts/market/erp", settings=options)
    facts = Facts(Table().read(item))
    assert item.role is Role.SHIPMENT_RECORD
    assert facts.values("order.alias") == ["XM260613001"]
    (delivered,) = facts.named("delivery.recorded.at")
    assert isinstance(delivered.value, Instant)
    assert delivered.value.unit_s == 60
    # The other row's number is guarded against Excel: ="YT2616400000001".
    known = {"order.alias": ("XM260613002",)}
    (item,) = collect(Table(), shared / "contracts/market/erp", settings=options, facts=known)
    numbers = Facts(Table().read(item)).values("shipment.tracking_number")
    assert numbers == ["1Z999AA10123456780", "YT2616400000001"]


@pytest.mark.needs_shared
def test_amazons_own_tab_separated_report_is_read(shared: Path) -> None:
    options = {
        "columns": {
            "amazon-order-id": "order.id",
            "merchant-order-id": "order.alias",
            "purchase-date": "order.placed.at",
            "order-status": "order.status",
            "ship-country": "shipment.recipient.country",
        },
        "pattern": "*.tsv",
    }
    (item,) = collect(Table(), shared / "contracts/market/erp", settings=options)
    facts = Facts(Table().read(item))
    assert facts.values("order.status") == ["Shipped - Delivered to Buyer"]
    assert isinstance(facts.named("order.placed.at")[0].value, Instant)


def workbook(rows: list[list[Any]], formats: Mapping[str, str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for place, shape in (formats or {}).items():
        sheet[place].number_format = shape
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def test_a_workbook_is_read_and_its_dates_have_no_zone(tmp_path: Path) -> None:
    data = workbook(
        [
            HEADING.split(","),
            ["111-1111111-1111111", "x", None, 1],
            [ORDER.id, 1234567890123, datetime(2026, 6, 13, 13, 21, 43), 49.99],
            [ORDER.id, "y", date(2026, 6, 14), "=1+1"],
        ],
        {"C4": "yyyy-mm-dd"},
    )
    (tmp_path / "导出.xlsx").write_bytes(data)
    item, facts = one(tmp_path)
    assert item.content.read(1 << 20) == data
    assert facts.values("shipment.tracking_number") == ["1234567890123", "y"]
    first, second = facts.named("shipment.shipped.at")
    assert isinstance(first.value, LocalTime)
    assert first.value.wall == datetime(2026, 6, 13, 13, 21, 43)
    assert isinstance(second.value, LocalDate)
    # A formula without a stored result says nothing.
    assert facts.values("order.total") == ["49.99 USD"]
    assert {fact.group for fact in facts} == {"row/3", "row/4"}
    _, zoned = one(tmp_path, zone="Asia/Shanghai")
    assert isinstance(zoned.named("shipment.shipped.at")[0].value, Instant)


def repacked(data: bytes, members: Mapping[str, bytes]) -> bytes:
    """A workbook with members put in or replaced."""
    kept = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in members:
                new.writestr(name, old.read(name))
        for name, content in members.items():
            new.writestr(name, content)
    return kept.getvalue()


def test_external_links_are_neither_followed_nor_read() -> None:
    link = b"<externalLink><externalBook r:id='rId1'/></externalLink>"  # not even well-formed
    data = repacked(
        workbook([HEADING.split(","), [ORDER.id, "x", None, 1]]),
        {"xl/externalLinks/externalLink1.xml": link},
    )
    assert facts_of(data).values("order.id") == [ORDER.id]


def test_a_workbook_that_unpacks_to_a_bomb_is_refused_before_it_is_unpacked() -> None:
    plain = workbook([HEADING.split(",")])
    with pytest.raises(TooLargeError):
        facts_of(repacked(plain, {"xl/big.xml": bytes(65 << 20)}))
    with pytest.raises(FormatError, match="unpacks"):
        facts_of(repacked(plain, {"xl/big.xml": bytes(20 << 20)}))
    with pytest.raises(TooLargeError):
        facts_of(repacked(plain, {f"xl/{n}": b"" for n in range(2001)}))


@pytest.mark.timeout(60)
def test_a_sheet_that_lies_about_its_size_ends_soon() -> None:
    plain = workbook([HEADING.split(","), [ORDER.id, "x", None, 1]])
    with zipfile.ZipFile(io.BytesIO(plain)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    wide = sheet.replace(b'ref="A1:D2"', b'ref="A1:XFD1048576"')
    assert wide != sheet
    wide_facts = facts_of(repacked(plain, {"xl/worksheets/sheet1.xml": wide}))
    assert wide_facts.values("order.id") == [ORDER.id]
    far = sheet.replace(b'<row r="2"', b'<row r="99999999999"')
    assert far != sheet
    with pytest.raises(TooLargeError):
        facts_of(repacked(plain, {"xl/worksheets/sheet1.xml": far}))


def test_entities_in_a_workbook_are_refused() -> None:
    plain = workbook([HEADING.split(","), [ORDER.id, "x", None, 1]])
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbb"><!ENTITY c "&b;&b;">]><worksheet>&c;</worksheet>'
    with pytest.raises(FormatError):
        facts_of(repacked(plain, {"xl/worksheets/sheet1.xml": bomb}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"columns": {"a": "order.nonsense"}}, "order.nonsense"),
        ({"columns": {"a": "order.total"}}, "no row has an order"),
        ({"zone": "CST"}, "CST"),
        ({"zones": {"no such": "Asia/Shanghai"}}, "no such"),
        ({"currency": "dollars"}, "USD"),
        ({"delimiter": "x"}, "delimiter"),
        ({"date_formats": ["%Y %Z"]}, "EST"),
        ({"role": "pod.document"}, "role"),
        ({"collumns": {}}, "collumns"),
        ({"encoding": "zlib"}, "encoding"),
    ],
)
def test_a_mistake_in_the_settings_is_named(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    export(tmp_path, HEADING, OWN)
    with pytest.raises(EvidenceError, match=said):
        collect(Table(), tmp_path, settings=SETTINGS | changes)


def test_a_layout_travels_with_the_item_and_an_item_without_one_is_not_read() -> None:
    layout = Layout.from_settings(
        SETTINGS | {"zone": "Asia/Shanghai", "date_formats": ["%d.%m.%Y"]}
    )
    assert Layout.from_hint(layout.hint()) == layout
    item = item_of(b"")
    with pytest.raises(ShapeError):
        Table().read(Item(**{n: getattr(item, n) for n in item.__slots__} | {"hints": {}}))


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", HEADING.encode() + b"\n", OWN.encode() + b"\n", b"PK\x03\x04"]),
    st.sampled_from(["", "utf-8", "gb18030", "utf-16"]),
)
def test_any_bytes_give_facts_that_can_be_sealed_or_an_error_of_ours(
    data: bytes, start: bytes, encoding: str
) -> None:
    item = item_of(start + data, encoding=encoding)
    try:
        facts = Table().read(item)
    except EvidenceError:
        return
    assert Table().read(item) == facts
    canonical([fact.to_json() for fact in facts])


# JSON lines


def test_an_object_a_line_is_a_row_and_its_keys_are_headings(tmp_path: Path) -> None:
    own = {"平台订单号": ORDER.id, "运单号": "1Z999AA10123456784", "金额": 49.90, "x": [1]}
    other = {"平台订单号": "111-1111111-1111111", "运单号": "1ZSTRANGER"}
    lines = [json.dumps(line, ensure_ascii=False) for line in (other, own)]
    item, facts = one(export(tmp_path, *lines, name="orders.jsonl"))
    assert item.media_type == "application/x-ndjson"
    said = {fact.name: (fact.text, str(fact.locator)) for fact in facts}
    assert said == {
        "order.id": (ORDER.id, "cell:2/平台订单号"),
        "shipment.tracking_number": ("1Z999AA10123456784", "cell:2/运单号"),
        "order.total": ("49.9 USD", "cell:2/金额"),
    }


@pytest.mark.parametrize(
    "line",
    ["{", '{"平台订单号": {"a": 1}}', "[1]", '{"平台订单号": "' + "9" * 40_000 + '"}', "[" * 5000],
)
def test_a_line_that_is_no_row_is_told_and_the_next_one_is_read(tmp_path: Path, line: str) -> None:
    own = json.dumps({"平台订单号": ORDER.id}, ensure_ascii=False)
    _, facts = one(export(tmp_path, own, line, own, name="orders.ndjson"))
    assert [fact.name for fact in facts if fact.name == "row.broken"] == ["row.broken"]
    assert len(list(facts.named("order.id"))) == 2
