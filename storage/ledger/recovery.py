"""A ledger that was restored from an older backup takes back what its log has published since.

The log holds every receipt, the backup every stamp that waited then. Where both are there, the
receipt gets its stamp again. A receipt whose stamp is gone is kept as it is, in `lost_receipts`:
the order's chain goes on after it, and nobody can say any more what it committed to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, delete, func, insert, select, update

from evidence.errors import CorruptionError
from evidence.merkle import hash_leaf
from evidence.receipts import Receipt
from storage.ledger.database import OvertakenError, Transaction, Turn
from storage.ledger.heads import frontier_of, locked_log, log_of, receipt_of
from storage.ledger.models import (
    checkpoints,
    logs,
    lost_receipts,
    orders,
    receipts,
    stamps,
    waiting,
)
from storage.ledger.part import Part, in_pieces
from storage.ledger.records import Head

# An order without a row goes by so much of its commitment.
UNKNOWN = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many receipts found their stamps, and how many did not."""

    found: int = 0
    lost: int = 0

    def __add__(self, other: "Replayed") -> "Replayed":
        return Replayed(found=self.found + other.found, lost=self.lost + other.lost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What a ledger lacks since it was restored.

    receipts   how many have no stamp
    orders     how many orders have such receipts, `unknown` how many of these have no row at all
    """

    receipts: int
    orders: int
    unknown: int


class Recovery(Part):
    async def log_state(self, tenant: str) -> tuple[int, Sequence[bytes]]:
        """Size of the ledger's log, and the hashes of the whole subtrees it consists of."""

        async def work(connection: Transaction) -> tuple[int, Sequence[bytes]]:
            frontier = frontier_of(await log_of(connection, tenant))
            return frontier.size, frontier.hashes

        return await self._database.read(tenant, work)

    async def replay(
        self, tenant: str, *, start: int, entries: Sequence[bytes], head: Head
    ) -> Replayed:
        """Take the entries from index `start` on, and the signed head that covers them last.

        All of it or nothing. Raises CorruptionError if they are not receipts that follow what is
        here, or do not lead to the head's root.
        """
        lines = [Receipt.from_bytes(entry) for entry in entries]

        async def work(connection: Transaction) -> Replayed:
            log = await locked_log(connection, tenant)
            if log.size != start:
                raise OvertakenError
            frontier = frontier_of(log)
            frontier.extend(map(hash_leaf, entries))
            if (frontier.size, frontier.root()) != (head.size, head.root):
                why = f"the entries from {start} on do not lead to its head of {head.size}"
                raise CorruptionError(what="The published log", why=why)
            handles = await _handles(connection, tenant, sorted({line.order for line in lines}))
            there = await _stamps(connection, sorted(set(handles.values())))
            kept: list[dict[str, Any]] = []
            lost: list[dict[str, Any]] = []
            for index, (line, body) in enumerate(zip(lines, entries, strict=True), start=start):
                handle = handles.get(line.order, line.order[:UNKNOWN])
                row = {
                    "tenant": tenant,
                    "order_handle": handle,
                    "seq": line.seq,
                    "log_index": index,
                    "body": body,
                }
                stamp = there.get((handle, line.commitment))
                if stamp is None:
                    lost.append({**row, "recovered_at": self._now()})
                    continue
                if receipt_of(stamp, seq=line.seq, prev=line.prev).to_bytes() != body:
                    why = f"the entry at {index} is not what the ledger's stamp says"
                    raise CorruptionError(what="The published log", why=why)
                kept.append({**row, "store": stamp.store, "stamp": stamp.number})
            if kept:
                await connection.execute(insert(receipts), kept)
                for piece in in_pieces([row["stamp"] for row in kept]):
                    await connection.execute(delete(waiting).where(waiting.c.stamp.in_(piece)))
            if lost:
                await connection.execute(insert(lost_receipts), lost)
            await connection.execute(
                update(logs)
                .where(logs.c.tenant == tenant, logs.c.size == start)
                .values(size=frontier.size, frontier=b"".join(frontier.hashes))
            )
            await connection.execute(
                insert(checkpoints).values(
                    tenant=tenant,
                    size=head.size,
                    root=head.root.hex(),
                    note=head.note,
                    committed_at=self._now(),
                )
            )
            return Replayed(found=len(kept), lost=len(lost))

        return await self._database.write(tenant, work, turn=Turn.LOG)

    async def adopt_note(self, tenant: str, head: Head) -> None:
        """A head that the backup had committed, and that was signed and published after it."""

        async def work(connection: Transaction) -> None:
            await connection.execute(
                update(checkpoints)
                .where(
                    checkpoints.c.tenant == tenant,
                    checkpoints.c.size == head.size,
                    checkpoints.c.root == head.root.hex(),
                    checkpoints.c.note.is_(None),
                )
                .values(note=head.note)
            )

        await self._database.write(tenant, work)

    async def lost(self, tenant: str) -> Lost:
        """All that was ever lost."""

        async def work(connection: Transaction) -> Lost:
            mine = lost_receipts.c.tenant == tenant
            known = and_(orders.c.handle == lost_receipts.c.order_handle, orders.c.tenant == tenant)
            asked = (
                select(
                    func.count(),
                    func.count(func.distinct(lost_receipts.c.order_handle)),
                    func.count(func.distinct(orders.c.handle)),
                )
                .select_from(lost_receipts)
                .outerjoin(orders, known)
                .where(mine)
            )
            row: Sequence[int] = (await connection.execute(asked)).one()
            return Lost(receipts=row[0], orders=row[1], unknown=row[1] - row[2])

        return await self._database.read(tenant, work)


async def _handles(
    connection: Transaction, tenant: str, commitments: Sequence[str]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for piece in in_pieces(commitments):
        asked = select(orders.c.commitment, orders.c.handle).where(
            orders.c.tenant == tenant, orders.c.commitment.in_(piece)
        )
        found |= {row.commitment: row.handle for row in await connection.execute(asked)}
    return found


async def _stamps(
    connection: Transaction, handles: Sequence[str]
) -> dict[tuple[str, str], Row[Any]]:
    """The stamps of these orders that wait, by order and commitment."""
    found: dict[tuple[str, str], Row[Any]] = {}
    for piece in in_pieces(handles):
        asked = (
            select(stamps, orders.c.commitment.label("order_commitment"))
            .join(waiting, waiting.c.stamp == stamps.c.number)
            .join(orders, orders.c.handle == stamps.c.order_handle)
            .where(stamps.c.order_handle.in_(piece))
        )
        for row in await connection.execute(asked):
            found[row.order_handle, row.commitment] = row
    return found
