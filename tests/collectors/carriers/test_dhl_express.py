"""DHL Express: what is asked, against the MyDHL API's description; what is read, from examples."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.carriers.dhl_express import DhlExpress
from evidence.errors import ShapeError
from evidence.items import Role
from evidence.times import Instant, LocalDate, LocalTime
from service.sandbox.faults import Fault
from tests.collectors.carriers.story import ORDER, histories, questions, said, sandbox, told
from tests.collectors.contract import Contract
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said, facts_named

NUMBER = "4829173602"
OTHER = "9356579890"
PIECE = "JJD014600006281230704"
FOLDER = "contracts/carriers/dhl_express_mydhl"
DERIVED = frozenset({"delivery.document", "shipment.weight"})


def events(*each: dict[str, Any]) -> dict[str, Any]:
    return {"shipments": [{"shipmentTrackingNumber": NUMBER, "events": list(each)}]}


@pytest.fixture(scope="session")
def openapi(shared: Path) -> Contract:
    path = shared / FOLDER / "openapi/mydhl-3.1.1-tracking-epod.json"
    return Contract(path, prefix="/dhl_express")


async def test_each_request_and_answer_is_one_that_dhl_documents(openapi: Contract) -> None:
    app = sandbox("dhl_express", NUMBER)
    options = {"account_number": 123456789}
    items = await told(app, DhlExpress(), NUMBER, OTHER, options=options)
    asked = questions(app)
    assert [one.path.removeprefix("/dhl_express") for one in asked] == [
        "/tracking", f"/shipments/{NUMBER}/proof-of-delivery", "/tracking",
    ]  # fmt: skip
    for one, item in zip(asked, histories(items), strict=True):
        openapi.assert_request(one)
        openapi.assert_answer(one, int(item.hints["http.status"]), said(item))
        assert 1 <= len(one.headers["Message-Reference"]) <= 36
    assert asked[1].query == {"content": "epod-summary", "shipperAccountNumber": "123456789"}


async def test_a_piece_is_asked_for_as_a_piece_and_another_division_not_at_all() -> None:
    app = sandbox("dhl_express", PIECE, pod_letter=False)
    await told(app, DhlExpress(), PIECE, "00340434292135100186", "GM60511234500000001")
    (asked, _) = questions(app)
    assert asked.query["pieceTrackingNumber"] == PIECE


async def test_a_parcel_brings_its_history_and_the_epod() -> None:
    app = sandbox("dhl_express", NUMBER)
    items = await told(app, DhlExpress(), NUMBER)
    history, wrapper, paper = items
    assert [item.role for item in items] == [
        Role.TRACKING_HISTORY, Role.TRACKING_HISTORY, Role.POD_DOCUMENT,
    ]  # fmt: skip
    assert paper.media_type == "application/pdf" and paper.part_of is not None
    assert paper.part_of.sha256 == wrapper.sha256
    (held,) = DhlExpress().read(wrapper)
    assert (held.value, str(held.locator)) == ("yes", "json:/documents/0/content")
    assert DhlExpress().read(paper) == []
    facts = DhlExpress().read(history)
    assert_said(facts, said(history), derived=DERIVED)
    words = {fact.name: fact.text for fact in facts}
    assert words["shipment.reference"] == ORDER.id
    assert words["scan.delivered.at"] == "2026-07-03 14:31:07 -07:00"
    assert words["delivery.received_by"] == "DOE"
    assert words["shipment.weight"] == "3.2 lb"
    assert words["shipment.recipient.name"] == "Jane Doe"
    assert "parcel.status" not in words, "DHL's `status` is of the request, not of the parcel"


async def test_that_there_is_no_epod_is_brought_and_read() -> None:
    app = sandbox("dhl_express", NUMBER, pod_letter=False)
    _, none = await told(app, DhlExpress(), NUMBER)
    (held,) = DhlExpress().read(none)
    assert (held.name, held.value, none.hints["http.status"]) == ("delivery.document", "no", "404")


async def test_of_what_is_under_way_no_epod_is_asked_for() -> None:
    app = sandbox("dhl_express", NUMBER, events=())
    await told(app, DhlExpress(), NUMBER)
    assert len(questions(app)) == 1


async def test_a_shipment_dhl_never_saw_is_a_fact_not_an_error() -> None:
    (item,) = await told(sandbox("dhl_express"), DhlExpress(), NUMBER)
    (unknown,) = DhlExpress().read(item)
    assert (unknown.name, unknown.text) == ("parcel.unknown", "No shipment was found.")


async def test_an_epod_that_is_refused_costs_no_other_shipment_its_history() -> None:
    fault = Fault(kind="status", status=403, on="proof-of-delivery")
    app = sandbox("dhl_express", NUMBER, OTHER, faults=(fault,))
    with pytest.raises(Exception, match="403"):
        await told(app, DhlExpress(), NUMBER, OTHER)
    assert len(questions(app)) == 4


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            {"date": "2020-06-10", "time": "13:06:00", "GMTOffset": "+09:00"},
            Instant(
                datetime(2020, 6, 10, 4, 6, tzinfo=UTC), "2020-06-10 13:06:00 +09:00", "+09:00"
            ),
        ),
        (
            {"date": "2020-06-10", "time": "13:06:00"},
            LocalTime(datetime(2020, 6, 10, 13, 6), "2020-06-10 13:06:00"),
        ),
        ({"date": "2020-06-10", "GMTOffset": "+09:00"}, LocalDate(date(2020, 6, 10), "2020-06-10")),
    ],
    ids=["with an offset", "without", "a bare date"],
)
def test_a_time_says_what_dhl_says_and_no_more(event: dict[str, str], expected: object) -> None:
    facts = DhlExpress().read(answer(DhlExpress(), events({"typeCode": "OK", **event})))
    (at,) = facts_named(facts, "scan.delivered.at")
    assert at.value == expected


@pytest.mark.parametrize(
    ("code", "name"),
    [("OK", "scan.delivered"), ("PD", "scan.exception"), ("DD", "scan.exception"),
     ("WC", "scan.out_for_delivery"), ("PU", "scan.accepted"), ("XX", "scan.other"),
     ("", "scan.other")],
)  # fmt: skip
def test_a_scan_is_named_by_its_code_alone(code: str, name: str) -> None:
    event = {"typeCode": code, "description": "Delivered", "signedBy": "X"}
    facts = DhlExpress().read(answer(DhlExpress(), events(event)))
    assert [fact.name for fact in facts if fact.name.startswith("scan.")] == [name]
    assert len(facts_named(facts, "delivery.received_by")) == (name == "scan.delivered")


def test_each_of_several_pieces_is_a_parcel_and_a_single_one_another_name_of_it() -> None:
    pieces = [{"trackingNumber": PIECE, "events": []}, {"trackingNumber": PIECE[:-1] + "5"}]
    page = events()
    page["shipments"][0]["pieces"] = pieces
    several = facts_named(DhlExpress().read(answer(DhlExpress(), page)), "shipment.tracking_number")
    assert len({fact.group for fact in several}) == 3
    page["shipments"][0]["pieces"] = pieces[:1]
    single = facts_named(DhlExpress().read(answer(DhlExpress(), page)), "shipment.tracking_number")
    assert len({fact.group for fact in single}) == 1 and len(single) == 2


@pytest.mark.parametrize(
    ("name", "count"), [("schema_tracking_response", 3), ("tracking_response", 2)]
)
def test_a_sample_reads_without_loss(shared: Path, name: str, count: int) -> None:
    data = (shared / FOLDER / f"samples/{name}.json").read_bytes()
    facts = DhlExpress().read(answer(DhlExpress(), data))
    assert_said(facts, json.loads(data), derived=DERIVED)
    assert (
        len([fact for fact in facts if fact.name.startswith("scan.") and fact.name.endswith(".at")])
        == count
    )
    assert not facts_named(facts, "field.unread")


def test_a_refusal_and_a_document_too_short_to_be_one_are_read_as_what_they_are(
    shared: Path,
) -> None:
    samples = shared / FOLDER / "samples"
    refused = (samples / "error_response.json").read_bytes()
    (unknown,) = DhlExpress().read(answer(DhlExpress(), refused, hints={"http.status": "404"}))
    assert unknown.text == "No shipments found for the given tracking number"
    with pytest.raises(ShapeError):
        DhlExpress().read(answer(DhlExpress(), refused))
    paper = (samples / "proof_of_delivery_response.json").read_bytes()
    (held,) = DhlExpress().read(answer(DhlExpress(), paper, hints={"asked": "epod"}))
    assert held.name == "delivery.document"


def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    document = json.loads((shared / FOLDER / "samples/schema_tracking_response.json").read_bytes())
    assert_holds_under_drift(DhlExpress(), document, derived=DERIVED)
