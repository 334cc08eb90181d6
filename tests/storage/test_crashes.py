"""Processes that run at once, processes that are killed, and disks that fail."""

import asyncio
import errno
import multiprocessing
import os
import random
import shutil
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from storage import files
from tests import shape
from tests.storage.stage import TENANT, check_consistent, check_log, check_storage, staged
from tests.storage.work import bring_and_sequence

KILLS = 20
WRITES = {"open", "write", "fsync", "link", "replace", "mkdir", "unlink", "rmdir"}


@pytest.fixture(scope="module")
def children() -> ForkServerContext:
    """Processes that start quickly: their parent has everything imported, and no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.storage.work"])
    return context


def start(children: ForkServerContext, folder: Path, name: str, rounds: int) -> Any:
    """A child that brings and sequences; what it acknowledged stands in `said(folder, name)`."""
    shape.ledger_url(folder)
    args = (str(folder), name, str(folder / f"{name}.said"), rounds)
    process = children.Process(target=bring_and_sequence, args=args)
    process.start()
    return process


def said(folder: Path, name: str) -> list[str]:
    """Whole lines only: a child may have been killed while it wrote."""
    path = folder / f"{name}.said"
    text = path.read_text() if path.exists() else ""
    return text[: text.rfind("\n") + 1].splitlines()


async def first_word(folder: Path, name: str) -> None:
    """Wait until the child has acknowledged something, however busy the machine is."""
    async with asyncio.timeout(60):
        while not said(folder, name):
            await asyncio.sleep(0.005)


async def test_two_processes_make_one_log(children: ForkServerContext, tmp_path: Path) -> None:
    for process in [start(children, tmp_path, name, 12) for name in ("a", "b")]:
        await asyncio.to_thread(process.join, 60)
        assert process.exitcode == 0
    async with staged(tmp_path) as stage:
        order = await stage.order(1)
        head = await check_storage(stage, [order])
        keys = said(tmp_path, "a") + said(tmp_path, "b")
        assert sorted(keys) == sorted(item.key for item in await stage.ledger.items(order))
        assert head.size == len(keys) == 2 * sum(n % 7 + 1 for n in range(12))


@pytest.mark.timeout(300)
async def test_a_process_killed_at_any_moment_loses_nothing_and_forks_nothing(
    children: ForkServerContext, tmp_path: Path
) -> None:
    """Twenty times SIGKILL, each followed by a check of all that was acknowledged before."""
    async with staged(tmp_path) as stage:
        await stage.sequencer.sequence(TENANT)
    acknowledged: list[str] = []
    heads = []
    unfinished = 0
    for kill in range(KILLS):
        process = start(children, tmp_path, f"k{kill}", 10_000)
        # Some die while they open the ledger; most after they began, nearly always sequencing.
        if kill % 5:
            await first_word(tmp_path, f"k{kill}")
        await asyncio.sleep(0.15 * random.random())
        process.kill()
        await asyncio.to_thread(process.join, 60)
        assert process.exitcode == -9
        acknowledged += said(tmp_path, f"k{kill}")

        async with staged(tmp_path) as stage:
            note = await stage.ledger.checkpoint(TENANT)
            unfinished += bool(await stage.ledger.pending(TENANT)) or note != (
                stage.files.checkpoint()
            )
            heads.append(await stage.sequencer.sequence(TENANT))
            order = await stage.order(1)
            assert heads[-1] == await check_storage(stage, [order])
            kept = [item.key for item in await stage.ledger.items(order)]
            assert set(acknowledged) <= set(kept)
            for old in heads:
                check_consistent(stage.files, old, heads[-1])
    assert acknowledged, "no child came as far as its first item: the test proved nothing"
    print(f"{len(acknowledged)} items, {unfinished} of {KILLS} kills left work to finish")


class FailingDisk:
    """Stands for `os` in storage/files.py: one of its writes fails, before or after it was done."""

    def __init__(self, fails_at: int | None, *, afterwards: bool) -> None:
        self.count = 0
        self._fails_at = fails_at
        self._afterwards = afterwards

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in WRITES:
            return real

        def write(*args: Any, **kwargs: Any) -> Any:
            fails = self.count == self._fails_at
            self.count += 1
            if not fails:
                return real(*args, **kwargs)
            if self._afterwards:
                result = real(*args, **kwargs)
                if name == "open":
                    os.close(result)
            elif name == "write":  # half of it
                real(args[0], args[1][: len(args[1]) // 2])
            raise OSError(errno.EIO, "the disk failed")

        return write


@pytest.mark.embedded  # it copies the database with its folder
@pytest.mark.timeout(300)
@pytest.mark.parametrize("turn", [0, pytest.param(1, marks=pytest.mark.slow)])
async def test_each_write_of_a_sequencing_may_fail_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    """Bring the log across the edge of a tile, with each write of it failing in turn.

    turn   whether the even ones fail before or after they were done, and the odd ones otherwise
    """
    async with staged(tmp_path / "start") as stage:
        order = await stage.order()
        run = await stage.collection(order)
        await stage.bring(order, run, [str(n) for n in range(254)])
        old = await stage.sequencer.sequence(TENANT)
        await stage.bring(order, run, [str(n) for n in range(254, 259)])

    async def sequence(fails_at: int | None, *, afterwards: bool) -> int:
        folder = tmp_path / "run"
        shutil.copytree(tmp_path / "start", folder)
        async with staged(folder) as stage:
            disk = FailingDisk(fails_at, afterwards=afterwards)
            with monkeypatch.context() as patch:
                patch.setattr(files, "os", disk)
                try:
                    await stage.sequencer.sequence(TENANT)
                except OSError as error:
                    assert error.errno == errno.EIO
            # Whatever is published now is whole, for whoever looks at this moment.
            check_log(stage.files, stage.key)
            head = await stage.sequencer.sequence(TENANT)
            assert head == await check_storage(stage, [order])
            assert head.size == 259
            check_consistent(stage.files, old, head)
        shutil.rmtree(folder)
        return disk.count

    writes = await sequence(None, afterwards=False)
    assert writes > 30
    for at in range(writes):
        await sequence(at, afterwards=(at + turn) % 2 == 1)
