"""Inbound webhooks: how soon a notice leads to the first request, and how a burst is taken in.

first_request   from sending a notice to the first request that its collection makes; at rest, p50
burst           1,000 notices, three in ten of them again, as fast as they are taken in
sustained       notices a second, over five seconds
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from collectors.secrets import Secret
from service.api.opened import open_runtime
from service.http.app import make_app
from service.settings import Settings, SourceSettings
from service.webhooks.hooks import HookSettings

CREDENTIAL = "bench"


def _notice(number: int) -> bytes:
    about = {"id": f"dp_{number}", "metadata": {"order_id": f"112-{number:07d}-{number:07d}"}}
    said = {"id": f"evt_{number}", "type": "charge.dispute.created", "data": {"object": about}}
    return json.dumps(said).encode()


def _signed(body: bytes) -> dict[str, str]:

    at = int(time.time())
    right = hmac.new(CREDENTIAL.encode(), b"%d.%b" % (at, body), hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={right}", "Content-Type": "application/json"}


class _Upstream:
    """A help desk that knows nothing, and when it was first asked."""

    def __init__(self) -> None:
        self.asked: asyncio.Event = asyncio.Event()
        self.at = 0.0

    async def answer(self, _: web.Request) -> web.Response:
        if not self.asked.is_set():
            self.at = time.perf_counter()
            self.asked.set()
        return web.json_response({"results": [], "count": 0, "next_page": None})


@asynccontextmanager
async def _service(*, worker: bool) -> AsyncIterator[tuple[str, _Upstream]]:
    upstream = _Upstream()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", upstream.answer)
    desk = TestServer(app)
    await desk.start_server()
    with tempfile.TemporaryDirectory() as folder:
        source = SourceSettings(
            name="zendesk",
            collector="zendesk",
            base_url=str(desk.make_url("")).rstrip("/"),
            options={"email": "bench@shop.example", "rate_per_s": 10_000},
            secrets={"api_token": Secret("api_token", "t")},
        )
        hook = HookSettings(
            name="pay",
            vendor="stripe",
            platform="amazon",
            secrets={"secret": Secret("secret", CREDENTIAL)},
        )
        settings = Settings(
            data=Path(folder) / "data",
            keys=Path(folder) / "keys",
            sources=(source,),
            webhooks=(hook,),
        )
        server = TestServer(make_app(settings, opening=partial(open_runtime, worker=worker)))
        await server.start_server()
        try:
            yield str(server.make_url("/v1/webhooks/pay")), upstream
        finally:
            await server.close()
            await desk.close()


async def _send(session: aiohttp.ClientSession, url: str, body: bytes) -> bool:
    async with session.post(url, data=body, headers=_signed(body)) as answer:
        if answer.status != 200:
            raise SystemExit(f"a notice was answered {answer.status}")
        return bool((await answer.json())["new"])


async def first_request(rounds: int = 15) -> dict[str, float]:
    took = []
    async with _service(worker=True) as (url, upstream), aiohttp.ClientSession() as session:
        await asyncio.sleep(2.0)
        for number in range(rounds):
            upstream.asked.clear()
            began = time.perf_counter()
            await _send(session, url, _notice(number))
            await asyncio.wait_for(upstream.asked.wait(), 30)
            took.append(upstream.at - began)
            await asyncio.sleep(1.0)  # until that order is sealed: at rest
    return {"p50_ms": statistics.median(took) * 1000, "worst_ms": max(took) * 1000}


async def burst(count: int = 1000) -> dict[str, float]:
    bodies = [_notice(number) for number in range(count * 7 // 10)]
    async with _service(worker=False) as (url, _), aiohttp.ClientSession() as session:
        began = time.perf_counter()
        new = await asyncio.gather(
            *(_send(session, url, body) for body in [*bodies, *bodies[: count - len(bodies)]])
        )
        took = time.perf_counter() - began
    if sum(new) != len(bodies):
        raise SystemExit(f"{sum(new)} of {len(bodies)} events were new")
    return {"answered_s": took, "per_s": count / took}


async def sustained(seconds: float = 5.0, senders: int = 16) -> dict[str, float]:
    sent = 0
    async with _service(worker=False) as (url, _), aiohttp.ClientSession() as session:
        until = time.perf_counter() + seconds

        async def sender(first: int) -> int:
            number = first
            while time.perf_counter() < until:
                await _send(session, url, _notice(number))
                number += senders
            return (number - first) // senders

        sent = sum(await asyncio.gather(*(sender(first) for first in range(senders))))
    return {"per_s": sent / seconds}


def main() -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    measures: dict[str, Any] = {
        "first_request": first_request,
        "burst": burst,
        "sustained": sustained,
    }
    for name in sys.argv[1:] or measures:
        found = asyncio.run(measures[name]())
        print(f"{name:<14}", "  ".join(f"{key} {value:.1f}" for key, value in found.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
