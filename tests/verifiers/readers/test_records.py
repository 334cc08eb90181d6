"""What carriers' and shops' answers say, in JSON and in XML: a record tells of one thing."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.facts import Fact
from evidence.times import Instant, LocalDate, LocalTime
from tests.verifiers.documents import received
from tests.verifiers.readers.test_mail import named
from verifiers.readers.registry import read, reader_of

DELIVERED = "delivery.at"


def facts_of(said: str | dict[str, Any] | list[Any]) -> list[Fact]:
    data = said if isinstance(said, str) else json.dumps(said)
    facts = read(received(data.encode()))
    assert facts is not None
    return facts


def delivered(said: str | dict[str, Any] | list[Any]) -> list[tuple[str, str]]:
    return [(fact.text, str(fact.locator)) for fact in named(facts_of(said), DELIVERED)]


# Between what happened and when, and beside both, vendors write where it was and much else.
PLACE = {"city": "Seattle", "state": "WA", "country": "US", "postalCode": "98101"}
MADE, WHEN = "2026-11-01T08:00:00Z", "2026-11-05T14:30:12Z"


@pytest.mark.parametrize(
    ("event", "text", "key"),
    [
        ({"eventCode": "Delivered", "location": PLACE, "eventTime": WHEN}, WHEN, "eventTime"),
        ({"eventTime": WHEN, **PLACE, "slic": "8566", "event": "DELIVERED"}, WHEN, "eventTime"),
        ({"activityDate": WHEN, "createDate": MADE, "code": "DL", **PLACE, "status": "Delivered"},
         WHEN, "activityDate"),
        ({"type": "DDL", "eventDate": WHEN, "flightDate": MADE, **PLACE,
          "estimatedDeliveryDate": MADE, "description": "Package has been delivered."},
         WHEN, "eventDate"),
        ({"date": "20261105", **PLACE, "time": "143012", "status": {"description": "DELIVERED"}},
         "2026-11-05T14:30:12", "date"),
        ({"event-date": "2026-11-05", "event-time": "14:30:12", **PLACE, "event-time-zone": "EST",
          "event-description": "Item successfully delivered"},
         "2026-11-05T14:30:12 EST", "event-date"),
        ({"statusDate": "November 5, 2026", "statusTime": "2:30 pm", **PLACE,
          "status": "DELIVERED"}, "November 5, 2026 2:30 pm", "statusDate"),
        ({"description": "DELIVERED", **PLACE, "local_date_time": "20261105 143012"},
         "2026-11-05T14:30:12", "local_date_time"),
    ],
)  # fmt: skip
def test_the_moment_of_a_row_is_when_that_happened_which_the_row_describes(
    event: dict[str, Any], text: str, key: str
) -> None:
    other = {"eventCode": "InTransit", "location": PLACE, "eventTime": MADE}
    answer = {"trackingId": "89108749065090", "history": [event, other]}
    assert (text, f"json:/history/0/{key}") in delivered(answer)
    assert all(MADE not in said for said, _ in delivered(answer))


def test_a_time_in_utc_beside_the_local_one_is_read_in_utc() -> None:
    local = {"localActivityDate": "20261105", "localActivityTime": "095004"}
    utc = {"gmtActivityDate": "20261105", "gmtActivityTime": "135004"}
    said = [one.text for one in facts_of({**local, **utc}) if one.name == "document.text"]
    assert said == [
        "local Activity Date: 2026-11-05T09:50:04", "gmt Activity Date: 2026-11-05T13:50:04Z"
    ]  # fmt: skip


@pytest.mark.parametrize("midnight", ["2026-11-05T00:00:00", "2026-11-05T00:00:00-06:00"])
def test_a_midnight_to_the_second_is_a_day(midnight: str) -> None:
    (found,) = named(facts_of({"deliveredAt": midnight}), DELIVERED)
    assert isinstance(found.value, LocalDate) and found.value.day == date(2026, 11, 5)
    (minute,) = named(facts_of({"deliveredAt": "2026-11-05T00:01:00"}), DELIVERED)
    assert isinstance(minute.value, LocalTime)


def test_what_is_promised_is_not_done() -> None:
    summary = {
        "EarliestDeliveryDate": WHEN, "LatestDeliveryDate": WHEN, "LatestShipDate": MADE,
        "estimDate": WHEN,
    }  # fmt: skip
    facts = facts_of({"Summary": summary})
    assert not named(facts, DELIVERED) and not named(facts, "shipment.shipped.at")
    assert not named(facts, "document.captured.at")


def test_the_last_moment_of_a_list_is_no_capture() -> None:
    rows = [{"id": "1", "last_edited_at": MADE}, {"id": "2", "last_edited_at": WHEN}]
    assert not named(facts_of({"comments": rows}), "document.captured.at")
    (own,) = named(facts_of({"comments": rows, "publishTime": WHEN}), "document.captured.at")
    assert str(own.locator) == "json:/publishTime"


def way(number: str, day: int) -> dict[str, Any]:
    return {
        "trackingNumber": number,
        "events": [
            {"status": "Delivered", "at": f"2026-11-{day:02}T14:30:12Z"},
            {"status": "Out for delivery", "at": f"2026-11-{day:02}T08:30:12Z"},
        ],
    }


def test_what_is_said_of_several_parcels_is_told_of_each() -> None:
    parcels = [way("1Z999AA10123456784", 2), way("1Z001985YW99744790", 9)]
    found = named(facts_of({"shipments": parcels}), DELIVERED)
    assert [one.group for one in found] == ["json/shipments/0", "json/shipments/1"]
    numbers = named(facts_of({"shipments": parcels}), "shipment.tracking_number")
    assert [one.group for one in numbers] == ["json/shipments/0", "json/shipments/1"]
    # Without numbers too; but the rows of one history, and parcels of one number, are of one.
    nameless = [{"events": one["events"]} for one in parcels]
    assert len({one.group for one in named(facts_of(nameless), DELIVERED)}) == 2
    alone = facts_of({"shipments": parcels[:1]})
    assert {one.group for one in alone} == {""}
    rows = [{**row, "trackingNumber": "1Z999AA10123456784"} for row in parcels[0]["events"]]
    assert {one.group for one in facts_of({"events": rows})} == {""}


def test_rows_of_orders_are_apart_as_those_of_a_table_are() -> None:
    orders = [
        {"order_id": f"112-111111{n}-1111111", "created_at": f"2026-11-0{n}T09:30:00Z"}
        for n in (1, 2)
    ]
    found = named(facts_of({"orders": orders}), "order.id")
    assert [one.group for one in found] == ["json/orders/0", "json/orders/1"]


EVENT = (
    '<event code="DL"><event-date>2026-11-05</event-date><event-time>14:30:12</event-time>'
    "<site>QUEBEC</site><event-time-zone>UTC</event-time-zone>"
    "<event-description>Item delivered</event-description></event>"
)
OTHER = (
    "<event><event-date>2026-11-04</event-date><event-time>09:30:12</event-time><site>LAVAL</site>"
    "<event-description>In transit</event-description></event>"
)


@pytest.mark.parametrize("declared", ["<?xml version='1.0'?>", ""])
@pytest.mark.parametrize("rows", [EVENT + OTHER, EVENT], ids=["two rows", "a row"])
def test_xml_is_read_as_records_with_its_declaration_and_without(declared: str, rows: str) -> None:
    item = received(f"{declared}<history-detail><events>{rows}</events></history-detail>".encode())
    reader = reader_of(item)
    assert reader is not None and reader.name == "xml"
    (found,) = named(read(item) or [], DELIVERED)
    assert str(found.locator) == "xml:/history-detail/events/event/event-date"
    assert isinstance(found.value, Instant)
    assert found.value.at == datetime(2026, 11, 5, 14, 30, 12, tzinfo=UTC)


def test_attributes_say_something_and_those_of_a_drawing_nothing() -> None:
    said = (
        "<?xml version='1.0'?><data name='piece' piece-code='00340434161094015902'"
        " status='The shipment has been delivered' status-timestamp='18.11.2026 10:02'/>"
    )
    assert delivered(said) == [("18.11.2026 10:02", "xml:/data/@status-timestamp")]
    drawn = "<svg><text x='10' data-at='18.11.2026 10:02'>Delivered</text></svg>"
    assert delivered(drawn) == []


def test_the_namespace_says_whose_format_it_is() -> None:
    said = "<e:Envelope xmlns:e='urn:soap'><b xmlns='http://tracking.chronopost.fr/'/></e:Envelope>"
    (mark,) = named(facts_of(said), "document.mark")
    assert (mark.text, str(mark.locator)) == ("chronopost", "xml:/Envelope/b")


@pytest.mark.parametrize("said", ["<r><a>Delivered on: 2026-11-05 14:32</r>", "<r a='1'>\n& x"])
def test_what_only_begins_like_xml_is_read_as_text_and_said_to_be_none(said: str) -> None:
    facts = facts_of(said)
    assert "begins like XML" in named(facts, "reading.failed")[0].text
    assert any(fact.locator.kind == "line" for fact in facts)


@pytest.mark.parametrize("said", ["<p>Delivered</p>", "<jane@shop.example> wrote", "< 5 kg"])
def test_other_text_that_begins_so_is_no_xml(said: str) -> None:
    reader = reader_of(received(said.encode()))
    assert reader is not None and reader.name == "text"


values = st.recursive(
    st.sampled_from(["2026-11-05T14:30:12Z", "delivered", "20261105", "143012", ""]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["date", "time", "gmtDate", "gmtTime", "gmtOffset", "tz", "status", "event",
                         "order", "name", "number", "track", "trackingNumber", "updateTime"]),
        inner, max_size=6),
    max_leaves=25,
)  # fmt: skip


@given(values)
def test_each_value_is_told_at_most_once_and_where_it_stands(value: object) -> None:
    told = [one for one in facts_of(json.dumps({"": value})) if one.name == "document.text"]
    places = [str(one.locator) for one in told]
    assert len(set(places)) == len(places)


# What vendors' own samples say of the delivery.
SAMPLES = {
    "dhl_parcel_de/samples/live_piece_detail_delivered.xml": "18.03.2016 10:02",
    "dhl_unified/samples/netresearch_success_7777777770.json": "2018-03-02T07:53:47Z",
    "other/amazon_shipping/samples/tracking_response.json": "2024-01-17T14:30:00Z",
    "other/canpar/samples/tracking_response.xml": "2011-03-08T09:14:42",
    "other/dicom/samples/tracking_response.json": "2021-02-10T04:27:31Z",
    "other/smartkargo/samples/tracking_response.json": "2021-01-26T14:30:00",
    "other/spring/samples/tracking_response.json": "2024-01-02 12:00:00",
    "other/chronopost/samples/tracking_response.xml": "2022-06-22T08:30:00+02:00",
    "ups/samples/trackalert_webhook_delivery_message.json": "2024-04-23T09:50:04",
}


@pytest.mark.needs_shared
@pytest.mark.parametrize(("sample", "text"), SAMPLES.items())
def test_the_delivery_of_a_vendors_own_sample_is_read(sample: str, text: str, shared: Path) -> None:
    said = (shared / "contracts/carriers" / sample).read_text()
    assert text in [text for text, _ in delivered(said)]
