"""Faults of what lies between a process and a server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.chaos.proxy import Mode, Proxy
from tests.chaos.world import PROCESSES, Do, World


def through(server: str, mode: Mode) -> Do:
    """Whatever goes to or comes from a server, whoever asks it."""

    async def do(here: World, seconds: float) -> int:
        return await _broken(
            here, [here.proxies[name, server] for name in PROCESSES], mode, seconds
        )

    return do


def cut(kind: str, server: str) -> Do:
    """One process is cut off from one server; of the workers one that has work to do."""

    async def do(here: World, seconds: float) -> int:
        name = kind
        if kind == "worker":
            busy, _ = await here.busy_worker()
            if busy is None:
                return 0
            name = busy.name
        return await _broken(here, [here.proxies[name, server]], Mode.CUT, seconds)

    return do


async def _broken(here: World, proxies: Sequence[Proxy], mode: Mode, seconds: float) -> int:
    """How much was broken. A cut that nobody ran into is none: idle connections do not count."""
    hits, refused = _count(proxies)
    for proxy in proxies:
        proxy.set(mode)
    if mode is Mode.CUT:
        met = await here.until(seconds, lambda: _count(proxies)[1] - refused)
    else:
        met = await here.until(seconds, lambda: _count(proxies)[0] - hits)
    for proxy in proxies:
        proxy.set(Mode.PASS)
    return _count(proxies)[0] - hits if met else 0


def _count(proxies: Sequence[Proxy]) -> tuple[int, int]:
    return sum(proxy.hits for proxy in proxies), sum(proxy.refused for proxy in proxies)


async def cut_holder(here: World, seconds: float) -> int:
    """Whoever makes receipts is cut off from PostgreSQL in the middle of it, and does not know.

    The server gives its lock to the next, and both may go on making receipts.
    """
    here.flag("cut", "")
    holding = here.folder / "flags" / "holding"
    try:
        if not await here.until(0, lambda: holding.exists() and bool(holding.read_text())):
            return 0
        proxy = here.proxies[holding.read_text(), "postgres"]
        before = proxy.hits
        proxy.set(Mode.CUT)
        holding.unlink(missing_ok=True)
        await asyncio.sleep(seconds)
        proxy.set(Mode.PASS)
        return proxy.hits - before
    finally:
        here.flag("cut", None)
        here.flag("holding", None)
