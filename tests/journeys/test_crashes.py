"""Killed at any moment of a walk, and started again: nothing lost, nothing twice, nothing forked.

ORDERPROOF_KILLS        so many kills, in place of 6 (and of 40 among the slow tests)
ORDERPROOF_KILLS_SEED   the seed that a failing run printed; the moments are those again, but what
                        the machine did by then is not
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import random
import statistics
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from auditor.keys import Keys
from auditor.report import State as Answer
from auditor.report import Trust
from auditor.verify import verify_path
from evidence.checkpoint import Checkpoint, open_checkpoint
from evidence.items import Role
from evidence.merkle import consistency_path, verify_consistency
from evidence.notes import split_note
from evidence.orders import OrderRef
from evidence.receipts import Receipt, check_chain
from evidence.tiles import new_bundles, read_bundle, tile_reader
from service.audit.audit import Asked, audit
from service.demo import story
from service.places import open_places
from service.runtime import Runtime, open_vault
from service.settings import Settings
from storage.ledger.audit import AuditRows
from storage.ledger.database import Database
from storage.ledger.ledger import Ledger
from storage.ledger.records import KeptItem, State, TaskState
from storage.log.log import Log
from storage.objects.objects import Objects
from tests.journeys.conftest import Seller
from tests.journeys.walking import Mark, marks, order_of, orders, walk_on

_ASKED = int(os.environ.get("ORDERPROOF_KILLS", "0"))
_KILLS = [_ASKED] if _ASKED else [6, pytest.param(40, marks=pytest.mark.slow)]
# Walks before the first kill, which say how long one takes and what it brings.
_MEASURED = 4
_SAMPLE = 8
_BESIDE = "0 opening, or between walks"
_ENDED = frozenset(TaskState) - {TaskState.WAITING, TaskState.RUNNING}


@dataclass
class Remembered:
    """What was seen after the kills and must be there in the end."""

    notes: list[bytes] = field(default_factory=list)
    receipts: list[bytes] = field(default_factory=list)
    stamps: list[tuple[int, str, int]] = field(default_factory=list)
    unfinished: set[str] = field(default_factory=set)
    phases: Counter[str] = field(default_factory=Counter)

    def missed(self) -> int:
        """How many kills fell beside the walks."""
        return self.phases[_BESIDE]


@dataclass(frozen=True)
class Look:
    """The ledger and the log of a tenant that nobody serves at this moment."""

    settings: Settings
    ledger: Ledger
    rows: AuditRows
    files: Log
    objects: Objects

    @property
    def tenant(self) -> str:
        return self.settings.tenant

    async def remember(self, seen: Remembered) -> None:
        note = self.files.checkpoint()
        if note is not None:
            seen.notes.append(note)
        after = seen.stamps[-1][0] if seen.stamps else 0
        seen.stamps += await self.rows.objects(self.tenant, after=after)
        start = len(seen.receipts)
        seen.receipts += [
            body for _, body in await self.rows.entries(self.tenant, start, start + 1_000_000)
        ]
        seen.unfinished |= {each.order for each in await self.ledger.unfinished()}

    async def phase(self) -> str:
        """Where the walk was when it was killed, as far as ledger and log show it."""
        note = self.files.checkpoint()
        published = 0 if note is None else Checkpoint.parse(split_note(note)[0]).size
        newest = (await self.ledger.heads(self.tenant, from_size=published))[-1]
        if newest.note is None:
            return "6 sequencing: head committed, not signed"
        if newest.size > published:
            if self.files.read(f"checkpoints/{newest.size}") is None:
                return "7 publishing: entries and tiles"
            return "8 publishing: head there, pointer behind"
        unfinished = await self.ledger.unfinished()
        if not unfinished:
            return _BESIDE
        walk = unfinished[0]
        pending = await self.ledger.pending(self.tenant)
        if walk.state is State.QUEUED:
            return "1 queued"
        if walk.state is State.COLLECTING:
            tasks = await self.ledger.tasks(self.tenant, walk.id)
            if len(tasks) < len(walk.sources) or any(task.state not in _ENDED for task in tasks):
                return "2 collecting"
            return "3 sequencing the items" if pending else "4 items in the log, not verifying"
        order = await self.ledger.order_by_handle(self.tenant, walk.order)
        assert order is not None
        kept = [line for line in await self.ledger.items(order) if line.collection == walk.id]
        roles = {line.role for line in kept}
        if Role.MANIFEST not in roles:
            return "5 read or judged, no manifest yet"
        if Role.STATEMENT not in roles:
            return "9 between manifest and statement"
        return "A sequencing the seal" if pending else "B seal in the log, not sealed yet"


@contextlib.asynccontextmanager
async def looking(settings: Settings) -> AsyncIterator[Look]:
    vault = open_vault(settings)
    database = await Database.open(settings.database_url)
    try:
        clock = lambda: datetime.now(UTC)  # noqa: E731
        places = open_places(settings, clock)
        ledger = Ledger(database, vault, clock)
        yield Look(
            settings,
            ledger,
            AuditRows(database, vault, clock),
            places.log(settings.tenant),
            places.objects,
        )
    finally:
        await database.close()


@dataclass(frozen=True)
class Lives:
    """Child processes, one after another, over one seller's folder."""

    children: ForkServerContext
    seller: Seller
    orders: int

    @property
    def said(self) -> Path:
        return self.seller.folder / "said"

    def start(self, until: int) -> Any:
        args = (str(self.seller.config), str(self.said), self.orders, until)
        process = self.children.Process(target=walk_on, args=args)
        process.start()
        return process

    async def undisturbed(self, until: int) -> None:
        process = self.start(until)
        await asyncio.to_thread(process.join, 60)
        assert process.exitcode == 0, self.output()

    async def killed(self, *, after: str, wait: float, nth: int = 1) -> None:
        """SIGKILL `wait` seconds after the life made its `nth` mark of this kind; "": was started.

        Should the walk be over by then, the kill falls into a later one: there is always one.
        """
        before = len(self.marks(after))
        process = self.start(1_000_000)
        try:
            async with asyncio.timeout(60):
                while after and len(self.marks(after)) < before + nth:
                    assert process.is_alive(), self.output()
                    await asyncio.sleep(0.001)
            await asyncio.sleep(wait)
        finally:
            process.kill()
            await asyncio.to_thread(process.join, 60)
        assert process.exitcode == -9, self.output()

    def marks(self, what: str) -> list[Mark]:
        return [mark for mark in marks(self.said) if mark.what == what]

    def output(self) -> str:
        return Path(f"{self.said}.output").read_text(errors="replace")[-4000:]


@pytest.fixture(scope="module")
def children() -> ForkServerContext:
    """Processes that start quickly: their parent has everything imported, and no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.journeys.walking"])
    return context


@pytest.mark.timeout(max(300, 10 * _ASKED))
@pytest.mark.parametrize("kills", _KILLS)
async def test_a_walk_killed_at_any_moment_is_walked_again_as_if_nothing_had_been(
    children: ForkServerContext, seller: Seller, kills: int
) -> None:
    seed = os.environ.get("ORDERPROOF_KILLS_SEED") or os.urandom(4).hex()
    print(f"ORDERPROOF_KILLS_SEED={seed}")
    chance = random.Random(seed)
    lives = Lives(children, seller, orders=8 * kills + 8)
    _write_orders(seller, orders(lives.orders))
    settings = seller.settings()
    seen = Remembered()

    await lives.undisturbed(_MEASURED)
    reached = {
        what: statistics.median(mark.at for mark in lives.marks(what))
        for what in ("begun", "read", "signing", "sealed")
    }
    print("an undisturbed walk:", ", ".join(f"{what} {at:.3f} s" for what, at in reached.items()))
    async with looking(settings) as look:
        await look.remember(seen)

    # Collecting takes longest, and most can go wrong in the seal, so half of the kills are for the
    # seal. Of each part of a walk, one moment out of each slice of its time.
    collecting, reading, sealing = pairwise(reached)
    parts = [collecting, sealing, reading, sealing]
    slices = -(-kills // len(parts))
    moments = [[(at + chance.random()) / slices for at in range(slices)] for _ in parts]
    for each in moments:
        chance.shuffle(each)
    # A machine that grew faster or slower since makes kills miss the walks: then some more.
    kill = 0
    while kill < kills or (2 * seen.missed() > kill and kill < 4 * kills):
        turn, part = divmod(kill, len(parts))
        moment = moments[part][turn % slices]
        begins, ends = parts[part]
        if kill % 10 == 9:
            await lives.killed(after="", wait=moment)  # while it opens, mostly
        else:
            # In the walk that goes on where the last life died, or in a whole one.
            nth = 2 if begins == "begun" and turn % 2 else 1
            wait = (reached[ends] - reached[begins]) * moment
            await lives.killed(after=begins, wait=wait, nth=nth)
        async with looking(settings) as look:
            await look.remember(seen)
            seen.phases[await look.phase()] += 1
        kill += 1
    spooled = len(list((settings.data / "spool").rglob("*.spool")))
    await lives.undisturbed(len(lives.marks("sealed")) + 2)

    walks = len(lives.marks("sealed"))
    print(f"{walks} collections, {kill} kills, {spooled} files in the spool after the last of them")
    for name, count in sorted(seen.phases.items()):
        print(f"{count:5}  {name}")
    async with looking(settings) as look:
        entries = await _check_log(look, seen)
        chosen = await _check_collections(look, lives, walks, seen, entries)
        await _check_audit(look, seen)
    assert not [path for path in (settings.data / "spool").rglob("*") if path.is_file()]
    await _check_bundles(settings, chance.sample(chosen, min(_SAMPLE, len(chosen))))
    # Else the kills fell beside the walks, and all of the above proved nothing.
    assert 2 * seen.missed() <= kill
    if kills >= 40:
        assert len(seen.phases) >= 4, seen.phases


def _write_orders(seller: Seller, refs: list[OrderRef]) -> None:
    """The demo's seller with a table of many orders, all of which went with the one parcel."""
    table = next((seller.folder / "seller" / "erp").iterdir())
    head, row = table.read_bytes().decode("gb18030").splitlines()[:2]
    rows = [row.replace(story.ORDER.id, ref.id) for ref in refs]
    table.write_bytes("\r\n".join([head, *rows, ""]).encode("gb18030"))
    seller.configure("ups", "rate_per_s = 10000")


async def _check_log(look: Look, seen: Remembered) -> list[bytes]:
    """The log grew out of all that was seen of it, and holds each stamp once; its entries."""
    verifiers = open_vault(look.settings).log_verifiers(
        look.tenant, await look.ledger.origin(look.tenant)
    )
    note = look.files.checkpoint()
    assert note is not None
    head, _ = open_checkpoint(note, verifiers)
    nodes = tile_reader(look.files.read_tile, size=head.size)
    notes = [look.files.read(f"checkpoints/{size}") for size in look.files.head_sizes()]
    for old_note in [*seen.notes, *(note for note in notes if note is not None)]:
        old, _ = open_checkpoint(old_note, verifiers)
        verify_consistency(
            old_size=old.size,
            old_root=old.root,
            new_size=head.size,
            new_root=head.root,
            path=consistency_path(nodes, old_size=old.size, new_size=head.size),
            allow_empty=True,
        )
    entries = [
        entry
        for bundle in new_bundles(old_size=0, new_size=head.size)
        for entry in read_bundle(look.files.read_tile, bundle)
    ]
    assert entries[: len(seen.receipts)] == seen.receipts
    commitments = [Receipt.from_bytes(entry).commitment for entry in entries]
    assert len(set(commitments)) == len(commitments) == head.size
    stamps = await look.rows.objects(look.tenant, after=0)
    assert stamps[: len(seen.stamps)] == seen.stamps
    assert len(stamps) == head.size
    assert await look.rows.loose_ends(look.tenant) == (0, 0, 0)
    return entries


async def _check_collections(
    look: Look, lives: Lives, walks: int, seen: Remembered, entries: list[bytes]
) -> list[OrderRef]:
    """Each was sealed once, with what an undisturbed one brings; the orders that were disturbed."""
    acknowledged = {mark.number: mark.id for mark in lives.marks("sealed")}
    assert sorted(acknowledged) == list(range(walks))
    assert not await look.ledger.unfinished()
    usual: Counter[tuple[str, str]] | None = None
    disturbed: list[OrderRef] = []
    indices: list[int] = []
    for ref in dict.fromkeys(order_of(number, lives.orders) for number in range(walks)):
        order = await look.ledger.find_order(look.tenant, ref)
        assert order is not None
        chain = await look.ledger.receipts(order)
        check_chain([receipt.to_bytes() for _, receipt in chain])
        assert [entries[index] for index, _ in chain] == [r.to_bytes() for _, r in chain]
        indices += [index for index, _ in chain]
        kept = await look.ledger.items(order)
        collections = await look.ledger.collections_of(order)
        assert {each.id for each in collections} == {
            acknowledged[n] for n in range(walks) if order_of(n, lives.orders) == ref
        }
        for collection in collections:
            assert collection.state is State.SEALED, collection.failure
            brought = _brought([line for line in kept if line.collection == collection.id])
            usual = usual or brought
            assert brought == usual, (ref, brought)
            tasks = await look.ledger.tasks(collection.tenant, collection.id)
            assert {task.state for task in tasks} == {TaskState.BROUGHT}
        if order.handle in seen.unfinished:
            disturbed.append(ref)
    assert sorted(indices) == list(range(len(entries)))
    return disturbed


def _brought(lines: list[KeptItem]) -> Counter[tuple[str, str]]:
    """How many items of each source and role; no item twice.

    Exchanges aside: a source that is asked again is asked in exchanges of their own.
    """
    items = [line for line in lines if line.role is not Role.EXCHANGE]
    keys = [(line.source, line.key) for line in items]
    assert len(set(keys)) == len(keys)
    assert {line.role for line in items} >= {Role.MANIFEST, Role.STATEMENT}
    return Counter((line.source, str(line.role)) for line in items)


async def _check_audit(look: Look, seen: Remembered) -> None:
    """The auditor, with the keys, from the oldest checkpoint that was kept.

    Objects without a row are all that crashes may leave, and inconclusive, not wrong.
    """
    asked = Asked(saved=seen.notes[0], opening=True)
    report = await asyncio.to_thread(audit, asked, lambda: look.settings)
    assert report.ok, report.lines()
    named = {stored for _, stored, _ in await look.rows.objects(look.tenant, after=0)}
    there = set(look.objects.listing())
    assert named <= there
    orphans = there - named
    print(f"audit: {report.counts}, not looked at: {report.unseen}")
    unsure = [check for check in report.checks if check.state is Answer.INCONCLUSIVE]
    assert {check.name for check in unsure} == ({"orphans"} if orphans else set())
    assert report.counts.get("orphans", 0) == len(orphans)
    if len(orphans) <= 100:  # above that not all are listed
        assert {check.where for check in unsure} == orphans
    assert not report.unseen


async def _check_bundles(settings: Settings, chosen: list[OrderRef]) -> None:
    assert chosen
    log = open_places(settings, lambda: datetime.now(UTC)).log(settings.tenant)
    published = log.read("keys.json")
    assert published is not None
    async with await Runtime.open(settings) as runtime:
        for ref in chosen:
            to = settings.data.parent / f"{ref.id}.zip"
            await runtime.bundle(settings.tenant, ref, profile="bagit", to=to)
            report = await asyncio.to_thread(verify_path, to, key=Keys.parse(published))
            assert report.ok, report.lines()
            assert report.trust is Trust.PINNED
