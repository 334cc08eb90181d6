"""A notice starts what it should, once, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import stripe
from aiohttp.test_utils import TestClient, TestServer

from collectors.secrets import Secret
from evidence.erasure import ErasureReason
from evidence.items import Role
from evidence.orders import Alias, OrderRef, Platform
from service.api.opened import open_runtime
from service.custody import By
from service.http.app import make_app
from service.retention.erasure import erase
from service.runtime import Runtime
from service.settings import RetentionSettings, Settings
from service.steps import walk
from service.webhooks.events import VENDORS, Effect, read
from service.webhooks.hooks import HookSettings
from service.webhooks.intake import Intake, pack
from storage.ledger.deliveries import Delivery
from tests.service.access.house import OUR_ORDER, OURS, house_settings
from tests.service.conftest import Checked

NOW = datetime.now(UTC)
TRACKING = "1Z204W4R0308071865"


def dispute(case: str = "dp_1", *, event: str = "evt_1", order: str | None = None) -> bytes:
    about: dict[str, Any] = {"id": case, "charge": "ch_1", "created": 1_723_075_199}
    about["evidence_details"] = {"due_by": 1_723_679_999}
    about["metadata"] = {"order_id": order or OUR_ORDER.id}
    said = {"id": event, "type": "charge.dispute.created", "data": {"object": about}}
    return json.dumps(said).encode()


def hooks() -> tuple[HookSettings, ...]:
    secrets = {"secret": Secret("secret", "whsec_x")}
    return (
        HookSettings(name="pay", vendor="stripe", platform="amazon", secrets=secrets),
        HookSettings(name="ups", vendor="ups", platform="amazon", secrets=secrets),
        HookSettings(name="own", vendor="standard", platform="amazon", secrets=secrets),
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(house_settings(tmp_path), api_token=None, webhooks=hooks())


@pytest.fixture
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    async with await Runtime.open(settings) as opened:
        yield opened


def arrived(
    body: bytes, *, hook: str = "pay", headers: Mapping[str, str] | None = None
) -> Delivery:
    vendor = next(each.vendor for each in hooks() if each.name == hook)
    event = read(vendor, headers or {}, body)
    return Delivery(
        tenant=OURS,
        store="default",
        hook=hook,
        event=event.id,
        kind=event.kind,
        body=pack(headers or {}, body),
        received_at=NOW,
        keep_until=NOW + timedelta(days=30),
    )


async def states(runtime: Runtime) -> dict[str, int]:
    found: dict[str, int] = {}
    for _, _, state, count in await runtime.ledger.delivery_counts(OURS):
        found[state] = found.get(state, 0) + count
    return found


async def test_a_dispute_starts_one_collection_that_holds_the_notice(runtime: Runtime) -> None:
    intake = Intake(runtime)
    body = dispute()
    assert await intake.receive(arrived(body))
    assert not await intake.receive(arrived(body))
    assert await intake.act() == 1
    order = await runtime.find(OURS, OUR_ORDER)
    (collection,) = await runtime.ledger.collections_of(order)
    assert collection.defect == {
        "kind": "chargeback",
        "case_id": "dp_1",
        "noticed_at": "2024-08-07T23:59:59.000000Z",
        "due_at": "2024-08-14T23:59:59.000000Z",
    }
    assert await runtime.walk(OURS, collection.id) == "sealed"
    items = await runtime.ledger.items(order)
    (notice,) = [item for item in items if item.role is Role.DEFECT_NOTICE]
    assert runtime.stored(order, notice).read(10_000) == body
    assert await runtime.ledger.notices_of(OURS, collection.id) == []
    account = await runtime.account(OURS, OUR_ORDER)
    assert account.manifest is not None
    assert notice.sha256 in {item.sha256 for item in account.manifest.items}
    assert await states(runtime) == {"done": 1}


async def test_of_one_case_the_second_notice_starts_nothing(runtime: Runtime) -> None:
    intake = Intake(runtime)
    for event in ("evt_1", "evt_2"):
        await intake.receive(arrived(dispute(event=event)))
    await intake.receive(arrived(dispute("dp_2", event="evt_3")))
    await intake.act()
    order = await runtime.find(OURS, OUR_ORDER)
    assert len(await runtime.ledger.collections_of(order)) == 2
    assert await states(runtime) == {"done": 3}


@pytest.mark.parametrize("step", ["receive", "attach", "start"])
async def test_after_a_crash_at_any_step_the_notice_is_acted_on_once(
    runtime: Runtime, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash(BaseException):
        pass

    async def dies(*_: object, **__: object) -> None:
        raise Crash

    intake = Intake(runtime)
    await intake.receive(arrived(dispute()))
    with monkeypatch.context() as patched:
        match step:
            case "receive":
                patched.setattr(runtime.ledger, "attach_delivery", dies)
            case "attach":
                patched.setattr(runtime, "request_collection", dies)
            case _:
                patched.setattr(runtime.ledger, "end_delivery", dies)
        with pytest.raises(Crash):
            await intake.act()
    assert await Intake(runtime).act() == 1
    order = await runtime.find(OURS, OUR_ORDER)
    (collection,) = await runtime.ledger.collections_of(order)
    assert len(await runtime.ledger.notices_of(OURS, collection.id)) == 1


async def test_a_parcel_that_is_delivered_is_collected_for_at_once_if_we_know_it(
    runtime: Runtime,
) -> None:
    intake = Intake(runtime)
    scan = {"trackingNumber": TRACKING, "activityStatus": {"type": "D"}}
    for change in ({}, {"activityStatus": {"type": "I"}}, {"trackingNumber": "1Z0"}):
        await intake.receive(arrived(json.dumps(scan | change).encode(), hook="ups"))
    order = await runtime.ledger.order(OURS, OUR_ORDER)
    await runtime.ledger.add_alias(order, Alias("shipment.tracking_number", TRACKING))
    await intake.act()
    assert len(await runtime.ledger.collections_of(order)) == 1
    assert await states(runtime) == {"done": 1, "counted": 1, "kept": 1}


async def test_what_nobody_knows_is_kept_counted_and_forgotten_when_its_time_is_over(
    runtime: Runtime,
) -> None:
    intake = Intake(runtime)
    strange = json.dumps({"id": "evt_9", "type": "quantum.<entangled>"}).encode()
    over = replace(arrived(strange), keep_until=NOW - timedelta(seconds=1))
    await intake.receive(over)
    await intake.receive(arrived(dispute(order="not an order's number")))
    await intake.act()
    counts = await runtime.ledger.delivery_counts(OURS)
    assert ("pay", "quantum.-entangled-", "kept", 1) in counts
    assert await runtime.ledger.forget_deliveries() == 1
    assert await states(runtime) == {"kept": 1}


async def test_an_erased_order_leaves_no_notice_behind(runtime: Runtime) -> None:
    intake = Intake(runtime)
    await intake.receive(arrived(dispute()))
    await intake.act()
    order = await runtime.find(OURS, OUR_ORDER)
    (collection,) = await runtime.ledger.collections_of(order)
    await walk.fail(runtime, OURS, collection.id, "it is over", park=False)
    assert await states(runtime) == {"done": 1}
    runtime.settings = replace(runtime.settings, retention=RetentionSettings(days=0))
    runtime.clock = lambda: datetime.now(UTC) + timedelta(days=400)
    runtime.ledger._clock = runtime.clock
    by = By("local user t", "orderproof test")
    await erase(runtime, OURS, OUR_ORDER, reason=ErasureReason.SUBJECT_REQUEST, by=by)
    assert await states(runtime) == {}


@pytest.mark.parametrize("vendor", sorted(VENDORS))
@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", b"null", b'{"data":[],"type":7,"id":{},"metadata":1,"result":"x"}'],
)
def test_a_body_of_another_shape_is_kept_and_starts_nothing(vendor: str, body: bytes) -> None:
    event = read(vendor, {}, body)
    assert event.effect is Effect.KEEP and event.order is None and len(event.id) == 64


@pytest.mark.needs_shared
def test_the_vendors_samples_are_read_as_what_they_are(shared: Path) -> None:
    market = shared / "contracts/market"

    def of(vendor: str, path: Path) -> Any:
        return read(vendor, {}, path.read_bytes())

    paid = of("stripe", market / "stripe/charge.dispute.created.event.json")
    assert (paid.effect, paid.order) == (Effect.COLLECT, "114-9876543-1234560")
    held = of("paypal", market / "paypal/CUSTOMER.DISPUTE.CREATED.event.json")
    assert held.defect == {
        "kind": "paypal not received",
        "case_id": "PP-D-27803",
        "noticed_at": "2026-02-18T19:58:01.000000Z",
        "due_at": "2026-02-28T19:58:01.000000Z",
    }
    assert held.aliases == (Alias("payment.id", "00D10444LD479031K"),)
    carriers = shared / "contracts/carriers"
    scan = of("ups", carriers / "ups/samples/trackalert_webhook_delivery_message.json")
    assert (scan.effect, scan.aliases[0].value) == (Effect.COLLECT, TRACKING)
    idle = of("17track", carriers / "17track/samples/webhook_tracking_updated_skeleton.json")
    assert (idle.effect, idle.kind) == (Effect.COUNT, "TRACKING_UPDATED")
    for sample in json.loads((market / "tiktok/webhook-events.sample.json").read_text()):
        event = read("tiktok", {}, json.dumps(sample).encode())
        assert (event.effect, event.id) == (Effect.COUNT, sample["tts_notification_id"])


async def test_a_burst_is_answered_and_every_event_of_it_is_there_once(settings: Settings) -> None:
    """200 deliveries, three in ten of them again: 140 events, each of its own order."""
    app = make_app(settings, opening=partial(open_runtime, worker=False))
    client = TestClient(TestServer(app))
    await client.start_server()
    ask = Checked(client)
    numbers = [f"112-0000000-{number:07}" for number in range(140)]
    bodies = [dispute(f"dp_{n}", event=f"evt_{n}", order=n) for n in numbers]

    async def send(body: bytes) -> tuple[int, bool]:
        at = int(time.time())
        right = stripe.WebhookSignature._compute_signature(f"{at}.{body.decode()}", "whsec_x")
        headers = {"Stripe-Signature": f"t={at},v1={right}"}
        answer = await ask.post("/v1/webhooks/pay", data=body, headers=headers)
        return answer.status, answer.json["new"]

    try:
        answers = await asyncio.gather(*(send(body) for body in [*bodies, *bodies[:60]]))
        assert {status for status, _ in answers} == {200}
        assert sum(new for _, new in answers) == 140
        async with asyncio.timeout(90):
            while True:
                (found,) = [
                    each
                    for each in (await ask.get("/v1/webhooks")).json["webhooks"]
                    if each["hook"] == "pay"
                ]
                counts = {each["state"]: each["count"] for each in found["counts"]}
                if counts.keys() == {"done"}:
                    break
                await asyncio.sleep(0.2)
        assert counts == {"done": 140}
        wrong = await ask.post("/v1/webhooks/pay", data=bodies[0], headers={})
        assert (wrong.status, wrong.json["type"].rpartition(":")[2]) == (401, "unauthorized")
        assert (await ask.post("/v1/webhooks/other", data=b"{}")).status == 404
    finally:
        await client.close()
    async with await Runtime.open(settings) as runtime:
        for number in (numbers[0], numbers[59], numbers[139]):
            order = await runtime.find(OURS, OrderRef(Platform.AMAZON, number))
            assert len(await runtime.ledger.collections_of(order)) == 1
