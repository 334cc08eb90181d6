"""PayPal: payments, trackers and disputes, against PayPal's own descriptions."""

import json
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collectors.payments.paypal import PayPal
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
from service.sandbox.app import ASKED, Asked, make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import Dispute, Event, Message, Order, Parcel, Payment, Scenario
from tests.collectors.contract import Contract
from tests.collectors.http_bench import NOW, bench, context
from tests.collectors.reading import answer, assert_said, drifted, facts_named

ORDER = OrderRef(Platform.AMAZON, "112-4832917-2201845")
PAYMENT = "00D10444LD479031K"
FOLDER = "contracts/market/paypal"
AT = datetime.fromisoformat("2026-07-03T14:31:07-07:00")
SECRETS = {"client_secret": Secret("client_secret", "sandbox-secret")}


def dispute(number: str, payment: str = PAYMENT) -> Dispute:
    return Dispute(
        id=number,
        processor="paypal",
        payment=payment,
        at=AT,
        amount="48.90",
        reason="MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
        status="WAITING_FOR_SELLER_RESPONSE",
        due_at=AT + timedelta(days=10),
    )


STORY = Scenario(
    order=Order(id=ORDER.id),
    parcels=(Parcel(tracking_number="1Z84A7V90344127810", events=(Event(at=AT),)),),
    messages=(Message(at=AT, text="Where is it?"),),
    payments=(Payment(id=PAYMENT, processor="paypal", at=AT, amount="48.90", avs="Y", cvv="M"),),
    disputes=(dispute("PP-D-27803"),),
)


async def collected(
    url: str,
    *payments: str,
    order: OrderRef = ORDER,
    settings: Mapping[str, Any] | None = None,
) -> AsyncIterator[Item]:
    auth = PayPal().auth({"client_id": "sandbox-client"}, SECRETS)
    async with bench(f"{url}/paypal", auth=auth, collector="paypal/1") as b:
        known = {"payment.id": payments} if payments else {}
        told = context(b.session, known, source="paypal", settings=settings)
        async for item in PayPal().collect(order, told):
            yield item


def sandbox(story: Scenario = STORY) -> web.Application:
    return make_sandbox(story, clock=lambda: NOW)


def read(value: Any) -> list[Fact]:
    return PayPal().read(answer(PayPal(), value, role=Role.PAYMENT_RECORD))


# What is asked


def contract(shared: Path, name: str) -> Contract:
    return Contract(shared / FOLDER / f"{name}.json", prefix="/paypal")


async def test_each_request_and_answer_is_one_that_paypal_documents(shared: Path) -> None:
    app = sandbox()
    async with served(app) as url:
        items = {item.key: item async for item in collected(url, PAYMENT)}
    disputes = contract(shared, "customer_disputes_v1")
    trackers = contract(shared, "shipping_shipment_tracking_v1")
    for judge, part, key in (
        (trackers, "/trackers", f"capture/{PAYMENT}/trackers"),
        (disputes, "/disputes", f"capture/{PAYMENT}/disputes"),
        (disputes, "/disputes/PP-D-27803", "dispute/PP-D-27803"),
    ):
        (asked,) = [one for one in app[ASKED] if one.path.endswith(part)]
        judge.assert_request(asked)
        judge.assert_answer(asked, 200, json.loads(items[key].content.read(1 << 20)))


async def test_going_through_disputes_asks_as_paypal_documents(shared: Path) -> None:
    app = sandbox()
    async with served(app) as url:
        [item async for item in collected(url, settings={"scan_days": 30})]
    judge = contract(shared, "customer_disputes_v1")
    asked: list[Asked] = [one for one in app[ASKED] if "/disputes" in one.path]
    for one in asked:
        judge.assert_request(one)
    assert asked[0].query["update_time_after"] == "2026-06-25T10:00:00.000Z"


# What is brought


async def test_a_payment_brings_its_tracking_its_dispute_and_the_files_in_it() -> None:
    async with served(sandbox()) as url:
        items = {item.key: item async for item in collected(url, PAYMENT)}
    assert list(items) == [
        f"capture/{PAYMENT}",
        f"capture/{PAYMENT}/trackers",
        f"capture/{PAYMENT}/disputes",
        "dispute/PP-D-27803",
        "dispute/PP-D-27803/document/0",
    ]
    said = {key: {f.name: f for f in PayPal().read(item)} for key, item in items.items()}
    capture = said[f"capture/{PAYMENT}"]
    assert (capture["payment.avs"].text, capture["payment.cvv"].text) == ("Y", "M")
    assert capture["payment.at"].time.span.earliest == AT
    assert capture["order.alias"].text == ORDER.id
    tracker = said[f"capture/{PAYMENT}/trackers"]
    assert tracker["shipment.tracking_number"].text == "1Z84A7V90344127810"
    assert tracker["shipment.shipped.at"].text == "2026-07-03"
    full = said["dispute/PP-D-27803"]
    assert full["dispute.amount"].text == "48.90 USD"
    assert full["dispute.due.at"].time.span.earliest == AT + timedelta(days=10)
    assert full["dispute.sent.at"].time.span.earliest == AT
    assert (full["message.from"].text, full["message.body"].text) == ("BUYER", "Where is it?")
    file = items["dispute/PP-D-27803/document/0"]
    assert (file.role, file.name, file.media_type) == (Role.DOCUMENT, "door.jpg", "image/jpeg")


async def test_a_payment_that_is_not_paypals_is_not_asked_for() -> None:
    app = sandbox()
    async with served(app) as url:
        assert [i async for i in collected(url, "ch_3QfBx82eZvKYlo2C", "pi_1234567890")] == []
    assert not app[ASKED]
    assert not PayPal().recognises(ORDER, {"payment.id": ("ch_3QfBx82eZvKYlo2C",)})
    assert PayPal().recognises(ORDER, {"payment.id": (PAYMENT,)})


async def test_that_a_payment_is_not_disputed_is_an_answer() -> None:
    async with served(sandbox(replace(STORY, disputes=()))) as url:
        items = [item async for item in collected(url, PAYMENT)]
    assert items[-1].key == f"capture/{PAYMENT}/disputes"
    assert PayPal().read(items[-1]) == []


async def test_disputes_are_gone_through_to_the_last_page_for_one_that_names_the_order() -> None:
    others = tuple(dispute(f"PP-D-{n}") for n in range(1, 6))
    app = sandbox(replace(STORY, disputes=others))
    async with served(app) as url:
        items = [i async for i in collected(url, settings={"scan_days": 30})]
        stranger = OrderRef(Platform.AMAZON, "112-0000000-0000000")
        nothing = [i async for i in collected(url, order=stranger, settings={"scan_days": 30})]
    assert [item.key for item in items if item.role is Role.PAYMENT_RECORD] == [
        f"dispute/PP-D-{n}" for n in range(1, 6)
    ]
    assert nothing == []


async def test_one_dispute_is_brought_once_by_whichever_way_it_was_found() -> None:
    async with served(sandbox()) as url:
        items = [i async for i in collected(url, PAYMENT, settings={"scan_days": 30})]
    assert len([item for item in items if item.key == "dispute/PP-D-27803"]) == 1


async def test_one_part_that_fails_does_not_keep_the_others_from_being_brought() -> None:
    fault = Fault(kind="status", status=403, on="/trackers")
    items: list[Item] = []
    async with served(sandbox(replace(STORY, faults=(fault,)))) as url:
        with pytest.raises(AccessError):
            async for item in collected(url, PAYMENT):
                items.append(item)
    assert items[-1].role is Role.DOCUMENT


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
            [item async for item in collected(url, PAYMENT)]


@pytest.mark.parametrize("days", [-1, 181, "30", True])
async def test_days_that_are_none_are_refused(days: object) -> None:
    async with served(sandbox()) as url:
        with pytest.raises(ConfigError, match="scan_days"):
            [item async for item in collected(url, settings={"scan_days": days})]


def test_it_is_in_the_registry_and_says_which_setting_is_missing() -> None:
    assert collector_named("paypal").roles == PayPal.roles
    with pytest.raises(RequestError, match="client_id"):
        PayPal().auth({}, SECRETS)


# What is read


def test_a_sample_event_is_read_without_loss(shared: Path) -> None:
    value = json.loads((shared / FOLDER / "CUSTOMER.DISPUTE.CREATED.event.json").read_bytes())
    facts = read(value)
    assert_said(facts, value)
    said = {fact.name: fact for fact in facts}
    assert said["order.alias"].text == "114-9876543-1234560"
    assert said["payment.id"].group == "dispute/PP-D-27803/payment/00D10444LD479031K"
    assert [fact.text for fact in facts_named(facts, "dispute.kind")] == ["CHARGEBACK", "EXTERNAL"]


def test_one_tracker_and_a_list_of_them_read_alike() -> None:
    """PayPal describes the answer to a list as one tracker, and has a list beside it."""
    one = {
        "transaction_id": PAYMENT,
        "tracking_number": "1Z84A7V90344127810",
        "status": "DELIVERED",
        "last_updated_time": "2026-07-03T21:31:07Z",
    }
    alone, listed = read(one), read({"trackers": [one]})
    assert [(f.name, f.text) for f in alone] == [(f.name, f.text) for f in listed]
    assert not [fact for fact in alone if fact.name.startswith(("scan.", "delivery."))]


def test_a_parcel_back_is_not_the_parcel_out() -> None:
    back = {"transaction_id": PAYMENT, "tracking_number": "1Z", "shipment_direction": "RETURN"}
    names = {fact.name for fact in read(back)}
    assert names == {"payment.id", "return.tracking_number"}


def test_free_text_is_a_number_of_the_order_only_where_it_cannot_be_anything_else() -> None:
    def told(custom: str) -> list[str]:
        facts = read({"id": PAYMENT, "amount": {}, "custom_id": custom})
        return [fact.text for fact in facts_named(facts, "order.alias")]

    assert told("112-4832917-2201845") == ["112-4832917-2201845"]
    assert told("Jane's birthday") == []


@pytest.mark.parametrize("value", [{"new": 1}, [], {"items": "x"}, {"trackers": 5}])
def test_an_answer_of_another_shape_is_refused(value: Any) -> None:
    with pytest.raises(ShapeError):
        read(value)


async def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented() -> None:
    async with served(sandbox()) as url:
        items = [i async for i in collected(url, PAYMENT) if i.role is not Role.DOCUMENT]
    dice = random.Random("paypal")
    for item in items:
        document = json.loads(item.content.read(1 << 20))
        for _ in range(200):
            now = drifted(document, dice)
            try:
                facts = PayPal().read(answer(PayPal(), now, role=item.role))
            except EvidenceError:
                continue
            assert_said(facts, now)
