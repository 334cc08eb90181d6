"""AfterShip: what it is asked and told, the pictures it links to, whose words it passes on."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collectors.carriers.aftership import Aftership
from evidence.errors import OutageError, RequestError, ShapeError
from evidence.items import Provenance, Role
from evidence.times import LocalTime
from service.sandbox.app import served
from tests.collectors.carriers.story import asked_at, questions, said, sandbox, told
from tests.collectors.http_bench import server
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said, facts_named

NUMBER = "YT2630100700123457"
SAMPLE = "contracts/carriers/aftership/samples/get_trackings_200_vendor_example.json"


def tracking(*checkpoints: dict[str, Any], **more: Any) -> dict[str, Any]:
    one = {"tracking_number": NUMBER, "slug": "yunexpress", "checkpoints": list(checkpoints)}
    return {"meta": {"code": 200}, "data": {"trackings": [{**one, **more}]}}


async def test_a_parcel_brings_its_history_and_the_picture_of_its_delivery() -> None:
    app = sandbox("aftership", NUMBER, hauled_by="yunexpress")
    history, photo = await told(app, Aftership(), NUMBER)
    asked = questions(app)[0]
    assert asked.headers["as-api-key"] == "sandbox-secret"
    assert asked.query == {"tracking_numbers": NUMBER, "limit": "100"}
    assert (photo.role, photo.media_type) == (Role.POD_PHOTO, "image/jpeg")
    assert history.provenance is photo.provenance is Provenance.RELAYED
    facts = Aftership().read(history)
    assert_said(facts, said(history))
    assert {fact.origin for fact in facts if "/scan/" in fact.group} == {"yunexpress"}
    words = {fact.name: fact for fact in facts}
    assert words["scan.delivered.at"].text == "2026-07-03T14:31:07-07:00"
    assert isinstance(words["delivery.at"].value, LocalTime)
    assert words["delivery.received_by"].text == "DOE"
    assert Aftership().read(photo) == []


async def test_a_picture_that_is_gone_is_told_and_costs_no_history() -> None:
    async def trackings(request: web.Request) -> web.Response:
        proof = [{"type": "image", "url": f"{request.url.origin()}/gone.jpg"}]
        return web.json_response(tracking(proof_of_delivery=proof))

    async with server(web.get("/trackings", trackings)) as url:
        with pytest.raises(RequestError, match="404"):
            await asked_at(url, Aftership(), NUMBER)


async def test_all_pages_are_brought() -> None:
    asked: list[str] = []

    async def trackings(request: web.Request) -> web.Response:
        asked.append(request.query.get("cursor", ""))
        page = tracking()
        page["data"]["pagination"] = {"next_cursor": "c2", "has_next_page": len(asked) == 1}
        return web.json_response(page)

    async with server(web.get("/trackings", trackings)) as url:
        items = await asked_at(url, Aftership(), NUMBER)
    assert asked == ["", "c2"] and len({item.key for item in items}) == 2


async def test_it_is_told_of_a_number_only_if_that_is_wanted() -> None:
    app = sandbox("aftership")
    async with served(app) as url:
        base = f"{url}/aftership"
        (none,) = await asked_at(base, Aftership(), NUMBER)
        (fact,) = Aftership().read(none)
        assert (fact.name, fact.value, fact.origin) == ("parcel.unregistered", "yes", "aftership")
        with pytest.raises(OutageError, match="only now"):
            await asked_at(base, Aftership(), NUMBER, options={"register": True})
        (item,) = await asked_at(base, Aftership(), NUMBER)
    assert [one.method for one in questions(app)] == ["GET", "GET", "POST", "GET"]
    assert not facts_named(Aftership().read(item), "parcel.unknown"), "it has not looked yet"


@pytest.mark.parametrize(
    ("checkpoint", "name"),
    [
        ({"tag": "Delivered", "subtag": "Delivered_002"}, "scan.delivered"),
        ({"tag": "InTransit", "subtag": "InTransit_002"}, "scan.accepted"),
        ({"tag": "InTransit", "subtag": "InTransit_777"}, "scan.transit"),
        ({"tag": "OutForDelivery"}, "scan.out_for_delivery"),
        ({"tag": "AttemptFail"}, "scan.exception"),
        ({"tag": "AvailableForPickup"}, "scan.other"),
        ({"tag": "InfoReceived"}, "scan.other"),
        ({"message": "Delivered"}, "scan.other"),
    ],
)
def test_a_scan_is_named_by_its_tag(checkpoint: dict[str, Any], name: str) -> None:
    facts = Aftership().read(answer(Aftership(), tracking({"message": "x", **checkpoint})))
    assert {fact.name for fact in facts if fact.name.startswith("scan.")} == {name}


def test_what_came_back_to_its_sender_is_not_delivered() -> None:
    page = tracking({"tag": "Delivered"}, tag="Delivered", return_to_sender=True, signed_by="X")
    facts = Aftership().read(answer(Aftership(), page))
    assert not facts_named(facts, "scan.delivered") + facts_named(facts, "delivery.received_by")


def test_what_the_shop_wrote_there_is_not_evidence(shared: Path) -> None:
    page = json.loads((shared / SAMPLE).read_bytes())
    facts = Aftership().read(answer(Aftership(), page))
    assert_said(facts, page)
    assert not facts_named(facts, "field.unread")
    words = {fact.text for fact in facts}
    assert not words & {"6845a095a27a4caeb27487806f058add", "162654659775", "10001"}
    (delivered,) = facts_named(facts, "scan.delivered")
    (place,) = facts_named(facts, "delivery.postal_code")
    assert (delivered.origin, place.text) == ("fedex", "10011")
    numbers = {fact.text for fact in facts_named(facts, "shipment.tracking_number")}
    assert numbers == {"61293150000079650811", "61293150000079650812"}


def test_a_refusal_says_nothing_of_a_parcel() -> None:
    page = {"meta": {"code": 4001, "type": "BadRequest", "message": "?"}, "data": {}}
    with pytest.raises(ShapeError):
        Aftership().read(answer(Aftership(), page))


def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    document = json.loads((shared / SAMPLE).read_bytes())
    assert_holds_under_drift(Aftership(), document, derived=frozenset({"parcel.unregistered"}))
