"""Stripe: an order's charges, their disputes, and earlier payments by the same card."""

import json
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collectors.payments.stripe import Stripe
from collectors.registry import collector_named
from collectors.secrets import Secret
from evidence.errors import (
    AccessError,
    ConfigError,
    EvidenceError,
    OutageError,
    RequestError,
    ShapeError,
)
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import Dispute, Order, Payment, Refund, Scenario
from tests.collectors.http_bench import NOW, bench, context, server
from tests.collectors.reading import answer, assert_said, drifted, facts_named

ORDER = OrderRef(Platform.SHOPIFY, "5763021455541")
FOLDER = "contracts/market/stripe"
CHARGE = "ch_3QfBx82eZvKYlo2C1a2b3c4d"
PRIOR = "ch_3PpZ112eZvKYlo2C0q9w8e7r"
AT = datetime(2026, 7, 3, 21, 31, 7, tzinfo=UTC)
SECRETS = {"api_key": Secret("api_key", "sandbox-secret")}
STORY = Scenario(
    order=Order(id=ORDER.id, platform="shopify"),
    payments=(
        Payment(
            id=CHARGE,
            processor="stripe",
            at=AT,
            amount="48.90",
            fingerprint="AOB934RVNwzk6xtn",
            card_last4="4242",
            avs="pass",
            cvv="fail",
            email="jane@doe.example",
        ),
        Payment(
            id=PRIOR,
            processor="stripe",
            prior=True,
            at=AT - timedelta(days=200),
            amount="21.50",
            fingerprint="AOB934RVNwzk6xtn",
            email="jane@doe.example",
        ),
        Payment(
            id="ch_3TooLate2eZvKYlo2C000000",
            processor="stripe",
            prior=True,
            at=AT - timedelta(days=60),
            amount="9.00",
            fingerprint="AOB934RVNwzk6xtn",
        ),
    ),
    refunds=(
        Refund(id="re_1", processor="stripe", payment=CHARGE, at=AT + timedelta(1), amount="5"),
    ),
    disputes=(
        Dispute(
            id="dp_1QgK3m2eZvKYlo2CAbCdEfGh",
            processor="stripe",
            payment=CHARGE,
            at=AT + timedelta(days=12),
            amount="48.90",
            reason="fraudulent",
            status="needs_response",
            due_at=AT + timedelta(days=20),
        ),
    ),
)
# What says in our words what the answer shows: counts of cents, true and false.
_DERIVED = frozenset(
    {
        "payment.amount", "refund.amount", "dispute.amount", "dispute.fee", "prior.payment.amount",
        "payment.disputed", "prior.payment.disputed",
    }
)  # fmt: skip


async def collected(
    url: str,
    order: OrderRef = ORDER,
    *,
    known: dict[str, tuple[str, ...]] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> AsyncIterator[Item]:
    auth = Stripe().auth({}, SECRETS)
    async with bench(f"{url}/stripe", auth=auth, collector="stripe/1") as b:
        told = context(b.session, known or {}, source="stripe", settings=settings)
        async for item in Stripe().collect(order, told):
            yield item


def sandbox(story: Scenario = STORY) -> web.Application:
    return make_sandbox(story, clock=lambda: NOW)


def read(value: Any, **hints: str) -> list[Fact]:
    return Stripe().read(answer(Stripe(), value, role=Role.PAYMENT_RECORD, hints=hints))


# What is asked and brought


async def test_a_disputed_charge_brings_all_that_a_bank_may_ask_for() -> None:
    async with served(sandbox()) as url:
        items = {item.key: item async for item in collected(url)}
    assert list(items) == [
        f"charge/{CHARGE}",
        f"charge/{CHARGE}/receipt",
        f"charge/{CHARGE}/refunds",
        f"charge/{CHARGE}/warnings",
        f"charge/{CHARGE}/disputes",
        f"charge/{CHARGE}/prior/1",
    ]
    said = {key: {f.name: f for f in Stripe().read(item)} for key, item in items.items()}
    charge = said[f"charge/{CHARGE}"]
    assert charge["payment.amount"].text == "48.90 USD"
    assert charge["payment.at"].time.span.earliest == AT
    assert (charge["payment.avs"].text, charge["payment.cvv"].text) == ("pass", "fail")
    assert charge["payment.disputed"].text == "yes"
    assert charge["order.alias"].text == ORDER.id
    refund = said[f"charge/{CHARGE}/refunds"]
    assert refund["refund.amount"].text == "5.00 USD"
    dispute = said[f"charge/{CHARGE}/disputes"]
    assert dispute["dispute.reason"].text == "fraudulent"
    assert dispute["dispute.due.at"].time.span.earliest == AT + timedelta(days=20)
    assert items[f"charge/{CHARGE}/receipt"].media_type == "text/html"
    assert said[f"charge/{CHARGE}/receipt"] == {}


async def test_earlier_payments_are_told_apart_from_the_orders_own() -> None:
    async with served(sandbox()) as url:
        items = {item.key: item async for item in collected(url)}
    facts = Stripe().read(items[f"charge/{CHARGE}/prior/1"])
    assert {fact.name.startswith("prior.payment.") for fact in facts} == {True}
    assert [fact.text for fact in facts_named(facts, "prior.payment.id")] == [PRIOR]
    (at,) = facts_named(facts, "prior.payment.at")
    assert at.time.span.earliest == AT - timedelta(days=200)
    (disputed,) = facts_named(facts, "prior.payment.disputed")
    assert disputed.text == "no"


async def test_without_a_dispute_nobody_elses_payments_are_asked_for() -> None:
    app = sandbox(replace(STORY, disputes=()))
    async with served(app) as url:
        items = [item async for item in collected(url)]
    assert items[-1].key == f"charge/{CHARGE}/disputes"
    assert not any("fingerprint" in one.query.get("query", "") for one in app[ASKED])


@pytest.mark.parametrize("known", [CHARGE, "pi_sandbox0001"], ids=["a charge", "an intent"])
async def test_a_payment_that_a_shop_recorded_leads_to_its_charge(known: str) -> None:
    other = OrderRef(Platform.OTHER, "SO-77")
    async with served(sandbox()) as url:
        items = [i async for i in collected(url, other, known={"payment.id": (known, "409.94")})]
    assert items[0].key == f"charge/{CHARGE}"


def test_it_waits_for_names_unless_a_payment_of_its_own_is_known() -> None:
    assert not Stripe().recognises(ORDER, {"payment.id": ("00D10444LD479031K",)})
    assert Stripe().recognises(ORDER, {"payment.id": ("00D10444LD479031K", CHARGE)})


async def test_an_order_without_a_charge_brings_nothing() -> None:
    async with served(sandbox()) as url:
        assert [i async for i in collected(url, OrderRef(Platform.OTHER, "SO-77"))] == []


async def test_the_keys_of_metadata_are_the_sellers_and_a_quotation_mark_never_gets_in() -> None:
    app = sandbox()
    async with served(app) as url:
        settings = {"metadata_keys": ["orderNo"]}
        known = {"order.alias": ('x"OR"', "#1001"), "order.shop_id": ("77123456789",)}
        [i async for i in collected(url, known=known, settings=settings)]
        with pytest.raises(ConfigError, match="metadata_keys"):
            [i async for i in collected(url, settings={"metadata_keys": ['a"b']})]
    (query,) = [
        one.query["query"] for one in app[ASKED] if "metadata" in one.query.get("query", "")
    ]
    assert query.split(" OR ") == [
        f'metadata["orderNo"]:"{ORDER.id}"',
        'metadata["orderNo"]:"77123456789"',
        'metadata["orderNo"]:"#1001"',
    ]


async def test_earlier_payments_come_to_the_last_page() -> None:
    asked: list[dict[str, str]] = []

    async def charges(request: web.Request) -> web.Response:
        if request.path.endswith(CHARGE):
            card = {"fingerprint": None}
            return web.json_response(
                {
                    "object": "charge",
                    "id": CHARGE,
                    "created": int(AT.timestamp()),
                    "customer": "cus_12345678",
                    "payment_method_details": {"card": card},
                }
            )
        asked.append(dict(request.query))
        one = {"object": "charge", "id": f"ch_page{len(asked)}00000", "created": 1700000000}
        return web.json_response({"object": "list", "has_more": len(asked) < 3, "data": [one]})

    async def other(request: web.Request) -> web.Response:
        one = {"object": "dispute", "id": "dp_1", "created": int(AT.timestamp())}
        data = [one] if request.path.endswith("disputes") else []
        return web.json_response({"object": "list", "has_more": False, "data": data})

    async with (
        server(
            web.get("/v1/charges/search", other),
            web.get("/v1/charges", charges),
            web.get("/v1/charges/{id}", charges),
            web.get("/v1/{tail:.*}", other),
        ) as url,
        bench(url, collector="stripe/1") as b,
    ):
        told = context(b.session, {"payment.id": (CHARGE,)}, source="stripe")
        items = [i async for i in Stripe().collect(ORDER, told)]
    assert [item.key.rpartition("/")[2] for item in items[-3:]] == ["1", "2", "3"]
    assert [one.get("starting_after") for one in asked] == [
        None,
        "ch_page100000",
        "ch_page200000",
    ]
    assert {one["customer"] for one in asked} == {"cus_12345678"}


async def test_one_part_that_fails_does_not_keep_the_others_from_being_brought() -> None:
    fault = Fault(kind="status", status=403, on="/receipts/")
    items: list[Item] = []
    async with served(sandbox(replace(STORY, faults=(fault,)))) as url:
        with pytest.raises(AccessError):
            async for item in collected(url):
                items.append(item)
    assert items[-1].key == f"charge/{CHARGE}/prior/1"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="status", status=500, times=0), OutageError),
        (Fault(kind="status", status=429, retry_after="600", times=0), OutageError),
        (Fault(kind="status", status=401, times=0), AccessError),
        (Fault(kind="garbage"), ShapeError),
    ],
    ids=["500", "429", "401", "a search that is garbage"],
)
async def test_a_source_that_fails_says_whose_matter_it_is(
    fault: Fault, error: type[Exception]
) -> None:
    async with served(sandbox(replace(STORY, faults=(fault,)))) as url:
        with pytest.raises(error):
            [item async for item in collected(url)]


def test_a_key_that_may_do_everything_is_refused() -> None:
    with pytest.raises(ConfigError, match="restricted"):
        Stripe().auth({}, {"api_key": Secret("api_key", "sk_live_123456")})
    with pytest.raises(RequestError, match="api_key_env"):
        Stripe().auth({}, {})
    assert collector_named("stripe").roles == Stripe.roles


# What is read


def fixture(shared: Path, name: str) -> Any:
    return json.loads((shared / FOLDER / f"{name}.json").read_bytes())


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("charge.fixture", 11),
        ("dispute.fixture", 10),
        ("charge.dispute.created.event", 11),
        ("radar.early_fraud_warning.fixture", 3),
    ],
)
def test_each_of_stripes_fixtures_is_read_without_loss(shared: Path, name: str, count: int) -> None:
    value = fixture(shared, name)
    facts = read(value)
    assert_said(facts, value, derived=_DERIVED)
    assert len(facts) == count
    assert not facts_named(facts, "field.unread")


def test_a_check_that_was_not_made_is_no_result(shared: Path) -> None:
    facts = read(fixture(shared, "charge.fixture"))
    assert facts_named(facts, "payment.avs") == []
    assert [fact.text for fact in facts_named(facts, "payment.cvv")] == ["pass"]


def test_a_charge_that_failed_was_not_paid(shared: Path) -> None:
    value = fixture(shared, "charge.fixture") | {"status": "failed"}
    assert facts_named(read(value), "payment.at") == []


def test_what_the_seller_sent_for_visas_programme_is_told_as_the_sellers_word(
    shared: Path,
) -> None:
    value = fixture(shared, "dispute.fixture")
    payer = {"customer_purchase_ip": "203.0.113.9", "customer_device_id": "d" * 20}
    prior = payer | {"charge": PRIOR, "shipping_address": {"city": "PORTLAND"}}
    value["evidence"]["enhanced_evidence"] = {
        "visa_compelling_evidence_3": {
            "disputed_transaction": payer,
            "prior_undisputed_transactions": [prior, prior | {"charge": "ch_other"}],
        }
    }
    facts = read(value)
    assert_said(facts, value, derived=_DERIVED)
    assert len(facts_named(facts, "prior.payment.ip")) == 2
    (ip,) = facts_named(facts, "payment.ip")
    assert ip.text == "203.0.113.9"
    assert [fact.text for fact in facts_named(facts, "prior.payment.id")] == [PRIOR, "ch_other"]


@pytest.mark.parametrize("value", [{}, {"object": "payout"}, {"object": "list", "data": "x"}, []])
def test_an_answer_of_another_shape_is_refused(value: Any) -> None:
    with pytest.raises(ShapeError):
        read(value)


async def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    async with served(sandbox()) as url:
        items = [i async for i in collected(url) if i.media_type == "application/json"]
    told = [(json.loads(i.content.read(1 << 20)), dict(i.hints)) for i in items]
    told += [(fixture(shared, n), {}) for n in ("charge.fixture", "dispute.fixture")]
    dice = random.Random("stripe")
    for document, hints in told:
        for _ in range(150):
            now = drifted(document, dice)
            try:
                facts = read(now, **hints)
            except EvidenceError:
                continue
            assert_said(facts, now, derived=_DERIVED)
