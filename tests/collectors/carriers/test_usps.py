"""USPS: what is asked, against its OpenAPI; what is read, from a recorded answer and examples."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.carriers.usps import Usps
from evidence.errors import ShapeError
from evidence.times import Instant, LocalDate, LocalTime
from tests.collectors.carriers.story import questions, said, sandbox, told
from tests.collectors.contract import Contract
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said, facts_named

NUMBER = "9400111200555388246170"
OTHER = "9400109104250532908587"
FOLDER = "contracts/carriers/usps"


def piece(*events: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"trackingNumber": NUMBER, "trackingEvents": list(events), **more}


def refusal(code: str, message: str = "words") -> dict[str, Any]:
    inner = {"code": code, "detail": message}
    return {"apiVersion": "x", "error": {"code": "400", "message": message, "errors": [inner]}}


@pytest.fixture(scope="session")
def openapi(shared: Path) -> Contract:
    return Contract(shared / FOLDER / "openapi/tracking-3.2.6.yaml", prefix="/usps/tracking/v3")


async def test_each_request_and_answer_is_one_that_usps_documents(openapi: Contract) -> None:
    app = sandbox("usps", NUMBER)
    items = await told(app, Usps(), NUMBER, OTHER, "1Z023E2X0214323462")
    asked = questions(app)
    assert len(asked) == 2
    for one, item in zip(asked, items, strict=True):
        openapi.assert_request(one)
        openapi.assert_answer(one, int(item.hints["http.status"]), said(item))


async def test_the_label_of_a_zip_code_is_taken_off_before_it_is_asked() -> None:
    app = sandbox("usps", NUMBER)
    await told(app, Usps(), f"420 97214 {NUMBER[:4]} {NUMBER[4:]}")
    assert [one.path.rpartition("/")[2] for one in questions(app)] == [NUMBER]


async def test_all_that_the_sandbox_said_of_a_piece_is_read() -> None:
    (item,) = await told(sandbox("usps", NUMBER), Usps(), NUMBER)
    facts = Usps().read(item)
    assert_said(facts, said(item))
    words = {fact.name: fact.text for fact in facts}
    assert words["scan.delivered.at"] == "2026-07-03T14:31:00 -07:00"
    assert words["delivery.received_by"] == "DOE"
    assert words["shipment.recipient.postal_code"] == words["delivery.postal_code"] == "97214"
    (new,) = facts_named(facts, "scan.other.at")
    assert new.value == LocalTime(datetime(2026, 7, 2, 5), "2026-07-02T05:00:00Z", 60.0)
    assert facts_named(facts, "shipment.label.at")


async def test_nothing_yet_is_a_fact_not_an_error() -> None:
    (item,) = await told(sandbox("usps"), Usps(), NUMBER)
    assert item.hints["http.status"] == "400"
    (unknown,) = Usps().read(item)
    assert (unknown.name, unknown.text) == (
        "parcel.unknown", "A status update is not yet available for your package.",
    )  # fmt: skip


def test_every_error_about_a_number_is_told_in_usps_words(shared: Path) -> None:
    inventory = shared / FOLDER / "codes/error_inventory_general_and_tracking.json"
    for row in json.loads(inventory.read_bytes())["tracking"]:
        if not row["Endpoint"].endswith("/tracking/"):
            continue
        code = row["Message Error Code"]
        (fact,) = Usps().read(answer(Usps(), refusal(code, row["Error Message"].strip())))
        unknown = code in {"150001", "150002", "150003", "150009", "150010"}
        assert fact.name == ("parcel.unknown" if unknown else "parcel.status")
        assert fact.text == row["Error Message"].strip()


def test_an_error_about_something_else_is_not_taken_for_not_found(shared: Path) -> None:
    with pytest.raises(ShapeError):
        Usps().read(answer(Usps(), refusal("010005")))
    for name in ("error_response", "auth_error_response", "oauth_login_response"):
        with pytest.raises(ShapeError):
            Usps().read(answer(Usps(), (shared / FOLDER / f"samples/{name}.json").read_bytes()))


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (
            {"eventTimestamp": "2024-11-22T13:58:00", "GMTTimestamp": "2024-11-22T18:58:40Z"}
            | {"GMTOffset": "-05:00"},
            Instant(
                datetime(2024, 11, 22, 18, 58, 40, tzinfo=UTC),
                "2024-11-22T13:58:00 -05:00",
                "-05:00",
            ),
        ),
        (
            {"eventTimestamp": "2024-11-22T13:58:00", "GMTTimestamp": "2024-11-22T20:58:40Z"}
            | {"GMTOffset": "-7:00"},
            Instant(
                datetime(2024, 11, 22, 20, 58, 40, tzinfo=UTC),
                "2024-11-22T13:58:00 -7:00",
                "-07:00",
            ),
        ),
        (
            {"eventTimestamp": "2024-11-22T13:58:00", "GMTTimestamp": "2024-11-22T19:58:40Z"}
            | {"GMTOffset": "-05:00"},
            LocalTime(datetime(2024, 11, 22, 13, 58), "2024-11-22T13:58:00", 60.0),
        ),
        (
            {"eventTimestamp": "2023-08-02T07:31:00Z"},
            LocalTime(datetime(2023, 8, 2, 7, 31), "2023-08-02T07:31:00Z", 60.0),
        ),
        ({"eventTimestamp": "2023-08-02"}, LocalDate(datetime(2023, 8, 2).date(), "2023-08-02")),
    ],
    ids=["both clocks", "a short offset", "they contradict", "a false Z", "a bare date"],
)
def test_a_time_says_what_usps_knows_and_no_more(times: dict[str, str], expected: object) -> None:
    event = {"eventCode": "01", "eventType": "Delivered", **times}
    (at,) = facts_named(Usps().read(answer(Usps(), piece(event))), "scan.delivered.at")
    assert at.value == expected


@pytest.mark.parametrize(
    ("code", "words", "name"),
    [
        ("01", "Delivered, Front Door/Porch", "scan.delivered"),
        ("01", "Delivered, To Original Sender", "scan.exception"),
        ("03", "USPS in possession of item", "scan.accepted"),
        ("OF", "Out for Delivery", "scan.out_for_delivery"),
        ("10", "Arrived at USPS Regional Facility", "scan.transit"),
        ("52", "Notice Left", "scan.exception"),
        ("09", "Return to Sender", "scan.exception"),
        ("16", "Available for Pickup", "scan.other"),
        ("GX", "Shipping Label Created", "scan.other"),
        ("", "Delivered", "scan.other"),
    ],
)
def test_a_scan_is_named_by_its_code(code: str, words: str, name: str) -> None:
    event = {"eventCode": code, "eventType": words, "name": "X", "eventCity": "Y"}
    facts = Usps().read(answer(Usps(), piece(event)))
    scans = {fact.name for fact in facts if fact.name.startswith("scan.")}
    assert scans == {name, "scan.place"}
    delivered = name == "scan.delivered"
    assert len(facts_named(facts, "delivery.received_by")) == delivered
    assert len(facts_named(facts, "delivery.place")) == delivered


def test_a_piece_without_its_number_is_that_which_was_asked_for() -> None:
    page = piece({"eventCode": "01", "eventType": "Delivered"})
    del page["trackingNumber"]
    about = {"shipment.tracking_number": OTHER}
    facts = Usps().read(answer(Usps(), page, about=about))
    assert {fact.group for fact in facts} == {f"parcel/{OTHER}/scan/0"}
    assert not facts_named(facts, "shipment.tracking_number"), "USPS did not say it"


def test_every_sample_reads_without_loss(shared: Path) -> None:
    samples = shared / FOLDER / "samples"
    pages = [json.loads((samples / "tracking_response.json").read_bytes())]
    pages.append(json.loads((samples / "readme_tracking_detail_false_z.json").read_bytes()))
    pages += json.loads((samples / "schema_tracking_responses.json").read_bytes())
    for page in pages:
        facts = Usps().read(answer(Usps(), page))
        assert_said(facts, page)
        assert len({fact.group for fact in facts if "/scan/" in fact.group}) == len(
            page["trackingEvents"]
        )
    old = (samples / "readme_tracking_summary_webtools_shape.json").read_bytes()
    with pytest.raises(ShapeError):
        Usps().read(answer(Usps(), old))


def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    path = shared / FOLDER / "samples/tracking_response.json"
    assert_holds_under_drift(Usps(), json.loads(path.read_bytes()))
