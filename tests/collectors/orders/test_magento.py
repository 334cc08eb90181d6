"""Magento: found by its own numbers and others', times only as wide as they are written."""

import json
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collectors.orders.magento import Magento
from collectors.registry import collector_named
from collectors.secrets import Secret
from evidence.errors import (
    AccessError,
    ConfigError,
    EvidenceError,
    FormatError,
    OutageError,
    RequestError,
    ShapeError,
)
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.times import Instant, LocalTime
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import (
    Event,
    Line,
    Numbers,
    Order,
    Parcel,
    Payment,
    Refund,
    Scenario,
)
from tests.collectors.http_bench import NOW, bench, context
from tests.collectors.reading import answer, assert_said, drifted, facts_named

OWN = OrderRef(Platform.OTHER, "000000042")
AMAZON = OrderRef(Platform.AMAZON, "112-4832917-2201845")
AT = datetime.fromisoformat("2026-07-03T14:31:07-07:00")
STORY = Scenario(
    order=Order(
        id=AMAZON.id,
        buyer="Jane Doe",
        placed_at=AT,
        total="48.90",
        numbers=Numbers(magento=OWN.id),
        lines=(Line(sku="LAMP", title="Oak lamp", price="48.90"),),
    ),
    parcels=(
        Parcel(
            tracking_number="1Z84A7V90344127810",
            recipient_city="PORTLAND",
            events=(Event(at=AT),),
        ),
    ),
    payments=(Payment(id="00D10444LD479031K", processor="paypal", at=AT, amount="48.90"),),
    refunds=(Refund(id="000000007", processor="magento", at=AT, amount="10.00"),),
)


async def collected(
    url: str,
    order: OrderRef = OWN,
    *,
    aliases: tuple[str, ...] = (),
    settings: Mapping[str, Any] | None = None,
) -> AsyncIterator[Item]:
    auth = Magento().auth({}, {"access_token": Secret("access_token", "sandbox-secret")})
    async with bench(f"{url}/magento", auth=auth, collector="magento/1") as b:
        known = {"order.alias": aliases} if aliases else {}
        told = context(b.session, known, source="magento", settings=settings)
        async for item in Magento().collect(order, told):
            yield item


def sandbox(story: Scenario = STORY) -> web.Application:
    return make_sandbox(story, clock=lambda: NOW)


def read(value: Any, role: Role = Role.ORDER_RECORD, **hints: str) -> list[Fact]:
    return Magento().read(answer(Magento(), value, role=role, hints=hints))


async def test_an_order_brings_shipments_and_credit_memos() -> None:
    async with served(sandbox()) as url:
        items = [item async for item in collected(url, settings={"zone": "UTC"})]
    order, shipments, refunds = (
        {fact.name: fact for fact in Magento().read(item)} for item in items
    )
    assert [item.role for item in items] == [
        Role.ORDER_RECORD,
        Role.SHIPMENT_RECORD,
        Role.REFUND_RECORD,
    ]
    assert (order["order.id"].text, order["order.shop_id"].text) == (OWN.id, "42")
    assert order["order.recorded.at"].time.span.earliest == AT
    assert order["order.total"].text == "48.9 USD"
    assert order["payment.id"].text == "00D10444LD479031K"
    assert order["shipment.recipient.city"].text == "PORTLAND"
    assert order["order.event"].text == "Order was placed"
    assert shipments["shipment.tracking_number"].group == "parcel/1Z84A7V90344127810"
    assert refunds["refund.amount"].text == "10.0 USD"


@pytest.mark.parametrize(
    ("order", "aliases"),
    [
        (OWN, ()),
        (AMAZON, ()),
        (OrderRef(Platform.EBAY, "04-11234-56789"), (OWN.id,)),
    ],
    ids=["its own number", "another system's", "an alias"],
)
async def test_an_order_is_found_by_any_of_its_names(
    order: OrderRef, aliases: tuple[str, ...]
) -> None:
    async with served(sandbox()) as url:
        assert len([item async for item in collected(url, order, aliases=aliases)]) == 3


async def test_a_shops_own_order_that_is_not_there_is_a_fact_and_anothers_is_nothing() -> None:
    async with served(sandbox()) as url:
        (own,) = [i async for i in collected(url, OrderRef(Platform.OTHER, "000000043"))]
        others = [i async for i in collected(url, OrderRef(Platform.EBAY, "04-00000-00000"))]
    assert [fact.name for fact in Magento().read(own)] == ["order.unknown"]
    assert others == []


async def test_names_are_alternatives_of_one_search() -> None:
    app = sandbox()
    async with served(app) as url:
        [item async for item in collected(url, aliases=("SO-1", "a b", "x" * 99))]
    asked = app[ASKED][0].query
    fields = {name: value for name, value in asked.items() if name.endswith("[value]")}
    assert sorted(fields.values()) == sorted([OWN.id, OWN.id, "SO-1", "SO-1"])
    assert all("[filter_groups][0]" in name for name in fields)


def test_a_time_without_a_zone_stays_local_unless_the_operator_declares_one(shared: Path) -> None:
    path = shared / "contracts/market/erp/magento-order.sample.json"
    value = json.loads(path.read_bytes())
    (bare,) = facts_named(read(value), "order.recorded.at")
    (declared,) = facts_named(read(value, zone="UTC"), "order.recorded.at")
    assert bare.value == LocalTime(datetime(2026, 6, 12, 19, 44, 2), "2026-06-12 19:44:02")
    assert isinstance(declared.value, Instant)
    assert declared.value.at == datetime(2026, 6, 12, 19, 44, 2, tzinfo=UTC)
    facts = read(value)
    assert_said(facts, value)
    assert "114-9876543-1234560" in [f.text for f in facts_named(facts, "order.alias")]
    assert [f.text for f in facts_named(facts, "order.event")] == [
        "processing",
        "Shipped with UPS 1Z999AA10123456780",
    ]
    assert not facts_named(facts, "shipment.tracking_number"), "a comment is no tracking number"


@pytest.mark.parametrize(
    ("zone", "error"), [("Mars/Olympus", FormatError), (5, ConfigError)], ids=["unknown", "no text"]
)
async def test_a_zone_that_there_is_not_is_refused(zone: Any, error: type[Exception]) -> None:
    async with served(sandbox()) as url:
        with pytest.raises(error):
            [item async for item in collected(url, settings={"zone": zone})]


def test_a_credit_memo_that_is_open_gave_nothing_back() -> None:
    memo = {"increment_id": "7", "state": 1, "grand_total": 10, "created_at": "2026-07-03 10:00:00"}
    names = {fact.name for fact in read({"items": [memo]}, Role.REFUND_RECORD)}
    assert names == {"refund.id", "refund.status"}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="status", status=500, times=0), OutageError),
        (Fault(kind="status", status=401, times=0), AccessError),
        (Fault(kind="status", status=403, on="/shipments", times=0), AccessError),
    ],
    ids=["500", "401", "no right to see shipments"],
)
async def test_a_source_that_fails_says_whose_matter_it_is(
    fault: Fault, error: type[Exception]
) -> None:
    async with served(sandbox(replace(STORY, faults=(fault,)))) as url:
        with pytest.raises(error):
            [item async for item in collected(url)]


async def test_garbage_is_brought_and_only_reading_it_complains() -> None:
    fault = Fault(kind="garbage", on="/orders")
    async with served(sandbox(replace(STORY, faults=(fault,)))) as url:
        (item,) = [item async for item in collected(url, AMAZON)]
    with pytest.raises(ShapeError):
        Magento().read(item)


def test_it_is_in_the_registry_and_says_which_setting_is_missing() -> None:
    assert collector_named("magento").roles == Magento.roles
    with pytest.raises(RequestError, match="access_token_env"):
        Magento().auth({}, {})


@pytest.mark.parametrize("value", [{}, {"items": {}}, {"items": ["x"]}, []])
def test_an_answer_of_another_shape_is_refused(value: Any) -> None:
    with pytest.raises(ShapeError):
        read(value)


async def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented() -> None:
    async with served(sandbox()) as url:
        items = [item async for item in collected(url)]
    dice = random.Random("magento")
    for item in items:
        document = json.loads(item.content.read(1 << 20))
        for _ in range(200):
            now = drifted(document, dice)
            try:
                facts = Magento().read(answer(Magento(), now, role=item.role))
            except EvidenceError:
                continue
            assert_said(facts, now, derived=frozenset({"order.unknown"}))
