"""What platforms and payment services are asked, as Prism judges it by their own descriptions."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from collectors.auth import ApiKey
from collectors.collector import Collector
from collectors.orders.amazon_fba import AmazonFba
from collectors.orders.amazon_health import AmazonHealth
from collectors.orders.ebay import Ebay
from collectors.payments.ebay_disputes import EbayDisputes
from collectors.payments.paypal import PayPal
from collectors.secrets import Secret
from evidence.errors import EvidenceError
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from tests.collectors.http_bench import bench, context
from tests.collectors.prism import Front, mocked, prism

pytestmark = [pytest.mark.extras, pytest.mark.timeout(300)]

MARKET = "contracts/market"
SELL = "/sell/fulfillment/v1"
EBAY = OrderRef(Platform.EBAY, "01-03955-36441")
PAYMENT = "00D10444LD479031K"


async def asked(
    collector: Collector,
    url: str,
    order: OrderRef,
    *,
    header: str = "Authorization",
    **known: tuple[str, ...],
) -> tuple[list[Item], EvidenceError | None]:
    """What it brings with a token that it has already, and what it says at its end."""
    facts = {name.replace("_", "."): values for name, values in known.items()}
    token = ApiKey(header, Secret("token", "a-token-of-ours"), prefix="Bearer ")
    items: list[Item] = []
    async with bench(url, auth=token, collector=f"{collector.name}/1", retries=0) as b:
        told = context(b.session, facts, source=collector.name, settings={"poll_s": 0})
        try:
            async for item in collector.collect(order, told):
                items.append(item)
        except EvidenceError as problem:
            return items, problem
    return items, None


def served(stack: ExitStack, shared: Path, tmp_path: Path, name: str) -> str:
    prism()
    return stack.enter_context(mocked(shared / MARKET / name, tmp_path / "prism.log"))


async def test_a_fulfilment_order_is_asked_for_as_amazon_describes(
    shared: Path, tmp_path: Path
) -> None:
    """Its example lacks the media type around it, so Prism makes an answer up."""
    with ExitStack() as stack:
        name = "spapi/models/fulfillmentOutbound_2020-07-01.json"
        front = Front({"/": (served(stack, shared, tmp_path, name), "")}, {"SO-77": "code=200"})
        async with front.serving() as url:
            other = OrderRef(Platform.OTHER, "SO-77")
            (item, *_), _ = await asked(AmazonFba(), url, other, header="x-amz-access-token")
    assert front.unfit == []
    assert front.asked[0][1].endswith("/fulfillmentOrders/SO-77")
    assert item.role is Role.SHIPMENT_RECORD


async def test_an_account_health_report_is_asked_for_as_amazon_describes(
    shared: Path, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        name = "spapi/models/reports_2021-06-30.json"
        mock = served(stack, shared, tmp_path, name)
        front = Front({"/": (mock, "")}, {})
        async with front.serving() as url:
            order = OrderRef(Platform.AMAZON, "112-4832917-2201845")
            _, problem = await asked(AmazonHealth(), url, order, header="x-amz-access-token")
    assert front.unfit == []
    assert problem is not None, "its filler is no report"
    assert front.asked[0] == ("GET", "/reports/2021-06-30/reports")


async def test_ebays_orders_and_disputes_are_asked_as_ebay_describes(
    shared: Path, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        name = "ebay/sell_fulfillment_v1_oas3.json"
        mock = served(stack, shared, tmp_path, name)
        front = Front({"/": (mock, SELL)}, {"/": "code=200"})
        async with front.serving() as url:
            await asked(Ebay(), url, EBAY)
            await asked(EbayDisputes(), url, EBAY)
    # Post-Order has no description of its requests, and Prism cannot make bytes up.
    unfit = [one for one in front.unfit if "/post-order/" not in one and "serializer" not in one]
    assert unfit == []
    paths = {path.removeprefix(SELL) for _, path in front.asked if path.startswith(SELL)}
    assert {
        f"/order/{EBAY.id}",
        f"/order/{EBAY.id}/shipping_fulfillment",
        "/payment_dispute_summary",
    } <= paths


async def test_paypals_disputes_and_trackers_are_asked_as_paypal_describes(
    shared: Path, tmp_path: Path
) -> None:
    order = OrderRef(Platform.OTHER, "SO-77")
    known: dict[str, Any] = {"payment_id": (PAYMENT,)}
    with ExitStack() as stack:
        disputes = served(stack, shared, tmp_path, "paypal/customer_disputes_v1.json")
        (tmp_path / "second").mkdir()
        trackers = served(
            stack, shared, tmp_path / "second", "paypal/shipping_shipment_tracking_v1.json"
        )
        mocks = {
            "/v1/customer/": (disputes, ""),
            "/v1/shipping/": (trackers, ""),
            "/": (disputes, ""),
        }
        front = Front(mocks, {})
        async with front.serving() as url:
            await asked(PayPal(), url, order, **known)
    assert [one for one in front.unfit if "/v2/payments/" not in one] == []
    assert {path.split("/")[2] for _, path in front.asked} >= {"customer", "shipping"}
