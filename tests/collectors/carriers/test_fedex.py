"""FedEx: what is asked, against its own OpenAPI; what is read, from answers that were recorded."""

import base64
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.carriers.fedex import Fedex
from evidence.errors import RequestError, ShapeError
from evidence.items import Role
from evidence.locators import resolve_pointer
from evidence.times import Instant, LocalDate, LocalTime
from service.sandbox.faults import Fault
from tests.collectors.carriers.story import ORDER, histories, questions, said, sandbox, told
from tests.collectors.contract import Contract
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said, facts_named

NUMBER = "776094337676"
OTHER = "738488882438"
SAMPLES = "contracts/carriers/fedex/samples"
DERIVED = frozenset({"delivery.document"})


def shipment(**fields: Any) -> dict[str, Any]:
    result = {"trackingNumberInfo": {"trackingNumber": NUMBER}, **fields}
    return {"output": {"completeTrackResults": [{"trackResults": [result]}]}}


@pytest.fixture(scope="session")
def openapi(shared: Path) -> Contract:
    return Contract(shared / "contracts/carriers/fedex/openapi/track.json", prefix="/fedex")


# What is asked


async def test_each_request_is_one_that_fedex_documents(openapi: Contract) -> None:
    app = sandbox("fedex", NUMBER)
    items = await told(app, Fedex(), NUMBER, options={"account_number": 510087020})
    asked = questions(app)
    assert [one.path.rpartition("/")[2] for one in asked] == [
        "trackingnumbers",
        "trackingdocuments",
    ]
    for one, item in zip(asked, histories(items), strict=True):
        openapi.assert_request(one)
        openapi.assert_answer(one, 200, documented(said(item)))
    assert json.loads(asked[1].body)["trackDocumentSpecification"][0] == {
        "trackingNumberInfo": {
            "trackingNumber": NUMBER,
            "carrierCode": "FDXE",
            "trackingNumberUniqueId": f"2461000000~{NUMBER}~FX",
        },
        "accountNumber": "510087020",
    }


def documented(value: Any) -> Any:
    """An answer as FedEx describes it: those that were recorded say `documents` and `values`."""
    if isinstance(value, list):
        return [documented(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: documented(child) for key, child in value.items()}
    if "values" in made:
        made["value"] = made.pop("values")
    if "documents" in made:
        made["document"] = made.pop("documents")
    return made


async def test_only_numbers_that_can_be_fedex_are_asked_for() -> None:
    app = sandbox("fedex", NUMBER)
    await told(app, Fedex(), "1Z023E2X0214323462", OTHER, OTHER, "776094337677")
    (asked,) = questions(app)
    (info,) = json.loads(asked.body)["trackingInfo"]
    assert info["trackingNumberInfo"]["trackingNumber"] == OTHER


# What is brought


async def test_a_parcel_brings_its_history_and_the_letter_that_fedex_holds() -> None:
    items = await told(sandbox("fedex", NUMBER), Fedex(), NUMBER)
    history, wrapper, letter = items
    assert [item.role for item in items] == [
        Role.TRACKING_HISTORY,
        Role.TRACKING_HISTORY,
        Role.POD_DOCUMENT,
    ]
    assert letter.media_type == "application/pdf" and letter.part_of is not None
    assert letter.part_of.sha256 == wrapper.sha256
    inside = resolve_pointer(said(wrapper), letter.part_of.locator.place)
    assert base64.b64decode(inside) == letter.content.read(1 << 20)
    assert {item.about["shipment.tracking_number"] for item in items} == {NUMBER}
    (held,) = Fedex().read(wrapper)
    assert (held.name, held.value, str(held.locator)) == (
        "delivery.document", "yes", "json:/output/documents/0",
    )  # fmt: skip
    assert Fedex().read(letter) == []
    facts = Fedex().read(history)
    assert_said(facts, said(history))
    words = {fact.name: fact.text for fact in facts}
    assert words["shipment.reference"] == ORDER.id
    assert words["delivery.at"] == words["scan.delivered.at"] == "2026-07-03T14:31:07-07:00"
    assert words["delivery.received_by"] == "DOE"
    assert words["delivery.postal_code"] == words["shipment.recipient.postal_code"] == "97214"
    assert words["shipment.weight"] == "3.20 LB"
    (label,) = facts_named(facts, "shipment.label.at")
    assert label.text == "2026-07-01T08:22:41-07:00"
    (new,) = facts_named(facts, "scan.other.at")
    assert new.value == LocalTime(datetime(2026, 7, 2, 5), "2026-07-02T05:00:00")


async def test_without_a_letter_none_is_asked_for() -> None:
    app = sandbox("fedex", NUMBER, pod_letter=False)
    (item,) = await told(app, Fedex(), NUMBER)
    assert len(questions(app)) == 1
    assert item.role is Role.TRACKING_HISTORY


async def test_a_parcel_fedex_never_saw_is_a_fact_not_an_error() -> None:
    (item,) = await told(sandbox("fedex"), Fedex(), NUMBER)
    (unknown,) = facts_named(Fedex().read(item), "parcel.unknown")
    assert unknown.text == "Tracking number cannot be found."


@pytest.mark.parametrize("status", [400, 403])
async def test_a_letter_that_is_refused_costs_no_other_parcel_its_history(status: int) -> None:
    fault = Fault(kind="status", status=status, on="trackingdocuments")
    app = sandbox("fedex", NUMBER, OTHER, faults=(fault,))
    with pytest.raises(Exception, match=str(status)):
        await told(app, Fedex(), NUMBER, OTHER)
    assert len(questions(app)) == 4


# What is read


@pytest.mark.parametrize(
    ("name", "scans"),
    [
        ("tracking_response", 1),
        ("duplicate_tracking_response", 18),
        ("inconsistent_date_time_response", 17),
    ],
)
def test_a_sample_reads_without_loss(shared: Path, name: str, scans: int) -> None:
    data = (shared / SAMPLES / f"{name}.json").read_bytes()
    facts = Fedex().read(answer(Fedex(), data))
    assert_said(facts, json.loads(data))
    assert len([fact for fact in facts if fact.name.startswith("scan.") and "/scan/" in fact.group
                and not fact.name.endswith((".at", ".place"))]) >= scans  # fmt: skip
    assert not facts_named(facts, "field.unread")


def test_a_number_that_was_used_twice_is_two_parcels_and_one_delivery(shared: Path) -> None:
    data = (shared / SAMPLES / "duplicate_tracking_response.json").read_bytes()
    facts = Fedex().read(answer(Fedex(), data))
    numbers = facts_named(facts, "shipment.tracking_number")
    assert {fact.group for fact in numbers} == {f"parcel/{NUMBER}", f"parcel/{NUMBER}~2"}
    (delivered,) = facts_named(facts, "scan.delivered")
    assert delivered.group == f"parcel/{NUMBER}~2/scan/0"
    assert {fact.text for fact in numbers} == {NUMBER, "DT106798246430"}


def test_midnight_is_the_day_that_fedex_knows(shared: Path) -> None:
    data = (shared / SAMPLES / "inconsistent_date_time_response.json").read_bytes()
    facts = Fedex().read(answer(Fedex(), data))
    (picked_up,) = facts_named(facts, "scan.accepted.at")
    assert picked_up.value == LocalDate(date(2024, 8, 15), "2024-08-15T00:00:00")
    (delivered,) = facts_named(facts, "scan.delivered.at")
    assert isinstance(delivered.value, Instant)
    assert delivered.value.at == datetime(2024, 8, 20, 16, 41, 57, tzinfo=UTC)


def test_midnight_with_the_offset_of_memphis_is_a_day_too() -> None:
    times = [{"type": "ACTUAL_DELIVERY", "dateTime": "2024-08-15T00:00:00-06:00"}]
    (at,) = facts_named(Fedex().read(answer(Fedex(), shipment(dateAndTimes=times))), "delivery.at")
    assert at.value == LocalDate(date(2024, 8, 15), "2024-08-15T00:00:00-06:00")


def test_an_address_of_delivery_counts_only_where_fedex_says_delivered() -> None:
    where = {"actualDeliveryAddress": {"city": "FRESNO"}}
    for code, expected in (("DL", 1), ("OD", 0)):
        page = shipment(deliveryDetails=where, latestStatusDetail={"code": code})
        assert len(facts_named(Fedex().read(answer(Fedex(), page)), "delivery.city")) == expected


def test_a_time_in_another_form_is_shown_and_the_rest_is_read() -> None:
    event = {"eventType": "DL", "eventDescription": "Delivered", "date": "yesterday"}
    facts = Fedex().read(answer(Fedex(), shipment(scanEvents=[event])))
    assert [fact.text for fact in facts_named(facts, "field.unread")] == ["yesterday"]
    assert facts_named(facts, "scan.delivered") and not facts_named(facts, "scan.delivered.at")


@pytest.mark.parametrize(
    ("why", "name"),
    [
        ("Package returned to shipper", "scan.exception"),
        ("Left at front door. Release authorized by shipper", "scan.delivered"),
        ("", "scan.delivered"),
    ],
)
def test_what_went_back_is_not_delivered(why: str, name: str) -> None:
    event = {"eventType": "DL", "eventDescription": "Delivered", "exceptionDescription": why}
    facts = Fedex().read(answer(Fedex(), shipment(scanEvents=[event])))
    assert {fact.name for fact in facts if fact.name.startswith("scan.")} == {name}


def test_an_error_of_another_kind_is_not_taken_for_not_found() -> None:
    page = shipment(error={"code": "TRACKING.SOMETHING.NEW", "message": "?"})
    with pytest.raises(ShapeError, match="code"):
        Fedex().read(answer(Fedex(), page))


@pytest.mark.parametrize("name", ["error_response", "oauth_login_response"])
def test_an_answer_about_something_else_says_nothing_of_a_parcel(shared: Path, name: str) -> None:
    with pytest.raises(ShapeError):
        Fedex().read(answer(Fedex(), (shared / SAMPLES / f"{name}.json").read_bytes()))


def test_the_recorded_letter_is_in_its_answer_byte_for_byte(shared: Path) -> None:
    data = (shared / SAMPLES / "proof_of_delivery_response.json").read_bytes()
    (held,) = Fedex().read(answer(Fedex(), data))
    assert (held.name, held.value) == ("delivery.document", "yes")
    kept = shared / "contracts/carriers/fedex/pod/spod_626793981435.pdf"
    assert base64.b64decode(resolve_pointer(json.loads(data), held.locator.place)) == (
        kept.read_bytes()
    )


@pytest.mark.parametrize("name", ["tracking_response", "duplicate_tracking_response"])
def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(
    shared: Path, name: str
) -> None:
    document = json.loads((shared / SAMPLES / f"{name}.json").read_bytes())
    assert_holds_under_drift(Fedex(), document, derived=DERIVED, rounds=200)


def test_a_client_without_credentials_is_told_which_setting_is_missing() -> None:
    with pytest.raises(RequestError, match="client_id"):
        Fedex().auth({}, {})
