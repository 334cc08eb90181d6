"""Saved pages, JSON, XML and tables: each value with the path that leads to it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.facts import Fact
from evidence.locators import resolve_pointer
from evidence.times import Instant
from tests.verifiers.documents import received
from tests.verifiers.evidence_of import NUMBER, ORDER
from tests.verifiers.readers.test_mail import named
from verifiers.readers.registry import read, reader_of
from verifiers.readers.tables import MAX_COLUMNS


def facts_of(data: str | bytes) -> list[Fact]:
    facts = read(received(data.encode() if isinstance(data, str) else data))
    assert facts is not None
    return facts


def reader_name(data: bytes) -> str:
    reader = reader_of(received(data))
    return reader.name if reader else ""


PAGE = f"<p>Order {ORDER.id}</p><p>Delivered on: 2026-11-05 14:32 UTC-8</p>"

SAVED = {
    "SingleFile": (
        "<!DOCTYPE html> <html><!--\n Page saved with SingleFile \n"
        " url: https://ups.example/t?n=1 \n"
        " saved date: Fri Nov 06 2026 09:00:00 GMT+0100 (Central European Standard Time)\n-->",
        "2026-11-06T08:00:00+00:00",
        "https://ups.example/t?n=1",
    ),
    "monolith": (
        "<html><!-- Saved from https://ups.example/t at 2026-11-06T08:00:00Z using monolith -->",
        "2026-11-06T08:00:00+00:00",
        "https://ups.example/t",
    ),
    "HTTrack": (
        "<html><!-- Mirrored from ups.example/t by HTTrack Website Copier/3.x [XR&CO'2014],"
        " Fri, 06 Nov 2026 08:00:00 GMT -->",
        "2026-11-06T08:00:00+00:00",
        "ups.example/t",
    ),
    "a browser": (
        "<html><!-- saved from url=(0021)https://ups.example/t -->",
        None,
        "https://ups.example/t",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("head", "at", "address"), SAVED.values(), ids=SAVED.keys())
def test_a_saved_page_tells_what_its_program_wrote_of_it(
    head: str, at: str | None, address: str
) -> None:
    facts = facts_of(f"{head}<body>{PAGE}</body></html>")
    assert [fact.text for fact in named(facts, "document.address")] == [address]
    captured = [fact.value for fact in named(facts, "document.captured.at")]
    assert [value.at.isoformat() for value in captured if isinstance(value, Instant)] == (
        [at] if at else []
    )
    assert [fact.text for fact in named(facts, "order.id")] == [ORDER.id]


MHTML = (
    "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://ups.example/track\r\n"
    "Subject: Tracking\r\nDate: Fri, 6 Nov 2026 09:00:00 +0100\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/related; type="text/html"; boundary="----X"\r\n\r\n\r\n'
    "------X\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    f"<p>Order {ORDER.id}</p><p style=3D\"display:none\">Order 112-9999999-9999999</p>\r\n"
    "------X\r\nContent-Type: text/css\r\n\r\np {}\r\n------X--\r\n"
)  # fmt: skip


def test_a_page_saved_as_mhtml_has_its_address_its_moment_and_its_visible_lines() -> None:
    assert reader_name(MHTML.encode()) == "mhtml"
    facts = facts_of(MHTML)
    (captured,) = named(facts, "document.captured.at")
    assert isinstance(captured.value, Instant) and captured.value.at.hour == 8
    assert [fact.text for fact in named(facts, "document.address")] == ["https://ups.example/track"]
    (order,) = named(facts, "order.id")
    assert (order.text, str(order.locator)) == (ORDER.id, "part:1/line:1")


def test_each_value_of_json_has_its_path_and_each_digit() -> None:
    data = json.dumps(
        {"orderId": ORDER.id, "parcels": [{"tracking_number": NUMBER}], "a/b": 12345678901234567890}
    )
    facts = facts_of(data)
    (number,) = named(facts, "shipment.tracking_number")
    assert str(number.locator) == "json:/parcels/0/tracking_number"
    assert str(named(facts, "order.id")[0].locator) == "json:/orderId"
    big = next(fact for fact in facts if "12345678901234567890" in fact.text)
    assert str(big.locator) == "json:/a~1b"


@given(st.recursive(
    st.text(max_size=8) | st.integers(-9, 9) | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
))  # fmt: skip
def test_every_path_leads_back_to_its_value(value: object) -> None:
    document = {"": value}
    for fact in facts_of(json.dumps(document)):
        if fact.name == "document.text":
            found = resolve_pointer(document, fact.locator.place)
            assert fact.text.endswith(" ".join(str(found).split())[:400])


@pytest.mark.parametrize("data", ['{"a": 1', "{} {}", '[{"a": }]', '{"a"' * 30_000])
def test_what_only_begins_like_json_is_read_as_text_and_said_to_be_none(data: str) -> None:
    facts = facts_of(data)
    assert any("begins like JSON" in fact.text for fact in named(facts, "reading.failed"))


def test_lists_in_lists_are_refused_in_a_sentence() -> None:
    facts = facts_of("[" * 200_000 + "]" * 200_000)
    assert "nested too deeply" in named(facts, "reading.failed")[0].text


def test_xml_and_svg_have_paths_and_no_entities() -> None:
    facts = facts_of(f"<?xml version='1.0'?><r><TrackingNumber>{NUMBER}</TrackingNumber></r>")
    (number,) = named(facts, "shipment.tracking_number")
    assert str(number.locator) == "xml:/r/TrackingNumber"
    drawn = facts_of(f"<svg><script>x</script><text>Order {ORDER.id}</text></svg>")
    assert [str(fact.locator) for fact in named(drawn, "order.id")] == ["xml:/svg/text"]
    assert named(drawn, "file.program")
    laughs = "<?xml version='1.0'?><!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><l>&b;</l>"
    assert "document type" in named(facts_of(laughs), "reading.failed")[0].text


def test_a_tables_cells_stand_under_their_headings_and_rows_are_apart() -> None:
    rows = f"Order ID,Tracking Number,Delivered At\n{ORDER.id},{NUMBER},2026-11-05 14:32\n"
    facts = facts_of(rows + "112-1111111-1111111,,2026-11-06 10:00\n")
    (number,) = named(facts, "shipment.tracking_number")
    assert (str(number.locator), number.group) == ("cell:2/Tracking Number", "row/2")
    assert [fact.group for fact in named(facts, "delivery.at")] == ["row/2", "row/3"]


def test_guarded_numbers_and_other_delimiters_are_read() -> None:
    facts = facts_of(f'订单号;运单号;签收时间\n="{ORDER.id}";\'{NUMBER};2026-11-05 14:32\n')
    assert [fact.text for fact in named(facts, "shipment.tracking_number")] == [NUMBER]


def test_prose_with_commas_is_no_table() -> None:
    facts = facts_of("Delivered on: Nov 5, 2026\nShipped on: Nov 2, 2026\nThanks, UPS\n")
    assert str(named(facts, "document.text")[0].locator) == "line:1"
    assert named(facts, "delivery.at")


def test_that_columns_were_not_read_is_said() -> None:
    wide = ";".join(f"n{number}" for number in range(MAX_COLUMNS + 1))
    (said,) = named(facts_of(f"{wide}\n{wide}\n"), "reading.failed")
    assert said.text == f"only the first {MAX_COLUMNS} columns of a row were read"
    fits = wide.rpartition(";")[0]
    assert named(facts_of(f"{fits}\n{fits}\n"), "reading.failed") == []
