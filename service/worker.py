"""The worker: an arq job is a collection's id, and a few lines around one walk.

arq may run a job twice, or lose it with its process. The lease keeps two workers from doing the
same work; the reconciler rings again for whatever the ledger calls unfinished and nobody holds.
A walk that raises is walked again after a pause that grows. An outage is waited for as long as it
takes; anything else ends the collection as failed after PATIENCE walks, with the reason.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import Any

import redis.exceptions
import structlog
from arq.worker import Worker, func

from evidence.errors import EvidenceError, OutageError
from service.queue import COLLECT, LEASE_S, QUEUE, decode_job, encode_job
from service.runtime import Runtime

log = structlog.get_logger()

# Above the longest collection that the sources' own limits allow.
JOB_TIMEOUT_S = 900.0
RECONCILE_S = 2.0
# How many collections the reconciler rings for at once, oldest first.
MOST_RUNG = 500
PATIENCE = 5
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 300.0
# For walks that are told to stop, to put down what they hold.
DRAIN_S = 8.0


@dataclass(slots=True)
class _Trouble:
    """Walks of one collection that raised: how many, how many of them ours, until when to wait."""

    walks: int = 0
    ours: int = 0
    until: float = 0.0

    def add(self, *, ours: bool) -> None:
        pause = min(FIRST_PAUSE_S * 2.0 ** min(self.walks, 20), LONGEST_PAUSE_S)
        self.walks += 1
        self.ours += ours
        self.until = time.monotonic() + pause


@dataclass(slots=True)
class _Desk:
    """What the jobs of one worker share."""

    runtime: Runtime
    walking: set[str] = field(default_factory=set)
    troubles: dict[str, _Trouble] = field(default_factory=dict)

    def waits(self, collection_id: str) -> bool:
        """Whether it is too early to try this collection again."""
        trouble = self.troubles.get(collection_id)
        return trouble is not None and time.monotonic() < trouble.until


async def collect_order(context: dict[str, Any], tenant: str, collection_id: str) -> None:
    """Walk one collection, unless another worker is at it or it is too early to try again."""
    desk: _Desk = context["desk"]
    queue = desk.runtime.queue
    if queue is None:
        return
    await queue.heard(collection_id)
    if desk.waits(collection_id) or not await queue.take(collection_id, desk.runtime.owner):
        return
    if collection_id in desk.walking:
        return
    desk.walking.add(collection_id)
    holding = asyncio.create_task(_hold(desk.runtime, collection_id))
    try:
        await _walk(desk, tenant, collection_id)
    finally:
        holding.cancel()
        desk.walking.discard(collection_id)
        await queue.release(collection_id, desk.runtime.owner)


async def _walk(desk: _Desk, tenant: str, collection_id: str) -> None:
    try:
        async with asyncio.timeout(JOB_TIMEOUT_S):
            await desk.runtime.walk(tenant, collection_id)
    except Exception as problem:
        trouble = desk.troubles.setdefault(collection_id, _Trouble())
        trouble.add(ours=_is_ours(problem))
        log.exception("walk failed", collection=collection_id, walks=trouble.walks)
        if trouble.ours < PATIENCE:
            return  # the reconciler comes back to it
        await desk.runtime.give_up(tenant, collection_id, _reason(problem))
    desk.troubles.pop(collection_id, None)


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


async def _hold(runtime: Runtime, collection_id: str) -> None:
    while True:
        await asyncio.sleep(LEASE_S / 3)
        if runtime.queue is not None:
            with contextlib.suppress(Exception):
                await runtime.queue.take(collection_id, runtime.owner)


async def reconcile(desk: _Desk) -> int:
    """Ring for collections that are unfinished and not held; how many that were."""
    rung = 0
    queue = desk.runtime.queue
    if queue is None:
        return rung
    unfinished = await desk.runtime.ledger.unfinished()
    still = {collection.id for collection in unfinished}
    for gone in desk.troubles.keys() - still:
        del desk.troubles[gone]
    for collection in unfinished:
        if rung == MOST_RUNG:
            break
        if not desk.waits(collection.id) and not await queue.held(collection.id):
            await queue.ring(collection.tenant, collection.id)
            rung += 1
    return rung


async def _reconcile_for_ever(desk: _Desk) -> None:
    while True:
        try:
            await reconcile(desk)
        except Exception:
            log.exception("the reconciler could not look")
        await asyncio.sleep(RECONCILE_S)


class CollectionWorker:
    """arq's worker over a runtime; `run` returns when it is cancelled."""

    def __init__(self, runtime: Runtime, *, max_jobs: int = 50) -> None:
        if runtime.queue is None:
            raise OutageError(source="Valkey", why="the worker was given no queue")
        self._queue = runtime.queue
        self._max_jobs = max_jobs
        self._desk = _Desk(runtime)
        self._worker = self._arq()

    def _arq(self) -> Worker:
        return Worker(
            functions=[func(collect_order, name=COLLECT, keep_result=0)],  # type: ignore[arg-type]
            queue_name=QUEUE,
            redis_pool=self._queue.pool,
            ctx={"desk": self._desk},
            poll_delay=0.05,
            max_jobs=self._max_jobs,
            max_tries=1_000,
            job_timeout=JOB_TIMEOUT_S + 60,
            keep_result=0,
            handle_signals=False,
            job_serializer=encode_job,
            job_deserializer=decode_job,
        )

    async def run(self) -> None:
        reconciler = asyncio.create_task(_reconcile_for_ever(self._desk))
        await self._desk.runtime.reading.warm()
        try:
            while True:
                try:
                    await self._worker.async_run()
                except (redis.exceptions.RedisError, OSError) as problem:
                    # arq ends at the first answer that Valkey owes it; we outlive Valkey.
                    log.error("Valkey is away", kind=type(problem).__name__)
                    await asyncio.sleep(1.0)
                    with contextlib.suppress(Exception):  # then the next round tries again
                        await self._queue.mend(self._desk.runtime.settings)
                    self._worker = self._arq()
        finally:
            reconciler.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reconciler

    async def stop(self) -> None:
        """Let running walks go, for DRAIN_S at most: they are taken up again by the next worker."""
        walks = [job for job in self._worker.tasks.values() if not job.done()]
        self._worker.handle_sig(15)  # type: ignore[arg-type]
        if walks:
            await asyncio.wait(walks, timeout=DRAIN_S)
