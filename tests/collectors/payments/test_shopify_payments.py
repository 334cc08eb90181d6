"""Shopify Payments: the disputes over an order, and no other's."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.payments.shopify_payments import ShopifyPayments
from collectors.registry import collector_named
from collectors.secrets import Secret
from evidence.errors import ConfigError, OutageError, ShapeError
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import Account, Dispute, Event, Numbers, Order, Parcel, Scenario
from tests.collectors.http_bench import bench, context
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said, facts_named

OWN = OrderRef(Platform.SHOPIFY, "5763021455541")
AMAZON = OrderRef(Platform.AMAZON, "112-4832917-2201845")
AT = datetime.fromisoformat("2026-07-03T14:31:07-07:00")
STORY = Scenario(
    order=Order(id=AMAZON.id, numbers=Numbers(shopify=OWN.id)),
    parcels=(Parcel(tracking_number="1Z84A7V90344127810", events=(Event(at=AT),)),),
    disputes=(
        Dispute(id="598735659", processor="shopify", at=AT, amount="48.90", reason="fraudulent"),
        Dispute(id="dp_1", processor="stripe", at=AT, amount="1.00"),
    ),
)


def record(value: Any) -> Item:
    return answer(ShopifyPayments(), value, role=Role.PAYMENT_RECORD)


async def collected(
    url: str, order: OrderRef = OWN, *, known: dict[str, tuple[str, ...]] | None = None
) -> AsyncIterator[Item]:
    secrets = {"access_token": Secret("access_token", "sandbox-secret")}
    auth = ShopifyPayments().auth({}, secrets)
    async with bench(f"{url}/shopify_payments", auth=auth, collector="shopify_payments/1") as b:
        told = context(b.session, known or {}, source="shopify_payments")
        async for item in ShopifyPayments().collect(order, told):
            yield item


@pytest.mark.parametrize(
    ("order", "known"),
    [
        (OWN, {}),
        (OrderRef(Platform.SHOPIFY, "#1001"), {}),
        (AMAZON, {"order.shop_id": (OWN.id,)}),
        (AMAZON, {"order.alias": ("#1001",)}),
    ],
    ids=["its id", "its name", "the shop's number", "an alias"],
)
async def test_a_dispute_comes_with_its_evidence(
    order: OrderRef, known: dict[str, tuple[str, ...]]
) -> None:
    async with served(make_sandbox(STORY)) as url:
        dispute, evidence = [item async for item in collected(url, order, known=known)]
    said = {fact.name: fact for fact in ShopifyPayments().read(dispute)}
    assert said["dispute.id"].text == "598735659"
    assert said["dispute.amount"].text == "48.90 USD"
    assert said["dispute.opened.at"].time.span.earliest == AT
    assert said["order.id"].text == OWN.id
    facts = ShopifyPayments().read(evidence)
    (number,) = facts_named(facts, "shipment.tracking_number")
    assert number.text == "1Z84A7V90344127810"


async def test_an_order_whose_number_in_the_shop_is_not_known_is_not_asked_for() -> None:
    app = make_sandbox(STORY)
    async with served(app) as url:
        assert [item async for item in collected(url, AMAZON)] == []
    assert not app[ASKED]


async def test_a_name_that_only_begins_alike_is_another_order() -> None:
    async with served(make_sandbox(STORY)) as url:
        other = OrderRef(Platform.SHOPIFY, "#100")
        assert [item async for item in collected(url, other)] == []


async def test_a_token_that_may_write_is_refused() -> None:
    accounts = {"shopify_payments": Account(unknown="empty")}
    async with served(make_sandbox(replace(STORY, accounts=accounts))) as url:
        with pytest.raises(ConfigError, match="write_orders"):
            [item async for item in collected(url)]


async def test_an_outage_is_an_outage() -> None:
    fault = Fault(kind="status", status=503, times=0, on="disputes")
    async with served(make_sandbox(replace(STORY, faults=(fault,)))) as url:
        with pytest.raises(OutageError):
            [item async for item in collected(url)]


def test_it_is_in_the_registry() -> None:
    assert collector_named("shopify_payments").roles == ShopifyPayments.roles


# What is read


def samples(shared: Path) -> list[Any]:
    folder = shared / "contracts/market/shopify"
    found = [
        json.loads((folder / f"fixtures/{n}.json").read_bytes()) for n in ("dispute", "disputes")
    ]
    for name in ("dispute", "dispute_evidence"):
        told = json.loads((folder / f"rest-2026-07/{name}.json").read_bytes())
        found += [one["response"] for one in told]
    return found


def test_every_record_of_shopifys_libraries_is_read_without_loss(shared: Path) -> None:
    for value in samples(shared):
        facts = ShopifyPayments().read(record(value))
        assert_said(facts, value)
        assert facts_named(facts, "dispute.id") and not facts_named(facts, "field.unread")


def test_evidence_sent_after_it_was_due_and_a_dispute_without_an_order_stay_as_they_are(
    shared: Path,
) -> None:
    """Shopify's own sample says so, and that the dispute was won."""
    facts = ShopifyPayments().read(record(samples(shared)[0]))
    said = {fact.name: fact for fact in facts}
    assert said["dispute.due.at"].time.span.latest < said["dispute.sent.at"].time.span.earliest
    assert said["dispute.status"].text == "won"
    assert "order.id" not in said and "dispute.closed.at" not in said


@pytest.mark.parametrize("value", [{}, {"dispute": []}, {"dispute_evidence": "x"}, []])
def test_an_answer_of_another_shape_is_refused(value: Any) -> None:
    with pytest.raises(ShapeError):
        ShopifyPayments().read(record(value))


def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    for value in samples(shared):
        assert_holds_under_drift(ShopifyPayments(), value, role=Role.PAYMENT_RECORD, rounds=150)
