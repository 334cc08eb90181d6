"""What can go wrong, each as something that is done to a world and then undone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import redis.asyncio

from tests.chaos.proxy import Mode, Proxy
from tests.chaos.world import KINDS, SERVERS, World

# Does it, waits as long as it should last, undoes it; how much of the service it hit.
Do = Callable[[World, float], Awaitable[int]]


# How much longer than it should last a fault waits for something to hit: on a slow machine all may
# be busy with what came before it.
PATIENCE_S = 20.0
STEP_S = 0.05


async def _until(hit: Callable[[], bool], seconds: float) -> None:
    """Wait for so long, and then until something was hit."""
    await asyncio.sleep(seconds)
    for _ in range(int(PATIENCE_S / STEP_S)):
        if hit():
            return
        await asyncio.sleep(STEP_S)


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    do: Do
    lasts_s: float = 1.0


async def _killed(here: World, name: str) -> int:
    hit = 0
    for running in here.processes:
        if running.name.startswith(name) and (name != "worker" or hit == 0):
            hit += await here.kill(running)
    return hit


async def _kill_worker(here: World, seconds: float) -> int:
    here.processes[1:] = here.dice.sample(here.processes[1:], 2)
    return await _killed(here, "worker")


async def _kill_api(here: World, seconds: float) -> int:
    return await _killed(here, "api")


async def _kill_sequencer(here: World, seconds: float) -> int:
    """Whoever makes receipts next dies holding the lock."""
    here.flag("fatal", "")
    path = here.folder / "flags" / "fatal"
    await _until(lambda: not path.exists(), 0)
    hit = not path.exists()
    here.flag("fatal", None)
    return int(hit)


async def _valkey_dies(here: World, seconds: float) -> int:
    await here.kill_valkey()
    await asyncio.sleep(seconds)
    await here.start_valkey()
    return 1


async def _valkey_flushed(here: World, seconds: float) -> int:
    client = redis.asyncio.Redis(port=here.valkey_port)
    await client.flushall()
    await client.aclose()
    return 1


async def _postgres_restarts(here: World, seconds: float) -> int:
    await asyncio.to_thread(here.postgres.kill)
    await asyncio.sleep(seconds / 2)
    await asyncio.to_thread(here.postgres.start)
    return 1


def _through(server: str, mode: Mode) -> Do:
    async def do(here: World, seconds: float) -> int:
        proxies = [here.proxies[kind, server] for kind in KINDS]
        return await _broken(proxies, mode, seconds)

    return do


async def _cut_a_pair(here: World, seconds: float) -> int:
    pair = here.dice.choice([(kind, server) for kind in KINDS for server in SERVERS])
    return await _broken([here.proxies[pair]], Mode.CUT, seconds)


async def _broken(proxies: list[Proxy], mode: Mode, seconds: float) -> int:
    before = sum(proxy.hits for proxy in proxies)
    for proxy in proxies:
        proxy.set(mode)
    await _until(lambda: sum(proxy.hits for proxy in proxies) > before, seconds)
    for proxy in proxies:
        proxy.set(Mode.PASS)
    return sum(proxy.hits for proxy in proxies) - before


async def _disk_full(here: World, seconds: float) -> int:
    here.flag("full", "")
    await asyncio.sleep(seconds)
    here.flag("full", None)
    return 1


def _clock(by_s: float) -> Do:
    async def do(here: World, seconds: float) -> int:
        here.flag("clock", str(by_s))
        await asyncio.sleep(seconds)
        here.flag("clock", None)
        return 1

    return do


async def _duplicates(here: World, seconds: float) -> int:
    """All that wait stand in line in another order, and bells sound for nobody, many times."""
    client = redis.asyncio.Redis(port=here.valkey_port)
    hit = 0
    async for key in client.scan_iter(match="orderproof:line:of:*"):
        members = await client.zrange(key, 0, -1)
        for member in members:
            await client.zadd(key, {member: here.dice.random()})
            hit += 1
    jobs = await client.zrange("orderproof:jobs", 0, -1)
    for number, job in enumerate(jobs):
        body = await client.get(b"arq:job:" + job)
        if body is not None:
            twin = f"twin{here.dice.getrandbits(64):x}-{number}"
            await client.set(f"arq:job:{twin}", body, ex=60)
            await client.zadd("orderproof:jobs", {twin: 1})
            hit += 1
    await client.aclose()
    return max(hit, 1)


async def _two_on_one(here: World, seconds: float) -> int:
    """What is being walked stands in line again, so that another takes it as well."""
    client = redis.asyncio.Redis(port=here.valkey_port)
    hit = tries = 0
    while tries < seconds / 0.1 or (not hit and tries < PATIENCE_S / 0.1):
        tries += 1
        leased = await client.zrange("orderproof:line:leased", 0, -1)
        for id in leased:
            # It looks as if its holder had died: the next sweep gives it to somebody else.
            hit += int(await client.zadd("orderproof:line:leased", {id: 1}, xx=True, ch=True))
        await asyncio.sleep(0.1)
    await client.aclose()
    return hit


FAULTS = (
    Fault("kill -9 of a worker", _kill_worker),
    Fault("kill -9 of the API", _kill_api),
    Fault("kill -9 while making receipts", _kill_sequencer, 3.0),
    Fault("Valkey dies and comes back empty", _valkey_dies, 1.5),
    Fault("Valkey is flushed", _valkey_flushed),
    Fault("PostgreSQL dies and recovers", _postgres_restarts, 1.0),
    Fault("S3 is down", _through("s3", Mode.CUT), 1.5),
    Fault("S3 is slow", _through("s3", Mode.SLOW), 2.0),
    Fault("S3 says 503", _through("s3", Mode.BUSY), 1.5),
    Fault("S3's bytes are changed on the way", _through("s3", Mode.CORRUPT), 1.5),
    Fault("the disk is full", _disk_full, 1.0),
    Fault("the clock jumps an hour ahead", _clock(3600), 1.0),
    Fault("the clock jumps an hour back", _clock(-3600), 1.0),
    Fault("jobs come twice and in another order", _duplicates),
    Fault("two workers walk one collection", _two_on_one, 1.5),
    Fault("the network between two is cut", _cut_a_pair, 1.5),
)
