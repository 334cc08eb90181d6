"""Ask one source: record, stamp and store whatever comes, as it comes.

An item is durable and stamped before anyone reads it. A source that fails ends its own task, with
the reason; what it brought before stays. Running the task again finds the stamps of the first run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from evidence.errors import EvidenceError, TooLargeError
from evidence.items import Item
from service.sources import Source
from service.steps.plan import Known
from storage.ledger.ledger import Ledger
from storage.ledger.records import OrderRecord, TaskState
from storage.objects.objects import Objects
from storage.objects.spool import EncryptedSpool, SpooledContent

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where one order's items go: spool, objects, ledger."""

    order: OrderRecord
    collection: str
    spool: EncryptedSpool
    objects: Objects
    ledger: Ledger
    item_bytes: int

    async def keep(self, source: str, item: Item) -> None:
        """Once this returns, the item's bytes are durable and its stamp is in the ledger."""
        spooled = await asyncio.to_thread(self._spooled, item)
        if await self.ledger.stored_of(self.order, item.sha256) is None:
            await asyncio.to_thread(self.objects.put, spooled)
        await self.ledger.keep(self.order, self.collection, source, [(item, spooled)])
        await asyncio.to_thread(spooled.discard)

    def _spooled(self, item: Item) -> SpooledContent:
        if isinstance(item.content, SpooledContent):
            return item.content
        return self.spool.keep(item.content, limit=self.item_bytes)


@dataclass(frozen=True, slots=True)
class Outcome:
    state: TaskState
    why: str = ""


async def ask(
    source: Source,
    *,
    shelf: Shelf,
    known: Known,
    seconds: float,
    most_items: int,
    text_of: Callable[[Item], Awaitable[str]],
    clock: Callable[[], datetime],
) -> Outcome:
    """Run one collector to its end, or to the end of its time."""
    brought = 0

    async def record(exchange: Item) -> None:
        await shelf.keep(source.name, exchange)

    try:
        async with (
            asyncio.timeout(seconds),
            source.context(
                known=known, spool=shelf.spool, record=record, text_of=text_of, clock=clock
            ) as context,
        ):
            async for item in source.collector.collect(shelf.order.ref, context):
                if brought >= most_items:
                    raise TooLargeError(what="the answer (in items)", size=brought, limit=brought)
                await shelf.keep(source.name, item)
                brought += 1
    except TimeoutError:
        return Outcome(TaskState.FAILED, f"It was still not done after {seconds:.0f} seconds.")
    except EvidenceError as problem:
        return Outcome(TaskState.FAILED, str(problem))
    except Exception as problem:
        # Unknown failures are ours until someone shows otherwise; the order goes on without them.
        log.exception("collector failed", source=source.name)
        return Outcome(
            TaskState.FAILED, f"Our collector broke ({type(problem).__name__}); it is logged."
        )
    if not brought:
        return Outcome(TaskState.EMPTY, "It has nothing on this order.")
    return Outcome(TaskState.BROUGHT)
