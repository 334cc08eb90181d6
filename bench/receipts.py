"""The ledger on PostgreSQL with up to ten million receipts: as it is, and in partitions.

    python -m bench.receipts                          100 thousand, as it is
    python -m bench.receipts --sizes 1,3,10           millions, measured at each size
    python -m bench.receipts --shape tenant           `stamps` and `receipts` by hash of the tenant
    python -m bench.receipts --shape month            and below that by ranges that grow with time

The server makes the rows itself: ten tenants with orders of twenty receipts each, in the order in
which they would have come. Keys and row security are the ledger's own, as far as a shape allows
them (the first line says what it costs); the code that is measured is ours. Of one tenant the log
is published, so that proofs are real ones.

append     one item of one order, kept and then sequenced by `grow`
quiet      one item kept by a tenant that kept nothing before
read       an order by its number, and its chain of twenty receipts
join       the same order's stamps with their receipts, as the ledger's items are read
proof      of a receipt under the published head, as a tlog-proof
lag        eight writers at once: from kept to published

fsync is on while it is measured and off while rows are made. Ratios count, not milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from bench.ledger import an_item
from evidence.checkpoint import Checkpoint
from evidence.merkle import Frontier, hash_leaf
from evidence.notes import sign_note
from evidence.orders import OrderRef, Platform
from storage.ledger.database import Transaction
from storage.ledger.items import _ITEMS
from storage.ledger.ledger import Ledger
from storage.log.sequencer import Sequencer
from storage.log.tiles import LogFiles
from storage.objects.spool import EncryptedSpool
from storage.vault.vault import Vault
from tests.postgres import ROLE, Postgres, postgres

TENANTS, OF_AN_ORDER, PROBES, TIMES, WRITERS = 10, 20, 200, 200, 8
QUIET = 10
PIECE = 50_000  # leaves that are hashed at a time
WHOSE = "t0"  # whose orders are measured; the others are there
MONTHS = 12
SETTINGS = (
    "shared_buffers=512MB", "max_wal_size=4GB", "maintenance_work_mem=256MB", "wal_level=minimal",
    "max_wal_senders=0", "checkpoint_timeout=30min",
)  # fmt: skip


@dataclass
class Bench:
    server: Postgres
    database: str
    ledger: Ledger
    vault: Vault
    folder: Path
    shape: str
    most: int
    sequencer: Sequencer
    probes: list[OrderRef] = field(default_factory=list)
    orders: int = 0
    appended: int = 0

    async def sql(self, *statements: str) -> None:
        """Each by itself, as the superuser; some take minutes."""
        url = self.server.url(self.database, role="postgres").replace("+asyncpg", "")
        admin = await asyncpg.connect(url)
        try:
            for statement in statements:
                await admin.execute(statement)
        finally:
            await admin.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.receipts")
    parser.add_argument("--sizes", default="0.1", help="millions of receipts, smallest first")
    parser.add_argument("--shape", default="plain", choices=("plain", "tenant", "month"))
    asked = parser.parse_args()
    sizes = [int(float(each) * 1e6) for each in asked.sizes.split(",")]
    print(f"{asked.shape:<7} costs {SHAPES[asked.shape]}")
    with tempfile.TemporaryDirectory() as folder, postgres(settings=SETTINGS) as server:
        with server.database() as name:
            asyncio.run(_measure(server, name, Path(folder), asked.shape, sizes))


async def _measure(server: Postgres, name: str, folder: Path, shape: str, sizes: list[int]) -> None:
    vault = Vault.open(folder / "vault")
    async with _opened(server, name, vault) as ledger:
        here = Bench(
            server, name, ledger, vault, folder, shape, sizes[-1], _sequencer(folder, ledger, vault)
        )
        for number in range(TENANTS):
            await ledger.tenant(f"t{number}", origin=f"log.example/t{number}")
        await _make_probes(here)
    await _reshape(here)
    async with _opened(server, name, vault) as ledger:
        here.ledger, here.sequencer = ledger, _sequencer(folder, ledger, vault)
        for size in sizes:
            began = time.perf_counter()
            await _fill(here, size)
            print(f"{shape:<7} {size:,} receipts, made in {time.perf_counter() - began:.0f} s")
            await _publish(here)
            await _measured(here)
            await _say_sizes(here)


@contextlib.asynccontextmanager
async def _opened(server: Postgres, name: str, vault: Vault) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(server.url(name), vault=vault, clock=_now)
    try:
        yield ledger
    finally:
        await ledger.close()


def _sequencer(folder: Path, ledger: Ledger, vault: Vault) -> Sequencer:
    return Sequencer(ledger, lambda tenant: LogFiles(folder / "log" / tenant), vault, _now)


def _now() -> datetime:
    return datetime.now(UTC)


# -- rows ---------------------------------------------------------------------------------------


async def _make_probes(here: Bench) -> None:
    """Real orders, whose rows are made with the others'; spread evenly over what will be there."""
    await here.sql(
        "CREATE TABLE probes (o bigint PRIMARY KEY, handle text, collection text, commitment text)",
        # The rows that are measured come after those that are made.
        "SELECT setval(pg_get_serial_sequence('stamps', 'number'), 1000000000)",
    )
    rows = []
    apart = max(1, here.most // OF_AN_ORDER // TENANTS // PROBES)
    for number in range(PROBES):
        ref = OrderRef(Platform.OTHER, f"probe-{number:05d}")
        order = await here.ledger.order(WHOSE, ref)
        made, _ = await here.ledger.start_collection(order, policy="p/1", sources=["erp"])
        here.probes.append(ref)
        o = number * apart * TENANTS
        rows.append(f"({o}, '{order.handle}', '{made.id}', '{order.commitment}')")
    await here.sql("INSERT INTO probes VALUES " + ", ".join(rows))


# What each shape costs beside time.
SHAPES = {
    "plain": "nothing: every key is unique as it is declared",
    "tenant": "the tenant goes into every key; references to a stamp alone are not checked",
    "month": "also: (order, seq) and (collection, source, ordinal) are unique within a month only",
}


# A number of a stamp alone is unique in no partitioned table, so nothing can refer to one.
_NO_REFERENCES = """DO $$ DECLARE r record; BEGIN
    FOR r IN SELECT conrelid::regclass AS t, conname FROM pg_constraint
             WHERE contype = 'f' AND confrelid IN ('stamps'::regclass, 'receipts'::regclass)
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', r.t, r.conname); END LOOP;
END $$"""


async def _reshape(here: Bench) -> None:
    if here.shape == "plain":
        return
    by_month = here.shape == "month"
    statements = [
        "SET ROLE " + ROLE,
        _NO_REFERENCES,
        "ALTER TABLE stamps RENAME TO stamps_old",
        "ALTER TABLE receipts RENAME TO receipts_old",
        "CREATE TABLE stamps (LIKE stamps_old INCLUDING DEFAULTS) PARTITION BY HASH (tenant)",
        "CREATE TABLE receipts (LIKE receipts_old INCLUDING DEFAULTS) PARTITION BY HASH (tenant)",
    ]
    for table, along in (("stamps", "number"), ("receipts", "log_index")):
        most = here.most if table == "stamps" else here.most // TENANTS
        for part in range(4):
            how = f" PARTITION BY RANGE ({along})" if by_month else ""
            statements.append(
                f"CREATE TABLE {table}_{part} PARTITION OF {table}"
                f" FOR VALUES WITH (MODULUS 4, REMAINDER {part}){how}"
            )
            for month in range(MONTHS) if by_month else ():
                start = most * month // MONTHS if month else "MINVALUE"
                end = most * (month + 1) // MONTHS if month < MONTHS - 1 else "MAXVALUE"
                statements.append(
                    f"CREATE TABLE {table}_{part}_{month} PARTITION OF {table}_{part}"
                    f" FOR VALUES FROM ({start}) TO ({end})"
                )
    unique = "" if by_month else "UNIQUE"
    statements += [
        "CREATE UNIQUE INDEX ON stamps (tenant, number)",
        f"CREATE {unique} INDEX ON stamps (tenant, collection, source, ordinal_lookup)",
        "CREATE INDEX ON stamps (order_handle)",
        "CREATE UNIQUE INDEX ON receipts (tenant, log_index)",
        f"CREATE {unique} INDEX ON receipts (tenant, order_handle, seq)",
        "CREATE INDEX ON receipts (order_handle, seq)",
        "CREATE INDEX ON receipts (stamp)",
    ]
    await here.sql(*statements)


_HEX = "encode(sha256({}::bytea), 'hex')"


async def _fill(here: Bench, receipts: int) -> None:
    """Rows up to this many receipts; those that were measured stay, and are not counted."""
    first, last = here.orders, receipts // OF_AN_ORDER
    month = f"least({MONTHS}, 1 + o * {MONTHS} / {here.most // OF_AN_ORDER})"
    at = f"('2026-' || to_char({month}, 'FM00') || '-15T12:00:00.000000Z')"
    orders = f"generate_series({first}, {last - 1}) o LEFT JOIN probes p USING (o)"
    each = f"{orders} CROSS JOIN generate_series(0, {OF_AN_ORDER - 1}) i"
    between = f"CASE o % {TENANTS} WHEN 0 THEN {here.appended} ELSE 0 END"
    place = f"o / {TENANTS} * {OF_AN_ORDER} + i + {between}"
    hexes = {name: _HEX.format(f"('{name}' || o || '/' || i)") for name in "kmsp"}
    of_order = _HEX.format("('c' || o)")
    body = f"""'{{"collected_at":"' || {at} || '","collector":"erp/1","commitment":"'
        || {hexes["m"]} || '","media_type":"text/csv","order":"'
        || coalesce(p.commitment, {of_order})
        || '","prev":"' || CASE i WHEN 0 THEN repeat('0', 64) ELSE {hexes["p"]} END
        || '","role":"order.record","seq":' || i || ',"size":1000,"stored":"' || {hexes["s"]}
        || '","v":1}}'"""
    await here.sql(
        "ALTER SYSTEM SET fsync = off",
        "SELECT pg_reload_conf()",
        f"""SET session_replication_role = replica;
        INSERT INTO orders (handle, tenant, store, commitment, created_at)
        SELECT md5('order' || o), 't' || o % {TENANTS}, 'default', {of_order}, {at}
        FROM {orders} WHERE p.o IS NULL""",
        f"""SET session_replication_role = replica;
        INSERT INTO stamps (number, tenant, store, order_handle, collection, source,
            ordinal_lookup, role, commitment, stored, size, media_type, collector, collected_at,
            details_sealed)
        SELECT o * {OF_AN_ORDER} + i + 1, 't' || o % {TENANTS}, 'default',
               coalesce(p.handle, md5('order' || o)), coalesce(p.collection, md5('made' || o)),
               'erp', {hexes["k"]}, 'order.record', {hexes["m"]}, {hexes["s"]}, 1000, 'text/csv',
               'erp/1', {at}, decode(repeat('a7', 400), 'hex')
        FROM {each}""",
        f"""SET session_replication_role = replica;
        INSERT INTO receipts (stamp, tenant, store, order_handle, seq, log_index, body)
        SELECT o * {OF_AN_ORDER} + i + 1, 't' || o % {TENANTS}, 'default',
               coalesce(p.handle, md5('order' || o)), i, {place}, convert_to({body}, 'UTF8')
        FROM {each}""",
        *(f"VACUUM (ANALYZE) {table}" for table in ("orders", "stamps", "receipts")),
        "ALTER SYSTEM SET fsync = on",
        "SELECT pg_reload_conf()",
        "CHECKPOINT",
    )
    here.orders = last


async def _publish(here: Bench) -> None:
    """Sign a head over the measured tenant's receipts, and write its log's files."""
    size = here.orders // TENANTS * OF_AN_ORDER + here.appended
    frontier = Frontier()
    for start in range(0, size, PIECE):
        found = await here.ledger.entries(WHOSE, start=start, stop=min(size, start + PIECE))
        frontier.extend(map(hash_leaf, found))
    origin = await here.ledger.origin(WHOSE)
    said = Checkpoint(origin=origin, size=size, root=frontier.root()).text
    note = sign_note(said, here.vault.log_signers(WHOSE, origin)).hex()
    hashes, root = b"".join(frontier.hashes).hex(), frontier.root().hex()
    at = "2026-12-31T00:00:00.000000Z"
    await here.sql(
        f"UPDATE logs SET size = {size}, frontier = decode('{hashes}', 'hex')"
        f" WHERE tenant = '{WHOSE}'",
        "INSERT INTO checkpoints (tenant, size, root, note, committed_at)"
        f" VALUES ('{WHOSE}', {size}, '{root}', decode('{note}', 'hex'), '{at}')",
    )
    await here.sequencer.sequence(WHOSE)


# -- what is measured ---------------------------------------------------------------------------


async def _measured(here: Bench) -> None:
    ledger, sequencer, dice = here.ledger, here.sequencer, random.Random(2)
    writers = [await _writer(here, WHOSE, number) for number in range(WRITERS)]

    origin = await ledger.origin(WHOSE)
    published: Checkpoint | None = None

    async def append() -> None:
        nonlocal published
        await writers[0]()
        sign = sequencer._signing(WHOSE, origin)
        grown = await ledger.grow(WHOSE, sign=sign, published=published)
        last = grown.heads[-1]
        published = Checkpoint(origin=origin, size=last.size, root=last.root)

    found = [(ref, await ledger.find_order(WHOSE, ref)) for ref in here.probes]
    there = [(ref, order) for ref, order in found if order and await ledger.receipts(order)]

    async def read() -> None:
        order = await ledger.find_order(WHOSE, dice.choice(there)[0])
        assert order is not None and len(await ledger.receipts(order)) == OF_AN_ORDER

    async def join() -> None:
        handle = dice.choice(there)[1].handle

        async def work(connection: Transaction) -> int:
            return len((await connection.execute(_ITEMS, {"order": handle})).all())

        assert await ledger._database.read(WHOSE, work) == OF_AN_ORDER

    note = await sequencer.note(WHOSE)
    size = here.orders // TENANTS * OF_AN_ORDER

    async def proof() -> None:
        index = dice.randrange(size)
        await ledger.first_checkpoint_covering(WHOSE, index)
        await sequencer.tlog_proof(WHOSE, index, note)

    await _timed("read", read)
    await _timed("join", join)
    await _timed("proof", proof)
    spent: list[float] = []

    async def write_on(write: Callable[[], Awaitable[None]]) -> None:
        for _ in range(TIMES // WRITERS):
            await write()
            began = time.perf_counter()
            await sequencer.sequence(WHOSE)
            spent.append(time.perf_counter() - began)

    await asyncio.gather(*map(write_on, writers))
    _say("lag", spent)
    await _timed("append", append)
    firsts: list[float] = []
    for number in range(QUIET):
        tenant = f"quiet-{here.orders}-{number}"
        await ledger.tenant(tenant, origin=f"log.example/{tenant}")
        write = await _writer(here, tenant, 0)
        began = time.perf_counter()
        await write()
        firsts.append(time.perf_counter() - began)
    _say("quiet", firsts)
    here.appended += TIMES // WRITERS * WRITERS + TIMES


async def _writer(here: Bench, tenant: str, number: int) -> Callable[[], Awaitable[None]]:
    """Keeps one item more of an order of its own."""
    ref = OrderRef(Platform.OTHER, f"writer-{number}")
    order = await here.ledger.order(tenant, ref)
    made, _ = await here.ledger.start_collection(order, policy="p/1", sources=["erp"])
    spool = EncryptedSpool(here.folder / "spool", key=order.key, context=order.context)

    async def write() -> None:
        item = an_item()
        content = spool.keep(item.content)
        content.discard()
        await here.ledger.keep(order, made.id, "erp", [(item, content)])

    return write


async def _timed(what: str, run: Callable[[], Awaitable[None]]) -> None:
    spent = []
    for _ in range(TIMES):
        began = time.perf_counter()
        await run()
        spent.append(time.perf_counter() - began)
    _say(what, spent)


def _say(what: str, spent: Sequence[float]) -> None:
    spent = sorted(spent)
    median, late = spent[len(spent) // 2] * 1e3, spent[len(spent) * 99 // 100] * 1e3
    print(f"        {what:<8} p50 {median:7.2f} ms  p99 {late:7.2f} ms", flush=True)


async def _say_sizes(here: Bench) -> None:
    for table in ("stamps", "receipts"):
        said = here.server.admin(
            "SELECT sum(pg_table_size(oid)), sum(pg_indexes_size(oid)) FROM pg_class"
            f" WHERE relkind = 'r' AND relname ~ '^{table}(_[0-9]+)*$'",
            database=here.database,
        )
        rows, indexes = (int(each) / 1e9 for each in said.split("|"))
        print(f"        {table:<8} {rows:.1f} GB of rows, {indexes:.1f} GB of indexes", flush=True)


if __name__ == "__main__":
    main()
