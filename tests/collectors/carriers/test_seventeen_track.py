"""17TRACK: what it is asked and told, and whose words are in its answers."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.auth import ApiKey
from collectors.carriers.seventeen_track import SeventeenTrack
from collectors.secrets import Secret
from evidence.errors import AccessError, OutageError, ShapeError
from evidence.items import Provenance
from evidence.times import Instant, LocalTime
from service.sandbox.app import served
from tests.collectors.carriers.story import asked_at, questions, said, sandbox, told
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said, facts_named

NUMBER = "YT2630100700123456"
SAMPLES = "contracts/carriers/17track/samples"
DERIVED = frozenset({"shipment.weight"})


def parcel(*events: dict[str, Any], **more: Any) -> dict[str, Any]:
    providers = [{"provider": {"name": "China Post"}, "events": list(events)}]
    info = {"tracking": {"providers": providers}, **more}
    return {"code": 0, "data": {"accepted": [{"number": NUMBER, "track_info": info}]}}


async def test_a_parcel_is_asked_for_as_17track_documents_it(shared: Path) -> None:
    app = sandbox("17track", NUMBER, hauled_by="YunExpress")
    (item,) = await told(app, SeventeenTrack(), NUMBER)
    (asked,) = questions(app)
    sample = shared / "contracts/carriers/17track/requests/gettrackinfo.json"
    documented = json.loads(sample.read_bytes())[0]
    assert set(json.loads(asked.body)[0]) <= set(documented)
    assert asked.headers["17token"] == "sandbox-secret"
    assert item.provenance is Provenance.RELAYED


async def test_its_scans_are_the_carriers_and_what_it_says_itself_is_its_own() -> None:
    (item,) = await told(
        sandbox("17track", NUMBER, hauled_by="YunExpress"), SeventeenTrack(), NUMBER
    )
    facts = SeventeenTrack().read(item)
    assert_said(facts, said(item), derived=DERIVED)
    assert {fact.origin for fact in facts if "/scan/" in fact.group} == {"yunexpress"}
    assert {fact.origin for fact in facts if "/scan/" not in fact.group} == {"17track"}
    words = {fact.name: fact.text for fact in facts}
    assert words["scan.delivered.at"] == "2026-07-03 14:31:07 -07:00"
    assert words["shipment.weight"] == "3.20 kg"
    assert words["delivery.city"] == "PORTLAND"
    (new,) = facts_named(facts, "scan.other.at")
    assert new.value == LocalTime(datetime(2026, 7, 2, 5), "2026-07-02 05:00:00")


async def test_a_number_that_it_has_nothing_of_is_a_fact_not_an_error() -> None:
    (item,) = await told(sandbox("17track"), SeventeenTrack(), NUMBER)
    (unknown,) = SeventeenTrack().read(item)
    assert (unknown.name, unknown.origin) == ("parcel.unknown", "17track")


async def test_a_number_it_was_never_told_of_is_no_word_of_a_carrier() -> None:
    app = sandbox("17track", NUMBER, unknown="empty")
    (item,) = await told(app, SeventeenTrack(), NUMBER)
    assert len(questions(app)) == 1
    (fact,) = SeventeenTrack().read(item)
    assert (fact.name, fact.value, fact.origin) == ("parcel.unregistered", "yes", "17track")


async def test_it_is_told_of_a_number_only_if_that_is_wanted() -> None:
    app = sandbox("17track", NUMBER, unknown="empty")
    async with served(app) as url:
        base, wanted = f"{url}/17track", {"register": True}
        with pytest.raises(OutageError, match="only now"):
            await asked_at(base, SeventeenTrack(), NUMBER, options=wanted)
        (item,) = await asked_at(base, SeventeenTrack(), NUMBER, options=wanted)
    assert [one.path.rpartition("/")[2] for one in questions(app)] == [
        "gettrackinfo", "register", "gettrackinfo",
    ]  # fmt: skip
    assert facts_named(SeventeenTrack().read(item), "scan.delivered")


class WrongKey(SeventeenTrack):
    def auth(self, options: Any, secrets: Any) -> ApiKey:
        return ApiKey("17token", Secret("api_key", "wrong"))


async def test_a_key_that_is_refused_inside_an_answer_of_200_is_an_operators_matter() -> None:
    with pytest.raises(AccessError, match="18010002"):
        await told(sandbox("17track", NUMBER), WrongKey(), NUMBER)


@pytest.mark.parametrize("name", ["error_429", "error_internal", "error_invalid_key"])
def test_a_refusal_of_the_call_says_nothing_of_a_parcel(shared: Path, name: str) -> None:
    data = (shared / SAMPLES / f"{name}_envelope.json").read_bytes()
    with pytest.raises(ShapeError, match="code"):
        SeventeenTrack().read(answer(SeventeenTrack(), data))


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({"stage": "InTransit_PickedUp"}, "scan.accepted"),
        ({"stage": "PickedUp", "sub_status": "InTransit_PickedUp"}, "scan.accepted"),
        ({"stage": None, "sub_status": "InTransit_Other"}, "scan.transit"),
        ({"stage": "Delivered", "sub_status": "Delivered_Other"}, "scan.delivered"),
        ({"stage": "Delivered", "sub_status": "Exception_Returned"}, "scan.exception"),
        ({"stage": "OutForDelivery"}, "scan.out_for_delivery"),
        ({"sub_status": "AvailableForPickup_Other"}, "scan.other"),
        ({"stage": "Delivered?"}, "scan.other"),
        ({"description": "Delivered"}, "scan.other"),
    ],
)
def test_a_scan_is_named_by_its_stage(event: dict[str, Any], name: str) -> None:
    facts = SeventeenTrack().read(answer(SeventeenTrack(), parcel({"description": "x", **event})))
    assert {fact.name for fact in facts if fact.name.startswith("scan.")} == {name}


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (
            {"time_iso": "2022-04-26T14:30:00+08:00", "time_raw": None},
            Instant(
                datetime(2022, 4, 26, 6, 30, tzinfo=UTC), "2022-04-26T14:30:00+08:00", "+08:00"
            ),
        ),
        (
            {
                "time_iso": "2022-04-26T14:30:00+08:00",
                "time_raw": {"date": "2022-04-26", "time": "14:30:00", "timezone": None},
            },
            LocalTime(datetime(2022, 4, 26, 14, 30), "2022-04-26 14:30:00"),
        ),
    ],
    ids=["only its own", "the carrier's, without a zone"],
)
def test_a_zone_that_the_carrier_did_not_tell_is_not_taken_from_17track(
    times: dict[str, Any], expected: object
) -> None:
    facts = SeventeenTrack().read(answer(SeventeenTrack(), parcel({"stage": "Delivered", **times})))
    (at,) = facts_named(facts, "scan.delivered.at")
    assert at.value == expected


def test_every_sample_reads_without_loss(shared: Path) -> None:
    samples = sorted((shared / SAMPLES).glob("gettrackinfo_*.json"))
    assert len(samples) == 5
    for path in samples:
        page = json.loads(path.read_bytes())
        facts = SeventeenTrack().read(answer(SeventeenTrack(), page))
        assert_said(facts, page, derived=DERIVED)
        assert not facts_named(facts, "field.unread"), path.name
        delivered = facts_named(facts, "scan.delivered")
        assert len(delivered) == ("Delivered" in path.read_text("utf-8")), path.name


def test_a_scan_of_each_provider_is_its_own_witness(shared: Path) -> None:
    data = (shared / SAMPLES / "gettrackinfo_malformed_times.json").read_bytes()
    facts = SeventeenTrack().read(answer(SeventeenTrack(), data))
    (delivered,) = facts_named(facts, "scan.delivered")
    (accepted,) = facts_named(facts, "scan.accepted")
    assert (delivered.origin, accepted.origin) == ("usps", "china_post")
    assert len({fact.group for fact in facts if "/scan/" in fact.group}) == 4


def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    path = shared / SAMPLES / "gettrackinfo_delivered_full.json"
    assert_holds_under_drift(SeventeenTrack(), json.loads(path.read_bytes()), derived=DERIVED)
