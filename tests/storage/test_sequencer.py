"""The log: complete, provable, the same for everybody, and never rewritten."""

import asyncio
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.checkpoint import open_checkpoint
from evidence.errors import CorruptionError, ProofError, RequestError
from evidence.merkle import EMPTY_ROOT, hash_leaf, verify_inclusion
from evidence.proofs import verify_proof
from storage.log.sequencer import Sequencer
from storage.log.tiles import LogFiles
from tests import shape
from tests.postgres import name_of
from tests.storage.stage import (
    ORIGIN,
    TENANT,
    Stage,
    check_consistent,
    check_log,
    check_storage,
    now,
    staged,
)


async def test_a_log_begins_empty_and_signed(stage: Stage) -> None:
    assert await stage.ledger.checkpoint(TENANT) is None
    head = await stage.sequencer.sequence(TENANT)
    assert (head.origin, head.size, head.root) == (ORIGIN, 0, EMPTY_ROOT)
    assert stage.files.read("log.vkey") == f"{stage.key.vkey}\n".encode()
    assert await stage.sequencer.note(TENANT) == stage.files.read("checkpoints/0")
    with pytest.raises(RequestError):
        await stage.sequencer.sequence("nobody")


async def test_receipts_of_several_orders_are_chained_each_and_logged_together(
    stage: Stage,
) -> None:
    orders = [await stage.order(n) for n in range(3)]
    runs = [await stage.collection(order) for order in orders]
    for turn in range(4):
        for order, run in zip(orders, runs, strict=True):
            await stage.bring(order, run, [f"{turn}-{n}" for n in range(turn + 1)])
        head = await stage.sequencer.sequence(TENANT)
        assert head == await check_storage(stage, orders)
    assert await stage.sequencer.sequence(TENANT) == await check_storage(stage, orders)
    assert len(await stage.ledger.receipts(orders[0])) == 1 + 2 + 3 + 4
    chain = await stage.ledger.items(orders[1])
    assert [item.key for item in chain[:3]] == ["0-0", "1-0", "1-1"]


async def test_nothing_new_makes_no_new_head(stage: Stage) -> None:
    order = await stage.order()
    await stage.bring(order, await stage.collection(order), ["a"])
    first = await stage.sequencer.sequence(TENANT)
    before = {path: path.stat().st_mtime_ns for path in stage.folder.joinpath("log").rglob("*")}
    assert await stage.sequencer.sequence(TENANT) == first
    after = {path: path.stat().st_mtime_ns for path in stage.folder.joinpath("log").rglob("*")}
    assert before == after


async def test_every_receipt_is_proven_under_the_first_and_the_newest_head(stage: Stage) -> None:
    order = await stage.order()
    run = await stage.collection(order)
    for start, count in ((0, 1), (1, 254), (255, 3), (258, 700)):
        await stage.bring(order, run, [str(n) for n in range(start, start + count)])
        await stage.sequencer.sequence(TENANT)
    newest = await stage.sequencer.note(TENANT)
    assert newest == await stage.ledger.checkpoint(TENANT)
    chain = await stage.ledger.receipts(order)
    for index, receipt in [*chain[:3], *chain[250:262], *chain[-3:]]:
        first = await stage.ledger.first_checkpoint_covering(TENANT, index)
        for note in (first, newest):
            raw = await stage.sequencer.tlog_proof(TENANT, index, note)
            head = verify_proof(raw, entry=receipt.to_bytes(), log=stage.key)
            assert note == await stage.ledger.checkpoint_at(TENANT, head.size)
            path = await stage.sequencer.proof(TENANT, index, head.size)
            leaf = hash_leaf(receipt.to_bytes())
            verify_inclusion(leaf, index=index, size=head.size, path=path, root=head.root)
            other = chain[index - 1][1].to_bytes()
            with pytest.raises(ProofError):
                verify_proof(raw, entry=other, log=stage.key)
    sizes = {
        open_checkpoint(await stage.ledger.first_checkpoint_covering(TENANT, n), [stage.key])[
            0
        ].size
        for n in range(958)
    }
    assert sizes == {1, 255, 258, 958}


async def test_a_proof_of_what_is_not_there_is_refused(stage: Stage) -> None:
    order = await stage.order()
    await stage.bring(order, await stage.collection(order), ["a", "b"])
    await stage.sequencer.sequence(TENANT)
    for index, size in ((0, 1), (0, 3), (2, 2), (-1, 2)):
        with pytest.raises(RequestError):
            await stage.sequencer.proof(TENANT, index, size)
    with pytest.raises(RequestError, match="none covers"):
        await stage.ledger.first_checkpoint_covering(TENANT, 2)
    note = await stage.sequencer.note(TENANT)
    changed = note.replace(b"\n2\n", b"\n1\n")
    with pytest.raises(ProofError):
        await stage.sequencer.tlog_proof(TENANT, 0, changed)


async def test_a_backlog_of_several_batches_is_sequenced_in_one_call(stage: Stage) -> None:
    order = await stage.order()
    run = await stage.collection(order)
    await stage.bring(order, run, [str(n) for n in range(2100)])
    head = await stage.sequencer.sequence(TENANT)
    assert head.size == 2100
    assert head == await check_storage(stage, [order])
    assert stage.files.read("checkpoints/1000") is not None
    # Full tiles took the place of the partial ones.
    assert stage.files.read("tile/0/003.p/232") is None
    assert stage.files.read("tile/0/003") is not None


async def test_many_calls_at_once_in_one_process_make_one_log(stage: Stage) -> None:
    orders = [await stage.order(n) for n in range(8)]

    async def go(number: int) -> None:
        run = await stage.collection(orders[number])
        for turn in range(4):
            await stage.bring(orders[number], run, [f"{turn}"])
            await stage.sequencer.sequence(TENANT)

    await asyncio.gather(*map(go, range(8)))
    assert (await check_storage(stage, orders)).size == 32


async def test_calls_that_wait_together_share_a_run_that_has_all_of_theirs(stage: Stage) -> None:
    orders = [await stage.order(n) for n in range(30)]
    runs = [await stage.collection(order) for order in orders]
    sizes: list[int] = []

    async def go(number: int) -> None:
        (stamp,) = await stage.bring(orders[number], runs[number], ["a"])
        head = await stage.sequencer.sequence(TENANT)
        ((index, receipt),) = await stage.ledger.receipts(orders[number])
        assert receipt == stamp.receipt(seq=0, prev="0" * 64)
        assert index < head.size
        sizes.append(head.size)

    await asyncio.gather(*map(go, range(30)))
    assert max(sizes) == 30
    assert len(set(sizes)) < 30
    await check_storage(stage, orders)


async def test_heads_are_apart_and_twice_as_far_where_many_share_them(stage: Stage) -> None:
    sequencer = Sequencer(
        stage.ledger, lambda _: stage.files, stage.vault, now, apart_s=(apart_s := 0.1)
    )
    time = asyncio.get_running_loop().time
    began = time()
    await sequencer.sequence(TENANT)
    await asyncio.gather(*(sequencer.sequence(TENANT) for _ in range(10)))
    assert time() - began > 0.99 * apart_s
    await sequencer.sequence(TENANT)
    assert time() - began > 0.99 * 3 * apart_s


async def test_a_run_that_failed_answers_nobody_else(stage: Stage) -> None:
    await stage.sequencer.sequence(TENANT)
    order = await stage.order()
    run = await stage.collection(order)
    await stage.bring(order, run, ["a"])
    tile = stage.folder / "log" / "tile"
    tile.write_text("in the way of the folder")
    told = await asyncio.gather(
        *(stage.sequencer.sequence(TENANT) for _ in range(3)), return_exceptions=True
    )
    assert [isinstance(each, OSError) for each in told] == [True] * 3
    tile.unlink()
    assert (await stage.sequencer.sequence(TENANT)).size == 1
    await check_storage(stage, [order])


async def test_two_sequencers_that_share_nothing_but_the_files_make_one_log(
    stage: Stage, tmp_path: Path
) -> None:
    async with staged(tmp_path) as other:
        order = await stage.order()
        run = await stage.collection(order)

        async def go(each: Stage, name: str) -> None:
            for turn in range(25):
                await each.bring(order, run, [f"{name}-{turn}"])
                head = await each.sequencer.sequence(TENANT)
                assert head.size > turn

        await asyncio.gather(go(stage, "a"), go(other, "b"))
        assert (await check_storage(stage, [order])).size == 50


@settings(max_examples=12, deadline=None)
@given(
    batches=st.lists(
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), max_size=12), max_size=6
    )
)
def test_however_items_come_each_is_in_its_chain_once(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[int, int]]]
) -> None:
    async def run() -> None:
        async with staged(tmp_path_factory.mktemp("stage")) as stage:
            orders = [await stage.order(n) for n in range(3)]
            runs = [await stage.collection(order) for order in orders]
            heads = []
            for batch in batches:
                for which in range(3):
                    keys = [str(key) for order, key in batch if order == which]
                    await stage.bring(orders[which], runs[which], keys)
                heads.append(await stage.sequencer.sequence(TENANT))
            if heads:
                assert await check_storage(stage, orders) == heads[-1]
                assert heads[-1].size == len({pair for batch in batches for pair in batch})
                for old in heads:
                    check_consistent(stage.files, old, heads[-1])

    asyncio.run(run())


@pytest.mark.embedded  # it copies the database's file
async def test_an_old_backup_of_the_ledger_does_not_fork_the_log(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        order = await stage.order()
        run = await stage.collection(order)
        await stage.bring(order, run, ["a"])
        await stage.sequencer.sequence(TENANT)
    shutil.copy(tmp_path / "ledger.db", tmp_path / "backup.db")
    async with staged(tmp_path) as stage:
        await stage.bring(order, run, ["b"])
        await stage.sequencer.sequence(TENANT)
    for name in ("ledger.db-wal", "ledger.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", tmp_path / "ledger.db")
    async with staged(tmp_path) as stage:
        published = await stage.sequencer.note(TENANT)
        await stage.bring(order, run, ["other"])
        with pytest.raises(CorruptionError, match="backup"):
            await stage.sequencer.sequence(TENANT)
        assert await stage.ledger.pending(TENANT) == 1
        assert await stage.sequencer.note(TENANT) == published
        check_log(stage.files, stage.key)


async def test_a_receipt_changed_in_the_ledger_is_not_published(stage: Stage) -> None:
    order = await stage.order()
    run = await stage.collection(order)
    await stage.sequencer.sequence(TENANT)
    await stage.bring(order, run, ["a"])
    await stage.ledger.grow(TENANT, sign=stage.sign)
    changed = "CAST(replace(body, '\"seq\":0', '\"seq\":7') AS BLOB)"
    if shape.SCALED:
        text = "convert_from(body, 'UTF8')"
        changed = f"convert_to(replace({text}, '\"seq\":0', '\"seq\":7'), 'UTF8')"
    _tamper(stage, f"UPDATE receipts SET body = {changed}")
    with pytest.raises(CorruptionError, match="root"):
        await stage.sequencer.sequence(TENANT)
    head, _ = open_checkpoint(await stage.sequencer.note(TENANT), [stage.key])
    assert head.size == 0
    assert not (stage.folder / "log" / "tile").exists()


async def test_a_receipt_missing_from_the_ledger_is_noticed(stage: Stage) -> None:
    order = await stage.order()
    run = await stage.collection(order)
    await stage.sequencer.sequence(TENANT)
    await stage.bring(order, run, ["a", "b"])
    await stage.ledger.grow(TENANT, sign=stage.sign)
    _tamper(stage, "DELETE FROM receipts WHERE log_index = 0")
    with pytest.raises(CorruptionError, match="1 of the receipts 0 to 1"):
        await stage.sequencer.sequence(TENANT)


async def test_another_root_than_was_published_stops_the_sequencer(stage: Stage) -> None:
    order = await stage.order()
    run = await stage.collection(order)
    await stage.bring(order, run, ["a"])
    await stage.sequencer.sequence(TENANT)
    _tamper(stage, f"UPDATE checkpoints SET root = '{'0' * 64}' WHERE size = 1")
    await stage.bring(order, run, ["b"])
    with pytest.raises(CorruptionError, match="another root"):
        await stage.sequencer.sequence(TENANT)


def _tamper(stage: Stage, statement: str) -> None:
    """As somebody would who has the database to himself."""
    import sqlite3

    if shape.SCALED:
        counted = f"WITH done AS ({statement} RETURNING 1) SELECT count(*) FROM done"
        assert shape.server().admin(counted, database=name_of(stage.folder)) == "1"
        return
    connection = sqlite3.connect(stage.folder / "ledger.db")
    with connection:
        assert connection.execute(statement).rowcount == 1
    connection.close()


async def test_the_database_itself_refuses_a_second_receipt_in_one_place(stage: Stage) -> None:
    import sqlite3

    order = await stage.order()
    run = await stage.collection(order)
    await stage.bring(order, run, ["a", "b"])
    await stage.sequencer.sequence(TENANT)
    for column in ("seq", "log_index"):
        with pytest.raises((sqlite3.IntegrityError, AssertionError), match=column):
            _tamper(stage, f"UPDATE receipts SET {column} = 0 WHERE {column} = 1")


async def test_a_log_that_lost_its_files_is_written_again_from_the_ledger(stage: Stage) -> None:
    order = await stage.order()
    run = await stage.collection(order)
    for start in (0, 200, 400):
        await stage.bring(order, run, [str(n) for n in range(start, start + 200)])
        await stage.sequencer.sequence(TENANT)
    before = await stage.sequencer.note(TENANT)
    log = stage.folder / "log"
    for lost in ("tile/0/000", "tile/entries/002.p/88", "checkpoints/200", "log.vkey"):
        (log / lost).unlink()
    await stage.sequencer.republish(TENANT)
    await check_storage(stage, [order])
    assert stage.files.read("checkpoints/200") is not None
    shutil.rmtree(log)
    assert (await stage.sequencer.sequence(TENANT)).size == 600
    await check_storage(stage, [order])
    assert await stage.sequencer.note(TENANT) == before


async def test_a_changed_tile_is_never_written_over(stage: Stage) -> None:
    order = await stage.order()
    await stage.bring(order, await stage.collection(order), [str(n) for n in range(300)])
    await stage.sequencer.sequence(TENANT)
    tile = stage.folder / "log" / "tile" / "0" / "000"
    tile.chmod(0o644)
    tile.write_bytes(bytes(8192))
    with pytest.raises(CorruptionError, match="other bytes"):
        await stage.sequencer.republish(TENANT)
    assert tile.read_bytes() == bytes(8192)


async def test_a_folder_with_the_log_of_another_key_is_refused(stage: Stage) -> None:
    await stage.sequencer.sequence(TENANT)
    await stage.ledger.tenant("other", origin="log.example/other")
    shared = Sequencer(stage.ledger, lambda _: stage.files, stage.vault, now)
    with pytest.raises(CorruptionError):
        await shared.sequence("other")


@pytest.mark.parametrize(
    "path",
    ["", ".lock", "../vault/acme/lookup.json", "checkpoints", "checkpoints/../checkpoint",
     "tile/0/000.p/256", "tile/0/x000/001", "/etc/passwd", "checkpoint\n", "tile"],
)  # fmt: skip
async def test_only_the_files_of_the_log_are_served(stage: Stage, path: str) -> None:
    await stage.sequencer.sequence(TENANT)
    assert stage.files.read(path) is None
    assert LogFiles(stage.folder / "none").read("checkpoint") is None
