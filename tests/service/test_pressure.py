"""A flood is turned away while there is room: by count, by memory, and whoever floods first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.orders import OrderRef, Platform
from service.queue import pressure
from service.queue.pressure import Busy, Pressure, memory_used
from service.runtime import Runtime
from service.settings import Limits, load_settings
from tests.service.conftest import ORDER, Checked
from tests.service.standin import InMemoryEvidence


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[Runtime]:
    (tmp_path / "pod").mkdir()
    config = tmp_path / "orderproof.toml"
    config.write_text(
        "[sources.folder]\nfolder = 'pod'\ntenants = ['default', 'other']\n", encoding="utf-8"
    )
    settings = load_settings(config, environment={})
    settings = replace(settings, limits=Limits(waiting_per_tenant=3, waiting=5))
    async with await Runtime.open(settings) as runtime:
        yield runtime


async def ask_for(runtime: Runtime, count: int, tenant: str) -> None:
    for number in range(count):
        ref = OrderRef(Platform.AMAZON, f"112-4872913-55314{number:02}", "US")
        await runtime.request_collection(ref, tenant=tenant)


@pytest.fixture
def looks_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pressure, "LOOK_S", -1.0)


@pytest.mark.usefixtures("looks_each_time")
async def test_whoever_has_too_much_waiting_waits_and_no_other_does(
    runtime: Runtime, tmp_path: Path
) -> None:
    asked = Pressure(runtime, cgroup=tmp_path)
    await ask_for(runtime, 3, "default")
    busy = await asked.busy("default")
    assert busy is not None
    assert "3 collections of yours" in busy.why
    assert 5 <= busy.retry_after_s <= 300
    assert await asked.busy("other") is None
    (first, *_) = await runtime.ledger.unfinished()
    await runtime.give_up("default", first.id, "a test says so")
    assert await asked.busy("default") is None


@pytest.mark.usefixtures("looks_each_time")
async def test_there_is_a_most_for_all_tenants_together(runtime: Runtime, tmp_path: Path) -> None:
    await ask_for(runtime, 2, "default")
    await ask_for(runtime, 3, "other")
    busy = await Pressure(runtime, cgroup=tmp_path).busy("third")
    assert busy is not None
    assert "no more are taken in" in busy.why


async def test_counts_are_not_looked_up_for_each_request(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pressure, "LOOK_S", 3600.0)
    asked = Pressure(runtime, cgroup=tmp_path)
    assert await asked.busy("default") is None
    await ask_for(runtime, 4, "default")
    assert await asked.busy("default") is None


def cgroup(folder: Path, most: str, current: int, pages: int) -> Path:
    (folder / "memory.max").write_text(most + "\n")
    (folder / "memory.current").write_text(f"{current}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {pages}\n")
    return folder


async def test_near_the_containers_memory_nothing_more_is_taken_in(
    runtime: Runtime, tmp_path: Path
) -> None:
    full = cgroup(tmp_path, "1000", 960, 10)
    said = await Pressure(runtime, cgroup=full).busy("default")
    assert said == Busy("The service's memory is nearly full. Ask again later.", 10)


def test_pages_of_files_are_not_memory_that_is_needed(tmp_path: Path) -> None:
    assert memory_used(cgroup(tmp_path, "1000", 960, 460)) == 0.5
    assert memory_used(cgroup(tmp_path, "max", 960, 460)) is None
    (tmp_path / "memory.current").write_text("nonsense")
    assert memory_used(tmp_path) is None
    assert memory_used(tmp_path / "absent") is None


async def test_who_is_turned_away_is_told_when_to_come_again(
    ask: Checked, held: InMemoryEvidence
) -> None:
    held.is_busy = Busy("Too much of yours waits.", 17)
    answer = await ask.post(f"{ORDER}/collections")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "17")
    assert answer.json["type"] == "urn:orderproof:problem:too-much"
    assert held.asked == []
    held.is_busy = None
    assert (await ask.post(f"{ORDER}/collections")).status == 202
