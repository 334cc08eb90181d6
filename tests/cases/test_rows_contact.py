"""Rows about messages, response times and help desks, each by its id, through the HTTP API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.orders import OrderRef, Platform
from service.runtime import Runtime
from service.webhooks.hooks import HookSettings
from service.webhooks.intake import Intake
from service.webhooks.sender import new_secret, signature
from tests.cases.contact import answered, asked, at, desk, exported, silent, waits
from tests.cases.house import NOON, ORDER, House, house

REF = OrderRef(Platform.AMAZON, ORDER)
OTHER = "112-4872913-5531499"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path, more=(desk(tmp_path),)) as found:
        yield found


async def responses(here: House, **opening: Any) -> dict[str, Any]:
    await here.collected(ORDER)
    return await here.report(await here.opened(**opening), "responses")


def limits(line: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["limit"]: each for each in line["limits"]}


# -- how soon ----------------------------------------------------------------------------------


async def test_S1_24_an_answer_a_minute_before_the_limit_is_in_time_and_one_after_is_not(
    shop: House,
) -> None:
    exported(shop, *waits(ORDER, [1439, 1441]))
    (order,) = (await responses(shop))["orders"]
    before, after = (limits(line) for line in order["messages"])
    assert (before["official"]["verdict"], before["official"]["margin_minutes"]) == ("met", 1)
    assert (after["official"]["verdict"], after["official"]["margin_minutes"]) == ("missed", -1)


async def test_S1_24_an_automatic_answer_is_told_apart(shop: House) -> None:
    exported(shop, asked(ORDER, 1, 0), answered(ORDER, 1, 1, Auto="yes"), answered(ORDER, 2, 1441))
    (order,) = (await responses(shop))["orders"]
    (line,) = order["messages"]
    assert (line["automatic_minutes"], line["substantive_minutes"]) == (1, 1441)
    found = limits(line)
    assert (found["official"]["verdict"], found["substantive"]["verdict"]) == ("met", "missed")


async def test_S1_24_a_review_has_two_days_and_a_chargebacks_proof_has_one(shop: House) -> None:
    exported(shop, {"Order": ORDER, "Review": at(0)}, answered(ORDER, 1, 2881))
    (order,) = (await responses(shop))["orders"]
    (review,) = order["reviews"]
    assert review["answered_by"] == "s1"
    assert limits(review)["review"]["verdict"] == "missed"
    notice = NOON - timedelta(days=2)
    for minutes, verdict in ((1439, "met"), (1441, "missed")):
        case = await shop.opened(kinds=["chargeback"], noticed_at=notice.isoformat())
        case = await shop.steps(case, "collect", "ready")
        sent = (notice + timedelta(minutes=minutes)).isoformat()
        answer = await shop.submitted(case, platform_case_id=f"C-{minutes}", sent_at=sent)
        (filed,) = (await shop.report(case, "responses"))["filed"]
        assert filed["verdict"] == verdict
        await shop.steps(answer.json, "deny", "close")


async def test_S2_04_ten_timings_are_held_to_every_limit_with_their_margins(shop: House) -> None:
    timings = [1.0, 59, 60, 61, 119, 120, 121, 720, 721, 1440]
    exported(shop, *waits(ORDER, timings))
    (order,) = (await responses(shop))["orders"]
    assert len(order["messages"]) == len(timings)
    every = {"official": 1440, "substantive": 1440, "amazon.house": 720, "house.first": 120,
             "house.urgent": 60}  # fmt: skip
    for taken, line in zip(timings, order["messages"], strict=True):
        found = limits(line)
        assert {name: each["minutes"] for name, each in found.items()} == every
        for each in found.values():
            assert each["margin_minutes"] == each["minutes"] - taken
            assert each["verdict"] == ("met" if taken <= each["minutes"] else "missed")


async def test_S2_05_automatic_template_and_substantive_answers_each_have_their_time(
    shop: House,
) -> None:
    exported(
        shop,
        asked(ORDER, 1, 0),
        answered(ORDER, 1, 1, By="bot"),
        answered(ORDER, 2, 30, Template="macro-17"),
        answered(ORDER, 3, 600),
    )
    (order,) = (await responses(shop))["orders"]
    (line,) = order["messages"]
    assert line["automatic_minutes"] == 1
    assert line["template_minutes"] == 30
    assert line["substantive_minutes"] == 600
    assert [each["kind"] for each in order["transcript"]] == [
        "substantive", "automatic", "template", "substantive",
    ]  # fmt: skip


async def test_S2_08_the_message_the_silence_and_the_review_are_told_without_a_cause(
    shop: House,
) -> None:
    exported(shop, asked(ORDER, 1, 0), {"Order": ORDER, "Review": at(1560)})
    (order,) = (await responses(shop))["orders"]
    (sentence,) = order["sequence"]
    assert sentence == (
        "buyer (desk.tsv) at 2026-11-01T10:00:00.000000Z, followed by review (seller) at "
        "2026-11-02T12:00:00.000000Z, 26.0 hours without an answer"
    )
    assert "because" not in json.dumps(order)


# -- several places, and help desks --------------------------------------------------------------


async def test_S2_07_three_places_stand_in_one_line_and_another_orders_thread_stays_out(
    tmp_path: Path,
) -> None:
    places = ("social", "shop", "market")
    async with house(tmp_path, more=tuple(desk(tmp_path, name) for name in places)) as here:
        exported(here, asked(ORDER, 1, 0, From="Jo@mail.test"), name="social")
        exported(here, answered(ORDER, 1, 50), name="shop")
        exported(here, asked(ORDER, 2, 20, From="jo@mail.test"), asked(OTHER, 3, 10), name="market")
        (order,) = (await responses(here))["orders"]
        lines = order["transcript"]
        assert [each["file"] for each in lines] == ["social.tsv", "market.tsv", "shop.tsv"]
        assert [each["message_id"] for each in lines] == ["b1", "b2", "s1"]
        assert len({each["item"] for each in lines}) == 3
        # The same buyer in both places, by a hash that tells nobody who it is.
        assert lines[0]["buyer"] == lines[1]["buyer"] != ""
        assert "mail.test" not in json.dumps(order)
        kept = {line.sha256: line for line in await here.runtime.ledger.items(
            await here.runtime.find("default", REF)
        )}  # fmt: skip
        market = here.runtime.stored(
            await here.runtime.find("default", REF), kept[lines[1]["item"]]
        )
        assert market.read(1 << 20) == (here.folder / "drop" / "market.tsv").read_bytes()


async def test_S2_09_what_agents_did_stands_in_its_thread_with_both_versions_of_an_edit(
    shop: House,
) -> None:
    def did(action: str, minutes: float, **more: str) -> dict[str, str]:
        return {"Order": ORDER, "Ticket": "T9", "Action": action, "Agent": "Kim",
                "Done": at(minutes), **more}  # fmt: skip

    exported(
        shop,
        did("assigned", 1),
        did("replied", 5, Message="m1", By="agent", Template="macro-3", Text="It is on its way."),
        did("edited", 6, Message="m1", By="agent", Text="It is at the depot in Reno."),
        did("tagged", 7),
        did("solved", 9),
    )
    (order,) = (await responses(shop))["orders"]
    (thread,) = order["threads"]
    assert thread["thread"] == "T9"
    assert [each["action"] for each in thread["actions"]] == [
        "assigned", "replied", "edited", "tagged", "solved",
    ]  # fmt: skip
    assert {each["agent"] for each in thread["actions"]} == {"Kim"}
    assert thread["actions"][1]["template"] == "macro-3"
    (edited,) = thread["edited"]
    assert [each["text"] for each in edited["versions"]] == [
        "It is on its way.", "It is at the depot in Reno.",
    ]  # fmt: skip
    assert [each["message_id"] for each in order["transcript"]] == ["m1"]


# -- early, and before all else -----------------------------------------------------------------


def hooks(secret: str) -> tuple[HookSettings, ...]:
    from collectors.secrets import Secret

    secrets = {"secret": Secret("secret", secret)}
    return (HookSettings(name="own", vendor="standard", platform="amazon", secrets=secrets),)


async def wrote(here: House, secret: str, text: str, *, id: str, order: str = ORDER) -> None:
    data = {"platform": "amazon", "order_id": order, "message_id": id, "text": text}
    body = json.dumps({"type": "message.received", "data": data}).encode()
    at = str(int(here.clock().timestamp()))
    signed = b".".join([id.encode(), at.encode(), body])
    headers = {"webhook-id": id, "webhook-timestamp": at,
               "webhook-signature": signature(secret, signed)}  # fmt: skip
    answer = await here.ask.post("/v1/webhooks/own", data=body, headers=headers)
    assert answer.status == 200, answer.body


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        pytest.param("It came damaged.", True, id="damaged"),
        pytest.param("It came undamaged, thank you.", False, id="undamaged"),
        pytest.param("I will file an A-to-Z claim.", True, id="a-to-z"),
        pytest.param("You sent the wrong item.", True, id="wrong item"),
        pytest.param("包裹丢了", True, id="lost, in Chinese"),
        pytest.param("Das Paket ist beschädigt.", True, id="damaged, in German"),
    ],
)
async def test_S2_02_a_word_that_announces_a_claim_starts_one_collection_at_once(
    tmp_path: Path, text: str, starts: bool
) -> None:
    secret = new_secret()
    async with house(tmp_path, webhooks=hooks(secret)) as here:
        for n in range(2):
            await wrote(here, secret, text, id=f"m{n}")
        await Intake(here.runtime).act()
        queued = await here.runtime.ledger.unfinished()
        assert len(queued) == (1 if starts else 0)
        if starts:
            (job,) = queued
            assert (job.due - here.clock()).total_seconds() <= 3600


async def test_S2_02_which_words_count_is_the_operators(tmp_path: Path) -> None:
    words = tmp_path / "words"
    words.mkdir()
    own = 'language = "en"\nnegations = []\n\n[[risk]]\nid = "damaged"\nwords = ["wobbly"]\n'
    (words / "en.toml").write_text(own, "utf-8")
    secret = new_secret()
    async with house(tmp_path, webhooks=hooks(secret), risk_words=words) as here:
        await wrote(here, secret, "It is damaged.", id="m1")
        await Intake(here.runtime).act()
        assert await here.runtime.ledger.unfinished() == []
        await wrote(here, secret, "It is wobbly.", id="m2")
        await Intake(here.runtime).act()
        assert len(await here.runtime.ledger.unfinished()) == 1


@pytest.mark.parametrize("normal", [30, pytest.param(500, marks=pytest.mark.slow)])
async def test_S2_03_the_urgent_one_is_first_among_many_and_all_others_still_finish(
    tmp_path: Path, normal: int
) -> None:
    """Every walk takes a second of the test's clock; one hand walks them all."""
    secret = new_secret()
    async with house(tmp_path, webhooks=hooks(secret), with_queue=True) as here:
        runtime, line = here.runtime, _line(here.runtime)
        for n in range(normal):
            ref = OrderRef(Platform.AMAZON, f"113-{n:07}-{n:07}")
            await runtime.request_collection(ref, tenant="default")
        came, walked = None, 0
        while (taken := await line.next(runtime.owner)) is not None:
            await runtime.walk("default", taken.id)
            await line.done(runtime.owner, taken.id)
            here.clock.passes(seconds=1)
            walked += 1
            if came is None:
                here.exports((ORDER, "1Z999AA10123456784", "Ground", ""))
                await wrote(here, secret, "I will open a claim: it came damaged.", id="m1")
                came = here.clock()
                await Intake(runtime).act()
        order = await runtime.find("default", REF)
        first = min(line.collected_at for line in await runtime.ledger.items(order))
        assert came is not None and (first - came).total_seconds() <= 60
        assert walked == normal + 1
        assert await runtime.ledger.unfinished() == []


def _line(runtime: Runtime) -> Any:
    assert runtime.queue is not None
    return runtime.queue.line


async def test_S2_03_what_is_at_hand_is_kept_before_a_slow_source_has_answered(
    tmp_path: Path,
) -> None:
    async with silent() as (slow, source), house(tmp_path, more=(slow,)) as here:
        here.exports((ORDER, "1Z999AA10123456784", "Ground", ""))
        made, _ = await here.runtime.request_collection(REF, tenant="default", urgent=True)
        walk = asyncio.create_task(here.runtime.walk("default", made.id))
        try:
            await _kept(here, "order.record")
            assert not walk.done()
        finally:
            source.goes_on.set()
        assert await walk == "sealed"


async def _kept(here: House, role: str) -> None:
    """Until an item of the role is in the ledger."""
    async with asyncio.timeout(60):
        while True:
            order = await here.runtime.find("default", REF)
            if role in {str(line.role) for line in await here.runtime.ledger.items(order)}:
                return
            await asyncio.sleep(0.02)


async def _waits_for(here: House, collection: str, source: str) -> None:
    """Until every other source has ended."""
    async with asyncio.timeout(60):
        while True:
            tasks = await here.runtime.ledger.tasks("default", collection)
            if tasks and all(
                str(task.state) not in ("waiting", "running")
                for task in tasks
                if task.source != source
            ):
                return
            await asyncio.sleep(0.02)


async def test_S2_06_a_half_collected_order_is_shown_with_its_gaps_and_nothing_changes(
    tmp_path: Path,
) -> None:
    async with (
        silent() as (slow, source),
        house(tmp_path, more=(desk(tmp_path), slow)) as here,
    ):
        here.exports((ORDER, "1Z999AA10123456784", "Ground", "2026-10-20T10:00:00Z"))
        exported(here, asked(ORDER, 1, 0))
        defect = {"kind": "a-to-z", "case_id": "A-1"}
        made, _ = await here.runtime.request_collection(
            REF, tenant="default", policy="amazon.a2z.delivery", defect=defect
        )
        walk = asyncio.create_task(here.runtime.walk("default", made.id))
        try:
            await _waits_for(here, made.id, "slow")
            order = await here.runtime.find("default", REF)
            before = await here.runtime.ledger.items(order)
            answer = await here.ask.get(f"/v1/orders/amazon/{ORDER}/summary")
            assert answer.status == 200, answer.body
            found = answer.json
            assert (found["state"], found["sealed"]) == ("collecting", False)
            assert {"order.record", "message.thread"} <= set(found["roles"])
            tracking = {each["name"]: each["text"] for each in found["tracking"]}
            assert tracking["shipment.tracking_number"] == "1Z999AA10123456784"
            assert found["contact"]["first_from_buyer"] == at(0)
            assert "AMZ-A2Z-04.dispatch" in found["present"]
            gaps = {each["requirement"]: each for each in found["gaps"]}
            assert gaps["AMZ-A2Z-05.pod"]["state"] == "missing"
            assert gaps["AMZ-A2Z-05.pod"]["where"]
            states = {each["source"]: each["state"] for each in found["sources"]}
            assert states["slow"] == "running" and states["erp"] == "brought"
            assert "shipment.shipped.at" in [e["name"] for e in found["events"]]
            # Looking sealed, kept and queued nothing.
            assert await here.runtime.ledger.items(order) == before
            assert len(await here.runtime.ledger.collections_of(order)) == 1
            assert (await here.runtime.account("default", REF)).manifest is None
        finally:
            source.goes_on.set()
        assert await walk == "sealed"
        answer = await here.ask.get(f"/v1/orders/amazon/{ORDER}/summary")
        assert answer.json["sealed"] is True


# -- rates ------------------------------------------------------------------------------------


async def test_S2_01_a_claim_that_the_seller_won_counts_by_one_rule_and_not_by_the_other(
    here: House,
) -> None:
    head = "Order ID,Order Date,Defect Type,Status,Claim Date\n"
    rows = f"{ORDER},2026-11-02,A-to-z,denied,2026-11-05\n{OTHER},2026-11-03,1 star,,2026-11-06\n"
    await here.ask.post(
        "/v1/defects/exports?platform=amazon&collect=no",
        data=(head + rows).encode(),
        headers={"Content-Type": "text/csv"},
    )
    path = "/v1/defects/rates?platform=amazon&at=2026-11-20&orders=100"
    found = (await here.ask.get(path)).json["rates"]
    sixty = {each["denied_claims_count"]: each for each in found if each["days"] == 60}
    assert sixty[True]["rate"] == 0.02 and sixty[False]["rate"] == 0.01
    assert "AMZ-ODR-10" in sixty[True]["counted_by"]
    assert "AMZ-ODR-03" in sixty[False]["counted_by"]
    assert {each["order_id"] for each in sixty[True]["defects"]} == {ORDER, OTHER}
    assert [each["order_id"] for each in sixty[False]["defects"]] == [OTHER]
