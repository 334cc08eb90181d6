"""A tenant's rows for an auditor: read only, in pages, without any key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, null, select, true, tuple_

from evidence.receipts import Receipt
from storage.ledger.database import Reach, Transaction
from storage.ledger.models import (
    checkpoints,
    items,
    lost_receipts,
    orders,
    receipts,
    stamps,
    waiting,
)
from storage.ledger.part import Part

PAGE = 10_000


class AuditRows(Part):
    """What `auditor.ledger.LedgerReader` asks for, as plain tuples."""

    async def heads(self, tenant: str, *, after: int) -> list[tuple[int, bytes, bool]]:
        """(size, root, whether it is signed) of a page of the heads larger than `after`."""
        asked = (
            select(checkpoints.c.size, checkpoints.c.root, checkpoints.c.note.is_not(None))
            .where(checkpoints.c.tenant == tenant, checkpoints.c.size > after)
            .order_by(checkpoints.c.size)
        )
        return [
            (size, bytes.fromhex(root), bool(signed))
            for size, root, signed in await self._page(tenant, asked)
        ]

    async def entries(self, tenant: str, start: int, stop: int) -> list[tuple[int, bytes]]:
        """(log index, receipt) of those from `start` up to `stop` that are there, lost or not."""
        found: list[tuple[int, bytes]] = []
        for table in (receipts, lost_receipts):
            asked = (
                select(table.c.log_index, table.c.body)
                .where(
                    table.c.tenant == tenant,
                    table.c.log_index >= start,
                    table.c.log_index < stop,
                )
                .order_by(table.c.log_index)
            )
            found += [(row[0], row[1]) for row in await self._all(tenant, asked)]
        return sorted(found)

    async def count_after(self, tenant: str, size: int) -> int:
        """How many receipts have this log index or a higher one."""
        count = 0
        for table in (receipts, lost_receipts):
            asked = (
                select(func.count())
                .select_from(table)
                .where(table.c.tenant == tenant, table.c.log_index >= size)
            )
            count += int((await self._all(tenant, asked))[0][0])
        return count

    async def chains(self, tenant: str, handle: str, seq: int) -> list[tuple[Any, ...]]:
        """A page of the receipts after this one, order by order, each with its stamp's row.

        (handle, seq, log index, receipt, commitment of the order, role, commitment, stored, size,
        media type, collector, collected at, whether the order's key was destroyed, whether the
        receipt was read back from the log); None for what a missing row would have said
        """
        asked = (
            select(
                receipts.c.order_handle,
                receipts.c.seq,
                receipts.c.log_index,
                receipts.c.body,
                orders.c.commitment,
                stamps.c.role,
                stamps.c.commitment,
                stamps.c.stored,
                stamps.c.size,
                stamps.c.media_type,
                stamps.c.collector,
                stamps.c.collected_at,
                _destroyed(),
                false(),
            )
            .outerjoin(stamps, stamps.c.number == receipts.c.stamp)
            .outerjoin(orders, orders.c.handle == receipts.c.order_handle)
            .where(
                receipts.c.tenant == tenant,
                tuple_(receipts.c.order_handle, receipts.c.seq) > tuple_(handle, seq),
            )
            .order_by(receipts.c.order_handle, receipts.c.seq)
        )
        lost = (
            select(
                lost_receipts.c.order_handle,
                lost_receipts.c.seq,
                lost_receipts.c.log_index,
                lost_receipts.c.body,
                orders.c.commitment,
                *[null()] * 7,
                _destroyed(),
                true(),
            )
            .outerjoin(orders, orders.c.handle == lost_receipts.c.order_handle)
            .where(
                lost_receipts.c.tenant == tenant,
                tuple_(lost_receipts.c.order_handle, lost_receipts.c.seq) > tuple_(handle, seq),
            )
            .order_by(lost_receipts.c.order_handle, lost_receipts.c.seq)
        )
        # Two pages and not one of both: the larger table keeps its index so.
        both = [tuple(row) for page in (asked, lost) for row in await self._page(tenant, page)]
        return sorted(both, key=lambda row: row[:2])[:PAGE]

    async def lost_objects(self, tenant: str, *, after: int) -> list[tuple[int, str]]:
        """A page of (log index, object) of the receipts that were read back from the log."""
        asked = (
            select(lost_receipts.c.log_index, lost_receipts.c.body)
            .where(lost_receipts.c.tenant == tenant, lost_receipts.c.log_index > after)
            .order_by(lost_receipts.c.log_index)
        )
        found = await self._page(tenant, asked)
        return [(index, Receipt.from_bytes(body).stored) for index, body in found]

    async def loose_ends(self, tenant: str) -> tuple[int, int, int]:
        """Stamps that wait, stamps that are lost, and rows of items with no stamp's object."""
        wait = select(func.count()).select_from(waiting).where(waiting.c.tenant == tenant)
        lost = (
            select(func.count())
            .select_from(stamps)
            .outerjoin(receipts, receipts.c.stamp == stamps.c.number)
            .outerjoin(waiting, waiting.c.stamp == stamps.c.number)
            .where(stamps.c.tenant == tenant, receipts.c.stamp.is_(None), waiting.c.stamp.is_(None))
        )
        unnamed = (
            select(func.count())
            .select_from(items)
            .outerjoin(
                stamps,
                and_(
                    stamps.c.order_handle == items.c.order_handle,
                    stamps.c.stored == items.c.stored,
                ),
            )
            .where(items.c.tenant == tenant, stamps.c.number.is_(None))
        )
        counts = [int((await self._all(tenant, asked))[0][0]) for asked in (wait, lost, unnamed)]
        return counts[0], counts[1], counts[2]

    async def objects(self, tenant: str, *, after: int) -> list[tuple[int, str, int]]:
        """A page of (number, object, size as received) of the stamps after this number."""
        asked = (
            select(stamps.c.number, stamps.c.stored, stamps.c.size)
            .where(stamps.c.tenant == tenant, stamps.c.number > after)
            .order_by(stamps.c.number)
        )
        return [tuple(row) for row in await self._page(tenant, asked)]

    async def objects_of_others(self, tenant: str, *, after: int) -> list[tuple[int, str]]:
        """A page of (number, object) of every other tenant's stamps."""
        asked = (
            select(stamps.c.number, stamps.c.stored)
            .where(stamps.c.tenant != tenant, stamps.c.number > after)
            .order_by(stamps.c.number)
        )
        return [tuple(row) for row in await self._page(Reach.AUDIT, asked)]

    async def places_of(self, tenant: str, stored: str) -> list[int]:
        """A few of the log indices whose receipts name this object."""
        asked = (
            select(receipts.c.log_index)
            .join(stamps, stamps.c.number == receipts.c.stamp)
            .where(stamps.c.tenant == tenant, stamps.c.stored == stored)
            .order_by(receipts.c.log_index)
            .limit(3)
        )
        return [row[0] for row in await self._all(tenant, asked)]

    async def order_handles(self, tenant: str, *, after: str) -> list[str]:
        """A page of the orders' handles."""
        asked = (
            select(orders.c.handle)
            .where(orders.c.tenant == tenant, orders.c.handle > after)
            .order_by(orders.c.handle)
        )
        return [row[0] for row in await self._page(tenant, asked)]

    async def _page(self, whose: str, asked: Select[Any]) -> Sequence[Any]:
        return await self._all(whose, asked.limit(PAGE))

    async def _all(self, whose: str, asked: Select[Any]) -> Sequence[Any]:
        async def work(connection: Transaction) -> Sequence[Any]:
            rows: Sequence[Any] = (await connection.execute(asked)).all()
            return rows

        return await self._database.read(whose, work)


def _destroyed() -> ColumnElement[bool]:
    return and_(orders.c.handle.is_not(None), orders.c.key_wrapped.is_(None))
