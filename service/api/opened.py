"""The real service behind the ports: a Runtime, with its worker where one belongs to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

import structlog

from evidence.custody import Act
from evidence.erasure import ErasureReason
from evidence.errors import RequestError
from evidence.orders import OrderRef
from evidence.policy import Policy
from evidence.sealed import SealedItem
from service import custody, erasure
from service.api.ports import Collection as AnyCollection
from service.api.ports import Evidence
from service.custody import By
from service.runtime import Account, Health, Runtime
from service.settings import Settings
from service.worker import CollectionWorker
from storage.ledger.records import Collection, KeptItem, OrderRecord, Task
from storage.log.tiles import LogFiles
from storage.objects.objects import RangedContent

_log = structlog.get_logger("orderproof")


class RuntimeEvidence:
    """`Evidence`, as a Runtime has it. What nobody knows is None here, not an error."""

    def __init__(self, runtime: Runtime, worker: asyncio.Task[None] | None = None) -> None:
        self._runtime = runtime
        self._worker = worker

    async def request_collection(
        self,
        ref: OrderRef,
        *,
        tenant: str,
        store: str,
        policy: str | None,
        sources: Sequence[str] | None,
        defect: Mapping[str, str] | None,
        idempotency_key: str | None,
    ) -> tuple[Collection, bool]:
        return await self._runtime.request_collection(
            ref,
            tenant=tenant,
            store=store,
            policy=policy,
            sources=sources,
            defect=defect,
            idempotency_key=idempotency_key,
        )

    async def collection(self, tenant: str, id: str) -> Collection | None:
        return await self._runtime.ledger.collection(tenant, id)

    async def tasks(self, collection_id: str) -> Sequence[Task]:
        return await self._runtime.ledger.tasks(collection_id)

    async def order_of(self, collection: AnyCollection) -> OrderRecord:
        order = await self._runtime.ledger.order_by_handle(collection.tenant, collection.order)
        if order is None:
            raise RequestError(what="the collection", why="its order was erased")
        return order

    async def unfinished(self) -> Sequence[Collection]:
        return await self._runtime.ledger.unfinished()

    async def account(self, tenant: str, ref: OrderRef) -> Account | None:
        if await self._runtime.ledger.find_order(tenant, ref) is None:
            return None
        return await self._runtime.account(tenant, ref)

    async def items(self, tenant: str, ref: OrderRef) -> Sequence[KeptItem] | None:
        order = await self._runtime.ledger.find_order(tenant, ref)
        return None if order is None else await self._runtime.ledger.items(order)

    async def content(
        self, tenant: str, ref: OrderRef, sha256: str
    ) -> tuple[KeptItem, RangedContent] | None:
        order = await self._runtime.ledger.find_order(tenant, ref)
        if order is None:
            return None
        for line in await self._runtime.ledger.items(order):
            if line.sha256 == sha256:
                # Every Objects gives contents that can be read in part.
                return line, cast(RangedContent, self._runtime.stored(order, line))
        return None

    async def bundle(
        self,
        tenant: str,
        ref: OrderRef,
        *,
        profile: str,
        to: Path,
        show: Sequence[int],
        copies: Sequence[int],
    ) -> Sequence[SealedItem]:
        return await self._runtime.bundle(
            tenant, ref, profile=profile, to=to, show=show, copies=copies
        )

    async def note(
        self, tenant: str, ref: OrderRef, act: Act, by: By, what: Mapping[str, object]
    ) -> None:
        order = await self._runtime.find(tenant, ref)
        await custody.note(self._runtime, order, act, by, **what)

    async def custody(self, tenant: str, ref: OrderRef) -> custody.Report | None:
        if await self._runtime.ledger.find_order(tenant, ref) is None:
            return None
        return await custody.report(self._runtime, tenant, ref)

    async def hold(self, tenant: str, ref: OrderRef, *, reason: str, by: By) -> datetime | None:
        order = await self._runtime.ledger.find_order(tenant, ref)
        if order is None:
            return None
        await custody.note(self._runtime, order, Act.HOLD, by)
        return await self._runtime.ledger.hold(order, reason=reason)

    async def release(self, tenant: str, ref: OrderRef, *, by: By) -> bool:
        order = await self._runtime.ledger.find_order(tenant, ref)
        if order is None:
            return False
        await custody.note(self._runtime, order, Act.RELEASE, by)
        await self._runtime.ledger.release(order)
        return True

    async def erase(
        self, tenant: str, ref: OrderRef, *, reason: ErasureReason, by: By
    ) -> erasure.Erased | None:
        if await self._runtime.ledger.find_order(tenant, ref) is None:
            return None
        return await erasure.erase(self._runtime, tenant, ref, reason=reason, by=by)

    def policies_in_force(self) -> Sequence[Policy]:
        return sorted(self._runtime.policies.values(), key=lambda policy: policy.id)

    def log_file(self, tenant: str, path: str) -> bytes | None:
        """Read below the tenant's log folder; the route has checked what the path looks like."""
        return LogFiles(self._runtime.log_folder(tenant)).read(path)

    async def health(self) -> Sequence[Health]:
        parts = list(await self._runtime.health())
        if self._worker is not None:
            runs = not self._worker.done()
            parts.append(
                Health(
                    "worker",
                    runs,
                    "It runs in this process." if runs else "It has stopped.",
                    "" if runs else "Look at the log for the reason, then start the service again.",
                )
            )
        return parts


@contextlib.asynccontextmanager
async def open_runtime(settings: Settings, *, worker: bool = True) -> AsyncIterator[Evidence]:
    """Open the service with its queue; with `worker`, collections are driven in this process."""
    async with await Runtime.open(settings, with_queue=True) as runtime:
        if not worker:
            yield RuntimeEvidence(runtime)
            return
        async with working(runtime) as task:
            yield RuntimeEvidence(runtime, task)


@contextlib.asynccontextmanager
async def working(runtime: Runtime) -> AsyncIterator[asyncio.Task[None]]:
    """Run a worker for the time of the block. What it had begun is taken up by the next one."""
    collector = CollectionWorker(runtime)
    task = asyncio.create_task(collector.run(), name="orderproof-worker")
    task.add_done_callback(_tell)
    try:
        yield task
    finally:
        with contextlib.suppress(Exception):
            await collector.stop()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("the worker stopped", kind=type(error).__name__)
