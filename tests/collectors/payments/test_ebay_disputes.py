"""eBay's payment disputes, against eBay's own description."""

import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from collectors.payments.ebay_disputes import EbayDisputes
from collectors.registry import collector_named
from collectors.secrets import Secret
from evidence.errors import AccessError, EvidenceError, OutageError, ShapeError
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import Dispute, Numbers, Order, Parcel, Scenario
from tests.collectors.contract import Contract
from tests.collectors.http_bench import NOW, bench, context
from tests.collectors.reading import answer, assert_said, drifted

OWN = OrderRef(Platform.EBAY, "04-11234-56789")
AT = datetime.fromisoformat("2026-07-03T14:31:07-07:00")
STORY = Scenario(
    order=Order(id=OWN.id, platform="ebay", numbers=Numbers()),
    parcels=(Parcel(tracking_number="1Z84A7V90344127810"),),
    disputes=(
        Dispute(
            id="5000128930",
            processor="ebay",
            at=AT,
            amount="48.90",
            reason="ITEM_NOT_RECEIVED",
            status="ACTION_NEEDED",
            due_at=AT + timedelta(days=7),
        ),
        Dispute(id="dp_1", processor="stripe", at=AT, amount="1.00"),
    ),
)


async def collected(url: str, order: OrderRef = OWN) -> AsyncIterator[Item]:
    options = {
        "client_id": "sandbox-client",
        "token_url": f"{url}/ebay_disputes/identity/v1/oauth2/token",
    }
    names = ("client_secret", "refresh_token")
    auth = EbayDisputes().auth(options, {name: Secret(name, "sandbox-secret") for name in names})
    async with bench(f"{url}/ebay_disputes", auth=auth, collector="ebay_disputes/1") as b:
        told = context(b.session, {}, source="ebay_disputes")
        async for item in EbayDisputes().collect(order, told):
            yield item


def sandbox(story: Scenario = STORY) -> web.Application:
    return make_sandbox(story, clock=lambda: NOW)


@pytest.fixture(scope="session")
def description(shared: Path) -> Contract:
    path = shared / "contracts/market/ebay/sell_fulfillment_v1_oas3.json"
    return Contract(path, prefix="/ebay_disputes/sell/fulfillment/v1")


async def test_each_request_and_answer_is_one_that_ebay_documents(description: Contract) -> None:
    app = sandbox()
    async with served(app) as url:
        items = [item async for item in collected(url)]
    asked = [one for one in app[ASKED] if "/sell/" in one.path]
    assert len(asked) == len(items) == 4
    for one, item in zip(asked, items, strict=True):
        description.assert_request(one)
        if item.role is not Role.DOCUMENT:
            description.assert_answer(one, 200, json.loads(item.content.read(1 << 20)))


async def test_a_dispute_comes_in_full_with_its_history_and_the_files_that_were_sent() -> None:
    async with served(sandbox()) as url:
        listed, full, history, file = [item async for item in collected(url)]
    assert [listed.role, full.role, history.role] == [Role.PAYMENT_RECORD] * 3
    assert (file.role, file.media_type, file.name) == (Role.DOCUMENT, "image/jpeg", "label.jpg")
    said = {fact.name: fact for fact in EbayDisputes().read(full)}
    assert said["dispute.id"].text == "5000128930"
    assert said["dispute.amount"].text == "48.90 USD"
    assert said["dispute.due.at"].time.span.earliest == AT + timedelta(days=7)
    assert said["dispute.evidence"].text == "PROOF_OF_DELIVERY"
    assert said["shipment.tracking_number"].text == "1Z84A7V90344127810"
    (event, actor, _) = EbayDisputes().read(history)
    assert (event.text, actor.text) == ("DISPUTE_OPENED", "BUYER")
    assert event.group == "dispute/5000128930/event/0"
    assert EbayDisputes().read(file) == []


async def test_that_there_is_no_dispute_is_an_answer() -> None:
    async with served(sandbox()) as url:
        (item,) = [i async for i in collected(url, OrderRef(Platform.EBAY, "04-00000-00000"))]
    assert EbayDisputes().read(item) == []


async def test_a_part_that_fails_does_not_keep_the_others_from_being_brought() -> None:
    fault = Fault(kind="status", status=403, on="/activity")
    items: list[Item] = []
    async with served(sandbox(replace(STORY, faults=(fault,)))) as url:
        with pytest.raises(AccessError):
            async for item in collected(url):
                items.append(item)
    assert [item.role for item in items][-1] is Role.DOCUMENT


async def test_an_outage_is_an_outage() -> None:
    fault = Fault(kind="status", status=503, times=0)
    async with served(sandbox(replace(STORY, faults=(fault,)))) as url:
        with pytest.raises(OutageError):
            [item async for item in collected(url)]


def test_it_is_in_the_registry() -> None:
    assert collector_named("ebay_disputes").roles == EbayDisputes.roles


@pytest.mark.parametrize("value", [{}, {"paymentDisputeSummaries": "x"}, []])
def test_an_answer_of_another_shape_is_refused(value: object) -> None:
    with pytest.raises(ShapeError):
        EbayDisputes().read(answer(EbayDisputes(), value, role=Role.PAYMENT_RECORD))


async def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented() -> None:
    async with served(sandbox()) as url:
        items = [item async for item in collected(url) if item.role is Role.PAYMENT_RECORD]
    dice = random.Random("ebay_disputes")
    for item in items:
        document = json.loads(item.content.read(1 << 20))
        for _ in range(200):
            now = drifted(document, dice)
            try:
                facts = EbayDisputes().read(
                    answer(EbayDisputes(), now, role=item.role, hints=item.hints)
                )
            except EvidenceError:
                continue
            assert_said(facts, now)
