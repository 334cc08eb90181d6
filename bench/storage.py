"""How many items a second go into ledger and log, and what of that the parts alone would reach.

    append   Ledger.keep, then Sequencer.sequence: in the ledger, receipted, signed, published
    tiles    LogFiles.publish alone: entries, tiles, head and pointer, each forced to the disk
    sqlite   bare INSERTs of rows as long as a receipt, a transaction a batch, synchronous=FULL

All three share disk, batch sizes and run. The objects themselves are not written here: they cost
the same for each. Rates are per item. `python -m bench.storage [seconds a cell]`
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from evidence.checkpoint import Checkpoint
from evidence.items import InMemory, Item, Provenance, Role
from evidence.merkle import Frontier, hash_leaf
from evidence.notes import sign_note
from evidence.orders import OrderRef, Platform
from storage.ledger.ledger import Ledger
from storage.log.sequencer import Sequencer
from storage.log.tiles import LogFiles
from storage.objects.spool import EncryptedSpool
from storage.vault.vault import Vault

BATCHES = (1, 50, 1000)
RECEIPT_BYTES = 480
ORDERS = 10
ORIGIN = "bench.example/log"

Append = Callable[[int], Awaitable[None]]
"""Append that many, durably."""


async def rate(append: Append, *, batch: int, seconds: float) -> float:
    """Items a second, after one batch that is not counted."""
    await append(batch)
    done, begun = 0, time.perf_counter()
    while (spent := time.perf_counter() - begun) < seconds:
        await append(batch)
        done += batch
    return done / spent


async def whole(folder: Path, *, batch: int, seconds: float) -> float:
    vault = Vault.open(folder / "vault")
    url = f"sqlite+aiosqlite:///{folder}/ledger.db"
    ledger = await Ledger.open(url, vault=vault, clock=_now)
    try:
        await ledger.tenant("bench", origin=ORIGIN)
        files = LogFiles(folder / "log")
        sequencer = Sequencer(ledger, lambda _: files, vault, _now)
        places = []
        for number in range(ORDERS):
            order = await ledger.order("bench", OrderRef(Platform.OTHER, f"order-{number}"))
            run, _ = await ledger.start_collection(order, policy="p", sources=["erp"])
            spool = EncryptedSpool(folder / "spool", key=order.key, context=order.context)
            places.append((order, run, spool.keep(InMemory(b"the same bytes"))))
        count = 0

        async def append(batch: int) -> None:
            nonlocal count
            order, run, content = places[count % ORDERS]
            kept = [(_item(f"key-{count + n}"), content) for n in range(batch)]
            count += batch
            await ledger.keep(order, run.id, "erp", kept)
            await sequencer.sequence("bench")

        return await rate(append, batch=batch, seconds=seconds)
    finally:
        await ledger.close()


async def tiles(folder: Path, *, batch: int, seconds: float) -> float:
    files = LogFiles(folder / "log")
    signer = Vault.open(folder / "vault").log_signer("bench", ORIGIN)
    frontier = Frontier()

    async def append(batch: int) -> None:
        old_size = frontier.size
        entries = [os.urandom(RECEIPT_BYTES) for _ in range(batch)]
        frontier.extend(hash_leaf(entry) for entry in entries)
        head = Checkpoint(origin=ORIGIN, size=frontier.size, root=frontier.root())
        note = sign_note(head.text, [signer])
        files.publish(note, size=head.size, root=head.root, old_size=old_size, entries=entries)

    return await rate(append, batch=batch, seconds=seconds)


async def sqlite(folder: Path, *, batch: int, seconds: float) -> float:
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (number INTEGER PRIMARY KEY, body BLOB NOT NULL)")

    async def append(batch: int) -> None:
        rows = [(os.urandom(RECEIPT_BYTES),) for _ in range(batch)]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO t (body) VALUES (?)", rows)
        connection.execute("COMMIT")

    try:
        return await rate(append, batch=batch, seconds=seconds)
    finally:
        connection.close()


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    print(f"{'items/s':>8} {'append':>10} {'tiles':>10} {'sqlite':>10}")
    for batch in BATCHES:
        cells = []
        for measured in (whole, tiles, sqlite):
            with tempfile.TemporaryDirectory() as folder:
                found = asyncio.run(measured(Path(folder), batch=batch, seconds=seconds))
                cells.append(f"{found:>10,.0f}")
        print(f"{batch:>8} {' '.join(cells)}", flush=True)
    return 0


def _item(key: str) -> Item:
    return Item(
        role=Role.ORDER_RECORD,
        key=key,
        content=InMemory(b"the same bytes"),
        media_type="text/csv",
        collector="erp/1",
        origin="seller",
        provenance=Provenance.UPLOAD,
        collected_at=_now(),
    )


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main())
