"""EasyPost: what it is asked and told, and whose words are in its answers."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from collectors.carriers.easypost import Easypost
from evidence.errors import OutageError, ShapeError
from evidence.items import Provenance
from service.sandbox.app import served
from tests.collectors.carriers.story import asked_at, questions, said, sandbox, told
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said, facts_named

NUMBER = "YT2630100700123458"
SAMPLES = "contracts/carriers/easypost/samples"
DERIVED = frozenset({"shipment.weight", "parcel.unregistered"})


def tracker(*scans: dict[str, Any], **more: Any) -> dict[str, Any]:
    one = {"tracking_code": NUMBER, "carrier": "YunExpress", "tracking_details": list(scans)}
    return {"trackers": [{**one, **more}]}


async def test_a_parcel_is_asked_for_with_the_key_as_a_user_without_a_password() -> None:
    app = sandbox("easypost", NUMBER, hauled_by="YunExpress")
    (item,) = await told(app, Easypost(), NUMBER)
    (asked,) = questions(app)
    assert asked.query == {"tracking_code": NUMBER, "page_size": "100"}
    token = base64.b64encode(b"sandbox-secret:").decode()
    assert asked.headers["Authorization"] == f"Basic {token}"
    assert item.provenance is Provenance.RELAYED
    facts = Easypost().read(item)
    assert_said(facts, said(item), derived=DERIVED)
    assert {fact.origin for fact in facts if "/scan/" in fact.group} == {"yunexpress"}
    words = {fact.name: fact.text for fact in facts}
    assert words["scan.delivered.at"] == "2026-07-03T21:31:07Z"
    assert words["delivery.received_by"] == "DOE"
    assert words["delivery.postal_code"] == "97214"


async def test_it_is_told_of_a_number_only_if_that_is_wanted() -> None:
    app = sandbox("easypost")
    async with served(app) as url:
        base = f"{url}/easypost"
        (none,) = await asked_at(base, Easypost(), NUMBER)
        (fact,) = Easypost().read(none)
        assert (fact.name, fact.value, fact.origin) == ("parcel.unregistered", "yes", "easypost")
        with pytest.raises(OutageError, match="only now"):
            await asked_at(base, Easypost(), NUMBER, options={"register": True})
        (item,) = await asked_at(base, Easypost(), NUMBER)
    posted = questions(app)[2]
    assert posted.method == "POST"
    assert json.loads(posted.body) == {"tracker": {"tracking_code": NUMBER}}
    assert [fact.text for fact in facts_named(Easypost().read(item), "parcel.status")] == [
        "unknown"
    ]


@pytest.mark.parametrize(
    ("status", "name"),
    [
        ("delivered", "scan.delivered"),
        ("in_transit", "scan.transit"),
        ("out_for_delivery", "scan.out_for_delivery"),
        ("failure", "scan.exception"),
        ("return_to_sender", "scan.exception"),
        ("available_for_pickup", "scan.other"),
        ("pre_transit", "scan.other"),
        ("something_new", "scan.other"),
    ],
)
def test_a_scan_is_named_by_its_status(status: str, name: str) -> None:
    scan = {"status": status, "message": "Delivered", "datetime": "2026-01-01T00:00:00Z"}
    facts = Easypost().read(answer(Easypost(), tracker(scan)))
    assert [fact.name for fact in facts_named(facts, name)] == [name]
    assert len(facts_named(facts, "shipment.label.at")) == (status == "pre_transit")


def test_a_return_that_arrived_is_no_delivery() -> None:
    page = tracker({"status": "delivered"}, status="delivered", is_return=True, signed_by="X")
    facts = Easypost().read(answer(Easypost(), page))
    assert not facts_named(facts, "scan.delivered") + facts_named(facts, "delivery.received_by")


def test_every_tracker_that_was_recorded_reads_without_loss(shared: Path) -> None:
    read = 0
    for path in sorted((shared / SAMPLES).glob("*.json")):
        page = json.loads(path.read_bytes())
        if "tracking_details" not in page and "trackers" not in page:
            continue
        facts = Easypost().read(answer(Easypost(), page))
        assert_said(facts, page, derived=DERIVED)
        assert not facts_named(facts, "field.unread"), path.name
        read += 1
    assert read >= 11


@pytest.mark.parametrize(
    "name",
    [
        "error_response",
        "docs_error_address",
        "vcr_error_0_post_422",
        "vcr_webhook_create_0_post_201",
    ],
)
def test_an_answer_about_something_else_says_nothing_of_a_parcel(shared: Path, name: str) -> None:
    with pytest.raises(ShapeError):
        Easypost().read(answer(Easypost(), (shared / SAMPLES / f"{name}.json").read_bytes()))


def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    path = shared / SAMPLES / "vcr_tracker_retrieve_batch_1_post_200.json"
    assert_holds_under_drift(Easypost(), json.loads(path.read_bytes()), derived=DERIVED)
