"""A worker outlives what goes wrong: a poisoned collection, a dead Valkey, a killed neighbour."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

import service.queue.line
import service.queue.worker
from evidence.errors import ConfigError, CorruptionError, NotFoundError, OutageError
from evidence.orders import OrderRef, Platform
from service.api.opened import working
from service.own_folder import OwnFolder
from service.queue import operating
from service.queue.queue import QUEUE, socket_of
from service.queue.reconciler import Reconciler
from service.queue.worker import CollectionWorker, Hands
from service.runtime import Runtime
from service.settings import Settings, load_settings
from service.steps import fan_out
from service.steps import walk as steps
from storage.ledger.records import Collection, State, TaskState
from tests import shape

REF = OrderRef(Platform.AMAZON, "112-4872913-5531402", "US")
OTHER = OrderRef(Platform.AMAZON, "112-4872913-5531410", "US")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "pod").mkdir()
    config = tmp_path / "orderproof.toml"
    config.write_text("[sources.folder]\nfolder = 'pod'\n", encoding="utf-8")
    return load_settings(shape.configured(config), environment={})


@pytest.fixture
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    async with await Runtime.open(settings, with_queue=True) as runtime:
        yield runtime


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service.queue.worker, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(service.queue.worker, "LONGEST_PAUSE_S", 0.05)
    monkeypatch.setattr(service.queue.worker, "LOOK_S", 0.05)


async def asked(runtime: Runtime, ref: OrderRef = REF) -> Collection:
    collection, _ = await runtime.request_collection(ref, tenant="default")
    return collection


async def ended(runtime: Runtime, collection: Collection) -> Collection:
    async with asyncio.timeout(60):
        while True:
            found = await runtime.ledger.collection("default", collection.id)
            if found is not None and found.state.is_final:
                return found
            await asyncio.sleep(0.05)


def break_walks_of(monkeypatch: pytest.MonkeyPatch, id: str, problem: Exception) -> list[str]:
    """Every walk of this collection raises; the list grows with each."""
    walks: list[str] = []
    as_it_is = Runtime.walk

    async def walk(self: Runtime, tenant: str, collection_id: str) -> State:
        if collection_id != id:
            return await as_it_is(self, tenant, collection_id)
        walks.append(collection_id)
        raise problem

    monkeypatch.setattr(Runtime, "walk", walk)
    return walks


async def test_a_collection_that_always_breaks_is_failed_with_its_reason_and_harms_no_other(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned = await asked(runtime)
    walks = break_walks_of(monkeypatch, poisoned.id, KeyError("the buyer's name"))
    async with working(runtime):
        failed = await ended(runtime, poisoned)
        other = await ended(runtime, await asked(runtime, OTHER))
    assert failed.state is State.FAILED
    assert "KeyError" in failed.failure
    assert "buyer" not in failed.failure
    assert len(walks) == service.queue.worker.PATIENCE
    assert other.state is State.SEALED


@pytest.mark.parametrize(
    "problem", [OutageError(source="The ledger", why="it is away"), OSError(28, "full")]
)
async def test_an_outage_is_waited_for_as_long_as_it_takes(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    collection = await asked(runtime)
    with monkeypatch.context() as patch:
        walks = break_walks_of(patch, collection.id, problem)
        async with working(runtime):
            async with asyncio.timeout(60):
                while len(walks) < service.queue.worker.PATIENCE + 3:
                    await asyncio.sleep(0.05)
            patch.undo()
            assert (await ended(runtime, collection)).state is State.SEALED


async def test_an_older_collection_that_fails_does_not_fail_the_newer_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await Runtime.open(settings) as runtime:
        older, newer = await asked(runtime), await asked(runtime)
        broken = steps._seal

        async def seal(*arguments: object) -> State:
            if arguments[2].id == older.id:  # type: ignore[attr-defined]
                raise CorruptionError(what="The older", why="a test says so")
            return await broken(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(steps, "_seal", seal)
        assert await runtime.walk("default", newer.id) is State.SEALED
        assert (await ended(runtime, older)).state is State.FAILED


async def test_a_long_queue_does_not_grow_each_time_the_reconciler_looks(runtime: Runtime) -> None:
    for number in range(5):
        await asked(runtime, OrderRef(Platform.AMAZON, f"112-4872913-000000{number}", "US"))
    assert runtime.queue is not None
    for _ in range(5):
        assert await Reconciler(runtime).look() == 0
    assert (await runtime.queue.line.standing()).waiting == 5
    assert await runtime.queue.pool.zcard(QUEUE) == 5


async def test_sources_that_hang_for_one_tenant_leave_a_hand_for_another(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = asyncio.Event()
    begun: list[str] = []

    async def walk(self: Runtime, tenant: str, collection_id: str) -> State:
        begun.append(tenant)
        if tenant == "agency":
            await let_go.wait()
        await self.give_up(tenant, collection_id, "a test says so")
        return State.FAILED

    monkeypatch.setattr(Runtime, "walk", walk)
    source = runtime.sources[0]
    everybodys = replace(source.settings, tenants=("default", "agency"))
    runtime.sources = (replace(source, settings=everybodys),)
    orders = [OrderRef(Platform.AMAZON, f"112-4872913-000000{n}", "US") for n in range(9)]
    for ref in orders:
        await runtime.request_collection(ref, tenant="agency", bulk=True)
    hands = Hands(runtime, 10)
    while await hands.take():
        pass
    assert len(hands.walking) == 6  # three fifths of what is only caught up on
    for ref in orders:
        await runtime.request_collection(ref, tenant="agency")
    while await hands.take():
        pass
    assert len(hands.walking) == 8  # and the last fifth is for others
    mine = await asked(runtime)
    assert await hands.take()
    assert (await ended(runtime, mine)).state is State.FAILED
    assert begun.count("default") == 1
    let_go.set()
    await hands.drain(60)
    assert hands.walking == []


async def test_a_worker_that_is_told_to_stop_gives_back_what_it_cannot_end(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def walk(self: Runtime, tenant: str, collection_id: str) -> State:
        await asyncio.Event().wait()
        raise AssertionError("nobody waits for ever")

    assert runtime.queue is not None
    monkeypatch.setattr(Runtime, "walk", walk)
    collection = await asked(runtime)
    hands = Hands(runtime, 2)
    assert await hands.take()
    await asyncio.sleep(0)
    await hands.drain(0.05)
    assert not await hands.take()
    taken = await runtime.queue.line.next("another")
    assert taken is not None
    assert (taken.id, taken.lost, taken.troubles) == (collection.id, 0, 0)


async def test_what_takes_its_worker_along_each_time_is_parked(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runtime.queue is not None
    collection = await asked(runtime)
    with monkeypatch.context() as patch:
        patch.setattr(service.queue.line, "LEASE_S", 0)
        for _ in range(2):
            assert await runtime.queue.line.next("it dies")
            assert await runtime.queue.line.sweep() == 1
    monkeypatch.setattr(service.queue.worker, "MOST_LOST", 2)
    async with working(runtime):
        assert (await ended(runtime, collection)).state is State.FAILED
    (parked,) = await operating.parked(runtime, "default")
    assert parked.parked.collection == collection.id
    assert "2 times with the worker" in parked.why


async def test_what_was_parked_is_retried_once_as_a_new_collection(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned = await asked(runtime)
    with monkeypatch.context() as patch:
        break_walks_of(patch, poisoned.id, KeyError("what"))
        async with working(runtime):
            await ended(runtime, poisoned)
    (parked,) = await operating.parked(runtime, "default")
    assert "KeyError" in parked.why
    with pytest.raises(NotFoundError):
        await operating.retry(runtime, "default", poisoned.id, frozenset({"another"}))
    with pytest.raises(NotFoundError):
        await operating.drop(runtime, "default", "f" * 32)
    new = await operating.retry(runtime, "default", poisoned.id)
    assert (await operating.retry(runtime, "default", poisoned.id)).id == new.id
    async with working(runtime):
        assert (await ended(runtime, new)).state is State.SEALED
    assert await operating.parked(runtime, "default") == []
    assert (await runtime.ledger.parked_counts()) == {}


async def test_what_was_dropped_is_not_retried(runtime: Runtime) -> None:
    collection = await asked(runtime)
    await runtime.give_up("default", collection.id, "a test says so")
    assert (await operating.drop(runtime, "default", collection.id)).state == "dropped"
    with pytest.raises(NotFoundError, match="dropped"):
        await operating.retry(runtime, "default", collection.id)


async def test_after_valkey_was_emptied_everything_stands_in_line_again(runtime: Runtime) -> None:
    assert runtime.queue is not None
    collections = [
        await asked(runtime, OrderRef(Platform.AMAZON, f"112-4872913-000000{n}", "US"))
        for n in range(5)
    ]
    await runtime.queue.pool.flushall()
    assert await runtime.queue.line.next("w") is None
    assert await Reconciler(runtime).look() == 5
    found = {taken.id for _ in range(5) if (taken := await runtime.queue.line.next("w"))}
    assert found == {collection.id for collection in collections}


async def test_one_worker_reconciles_for_all(settings: Settings, runtime: Runtime) -> None:
    assert runtime.queue is not None
    async with await Runtime.open(settings, with_queue=True) as other:
        await asked(runtime)
        await runtime.queue.pool.flushall()
        assert await Reconciler(runtime).look() == 1
        await runtime.queue.line.done("nobody", (await asked(runtime, OTHER)).id)
        await runtime.queue.pool.delete("orderproof:line:about")
        assert await Reconciler(other).look() == 0


@pytest.mark.embedded  # it ends the Valkey, and the service's own is started again
async def test_without_valkey_a_request_is_accepted_and_taken_up_later(runtime: Runtime) -> None:
    assert runtime.queue is not None
    server = await runtime.queue.pool.info("server")
    os.kill(int(server["process_id"]), signal.SIGKILL)
    collection = await asked(runtime)
    async with working(runtime):
        assert (await ended(runtime, collection)).state is State.SEALED


async def test_workers_that_live_say_so(runtime: Runtime) -> None:
    assert runtime.queue is not None
    worker = CollectionWorker(runtime, hands=7)
    await worker._beat()
    (said,) = await runtime.queue.workers()
    assert (said["worker"], said["hands"], said["walking"]) == (runtime.owner, 7, 0)
    await worker.stop()
    assert await runtime.queue.workers() == []


@pytest.mark.embedded  # it ends the Valkey, and the service's own is started again
async def test_a_worker_outlives_its_valkey(runtime: Runtime) -> None:
    assert runtime.queue is not None
    async with working(runtime) as work:
        assert (await ended(runtime, await asked(runtime))).state is State.SEALED
        server = await runtime.queue.pool.info("server")
        os.kill(int(server["process_id"]), signal.SIGKILL)
        collection, _ = await runtime.ledger.start_collection(
            await runtime.ledger.order("default", OTHER, store="default"),
            policy="amazon.a2z.delivery",
            sources=["folder"],
        )
        assert (await ended(runtime, collection)).state is State.SEALED
        assert not work.done()


async def test_a_source_that_left_the_configuration_is_said_to_be_gone(
    settings: Settings, tmp_path: Path
) -> None:
    async with await Runtime.open(settings) as runtime:
        collection = await asked(runtime)
    config = tmp_path / "orderproof.toml"
    config.write_text("[sources.mailbox]\nfolder = 'pod'\n", "utf-8")
    again = load_settings(shape.configured(config), environment={})
    async with await Runtime.open(again) as runtime:
        assert await runtime.walk("default", collection.id) is State.SEALED
        (task,) = await runtime.ledger.tasks("default", collection.id)
    assert (task.state, task.why) == (TaskState.SKIPPED, "It is no longer configured.")


async def test_a_source_that_takes_its_process_with_it_each_time_is_given_up(
    settings: Settings,
) -> None:
    async with await Runtime.open(settings) as runtime:
        collection = await asked(runtime)
        await runtime.ledger.advance("default", collection.id, State.QUEUED, State.COLLECTING)
        for _ in range(fan_out.MOST_ATTEMPTS):
            await runtime.ledger.begin_task("default", collection.id, "folder")
        assert await runtime.walk("default", collection.id) is State.SEALED
        (task,) = await runtime.ledger.tasks("default", collection.id)
    assert task.state is TaskState.FAILED
    assert "never came to an end" in task.why


async def test_what_a_killed_process_left_in_the_spool_goes_when_the_next_one_starts(
    settings: Settings,
) -> None:
    spool = settings.data / "spool"
    killed = (
        "import os, sys; from pathlib import Path; from service.own_folder import OwnFolder;"
        "own = OwnFolder(Path(sys.argv[1])); (own.path / 'a.spool').write_bytes(b'x');"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", killed, str(spool)], check=False)
    fresh, stale = spool / "fresh.spool", spool / "stale.spool"
    for path in (fresh, stale):
        path.write_bytes(b"x")
    os.utime(stale, (1, 1))
    assert list(spool.glob("*/a.spool"))
    living = OwnFolder(spool)
    (living.path / "b.spool").write_bytes(b"x")
    async with await Runtime.open(settings):
        assert (living.path / "b.spool").exists()
        assert fresh.exists()
    living.close()
    assert [path for path in spool.rglob("*") if path.is_file()] == [fresh]


def test_a_socket_in_a_folder_for_everybody_is_in_one_of_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="op") as short:  # pytest's own paths may be too long
        monkeypatch.setattr("tempfile.tempdir", short)
        _check_socket(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("t" * 90)))
    (tmp_path / ("t" * 90)).mkdir()
    with pytest.raises(ConfigError, match="too long"):
        socket_of(Settings(data=tmp_path / ("d" * 100), keys=tmp_path / "keys"))


def _check_socket(tmp_path: Path) -> None:
    deep = Settings(data=tmp_path / ("d" * 100), keys=tmp_path / "keys")
    path = socket_of(deep)
    assert len(str(path)) < 108
    assert path == socket_of(deep)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.parent.chmod(0o777)
    with pytest.raises(ConfigError, match="somebody else"):
        socket_of(deep)
