"""Mabang: the signature over the very body, pages, and what is read of its records."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from collectors.answers import Request
from collectors.orders.mabang import Mabang
from collectors.secrets import Secret
from evidence.errors import AccessError, RequestError, ShapeError
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.times import Instant, LocalTime
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.scenario import Event, Line, Order, Parcel, Scenario
from tests.collectors.http_bench import NOW, bench, context
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said, facts_named

ORDER = OrderRef(Platform.AMAZON, "114-9876543-1234560")
SAMPLE = "contracts/market/erp/mabang-order-list.sample.json"
ABOUT = {"order.id": ORDER.id}
SECRETS = {"developer_key": Secret("developer_key", "sandbox-secret")}
SCENARIO = Scenario(
    order=Order(
        id=ORDER.id,
        store="US-1",
        paid_at=datetime(2026, 6, 12, 19, 43, 40, tzinfo=UTC),
        lines=(Line(sku="ECHO", quantity=2),),
    ),
    parcels=tuple(
        Parcel(
            tracking_number=f"1Z999AA1012345678{n}",
            events=(Event(at=datetime(2026, 6, 13, 5, 21, 43, tzinfo=UTC)),),
        )
        for n in range(3)
    ),
)


async def collected(
    url: str, order: OrderRef = ORDER, *, key: str = "sandbox-secret", zone: str = ""
) -> AsyncIterator[Item]:
    auth = Mabang().auth({"app_key": "1"}, {"developer_key": Secret("developer_key", key)})
    settings = {"app_key": "1"} | ({"zone": zone} if zone else {})
    async with bench(f"{url}/mabang", auth=auth, collector="mabang/1") as b:
        told = context(b.session, {}, source="mabang", settings=settings)
        async for item in Mabang().collect(order, told):
            yield item


def read(item: Any, **hints: str) -> list[Any]:
    return Mabang().read(answer(Mabang(), item, role=Role.ORDER_RECORD, about=ABOUT, hints=hints))


async def test_the_signature_is_the_one_that_public_clients_compute(shared: Path) -> None:
    asked = json.loads((shared / SAMPLE).read_bytes())["request"]
    auth = Mabang().auth({"app_key": "1"}, {"developer_key": Secret("k", "test-secret")})
    request = Request(method="POST", url=URL(asked["url"]), body=asked["body_text"].encode())

    async def never(*_: object) -> None:
        raise AssertionError("no token is asked for")

    signed = await auth.signed(request, never, NOW)
    assert signed.headers["Authorization"] == asked["headers"]["Authorization"]


async def test_every_page_is_brought_signed_and_in_the_documented_envelope(shared: Path) -> None:
    documented = json.loads(json.loads((shared / SAMPLE).read_bytes())["request"]["body_text"])
    app = make_sandbox(SCENARIO, clock=lambda: NOW)
    async with served(app) as url:
        items = [item async for item in collected(url)]
    assert len(items) == 2 and len({item.key for item in items}) == 2
    for asked in app[ASKED]:
        body = json.loads(asked.body)
        assert set(body) == set(documented)
        assert set(body["data"]) <= {*documented["data"], "cursor"}
        code = hmac.new(b"sandbox-secret", asked.body, hashlib.sha256).hexdigest()
        assert asked.headers["Authorization"] == code
    facts = [fact for item in items for fact in Mabang().read(item)]
    numbers = [fact.text for fact in facts_named(facts, "shipment.tracking_number")]
    assert numbers == [parcel.tracking_number for parcel in SCENARIO.parcels]


async def test_times_are_local_unless_the_operator_knows_the_clock() -> None:
    async with served(make_sandbox(SCENARIO, clock=lambda: NOW)) as url:
        local = await anext(collected(url))
        told = await anext(collected(url, zone="Asia/Shanghai"))
    (paid,) = facts_named(Mabang().read(local), "order.paid.at")[:1]
    assert paid.value == LocalTime(datetime(2026, 6, 13, 3, 43, 40), "2026-06-13 03:43:40")
    (paid,) = facts_named(Mabang().read(told), "order.paid.at")[:1]
    assert isinstance(paid.value, Instant)
    assert paid.value.at == datetime(2026, 6, 12, 19, 43, 40, tzinfo=UTC)


async def test_a_wrong_key_is_the_operators_matter_though_the_answer_is_a_200() -> None:
    async with served(make_sandbox(SCENARIO, clock=lambda: NOW)) as url:
        with pytest.raises(AccessError):
            [item async for item in collected(url, key="wrong-key")]


async def test_an_order_that_it_has_not_is_a_fact() -> None:
    other = OrderRef(Platform.AMAZON, "114-0000000-0000000")
    async with served(make_sandbox(SCENARIO, clock=lambda: NOW)) as url:
        (item,) = [item async for item in collected(url, other)]
    assert [fact.name for fact in Mabang().read(item)] == ["order.unknown"]


def test_the_sample_reads_without_loss(shared: Path) -> None:
    document = json.loads((shared / SAMPLE).read_bytes())["response"]
    facts = read(document)
    assert_said(facts, document)
    said = {fact.name: fact.text for fact in facts}
    assert said["shipment.shipped.at"] == "2026-06-13 13:21:43"
    assert said["shipment.service"] == "UPS Ground"


def test_records_of_other_orders_are_not_read(shared: Path) -> None:
    document = json.loads((shared / SAMPLE).read_bytes())["response"]
    document["data"]["data"][0]["platformOrderId"] = "114-0000000-0000000"
    assert read(document) == []


def test_what_is_missing_is_named() -> None:
    with pytest.raises(RequestError, match="app_key"):
        Mabang().auth({}, SECRETS)
    with pytest.raises(RequestError, match="developer_key_env"):
        Mabang().auth({"app_key": "1"}, {})
    with pytest.raises(ShapeError):
        read({"code": "200", "data": {"data": {}}})


def test_a_drifted_answer_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    document = json.loads((shared / SAMPLE).read_bytes())["response"]
    derived = frozenset({"order.unknown"})
    assert_holds_under_drift(
        Mabang(), document, role=Role.ORDER_RECORD, about=ABOUT, derived=derived
    )
