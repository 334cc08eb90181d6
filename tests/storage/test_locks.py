"""Who sequences a log: one at a time, the next when that one dies, and nobody who was cut off."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from storage.ledger.database import Database, LockLostError
from storage.log.sequencer import Sequencer
from storage.log.tiles import LogFiles
from tests.postgres import Postgres
from tests.storage.stage import TENANT, Stage, check_storage, now, staged_at

_END_THEM = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE application_name = 'orderproof locks' AND datname = '{}'"
)
_HOLD = """
import asyncio, sys
from storage.ledger.database import Database
async def hold():
    database = await Database.open(sys.argv[1])
    async with database.holding("log:acme"):
        print("held", flush=True)
        await asyncio.sleep(600)
asyncio.run(hold())
"""


@pytest.fixture
async def url(postgres: Postgres) -> AsyncIterator[str]:
    with postgres.database() as name:
        yield postgres.url(name)


class Watched(LogFiles):
    """A log that notes whether two publish at once, and lets something happen before a publish."""

    busy = threading.Lock()

    def __init__(self, folder: Path, name: str, said: list[str]) -> None:
        super().__init__(folder)
        self.name = name
        self.said = said
        self.before: Callable[[], None] = lambda: None

    def publish_keys(self, vkeys: Sequence[str], keys: bytes) -> None:
        super().publish_keys(vkeys, keys)
        self.before()

    def publish(
        self,
        note: bytes,
        *,
        size: int,
        root: bytes,
        old_size: int,
        entries: Sequence[bytes],
        again: bool = False,
    ) -> None:
        alone = self.busy.acquire(blocking=False)
        self.said.append(f"{self.name} {size}" if alone else "two at once")
        try:
            super().publish(
                note, size=size, root=root, old_size=old_size, entries=entries, again=again
            )
        finally:
            if alone:
                self.busy.release()


def watched(stage: Stage, name: str, said: list[str]) -> tuple[Sequencer, Watched]:
    files = Watched(stage.folder / "log", name, said)
    return Sequencer(stage.ledger, lambda _: files, stage.vault, now), files


async def test_of_many_sequencers_one_publishes_at_a_time(url: str, tmp_path: Path) -> None:
    said: list[str] = []
    async with AsyncExitStack() as stack:
        stages = [await stack.enter_async_context(staged_at(tmp_path, url)) for _ in range(3)]
        sequencers = [watched(stage, str(n), said)[0] for n, stage in enumerate(stages)]
        order = await stages[0].order()
        collection = await stages[0].collection(order)

        async def bring(n: int) -> None:
            for each in range(6):
                await stages[n].bring(order, collection, [f"{n}-{each}"])
                await sequencers[n].sequence(TENANT)

        await asyncio.gather(*(bring(n) for n in range(3)))
        assert (await check_storage(stages[0], [order])).size == 18
    assert "two at once" not in said
    sizes = [int(line.split()[1]) for line in said]
    assert sizes == sorted(set(sizes))


async def test_when_the_holder_dies_another_takes_over(
    postgres: Postgres, url: str, tmp_path: Path
) -> None:
    async with staged_at(tmp_path, url) as stage:
        order = await stage.order()
        collection = await stage.collection(order)
        await stage.bring(order, collection, ["a"])
        asked = [sys.executable, "-c", _HOLD, url]
        root = Path(__file__).parents[2]
        holder = subprocess.Popen(asked, cwd=root, stdout=subprocess.PIPE)
        try:
            assert holder.stdout is not None
            assert await asyncio.to_thread(holder.stdout.readline) == b"held\n"
            waiting = asyncio.create_task(stage.sequencer.sequence(TENANT))
            done, _ = await asyncio.wait([waiting], timeout=0.5)
            assert not done
            holder.kill()
            assert (await waiting).size == 1
        finally:
            holder.kill()
            holder.wait()
        await check_storage(stage, [order])


async def test_a_holder_that_lost_its_lock_publishes_nothing_until_it_has_it_again(
    postgres: Postgres, url: str, tmp_path: Path
) -> None:
    said: list[str] = []
    name = url.rpartition("/")[2]
    async with staged_at(tmp_path, url) as stage:
        sequencer, files = watched(stage, "it", said)
        order = await stage.order()
        collection = await stage.collection(order)
        await sequencer.sequence(TENANT)
        await stage.bring(order, collection, ["a", "b"])
        files.before = _once(lambda: said.append(postgres.admin(_END_THEM.format(name))))
        sequencer._keys_published.clear()
        said.clear()
        assert (await sequencer.sequence(TENANT)).size == 2
        assert said == ["1", "it 2"]
        await check_storage(stage, [order])


def _once(run: Callable[[], None]) -> Callable[[], None]:
    left = [run]

    def called() -> None:
        if left:
            left.pop()()

    return called


async def test_a_lock_says_that_it_is_lost(postgres: Postgres, url: str) -> None:
    database = await Database.open(url)
    try:
        async with database.holding("x") as held:
            await held.check()
            postgres.admin(_END_THEM.format(url.rpartition("/")[2]))
            with pytest.raises(LockLostError):
                await held.check()
        async with database.holding("x") as held:
            await held.check()
    finally:
        await database.close()


async def test_a_lock_of_another_name_is_free(url: str) -> None:
    one, two = await Database.open(url), await Database.open(url)
    try:
        async with one.holding("x") as mine, two.holding("y") as others:
            await mine.check()
            await others.check()
    finally:
        await one.close()
        await two.close()
