"""Saved pages, JSON, XML and tables: each value with the path that leads to it."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from evidence.facts import Fact
from evidence.locators import resolve_pointer
from evidence.times import Instant, LocalTime
from tests.verifiers.documents import received
from tests.verifiers.evidence_of import NUMBER, ORDER
from tests.verifiers.readers.test_mail import named
from verifiers.readers.inside import MAX_FILES
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


@pytest.mark.parametrize(
    ("name", "count"),
    [("delivered_at", 1794405240), ("deliveredTime", 1794405240000),
     ("delivery_timestamp", 1794405240000000)],
)  # fmt: skip
def test_a_moment_counted_since_1970_is_the_utc_time_that_it_is(name: str, count: int) -> None:
    (delivered,) = named(facts_of(json.dumps({name: count})), "delivery.at")
    assert isinstance(delivered.value, Instant)
    assert delivered.value.at.isoformat() == "2026-11-11T13:54:00+00:00"


@pytest.mark.parametrize(
    ("name", "count"), [("delivered_at", 179440), ("delivered_id", 1794405240)]
)
def test_a_number_that_counts_no_time_stays_a_number(name: str, count: int) -> None:
    facts = facts_of(json.dumps({name: count}))
    assert named(facts, "delivery.at") == []
    assert f"{count}" in named(facts, "document.text")[0].text


def test_what_an_update_describes_happened_then() -> None:
    """TikTok Shop's tracking; elsewhere an update is an update."""
    way = [{"description": "Your package has been delivered.", "update_time_millis": 1794405240000}]
    assert named(facts_of(json.dumps({"tracking": way})), "delivery.at")
    order = {"status": "delivered", "update_time_millis": 1794405240000}
    assert named(facts_of(json.dumps({"order": order})), "delivery.at") == []


def test_a_records_other_times_are_no_delivery() -> None:
    """An aggregator's tracker: made and due on other days than it was delivered on."""
    tracker = {
        "tracking_code": NUMBER, "status": "delivered", "created_at": "2026-11-01T08:00:00Z",
        "updated_at": "2026-11-06T08:00:00Z", "est_delivery_date": "2026-11-08T08:00:00Z",
        "tracking_details": [
            {"message": "PICKED UP", "status": "in_transit", "datetime": "2026-11-02T08:00:00Z"},
            {"message": "DELIVERED", "status": "delivered", "datetime": "2026-11-05T14:32:00Z"},
        ],
    }  # fmt: skip
    facts = facts_of(json.dumps(tracker))
    assert [fact.text for fact in named(facts, "delivery.at")] == ["2026-11-05T14:32:00Z"]


@pytest.mark.parametrize(
    "said",
    [{"order": {"id": 450789469, "name": "#1001"}}, {"orders": [{"name": "#1001"}]}],
)
def test_the_name_of_an_order_is_its_number(said: object) -> None:
    assert [fact.text for fact in named(facts_of(json.dumps(said)), "order.alias")] == ["1001"]


@pytest.mark.parametrize(
    "head", ["order_id,tracking_number,delivered_at", "orderId,trackNo,deliveredTime"]
)
@pytest.mark.parametrize("title", ["", "Orders export,,\n,,\n"])
def test_columns_named_by_programs_are_headings_also_under_a_title(head: str, title: str) -> None:
    facts = facts_of(f"{title}{head}\n8125374305034662,338779389261,2026-11-05 14:32\n")
    assert [fact.text for fact in named(facts, "order.alias")] == ["8125374305034662"]
    assert [fact.text for fact in named(facts, "shipment.tracking_number")] == ["338779389261"]
    assert len(named(facts, "delivery.at")) == 1
    name = head.split(",")[0]
    place = str(named(facts, "order.alias")[0].locator)
    assert place.endswith(f"/{name}")  # as the file has it


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("gb18030", "订单号：112-9031372-8231456\n签收时间：2026-11-05 14:32\n"),
     ("shift_jis", "ご注文番号：112-9031372-8231456\nお届け日時：2026/11/05 14:32\n"),
     ("cp1252", "Numéro de commande : 112-9031372-8231456\nLivré le 5 novembre 2026 à 14:32\n")],
)  # fmt: skip
def test_text_of_before_unicode_is_read(encoding: str, text: str) -> None:
    data = text.encode(encoding)
    assert reader_name(data) == "text"
    facts = facts_of(data)
    assert [fact.text for fact in named(facts, "order.id")] == ["112-9031372-8231456"]
    assert len(named(facts, "delivery.at")) == 1


@pytest.mark.parametrize(
    "data", [bytes(range(128, 256)), b"\x00\xd0\xe0" * 9, b"\xff\xfb\x90d" * 99]
)
def test_other_bytes_are_no_text(data: bytes) -> None:
    assert reader_name(data) == ""


def archive(*records: tuple[str, bytes], gzip: bool = True) -> bytes:
    made = io.BytesIO()
    writer = WARCWriter(made, gzip=gzip)
    writer.write_record(writer.create_warcinfo_record("a.warc", {"software": "x"}))
    for address, body in records:
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        record = writer.create_warc_record(
            address, "response", payload=io.BytesIO(body), http_headers=head,
            warc_headers_dict={"WARC-Date": "2026-11-06T08:00:00Z"},
        )  # fmt: skip
        writer.write_record(record)
    return made.getvalue()


@pytest.mark.parametrize("gzip", [True, False], ids=["packed", "plain"])
def test_a_web_archives_answers_are_read_with_their_address_and_moment(*, gzip: bool) -> None:
    page = f"<html><body>{PAGE}</body></html>".encode()
    facts = facts_of(archive(("https://ups.example/t?n=1", page), gzip=gzip))
    assert [fact.text for fact in named(facts, "document.address")] == ["https://ups.example/t?n=1"]
    assert [fact.text for fact in named(facts, "document.captured.at")] == ["2026-11-06T08:00:00Z"]
    assert [str(fact.locator) for fact in named(facts, "order.id")] == ["attached:2/line:1"]
    assert named(facts, "delivery.at")


def test_a_web_archive_that_was_cut_off_says_so_and_keeps_what_came_before() -> None:
    page = f"<html><body>{PAGE}</body></html>".encode()
    whole = archive(("https://ups.example/1", page), ("https://ups.example/2", page * 99))
    facts = facts_of(whole[:-40])
    assert named(facts, "order.id")
    assert named(facts, "reading.failed")


def test_no_more_answers_of_a_web_archive_are_read_than_files_of_an_item() -> None:
    pages = [(f"https://ups.example/{n}", b"<html><p>x</p></html>") for n in range(MAX_FILES + 1)]
    (said,) = named(facts_of(archive(*pages)), "reading.failed")
    assert said.text == f"only {MAX_FILES} of the answers in it were read"


def scans(**utc: str) -> str:
    def one(said: str, day: str, clock: str, **more: str) -> dict[str, object]:
        return {"status": {"type": "x", "description": said}, "date": day, "time": clock, **more}

    return json.dumps(
        {"activity": [one("DELIVERED", "20261120", "141400", **utc),
                      one("Out For Delivery", "20261120", "090200", **utc)]}
    )  # fmt: skip


def test_a_day_and_the_time_of_day_beside_it_are_one_moment_with_the_objects_offset() -> None:
    said = scans(gmtDate="20261120", gmtTime="22:14:00", gmtOffset="-08:00")
    (delivered,) = named(facts_of(said), "delivery.at")
    assert isinstance(delivered.value, Instant)
    assert delivered.value.at.isoformat() == "2026-11-20T22:14:00+00:00"
    assert str(delivered.locator) == "json:/activity/0/date"


def test_without_an_offset_the_moment_has_no_zone() -> None:
    (delivered,) = named(facts_of(scans()), "delivery.at")
    assert isinstance(delivered.value, LocalTime)
    assert delivered.value.wall.isoformat() == "2026-11-20T14:14:00"


@pytest.mark.parametrize(
    "value", [{"date": "20261320", "time": "141400"}, {"date": "20261120", "time": "996100"},
              {"date": 20261120}, {"time": "141400"}],
)  # fmt: skip
def test_figures_that_are_no_day_and_time_stay_figures(value: dict[str, object]) -> None:
    told = {fact.text for fact in named(facts_of(json.dumps(value)), "document.text")}
    assert told == {f"{name}: {one}" for name, one in value.items()}
