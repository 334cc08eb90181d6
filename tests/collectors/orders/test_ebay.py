"""eBay: orders and shipments against eBay's own description, claims by its reference pages."""

import gzip
import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collectors.orders.ebay import Ebay
from collectors.registry import collector_named
from collectors.secrets import Secret
from evidence.errors import AccessError, EvidenceError, OutageError, RequestError, ShapeError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import Event, Line, Numbers, Order, Parcel, Return, Scenario
from tests.collectors.contract import Contract
from tests.collectors.http_bench import NOW, bench, context
from tests.collectors.reading import answer, assert_said, drifted, facts_named

OWN = OrderRef(Platform.EBAY, "04-11234-56789")
AMAZON = OrderRef(Platform.AMAZON, "112-4832917-2201845")
FOLDER = "contracts/market/ebay"
AT = datetime.fromisoformat("2026-07-03T14:31:07-07:00")
SECRETS = {name: Secret(name, "sandbox-secret") for name in ("client_secret", "refresh_token")}


def claim(kind: str, number: str) -> Return:
    return Return(
        id=number,
        platform="ebay",
        kind=kind,
        at=AT + timedelta(days=2),
        amount="48.90",
        reason="ITEM_NOT_RECEIVED",
        status="WAITING_SELLER_RESPONSE",
        note="It never came.",
        tracking_number="1Z84A7V90344127838",
        carrier="UPS",
        due_at=AT + timedelta(days=5),
    )


STORY = Scenario(
    order=Order(
        id=AMAZON.id,
        buyer="Jane Doe",
        placed_at=AT - timedelta(days=3),
        paid_at=AT - timedelta(days=3),
        total="48.90",
        numbers=Numbers(ebay=OWN.id),
        lines=(Line(sku="LAMP", title="Oak lamp", price="48.90"),),
    ),
    parcels=(
        Parcel(
            tracking_number="1Z84A7V90344127810",
            recipient_city="PORTLAND",
            events=(Event(at=AT, kind="delivered"),),
        ),
    ),
    returns=(claim("inquiry", "5361000123"), claim("case", "77001"), claim("return", "5002")),
)


async def collected(
    url: str,
    order: OrderRef = OWN,
    *,
    aliases: tuple[str, ...] = (),
    keep: list[Item] | None = None,
) -> AsyncIterator[Item]:
    options = {
        "client_id": "sandbox-client",
        "token_url": f"{url}/ebay/identity/v1/oauth2/token",
    }
    auth = Ebay().auth(options, SECRETS)
    async with bench(f"{url}/ebay", auth=auth, collector="ebay/1") as b:
        known = {"order.alias": aliases} if aliases else {}
        async for item in Ebay().collect(order, context(b.session, known, source="ebay")):
            yield item
        if keep is not None:
            keep += b.recorded


def sandbox(story: Scenario = STORY) -> web.Application:
    return make_sandbox(story, clock=lambda: NOW)


def read(value: Any, role: Role = Role.ORDER_RECORD, **hints: str) -> list[Fact]:
    return Ebay().read(answer(Ebay(), value, role=role, hints=hints))


# What is asked


@pytest.fixture(scope="session")
def fulfillment(shared: Path) -> Contract:
    path = shared / FOLDER / "sell_fulfillment_v1_oas3.json"
    return Contract(path, prefix="/ebay/sell/fulfillment/v1")


async def test_orders_and_shipments_are_asked_and_answered_as_ebay_documents(
    fulfillment: Contract,
) -> None:
    app = sandbox()
    async with served(app) as url:
        items = [item async for item in collected(url)]
    asked = [one for one in app[ASKED] if "/sell/" in one.path]
    assert len(asked) == 2
    for one, item in zip(asked, items, strict=False):
        fulfillment.assert_request(one)
        fulfillment.assert_answer(one, 200, json.loads(item.content.read(1 << 20)))


async def test_claims_are_asked_for_on_paths_that_ebay_documents(shared: Path) -> None:
    app = sandbox()
    async with served(app) as url:
        [item async for item in collected(url)]
    asked = [one for one in app[ASKED] if "/post-order/" in one.path]
    assert len(asked) == 7
    names = {"casemanagement": "case"}
    for one in asked:
        path = one.path.removeprefix("/ebay/post-order/v2")
        kind = path.split("/")[1]
        stub = Contract(shared / FOLDER / f"{names.get(kind, kind)}_oas3.json", prefix="")
        stub.assert_request(replace(one, path=path, query={}))
        assert one.headers["X-EBAY-C-MARKETPLACE-ID"] == "EBAY_US"


async def test_post_order_gets_another_word_before_the_token_and_nothing_secret_is_kept() -> None:
    app, kept = sandbox(), list[Item]()
    async with served(app) as url:
        [item async for item in collected(url, keep=kept)]
    words = {
        one.headers["Authorization"].split(" ")[0]
        for one in app[ASKED]
        if "/post-order/" in one.path
    }
    assert words == {"IAF"}
    (token,) = [one for one in app[ASKED] if "oauth2" in one.path]
    assert token.headers["Authorization"].startswith("Basic ")
    written = gzip.decompress(b"".join(item.content.read(1 << 20) for item in kept))
    assert b"sandbox-secret" not in written and b"[secret:ebay_access_token]" in written


async def test_a_token_that_ended_is_bought_anew_on_both_interfaces() -> None:
    for path in ("/sell/", "/post-order/"):
        app = sandbox(replace(STORY, faults=(Fault(kind="expired", on=path),)))
        async with served(app) as url:
            items = [item async for item in collected(url)]
        assert len(items) == 9
        assert len([one for one in app[ASKED] if "oauth2" in one.path]) == 2


# What is brought


async def test_an_order_brings_shipments_and_each_claim_in_full() -> None:
    async with served(sandbox()) as url:
        items = [item async for item in collected(url)]
    assert [item.key for item in items] == [
        f"order/{OWN.id}",
        f"order/{OWN.id}/shipments",
        f"order/{OWN.id}/inquiry",
        "inquiry/5361000123",
        f"order/{OWN.id}/casemanagement",
        "casemanagement/77001",
        f"order/{OWN.id}/return",
        "return/5002",
        f"order/{OWN.id}/cancellation",
    ]
    by_key = {item.key: {f.name: f for f in Ebay().read(item)} for item in items}
    order, shipments = by_key[f"order/{OWN.id}"], by_key[f"order/{OWN.id}/shipments"]
    assert order["order.total"].text == "48.90 USD"
    assert order["order.placed.at"].time.span.earliest == AT - timedelta(days=3)
    assert order["shipment.recipient.city"].text == "PORTLAND"
    assert shipments["shipment.tracking_number"].text == "1Z84A7V90344127810"
    assert shipments["shipment.shipped.at"].time.span.earliest == AT
    inquiry = by_key["inquiry/5361000123"]
    assert inquiry["claim.reason"].text == "ITEM_NOT_RECEIVED"
    assert inquiry["claim.amount"].text == "48.9 USD"
    assert inquiry["claim.event"].text == "It never came."
    assert inquiry["claim.event"].group == "claim/5361000123/event/0"
    listed = by_key[f"order/{OWN.id}/inquiry"]
    assert listed["claim.due.at"].time.span.earliest == AT + timedelta(days=5)
    assert by_key["casemanagement/77001"]["claim.id"].text == "77001"
    back = by_key["return/5002"]
    assert back["return.tracking_number"].text == "1Z84A7V90344127838"
    assert back["return.event.at"].time.span.earliest == AT + timedelta(days=2)
    assert by_key[f"order/{OWN.id}/return"]["return.opened.at"].group == "return/5002"
    assert by_key[f"order/{OWN.id}/cancellation"] == {}


async def test_an_order_of_another_platform_is_asked_for_under_its_ebay_numbers_only() -> None:
    assert not Ebay().recognises(AMAZON, {"order.alias": ("SO-1", "112-4832917-2201845")})
    assert Ebay().recognises(AMAZON, {"order.alias": ("SO-1", OWN.id)})
    app = sandbox()
    async with served(app) as url:
        items = [item async for item in collected(url, AMAZON, aliases=("SO-1", OWN.id))]
        stranger = [i async for i in collected(url, AMAZON, aliases=("04-00000-00000",))]
        nothing = [i async for i in collected(url, AMAZON, aliases=("SO-1",))]
    assert {item.about["order.id"] for item in items} == {OWN.id}
    assert stranger == nothing == []


async def test_an_order_that_ebay_does_not_know_is_a_fact() -> None:
    async with served(sandbox()) as url:
        unknown = OrderRef(Platform.EBAY, "04-00000-00000")
        (item,) = [item async for item in collected(url, unknown)]
    (fact,) = Ebay().read(item)
    assert (fact.name, fact.value) == ("order.unknown", "Invalid order ID")


async def test_one_part_that_fails_does_not_keep_the_others_from_being_brought() -> None:
    faults = (
        Fault(kind="status", status=403, on="/inquiry/search"),
        Fault(kind="status", status=404, on="/return/5002"),
    )
    items: list[Item] = []
    async with served(sandbox(replace(STORY, faults=faults))) as url:
        with pytest.raises(AccessError, match="403"):
            async for item in collected(url):
                items.append(item)
    assert [item.key for item in items][-2:] == [
        f"order/{OWN.id}/return",
        f"order/{OWN.id}/cancellation",
    ]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="status", status=500, times=0), OutageError),
        (Fault(kind="status", status=429, retry_after="600", times=0), OutageError),
        (Fault(kind="status", status=401, times=0), AccessError),
        (Fault(kind="truncate", times=0), OutageError),
    ],
    ids=["500", "429", "401", "cut off"],
)
async def test_a_source_that_fails_says_whose_matter_it_is(
    fault: Fault, error: type[Exception]
) -> None:
    async with served(sandbox(replace(STORY, faults=(fault,)))) as url:
        with pytest.raises(error):
            [item async for item in collected(url)]


async def test_garbage_is_brought_and_only_reading_it_complains() -> None:
    fault = Fault(kind="garbage", on="/inquiry/search")
    async with served(sandbox(replace(STORY, faults=(fault,)))) as url:
        items = {item.key: item async for item in collected(url)}
    with pytest.raises(ShapeError):
        Ebay().read(items[f"order/{OWN.id}/inquiry"])
    assert "inquiry/5361000123" not in items and "casemanagement/77001" in items


def test_it_is_in_the_registry_and_asks_for_no_scope_that_writes() -> None:
    assert collector_named("ebay").roles == Ebay.roles
    scopes = Ebay().auth({"client_id": "me"}, SECRETS).tokens.extra["scope"].split()
    assert [scope.rpartition("/")[2] for scope in scopes] == [
        "api_scope",
        "sell.fulfillment.readonly",
    ]
    with pytest.raises(RequestError, match="refresh_token_env"):
        Ebay().auth({"client_id": "me"}, {"client_secret": SECRETS["client_secret"]})


# What is read


def test_a_time_is_utc_to_the_millisecond() -> None:
    order = {"orderId": OWN.id, "creationDate": "2015-08-04T19:09:02.768Z"}
    (at,) = facts_named(read(order), "order.placed.at")
    assert at.time.span.earliest == datetime(2015, 8, 4, 19, 9, 2, 768000, UTC)
    assert at.time.span.width_s < 0.002


def test_the_misprint_of_ebays_own_pages_is_no_time() -> None:
    """The pattern `hh:mm.ss.sssZ` stands in eBay's description; a time written so is kept as is."""
    order = {"orderId": OWN.id, "creationDate": "2015-08-04T19:09.02.768Z"}
    facts = read(order)
    assert [fact.name for fact in facts] == ["order.id", "field.unread"]


def test_what_was_refunded_and_linked_is_told_where_it_stands() -> None:
    money = {"value": "10.00", "currency": "GBP", "convertedFromValue": "12.00"}
    order = {
        "orderId": OWN.id,
        "cancelStatus": {
            "cancelledDate": "2026-07-03T10:00:00.000Z",
            "cancelRequests": [{"cancelReason": "BUYER_ASKED"}],
        },
        "paymentSummary": {"refunds": [{"refundId": "r1", "amount": money}]},
        "lineItems": [{"lineItemId": "1", "linkedOrderLineItems": [{"orderId": "05-1-2"}]}],
    }
    facts = read(order)
    assert_said(facts, order)
    said = {fact.name: fact for fact in facts}
    assert said["refund.amount"].text == "10.00 GBP"
    assert said["order.related"].group == "item/1/linked/0"
    assert said["order.cancel_reason"].text == "BUYER_ASKED"


def test_a_cancellation_is_read_in_short_and_in_full() -> None:
    one = {
        "cancelId": "5006",
        "legacyOrderId": OWN.id,
        "cancelState": "CLOSED",
        "cancelReason": "BUYER_CANCEL_OR_ADDRESS_ISSUE",
        "requestorType": "BUYER",
        "cancelRequestDate": {"value": "2026-07-03T10:00:00.000Z"},
        "requestRefundAmount": {"value": 48.9, "currency": "USD"},
    }
    for value in ({"cancellations": [one], "total": 1}, {"cancelDetail": one}):
        facts = read(value, Role.REFUND_RECORD)
        assert_said(facts, value)
        assert {fact.group for fact in facts} == {"return/5006"}
        assert {"return.id", "return.amount", "return.opened.at", "order.id"} <= {
            fact.name for fact in facts
        }


@pytest.mark.parametrize("role", [Role.ORDER_RECORD, Role.SHIPMENT_RECORD, Role.DEFECT_NOTICE])
@pytest.mark.parametrize("value", [{}, {"new": 1}, [], {"members": "x"}])
def test_an_answer_of_another_shape_is_refused(role: Role, value: Any) -> None:
    with pytest.raises(ShapeError):
        read(value, role)


async def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented() -> None:
    async with served(sandbox()) as url:
        items = [item async for item in collected(url)]
    dice = random.Random("ebay")
    for item in items:
        document = json.loads(item.content.read(1 << 20))
        for _ in range(150):
            now = drifted(document, dice)
            try:
                facts = Ebay().read(
                    answer(Ebay(), now, role=item.role, hints=item.hints, about=item.about)
                )
            except EvidenceError:
                continue
            assert_said(facts, now)
