"""Runs errands when they are due: a collection is started, or who wants to know is told.

They stand in the ledger, so they outlive every process; any number may run them. A collection that
an errand starts has the errand's number as its key, so it is started once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from evidence.errors import ConfigError, OutageError, RequestError
from evidence.items import Role
from evidence.manifest import Manifest
from service.agenda.plan import errands_after
from service.agenda.warning import messages_of, warn
from service.background import beside
from service.cases import errands as cases
from service.steps import plan
from storage.ledger.errands import Errand, Why
from storage.ledger.outbox import Told

if TYPE_CHECKING:
    from service.runtime import Runtime
    from storage.ledger.records import Collection, OrderRecord

LOOK_S = 5.0
LEASE = timedelta(seconds=60)
AT_ONCE = 50
_OF_CARRIERS = frozenset({Role.TRACKING_HISTORY, Role.POD_DOCUMENT, Role.POD_PHOTO})

log = structlog.get_logger()


class Agenda:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run(self) -> None:
        """Run what is due, every few seconds, until cancelled."""
        while True:
            try:
                while await self.act() == AT_ONCE:
                    pass
            except Exception as error:
                log.error("errands wait", kind=type(error).__name__)
            await asyncio.sleep(LOOK_S)

    async def act(self) -> int:
        """Run what is due now, each once; how many that were."""
        until = self._runtime.clock() + LEASE
        due = await self._runtime.ledger.claim_errands(limit=AT_ONCE, until=until)
        for errand in due:
            try:
                await self._one(errand)
            except (OutageError, OSError) as error:  # its lease runs out, and it is tried again
                log.warning("an errand waits", why=errand.why, kind=type(error).__name__)
        return len(due)

    async def _one(self, errand: Errand) -> None:
        ledger = self._runtime.ledger
        if errand.why is Why.DEADLINE:
            await ledger.errand_done(errand, told=Told.DEADLINE)
            return
        if errand.why is Why.CASE:
            await cases.run(self._runtime, errand)
            return
        order = await ledger.order_by_handle(errand.tenant, errand.order)
        if order is None:  # it was erased
            await ledger.errand_done(errand)
            return
        id = await self._collect(errand, order)
        await ledger.errand_done(errand, collection=id)

    async def _collect(self, errand: Errand, order: OrderRecord) -> str | None:
        """Ask the sources again, under the policy of the collection that the errand came from."""
        old: Collection | None = None
        for each in await self._runtime.ledger.collections_of(order):
            if old is None or each.defect is not None or old.defect is None:
                old = each
        known = old is not None and old.policy in self._runtime.policies
        defect = {k: str(v) for k, v in (old.defect or {}).items()} if old is not None else {}
        try:
            collection, _ = await self._runtime.request_collection(
                order.ref,
                tenant=order.tenant,
                store=order.store,
                policy=old.policy if old is not None and known else None,
                defect=defect or None,
                idempotency_key=f"errand:{errand.number}",
                bulk=errand.why in (Why.DELIVERY, Why.HISTORY),
            )
        except (ConfigError, RequestError) as error:
            log.warning("an errand starts nothing", why=errand.why, kind=type(error).__name__)
            return None
        return collection.id


async def plan_next(
    runtime: Runtime,
    order: OrderRecord,
    collection: Collection,
    manifest: Manifest,
    *,
    first_asked: datetime,
) -> None:
    """Write down what is to be done for the order later. Done again, it changes nothing.

    first_asked   when the order's first collection was requested
    """
    sources = plan.allowed(
        runtime.sources, tenant=order.tenant, store=order.store, house=runtime.settings.tenant
    )
    found = errands_after(
        manifest,
        asks_carriers=any(source.collector.roles & _OF_CARRIERS for source in sources),
        first_asked=first_asked,
        poll_for=timedelta(days=runtime.settings.limits.delivery_poll_days),
    )
    if found:
        await runtime.ledger.plan_errands(order, found)
    await warn(runtime, order, messages_of(manifest), collection=collection.id)


@contextlib.asynccontextmanager
async def keeping_time(runtime: Runtime) -> AsyncIterator[Agenda]:
    """Run errands for the time of the block."""
    agenda = Agenda(runtime)
    async with beside(agenda.run(), name="orderproof-agenda"):
        yield agenda
