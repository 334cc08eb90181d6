"""Faults of the line that collections wait in, and of the bells beside it."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import redis.asyncio
from arq.connections import RedisSettings, create_pool

from service.queue.line import Line
from service.queue.queue import BELL, QUEUE, decode_job, encode_job
from tests.chaos.proxy import Mode
from tests.chaos.world import PROCESSES, World

_LINES, _LEASED = "orderproof:line:of:*", "orderproof:line:leased"


async def mix(here: World, seconds: float) -> int:
    """All that wait stand in line in another order, and every bell sounds twice.

    Workers take what comes at once, so they are held meanwhile for a line to form.
    """
    for running in here.workers:
        running.signal(signal.SIGSTOP)
    try:
        async with here.looking_into_valkey() as client:

            async def waiting() -> int:
                return len(await _waiting(client)) // 2

            await here.until_found(seconds / 2, waiting)
            moved = 0
            found = await _waiting(client)
            lines = {key for key, _ in found}
            for key in lines:
                before = [id for whose, id in found if whose == key]
                scores = list(range(len(before)))
                here.dice.shuffle(scores)
                for id, score in zip(before, scores, strict=True):
                    await client.zadd(key, {id: score}, xx=True)
                moved += sum(was != now for was, now in enumerate(scores))
            return moved + await _sound_twice(here, client)
    finally:
        for running in here.workers:
            running.signal(signal.SIGCONT)


async def _waiting(client: redis.asyncio.Redis) -> list[tuple[bytes, bytes]]:
    """Each line's key with the ids that stand in it, in their order."""
    keys = [key async for key in client.scan_iter(match=_LINES, count=500)]
    return [(key, id) for key in keys for id in await client.zrange(key, 0, -1)]


async def _sound_twice(here: World, client: redis.asyncio.Redis) -> int:
    doubled = 0
    for job in await client.zrange(QUEUE, 0, -1):
        body = await client.get(b"arq:job:" + job)
        if body is not None:
            twin = f"twin{here.dice.getrandbits(64):x}"
            await client.set(f"arq:job:{twin}", body, ex=60)
            doubled += int(await client.zadd(QUEUE, {twin: 1}))
    return doubled


async def two_on_one(here: World, seconds: float) -> int:
    """What is being walked looks as if its holder had died, so that it is walked a second time.

    S3 is slow meanwhile, for both walks to be under way at once.
    """
    for name in PROCESSES:
        here.proxies[name, "s3"].set(Mode.SLOW)
    queue = await create_pool(
        RedisSettings(port=here.valkey_port), job_serializer=encode_job, job_deserializer=decode_job
    )
    lost: dict[str, int] = {}
    twice: set[str] = set()

    async def look() -> int:
        about = await here.about(queue)
        again = {id for id, n in lost.items() if id in about and _taken_again(about[id], n)}
        twice.update(await here.unfinished(again - twice))
        for id in await queue.zrange(_LEASED, 0, -1):
            if id.decode() in about:
                lost.setdefault(id.decode(), about[id.decode()]["lost"])
                await queue.zadd(_LEASED, {id: 1}, xx=True)
        for _ in range(await Line(queue).sweep()):
            await queue.enqueue_job(BELL, _queue_name=QUEUE)
        return len(twice)

    try:
        for _ in range(int(seconds / 0.1)):
            await look()
            await asyncio.sleep(0.1)
        return await here.until_found(0, look)
    finally:
        await queue.aclose()
        for name in PROCESSES:
            here.proxies[name, "s3"].set(Mode.PASS)


def _taken_again(known: dict[str, Any], lost: int) -> bool:
    return bool(known.get("o")) and int(known["lost"]) > lost
