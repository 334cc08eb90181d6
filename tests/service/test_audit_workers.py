"""The audit by workers says what the audit by one process says, whoever dies on the way."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import auditor.stored
import service.audit.parts
import service.queue.line
import service.queue.worker
from auditor.audit import AuditReport
from auditor.report import State
from auditor.tally import Watch, unwatched
from evidence.errors import OutageError, RequestError
from evidence.orders import OrderRef, Platform
from service.api.opened import working
from service.audit.audit import Asked, audit
from service.audit.parts import is_part
from service.cli import main
from service.queue.line import Taken
from service.queue.queue import Queue
from service.runtime import Runtime
from service.settings import Settings, load_settings
from tests import shape

ORDERS = [OrderRef(Platform.AMAZON, f"112-4872913-553140{n}", "US") for n in range(3)]
FILES = 3


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "pod").mkdir()
    for ref in ORDERS:
        for number in range(FILES):
            path = tmp_path / "pod" / f"{ref.id} note {number}.txt"
            path.write_text(f"Left at the door, {ref.id}, {number}. " * 40)
    config = tmp_path / "orderproof.toml"
    config.write_text("[sources.folder]\nfolder = 'pod'\n", encoding="utf-8")
    return shape.configured(config)


@pytest.fixture
async def runtime(config: Path) -> AsyncIterator[Runtime]:
    """With some orders sealed, and nobody who works."""
    settings = load_settings(config, environment={})
    async with await Runtime.open(settings, with_queue=True) as runtime:
        for ref in ORDERS:
            made, _ = await runtime.request_collection(ref, tenant="default")
            assert await runtime.walk("default", made.id) == "sealed"
        await queue_of(runtime).pool.flushdb()  # their places in line
        yield runtime


@pytest.fixture(autouse=True)
def _small_parts_and_no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditor.stored, "_BATCH_OBJECTS", 2)
    monkeypatch.setattr(auditor.stored, "_ORDERS", 1)
    monkeypatch.setattr(service.audit.parts, "AGAIN_S", 0.2)
    monkeypatch.setattr(service.audit.parts, "PAUSE_S", 0.05)
    monkeypatch.setattr(service.queue.worker, "LOOK_S", 0.05)


def queue_of(runtime: Runtime) -> Queue:
    assert runtime.queue is not None
    return runtime.queue


def audited(
    settings: Settings, *, watch: Watch = unwatched, **asked: Any
) -> asyncio.Task[AuditReport]:
    """Under way in a thread, as a command is in a process of its own."""
    done = asyncio.to_thread(audit, Asked(**asked), lambda: settings, watch=watch, save_every_s=0.0)
    return asyncio.create_task(done)


async def beat(runtime: Runtime, name: str = "nobody") -> None:
    """Somebody says that it works, and does nothing."""
    await queue_of(runtime).beat(name, {"worker": name})


async def alive(runtime: Runtime, count: int = 1) -> None:
    async with asyncio.timeout(60):
        while len(await queue_of(runtime).workers()) < count:
            await asyncio.sleep(0.02)


async def a_part(runtime: Runtime, owner: str) -> Taken:
    async with asyncio.timeout(60):
        while (taken := await queue_of(runtime).line.next(owner)) is None:
            await asyncio.sleep(0.02)
    assert is_part(taken.id)
    return taken


async def change_an_object(runtime: Runtime) -> str:
    """What somebody with the disk, or with the bucket's key, can do; which one."""
    order = await runtime.find("default", ORDERS[1])
    stored = (await runtime.ledger.items(order))[0].stored
    data = bytearray(b"".join(runtime.objects.raw(stored)))
    data[len(data) // 2] ^= 1
    if runtime.bucket is None:
        path = runtime.settings.data / "objects" / stored[:2] / stored[2:4] / stored
        path.chmod(0o600)
        path.write_bytes(data)
    else:
        found = shape.s3().client.list_objects_v2(
            Bucket=shape.BUCKET, Prefix=runtime.bucket.where.prefix
        )
        (key,) = [each["Key"] for each in found["Contents"] if each["Key"].endswith(stored)]
        shape.s3().client.put_object(Bucket=shape.BUCKET, Key=key, Body=bytes(data))
    return stored


def failed(report: AuditReport) -> list[tuple[str, str]]:
    return [(check.name, check.where) for check in report.checks if check.state is State.FAIL]


@pytest.mark.parametrize("workers", [1, 3])
async def test_it_says_what_the_audit_of_one_process_says(runtime: Runtime, workers: int) -> None:
    settings = runtime.settings
    async with AsyncExitStack() as stack:
        for _ in range(workers):
            other = await stack.enter_async_context(await Runtime.open(settings, with_queue=True))
            await stack.enter_async_context(working(other))
        await alive(runtime, workers)
        for opening in (False, True):
            alone = await audited(settings, opening=opening)
            together = await audited(settings, opening=opening, workers=True)
            assert alone.ok
            assert together.to_json() == alone.to_json()
        changed = await change_an_object(runtime)
        alone = await audited(settings, opening=True)
        together = await audited(settings, opening=True, workers=True)
    assert ("objects", changed) in failed(together)
    assert together.to_json() == alone.to_json()
    assert await queue_of(runtime).pool.keys("orderproof:audit:*") == []


async def test_a_part_whose_worker_died_is_done_by_another(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await beat(runtime, "dying")
    with monkeypatch.context() as patch:
        patch.setattr(service.queue.line, "LEASE_S", 0)
        under_way = audited(runtime.settings, workers=True)
        await a_part(runtime, "dying")
    async with working(runtime):
        report = await under_way
    assert report.ok
    assert report.counts == (await audited(runtime.settings)).counts


async def test_an_audit_that_was_killed_goes_on_from_its_state(
    runtime: Runtime, tmp_path: Path
) -> None:
    class Killed(Exception):
        pass

    def kill_in(phase: str) -> Callable[[str, int, int], None]:
        def watch(now_in: str, *_: int) -> None:
            if now_in == phase:
                raise Killed

        return watch

    state = tmp_path / "state"
    changed = await change_an_object(runtime)
    async with working(runtime):
        await alive(runtime)
        for phase in ("chains", "objects", "opened"):
            with pytest.raises(Killed):
                await audited(
                    runtime.settings,
                    workers=True,
                    opening=True,
                    resume=state,
                    watch=kill_in(phase),
                )
        report = await audited(runtime.settings, workers=True, opening=True, resume=state)
    alone = await audited(runtime.settings, opening=True)
    assert report.resumed and not state.exists()
    assert report.to_json() == alone.to_json() | {"resumed": True}
    assert ("objects", changed) in failed(report)


async def test_nothing_is_lost_with_valkey(runtime: Runtime) -> None:
    await beat(runtime)
    under_way = audited(runtime.settings, workers=True)
    await a_part(runtime, "nobody")
    await queue_of(runtime).pool.flushdb()
    async with working(runtime):
        assert (await under_way).ok


async def test_an_answer_that_no_worker_of_ours_gave_is_not_believed(runtime: Runtime) -> None:
    changed = await change_an_object(runtime)
    pool = queue_of(runtime).pool
    await beat(runtime, "liar")
    under_way = audited(runtime.settings, workers=True)
    taken = await a_part(runtime, "liar")
    asked = json.loads(await pool.get(f"orderproof:audit:{taken.id}"))
    fine = {"found": [[name, 1, ""] for name in asked["names"]], "mark": "0" * 64}
    for lie in (json.dumps(fine), "[1]", b"\xff"):
        await pool.set(f"orderproof:audit:{taken.id}:said", lie)
        async with asyncio.timeout(60):
            while await pool.get(f"orderproof:audit:{taken.id}:said") is not None:
                await asyncio.sleep(service.audit.parts.LOOK_S)
    await queue_of(runtime).line.back("liar", taken.id)
    async with working(runtime):
        report = await under_way
    assert failed(report) == [("objects", changed)]


async def test_whatever_else_waits_goes_before_it(runtime: Runtime) -> None:
    await beat(runtime)
    under_way = audited(runtime.settings, workers=True)
    part = await a_part(runtime, "nobody")
    await queue_of(runtime).line.back("nobody", part.id)
    caught_up, _ = await runtime.request_collection(
        OrderRef(Platform.AMAZON, "112-4872913-9999999", "US"), tenant="default", bulk=True
    )
    asked_for, _ = await runtime.request_collection(
        OrderRef(Platform.AMAZON, "112-4872913-8888888", "US"), tenant="default"
    )
    line = queue_of(runtime).line
    taken = [await line.next("nobody") for _ in range(3)]
    ids = [each.id for each in taken if each is not None]
    assert ids[:2] == [asked_for.id, caught_up.id]
    assert is_part(ids[2])
    standing = await line.standing()  # and few of it stand in line at once
    assert standing.waiting + standing.walking <= 2 + service.audit.parts.AHEAD * 2
    for each in ids:
        await line.back("nobody", each)
    async with working(runtime):
        assert (await under_way).ok


async def test_a_part_that_always_breaks_ends_the_audit_and_no_worker(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = threading.get_ident()

    def breaks(*_: object) -> object:
        assert threading.get_ident() != here
        raise KeyError("the buyer's name")

    monkeypatch.setattr(service.audit.parts, "hash_objects", breaks)
    async with working(runtime) as work:
        await alive(runtime)
        with pytest.raises(OutageError, match="KeyError") as told:
            await audited(runtime.settings, workers=True)
        assert not work.done()
    assert "buyer" not in str(told.value)


async def test_a_part_that_kills_workers_is_given_up(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.audit.parts, "MOST_LOST", 0)
    async with working(runtime):
        await alive(runtime)
        with pytest.raises(OutageError, match="died"):
            await audited(runtime.settings, workers=True)


async def test_the_command_answers_as_without_workers(
    runtime: Runtime, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def said(*words: str) -> tuple[int, str, str]:
        code = await asyncio.to_thread(main, ["--config", str(config), "audit", *words])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    async def compared(answer: int) -> str:
        (code, out, _), (alone, plain, _) = [
            await said(*words, "--open", "--json") for words in (["--workers"], [])
        ]
        assert (code, alone) == (answer, answer)
        # The worker, in this process, logs to the same place, before and behind it.
        first, other = (
            json.JSONDecoder().raw_decode(text[text.index("{") :])[0] for text in (out, plain)
        )
        assert first == other
        return out

    code, out, err = await said("--workers")
    assert (code, out) == (2, "")
    assert "no worker is alive" in err
    log = await said("--workers", "--log", str(tmp_path))
    assert log[0] == 2 and "no workers" in log[2]
    async with working(runtime):
        await alive(runtime)
        await compared(0)
        changed = await change_an_object(runtime)
        assert changed in await compared(1)


async def test_it_needs_the_keys(runtime: Runtime) -> None:
    settings = runtime.settings
    settings.keys.rename(settings.keys.with_name("elsewhere"))
    try:
        with pytest.raises(RequestError, match="keys"):
            await audited(settings, workers=True)
    finally:
        settings.keys.with_name("elsewhere").rename(settings.keys)


def test_what_is_no_part_is_not_taken_for_one() -> None:
    at = datetime(2026, 5, 4, tzinfo=UTC).isoformat()
    assert not any(map(is_part, ("", "audit-", "0190", at, "audit-" + "g" * 64)))
    assert is_part("audit-" + "0" * 64)
