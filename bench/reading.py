"""How fast sealed evidence is read through the API, beside a bare handler of the same bytes.

One API process of the scaled-out shape, asked with a token that the ledger keeps and counts. Beside
it, in processes of their own, two handlers of aiohttp that answer with the same bytes from memory:
a bare one, and one that does for each answer what none can do without (`bench/bare.py`). All are
asked by the same client, which parses nothing but lengths, so that it is not what is measured.

per_s       answers a second, so many connections asking without a pause
cpu_ms      of the answering process, an answer
of_bare     of the bare handler's rate; of_checked: of the other one's
p50, p99    milliseconds at 200 requests a second, each sent when it is due (open loop)
"""

from __future__ import annotations

import asyncio
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from service.access.callers import Role
from service.access.tokens import new_token
from service.runtime import Runtime
from tests.ports import free_port

if TYPE_CHECKING:
    from bench.scaled import House

AT_ONCE = (8, 64)
COUNT = 3_000
PER_S, PACED = 200, 1_500
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


class Asking(asyncio.Protocol):
    """One connection that is asked for one thing again and again."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._head = b""
        self._left = -1
        self._answered: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    async def ask(self) -> None:
        self._head, self._left = b"", -1
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(self._request)
        await self._answered

    def data_received(self, data: bytes) -> None:
        if self._left < 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            head, body = self._head[:end], len(self._head) - end - 4
            length = _LENGTH.search(head)
            if not head.startswith(b"HTTP/1.1 200 ") or length is None:
                raise SystemExit(f"the answer is {head.splitlines()[0]!r}")
            self._left = int(length[1]) - body
        else:
            self._left -= len(data)
        if self._left == 0 and self._answered is not None:
            self._answered.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(error or ConnectionError("closed"))

    def close(self) -> None:
        self._answered = None
        self._transport.close()


class Asked:
    """A server on a port of this machine, and one request that it answers."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, path: str, token: str) -> None:
        self.process = process
        self._port = port
        held = f"Authorization: Bearer {token}\r\n" if token else ""
        self._request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{held}\r\n".encode()

    async def connection(self) -> Asking:
        loop = asyncio.get_running_loop()
        _, made = await loop.create_connection(
            lambda: Asking(self._request), "127.0.0.1", self._port
        )
        return made

    async def up(self) -> None:
        async with asyncio.timeout(60):
            while True:
                try:
                    made = await self.connection()
                    await made.ask()
                    made.close()
                    return
                except OSError:
                    await asyncio.sleep(0.1)

    async def rate(self, at_once: int, count: int = COUNT) -> float:
        """Answers a second."""
        connections = [await self.connection() for _ in range(at_once)]
        left = count

        async def one(connection: Asking) -> None:
            nonlocal left
            while left > 0:
                left -= 1
                await connection.ask()

        began = time.perf_counter()
        await asyncio.gather(*map(one, connections))
        took = time.perf_counter() - began
        for connection in connections:
            connection.close()
        return count / took

    async def paced(self, per_s: float = PER_S, count: int = PACED) -> list[float]:
        """Milliseconds that each took from when it was due."""
        idle: list[Asking] = []
        took: list[float] = []

        async def one(due: float) -> None:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            connection = idle.pop() if idle else await self.connection()
            await connection.ask()
            took.append((time.perf_counter() - due) * 1000)
            idle.append(connection)

        first = time.perf_counter() + 0.1
        await asyncio.gather(*(one(first + n / per_s) for n in range(count)))
        for connection in idle:
            connection.close()
        return took


async def manifest(house: House, cpu: Callable[[list[int]], float]) -> dict[str, float]:
    from bench.scaled import order

    async with await Runtime.open(house.settings) as runtime:
        made, _ = await runtime.request_collection(order(1), tenant="default")
        await runtime.walk("default", made.id)
        account = await runtime.account("default", order(1))
        body = account.manifest_envelope or b""
        kept, secret = new_token(
            tenant="default", name="bench", role=Role.ADMIN, made_by="", now=datetime.now(UTC)
        )
        await runtime.ledger.add_access_token(kept)
    port = free_port()
    serving = house.start("serve", "--no-worker", "--listen", f"127.0.0.1:{port}")
    path = f"/v1/orders/amazon/{order(1).id}/manifest"
    found: dict[str, float] = {"bytes": len(body)}
    try:
        must = (house.settings.database, account.order.handle, kept.hash)
        async with bare(body) as theirs, bare(body, *must, token=secret) as checked:
            ours = Asked(serving, port, path, secret)
            await asyncio.gather(ours.up(), theirs.up(), checked.up())
            for each in (ours, theirs, checked):
                await each.rate(8, 300)  # until it is warm
            for at_once in AT_ONCE:
                plain = await _rate_and_cpu(theirs, at_once, cpu)
                least = await _rate_and_cpu(checked, at_once, cpu)
                told = await _rate_and_cpu(ours, at_once, cpu)
                found |= {
                    f"bare_per_s_{at_once}": plain[0],
                    f"checked_per_s_{at_once}": least[0],
                    f"per_s_{at_once}": told[0],
                    f"of_bare_{at_once}": told[0] / plain[0],
                    f"of_checked_{at_once}": told[0] / least[0],
                    f"bare_cpu_ms_{at_once}": plain[1],
                    f"checked_cpu_ms_{at_once}": least[1],
                    f"cpu_ms_{at_once}": told[1],
                }
            for name, each in (("bare_", theirs), ("checked_", checked), ("", ours)):
                took = sorted(await each.paced())
                found[f"{name}p50_ms"] = statistics.median(took)
                found[f"{name}p99_ms"] = took[int(len(took) * 0.99)]
    finally:
        serving.terminate()
        serving.wait()
    return found


async def _rate_and_cpu(
    asked: Asked, at_once: int, cpu: Callable[[list[int]], float]
) -> tuple[float, float]:
    before = cpu([asked.process.pid])
    rate = await asked.rate(at_once)
    return rate, (cpu([asked.process.pid]) - before) / COUNT * 1000


@asynccontextmanager
async def bare(body: bytes, *must: str, token: str = "") -> AsyncIterator[Asked]:
    """bench/bare.py, in a process of its own; `must` is what else it takes."""
    port = free_port()
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.bare", file.name, str(port), *must]
        )
        try:
            yield Asked(process, port, "/", token)
        finally:
            process.terminate()
            process.wait()
