"""Everything goes wrong, and nothing that was acknowledged is lost, doubled or left hanging.

100 collections in CI, as many as ORDERPROOF_CHAOS says by hand. ORDERPROOF_SEED repeats a run: the
same faults in the same order, as far as machines let things be repeated.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from service.audit.audit import Asked, audit
from service.queue import operating
from service.runtime import Runtime
from storage.ledger.records import Collection, State
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.world import FILES, World, world
from tests.postgres import Postgres
from tests.seaweed import Seaweed

COUNT = int(os.environ.get("ORDERPROOF_CHAOS") or 100)
SEED = int(os.environ.get("ORDERPROOF_SEED") or 20261128)
# Each fault once, and then as many more as there are collections for it.
ROUNDS = max(1, COUNT // 100)
# After the last fault, until everything has ended; far more than it takes.
CALM_S = 240.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass
class Told:
    """What callers were told: collections by the number of their order."""

    accepted: dict[int, str] = field(default_factory=dict)
    turned_away: Counter[str] = field(default_factory=Counter)


async def ask_for(here: World, told: Told, number: int) -> None:
    """Until it is accepted, with one idempotency key, as a client does that must not lose it."""
    order = here.order(number)
    url = f"{here.url}/v1/orders/{order.platform}/{order.id}/collections"
    headers = {"Idempotency-Key": f"chaos-{number}"}
    while number not in told.accepted:
        try:
            timeout = aiohttp.ClientTimeout(total=10)
            async with aiohttp.ClientSession(timeout=timeout) as http:
                async with http.post(url, headers=headers) as answer:
                    if answer.status in (200, 202):
                        told.accepted[number] = (await answer.json())["id"]
                        return
                    told.turned_away[str(answer.status)] += 1
        except (aiohttp.ClientError, TimeoutError) as problem:
            told.turned_away[type(problem).__name__] += 1
        await asyncio.sleep(0.3)


async def ask_for_all(here: World, told: Told, turns: asyncio.Semaphore) -> None:
    """Each order in its turn: some with each fault, so that each finds work under way."""
    async with asyncio.TaskGroup() as asking:
        for number in range(COUNT):
            await turns.acquire()
            asking.create_task(ask_for(here, told, number))


async def go_wrong(
    here: World, dice: random.Random, turns: asyncio.Semaphore
) -> list[tuple[Fault, int]]:
    """Every fault, in an order that the seed says, one after another with a breath in between.

    Each begins as its share of the orders is asked for.
    """
    done: list[tuple[Fault, int]] = []
    released = 0
    for _ in range(ROUNDS):
        for fault in dice.sample(FAULTS, len(FAULTS)):
            share = COUNT * (len(done) + 1) // (ROUNDS * len(FAULTS)) - released
            for _ in range(share):
                turns.release()
            released += share
            hit = await fault.do(here, fault.lasts_s)
            done.append((fault, hit))
            await here.tend()
            await asyncio.sleep(0.4 + dice.random() / 2)
    return done


async def all_ended(here: World) -> None:
    async with asyncio.timeout(CALM_S):
        async with await Runtime.open(here.settings()) as look:
            while await look.ledger.backlog():
                await here.tend()
                await asyncio.sleep(0.5)


async def retried(look: Runtime) -> dict[str, str]:
    """What was parked is retried by an operator, as the runbook says: new ids by the old ones."""
    return {
        each.parked.collection: (await operating.retry(look, "default", each.parked.collection)).id
        for each in await operating.parked(look, "default")
    }


async def test_under_chaos_nothing_acknowledged_is_lost_doubled_or_left_hanging(
    tmp_path: Path, postgres: Postgres, s3: Seaweed, capsys: pytest.CaptureFixture[str]
) -> None:
    dice, told, turns = random.Random(SEED), Told(), asyncio.Semaphore(0)
    begun = time.monotonic()
    with postgres.database() as database:
        async with world(
            tmp_path, postgres, database, s3, orders=COUNT, seed=dice.getrandbits(32)
        ) as here:
            asking = asyncio.create_task(ask_for_all(here, told, turns))
            injected = await go_wrong(here, dice, turns)
            await here.ready()
            await asking
            await all_ended(here)
            async with await Runtime.open(here.settings(), with_queue=True) as look:
                again = await retried(look)
            await all_ended(here)
            starts = {running.name: running.starts for running in here.processes}
            async with await Runtime.open(here.settings()) as look:
                problems = await judged(look, here, told, again)
            said = here.said
            report = None
            if not problems:
                report = await asyncio.to_thread(audit, Asked(opening=True), here.settings)
        with capsys.disabled():
            print("\n" + table(injected, told, again, starts, time.monotonic() - begun))
        assert not problems, "\n".join(problems) + said[-4000:]
        assert report is not None and report.ok, report
        assert len(told.accepted) == COUNT
        # Each kind of fault really hit something.
        hit = Counter[str]()
        for fault, times in injected:
            hit[fault.name] += times
        assert all(hit[fault.name] for fault in FAULTS), hit


async def judged(look: Runtime, here: World, told: Told, again: dict[str, str]) -> list[str]:
    """What is wrong with what there is, against what callers were told."""
    wrong = []
    for number, id in sorted(told.accepted.items()):
        collection = await look.ledger.collection("default", id)
        if collection is not None and collection.id in again:
            collection = await look.ledger.collection("default", again[collection.id])
        if collection is None:
            wrong.append(f"collection {number} was acknowledged and is gone")
            continue
        if collection.state is not State.SEALED:
            wrong.append(f"collection {number} ended {collection.state}: {collection.failure}")
            continue
        wrong += await _wrong_of(look, here, number, collection)
    return wrong


async def _wrong_of(look: Runtime, here: World, number: int, collection: Collection) -> list[str]:
    order = await look.find("default", here.order(number))
    items = await look.ledger.items(order)
    mine = [line for line in items if line.collection == collection.id]
    roles = Counter(str(line.role) for line in mine if line.source == "orderproof")
    papers = {line.key for line in mine if line.source == "papers"}
    wrong = []
    if roles != {"manifest": 1, "statement": 1}:
        wrong.append(f"collection {number} was sealed as {dict(roles)}")
    if len(papers) != FILES or len([x for x in mine if x.source == "papers"]) != FILES:
        wrong.append(f"collection {number} brought {sorted(papers)}")
    receipts = [receipt for _, receipt in await look.ledger.receipts(order)]
    if [receipt.seq for receipt in receipts] != list(range(len(items))):
        wrong.append(f"collection {number} has {len(items)} items and other receipts")
    for line in mine:
        read = await asyncio.to_thread(look.stored(order, line).read, 1 << 20)
        if len(read) != line.size:
            wrong.append(f"collection {number} lost bytes of {line.key}")
    return wrong


def table(
    injected: list[tuple[Fault, int]],
    told: Told,
    again: dict[str, str],
    starts: dict[str, int],
    seconds: float,
) -> str:
    """What was injected, what it hit, and what became of the collections."""
    times, hits = Counter[str](), Counter[str]()
    for fault, hit in injected:
        times[fault.name] += 1
        hits[fault.name] += hit
    lines = [f"{'injected':<36} {'times':>5} {'hit':>6}"]
    lines += [f"{name:<36} {times[name]:>5} {hits[name]:>6}" for name in times]
    lines += [
        "",
        f"{len(told.accepted)} collections acknowledged, {COUNT} asked for, all sealed",
        f"{len(again)} were parked meanwhile and retried by hand",
        f"answers that were none: {dict(told.turned_away)}",
        f"processes started: {starts}",
        f"seed {SEED}, {seconds:.0f} s",
    ]
    return "\n".join(lines)
