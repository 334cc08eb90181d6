"""DHL unified: what is asked, against DHL's OpenAPI; what is read, from recorded answers."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collectors.carriers.dhl import Dhl
from evidence.errors import RequestError, ShapeError
from evidence.items import Role
from evidence.times import Instant, LocalDate, LocalTime
from tests.collectors.carriers.story import (
    ORDER,
    asked_at,
    histories,
    questions,
    said,
    sandbox,
    told,
)
from tests.collectors.contract import Contract
from tests.collectors.http_bench import server
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said, facts_named

NUMBER = "GM60511234500000001"
OTHER = "00340434292135100186"
FOLDER = "contracts/carriers/dhl_unified"


def shipment(*events: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"shipments": [{"id": NUMBER, "events": list(events), **more}]}


@pytest.fixture(scope="session")
def openapi(shared: Path) -> Contract:
    return Contract(shared / FOLDER / "openapi/utapi-tracking-1.4.1.yaml", prefix="/dhl")


async def test_each_request_and_answer_is_one_that_dhl_documents(openapi: Contract) -> None:
    app = sandbox("dhl", NUMBER)
    items = await told(app, Dhl(), NUMBER, OTHER, "4829173602")
    asked = [one for one in questions(app) if "/proof/" not in one.path]
    for one, item in zip(asked, histories(items), strict=True):
        openapi.assert_request(one)
        openapi.assert_answer(one, int(item.hints["http.status"]), said(item))
    services = [one.query.get("service") for one in asked]
    assert services == ["ecommerce", "parcel-de", None], "of a bare number DHL says whose it is"


async def test_a_parcel_brings_its_history_and_what_its_proof_links_to() -> None:
    items = await told(sandbox("dhl", NUMBER), Dhl(), NUMBER)
    assert [(item.role, item.media_type) for item in items] == [
        (Role.TRACKING_HISTORY, "application/json"),
        (Role.POD_SIGNATURE, "image/png"),
        (Role.POD_DOCUMENT, "application/pdf"),
    ]
    assert {item.about["shipment.tracking_number"] for item in items} == {NUMBER}
    facts = Dhl().read(items[0])
    assert_said(facts, said(items[0]))
    words = {fact.name: fact.text for fact in facts}
    assert words["shipment.reference"] == ORDER.id
    assert words["scan.delivered.at"] == words["delivery.at"] == "2026-07-03T14:31:07-07:00"
    assert words["delivery.received_by"] == "DOE"
    assert words["shipment.recipient.postal_code"] == words["delivery.postal_code"] == "97214"
    assert Dhl().read(items[1]) == []


async def test_a_link_to_a_page_that_asks_to_sign_in_is_no_proof_and_is_told() -> None:
    page = {"signatureUrl": "{}/login", "documentUrl": "string"}

    async def shipments(request: web.Request) -> web.Response:
        proof = {key: value.format(request.url.origin()) for key, value in page.items()}
        event = {"statusCode": "delivered", "status": "DELIVERED"}
        return web.json_response(shipment(event, details={"proofOfDelivery": proof}))

    async def login(_: web.Request) -> web.Response:
        return web.Response(text="<html>Sign in</html>", content_type="text/html")

    async with server(web.get("/shipments", shipments), web.get("/login", login)) as url:
        with pytest.raises(RequestError, match="neither a document nor a picture"):
            await asked_at(url, Dhl(), NUMBER)


async def test_all_pages_of_an_answer_are_brought() -> None:
    asked: list[dict[str, str]] = []

    async def shipments(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        more = {"nextUrl": "/shipments?offset=5"} if len(asked) < 3 else {}
        return web.json_response({**shipment(), **more})

    async with server(web.get("/shipments", shipments)) as url:
        items = await asked_at(url, Dhl(), NUMBER)
    assert [one.get("offset", "0") for one in asked] == ["0", "5", "10"]
    assert len({item.key for item in items}) == 3


async def test_a_shipment_dhl_never_saw_is_a_fact_not_an_error() -> None:
    (item,) = await told(sandbox("dhl"), Dhl(), NUMBER)
    (unknown,) = Dhl().read(item)
    assert unknown.text == "No shipment with given tracking number found."


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("2019-08-30T08:59:00", LocalTime(datetime(2019, 8, 30, 8, 59), "2019-08-30T08:59:00")),
        ("2019-03-12T00:00:00", LocalDate(date(2019, 3, 12), "2019-03-12T00:00:00")),
        (
            "2019-09-03T11:33:05+02:00",
            Instant(
                datetime(2019, 9, 3, 9, 33, 5, tzinfo=UTC), "2019-09-03T11:33:05+02:00", "+02:00"
            ),
        ),
    ],
    ids=["no zone", "a day", "an offset"],
)
def test_a_time_says_what_the_division_says_and_no_more(timestamp: str, expected: object) -> None:
    event = {"statusCode": "delivered", "timestamp": timestamp}
    (at,) = facts_named(Dhl().read(answer(Dhl(), shipment(event))), "scan.delivered.at")
    assert at.value == expected


@pytest.mark.parametrize("zoned", ["with_time_zone", "without_usable_time_zone"])
def test_of_each_form_of_time_that_dhl_sends_a_zone_is_read_or_none(
    shared: Path, zoned: str
) -> None:
    vectors = json.loads((shared / FOLDER / "vectors/iso8601_datetime_forms.json").read_bytes())
    for vector in vectors[zoned]:
        event = {"statusCode": "delivered", "timestamp": vector["value"]}
        facts = Dhl().read(answer(Dhl(), shipment(event)))
        for at in facts_named(facts, "scan.delivered.at"):
            assert isinstance(at.value, Instant) == (zoned == "with_time_zone"), vector
        unread = {fact.text for fact in facts_named(facts, "field.unread")}
        assert unread <= {vector["value"]}


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({"statusCode": "delivered"}, "scan.delivered"),
        ({"statusCode": "pre-transit", "status": "DELIVERED"}, "scan.other"),
        ({"statusCode": "transit", "status": "OUT_FOR_DELIVERY"}, "scan.out_for_delivery"),
        ({"statusCode": "transit", "description": "Shipment Pick-Up"}, "scan.accepted"),
        ({"statusCode": "transit", "status": "PROCESSED"}, "scan.transit"),
        ({"statusCode": "failure", "status": "OUT FOR DELIVERY"}, "scan.exception"),
        ({"statusCode": "unknown"}, "scan.other"),
        ({"statusCode": "something-new", "status": "Delivered"}, "scan.other"),
        ({"status": "Delivered"}, "scan.other"),
    ],
)
def test_a_scan_is_named_by_dhls_class(event: dict[str, str], name: str) -> None:
    event = {"description": "words", "timestamp": "2026-01-01T10:00:00Z", **event}
    facts = Dhl().read(answer(Dhl(), shipment(event)))
    assert {fact.name for fact in facts if fact.name.startswith("scan.")} <= {name, f"{name}.at"}
    label = event.get("statusCode") == "pre-transit"
    assert len(facts_named(facts, "shipment.label.at")) == label


def test_a_proof_without_a_delivery_says_nothing() -> None:
    proof = {"timestamp": "2018-09-05T16:33:00Z", "signed": {"name": "John"}}
    page = shipment({"statusCode": "transit"}, details={"proofOfDelivery": proof})
    facts = Dhl().read(answer(Dhl(), page))
    assert not facts_named(facts, "delivery.at") + facts_named(facts, "delivery.received_by")


def test_every_recorded_answer_reads_without_loss(shared: Path) -> None:
    samples = sorted((shared / FOLDER / "samples").glob("*success*.json"))
    assert len(samples) >= 13
    for path in [*samples, shared / FOLDER / "samples/tracking_response.json"]:
        document = json.loads(path.read_bytes())
        facts = Dhl().read(answer(Dhl(), document))
        assert_said(facts, document)
        assert not facts_named(facts, "field.unread"), path.name
        shipments = document["shipments"]
        scans = {fact.group for fact in facts if "/scan/" in fact.group}
        assert len(scans) == sum(len(one["events"]) for one in shipments), path.name


def test_several_shipments_of_one_number_are_several_parcels(shared: Path) -> None:
    document = json.loads((shared / FOLDER / "samples/netresearch_success_64888.json").read_bytes())
    facts = Dhl().read(answer(Dhl(), document))
    numbers = {fact.group for fact in facts_named(facts, "shipment.tracking_number")}
    assert len(numbers) >= len(document["shipments"]) > 1


@pytest.mark.parametrize("name", ["bad_input", "too_many_requests", "unauthorized", "not_found"])
def test_a_problem_is_not_found_only_with_its_status(shared: Path, name: str) -> None:
    data = (shared / FOLDER / f"samples/netresearch_error_{name}.json").read_bytes()
    with pytest.raises(ShapeError):
        Dhl().read(answer(Dhl(), data))
    (unknown,) = Dhl().read(answer(Dhl(), data, hints={"http.status": "404"}))
    assert unknown.name == "parcel.unknown"


@pytest.mark.parametrize("name", ["423475729485_full", "7777777770"])
def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(
    shared: Path, name: str
) -> None:
    path = shared / FOLDER / f"samples/netresearch_success_{name}.json"
    assert_holds_under_drift(Dhl(), json.loads(path.read_bytes()), rounds=300)
