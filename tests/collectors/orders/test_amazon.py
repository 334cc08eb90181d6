"""Amazon's orders: asked as the SP-API's description has it, read from Amazon's own cases."""

import gzip
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.orders.amazon import Amazon
from collectors.registry import collector_named
from collectors.secrets import Secret
from evidence.errors import AccessError, OutageError, RequestError, ShapeError
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import Account, Event, Line, Numbers, Order, Parcel, Scenario
from tests.collectors.contract import Contract
from tests.collectors.http_bench import NOW, bench, context
from tests.collectors.orders.spapi import cases, replay
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said, facts_named

ORDER = OrderRef(Platform.AMAZON, "112-4832917-2201845")
MODEL = "orders_2026-01-01.json"
SECRETS = {name: Secret(name, "sandbox-secret") for name in ("client_secret", "refresh_token")}
STORY = Scenario(
    order=Order(
        id=ORDER.id,
        status="Shipped",
        buyer="Jane Doe",
        buyer_email="x7k2@marketplace.amazon.com",
        placed_at=datetime.fromisoformat("2026-07-01T12:12:44-07:00"),
        total="48.90",
        aliases=("SO-1001",),
        lines=(Line(sku="LAMP", title="Oak lamp", price="48.90"),),
    ),
    parcels=(
        Parcel(
            tracking_number="1Z84A7V90344127810",
            recipient_city="PORTLAND",
            events=(
                Event(at=datetime.fromisoformat("2026-07-03T14:31:07-07:00"), kind="delivered"),
            ),
        ),
    ),
)


def order_item(value: Any, *, status: str = "200") -> Item:
    return answer(Amazon(), value, role=Role.ORDER_RECORD, hints={"http.status": status})


async def collected(
    url: str,
    order: OrderRef = ORDER,
    *,
    aliases: tuple[str, ...] = (),
    settings: Mapping[str, Any] | None = None,
) -> AsyncIterator[Item]:
    options = {"client_id": "sandbox-client", "token_url": "/auth/o2/token"}
    async with bench(url, auth=Amazon().auth(options, SECRETS), collector="amazon/1") as b:
        known = {"order.alias": aliases} if aliases else {}
        told = context(b.session, known, source="amazon", settings=settings)
        async for item in Amazon().collect(order, told):
            yield item


@pytest.fixture(scope="session")
def model(shared: Path) -> Contract:
    return Contract(shared / "contracts/market/spapi/models" / MODEL, prefix="/amazon")


# What is asked


@pytest.mark.parametrize("granted", ["404", "empty"], ids=["all roles", "no restricted role"])
async def test_each_request_and_answer_is_one_that_amazon_documents(
    model: Contract, granted: str
) -> None:
    accounts = {"amazon": Account(unknown=granted)}
    app = make_sandbox(Scenario(accounts=accounts, order=STORY.order, parcels=STORY.parcels))
    async with served(app) as url:
        (item,) = [item async for item in collected(f"{url}/amazon")]
    asked = [one for one in app[ASKED] if "/orders/" in one.path]
    parts = model.document["paths"]["/orders/2026-01-01/orders/{orderId}"]["get"]["parameters"]
    (known,) = [one["items"]["enum"] for one in parts if one["name"] == "includedData"]
    for one in asked:
        model.assert_request(one)
        assert set(one.query["includedData"].split(",")) <= set(known)
    model.assert_answer(asked[-1], 200, json.loads(item.content.read(1 << 20)))
    people = facts_named(Amazon().read(item), "order.buyer.email")
    assert len(asked) == (2 if granted == "empty" else 1)
    assert bool(people) == (granted == "404"), "without the role the order comes without its people"


async def test_people_are_not_asked_for_where_the_operator_says_so() -> None:
    app = make_sandbox(STORY)
    async with served(app) as url:
        settings = {"personal_data": False}
        (item,) = [item async for item in collected(f"{url}/amazon", settings=settings)]
    (asked,) = [one for one in app[ASKED] if "/orders/" in one.path]
    assert "BUYER" not in asked.query["includedData"]
    assert not facts_named(Amazon().read(item), "order.buyer")


async def test_the_token_is_bought_with_the_refresh_token_and_nothing_secret_is_kept() -> None:
    app = make_sandbox(STORY)
    async with served(app) as url:
        options = {"client_id": "sandbox-client", "token_url": f"{url}/amazon/auth/o2/token"}
        auth = Amazon().auth(options, SECRETS)
        async with bench(f"{url}/amazon", auth=auth, collector="amazon/1") as b:
            [item async for item in Amazon().collect(ORDER, context(b.session, {}))]
    kept = gzip.decompress(b"".join(item.content.read(1 << 20) for item in b.recorded))
    assert len(b.recorded) == 2
    assert b"sandbox-secret" not in kept
    assert b"[secret:amazon_access_token]" in kept


@pytest.mark.parametrize(
    ("sites", "asked"), [(["US"], True), (["DE"], False), (None, True)], ids=["its", "other", "any"]
)
async def test_a_store_is_only_asked_for_orders_of_its_sites(
    sites: list[str] | None, asked: bool
) -> None:
    settings = {} if sites is None else {"sites": sites}
    async with served(make_sandbox(STORY)) as url:
        items = [item async for item in collected(f"{url}/amazon", settings=settings)]
    assert bool(items) == asked


async def test_sites_that_are_no_list_are_refused() -> None:
    async with served(make_sandbox(STORY)) as url:
        with pytest.raises(RequestError, match="sites"):
            [item async for item in collected(f"{url}/amazon", settings={"sites": "US"})]


async def test_an_order_of_another_platform_is_asked_for_under_its_amazon_numbers_only() -> None:
    other = OrderRef(Platform.SHOPIFY, "#1001")
    story = Scenario(
        order=Order(id="#1001", platform="shopify", numbers=Numbers(amazon=ORDER.id)),
    )
    app = make_sandbox(story)
    async with served(app) as url:
        known = (ORDER.id, "SO-1001", "04-11234-56789")
        items = [item async for item in collected(f"{url}/amazon", other, aliases=known)]
    assert [item.about["order.id"] for item in items] == [ORDER.id]


async def test_an_order_that_the_store_does_not_know_is_a_fact() -> None:
    async with served(make_sandbox(STORY)) as url:
        stranger = OrderRef(Platform.AMAZON, "112-0000000-0000000")
        (item,) = [item async for item in collected(f"{url}/amazon", stranger)]
    (fact,) = Amazon().read(item)
    assert fact.name == "order.unknown"
    assert fact.value == "The requested resource does not exist."


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="status", status=500, times=0), OutageError),
        (Fault(kind="status", status=429, retry_after="600"), OutageError),
        (Fault(kind="status", status=403, times=0), AccessError),
        (Fault(kind="status", status=400), RequestError),
        (Fault(kind="truncate", times=0), OutageError),
    ],
    ids=["500", "429", "403", "400", "cut off"],
)
async def test_a_source_that_fails_says_whose_matter_it_is(
    fault: Fault, error: type[Exception]
) -> None:
    app = make_sandbox(Scenario(order=STORY.order, faults=(fault,)))
    async with served(app) as url:
        with pytest.raises(error):
            [item async for item in collected(f"{url}/amazon")]


async def test_garbage_is_brought_and_only_reading_it_complains() -> None:
    app = make_sandbox(Scenario(order=STORY.order, faults=(Fault(kind="garbage"),)))
    async with served(app) as url:
        (item,) = [item async for item in collected(f"{url}/amazon")]
    with pytest.raises(ShapeError):
        Amazon().read(item)


def test_it_is_in_the_registry_and_says_which_setting_is_missing() -> None:
    assert collector_named("amazon").roles == Amazon.roles
    with pytest.raises(RequestError, match="client_id"):
        Amazon().auth({}, SECRETS)
    with pytest.raises(RequestError, match="refresh_token_env"):
        Amazon().auth({"client_id": "me"}, {"client_secret": SECRETS["client_secret"]})


# What is read


async def test_every_case_of_amazons_own_sandbox_is_collected_and_read(shared: Path) -> None:
    found = cases(shared, MODEL, "getOrder")
    assert len(found) == 4
    async with served(replay(found)) as url, bench(url, collector="amazon/1") as b:
        for case in found:
            number = case["request"]["parameters"]["orderId"]["value"]
            order = OrderRef(Platform.AMAZON, number)
            told = context(b.session, {}, source="amazon")
            if case["status"] == 400:
                with pytest.raises(RequestError, match="400"):
                    [item async for item in Amazon().collect(order, told)]
                continue
            (item,) = [item async for item in Amazon().collect(order, told)]
            assert json.loads(item.content.read(1 << 20)) == case["response"]
            facts = Amazon().read(item)
            assert_said(facts, case["response"])
            assert [fact.text for fact in facts_named(facts, "order.id")] == [number]
            assert not facts_named(facts, "field.unread")
            placed = case["response"]["order"]["createdTime"]
            (at,) = facts_named(facts, "order.placed.at")
            assert at.time.span.earliest == datetime.fromisoformat(placed)


def every_order(shared: Path) -> list[dict[str, Any]]:
    found = [case["response"]["order"] for case in cases(shared, MODEL, "getOrder")[:3]]
    for case in cases(shared, MODEL, "searchOrders")[:3]:
        found += case["response"]["orders"]
    return found


def test_packages_lead_to_the_carrier_and_their_status_is_no_scan(shared: Path) -> None:
    (order,) = [one for one in every_order(shared) if "packages" in one]
    facts = Amazon().read(order_item({"order": order}))
    assert_said(facts, {"order": order})
    (number,) = facts_named(facts, "shipment.tracking_number")
    assert (number.value, number.group) == ("15501234567890123456", "parcel/15501234567890123456")
    assert [fact.value for fact in facts_named(facts, "shipment.status")] == [
        "OUT_FOR_DELIVERY",
        "IN_TRANSIT",
    ]
    (shipped,) = facts_named(facts, "shipment.shipped.at")
    assert shipped.time.span.earliest == datetime(2024, 12, 25, 14, tzinfo=UTC)
    assert not [fact for fact in facts if fact.name.startswith(("scan.", "delivery."))]
    assert [fact.value for fact in facts_named(facts, "order.alias")] == [
        "UK-CONSUMER-ORDER-2024-002"
    ]
    assert [fact.value for fact in facts_named(facts, "shipment.recipient.street")] == [
        "45 Oak Avenue",
        "Flat 2A",
    ]


def test_amounts_keep_their_digits_and_their_currency(shared: Path) -> None:
    said: set[str] = set()
    for order in every_order(shared):
        facts = Amazon().read(order_item({"order": order}))
        assert_said(facts, {"order": order})
        said |= {fact.text for fact in facts if fact.name in {"order.proceeds", "payment.amount"}}
    assert {"19940 JPY", "1599.90 BRL", "34.99 GBP", "49.99 USD"} <= said


def test_a_package_shipped_after_the_answer_was_made_is_read_as_it_stands(shared: Path) -> None:
    """Amazon's own sandbox answers so; which of the two clocks is wrong is not ours to say."""
    case = cases(shared, MODEL, "searchOrders")[1]["response"]
    (order,) = case["orders"]
    assert case["createdBefore"] < order["packages"][0]["shipTime"]
    facts = Amazon().read(order_item({"order": order}))
    assert facts_named(facts, "shipment.shipped.at")


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("createdTime", "1.569521782042E9", "order.placed.at"),
        ("createdTime", "1970-01-19T03:58:30Z", None),
        ("proceeds", {"grandTotal": {"amount": "1,00", "currencyCode": "EUR"}}, "order.proceeds"),
        ("proceeds", {"grandTotal": {"amount": "1", "currencyCode": "Euro"}}, "order.proceeds"),
    ],
    ids=["seconds as a float", "1970", "a comma", "no currency"],
)
def test_a_field_in_another_form_is_told_as_it_stands(
    field: str, value: Any, name: str | None
) -> None:
    """The first two are in Amazon's own sandbox of Orders v0."""
    facts = Amazon().read(order_item({"order": {"orderId": ORDER.id, field: value}}))
    assert bool(facts_named(facts, "field.unread")) == (name is not None)
    assert name is None or not facts_named(facts, name)


def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    for order in every_order(shared):
        assert_holds_under_drift(
            Amazon(), {"order": order}, role=Role.ORDER_RECORD, hints={"http.status": "200"}
        )


async def test_what_the_sandbox_tells_is_what_the_story_says() -> None:
    async with served(make_sandbox(STORY, clock=lambda: NOW)) as url:
        (item,) = [item async for item in collected(f"{url}/amazon")]
    said = {fact.name: fact.text for fact in Amazon().read(item)}
    assert said["order.id"] == ORDER.id == item.about["order.id"]
    assert said["order.placed.at"] == "2026-07-01T19:12:44Z"
    assert said["order.alias"] == "SO-1001"
    assert said["order.proceeds"] == "48.90 USD"
    assert said["shipment.tracking_number"] == "1Z84A7V90344127810"
    assert said["shipment.recipient.city"] == "PORTLAND"
