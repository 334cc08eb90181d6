"""A ledger restored from an older backup takes back what its log published since, and goes on."""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evidence.checkpoint import open_checkpoint
from evidence.errors import CorruptionError
from evidence.receipts import check_chain
from storage.ledger.records import Head
from storage.ledger.recovery import Lost, Replayed
from tests.storage.stage import TENANT, Stage, check_consistent, check_log, staged

pytestmark = pytest.mark.embedded  # a backup is a copy of the database's file


def snapshot(stage: Stage, to: Path) -> Path:
    """A backup as an operator makes it, of a database in use."""
    source = sqlite3.connect(stage.folder / "ledger.db")
    backup = sqlite3.connect(to)
    with backup:
        source.backup(backup)
    backup.close()
    source.close()
    return to


def restore(folder: Path, backup: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        (folder / f"ledger.db{suffix}").unlink(missing_ok=True)
    shutil.copy(backup, folder / "ledger.db")


async def chain_of(stage: Stage, number: int) -> list[bytes]:
    order = await stage.order(number)
    lines = [receipt.to_bytes() for _, receipt in await stage.ledger.receipts(order)]
    assert len(check_chain(lines)) == len(lines)
    return lines


@contextmanager
def published(stage: Stage) -> Iterator[None]:
    """Nothing that is published may change meanwhile, but by growing."""
    root = stage.folder / "log"
    before = {
        path.relative_to(root): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and "checkpoints" in path.parts
    }
    yield
    for path, data in before.items():
        assert (root / path).read_bytes() == data, path


async def test_receipts_come_back_with_their_stamps_where_the_backup_had_them(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        order = await stage.order()
        collection = await stage.collection(order)
        await stage.bring(order, collection, ["a", "b"])
        await stage.sequencer.sequence(TENANT)
        await stage.bring(order, collection, ["c", "d"])  # these wait in the backup
        backup = snapshot(stage, tmp_path / "backup.db")
        await stage.sequencer.sequence(TENANT)
        whole = await chain_of(stage, 1)
        head, _ = check_log(stage.files, stage.key)
    restore(tmp_path, backup)
    async with staged(tmp_path) as stage:
        with pytest.raises(CorruptionError, match="orderproof recover"):
            await stage.sequencer.sequence(TENANT)
        assert await stage.sequencer.is_behind(TENANT)
        with published(stage):
            assert await stage.sequencer.recover(TENANT) == Replayed(found=2, lost=0)
            assert await stage.sequencer.recover(TENANT) == Replayed()
        assert await chain_of(stage, 1) == whole
        assert await stage.ledger.pending(TENANT) == 0
        assert not await stage.sequencer.is_behind(TENANT)
        items = await stage.ledger.items(await stage.order())
        assert all(line.receipt is not None for line in items)
        assert await stage.ledger.lost(TENANT) == Lost(receipts=0, orders=0, unknown=0)
        assert (await stage.sequencer.sequence(TENANT)).size == head.size


async def test_what_the_backup_never_had_is_kept_as_lost_and_the_chain_goes_on_after_it(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        order = await stage.order(1)
        collection = await stage.collection(order)
        await stage.bring(order, collection, ["a"])
        await stage.sequencer.sequence(TENANT)
        backup = snapshot(stage, tmp_path / "backup.db")
        await stage.bring(order, collection, ["lost 1", "lost 2"])
        await stage.sequencer.sequence(TENANT)
        other = await stage.order(2)
        await stage.bring(other, await stage.collection(other), ["x", "y", "z"])
        old = await stage.sequencer.sequence(TENANT)
        chain = await chain_of(stage, 1)
    restore(tmp_path, backup)
    async with staged(tmp_path) as stage:
        with published(stage):
            assert await stage.sequencer.recover(TENANT) == Replayed(found=0, lost=5)
        assert await stage.ledger.lost(TENANT) == Lost(receipts=5, orders=2, unknown=1)
        order = await stage.order(1)
        assert await chain_of(stage, 1) == chain
        assert [line.seq for line in await stage.ledger.lost_of(order)] == [1, 2]
        assert [line.key for line in await stage.ledger.items(order)] == ["a"]
        # The order that nobody knows any more is another one now.
        assert await chain_of(stage, 2) == []
        # The same item again: a new receipt, after those that were lost.
        (collection,) = await stage.ledger.collections_of(order)
        await stage.bring(order, collection, ["lost 1"])
        new = await stage.sequencer.sequence(TENANT)
        assert new.size == old.size + 1
        assert len(await chain_of(stage, 1)) == len(chain) + 1
        check_log(stage.files, stage.key)
        check_consistent(stage.files, old, new)


async def test_a_ledger_of_another_history_is_refused_and_nothing_is_changed(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        order = await stage.order()
        collection = await stage.collection(order)
        await stage.bring(order, collection, ["a"])
        backup = snapshot(stage, tmp_path / "backup.db")  # "a" waits
        await stage.sequencer.sequence(TENANT)
    shutil.copytree(tmp_path / "log", tmp_path / "true log")
    # The backup goes on by itself, as if the log were not there: a fork.
    restore(tmp_path, backup)
    shutil.rmtree(tmp_path / "log")
    async with staged(tmp_path) as stage:
        order = await stage.order()
        (collection,) = await stage.ledger.collections_of(order)
        await stage.bring(order, collection, ["b"])
        await stage.sequencer.sequence(TENANT)
    shutil.rmtree(tmp_path / "log")
    async with staged(tmp_path) as stage:
        for number in range(3):
            await stage.bring(order, collection, [f"more {number}"])
        shutil.copytree(tmp_path / "true log", tmp_path / "log")
        before = (tmp_path / "ledger.db").read_bytes()
        with pytest.raises(CorruptionError):
            await stage.sequencer.recover(TENANT)
        with pytest.raises(CorruptionError):
            await stage.sequencer.sequence(TENANT)
        assert (tmp_path / "ledger.db").read_bytes() == before


async def test_a_published_log_that_was_tampered_with_is_not_taken_over(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        order = await stage.order()
        collection = await stage.collection(order)
        await stage.bring(order, collection, ["a"])
        await stage.sequencer.sequence(TENANT)
        backup = snapshot(stage, tmp_path / "backup.db")
        await stage.bring(order, collection, ["b"])
        await stage.sequencer.sequence(TENANT)
        (bundle,) = (tmp_path / "log" / "tile" / "entries").rglob("2")
        data = bundle.read_bytes()
    restore(tmp_path, backup)
    bundle.chmod(0o600)
    bundle.write_bytes(data.replace(b'"seq":1', b'"seq":7'))
    async with staged(tmp_path) as stage:
        with pytest.raises(CorruptionError):
            await stage.sequencer.recover(TENANT)
        assert (await stage.ledger.log_state(TENANT))[0] == 1
        bundle.write_bytes(data)
        assert await stage.sequencer.recover(TENANT) == Replayed(found=0, lost=1)


async def test_what_a_dead_sequencer_left_uncovered_is_cleared_away(tmp_path: Path) -> None:
    """Tiles without a head: the restored ledger has other receipts for their places."""
    async with staged(tmp_path) as stage:
        order = await stage.order()
        collection = await stage.collection(order)
        await stage.bring(order, collection, ["a"])
        await stage.sequencer.sequence(TENANT)
        backup = snapshot(stage, tmp_path / "backup.db")
        await stage.bring(order, collection, ["b"])
        await stage.sequencer.sequence(TENANT)
        for name in ("checkpoint", "checkpoints/2"):  # it died before these two
            (tmp_path / "log" / name).unlink()
        shutil.copy(tmp_path / "log" / "checkpoints" / "1", tmp_path / "log" / "checkpoint")
    restore(tmp_path, backup)
    async with staged(tmp_path) as stage:
        await stage.sequencer.recover(TENANT)
        (collection,) = await stage.ledger.collections_of(order)
        await stage.bring(order, collection, ["another"])
        assert (await stage.sequencer.sequence(TENANT)).size == 2
        check_log(stage.files, stage.key)


async def test_a_head_that_was_signed_after_the_backup_is_taken_over_and_not_signed_again(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        order = await stage.order()
        collection = await stage.collection(order)
        await stage.bring(order, collection, ["a"])
        backup = snapshot(stage, tmp_path / "backup.db")  # its first head is not signed yet
        await stage.sequencer.sequence(TENANT)
        await stage.bring(order, collection, ["b"])
        await stage.sequencer.sequence(TENANT)
        note = stage.files.read("checkpoints/0")
    restore(tmp_path, backup)
    async with staged(tmp_path) as stage:
        assert await stage.ledger.checkpoint_at(TENANT, 0) is None
        await stage.sequencer.recover(TENANT)
        assert await stage.ledger.checkpoint_at(TENANT, 0) == note
        assert (await stage.sequencer.sequence(TENANT)).size == 2


async def test_a_recovery_that_dies_goes_on_where_it_was(tmp_path: Path) -> None:
    dice = random.Random(4)
    async with staged(tmp_path) as stage:
        orders = [await stage.order(number) for number in range(1, 4)]
        collections = [await stage.collection(order) for order in orders]
        await stage.bring(orders[0], collections[0], ["first"])
        await stage.sequencer.sequence(TENANT)
        backup = snapshot(stage, tmp_path / "backup.db")
        for number in range(12):
            at = dice.randrange(3)
            keys = [f"{number}.{item}" for item in range(dice.randrange(1, 90))]
            await stage.bring(orders[at], collections[at], keys)
            await stage.sequencer.sequence(TENANT)
        head, entries = check_log(stage.files, stage.key)
        chains = [await chain_of(stage, number) for number in (1, 2, 3)]
    restore(tmp_path, backup)
    async with staged(tmp_path) as stage:
        ledger = stage.ledger
        replay = ledger.replay
        replayed = Replayed()

        async def dying(tenant: str, *, start: int, entries: list[bytes], head: Head) -> Replayed:
            if dice.random() < 0.4:
                raise asyncio.CancelledError
            return await replay(tenant, start=start, entries=entries, head=head)

        ledger.replay = dying  # type: ignore[method-assign,assignment]
        for _ in range(200):
            try:
                replayed += await stage.sequencer.recover(TENANT)
            except asyncio.CancelledError:
                continue
            break
        assert (await ledger.log_state(TENANT))[0] == head.size
        assert await ledger.entries(TENANT, start=0, stop=head.size) == entries
        assert [await chain_of(stage, number) for number in (1, 2, 3)] == chains
        assert (await ledger.lost(TENANT)).receipts == head.size - 1
        note = stage.files.checkpoint()
        assert note is not None
        assert open_checkpoint(note, [stage.key])[0] == head
