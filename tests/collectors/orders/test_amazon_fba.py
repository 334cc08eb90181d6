"""Amazon's fulfilment: photos at once, tracking by Amazon's own table of events."""

import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collectors.orders.amazon_fba import _EVENT, AmazonFba
from collectors.registry import collector_named
from collectors.secrets import Secret
from evidence.errors import AccessError, EvidenceError, OutageError, RequestError, ShapeError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import Event, Numbers, Order, Parcel, Scenario
from tests.collectors.contract import Contract
from tests.collectors.http_bench import NOW, bench, context
from tests.collectors.reading import answer, assert_said, drifted, facts_named

ORDER = OrderRef(Platform.SHOPIFY, "#1001")
MODEL = "contracts/market/spapi/models/fulfillmentOutbound_2020-07-01.json"
AT = datetime.fromisoformat("2026-07-03T14:31:07-07:00")
SECRETS = {name: Secret(name, "sandbox-secret") for name in ("client_secret", "refresh_token")}
STORY = Scenario(
    order=Order(
        id=ORDER.id,
        platform="shopify",
        buyer="Jane Doe",
        placed_at=AT - timedelta(days=3),
        numbers=Numbers(amazon="112-4832917-2201845"),
    ),
    parcels=(
        Parcel(
            tracking_number="TBA301234567890",
            carrier="amazon",
            received_by="DOE",
            photo=True,
            recipient_city="PORTLAND",
            events=(
                Event(at=AT, kind="delivered", description="Delivered.", city="PORTLAND"),
                Event(at=AT - timedelta(hours=5), kind="out_for_delivery"),
                Event(at=AT - timedelta(days=2), kind="label"),
            ),
        ),
    ),
)
_DERIVED = frozenset({"delivery.photo"})


async def collected(
    url: str, order: OrderRef = ORDER, *, aliases: tuple[str, ...] = ()
) -> AsyncIterator[Item]:
    options = {"client_id": "sandbox-client", "token_url": f"{url}/amazon_fba/auth/o2/token"}
    auth = AmazonFba().auth(options, SECRETS)
    async with bench(f"{url}/amazon_fba", auth=auth, collector="amazon_fba/1") as b:
        known = {"order.alias": aliases} if aliases else {}
        told = context(b.session, known, source="amazon_fba")
        async for item in AmazonFba().collect(order, told):
            yield item


def sandbox(story: Scenario = STORY) -> web.Application:
    return make_sandbox(story, clock=lambda: NOW)


def read(value: Any, role: Role = Role.TRACKING_HISTORY) -> list[Fact]:
    return AmazonFba().read(answer(AmazonFba(), value, role=role))


@pytest.fixture(scope="session")
def model(shared: Path) -> Contract:
    return Contract(shared / MODEL, prefix="/amazon_fba")


async def test_each_request_and_answer_is_one_that_amazon_documents(model: Contract) -> None:
    app = sandbox()
    async with served(app) as url:
        items = {item.role: item async for item in collected(url)}
    asked = [one for one in app[ASKED] if "/fba/" in one.path]
    assert len(asked) == 2
    for one, role in zip(asked, (Role.SHIPMENT_RECORD, Role.TRACKING_HISTORY), strict=True):
        path = one.path.replace("%23", "x").replace("#", "x")
        model.assert_request(replace(one, path=path))
        model.assert_answer(
            replace(one, path=path), 200, json.loads(items[role].content.read(1 << 20))
        )


async def test_the_photo_is_fetched_before_the_next_question() -> None:
    app = sandbox()
    async with served(app) as url:
        items = [item async for item in collected(url)]
    assert [item.role for item in items] == [
        Role.SHIPMENT_RECORD,
        Role.POD_PHOTO,
        Role.TRACKING_HISTORY,
    ]
    asked = [
        one.path for one in app[ASKED] if "oauth" not in one.path and "auth/o2" not in one.path
    ]
    assert ["photos" in path for path in asked] == [False, True, False]
    assert items[1].about == {"shipment.tracking_number": "TBA301234567890"}
    assert (items[1].media_type, AmazonFba().read(items[1])) == ("image/jpeg", [])


async def test_a_parcel_says_who_signed_and_where_it_was_left() -> None:
    async with served(sandbox()) as url:
        order, _, tracking = [item async for item in collected(url)]
    first = {fact.name: fact for fact in AmazonFba().read(order)}
    assert first["delivery.photo"].text == "yes"
    assert first["delivery.place"].text == "FRONT_DOOR"
    assert first["shipment.tracking_number"].group == "parcel/TBA301234567890"
    facts = AmazonFba().read(tracking)
    said = {fact.name: fact for fact in facts}
    assert said["delivery.received_by"].text == "DOE"
    assert said["scan.delivered"].text == "Delivered."
    assert said["scan.delivered.at"].time.span.earliest == AT
    assert said["delivery.city"].text == "PORTLAND"
    assert said["shipment.label.at"].time.span.earliest == AT - timedelta(days=2)
    assert {fact.origin for fact in facts} == {"amazon_fba"}, "set by the session, see `origin`"
    assert AmazonFba.origin == "amazon"


async def test_names_of_the_order_are_asked_for_and_amazons_own_numbers_never() -> None:
    amazon = OrderRef(Platform.AMAZON, "112-4832917-2201845")
    assert not AmazonFba().recognises(amazon, {"order.alias": ("#1001",)}), "more may come"
    app = sandbox()
    async with served(app) as url:
        items = [i async for i in collected(url, amazon, aliases=("#1001", "112-1-1", "a b"))]
    assert items[0].key == "fulfillment/#1001"
    names = [one.path.rpartition("/")[2] for one in app[ASKED] if "Orders/" in one.path]
    assert names == ["#1001", "112-1-1"]


async def test_a_name_that_amazon_does_not_know_brings_nothing() -> None:
    async with served(sandbox()) as url:
        assert [i async for i in collected(url, OrderRef(Platform.OTHER, "SO-77"))] == []


async def test_one_part_that_fails_does_not_keep_the_others_from_being_brought() -> None:
    fault = Fault(kind="status", status=403, on="/photos/")
    items: list[Item] = []
    async with served(sandbox(replace(STORY, faults=(fault,)))) as url:
        with pytest.raises(AccessError):
            async for item in collected(url):
                items.append(item)
    assert [item.role for item in items] == [Role.SHIPMENT_RECORD, Role.TRACKING_HISTORY]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="status", status=500, times=0), OutageError),
        (Fault(kind="status", status=429, retry_after="600", times=0), OutageError),
        (Fault(kind="status", status=403, times=0), AccessError),
    ],
    ids=["500", "429", "403"],
)
async def test_a_source_that_fails_says_whose_matter_it_is(
    fault: Fault, error: type[Exception]
) -> None:
    async with served(sandbox(replace(STORY, faults=(fault,)))) as url:
        with pytest.raises(error):
            [item async for item in collected(url)]


def test_it_is_in_the_registry() -> None:
    assert collector_named("amazon_fba").roles == AmazonFba.roles
    with pytest.raises(RequestError, match="refresh_token_env"):
        AmazonFba().auth({"client_id": "x"}, {"client_secret": SECRETS["client_secret"]})


# What is read


def test_every_code_of_amazons_table_is_named_by_what_the_table_says(model: Contract) -> None:
    table = model.document["definitions"]["EventCode"]["x-docgen-enum-table-extension"]
    told = {one["value"]: one["description"] for one in table}
    assert set(_EVENT) < set(told)
    named = {code: _EVENT.get(code, "scan.other") for code in told}
    assert [told[code] for code in told if named[code] == "scan.delivered"] == ["Delivered."]
    assert {told[code] for code in told if named[code] == "scan.other"} == {
        "Carrier notified to pick up package.",
        "Customer contacted to arrange delivery.",
        "Delivery appointment scheduled.",
        "Available for pickup.",
        "Package delivered to locker.",
        "Package picked up from locker.",
    }


def examples(model: Contract) -> list[tuple[Any, Role]]:
    paths = model.document["paths"]
    found = []
    for path, role in (
        ("/fba/outbound/2020-07-01/tracking", Role.TRACKING_HISTORY),
        (
            "/fba/outbound/2020-07-01/fulfillmentOrders/{sellerFulfillmentOrderId}",
            Role.SHIPMENT_RECORD,
        ),
    ):
        # Without a media type around it, as Swagger 2 would have it.
        told = paths[path]["get"]["responses"]["200"]["examples"]
        found.append((told, role))
    return found


def test_each_of_amazons_examples_is_read_without_loss(model: Contract) -> None:
    told = examples(model)
    for value, role in told:
        facts = read(value, role)
        assert_said(facts, value, derived=_DERIVED)
        assert facts and not facts_named(facts, "field.unread")


def test_an_example_of_amazons_has_another_address_than_its_description(model: Contract) -> None:
    facts = read(examples(model)[0][0])
    (delivered,) = facts_named(facts, "scan.delivered.at")
    assert delivered.time.span.earliest == datetime(2020, 1, 22, 0, 15, 55, tzinfo=UTC)
    assert [f.text for f in facts_named(facts, "shipment.recipient.region")] == ["MI"]
    assert next(f.text for f in facts_named(facts, "parcel.status")) == "DELIVERED"


def test_a_date_of_shipping_is_a_plan_until_it_was_shipped(model: Contract) -> None:
    package = {"packageNumber": 1, "trackingNumber": "TBA1"}
    shipment = {
        "shippingDate": "2020-02-07T02:33:23Z",
        "fulfillmentShipmentPackage": [package],
    }
    for status, told in (("PENDING", 0), ("SHIPPED", 1)):
        one = shipment | {"fulfillmentShipmentStatus": status}
        value = {"payload": {"fulfillmentOrder": {}, "fulfillmentShipments": [one]}}
        facts = read(value, Role.SHIPMENT_RECORD)
        assert len(facts_named(facts, "shipment.shipped.at")) == told


@pytest.mark.parametrize("value", [{}, {"payload": {}}, {"payload": "x"}, []])
def test_an_answer_of_another_shape_is_refused(value: Any) -> None:
    with pytest.raises(ShapeError):
        read(value)


async def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(
    model: Contract,
) -> None:
    async with served(sandbox()) as url:
        items = [item async for item in collected(url) if item.role is not Role.POD_PHOTO]
    told = [(json.loads(item.content.read(1 << 20)), item.role) for item in items]
    dice = random.Random("amazon_fba")
    for document, role in [*told, *examples(model)]:
        for _ in range(150):
            now = drifted(document, dice)
            try:
                facts = read(now, role)
            except EvidenceError:
                continue
            assert_said(facts, now, derived=_DERIVED)
