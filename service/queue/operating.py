"""What an operator does with the queue: look at it, and decide about what was put aside."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from evidence.errors import NotFoundError, OutageError
from service.queue.line import Standing
from storage.ledger.backlog import Backlog, Parked, ParkedState
from storage.ledger.records import Collection

if TYPE_CHECKING:
    from service.runtime import Runtime


@dataclass(frozen=True, slots=True)
class QueueState:
    """The queue as it is now; `standing` is None without Valkey, and `workers` empty.

    stamps_waiting   without a receipt, of all tenants, the oldest kept at `stamps_since`
    """

    backlog: Sequence[Backlog]
    parked: Mapping[str, int]
    standing: Standing | None
    workers: Sequence[Mapping[str, Any]]
    stamps_waiting: int = 0
    stamps_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class PutAside:
    """A parked collection with the reason, which is "" once its order was erased."""

    parked: Parked
    why: str


async def state(runtime: Runtime) -> QueueState:
    standing: Standing | None = None
    workers: Sequence[Mapping[str, Any]] = []
    if runtime.queue is not None:
        try:
            standing, workers = await runtime.queue.line.standing(), await runtime.queue.workers()
        except OutageError:
            standing = None
    waiting, since = await runtime.ledger.sequencer_lag()
    return QueueState(
        backlog=await runtime.ledger.backlog(),
        parked=await runtime.ledger.parked_counts(),
        standing=standing,
        workers=workers,
        stamps_waiting=waiting,
        stamps_since=since,
    )


async def figures(runtime: Runtime) -> bytes:
    """All figures in Prometheus' text format."""
    runtime.instruments.look_at(await state(runtime), now=runtime.clock())
    free = shutil.disk_usage(runtime.settings.data).free
    runtime.instruments.look_at_us(runtime.sources, free=free)
    return runtime.instruments.text()


async def parked(
    runtime: Runtime, tenant: str, stores: frozenset[str] | None = None
) -> list[PutAside]:
    """The tenant's that wait for a decision, oldest first, at most a hundred."""
    found = []
    for each in await runtime.ledger.parked(tenant):
        if stores is None or each.store in stores:
            collection = await runtime.ledger.collection(tenant, each.collection)
            found.append(PutAside(each, collection.failure if collection else ""))
    return found


async def parked_ids(runtime: Runtime, tenant: str) -> list[str]:
    return [each.collection for each in await runtime.ledger.parked(tenant)]


async def retry(
    runtime: Runtime, tenant: str, id: str, stores: frozenset[str] | None = None
) -> Collection:
    """Ask again for what was parked: a new collection of the same order, policy and sources.

    Asked twice, it is one. NotFoundError if nothing of this id is parked, or its order was erased.
    """
    old = await _parked(runtime, tenant, id, stores)
    order = await runtime.ledger.order_by_handle(tenant, old.order)
    if order is None:
        raise NotFoundError(what="The parked collection's order", why="it was erased; drop it")
    new = await runtime.ask_again(order, old)
    settled = await runtime.ledger.settle(tenant, id, ParkedState.RETRIED, retried_as=new.id)
    if settled.state is not ParkedState.RETRIED:
        raise NotFoundError(what="The parked collection", why="it was dropped before")
    return new


async def drop(
    runtime: Runtime, tenant: str, id: str, stores: frozenset[str] | None = None
) -> Parked:
    """Nothing more is done about it. What it brought stays, as does the collection, failed."""
    await _parked(runtime, tenant, id, stores)
    return await runtime.ledger.settle(tenant, id, ParkedState.DROPPED)


async def _parked(
    runtime: Runtime, tenant: str, id: str, stores: frozenset[str] | None
) -> Collection:
    collection = await runtime.ledger.collection(tenant, id)
    known = await runtime.ledger.parked_as(tenant, id)
    if collection is None or known is None or not (stores is None or collection.store in stores):
        raise NotFoundError(what="The parked collection", why="none of yours has this id")
    if known.state is ParkedState.DROPPED:
        raise NotFoundError(what="The parked collection", why="it was dropped before")
    return collection
