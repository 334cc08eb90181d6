"""Described systems: what is asked, what is read, and what is wrong with a description."""

import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from collectors.auth import ApiKey, Basic, ClientCredentials
from collectors.orders.rest import Rest
from collectors.secrets import Secret
from evidence.errors import EvidenceError, RequestError, ShapeError
from evidence.facts import Fact
from evidence.items import InMemory, Item, Provenance, Role
from evidence.locators import resolve_pointer
from evidence.orders import OrderRef, Platform
from evidence.times import Instant, LocalTime
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.scenario import everyone
from tests.collectors.http_bench import NOW, bench, context, server
from tests.collectors.reading import assert_holds_under_drift, facts_named
from tests.test_docs import sample

ROOT = Path(__file__).parents[3]
ORDER = OrderRef(Platform.AMAZON, "112-4832917-2201845")
OURS = tomllib.loads(sample("rest"))["sources"]["small-erp"]["description"]


def described(description: Mapping[str, Any]) -> Rest:
    return Rest().configured({"description": description})


def example(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "docs/sources/rest" / f"{name}.toml").read_text("utf-8"))


async def collected(
    rest: Rest, url: str, *, order: OrderRef = ORDER, secret: str = "sandbox-secret"
) -> list[Item]:
    key = ApiKey("X-Api-Key", Secret("api_key", secret))
    async with bench(url, auth=key, collector="rest/1") as b:
        return [item async for item in rest.collect(order, context(b.session, {}, source="rest"))]


def single(**request: Any) -> dict[str, Any]:
    return {"request": [{"path": "/x", "role": "order.record", **request}]}


def answer(description: Mapping[str, Any], value: Any) -> Item:
    reading = described(description)._description.asks[0].reading  # type: ignore[union-attr]
    return Item(
        role=Role.ORDER_RECORD,
        key="k",
        content=InMemory(json.dumps(value).encode()),
        media_type="application/json",
        collector="rest/1",
        origin="erp",
        provenance=Provenance.API,
        collected_at=NOW,
        about={"order.id": ORDER.id},
        hints={"rest": reading.hint()},
    )


async def test_pages_are_followed_and_what_one_answer_teaches_leads_to_the_next() -> None:
    app = make_sandbox(everyone(), clock=lambda: NOW)
    async with served(app) as url:
        items = await collected(described(OURS), f"{url}/rest")
    assert [asked.path for asked in app[ASKED]] == [
        "/rest/api/orders",
        "/rest/api/orders",
        "/rest/api/orders/7001/parcels",
        "/rest/api/orders/7002/parcels",
    ]
    assert [asked.query.get("after") for asked in app[ASKED]] == [None, "c1", None, None]
    assert [item.role for item in items] == [Role.ORDER_RECORD] * 2 + [Role.SHIPMENT_RECORD] * 2
    assert len({item.key for item in items}) == 4
    facts = [fact for item in items for fact in Rest().read(item)]
    assert [fact.text for fact in facts_named(facts, "order.id")] == [ORDER.id]
    (placed,) = facts_named(facts, "order.placed.at")
    assert isinstance(placed.value, Instant)
    assert placed.value.at == datetime(2026, 10, 27, 19, 12, 44, tzinfo=UTC)
    assert facts_named(facts, "order.total")[0].text == "48.90 USD"
    (shipped, *_) = facts_named(facts, "shipment.shipped.at")
    assert isinstance(shipped.value, Instant) and shipped.value.zone == "Z"
    for item in items:
        document = json.loads(item.content.read(1 << 20))
        for fact in Rest().read(item):
            said = resolve_pointer(document, fact.locator.place)
            assert str(said) in (fact.text, fact.text.removesuffix(" USD"))


async def test_other_peoples_orders_are_kept_and_not_read() -> None:
    async with served(make_sandbox(everyone(), clock=lambda: NOW)) as url:
        first, *_ = await collected(described(OURS), f"{url}/rest")
    assert b"-2" in first.content.read(1 << 20)
    assert Rest().read(first) == []


async def test_a_request_that_lacks_a_value_is_left_out() -> None:
    description = {
        "request": [
            {"path": "/a", "role": "order.record"},
            {"path": "/p/{shipment.tracking_number}", "role": "shipment.record"},
        ]
    }

    async def empty(_: web.Request) -> web.Response:
        return web.json_response({})

    async with server(web.get("/a", empty), web.get("/p/{n}", empty)) as url:
        assert len(await collected(described(description), url)) == 1


async def test_values_are_escaped_and_a_query_by_post_is_told_in_json() -> None:
    asked: list[tuple[str, Any]] = []

    async def search(request: web.Request) -> web.Response:
        asked.append((request.raw_path, await request.json()))
        return web.json_response({})

    description = single(
        path="/x/{order.id}", method="POST", json={"filter": [{"no": "{order.id}"}], "n": 1}
    )
    order = OrderRef(Platform.SHOPIFY, "#10/01 ?")
    async with server(web.post("/x/{n}", search)) as url:
        await collected(described(description), url, order=order)
    assert asked == [("/x/%2310%2F01%20%3F", {"filter": [{"no": "#10/01 ?"}], "n": 1})]


async def test_an_endless_list_ends() -> None:
    asked = 0

    async def more(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.json_response({"data": [1], "next": "x"})

    for paging in ({"cursor": "$.next", "param": "c"}, {"page": "p", "until_empty": "$.data"}):
        asked = 0
        async with server(web.get("/x", more)) as url:
            await collected(described(single(next=paging)), url)
        assert asked == 100


def test_without_a_declared_zone_a_local_time_stays_local() -> None:
    facts = Rest().read(
        answer(single(facts={"$.at": "order.placed.at"}), {"at": "2026-06-01 12:00:00"})
    )
    assert [type(fact.value) for fact in facts] == [LocalTime]


def test_a_value_that_cannot_be_one_is_told_with_its_place() -> None:
    description = single(facts={"$.a[*]": "order.total", "$.b": "shipment.recipient.country"})
    facts = Rest().read(answer(description, {"a": ["1.00", {"x": 1}], "b": "Germany"}))
    assert [(fact.name, str(fact.locator)) for fact in facts] == [
        ("row.broken", "json:/a/0"),
        ("row.broken", "json:/a/1"),
        ("row.broken", "json:/b"),
    ]
    assert "currency" in facts[0].text


def test_an_answer_of_nobodys_description_is_refused() -> None:
    item = answer(single(), {})
    object.__setattr__(item, "hints", {})
    with pytest.raises(ShapeError, match="described"):
        Rest().read(item)


@pytest.mark.parametrize(
    ("description", "named"),
    [
        (None, "description"),
        ({"request": []}, "1 to 20"),
        ({"request": "x"}, "1 to 20"),
        (single(path="x"), "path"),
        (single(role="pod.document"), "role"),
        (single(method="DELETE"), "only asks"),
        (single(json={}), "no body"),
        (single(answers=["200"]), "answers"),
        (single(facts={"$.[": "order.id"}), "JSONPath"),
        (single(facts={"$.a": "order.nothing"}), "fact name"),
        (single(path="/{nobody}"), "learnt"),
        (single(next={"cursor": "$.a"}), "until_empty"),
        (single(each=[{"path": "$", "facts": {}, "x": 1}]), "x"),
        (single() | {"auth": {"kind": "kerberos"}}, "kerberos|none of"),
        (single() | {"auth": {"kind": "basic", "password": "secret"}}, "password"),
        (single() | {"zone": "Mars/Base"}, "Mars"),
        (single() | {"epoch": "days"}, "epoch"),
        (single() | {"orders": 1}, "orders"),
    ],
)
def test_a_description_that_is_wrong_is_named(description: Any, named: str) -> None:
    with pytest.raises((RequestError, EvidenceError), match=named):
        described(description)


@pytest.mark.parametrize(
    ("auth", "secret", "kind"),
    [
        ({"kind": "header", "header": "X-Key"}, "api_key", ApiKey),
        ({"kind": "basic", "user": "me"}, "password", Basic),
        ({"kind": "oauth", "client_id": "me"}, "client_secret", ClientCredentials),
    ],
)
def test_it_signs_in_as_described_and_says_which_secret_is_missing(
    auth: dict[str, Any], secret: str, kind: type
) -> None:
    options = {"description": single() | {"auth": auth}}
    assert isinstance(Rest().auth(options, {secret: Secret(secret, "s3cret")}), kind)
    with pytest.raises(RequestError, match=f"{secret}_env"):
        Rest().auth(options, {})


# The systems that are described in docs/sources/rest/


def read_as(name: str, request: int, value: Any) -> list[Fact]:
    rest = described(example(name))
    assert rest._description is not None
    reading = rest._description.asks[request].reading
    item = answer(single(), value)
    object.__setattr__(item, "hints", {"rest": reading.hint()})
    return Rest().read(item)


def test_woocommerce_is_read_as_it_is_described() -> None:
    order = {
        "number": ORDER.id,
        "status": "completed",
        "date_created": "2026-10-27T21:12:44",
        "date_created_gmt": "2026-10-27T19:12:44",
        "transaction_id": "ch_1",
        "shipping": {"address_1": "1420 SE Sample St", "postcode": "97214", "country": "US"},
        "line_items": [{"sku": "LAMP", "name": "Lamp", "quantity": 2}],
        "meta_data": [
            {"key": "_other", "value": "x"},
            {
                "key": "_wc_shipment_tracking_items",
                "value": [{"tracking_number": "1Z84A7V90344127810", "tracking_provider": "ups"}],
            },
        ],
    }
    facts = read_as("woocommerce", 0, order)
    said = {fact.name: fact for fact in facts}
    assert said["order.placed.at"].time.span.earliest == datetime(
        2026, 10, 27, 19, 12, 44, tzinfo=UTC
    )
    assert said["order.item.quantity"].text == "2"
    assert said["shipment.tracking_number"].group == said["shipment.carrier"].group == "parcel/0"
    assert [f.name for f in read_as("woocommerce", 1, [{"id": 9}])] == ["refund.id"]


def test_shipstation_is_read_as_it_is_described() -> None:
    orders = {
        "orders": [
            {"orderNumber": f"{ORDER.id}-B", "orderStatus": "shipped"},
            {
                "orderNumber": ORDER.id,
                "orderDate": "2026-10-27T12:12:44.0000000",
                "items": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 3}],
            },
        ]
    }
    facts = read_as("shipstation", 0, orders)
    assert [fact.text for fact in facts_named(facts, "order.item.sku")] == ["A", "B"]
    (placed,) = facts_named(facts, "order.placed.at")
    assert placed.time.span.earliest == datetime(2026, 10, 27, 19, 12, 44, tzinfo=UTC)
    assert not facts_named(facts, "order.status")
    parcel = {"orderNumber": ORDER.id, "trackingNumber": "1Z84A7V90344127810", "voided": False}
    shipments = {"shipments": [parcel, parcel | {"voided": True, "trackingNumber": "X"}]}
    assert [fact.text for fact in read_as("shipstation", 1, shipments)] == ["1Z84A7V90344127810"]


def test_a_drifted_answer_is_read_or_refused_and_nothing_is_invented() -> None:
    reading = described(OURS)._description.asks[0].reading  # type: ignore[union-attr]
    document = {
        "data": [{"id": 1, "number": ORDER.id, "placed": "2026-10-27 12:12:44", "total": "1"}],
        "next": None,
    }
    assert_holds_under_drift(
        Rest(),
        document,
        role=Role.ORDER_RECORD,
        hints={"rest": reading.hint(), "aliases": json.dumps([["order.alias", ORDER.id]])},
        derived=frozenset({"row.broken", "order.total"}),
    )


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_whatever_is_described_is_taken_or_named(value: Any) -> None:
    for description in (value, {"request": value}, {"request": [value]}, single(facts=value)):
        try:
            described(description)
        except RequestError:
            pass
