"""From a defect to its sealed manifest: told over HTTP, collected for by itself, UPS after 300 ms.

The whole service is under way, with queue and worker, and reads without OCR. On a machine that
others use too, wall time says little: `cpu_ms` is what this process computed for one defect.
"""

from __future__ import annotations

import asyncio
import logging
import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import aiohttp
import structlog
from aiohttp.test_utils import TestServer

from bench.end_to_end import LATENCY_S, _orders, _scenario, _write_seller
from evidence.orders import OrderRef
from service.api.opened import open_runtime
from service.http.app import make_app
from service.sandbox.app import run_sandbox
from service.sandbox.faults import parse_fault


async def _sealed(session: aiohttp.ClientSession, url: str, order: OrderRef) -> float:
    """Seconds from telling of a defect until its manifest is sealed."""
    body = {"platform": "amazon", "order_id": order.id, "kind": "a-to-z"}
    began = time.perf_counter()
    async with session.post(f"{url}/v1/defects", json=body) as answer:
        link = (await answer.json())["links"]["collection"]
    while True:
        async with session.get(url + link) as answer:
            state = (await answer.json())["state"]
        if state == "sealed":
            return time.perf_counter() - began
        if state == "failed":
            raise SystemExit(f"{order} failed")
        await asyncio.sleep(0.02)


def _cpu_s() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


async def sealed(rounds: int = 15) -> dict[str, float]:
    slow = parse_fault({"kind": "hang", "seconds": LATENCY_S, "times": 0, "on": "/track/"})
    with tempfile.TemporaryDirectory() as folder:
        async with run_sandbox(replace(_scenario(), faults=(slow,))) as upstream:
            orders = _orders(rounds + 2)
            settings = _write_seller(Path(folder), upstream, orders)
            server = TestServer(make_app(settings, opening=open_runtime))
            await server.start_server()
            try:
                url = str(server.make_url("")).rstrip("/")
                async with aiohttp.ClientSession() as session:
                    for order in orders[:2]:  # warm
                        await _sealed(session, url, order)
                    before = _cpu_s()
                    took = [await _sealed(session, url, order) for order in orders[2:]]
                    cpu = (_cpu_s() - before) / rounds
            finally:
                await server.close()
    return {
        "p50_ms": statistics.median(took) * 1000,
        "least_ms": min(took) * 1000,
        "worst_ms": max(took) * 1000,
        "cpu_ms": cpu * 1000,
    }


def main() -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    found = asyncio.run(sealed())
    print("sealed", "  ".join(f"{key} {value:.0f}" for key, value in found.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
