"""Shopify: found by every name it goes by; read from the records of Shopify's own libraries."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collectors.auth import ApiKey, ClientCredentials
from collectors.orders.shopify import Shopify
from collectors.registry import collector_named
from collectors.secrets import Secret
from evidence.errors import AccessError, ConfigError, OutageError, RequestError, ShapeError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import (
    Account,
    Event,
    Line,
    Numbers,
    Order,
    Parcel,
    Payment,
    Refund,
    Scenario,
)
from tests.collectors.http_bench import bench, context, server
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said, facts_named

OWN = OrderRef(Platform.SHOPIFY, "5763021455541")
AMAZON = OrderRef(Platform.AMAZON, "112-4832917-2201845")
FOLDER = "contracts/market/shopify"
SECRETS = {"access_token": Secret("access_token", "sandbox-secret")}
AT = datetime.fromisoformat("2026-07-03T14:31:07-07:00")
STORY = Scenario(
    order=Order(
        id=AMAZON.id,
        buyer="Jane Doe",
        placed_at=AT,
        paid_at=AT,
        total="48.90",
        numbers=Numbers(shopify=OWN.id),
        lines=(Line(sku="LAMP", title="Oak lamp", price="48.90"),),
    ),
    parcels=(
        Parcel(
            tracking_number="1Z84A7V90344127810",
            events=(
                Event(at=AT, kind="label"),
                Event(at=AT, kind="delivered", description="Left at door", city="PORTLAND"),
                Event(at=AT, kind="other"),
            ),
        ),
    ),
    payments=(
        Payment(id="ch_1", processor="shopify", at=AT, amount="48.90", avs="Y", cvv="M"),
        Payment(id="pp", processor="stripe", at=AT, amount="1.00"),
    ),
    refunds=(Refund(id="re_1", processor="shopify", at=AT, amount="10.00"),),
)


def record(value: Any, role: Role = Role.ORDER_RECORD) -> Item:
    return answer(Shopify(), value, role=role)


def read(value: Any) -> list[Fact]:
    return Shopify().read(record(value))


async def collected(
    url: str,
    order: OrderRef = OWN,
    *,
    aliases: tuple[str, ...] = (),
    settings: Mapping[str, Any] | None = None,
) -> AsyncIterator[Item]:
    auth = Shopify().auth({}, SECRETS)
    async with bench(f"{url}/shopify", auth=auth, collector="shopify/2") as b:
        known = {"order.alias": aliases} if aliases else {}
        told = context(b.session, known, source="shopify", settings=settings)
        async for item in Shopify().collect(order, told):
            yield item


# What is asked and brought


async def test_an_order_brings_its_record_events_payments_and_timeline() -> None:
    app = make_sandbox(STORY)
    async with served(app) as url:
        items = [item async for item in collected(url)]
    assert [item.role for item in items] == [
        Role.ORDER_RECORD,
        Role.TRACKING_HISTORY,
        Role.PAYMENT_RECORD,
        Role.ORDER_RECORD,
    ]
    facts = [fact for item in items for fact in Shopify().read(item)]
    said = {fact.name: fact.text for fact in facts}
    assert said["order.id"] == said["order.shop_id"] == OWN.id
    assert said["shipment.tracking_number"] == "1Z84A7V90344127810"
    assert said["scan.delivered"] == "Left at door"
    assert said["payment.id"] == "ch_1"
    assert (said["payment.avs"], said["payment.cvv"]) == ("Y", "M")
    assert said["refund.amount"] == "10.00 USD"
    assert said["order.event"] == "Order was placed"
    assert items[1].about == {"shipment.tracking_number": "1Z84A7V90344127810"}
    assert not any("graphql" in asked.path for asked in app[ASKED]), "its id is known already"


@pytest.mark.parametrize(
    ("order", "aliases"),
    [
        (OrderRef(Platform.SHOPIFY, "#1001"), ()),
        (AMAZON, ()),
        (OrderRef(Platform.OTHER, "SO-77"), ("#1001",)),
        (OrderRef(Platform.OTHER, "SO-77"), (OWN.id,)),
    ],
    ids=["its name", "the number of another platform", "an alias", "an alias that is an id"],
)
async def test_an_order_is_found_by_any_of_its_names(
    order: OrderRef, aliases: tuple[str, ...]
) -> None:
    async with served(make_sandbox(STORY)) as url:
        items = [item async for item in collected(url, order, aliases=aliases)]
    assert items[0].about == {"order.id": OWN.id}
    assert len(items) == 4


async def test_an_imported_order_teaches_both_numbers_and_was_not_placed_in_the_shop() -> None:
    async with served(make_sandbox(STORY)) as url:
        items = [item async for item in collected(url, AMAZON)]
    facts = Shopify().read(items[0])
    assert {fact.text for fact in facts_named(facts, "order.alias")} == {OWN.id, "#1001", AMAZON.id}
    assert facts_named(facts, "order.recorded.at") and not facts_named(facts, "order.placed.at")


async def test_the_shops_own_order_that_is_not_there_is_a_fact_and_anothers_is_nothing() -> None:
    async with served(make_sandbox(STORY)) as url:
        (by_id,) = [i async for i in collected(url, OrderRef(Platform.SHOPIFY, "5763021455000"))]
        (by_name,) = [i async for i in collected(url, OrderRef(Platform.SHOPIFY, "#999"))]
        others = [i async for i in collected(url, OrderRef(Platform.EBAY, "04-11234-56789"))]
    assert [fact.text for fact in Shopify().read(by_id)] == ["Not Found"]
    assert [fact.name for fact in Shopify().read(by_name)] == ["order.unknown"]
    assert others == []


async def test_what_a_search_finds_is_brought_only_if_it_mentions_the_order() -> None:
    async def graphql(_: web.Request) -> web.Response:
        nodes = [{"legacyResourceId": "5763021455541", "name": "#1001"}]
        return web.json_response({"data": {"orders": {"nodes": nodes}}})

    async def order(_: web.Request) -> web.Response:
        return web.json_response({"order": {"id": 5763021455541, "note": "112-0000000-0000000"}})

    async with (
        server(
            web.post("/admin/api/2026-07/graphql.json", graphql),
            web.get("/admin/api/2026-07/orders/5763021455541.json", order),
        ) as url,
        bench(url, collector="shopify/2") as b,
    ):
        told = context(b.session, {}, source="shopify", settings={"check_scopes": False})
        assert [item async for item in Shopify().collect(AMAZON, told)] == []


async def test_a_quotation_mark_never_gets_into_a_search() -> None:
    app = make_sandbox(STORY)
    odd = OrderRef(Platform.OTHER, '1" OR id:*')
    async with served(app) as url:
        assert [item async for item in collected(url, odd, aliases=('#1" OR',))] == []
    assert not any("graphql" in asked.path for asked in app[ASKED])


async def test_a_token_that_may_write_is_refused_before_anything_is_asked() -> None:
    app = make_sandbox(replace(STORY, accounts={"shopify": Account(unknown="empty")}))
    async with served(app) as url:
        with pytest.raises(ConfigError, match="write_orders"):
            [item async for item in collected(url)]
        items = [item async for item in collected(url, settings={"check_scopes": False})]
    assert len(app[ASKED]) == 1 + 4 and len(items) == 4


async def test_an_application_buys_its_token() -> None:
    secrets = {"client_secret": Secret("client_secret", "sandbox-secret")}
    auth = Shopify().auth({"client_id": "sandbox-client"}, secrets)
    assert isinstance(auth, ClientCredentials)
    async with (
        served(make_sandbox(STORY)) as url,
        bench(f"{url}/shopify", auth=auth, collector="shopify/2") as b,
    ):
        told = context(b.session, {}, source="shopify")
        assert len([item async for item in Shopify().collect(OWN, told)]) == 4


@pytest.mark.parametrize(
    ("errors", "problem"),
    [
        ([{"message": "x", "extensions": {"code": "THROTTLED"}}], OutageError),
        ([{"message": "x", "extensions": {"code": "ACCESS_DENIED"}}], AccessError),
        ([{"message": "Field 'x' doesn't exist"}], ShapeError),
    ],
    ids=["throttled", "denied", "anything else"],
)
async def test_an_error_inside_a_200_is_an_error(errors: Any, problem: type[Exception]) -> None:
    async def graphql(_: web.Request) -> web.Response:
        return web.json_response({"errors": errors})

    async with (
        server(web.post("/admin/api/2026-07/graphql.json", graphql)) as url,
        bench(url, collector="shopify/2") as b,
    ):
        told = context(b.session, {}, source="shopify", settings={"check_scopes": False})
        with pytest.raises(problem):
            [item async for item in Shopify().collect(AMAZON, told)]


async def test_a_timeline_is_read_to_its_last_page_on_the_shops_own_host_only() -> None:
    asked: list[str] = []

    async def events(request: web.Request) -> web.Response:
        asked.append(request.query_string)
        number = len(asked)
        link = (
            f'<{request.url.with_query(page_info=str(number))}>; rel="next"' if number < 3 else ""
        )
        page = {
            "events": [{"message": f"event {number}", "created_at": "2026-07-03T14:31:07-04:00"}]
        }
        return web.json_response(page, headers={"Link": link} if link else {})

    async def rest(request: web.Request) -> web.Response:
        name = "transactions" if "transactions" in request.path else "order"
        return web.json_response({name: [] if name == "transactions" else {"id": 5763021455541}})

    path = "/admin/api/2026-07/orders/5763021455541"
    async with (
        server(
            web.get(f"{path}/events.json", events),
            web.get(f"{path}.json", rest),
            web.get(f"{path}/transactions.json", rest),
        ) as url,
        bench(url, collector="shopify/2") as b,
    ):
        told = context(b.session, {}, source="shopify", settings={"check_scopes": False})
        items = [item async for item in Shopify().collect(OWN, told)]
    assert asked == ["limit=250", "page_info=1", "page_info=2"]
    assert [item.key.rpartition("/")[2] for item in items[2:]] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="status", status=500, times=0), OutageError),
        (Fault(kind="status", status=429, retry_after="600"), OutageError),
        (Fault(kind="status", status=403), AccessError),
        (Fault(kind="status", status=402), AccessError),
        (Fault(kind="truncate", times=0), OutageError),
    ],
    ids=["500", "429", "403", "a frozen shop", "cut off"],
)
async def test_a_source_that_fails_says_whose_matter_it_is(
    fault: Fault, error: type[Exception]
) -> None:
    async with served(make_sandbox(replace(STORY, faults=(fault,)))) as url:
        with pytest.raises(error):
            [item async for item in collected(url)]


async def test_garbage_is_brought_and_only_reading_it_complains() -> None:
    fault = Fault(kind="garbage", on=f"{OWN.id}.json")
    async with served(make_sandbox(replace(STORY, faults=(fault,)))) as url:
        items = [item async for item in collected(url)]
    assert [item.role for item in items][:2] == [Role.ORDER_RECORD, Role.PAYMENT_RECORD]
    with pytest.raises(ShapeError):
        Shopify().read(items[0])


def test_it_is_in_the_registry_and_says_which_setting_is_missing() -> None:
    assert collector_named("shopify").roles == Shopify.roles
    assert isinstance(Shopify().auth({}, SECRETS), ApiKey)
    with pytest.raises(RequestError, match="access_token_env"):
        Shopify().auth({}, {})
    with pytest.raises(RequestError, match="client_secret_env"):
        Shopify().auth({"client_id": "me"}, {})


async def test_a_version_that_is_none_is_refused() -> None:
    async with served(make_sandbox(STORY)) as url:
        with pytest.raises(ConfigError, match="api_version"):
            [item async for item in collected(url, settings={"api_version": "../2026"})]


# What is read


def samples(shared: Path) -> dict[str, Any]:
    """Every answer of Shopify's that we ask for, by where it was found."""
    found: dict[str, Any] = {}
    for path in sorted((shared / FOLDER / "fixtures").glob("*.json")):
        if path.stem in {"order", "events"}:
            found[path.stem] = json.loads(path.read_bytes())
    transactions = json.loads((shared / FOLDER / "fixtures/transactions.json").read_bytes())
    found["transactions"] = {"transactions": transactions}
    imported = "order-imported-from-amazon.synthetic.json"
    found["imported"] = json.loads((shared / FOLDER / imported).read_bytes())
    for name in ("order_get", "fulfillment_event"):
        said = json.loads((shared / FOLDER / f"rest-2026-07/{name}.json").read_bytes())
        found[name] = (said if isinstance(said, dict) else said[0])["response"]
    return found


def test_every_record_of_shopifys_libraries_is_read_without_loss(shared: Path) -> None:
    found = samples(shared)
    counts = {name: len(read(value)) for name, value in found.items()}
    for name, value in found.items():
        facts = read(value)
        assert_said(facts, value)
        amounts = [fact.text for fact in facts_named(facts, "field.unread")]
        assert amounts == (["409.94"] if name == "transactions" else []), "it has no currency"
    assert counts["order"] > 30 and counts["order_get"] > 40
    assert (counts["events"], counts["fulfillment_event"]) == (6, 2)


def test_an_order_that_amazons_importer_made_leads_to_amazons_number(shared: Path) -> None:
    facts = read(samples(shared)["imported"])
    foreign = [fact for fact in facts_named(facts, "order.alias") if fact.text.startswith("114-")]
    assert {str(fact.locator) for fact in foreign} == {
        "json:/order/source_identifier",
        "json:/order/note_attributes/0/value",
    }
    assert {fact.text for fact in foreign} == {"114-9876543-1234560"}
    assert "MFN" not in {fact.text for fact in facts_named(facts, "order.alias")}
    assert facts_named(facts, "order.note")


def test_a_buyers_note_is_not_believed_for_another_order() -> None:
    order = {"id": 1, "name": "#1", "note": "send it with 114-9876543-1234560 please"}
    assert [fact.text for fact in facts_named(read({"order": order}), "order.alias")] == ["1", "#1"]


def test_a_time_keeps_the_offset_of_the_shop(shared: Path) -> None:
    (placed,) = facts_named(read(samples(shared)["order_get"]), "order.placed.at")
    assert placed.time == replace(placed.time, zone="-05:00")  # type: ignore[arg-type]
    assert placed.time.span.earliest.isoformat() == "2008-01-10T16:00:00+00:00"
    assert placed.time.span.latest - placed.time.span.earliest < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("status", "names"),
    [
        ("delivered", {"scan.delivered", "scan.delivered.at"}),
        ("out_for_delivery", {"scan.out_for_delivery", "scan.out_for_delivery.at"}),
        ("attempted_delivery", {"scan.exception", "scan.exception.at"}),
        ("label_printed", {"scan.other", "shipment.label.at"}),
        ("picked_up", {"scan.other", "scan.other.at"}),
        ("DELIVERED", {"scan.other", "scan.other.at"}),
        ("teleported", {"scan.other", "scan.other.at"}),
    ],
)
def test_an_event_is_named_by_its_status_and_otherwise_by_nobody(
    status: str, names: set[str]
) -> None:
    event = {"status": status, "message": None, "happened_at": "2026-07-03T14:31:07-04:00"}
    facts = read({"fulfillment_events": [event]})
    assert {fact.name for fact in facts} == names
    assert status in {fact.text for fact in facts}


@pytest.mark.parametrize(
    ("kind", "status", "taken"),
    [
        ("sale", "success", True),
        ("capture", "success", True),
        ("sale", "failure", False),
        ("void", "success", False),
        ("refund", "success", False),
    ],
)
def test_only_money_that_was_taken_has_a_time_of_payment(
    kind: str, status: str, taken: bool
) -> None:
    money = {"amount": "1.00", "currency": "EUR", "processed_at": "2026-07-03T14:31:07-04:00"}
    facts = read({"transactions": [{"id": 1, "kind": kind, "status": status, **money}]})
    assert bool(facts_named(facts, "payment.at")) == taken
    assert bool(facts_named(facts, "refund.at")) == (kind == "refund")


@pytest.mark.parametrize("value", [{}, {"order": []}, {"data": {}}, {"data": {"orders": {}}}, []])
def test_an_answer_of_another_shape_is_refused(value: Any) -> None:
    with pytest.raises(ShapeError):
        read(value)


def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    for value in samples(shared).values():
        assert_holds_under_drift(Shopify(), value, role=Role.ORDER_RECORD, rounds=200)
