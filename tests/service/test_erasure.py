"""Erasing an order: what is gone, what stays, and what brings nothing back."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from evidence.custody import Act
from evidence.dsse import Envelope, public_key_from_pem, verify
from evidence.erasure import PAYLOAD_TYPE, ErasureReason, ErasureRecord
from evidence.errors import CorruptionError, HeldError, NotFoundError
from evidence.items import InMemory, Item, Provenance, Role
from evidence.orders import Alias, OrderRef, Platform
from evidence.receipts import check_chain, commit
from service.audit.audit import Asked, audit
from service.custody import By, note, report
from service.retention.erasure import erase
from service.retention.retention import window_of
from service.runtime import Runtime
from service.settings import RetentionSettings, Settings
from storage.journal import ErasureJournal
from storage.ledger.erasures import Erasure
from storage.ledger.records import OrderRecord, State
from tests import shape
from tests.service import mortal_erasure as mortal

ROOT = Path(__file__).parents[2]
TENANT = "default"
REF = OrderRef(Platform.AMAZON, "112-4832917-5531402")
OTHER = OrderRef(Platform.AMAZON, "112-4832917-0000001")
BY = By("local user erika", "orderproof test")
REASON = ErasureReason.SUBJECT_REQUEST
LETTER = b"Signed for by Erika Mustermann, Lindenallee 4. " * 40
SECRETS = (REF.id.encode(), b"Erika", b"1Z999AA10123456784", b"case-of-erika", LETTER[:30])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(
        data=tmp_path / "data", keys=tmp_path / "keys", retention=RetentionSettings(days=0)
    )
    return shape.shaped(made)


class Clock:
    """Ours, which a test can put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def collected(runtime: Runtime, ref: OrderRef = REF, *, items: int = 3) -> OrderRecord:
    """An order with items, an alias, a notice, a failed task, and a walk that has ended."""
    order = await runtime.ledger.order(TENANT, ref)
    alias = Alias("shipment.tracking_number", "1Z999AA10123456784")
    await runtime.ledger.add_alias(order, alias)
    made, _ = await runtime.ledger.start_collection(
        order,
        policy="amazon.atoz",
        sources=["erp"],
        defect={"notice": "Erika says it never came"},
        idempotency_key=f"case-of-erika-{ref.id}",
    )
    kept = [
        Item(
            role=Role.POD_DOCUMENT,
            key=f"Erika {number}.pdf",
            content=InMemory(LETTER + b"%d" % number),
            media_type="application/pdf",
            collector="folder/1",
            origin="seller",
            provenance=Provenance.UPLOAD,
            collected_at=runtime.clock(),
            name="Erika.pdf",
        )
        for number in range(items)
    ]
    await runtime.shelf(order, made.id).keep("erp", kept)
    await runtime.ledger.end_task(
        TENANT, made.id, "erp", state="failed", why="Erika was not at home"
    )
    await runtime.ledger.advance(TENANT, made.id, State.QUEUED, State.SEALED, complete=True)
    await runtime.sequencer.sequence(TENANT)
    return order


def files_of(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield path, path.read_bytes()


def wrapped_key(settings: Settings, handle: str) -> bytes | None:
    with sqlite3.connect(settings.data / "ledger.sqlite") as database:
        asked = "SELECT key_wrapped FROM orders WHERE handle = ?"
        found = database.execute(asked, (handle,)).fetchone()
    database.close()
    return found[0] if found else None


def hidden_of(settings: Settings, order: OrderRecord) -> list[bytes]:
    """Everything that may be in no file after the erasure."""
    with sqlite3.connect(settings.data / "ledger.sqlite") as database:
        row = database.execute(
            "SELECT key_wrapped, salt_sealed, ref_sealed, ref_lookup FROM orders WHERE handle = ?",
            (order.handle,),
        ).fetchone()
        details = database.execute(
            "SELECT details_sealed FROM stamps WHERE order_handle = ?", (order.handle,)
        ).fetchall()
    database.close()
    return [
        row[0],
        row[1],
        row[2],
        row[3].encode(),
        order.key,
        order.salt,
        *(d[0] for d in details),
    ]


def audited(settings: Settings, *, opening: bool) -> dict[str, object]:
    found = audit(Asked(opening=opening), lambda: settings)
    assert found.ok, found.lines()
    return found.to_json()


@pytest.mark.embedded
async def test_nothing_that_is_kept_opens_or_names_an_erased_order(settings: Settings) -> None:
    async with await Runtime.open(settings) as runtime:
        order = await collected(runtime)
        await collected(runtime, OTHER)
        chain = await runtime.ledger.receipts(order)
        await note(runtime, order, Act.ITEM, BY, sha256="0" * 64)
        objects = {path.name for path in (settings.data / "objects").rglob("*") if path.is_file()}
        hidden = hidden_of(settings, order)
        stays = sum(hidden[0] in data for _, data in files_of(settings.data))
        assert stays, "the test would find the key if it were there"

        done = await erase(runtime, TENANT, REF, reason=REASON, by=BY)
        assert (done.logged, done.scrubbed) == (True, True)
        for path, data in files_of(settings.data, settings.keys):
            for secret in (*hidden, *SECRETS):
                assert secret not in data or (OTHER.id.encode() == secret), path

        with pytest.raises(NotFoundError):
            await runtime.find(TENANT, REF)
        assert await runtime.ledger.order_by_handle(TENANT, order.handle) is None
        still = await runtime.ledger.orders_by_alias(
            TENANT, Alias("shipment.tracking_number", "1Z999AA10123456784")
        )
        assert [each.ref for each in still] == [OTHER]
        after = {path.name for path in (settings.data / "objects").rglob("*") if path.is_file()}
        assert objects < after and len(after - objects) == 1

        found = await runtime.ledger.receipts(order)
        assert found[: len(chain)] == chain
        check_chain([receipt.to_bytes() for _, receipt in found])
        assert [receipt.role for _, receipt in found[len(chain) :]] == [Role.ERASURE_RECORD]
    for opening in (False, True):
        said = audited(settings, opening=opening)
        counts = said["counts"]
        assert isinstance(counts, dict) and counts["erased orders"] == 1


@pytest.mark.embedded
async def test_the_audit_names_an_erased_order_whose_key_is_there(settings: Settings) -> None:
    async with await Runtime.open(settings) as runtime:
        order = await collected(runtime)
        await erase(runtime, TENANT, REF, reason=REASON, by=BY)
    with sqlite3.connect(settings.data / "ledger.sqlite") as database:
        changed = "UPDATE orders SET key_wrapped = x'01' WHERE handle = ?"
        assert database.execute(changed, (order.handle,)).rowcount == 1
    database.close()
    found = audit(Asked(), lambda: settings)
    assert [check.where for check in found.checks if check.name == "erased"] == [order.handle]
    assert not found.ok


async def test_a_stranger_can_check_the_record_of_an_erasure(settings: Settings) -> None:
    async with await Runtime.open(settings) as runtime:
        order = await collected(runtime)
        done = await erase(runtime, TENANT, REF, reason=REASON, by=BY)
        keys = runtime.vault.public_keys(TENANT, settings.origin_of(TENANT))["manifest"]
        found = await runtime.ledger.erasure_receipt(done.erasure)
        lines, head = await runtime.ledger.custody_end(TENANT)
    envelope = Envelope.from_json(done.erasure.envelope)
    assert envelope.payload_type == PAYLOAD_TYPE
    payload = verify(envelope, [public_key_from_pem(keys[0]["pem"].encode())])
    record = ErasureRecord.from_payload(payload)
    assert (record.order, record.reason) == (order.commitment, REASON)
    assert (record.custody_size, record.custody_head) == (lines, head)
    assert found is not None
    _, receipt = found
    digest = hashlib.sha256(done.erasure.envelope).hexdigest()
    assert receipt.commitment == commit(done.erasure.salt, digest)
    assert receipt.order == record.order and receipt.role is Role.ERASURE_RECORD


async def test_a_hold_and_the_retention_win_over_an_erasure(settings: Settings) -> None:
    clock = Clock()
    longer = replace(settings, retention=RetentionSettings(days=90))
    async with await Runtime.open(longer, clock=clock) as runtime:
        order = await collected(runtime)
        until = await runtime.ledger.kept_until(order, window_of(runtime, TENANT))
        assert timedelta(days=89) < until - clock() < timedelta(days=91)
        with pytest.raises(HeldError, match=rf"until {until:%Y-%m-%d}"):
            await erase(runtime, TENANT, REF, reason=REASON, by=BY)
        clock.ahead = timedelta(days=91)
        await runtime.ledger.hold(order, reason="Erika sues us")
        with pytest.raises(HeldError, match="legal hold") as refused:
            await erase(runtime, TENANT, REF, reason=REASON, by=BY)
        assert "Erika" not in str(refused.value)
        assert await runtime.ledger.held_since(order) is not None
        await runtime.ledger.release(order)
        await erase(runtime, TENANT, REF, reason=REASON, by=BY)


async def test_what_is_being_collected_is_not_erased(settings: Settings) -> None:
    async with await Runtime.open(settings) as runtime:
        order = await collected(runtime)
        await runtime.ledger.start_collection(order, policy="amazon.atoz", sources=["erp"])
        with pytest.raises(HeldError, match="under way"):
            await erase(runtime, TENANT, REF, reason=REASON, by=BY)


async def test_who_still_has_the_key_in_memory_can_write_nothing_more(settings: Settings) -> None:
    async with await Runtime.open(settings) as runtime:
        order = await collected(runtime)
        (made,) = await runtime.ledger.collections_of(order)
        await erase(runtime, TENANT, REF, reason=REASON, by=BY)
        with pytest.raises(NotFoundError):
            await runtime.ledger.add_alias(order, Alias("erp.number", "4711"))
        with pytest.raises(NotFoundError):
            await runtime.ledger.start_collection(order, policy="p", sources=["erp"])
        with pytest.raises(NotFoundError):
            await note(runtime, order, Act.ITEM, BY)
        with pytest.raises(NotFoundError):
            await runtime.ledger.hold(order, reason="late")
        item = Item(
            role=Role.DOCUMENT,
            key="late",
            content=InMemory(b"late"),
            media_type="text/plain",
            collector="folder/1",
            origin="seller",
            provenance=Provenance.UPLOAD,
            collected_at=runtime.clock(),
        )
        with pytest.raises(NotFoundError):
            await runtime.shelf(order, made.id).keep("erp", [item])


async def test_an_order_collected_again_is_another_one(settings: Settings) -> None:
    async with await Runtime.open(settings) as runtime:
        old = await collected(runtime)
        await erase(runtime, TENANT, REF, reason=REASON, by=BY)
        new = await collected(runtime)
        assert new.commitment != old.commitment and new.handle != old.handle
        await erase(runtime, TENANT, REF, reason=REASON, by=BY)
    audited(settings, opening=True)


async def by_hand(runtime: Runtime, steps: int) -> Erasure:
    """As far as `erase` comes in so many steps: destroyed, journal, log."""
    from service.retention.erasure import _recorded

    order = await runtime.find(TENANT, REF)
    erasure = await _recorded(runtime, order, REASON)
    if steps >= 1:
        await runtime.ledger.erase(order, erasure, window_of(runtime, TENANT))
    if steps >= 2:
        ErasureJournal(runtime.settings.journal).erased(erasure)
    if steps >= 3:
        await runtime.sequencer.sequence(TENANT)
    return erasure


@pytest.mark.embedded
@pytest.mark.parametrize("steps", [0, 1, 2, 3])
async def test_an_erasure_that_broke_off_is_completed_by_the_next_start(
    settings: Settings, steps: int
) -> None:
    async with await Runtime.open(settings) as runtime:
        order = await collected(runtime)
        hidden = hidden_of(settings, order)
        erasure = await by_hand(runtime, steps)
    async with await Runtime.open(settings) as runtime:
        if steps == 0:
            assert (await runtime.find(TENANT, REF)).handle == order.handle
            await erase(runtime, TENANT, REF, reason=REASON, by=BY)
        else:
            assert await runtime.ledger.find_order(TENANT, REF) is None
            assert await runtime.ledger.erasure_receipt(erasure) is not None
        assert await runtime.ledger.pending(TENANT) == 0
        for path, data in files_of(settings.data):
            assert not [secret for secret in (*hidden, *SECRETS) if secret in data], path
        said = ErasureJournal(settings.journal).read()
        assert set(said.erased) == said.scrubbed == {order.handle}
    assert len(settings.journal.read_bytes().splitlines()) == 2
    async with await Runtime.open(settings):
        pass
    assert len(settings.journal.read_bytes().splitlines()) == 2, "a start finds nothing to do"


def copied(settings: Settings, to: Path) -> None:
    """A backup of ledger and keys, made while nobody writes."""
    to.mkdir()
    for path in settings.data.glob("ledger.sqlite*"):
        shutil.copy2(path, to / path.name)
    shutil.copytree(settings.keys, to / "keys")


def restored(settings: Settings, backup: Path) -> None:
    for path in settings.data.glob("ledger.sqlite*"):
        path.unlink()
    for path in backup.glob("ledger.sqlite*"):
        shutil.copy2(path, settings.data / path.name)
    shutil.rmtree(settings.keys)
    shutil.copytree(backup / "keys", settings.keys)


@pytest.mark.embedded
async def test_a_restored_backup_neither_brings_a_key_back_nor_forks_the_log(
    settings: Settings, tmp_path: Path
) -> None:
    async with await Runtime.open(settings) as runtime:
        order = await collected(runtime)
    copied(settings, tmp_path / "backup")
    hidden = hidden_of(settings, order)
    async with await Runtime.open(settings) as runtime:
        await erase(runtime, TENANT, REF, reason=REASON, by=BY)
    checkpoint = (settings.data / "log" / TENANT / "checkpoint").read_bytes()
    restored(settings, tmp_path / "backup")
    assert wrapped_key(settings, order.handle) is not None
    async with await Runtime.open(settings) as runtime:
        assert await runtime.ledger.find_order(TENANT, REF) is None
        for path, data in files_of(settings.data):
            assert not [secret for secret in (*hidden, *SECRETS) if secret in data], path
        with pytest.raises(CorruptionError, match=r"older backup.*fork the log.*newer copy"):
            await runtime.sequencer.sequence(TENANT)
    assert wrapped_key(settings, order.handle) is None
    assert (settings.data / "log" / TENANT / "checkpoint").read_bytes() == checkpoint


@pytest.mark.embedded
async def test_a_backup_of_before_the_log_knew_gets_the_same_record(
    settings: Settings, tmp_path: Path
) -> None:
    """The ledger's transaction and the journal were durable; the log had not been told yet."""
    async with await Runtime.open(settings) as runtime:
        await collected(runtime)
    copied(settings, tmp_path / "backup")
    async with await Runtime.open(settings) as runtime:
        erasure = await by_hand(runtime, 2)
    restored(settings, tmp_path / "backup")
    async with await Runtime.open(settings) as runtime:
        found = await runtime.ledger.erasure_receipt(erasure)
        assert found is not None and found[1].commitment == erasure.commitment
    audited(settings, opening=True)


async def test_a_journal_that_was_changed_stops_the_start(settings: Settings) -> None:
    async with await Runtime.open(settings) as runtime:
        await collected(runtime)
        await erase(runtime, TENANT, REF, reason=REASON, by=BY)
    whole = settings.journal.read_bytes()
    settings.journal.write_bytes(whole + b'{"torn": ')
    async with await Runtime.open(settings):
        pass  # what a crash left of a line was never told to anybody
    settings.journal.write_bytes(whole.replace(b'"event":"erased"', b'"event":"craved"', 1))
    with pytest.raises(CorruptionError, match="Line 1 of the erasure journal"):
        await Runtime.open(settings)


@pytest.mark.embedded
async def test_killed_at_any_moment_an_erasure_is_whole_or_was_never_begun(
    tmp_path: Path,
) -> None:
    """kill -9, again and again, until all orders are erased."""
    settings, count, dice = mortal.settings_in(tmp_path), 12, random.Random(3)
    hidden: dict[str, list[bytes]] = {}
    async with await Runtime.open(settings) as runtime:
        for number in range(count):
            order = await collected(runtime, mortal.ref_of(number), items=1)
            hidden[order.commitment] = hidden_of(settings, order)
    kills, journal = 0, ErasureJournal(settings.journal)
    while kills < 8 or not journal.read().erased:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.service.mortal_erasure", str(tmp_path), str(count)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        try:
            # The first before any; the others into any step of one, which takes some 50 ms, or
            # more on a machine that has much else to do.
            moment = dice.uniform(0.0, 0.3) * max(1.0, kills / 8) if kills else 0.0
            async with asyncio.timeout(moment):
                rest = await process.stdout.read()
                assert rest == b"done\n"
                break
        except TimeoutError:
            process.kill()
            kills += 1
        finally:
            await process.wait()
    print(f"{kills} kills")
    async with await Runtime.open(settings) as runtime:
        left = [number for number in range(count) if await found(runtime, number)]
        erasures = await runtime.ledger.erasures()
        assert len(erasures) == count - len(left)
        assert kills and erasures
        for erasure in erasures:
            assert await runtime.ledger.erasure_receipt(erasure) is not None
        assert (await report(runtime, TENANT, erasures[0].order)).holds
        said = ErasureJournal(settings.journal).read()
        assert set(said.erased) == said.scrubbed == {each.handle for each in erasures}
        gone = [secret for each in erasures for secret in hidden[each.order]]
        for path, data in files_of(settings.data):
            assert not [secret for secret in gone if secret in data], path
    said_by_audit = audited(settings, opening=True)
    counts = said_by_audit["counts"]
    assert isinstance(counts, dict) and counts["erased orders"] == len(erasures)


async def found(runtime: Runtime, number: int) -> bool:
    return await runtime.ledger.find_order(TENANT, mortal.ref_of(number)) is not None


# -- whoever knows the shape of order numbers --------------------------------------------------

PREFIX = "112-4832917-"
_STORED: frozenset[bytes] = frozenset()
_LOOKUP_KEY = b""


def windows(folders: Sequence[Path]) -> frozenset[bytes]:
    """The first 8 bytes of all that could be a digest in any file: each window, each 64 digits."""
    found: set[bytes] = set()
    for _, data in files_of(*folders):
        found.update(data[at : at + 8] for at in range(len(data) - 7))
        for text in re.findall(rb"(?=([0-9a-f]{64}))", data):
            found.add(bytes.fromhex(text.decode())[:8])
    return frozenset(found)


def guesses(span: tuple[int, int]) -> list[str]:
    """Those numbers of which any hash is stored that could be made without a destroyed salt."""
    stored, matches = _STORED, []
    ref = OrderRef(Platform.AMAZON, f"{PREFIX}0000000").canonical()
    before, _, after = ref.partition(b"0000000")
    plain, sha256 = PREFIX.encode(), hashlib.sha256
    # HMAC, RFC 2104, with both halves begun: twice as fast as hmac.digest for each guess.
    block = _LOOKUP_KEY.ljust(64, b"\0")
    inner = sha256(bytes(byte ^ 0x36 for byte in block) + b"%d:%b" % (len(b"order"), b"order"))
    outer = sha256(bytes(byte ^ 0x5C for byte in block))
    for number in range(*span):
        digits = b"%07d" % number
        whole = before + digits + after
        within, keyed = inner.copy(), outer.copy()
        within.update(whole)
        keyed.update(within.digest())
        if (
            keyed.digest()[:8] in stored
            or sha256(whole).digest()[:8] in stored
            or sha256(plain + digits).digest()[:8] in stored
        ):
            matches.append(PREFIX + digits.decode())
    return matches


def search(folders: Sequence[Path], key: bytes, numbers: range) -> list[str]:
    """On all cores; forked, so that the stored hashes are not copied."""
    global _STORED, _LOOKUP_KEY
    _STORED, _LOOKUP_KEY = windows(folders), key
    step = 50_000
    spans = [(at, min(at + step, numbers.stop)) for at in range(numbers.start, numbers.stop, step)]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as pool:
        return [found for matches in pool.map(guesses, spans) for found in matches]


Searched = Callable[[range], tuple[list[str], list[str]]]


@pytest.fixture
async def searched(settings: Settings) -> Searched:
    """What is found among these numbers before the erasure, and after it."""
    async with await Runtime.open(settings) as runtime:
        await collected(runtime)
        assert runtime.vault.lookup(TENANT, "order", "x") != ""
    file = json.loads((settings.keys / TENANT / "lookup.json").read_bytes())
    from evidence.canonical import from_base64

    key = from_base64(file["secret"], what="the key")

    async def erased() -> None:
        async with await Runtime.open(settings) as runtime:
            await erase(runtime, TENANT, REF, reason=REASON, by=BY)

    near = range(5_531_000, 5_532_000)
    before = search([settings.data], key, near)
    await erased()

    def run(numbers: range) -> tuple[list[str], list[str]]:
        return before, search([settings.data, settings.keys], key, numbers)

    return run


@pytest.mark.embedded  # it looks into the files
def test_no_hash_of_a_hundred_thousand_likely_numbers_is_stored(searched: Searched) -> None:
    before, after = searched(range(5_500_000, 5_600_000))
    assert (before, after) == ([REF.id], [])


@pytest.mark.embedded
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_no_hash_of_ten_million_numbers_is_stored(searched: Searched) -> None:
    """Shows that no plain hash and none under the look-up key is left, for whoever has that key.

    It cannot show it of hashes under a salt or key that is destroyed: those are guessed by nobody.
    """
    before, after = searched(range(10**7))
    assert (before, after) == ([REF.id], [])


async def test_custody_of_an_erased_order_is_asked_for_by_its_commitment(
    settings: Settings,
) -> None:
    async with await Runtime.open(settings) as runtime:
        order = await collected(runtime)
        other = await collected(runtime, OTHER)
        await note(runtime, other, Act.BUNDLE, BY, items=3)
        await note(runtime, order, Act.ITEM, BY, sha256="0" * 64)
        await erase(runtime, TENANT, REF, reason=REASON, by=BY)
        await note(runtime, other, Act.MANIFEST, BY, sha256="1" * 64)
        found = await report(runtime, TENANT, order.commitment)
        assert found.holds and found.erased_at is not None
        assert [entry.line.act for entry in found.entries] == [Act.ITEM, Act.ERASURE]
        assert all(not entry.details for entry in found.entries)
        rest = await report(runtime, TENANT, OTHER)
        assert [entry.details["who"] for entry in rest.entries] == [BY.who, BY.who]
