"""Ask one source: record, stamp and store whatever comes, as it comes.

An item is durable and stamped before anyone reads it. A source that fails ends its own task, with
the reason; what it brought before stays. Running the task again finds the stamps of the first run.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from evidence.errors import EvidenceError, RequestError, TooLargeError
from evidence.items import Content, InMemory, Item
from evidence.receipts import Stamp
from service.retention.keeping import Locking
from service.sources.sources import Source
from service.steps.own_spool import OwnSpool
from service.steps.plan import Known
from storage.ledger.ledger import Ledger
from storage.ledger.records import OrderRecord, TaskState
from storage.objects.lock import Lock
from storage.objects.objects import Objects, Packing
from storage.objects.packs import MOST_PACKED, PACK_BYTES, Pack, Packed, in_packs
from storage.objects.placed import Placed, Spot
from storage.objects.spool import EncryptedSpool, SpooledContent

log = structlog.get_logger()

# Items under way between a collector and the disk; large ones wait in the spool, not in memory.
ON_THE_BELT = 32
# Where small items are packed, the first of a pack waits so long for others. Should we die, it is
# asked for again; nothing has said that it is kept.
PACKED_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where one order's items go: spool, objects, ledger; and how its objects are locked.

    packing   puts small items together; None where each is an object
    own       where what was kept here lies, by SHA-256, if the order had nothing before; else None
    """

    order: OrderRecord
    collection: str
    spool: EncryptedSpool
    objects: Objects
    packing: Packing | None
    ledger: Ledger
    item_bytes: int
    locking: Locking
    own: dict[str, Spot] | None = None

    async def keep(
        self, source: str, items: Sequence[Item], *, alone: bool = False, unseen: bool = False
    ) -> list[Stamp]:
        """Once this returns, the items' bytes are durable and their stamps are in the ledger.

        The stamps are those of the first run, if this is a second one.

        alone   HeldError if a collection of the order is under way
        unseen  nobody can have kept these bytes before, so nobody is asked whether they are there
        """
        small = {item.sha256: item.content for item in items if self._is_packed(item)}
        large = [item for item in items if not self._is_packed(item)]
        spooled = await asyncio.gather(*(asyncio.to_thread(self._spooled, item) for item in large))
        # Of the same bytes twice the first is put, for that is the one the ledger will name: each
        # was encrypted anew, so the second's object would have another name.
        one_each: dict[str, SpooledContent] = {}
        for content in spooled:
            one_each.setdefault(content.sha256, content)
        looked_for = () if unseen else dict.fromkeys([*small, *one_each])
        # Asked together, the ledger answers both at once.
        stored, lock = await asyncio.gather(self._stored(looked_for), self.locking.lock())
        new = [content for sha256, content in one_each.items() if sha256 not in stored]
        unpacked = [small[sha256] for sha256 in small if sha256 not in {*stored, *one_each}]
        # Side by side: a disk that is told to write many files down at once does so in one go.
        packs, _ = await asyncio.gather(
            asyncio.gather(
                *(asyncio.to_thread(self._pack, group, lock) for group in in_packs(unpacked))
            ),
            asyncio.gather(*(asyncio.to_thread(self.objects.put, one, lock=lock) for one in new)),
        )
        placed: dict[str, Placed] = {
            sha256: Packed(sha256, small[sha256].size, spot)
            for sha256, spot in stored.items()
            if sha256 in small
        }
        placed |= {packed.sha256: packed for pack in packs for packed in pack.items}
        placed |= one_each
        kept = [(item, placed[item.sha256]) for item in items]
        stamps = await self.ledger.keep(
            self.order, self.collection, source, kept, alone=alone, there=stored
        )
        if self.own is not None:
            for (_, put), stamp in zip(kept, stamps, strict=True):
                if put.spot.stored == stamp.stored:  # else somebody else was first
                    self.own[put.sha256] = put.spot
        for content in spooled:
            await asyncio.to_thread(content.discard)
        return stamps

    async def _stored(self, sha256s: Iterable[str]) -> dict[str, Spot]:
        if self.own is None:
            return await self.ledger.stored_of(self.order, sha256s)
        return {sha256: self.own[sha256] for sha256 in sha256s if sha256 in self.own}

    def _is_packed(self, item: Item) -> bool:
        """Whether it is small and in memory, so that no disk has to hold it meanwhile."""
        return (
            self.packing is not None
            and isinstance(item.content, InMemory)
            and item.content.size <= min(MOST_PACKED, self.item_bytes)
        )

    def _pack(self, group: Sequence[Content], lock: Lock) -> Pack:
        assert self.packing is not None  # noqa: S101 - else nothing `_is_packed`
        pack = self.spool.pack(group)
        self.packing.put_pack(pack, lock=lock)
        return pack

    def _spooled(self, item: Item) -> SpooledContent:
        if isinstance(item.content, SpooledContent):
            return item.content
        return self.spool.keep(item.content, limit=self.item_bytes)


@dataclass(frozen=True, slots=True)
class Outcome:
    state: TaskState
    why: str = ""

    def after(self, earlier: Outcome | None) -> Outcome:
        """What to say of both: one that failed has failed, whatever the other brought."""
        if earlier is None:
            return self
        if TaskState.FAILED in (self.state, earlier.state):
            whys = dict.fromkeys(
                each.why for each in (earlier, self) if each.state == TaskState.FAILED
            )
            return Outcome(TaskState.FAILED, " ".join(whys))
        return self if self.state is TaskState.BROUGHT else earlier


class _Belt:
    """Carries items from a collector to the shelf, as many at a time as have come.

    `put` waits while the shelf is behind, and raises what went wrong there.
    """

    def __init__(self, shelf: Shelf, source: str) -> None:
        self._shelf = shelf
        self._source = source
        self._coming: asyncio.Queue[Item | None] = asyncio.Queue(maxsize=ON_THE_BELT)
        self._keeping = asyncio.create_task(self._keep())

    @property
    def trouble(self) -> BaseException | None:
        """Why keeping failed, if it did, and not for an item that is too large."""
        if not self._keeping.done() or self._keeping.cancelled():
            return None
        problem = self._keeping.exception()
        return None if isinstance(problem, RequestError) else problem

    async def put(self, item: Item) -> None:
        await self._hand_over(item)

    async def finish(self) -> None:
        """Wait until everything put is kept."""
        await self._hand_over(None)
        await self._keeping

    async def stop(self) -> None:
        """Keep what came, whatever else happened; its errors were raised already."""
        if not self._keeping.done():
            with contextlib.suppress(Exception):
                await self.finish()
        self._keeping.cancel()

    async def _hand_over(self, item: Item | None) -> None:
        if not self._keeping.done() and not self._coming.full():
            self._coming.put_nowait(item)
            return
        handing = asyncio.create_task(self._coming.put(item))
        await asyncio.wait({handing, self._keeping}, return_when=asyncio.FIRST_COMPLETED)
        if self._keeping.done():
            handing.cancel()
            self._keeping.result()
        await handing

    async def _keep(self) -> None:
        last = False
        while not last:
            batch = [await self._coming.get()]
            if self._shelf.packing is not None:
                await self._wait_for_more(batch)
            while not self._coming.empty():
                batch.append(self._coming.get_nowait())
            items = [item for item in batch if item is not None]
            last = len(items) < len(batch)
            if items:
                await self._shelf.keep(self._source, items)

    async def _wait_for_more(self, batch: list[Item | None]) -> None:
        """Until there is a pack, nothing more will come, or the first has waited long enough."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PACKED_WITHIN_S):
                while (
                    batch[-1] is not None
                    and len(batch) < ON_THE_BELT
                    and sum(item.content.size for item in batch if item) < PACK_BYTES
                ):
                    batch.append(await self._coming.get())


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
    belt = _Belt(shelf, source.name)
    spool = OwnSpool(shelf.spool)
    limit = asyncio.timeout(seconds)
    try:
        async with (
            limit,
            source.context(
                known=known, spool=spool, record=belt.put, text_of=text_of, clock=clock
            ) as context,
        ):
            async for item in source.collector.collect(shelf.order.ref, context):
                if brought >= most_items:
                    raise TooLargeError(
                        what="the answer (in items)", size=brought + 1, limit=most_items
                    )
                await belt.put(item)
                brought += 1
            await belt.finish()
            if spool.trouble is not None:  # the collector went on without what it could not keep
                raise spool.trouble
    except Exception as problem:
        await belt.stop()
        ours = belt.trouble or spool.trouble
        if ours is not None:
            # Our disk or our ledger: the source is not to blame, and may be asked again. That its
            # time was up as well does not excuse what came before and was not kept.
            raise ours from (None if ours is problem else problem)
        if isinstance(problem, TimeoutError) and limit.expired():
            return Outcome(TaskState.FAILED, f"It was still not done after {seconds:.0f} seconds.")
        if isinstance(problem, EvidenceError):
            said = str(problem)
            if not said.startswith(source.name):  # a name is written as it is configured
                said = said[:1].upper() + said[1:]
            return Outcome(TaskState.FAILED, said)
        # Unknown failures are ours until someone shows otherwise; the order goes on without them.
        log.exception("collector failed", source=source.name)
        why = f"Our collector broke ({type(problem).__name__}); it is logged."
        return Outcome(TaskState.FAILED, why)
    finally:
        await belt.stop()
    if not brought:
        return Outcome(TaskState.EMPTY, "It has nothing on this order.")
    return Outcome(TaskState.BROUGHT)
