"""The ledger on PostgreSQL with many receipts, against bare SQL on the same server in the same run.

    python -m bench.ledger                  20,000 receipts
    python -m bench.ledger --receipts N     so many; --full is 10 million

in         rows a second: COPY by a superuser, which row security refuses to the service's role;
           unnest, which is what the ledger does; and executemany; all into the real table, with
           its indexes and foreign keys
at size    a chain's append (`keep`, then sequenced) and look-ups, beside one bare row each
together   writes that come at once, with one commit for all and with one each

Commits reach the disk here (fsync is on). Wall-clock figures are of a machine that others may use:
the ratios are what counts.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import text

from evidence.items import InMemory, Item, Provenance, Role
from evidence.orders import OrderRef, Platform
from evidence.receipts import NO_RECEIPT, receipt_line
from storage.ledger.database import Transaction, Turn
from storage.ledger.engines import Waiting
from storage.ledger.ledger import Ledger
from storage.ledger.models import receipts, stamps
from storage.ledger.postgres import PostgresEngine
from storage.ledger.records import Head
from storage.ledger.rows import beginning
from storage.objects.spool import EncryptedSpool
from storage.vault.vault import Vault
from tests.postgres import Postgres, postgres

TENANT, BEFORE = "acme", "before"
PIECE = 1_000  # receipts of one order, and of one transaction
TIMES = 300


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.ledger")
    parser.add_argument("--receipts", type=int, default=20_000)
    parser.add_argument("--full", action="store_true")
    asked = parser.parse_args()
    count = 10_000_000 if asked.full else asked.receipts
    with tempfile.TemporaryDirectory() as folder, postgres(settings=()) as server:
        with server.database() as name:
            asyncio.run(_measure(Path(folder), server, name, count))


def _now() -> datetime:
    return datetime.now(UTC)


async def _measure(folder: Path, server: Postgres, name: str, count: int) -> None:
    vault = Vault.open(folder / "vault")
    ledger = await Ledger.open(server.url(name), vault=vault, clock=_now)
    try:
        for tenant in (TENANT, BEFORE):
            await ledger.tenant(tenant, origin=f"log.example/{tenant}")
        await _bulk(ledger, server, name, count)
        await _at_size(ledger, server, name, folder, count)
        await _together(ledger)
        _sizes(server, name)
    finally:
        await ledger.close()


# -- in -------------------------------------------------------------------------------------


async def _bulk(ledger: Ledger, server: Postgres, name: str, count: int) -> None:
    admin = await asyncpg.connect(server.url(name, role="postgres").replace("+asyncpg", ""))
    database = ledger._database
    dice = random.Random(1)
    number = 0
    spent = {"unnest": 0.0, "COPY": 0.0, "executemany": 0.0}
    done = dict.fromkeys(spent, 0)
    while number < count:
        order = await ledger.order(BEFORE, OrderRef(Platform.OTHER, f"bulk-{number:09d}"))
        made, _ = await ledger.start_collection(order, policy="p/1", sources=["erp"])
        there = min(PIECE, count - number)
        lines = list(_lines(order, made.id, number, there, dice))

        async def work(connection: Transaction, lines: Sequence[Any] = lines) -> None:
            await connection.insert_many(stamps, [stamp for stamp, _ in lines])

        await database.write(BEFORE, work)
        rows = [row for _, row in lines]
        # Every way gets its share all through, for tables and indexes grow meanwhile.
        step = number // PIECE % 20
        way = "COPY" if step == 9 else "executemany" if step == 19 else "unnest"
        started = time.perf_counter()
        if way == "unnest":
            await database.write(BEFORE, lambda c, r=rows: c.insert_many(receipts, r))  # type: ignore[misc]
        elif way == "COPY":
            records = [tuple(row.values()) for row in rows]
            await admin.copy_records_to_table("receipts", records=records, columns=list(rows[0]))
        else:
            marks = ", ".join(f"${n}" for n in range(1, len(rows[0]) + 1))
            said = f"INSERT INTO receipts ({', '.join(rows[0])}) VALUES ({marks})"
            async with admin.transaction():
                await admin.executemany(said, [tuple(row.values()) for row in rows])
        spent[way] += time.perf_counter() - started
        done[way] += there
        number += there
    for way, rows_done in done.items():
        if rows_done:
            print(f"in        {way:<12} {rows_done / spent[way]:10,.0f} rows/s")
    await admin.execute("VACUUM ANALYZE")
    await admin.close()


def _lines(
    order: Any, collection: str, first: int, count: int, dice: random.Random
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    at = "2026-05-01T12:00:00.000000Z"
    whose = {"tenant": BEFORE, "store": "default", "order_handle": order.handle}
    for index in range(count):
        commitment, stored = (f"{dice.getrandbits(256):064x}" for _ in range(2))
        said = {
            "role": "order.record", "commitment": commitment, "stored": stored, "size": 1000,
            "media_type": "text/csv", "collector": "erp/1", "collected_at": at,
        }  # fmt: skip
        stamp = {
            "number": first + index + 1, **whose, "collection": collection, "source": "erp",
            "ordinal_lookup": f"{dice.getrandbits(256):064x}", **said,
            "details_sealed": dice.randbytes(400),
        }  # fmt: skip
        body = receipt_line(order=order.commitment, seq=index, prev=NO_RECEIPT, **said)  # type: ignore[arg-type]
        row = {
            "stamp": first + index + 1, **whose, "seq": index, "log_index": first + index,
            "body": body,
        }  # fmt: skip
        yield stamp, row


# -- at size ----------------------------------------------------------------------------------


def an_item() -> Item:
    """One that no order has yet; its bytes are always the same."""
    return Item(
        role=Role.ORDER_RECORD,
        key=secrets.token_hex(8),
        content=InMemory(b"same bytes"),
        media_type="text/csv",
        collector="erp/1",
        origin="seller",
        provenance=Provenance.UPLOAD,
        collected_at=_now(),
    )


async def _at_size(ledger: Ledger, server: Postgres, name: str, folder: Path, count: int) -> None:
    admin = await asyncpg.connect(server.url(name, role="postgres").replace("+asyncpg", ""))
    await ledger._database.count_on()
    await admin.execute("CREATE TABLE bare (number bigserial PRIMARY KEY, body bytea)")
    order = await ledger.order(TENANT, OrderRef(Platform.OTHER, "one"))
    made, _ = await ledger.start_collection(order, policy="p/1", sources=["erp"])
    spool = EncryptedSpool(folder / "spool", key=order.key, context=order.context)

    async def append() -> None:
        item = an_item()
        content = spool.keep(item.content)
        content.discard()
        await ledger.keep(order, made.id, "erp", [(item, content)])
        await ledger.grow(TENANT, sign=lambda head: _signed(head))

    async def bare_row() -> None:
        await admin.execute("INSERT INTO bare (body) VALUES ($1)", os.urandom(400))

    dice = random.Random(2)
    numbers = range(0, count, PIECE)
    refs = [OrderRef(Platform.OTHER, f"bulk-{dice.choice(numbers):09d}") for _ in range(50)]

    async def look_up() -> None:
        await ledger.find_order(BEFORE, dice.choice(refs))

    async def bare_look_up() -> None:
        asked = "SELECT body FROM receipts WHERE stamp = $1"
        await admin.fetchrow(asked, dice.randrange(1, count + 1))

    bare = await _timed("bare insert", bare_row)
    await _timed("append: keep + sequence", append, bare)
    bare = await _timed("bare look-up", bare_look_up)
    await _timed("look-up of an order", look_up, bare)
    await admin.close()


def _signed(head: Head) -> bytes:
    return b"a note of %d" % head.size


async def _timed(
    what: str, run: Callable[[], Awaitable[None]], beside: float | None = None
) -> float:
    spent = []
    for _ in range(TIMES):
        started = time.perf_counter()
        await run()
        spent.append(time.perf_counter() - started)
    spent.sort()
    median, late = spent[len(spent) // 2], spent[len(spent) * 99 // 100]
    ratio = f"  {median / beside:5.1f} times bare" if beside else ""
    print(f"at size   {what:<24} p50 {median * 1e3:7.2f} ms  p99 {late * 1e3:7.2f} ms{ratio}")
    return median


# -- together -----------------------------------------------------------------------------------


async def _together(ledger: Ledger) -> None:
    engine = ledger._database._engine
    if not isinstance(engine, PostgresEngine):
        raise AssertionError("this is about PostgreSQL")

    async def work(connection: Transaction) -> None:
        await connection.execute(_TOUCH)

    begin = beginning(TENANT, reading=False)
    for round in range(2):
        started = time.perf_counter()
        await asyncio.gather(*(engine._together(begin, [Waiting(work)]) for _ in range(500)))
        plain = time.perf_counter() - started
        started = time.perf_counter()
        await asyncio.gather(*(engine.write(TENANT, work, Turn.ROWS) for _ in range(500)))
        grouped = time.perf_counter() - started
        if round:
            print(
                f"together  500 writes at once: {500 / plain:,.0f}/s each by itself on 10"
                f" connections, {500 / grouped:,.0f}/s together: {plain / grouped:.1f} times"
            )


_TOUCH = text("INSERT INTO stores VALUES ('acme', gen_random_uuid(), 'ebay', 's', 'US', '2026')")


def _sizes(server: Postgres, name: str) -> None:
    for table in ("stamps", "receipts"):
        said = server.admin(
            f"SELECT count(*), pg_table_size('{table}'), pg_indexes_size('{table}') FROM {table}",
            database=name,
        )
        rows, heap, indexes = map(int, said.split("|"))
        print(
            f"size      {table:<9} {rows:,} rows: {heap / rows:.0f} bytes a row,"
            f" {indexes / rows:.0f} of indexes"
        )


if __name__ == "__main__":
    main()
