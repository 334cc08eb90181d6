"""The worker: it takes whoever is next in line and walks it, as many at once as it has hands.

A bell (an arq job) says that somebody waits; one that was lost is made up for by looking every few
seconds. A walk that raises is walked again after a pause that grows. An outage is waited for as
long as it takes; anything else ends the collection as failed after PATIENCE walks and parks it,
with the reason. So does a collection whose walks end with their worker MOST_LOST times.

Told to stop, a worker takes no more, lets its walks go on for a while, and gives back the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections import Counter
from collections.abc import Iterable
from typing import Any

import redis.exceptions
import structlog
from arq.worker import Worker, func

from evidence.errors import EvidenceError, OutageError
from evidence.times import rfc3339
from service.audit.parts import do_part, is_part
from service.background import apart
from service.queue.line import LEASE_S, Taken
from service.queue.queue import BEAT_S, BELL, QUEUE, decode_job, encode_job
from service.queue.reconciler import Reconciler
from service.runtime import Runtime

log = structlog.get_logger()

# Above the longest collection that the sources' own limits allow.
WALK_S = 900.0
LOOK_S = 2.0
PATIENCE = 5
# Walks that ended with their worker. Others died beside whatever killed it, so this is not few.
MOST_LOST = 20
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 300.0
# Until a collection that has to wait for another of its order is looked at again.
TURN_S = 0.5
# For walks that are told to stop, to come to their end.
DRAIN_S = 8.0
HANDS = 50


class Hands:
    """The walks of one worker.

    The last fifth of the hands takes nobody of a tenant who is being walked here already: sources
    that hang then hold up those who ask them, and no other. What is only caught up on gets three
    fifths, so that what the same tenant needs at once finds a hand free.
    """

    def __init__(self, runtime: Runtime, most: int) -> None:
        if runtime.queue is None:
            raise OutageError(source="Valkey", why="the worker was given no queue")
        self._runtime = runtime
        self._queue = runtime.queue
        self._most = most
        self._kept = most // 5
        self._most_bulk = max(1, most * 3 // 5)
        self._walks: dict[asyncio.Task[None], Taken] = {}
        self._taking = asyncio.Lock()
        self.closed = False

    @property
    def free(self) -> int:
        return 0 if self.closed else self._most - len(self._walks)

    @property
    def walking(self) -> list[Taken]:
        return list(self._walks.values())

    async def take(self) -> bool:
        """Begin to walk whoever is next; False if there is no hand for anybody who waits."""
        async with self._taking:
            if self.free <= 0:
                return False
            here = Counter(taken.tenant for taken in self.walking)
            taken = await self._queue.line.next(
                self._runtime.owner,
                bulk=sum(taken.bulk for taken in self.walking) < self._most_bulk,
                without=here if self.free <= self._kept else (),
            )
            if taken is None:
                return False
            walk = asyncio.create_task(self._walk(taken), name="orderproof-walk")
            self._walks[walk] = taken
            walk.add_done_callback(self._ended)
            return True

    def _ended(self, walk: asyncio.Task[None]) -> None:
        self._walks.pop(walk, None)
        if not walk.cancelled() and (error := walk.exception()) is not None:
            log.error("a walk came to no end", kind=type(error).__name__)

    async def _walk(self, taken: Taken) -> None:
        """Walk it, say what became of it, and take the next."""
        pause_s: float | None = 0.0
        trouble = False
        with structlog.contextvars.bound_contextvars(collection=taken.id):
            try:
                pause_s, trouble = await _one_walk(self._runtime, taken)
            finally:
                # Cancelled, it goes back into line at once.
                await apart(self._let_go(taken, pause_s, trouble=trouble))
        self._walks.pop(asyncio.current_task(), None)  # type: ignore[arg-type]
        with contextlib.suppress(OutageError):
            await self.take()

    async def _let_go(self, taken: Taken, pause_s: float | None, *, trouble: bool) -> None:
        line, owner = self._queue.line, self._runtime.owner
        with contextlib.suppress(OutageError):  # the lease ends by itself then
            if pause_s is None:
                await line.done(owner, taken.id)
            else:
                await line.back(owner, taken.id, pause_s=pause_s, trouble=trouble)

    async def hold(self) -> None:
        """Hold for longer what is being walked."""
        await self._queue.line.hold(self._runtime.owner, self.walking)

    async def drain(self, seconds: float) -> None:
        """Take no more. What does not come to its end in time is given back."""
        self.closed = True
        async with self._taking:
            walks = list(self._walks)
        if walks:
            await asyncio.wait(walks, timeout=seconds)
        left = [walk for walk in walks if not walk.done()]
        for walk in left:
            walk.cancel()
        await asyncio.gather(*walks, return_exceptions=True)
        if left:
            with contextlib.suppress(OutageError):
                await self._queue.sound(len(left))


async def _one_walk(runtime: Runtime, taken: Taken) -> tuple[float | None, bool]:
    """Walk once. How long to pause before the next walk (None: there is none), and if it broke."""
    if is_part(taken.id):
        return await do_part(runtime, taken)
    if taken.lost >= MOST_LOST:
        why = (
            f"Its walk ended {taken.lost} times with the worker. See what it brings, then retry it."
        )
        await runtime.give_up(taken.tenant, taken.id, why)
        return None, False
    try:
        async with asyncio.timeout(WALK_S):
            state = await runtime.walk(taken.tenant, taken.id)
    except Exception as problem:
        ours = _is_ours(problem)
        runtime.instruments.walk_broke(ours=ours)
        log.exception("walk failed", troubles=taken.troubles + ours)
        if taken.troubles + ours >= PATIENCE:
            await runtime.give_up(taken.tenant, taken.id, _reason(problem))
            return None, True
        return pause_after(taken.troubles), ours
    return (None if state.is_final else TURN_S), False


def pause_after(troubles: int) -> float:
    return min(FIRST_PAUSE_S * 2.0 ** min(troubles, 20), LONGEST_PAUSE_S)


def _is_ours(problem: Exception) -> bool:
    """Whether trying again for ever would not help. A full disk is an OSError: it is waited for."""
    if isinstance(problem, TimeoutError):
        return True
    return not isinstance(problem, OutageError | OSError)


def _reason(problem: Exception) -> str:
    if isinstance(problem, EvidenceError):
        return str(problem)
    # The message of a foreign exception may quote personal data.
    return f"It broke {PATIENCE} times ({type(problem).__name__}); our log says where."


async def answer(context: dict[str, Any]) -> None:
    """A bell: somebody waits. Whoever is next is taken, which may be another."""
    hands: Hands = context["hands"]
    with contextlib.suppress(OutageError):
        await hands.take()


class CollectionWorker:
    """arq's worker over a runtime; `run` returns when it is cancelled."""

    def __init__(self, runtime: Runtime, *, hands: int = HANDS) -> None:
        self._hands = Hands(runtime, hands)
        self._runtime = runtime
        assert runtime.queue is not None  # noqa: S101 - Hands refuses a runtime without
        self._queue = runtime.queue
        self._reconciler = Reconciler(runtime)
        self._since = runtime.clock()
        self._most = hands
        self._worker = self._arq()

    def _arq(self) -> Worker:
        return Worker(
            functions=[func(answer, name=BELL, keep_result=0)],  # type: ignore[arg-type]
            queue_name=QUEUE,
            redis_pool=self._queue.pool,
            ctx={"hands": self._hands},
            poll_delay=0.1,  # who ends a walk looks for the next by itself
            # Bells are answered at once, so there is never a job to wait for or to lose.
            max_jobs=10,
            max_tries=5,
            job_timeout=30,
            keep_result=0,
            handle_signals=False,
            job_serializer=encode_job,
            job_deserializer=decode_job,
        )

    async def run(self) -> None:
        await self._runtime.reading.warm()
        rounds = [
            asyncio.create_task(every(LOOK_S, self._look, "look who waits")),
            asyncio.create_task(every(LEASE_S / 3, self._hands.hold, "hold its leases")),
            asyncio.create_task(every(BEAT_S / 3, self._beat, "say that it lives")),
            asyncio.create_task(every(LOOK_S, self._reconciler.look, "reconcile")),
        ]
        try:
            while True:
                try:
                    await self._worker.async_run()
                except (redis.exceptions.RedisError, OSError) as problem:
                    # arq ends at the first answer that Valkey owes it; we outlive Valkey.
                    log.error("Valkey is away", kind=type(problem).__name__)
                    await asyncio.sleep(1.0)
                    with contextlib.suppress(Exception):  # then the next round tries again
                        await self._queue.mend(self._runtime.settings)
                    self._worker = self._arq()
        finally:
            await _end(rounds)

    async def _look(self) -> None:
        """Take whoever has nobody; a worker without a free hand hears no bells."""
        while await self._hands.take():
            pass
        self._worker.allow_pick_jobs = self._hands.free > 0

    async def _beat(self) -> None:
        await self._queue.beat(
            self._runtime.owner,
            {
                "worker": self._runtime.owner,
                "host": socket.gethostname(),
                "pid": os.getpid(),
                "since": rfc3339(self._since),
                "hands": self._most,
                "walking": len(self._hands.walking),
                "stopping": self._hands.closed,
            },
        )

    async def stop(self, drain_s: float = DRAIN_S) -> None:
        """Let running walks go on for so long; the others are taken up at once by another."""
        self._worker.allow_pick_jobs = False
        await self._hands.drain(drain_s)
        self._worker.handle_sig(15)  # type: ignore[arg-type]
        with contextlib.suppress(OutageError):
            await self._queue.gone(self._runtime.owner)


async def every(seconds: float, do: Any, what: str) -> None:
    """Do it now and every so often. What goes wrong is logged, and done again the next time."""
    while True:
        try:
            await do()
        except OutageError as problem:
            log.warning(f"the worker could not {what}", why=str(problem))
        except Exception:
            log.exception(f"the worker could not {what}")
        await asyncio.sleep(seconds)


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
