"""What an orchestrator and Prometheus ask of a worker, which answers nothing else over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from aiohttp import web

from service.api.health import READY_S
from service.health import needs_of
from service.http.listening import listening
from service.http.runner import Runner
from service.queue import operating

if TYPE_CHECKING:
    from service.runtime import Runtime


@contextlib.asynccontextmanager
async def probes(
    runtime: Runtime, work: asyncio.Future[None], host: str, port: int
) -> AsyncIterator[str]:
    """`/healthz`, `/readyz` and `/metrics` for the time of the block; gives the URL.

    work   what must run for the worker to be ready
    """

    async def health(_: web.Request) -> web.Response:
        return _answer({"ok": not work.done()}, ok=not work.done())

    async def readiness(_: web.Request) -> web.Response:
        parts = [{"part": "worker", "ok": not work.done()}]
        try:
            async with asyncio.timeout(READY_S):
                found = await needs_of(runtime)
            parts += [{"part": each.part, "ok": each.ok} for each in found]
        except TimeoutError:
            parts.append({"part": "health checks", "ok": False})
        ready = all(part["ok"] for part in parts)
        return _answer({"ready": ready, "parts": parts}, ok=ready)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=await operating.figures(runtime),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    app = web.Application(client_max_size=1024)
    app.router.add_get("/healthz", health)
    app.router.add_get("/readyz", readiness)
    app.router.add_get("/metrics", metrics)
    runner = Runner(app, shutdown_timeout=2.0)
    async with listening(runner, host, port, option="--probes") as url:
        yield url


def _answer(said: object, *, ok: bool) -> web.Response:
    body = json.dumps(said).encode()
    return web.Response(status=200 if ok else 503, body=body, content_type="application/json")
