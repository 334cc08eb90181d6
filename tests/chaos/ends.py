"""Faults by which processes and servers end, or stand still."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable
from typing import cast

from service.queue.line import LEASE_S
from tests.chaos.world import PROCESSES, World


async def kill_worker(here: World, seconds: float) -> int:
    busy, walks = await here.busy_worker()
    if busy is None:
        return 0
    await here.kill(busy)
    return len(walks)


async def kill_api(here: World, seconds: float) -> int:
    """Dead until some caller noticed."""
    before = here.refusals
    (api,) = (running for running in here.processes if running.name == "api")
    await here.kill(api)
    return await here.until(0, lambda: here.refusals - before)


async def kill_holder(here: World, seconds: float) -> int:
    """Whoever makes receipts next dies holding the lock."""
    here.flag("fatal", "")
    path = here.folder / "flags" / "fatal"
    try:
        return await here.until(0, lambda: not path.exists())
    finally:
        here.flag("fatal", None)


async def stall_worker(here: World, seconds: float) -> int:
    """As if its machine slept: others take over what it walks, and then it goes on with it."""
    busy, walks = await here.busy_worker()
    if busy is None:
        return 0
    busy.signal(signal.SIGSTOP)
    try:
        async with here.looking_into_valkey() as client:

            async def look() -> int:
                held = await here.held(client)
                return sum(held.get(id) != owner for id, owner in walks.items())

            return await here.until_found(LEASE_S, look)
    finally:
        busy.signal(signal.SIGCONT)


async def _known(here: World) -> int:
    """How many collections the line knows of."""
    async with here.looking_into_valkey() as client:
        return await cast(Awaitable[int], client.hlen("orderproof:line:about"))


async def valkey_dies(here: World, seconds: float) -> int:
    known = await here.until_found(0, lambda: _known(here))
    await here.kill_valkey()
    await asyncio.sleep(seconds)
    await here.start_valkey()
    return known


async def flush_valkey(here: World, seconds: float) -> int:
    known = await here.until_found(0, lambda: _known(here))
    async with here.looking_into_valkey() as client:
        await client.flushall()
    return known


async def restart_postgres(here: World, seconds: float) -> int:
    ended = sum(here.proxies[name, "postgres"].connections for name in PROCESSES)
    await asyncio.to_thread(here.postgres.kill)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(here.postgres.start)
    return ended
