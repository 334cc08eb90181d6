"""What will expire is fetched before it does, deadlines are told of, whatever process dies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.facts import Fact
from evidence.items import Role
from evidence.manifest import Manifest
from evidence.policy import Policy
from service.agenda.agenda import Agenda
from service.agenda.plan import errands_after
from service.agenda.warning import Heard, messages_of, warn, warning
from service.defects.desk import Desk, Told
from service.runtime import Runtime
from service.webhooks.intake import Intake, pack
from service.webhooks.sender import new_secret
from storage.ledger.deliveries import Delivery
from storage.ledger.errands import Why
from storage.ledger.outbox import Subscription
from storage.ledger.outbox import Told as Event
from tests.service.access.house import OUR_ORDER, OURS, house_settings
from tests.service.webhooks.test_intake import hooks
from tests.verifiers.evidence_of import NOW, NUMBER, ORDER, item, said
from verifiers.risk.words import built_in_words
from verifiers.rulebook import policies

DAY = timedelta(days=1)
SIXTY = timedelta(days=60)


class Clock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[Runtime]:
    settings = replace(house_settings(tmp_path), webhooks=hooks())
    async with await Runtime.open(settings, clock=Clock()) as opened:
        yield opened


def later(runtime: Runtime, **by: float) -> None:
    assert isinstance(runtime.clock, Clock)
    runtime.clock.ahead += timedelta(**by)


def sealed(*facts: Fact, policy: Policy | None = None, **more: Any) -> Manifest:
    return Manifest(
        order=ORDER,
        order_salt=bytes(32),
        collection="c1",
        requested_at=NOW,
        at=NOW,
        policy=policy or policies()["generic.delivery"],
        facts=facts,
        judgements=(),
        coverage=(),
        sources=(),
        versions={},
        before_read="",
        **{"items": (), **more},
    )


def planned(manifest: Manifest, **more: Any) -> dict[Why, timedelta]:
    given: dict[str, Any] = {"asks_carriers": True, "first_asked": NOW, "poll_for": SIXTY} | more
    return {errand.why: errand.at - NOW for errand in errands_after(manifest, **given)}


NUMBERED = said("shipment.tracking_number", NUMBER, by="erp", item="erp")


# -- what is planned -----------------------------------------------------------------------


def test_a_parcel_under_way_is_asked_about_until_it_is_there() -> None:
    on_its_way = sealed(NUMBERED)
    assert planned(on_its_way) == {Why.DELIVERY: DAY, Why.HISTORY: 80 * DAY}
    assert planned(on_its_way, first_asked=NOW - 20 * DAY)[Why.DELIVERY] == 3 * DAY
    assert Why.DELIVERY not in planned(on_its_way, first_asked=NOW - 58 * DAY)
    assert planned(on_its_way, asks_carriers=False) == {}
    assert planned(on_its_way, poll_for=timedelta()) == {}
    assert planned(sealed()) == {}


def test_a_delivery_of_today_is_asked_about_once_more_and_one_of_last_week_is_not() -> None:
    for at, errands in (
        ("2026-11-20T09:00:00Z", {Why.PROOF: DAY}),
        ("2026-11-13T09:00:00Z", {}),
        ("2026-11-19T20:00:00", {Why.PROOF: DAY}),  # local: it can have been a few hours ago
    ):
        there = said("scan.delivered.at", at, by="ups", item="ups")
        assert planned(sealed(NUMBERED, there)) == errands, at


def test_before_the_history_goes_it_is_fetched_once_more() -> None:
    scan = said("scan.accepted.at", "2026-09-21T12:00:00Z", by="ups", item="ups")
    found = planned(sealed(NUMBERED, scan))
    assert NOW + found[Why.HISTORY] == datetime(2026, 12, 10, 12, tzinfo=UTC)


def test_a_capture_that_would_be_too_old_at_the_deadline_is_taken_again_before() -> None:
    capture = item("page", Role.CAPTURE_PAGE, origin="capture")
    rules = policies()["tiktok.odr"]
    for days, at in ((10, 6.5 * DAY), (6, None)):
        defect = {"kind": "odr", "due_at": (NOW + days * DAY).isoformat()}
        found = planned(sealed(policy=rules, items=(capture,), defect=defect))
        assert found.get(Why.FRESH) == at, days


# -- what is run ---------------------------------------------------------------------------


async def collections(runtime: Runtime) -> int:
    order = await runtime.ledger.find_order(OURS, OUR_ORDER)
    return len(await runtime.ledger.collections_of(order)) if order else 0


async def listen(runtime: Runtime, *events: Event) -> None:
    await runtime.ledger.add_subscription(
        Subscription(
            id="0" * 16,
            tenant=OURS,
            url="https://hooks.example/x",
            secret=new_secret(),
            events=frozenset(map(str, events)),
            stores=None,
            created_at=runtime.clock(),
        )
    )


async def heard(runtime: Runtime) -> list[str]:
    until = runtime.clock() + timedelta(minutes=1)
    found = await runtime.ledger.claim_messages(limit=20, until=until)
    for message in found:
        await runtime.ledger.message_ended(message.number, "sent", again=None)
    return [message.event for message in found]


async def test_each_step_of_a_defect_is_told_of_a_day_before_once_and_survives_a_restart(
    runtime: Runtime,
) -> None:
    await listen(runtime, Event.DEADLINE)
    noticed = runtime.clock()
    told = Told(platform="amazon", number=OUR_ORDER.id, site="US", said="a-to-z", noticed=noticed)
    desk = Desk(runtime)
    await desk.enter(OURS, "default", [told], origin="manual")
    await desk.act()
    assert (await Agenda(runtime).act(), await heard(runtime)) == (0, [])
    later(runtime, hours=24.1)  # the reply is due after 48 hours
    async with await Runtime.open(runtime.settings, clock=runtime.clock) as another:
        assert await Agenda(another).act() == 1
    assert (await Agenda(runtime).act(), await heard(runtime)) == (0, ["deadline.approaching"])
    later(runtime, days=13)  # the appeal, by its strictest reading after 15 days
    assert (await Agenda(runtime).act(), await heard(runtime)) == (1, ["deadline.approaching"])
    later(runtime, days=30)
    assert (await Agenda(runtime).act(), await heard(runtime)) == (0, [])


async def test_an_errand_starts_one_collection_however_often_it_is_run(runtime: Runtime) -> None:
    order = await runtime.ledger.order(OURS, OUR_ORDER)
    made, _ = await runtime.request_collection(OUR_ORDER, tenant=OURS)
    await runtime.walk(OURS, made.id)
    now = runtime.clock()
    message = Heard("m1", "it arrived damaged", now)
    assert await warn(runtime, order, [message], collection=made.id) == 1
    assert await warn(runtime, order, [message], collection=made.id) == 0
    assert await Agenda(runtime).act() == 0
    later(runtime, hours=2.1)
    until = runtime.clock() + timedelta(minutes=1)
    (errand,) = await runtime.ledger.claim_errands(limit=5, until=until)
    agenda = Agenda(runtime)
    await agenda._one(errand)  # and its process dies before anybody else knows
    await agenda._one(errand)
    later(runtime, hours=1)
    assert await Agenda(runtime).act() == 0
    assert await collections(runtime) == 2


# -- warnings ------------------------------------------------------------------------------


def test_tiers_are_those_of_the_kind_the_platform_and_the_platform_itself() -> None:
    lists = built_in_words()
    for text, platform, least, own in (
        ("I will file an A-to-z claim", "amazon", 1, 12),
        ("it arrived damaged", "shopify", 2, 4),
        ("it arrived damaged", "ebay", 2, None),
    ):
        found = warning(Heard("m", text, NOW), platform=platform, now=NOW, lists=lists)
        assert found is not None and found.at == NOW + timedelta(hours=least)
        by = found.said["answer_by"]
        assert isinstance(by, dict)
        assert by["official"] == "2026-11-21T12:00:00.000000Z"
        assert ("platform" in by) == (own is not None)
        if own:
            assert by["platform"].startswith(f"2026-11-2{1 if own == 12 else 0}T")
    calm = Heard("m", "thank you", NOW)
    assert warning(calm, platform="amazon", now=NOW, lists=lists) is None
    old = Heard("m", "it arrived damaged", NOW - 3 * DAY)
    assert warning(old, platform="amazon", now=NOW, lists=lists) is None


def test_of_transcripts_only_what_a_buyer_wrote_is_watched() -> None:
    def message(n: int, role: str, body: str) -> list[Fact]:
        where: dict[str, Any] = {"by": "ebay", "item": "page", "group": f"message/{n}"}
        return [
            said("message.id", str(n), **where),
            said("message.role", role, **where),
            said("message.body", body, **where),
            said("message.sent.at", "2026-11-20T11:00:00Z", **where),
        ]

    facts = [*message(1, "buyer", "broken"), *message(2, "seller", "is it broken?")]
    mail = said("message.body", "lost", by="mail", item="mail")
    found = list(messages_of(sealed(*facts, mail)))
    assert [(each.id, each.text) for each in found] == [("1", "broken")]
    assert found[0].at == NOW - timedelta(hours=1)


async def test_a_message_with_a_risk_starts_a_collection_at_once_and_is_told_of(
    runtime: Runtime,
) -> None:
    await listen(runtime, Event.RISK)
    intake = Intake(runtime)
    for n, text in enumerate(("undamaged, thanks!", "The mug arrived damaged", "DAMAGED. Hello?")):
        body = (
            b'{"type":"message.received","data":{"platform":"amazon","order_id":"%s",'
            b'"message_id":"m%d","text":"%s"}}' % (OUR_ORDER.id.encode(), n, text.encode())
        )
        await intake.receive(
            Delivery(
                tenant=OURS,
                store="default",
                hook="own",
                event=f"e{n}",
                kind="message.received",
                body=pack({"webhook-id": f"e{n}"}, body),
                received_at=NOW,
                keep_until=NOW + DAY,
            )
        )
    assert await intake.act() == 3
    assert await collections(runtime) == 1  # two messages of one hour are one reason to look
    assert await heard(runtime) == ["message.risk", "message.risk"]
    order = await runtime.find(OURS, OUR_ORDER)
    assert [each.why for each in await runtime.ledger.errands_of(order)] == [Why.ANSWER] * 2
