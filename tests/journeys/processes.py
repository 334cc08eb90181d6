"""Real processes for the journeys: a sandbox UPS, and `orderproof serve` as a user starts it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.ports import free_port


@dataclass
class Server:
    """`orderproof serve` in a process group of its own, so that `kill -9` leaves nothing behind."""

    process: asyncio.subprocess.Process
    url: str
    log: Path

    async def kill(self) -> None:
        """As a power cut would: no handler runs, the embedded Valkey dies too."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            return await asyncio.wait_for(self.process.wait(), 45)
        finally:
            await self.kill()


async def start(config: Path, environment: Mapping[str, str], log: Path) -> Server:
    """Start the service and wait until it is ready; its output goes to `log`."""
    port = free_port()
    with log.open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "service.cli", "serve", "--config", str(config),
            "--listen", f"127.0.0.1:{port}",
            stdout=out, stderr=out, env={**os.environ, **environment}, start_new_session=True,
        )  # fmt: skip
    server = Server(process, f"http://127.0.0.1:{port}", log)
    try:
        async with asyncio.timeout(60), aiohttp.ClientSession() as http:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(server.url + "/readyz") as answer:
                        if answer.status == 200:
                            return server
                if process.returncode is not None:
                    raise AssertionError(log.read_text(errors="replace")[-4000:])
                await asyncio.sleep(0.1)
    except BaseException:
        await server.kill()
        raise


@contextlib.asynccontextmanager
async def serving(config: Path, environment: Mapping[str, str], log: Path) -> AsyncIterator[Server]:
    server = await start(config, environment, log)
    try:
        yield server
    finally:
        await server.stop()


async def ask(method: str, url: str, body: Any = None, **headers: str) -> tuple[int, Any, Any]:
    """(status, headers, body): JSON where it is JSON, else bytes."""
    async with aiohttp.ClientSession() as http:
        async with http.request(method, url, json=body, headers=headers or None) as answer:
            data = await answer.read()
            kind = answer.headers.get("Content-Type", "")
            return answer.status, answer.headers, json.loads(data) if "json" in kind else data


async def sealed(url: str, *, seconds: float = 60) -> dict[str, Any]:
    """Follow a collection until it is terminal."""
    async with asyncio.timeout(seconds):
        while True:
            _, _, collection = await ask("GET", url)
            if collection["state"] in {"sealed", "failed"}:
                return dict(collection)
            await asyncio.sleep(0.1)
