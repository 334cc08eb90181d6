"""Everything goes wrong, and nothing that was acknowledged is lost, doubled or left hanging.

100 collections in CI, as many as ORDERPROOF_CHAOS says by hand. ORDERPROOF_SEED repeats a run: the
same faults in the same order, as far as machines let things be repeated. ORDERPROOF_CHAOS_TABLE
names a file for the table of what was injected and survived.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from service.audit.audit import Asked, audit
from service.queue import operating
from service.runtime import Runtime
from storage.ledger.records import Collection, State
from tests.chaos.callers import Callers
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.table import Ended, Injected, table
from tests.chaos.world import FILES, World, world
from tests.postgres import Postgres
from tests.seaweed import Seaweed

COUNT = int(os.environ.get("ORDERPROOF_CHAOS") or 100)
SEED = int(os.environ.get("ORDERPROOF_SEED") or 20261128)
TABLE = os.environ.get("ORDERPROOF_CHAOS_TABLE")
# Each fault once, and then as many more as there are collections for it.
ROUNDS = max(1, COUNT // 100)
# One that hit nothing is injected again, with some orders more for it to hit.
TRIES, MORE = 3, 4
# After the last fault, until everything has ended; far more than it takes.
CALM_S = 240.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 * ROUNDS)]


async def go_wrong(here: World, callers: Callers, dice: random.Random) -> list[Injected]:
    """Every fault, in an order that the seed says, one after another with a breath in between.

    Each begins as its share of the orders is asked for, so that it finds work under way.
    """
    done: list[Injected] = []
    faults = [fault for _ in range(ROUNDS) for fault in dice.sample(FAULTS, len(FAULTS))]
    for number, fault in enumerate(faults):
        callers.ask(COUNT * (number + 1) // len(faults) - COUNT * number // len(faults))
        done.append(await _inject(here, callers, fault))
        await asyncio.sleep(0.4 + dice.random() / 2)
    return done


async def _inject(here: World, callers: Callers, fault: Fault) -> Injected:
    hit = tries = 0
    while not hit and tries < TRIES:
        if tries:
            callers.ask(MORE)
        tries += 1
        hit = await fault.do(here, fault.lasts_s)
        await here.tend()
    return Injected(fault, tries, hit)


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
    dice, begun = random.Random(SEED), time.monotonic()
    with postgres.database() as database:
        async with world(tmp_path, postgres, database, s3, seed=dice.getrandbits(32)) as here:
            callers = Callers(here, random.Random(dice.getrandbits(32)))
            reading = asyncio.create_task(callers.read_on())
            injected = await go_wrong(here, callers, dice)
            await here.ready()
            await callers.all_accepted()
            await all_ended(here)
            async with await Runtime.open(here.settings(), with_queue=True) as look:
                again = await retried(look)
            await all_ended(here)
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            async with await Runtime.open(here.settings()) as look:
                problems = await judged(look, here, callers.accepted, again)
            problems += callers.lies
            said = here.said
            report = None
            if not problems:
                report = await asyncio.to_thread(audit, Asked(opening=True), here.settings)
        starts = {running.name: running.starts for running in here.processes}
        ended = Ended(
            callers, len(again), len(problems), starts, SEED, time.monotonic() - begun,
            audited=report is not None and report.ok,
        )  # fmt: skip
        with capsys.disabled():
            print("\n" + table(injected, ended))
            print("".join(f"500 {count} times: {said}\n" for said, count in callers.broken.items()))
        if TABLE:
            Path(TABLE).write_text(table(injected, ended), "utf-8")
        assert not problems, "\n".join(problems) + said[-4000:]
        assert report is not None and report.ok, report
        assert len(callers.accepted) == callers.asked >= COUNT
        never = [each.fault.name for each in injected if not each.hit]
        assert not never, f"these hit nothing, {TRIES} times: {never}"


async def judged(
    look: Runtime, here: World, accepted: dict[int, str], again: dict[str, str]
) -> list[str]:
    """What is wrong with what there is, against what callers were told."""
    wrong = []
    for number, id in sorted(accepted.items()):
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
    papers = sorted(line.sha256 for line in mine if line.source == "papers")
    given = sorted(hashlib.sha256(here.paper(number, name)).hexdigest() for name in range(FILES))
    wrong = []
    if roles != {"manifest": 1, "statement": 1}:
        wrong.append(f"collection {number} was sealed as {dict(roles)}")
    if papers != given:
        wrong.append(f"collection {number} brought {papers}, not {given}")
    receipts = [receipt for _, receipt in await look.ledger.receipts(order)]
    if [receipt.seq for receipt in receipts] != list(range(len(items))):
        wrong.append(f"collection {number} has {len(items)} items and other receipts")
    for line in mine:
        read = await asyncio.to_thread(look.stored(order, line).read, 1 << 20)
        if hashlib.sha256(read).hexdigest() != line.sha256:
            wrong.append(f"collection {number} lost bytes of {line.key}")
    return wrong
