"""Orders end to end with the sandbox: rate, overhead beyond the slowest upstream, peak memory.

overhead   one order at a time; UPS answers after 300 ms; what the walk takes beyond that
rate       many orders at once in one process, UPS answering at once
memory     an order with one item of 1 GB in the drop folder, peak of the whole process
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from evidence.orders import OrderRef, Platform
from service.demo import story
from service.runtime import Runtime
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import Scenario, parse_scenario
from service.settings import Settings, load_settings
from storage.ledger.records import State

ENVIRONMENT = {"ORDERPROOF_DEMO_UPS_SECRET": "demo-secret"}
LATENCY_S = 0.3


def _orders(count: int) -> list[OrderRef]:
    return [OrderRef(Platform.AMAZON, f"112-{n:07d}-{n:07d}", "US") for n in range(count)]


def _write_seller(folder: Path, url: str, orders: list[OrderRef]) -> Settings:
    """The demo's seller with a table of many orders, all of which went with the one parcel."""
    config = story.write_story(
        folder / "seller", sandbox_url=url, data=folder / "data", keys=folder / "keys"
    )
    table = next((folder / "seller" / "erp").iterdir())
    head, row = table.read_bytes().decode("gb18030").splitlines()[:2]
    rows = [row.replace(story.ORDER.id, order.id) for order in orders]
    table.write_bytes("\r\n".join([head, row, *rows, ""]).encode("gb18030"))
    text = config.read_text(encoding="utf-8")
    config.write_text(
        text.replace("[sources.ups]", "[sources.ups]\nrate_per_s = 10000\nconcurrency = 64")
    )
    return load_settings(config, environment=ENVIRONMENT)


def _scenario() -> Scenario:
    return parse_scenario(story.SCENARIO.encode())


async def _one(runtime: Runtime, order: OrderRef) -> float:
    began = time.perf_counter()
    collection, _ = await runtime.request_collection(order, tenant=runtime.settings.tenant)
    state = await runtime.walk(runtime.settings.tenant, collection.id)
    if state is not State.SEALED:
        raise SystemExit(f"{order} ended {state}")
    return time.perf_counter() - began


async def overhead(rounds: int = 15) -> dict[str, float]:
    """Seconds that an order takes beyond UPS's own answer, median and worst."""
    from service.sandbox.faults import parse_fault

    slow = parse_fault({"kind": "hang", "seconds": LATENCY_S, "times": 0, "on": "/track/"})
    with tempfile.TemporaryDirectory() as folder:
        async with run_sandbox(replace(_scenario(), faults=(slow,))) as url:
            orders = _orders(rounds + 2)
            settings = _write_seller(Path(folder), url, orders)
            async with await Runtime.open(settings) as runtime:
                took = [await _one(runtime, order) for order in orders][2:]
    beyond = [seconds - LATENCY_S for seconds in took]
    return {"median_s": statistics.median(beyond), "worst_s": max(beyond)}


async def rate(count: int = 40, at_once: int = 8) -> dict[str, float]:
    """Orders a second, `at_once` of them under way together."""
    with tempfile.TemporaryDirectory() as folder:
        async with run_sandbox(_scenario()) as url:
            orders = _orders(count + 1)
            settings = _write_seller(Path(folder), url, orders)
            async with await Runtime.open(settings) as runtime:
                await _one(runtime, orders.pop())
                gate = asyncio.Semaphore(at_once)

                async def one(order: OrderRef) -> None:
                    async with gate:
                        await _one(runtime, order)

                began = time.perf_counter()
                await asyncio.gather(*(one(order) for order in orders))
                took = time.perf_counter() - began
    return {"orders_per_s": count / took, "orders": count, "at_once": at_once}


async def memory(size: int = 1 << 30) -> dict[str, float]:
    """Peak resident memory of this process, in MB, before and after an item of `size` bytes."""
    with tempfile.TemporaryDirectory() as folder:
        async with run_sandbox(_scenario()) as url:
            (order,) = _orders(1)
            settings = _write_seller(Path(folder), url, [order])
            big = Path(folder) / "seller" / "pod" / f"{order.id}.bin"
            with big.open("wb") as out:
                out.truncate(size)
            async with await Runtime.open(settings) as runtime:
                before = _peak_mb()
                took = await _one(runtime, order)
                account = await runtime.account(settings.tenant, order)
                if not any(item.size == size for item in account.items):
                    raise SystemExit("the large item was not kept")
                bundle = Path(folder) / "bundle.zip"
                began = time.perf_counter()
                await runtime.bundle(settings.tenant, order, profile="bagit", to=bundle)
                bundled = time.perf_counter() - began
    return {
        "before_mb": before,
        "peak_mb": _peak_mb(),
        "collect_s": took,
        "bundle_s": bundled,
        "size_mb": size >> 20,
    }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


PARTS: dict[str, Callable[[], Awaitable[dict[str, float]]]] = {
    "overhead": overhead,
    "rate": rate,
    "memory": memory,
}


async def _measured(name: str) -> dict[str, float]:
    return await PARTS[name]()


def main(names: list[str]) -> None:
    """Each part in a process of its own, so that peaks do not mix: `end_to_end PART`."""
    for name in names or list(PARTS):
        figures = asyncio.run(_measured(name))
        print(f"{name:10}", "  ".join(f"{key} {value:,.3f}" for key, value in figures.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
