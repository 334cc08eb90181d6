"""The worker: an arq job is a collection's id, and a few lines around one walk.

arq may run a job twice, or lose it with its process. The lease keeps two workers from doing the
same work; the reconciler rings again for whatever the ledger calls unfinished and nobody holds.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import structlog
from arq.worker import Worker, func

from evidence.errors import OutageError
from service.queue import COLLECT, LEASE_S, QUEUE, decode_job, encode_job
from service.runtime import Runtime

log = structlog.get_logger()

# Above the longest collection that the sources' own limits allow.
JOB_TIMEOUT_S = 900
RECONCILE_S = 2.0


async def collect_order(context: dict[str, Any], tenant: str, collection_id: str) -> None:
    """Walk one collection, unless another worker is at it."""
    runtime: Runtime = context["runtime"]
    queue = runtime.queue
    if queue is None or not await queue.take(collection_id, runtime.owner):
        return
    if collection_id in context["walking"]:
        return
    context["walking"].add(collection_id)
    heartbeat = asyncio.create_task(_hold(runtime, collection_id))
    try:
        with contextlib.suppress(OutageError):  # the reconciler comes back to it
            await runtime.walk(tenant, collection_id)
    finally:
        heartbeat.cancel()
        context["walking"].discard(collection_id)
        await queue.release(collection_id, runtime.owner)


async def _hold(runtime: Runtime, collection_id: str) -> None:
    while True:
        await asyncio.sleep(LEASE_S / 3)
        if runtime.queue is not None:
            with contextlib.suppress(Exception):
                await runtime.queue.take(collection_id, runtime.owner)


async def reconcile(runtime: Runtime) -> int:
    """Ring for every collection that is unfinished and not held; how many that were."""
    rung = 0
    if runtime.queue is None:
        return rung
    for collection in await runtime.ledger.unfinished():
        if not collection.state.is_final and not await runtime.queue.held(collection.id):
            await runtime.queue.ring(collection.tenant, collection.id)
            rung += 1
    return rung


async def _reconcile_for_ever(runtime: Runtime) -> None:
    while True:
        try:
            await reconcile(runtime)
        except Exception:
            log.exception("the reconciler could not look")
        await asyncio.sleep(RECONCILE_S)


class CollectionWorker:
    """arq's worker over a runtime; `run` returns when it is cancelled or `stop` is called."""

    def __init__(self, runtime: Runtime, *, max_jobs: int = 50) -> None:
        if runtime.queue is None:
            raise OutageError(source="Valkey", why="the worker was given no queue")
        self._runtime = runtime
        self._worker = Worker(
            functions=[func(collect_order, name=COLLECT, keep_result=0)],  # type: ignore[arg-type]
            queue_name=QUEUE,
            redis_pool=runtime.queue.pool,
            ctx={"runtime": runtime, "walking": set()},
            poll_delay=0.05,
            max_jobs=max_jobs,
            max_tries=1_000,
            job_timeout=JOB_TIMEOUT_S,
            keep_result=0,
            handle_signals=False,
            job_serializer=encode_job,
            job_deserializer=decode_job,
        )

    async def run(self) -> None:
        reconciler = asyncio.create_task(_reconcile_for_ever(self._runtime))
        await self._runtime.reading.warm()
        try:
            await self._worker.async_run()
        finally:
            reconciler.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reconciler

    async def stop(self) -> None:
        """Let running walks go: they are taken up again by the next worker."""
        self._worker.handle_sig(15)  # type: ignore[arg-type]
