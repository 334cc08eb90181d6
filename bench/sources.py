"""Many sources, many orders: how long, and whether a vendor's limit holds.

wide    one order asked of 30 sources, each of which answers after 300 ms: seconds until all is
        collected, and until it is sealed
limit   500 orders at once, two vendors, three workers; one vendor allows 10 requests a second:
        the most that met it within any second, and when the other vendor's last answer was in
"""

from __future__ import annotations

import asyncio
import bisect
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
from aiohttp import web

from evidence.items import Item
from evidence.orders import OrderRef, Platform
from service.queue.queue import Queue
from service.runtime import Runtime
from service.sandbox.app import served
from service.settings import Settings, load_settings
from service.sources.sources import Source, configured
from storage.ledger.records import State
from storage.objects.spool import EncryptedSpool

ORDER = OrderRef(Platform.AMAZON, "112-0000001-0000001", "US")
LATENCY_S = 0.3
_SOURCE = """
[sources.{name}]
collector = "rest"
base_url = "{url}"
rate_per_s = {rate}
concurrency = 64

[[sources.{name}.description.request]]
path = "/{name}/orders/{{order.id}}"
role = "order.record"
facts = {{ "$.number" = "order.id" }}
"""


class Vendors:
    """Answers every order under every name, after a while; remembers when each was asked."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._asked: dict[str, list[float]] = {}

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [web.get("/_asked", self.asked), web.get("/{name}/orders/{id}", self.answer)]
        )
        return app

    async def answer(self, request: web.Request) -> web.Response:
        self._asked.setdefault(request.match_info["name"], []).append(time.monotonic())
        await asyncio.sleep(self._latency_s)
        return web.json_response({"number": request.match_info["id"]})

    async def asked(self, _: web.Request) -> web.Response:
        return web.json_response(self._asked)


def _play(latency_s: float, ready: Connection) -> None:
    async def play() -> None:
        async with served(Vendors(latency_s).app()) as url:
            ready.send(url)
            await asyncio.Event().wait()

    asyncio.run(play())


@contextmanager
def _playing(latency_s: float) -> Iterator[str]:
    """The vendors in a process of their own, so that our own work does not hold them up."""
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(
        target=_play, args=(latency_s, there), daemon=True
    )
    child.start()
    try:
        yield here.recv()
    finally:
        child.terminate()
        child.join()


def _settings(folder: Path, url: str, rates: dict[str, float]) -> Settings:
    tables = [_SOURCE.format(name=name, url=url, rate=rate) for name, rate in rates.items()]
    config = folder / "orderproof.toml"
    config.write_text("\n".join(tables), encoding="utf-8")
    return load_settings(config, environment={})


async def wide(count: int = 30, rounds: int = 5) -> dict[str, float]:
    collected: list[float] = []
    sealed: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        with _playing(LATENCY_S) as url:
            settings = _settings(Path(folder), url, {f"s{n}": 1000.0 for n in range(count)})
            async with await Runtime.open(settings) as runtime:
                for _ in range(rounds):
                    began = time.perf_counter()
                    steps: dict[str, float] = {}

                    async def watch(step: str, _: str, steps: dict[str, float] = steps) -> None:
                        steps.setdefault(step, time.perf_counter())

                    asked, _ = await runtime.request_collection(ORDER, tenant=settings.tenant)
                    state = await runtime.walk(settings.tenant, asked.id, watch)
                    if state is not State.SEALED:
                        raise SystemExit(f"it ended {state}")
                    collected.append(steps["read"] - began)
                    sealed.append(time.perf_counter() - began)
    return {
        "sources": count,
        "latency_s": LATENCY_S,
        "collected_s": min(collected),
        "sealed_s": min(sealed),
    }


async def limit(orders: int = 500, workers: int = 3) -> dict[str, float]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(_playing(0.02))
        settings = _settings(folder, url, {"strict": 10.0, "free": 1000.0})
        queues = [await Queue.open(settings) for _ in range(workers)]
        for queue in reversed(queues):
            stack.push_async_callback(queue.close)
        sources = [configured(settings, queue.bucket) for queue in queues]
        spool = EncryptedSpool(folder, key=bytes(32), context=b"bench")
        began = time.monotonic()
        await asyncio.gather(
            *(
                _asked(source, OrderRef(Platform.AMAZON, f"112-0000002-{n:07d}", "US"), spool)
                for n in range(orders)
                for source in sources[n % workers]
            )
        )
        async with aiohttp.ClientSession() as client, client.get(f"{url}/_asked") as answer:
            asked = await answer.json()
    strict, free = sorted(asked["strict"]), sorted(asked["free"])
    return {
        "orders": orders,
        "workers": workers,
        "most_in_a_second": max(
            bisect.bisect_left(strict, at + 1.0) - place for place, at in enumerate(strict)
        ),
        "strict_per_s": (len(strict) - 1) / (strict[-1] - strict[0]),
        "strict_done_s": strict[-1] - began,
        "free_done_s": free[-1] - began,
    }


async def _asked(source: Source, order: OrderRef, spool: EncryptedSpool) -> None:
    async def record(item: Item) -> None:
        pass

    async def no_text(item: Item) -> str:
        return ""

    async with source.context(
        known={"order.id": (order.id,)}, spool=spool, record=record, text_of=no_text, clock=_now
    ) as context:
        async for _ in source.collector.collect(order, context):
            pass


def _now() -> datetime:
    return datetime.now(UTC)


PARTS: dict[str, Callable[[], Awaitable[dict[str, float]]]] = {"wide": wide, "limit": limit}


async def _measured(name: str) -> dict[str, float]:
    return await PARTS[name]()


def main(names: list[str]) -> None:
    for name in names or list(PARTS):
        figures = asyncio.run(_measured(name))
        print(f"{name:10}", "  ".join(f"{key} {value:,.3f}" for key, value in figures.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
