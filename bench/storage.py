"""How many items a second go into ledger and log, and what of that the parts alone would reach.

    append   Ledger.keep, then Sequencer.sequence: in the ledger, receipted, signed, published
    tiles    a bare tile writer: the bundle of entries, the hash tiles and the signed head, each
             written and forced to the disk, and nothing else: no lock, no folder forced, no check
    rows     bare INSERTs of the three rows that an item ends up as (item, stamp, receipt), into our
             own tables with their indexes, through sqlite3, a transaction a batch, synchronous=FULL
    series   what one would reach that does the two one after the other, without any work between
    share    append / series; the goal is 0.5, in batches of 50 and in bulk (1,000)

All share disk and run, and take turns of some tenths of a second, so that whoever else is busy
slows all alike. Items are made before the clock runs. The objects themselves are not written: they
cost the same for each. Rates are items a second. `python -m bench.storage [seconds a cell]`
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evidence.checkpoint import Checkpoint
from evidence.items import InMemory, Item, Provenance, Role
from evidence.merkle import Frontier, hash_leaf
from evidence.notes import sign_note
from evidence.orders import OrderRef, Platform
from evidence.tiles import grown_bundles, grown_tiles
from storage.ledger.ledger import Ledger
from storage.log.sequencer import Sequencer
from storage.log.tiles import LogFiles
from storage.objects.spool import EncryptedSpool, SpooledContent
from storage.vault.vault import Vault

BATCHES = (1, 50, 1000)
TURN_S = 0.25
ORDERS = 10
RECEIPT_BYTES = 480
ORIGIN = "bench.example/log"


@dataclass
class Contender:
    """`prepare` makes a batch, untimed; `append` makes it durable."""

    prepare: Callable[[int], Any]
    append: Callable[[Any], Awaitable[None]]
    done: int = 0
    spent_s: float = 0.0

    async def turn(self, *, batch: int, seconds: float) -> None:
        end = self.spent_s + seconds
        while self.spent_s < end:
            ready = self.prepare(batch)
            begun = time.perf_counter()
            await self.append(ready)
            self.spent_s += time.perf_counter() - begun
            self.done += batch

    @property
    def rate(self) -> float:
        return self.done / self.spent_s


async def whole(folder: Path, closing: AsyncExitStack) -> Contender:
    vault = Vault.open(folder / "vault")
    ledger = await Ledger.open(f"sqlite:///{folder}/ledger.db", vault=vault, clock=_now)
    closing.push_async_callback(ledger.close)
    await ledger.tenant("bench", origin=ORIGIN)
    files = LogFiles(folder / "log")
    sequencer = Sequencer(ledger, lambda _: files, vault, _now)
    places = []
    for number in range(ORDERS):
        order = await ledger.order("bench", OrderRef(Platform.OTHER, f"order-{number}"))
        run, _ = await ledger.start_collection(order, policy="p", sources=["erp"])
        spool = EncryptedSpool(folder / "spool", key=order.key, context=order.context)
        content = spool.keep(InMemory(b"the same bytes"))
        content.discard()
        places.append((order, run.id, content))
    made = 0

    def prepare(batch: int) -> tuple[Any, str, list[tuple[Item, SpooledContent]]]:
        nonlocal made
        made += batch
        order, run, content = places[made // batch % ORDERS]
        kept = []
        for number in range(batch):
            data = b"bytes %d" % (made + number)
            item = _item(f"key-{made + number}", data)
            # As if it had been stored: nothing here opens it.
            stored = os.urandom(32).hex()
            kept.append((item, replace(content, sha256=item.sha256, stored=stored)))
        return order, run, kept

    async def append(ready: tuple[Any, str, list[tuple[Item, SpooledContent]]]) -> None:
        order, run, kept = ready
        await ledger.keep(order, run, "erp", kept)
        await sequencer.sequence("bench")

    return Contender(prepare, append)


def tiles(folder: Path) -> Contender:
    signer = Vault.open(folder / "tile-vault").log_signer("bench", ORIGIN)
    base = folder / "tiles"
    base.mkdir()
    frontier = Frontier()

    def read(path: str) -> bytes | None:
        file = base / path
        return file.read_bytes() if file.is_file() else None

    def write(path: str, data: bytes) -> None:
        file = base / path
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(handle, data)
        os.fsync(handle)
        os.close(handle)

    async def append(entries: Sequence[bytes]) -> None:
        old_size = frontier.size
        leaves = [hash_leaf(entry) for entry in entries]
        for tile, data in (
            *grown_bundles(read, old_size=old_size, entries=entries),
            *grown_tiles(read, old_size=old_size, leaf_hashes=leaves),
        ):
            write(tile.path, data)
        frontier.extend(leaves)
        head = Checkpoint(origin=ORIGIN, size=frontier.size, root=frontier.root())
        write("checkpoint.new", sign_note(head.text, [signer]))
        os.replace(base / "checkpoint.new", base / "checkpoint")

    return Contender(lambda batch: [os.urandom(RECEIPT_BYTES) for _ in range(batch)], append)


async def rows(folder: Path, closing: AsyncExitStack) -> Contender:
    file = folder / "bare.db"
    # The tables are made as the ledger makes them; what stands in them is of the usual length.
    ledger = await Ledger.open(f"sqlite:///{file}", vault=Vault.open(folder / "v"), clock=_now)
    await ledger.tenant("bench", origin=ORIGIN)
    order = await ledger.order("bench", OrderRef(Platform.OTHER, "order"))
    run, _ = await ledger.start_collection(order, policy="p", sources=["erp"])
    await ledger.close()
    connection = sqlite3.connect(file, isolation_level=None)
    closing.callback(connection.close)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    made = 0
    whose = ("bench", order.store, order.handle)

    def prepare(batch: int) -> list[list[tuple[Any, ...]]]:
        nonlocal made
        numbers = range(made + 1, made + batch + 1)
        made += batch
        hashes = [os.urandom(32).hex() for _ in numbers]
        now = "2026-11-01T12:00:00.000000Z"
        return [
            [
                (n, *whose, hashed, hashed, 14, None)
                for n, hashed in zip(numbers, hashes, strict=True)
            ],
            [
                (n, *whose, run.id, "erp", hashed, "order.record", hashed, hashed, 14, "text/csv",
                 "erp/1", now, os.urandom(440))
                for n, hashed in zip(numbers, hashes, strict=True)
            ],
            [(n, *whose, n, n, os.urandom(RECEIPT_BYTES)) for n in numbers],
        ]  # fmt: skip

    async def append(ready: list[list[tuple[Any, ...]]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for table, lines in zip(("items", "stamps", "receipts"), ready, strict=True):
            marks = ",".join("?" * len(lines[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", lines)
        connection.execute("COMMIT")

    return Contender(prepare, append)


async def compare(batch: int, seconds: float) -> dict[str, float]:
    """Rates of all, and what share of the two bare ones in series ours reaches."""
    with tempfile.TemporaryDirectory(prefix="orderproof-bench-") as name:
        async with AsyncExitStack() as closing:
            folder = Path(name)
            contenders = {
                "append": await whole(folder, closing),
                "tiles": tiles(folder),
                "rows": await rows(folder, closing),
            }
            for each in contenders.values():  # a first batch makes files and folders
                await each.append(each.prepare(batch))
            while min(each.spent_s for each in contenders.values()) < seconds:
                for each in contenders.values():
                    await each.turn(batch=batch, seconds=TURN_S)
    rates = {name: each.rate for name, each in contenders.items()}
    rates["series"] = 1 / (1 / rates["tiles"] + 1 / rates["rows"])
    return rates | {"share": rates["append"] / rates["series"]}


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    names = ("append", "tiles", "rows", "series", "share")
    print(f"{'batch':>8} " + " ".join(f"{name:>10}" for name in names))
    for batch in BATCHES:
        found = asyncio.run(compare(batch, seconds))
        cells = [f"{found[name]:>10,.0f}" for name in names[:-1]] + [f"{found['share']:>10.2f}"]
        print(f"{batch:>8} {' '.join(cells)}", flush=True)
    return 0


def _item(key: str, data: bytes) -> Item:
    return Item(
        role=Role.ORDER_RECORD,
        key=key,
        content=InMemory(data),
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
