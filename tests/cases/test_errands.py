"""What a case has coming is told when it is due, once, and only if it is still so."""

from __future__ import annotations

from typing import Any

from evidence.items import Role
from service.agenda.agenda import Agenda
from service.cases.ref import ref_of_case
from service.webhooks.sender import Sender, new_secret
from storage.ledger.outbox import Subscription
from tests.cases.house import House

NUMBER = "576461413038785752"


async def told(here: House) -> list[dict[str, Any]]:
    """What has come into the outbox since the last look, as it would be sent."""
    import json

    agenda = Agenda(here.runtime)
    await agenda.act()
    sender = Sender(here.runtime)
    try:
        found = []
        until = here.clock()
        for message in await here.runtime.ledger.claim_messages(limit=50, until=until):
            body = await sender._body(message)
            assert body is not None
            found.append(json.loads(body)["data"])
            await here.runtime.ledger.message_ended(message.number, "sent", again=None)
        return found
    finally:
        await sender.close()


async def listening(here: House, *events: str) -> None:
    await here.runtime.ledger.add_subscription(
        Subscription(
            id="ab" * 8,
            tenant="default",
            url="https://hooks.example.com/",
            secret=new_secret(),
            events=frozenset(events or {"deadline.approaching"}),
            stores=None,
            created_at=here.clock(),
        )
    )


async def test_S4_09_the_operator_is_told_at_the_end_of_the_quiet_period(here: House) -> None:
    await listening(here)
    case = await here.steps(await here.opened(kinds=["payment hold"]), "collect", "ready")
    case = (await here.submitted(case)).json
    here.clock.passes(hours=119)
    assert await told(here) == []
    here.clock.passes(hours=2)
    (message,) = await told(here)
    assert message["about"]["what"] == "quiet-over"
    assert message["links"] == {"case": f"/v1/cases/{case['id']}"}
    assert await told(here) == []


async def test_S1_17_a_promise_is_told_when_it_is_due_unless_it_was_kept(here: House) -> None:
    await listening(here)
    case = await here.opened(kinds=["payment hold"])
    due = "2026-11-22T00:00:00Z"
    for text in ("Reply within 48 hours.", "Reply within a day."):
        case = await here.step(case, "promise", text=text, due=due, kind="reply-time")
        due = "2026-11-23T00:00:00Z"
    proof = [{"text": "limit: 24 h", "hints": {"proof": "settings"}}]
    await here.step(case, "prove", measure="M2", papers=proof)
    here.clock.passes(days=5)
    (message,) = await told(here)
    assert message["about"]["due_at"] == "2026-11-22T00:00:00.000000Z"


async def test_S4_16_what_comes_back_within_the_watch_is_told_as_critical(here: House) -> None:
    await listening(here)
    case = await here.steps(await here.opened(kinds=["payment hold"]), "collect", "ready")
    case = (await here.submitted(case)).json
    case = await here.steps(case, "win", "watch")
    here.clock.passes(days=29)
    await here.step(case, "recur")
    (message,) = [each["about"] for each in await told(here) if "severity" in each["about"]]
    assert message["severity"] == "critical"


async def test_S3_09_a_case_is_sealed_before_the_window_of_its_platform_closes(here: House) -> None:
    await listening(here)
    case = await here.opened(platform="tiktok", kinds=["odr"], orders=[NUMBER], papers=[])
    here.clock.passes(hours=70)
    await told(here)
    order = await here.runtime.find("default", ref_of_case(case["id"]))
    roles = [line.role for line in await here.runtime.ledger.items(order)]
    assert Role.STATEMENT not in roles
    here.clock.passes(minutes=31)
    messages = [each["about"]["what"] for each in await told(here)]
    assert "window-closes" in messages
    roles = [line.role for line in await here.runtime.ledger.items(order)]
    assert Role.STATEMENT in roles
    assert (await here.ask.get(f"/v1/cases/{case['id']}/bundle")).status == 200
