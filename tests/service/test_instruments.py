"""Figures follow what happens, and name no order and no tenant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from evidence.errors import CorruptionError
from evidence.orders import OrderRef, Platform
from service.api.opened import working
from service.queue import operating
from service.queue.probes import probes
from service.runtime import Runtime
from service.settings import load_settings

REF = OrderRef(Platform.AMAZON, "112-4872913-5531402", "US")


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[Runtime]:
    (tmp_path / "pod").mkdir()
    config = tmp_path / "orderproof.toml"
    config.write_text("tenant = 'acme'\n[sources.folder]\nfolder = 'pod'\n", encoding="utf-8")
    settings = load_settings(config, environment={})
    async with await Runtime.open(settings, with_queue=True) as runtime:
        yield runtime


async def figures(runtime: Runtime) -> dict[str, float]:
    lines = (await operating.figures(runtime)).decode().splitlines()
    return {
        line.rpartition(" ")[0].removeprefix("orderproof_"): float(line.rpartition(" ")[2])
        for line in lines
        if not line.startswith("#")
    }


async def test_what_waits_has_an_age_and_a_deadline(runtime: Runtime) -> None:
    empty = await figures(runtime)
    assert not any(name.startswith("queue_age") for name in empty)
    due = (runtime.clock() + timedelta(hours=2)).isoformat()
    await runtime.request_collection(REF, tenant="acme", defect={"kind": "a-to-z", "due_at": due})
    now = runtime.clock()
    runtime.clock = lambda: now + timedelta(hours=3)
    found = await figures(runtime)
    assert found['collections_unfinished{kind="usual",state="queued"}'] == 1
    assert found['queue_age_seconds{kind="usual"}'] == pytest.approx(3 * 3600, abs=60)
    assert found['deadline_slack_seconds{kind="usual"}'] == pytest.approx(-3600, abs=60)
    assert found['line{standing="waiting"}'] == 1


async def test_what_was_sealed_asked_and_judged_is_counted(runtime: Runtime) -> None:
    collection, _ = await runtime.request_collection(REF, tenant="acme")
    await runtime.walk("acme", collection.id)
    found = await figures(runtime)
    assert found['collections_ended_total{kind="usual",state="incomplete"}'] == 1
    assert found['source_asked_total{source="folder",state="empty"}'] == 1
    assert found['collection_seconds_count{kind="usual"}'] == 1
    verdicts = [name for name in found if name.startswith("verdicts_total")]
    assert len(verdicts) > 3
    text = (await operating.figures(runtime)).decode()
    assert REF.id not in text
    assert "acme" not in text


async def test_corruption_is_counted_apart_from_other_failures(runtime: Runtime) -> None:
    runtime.instruments.failed(CorruptionError(what="A test's item", why="a test says so"))
    runtime.instruments.failed()
    found = await figures(runtime)
    assert found["corruption_total"] == 1
    assert found['collections_ended_total{kind="any",state="failed"}'] == 2


async def test_stamps_without_a_receipt_are_the_sequencers_lag(runtime: Runtime) -> None:
    async with working(runtime):
        await runtime.request_collection(REF, tenant="acme")
        while await runtime.ledger.unfinished():
            await asyncio.sleep(0.05)
    assert (await figures(runtime))["sequencer_lag"] == 0


async def test_a_worker_answers_probes_and_says_when_it_stopped(runtime: Runtime) -> None:
    work: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with probes(runtime, work, "127.0.0.1", 0) as url, aiohttp.ClientSession() as http:
        async with http.get(f"{url}/healthz") as answer:
            assert (answer.status, await answer.json()) == (200, {"ok": True})
        async with http.get(f"{url}/readyz") as answer:
            said = await answer.json()
            assert (answer.status, said["ready"]) == (200, True), said
        async with http.get(f"{url}/metrics") as answer:
            assert b"orderproof_workers" in await answer.read()
        async with http.get(f"{url}/v1/orders/amazon/{REF.id}") as answer:
            assert answer.status == 404
        work.set_result(None)
        async with http.get(f"{url}/healthz") as answer:
            assert answer.status == 503
