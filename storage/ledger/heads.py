"""The log's heads: which receipts stand where, and what was signed over them.

The order of events makes a fork impossible: receipts, their places and the new head are committed
in one transaction; only a committed head is signed; only a signed head is published.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from evidence.errors import CorruptionError, RequestError
from evidence.items import Role
from evidence.merkle import HASH_BYTES, Frontier, hash_leaf
from evidence.receipts import NO_RECEIPT, Receipt
from storage.ledger.database import OvertakenError, Transaction
from storage.ledger.models import (
    checkpoints,
    logs,
    lost_receipts,
    orders,
    receipts,
    stamps,
    waiting,
)
from storage.ledger.part import Part, from_text, in_pieces
from storage.ledger.records import Head

BATCH = 1000


class Heads(Part):
    async def checkpoint(self, tenant: str) -> bytes | None:
        """The newest signed note, or None before the first."""
        return await self._note(
            select(checkpoints.c.note)
            .where(checkpoints.c.tenant == tenant, checkpoints.c.note.is_not(None))
            .order_by(checkpoints.c.size.desc())
        )

    async def checkpoint_at(self, tenant: str, size: int) -> bytes | None:
        """The signed note of this very size, or None."""
        return await self._note(
            select(checkpoints.c.note).where(
                checkpoints.c.tenant == tenant, checkpoints.c.size == size
            )
        )

    async def first_checkpoint_covering(self, tenant: str, log_index: int) -> bytes:
        """The oldest signed note that covers the leaf at `log_index`.

        Raises RequestError if there is none yet.
        """
        found = await self._note(
            select(checkpoints.c.note)
            .where(
                checkpoints.c.tenant == tenant,
                checkpoints.c.size > log_index,
                checkpoints.c.note.is_not(None),
            )
            .order_by(checkpoints.c.size)
        )
        if found is None:
            why = f"none covers leaf {log_index} yet"
            raise RequestError(what="A checkpoint", why=why)
        return found

    async def assign(self, tenant: str, *, limit: int = BATCH) -> int:
        """Turn up to `limit` waiting stamps into receipts; how many they were.

        Receipts and the head that covers them are committed together, or not at all.
        """

        async def work(connection: Transaction) -> int:
            log = await locked_log(connection, tenant)
            rows = await _waiting(connection, tenant, limit)
            if not rows:
                return 0
            lines = await _receipts_for(connection, rows, first_index=log.size)
            frontier = frontier_of(log)
            frontier.extend(hash_leaf(line["body"]) for line in lines)
            await connection.execute(insert(receipts), lines)
            for piece in in_pieces([row.number for row in rows]):
                await connection.execute(delete(waiting).where(waiting.c.stamp.in_(piece)))
            moved = await connection.execute(
                update(logs)
                .where(logs.c.tenant == tenant, logs.c.size == log.size)
                .values(size=frontier.size, frontier=b"".join(frontier.hashes))
            )
            if moved.rowcount != 1:
                raise OvertakenError
            await connection.execute(
                insert(checkpoints).values(
                    tenant=tenant,
                    size=frontier.size,
                    root=frontier.root().hex(),
                    committed_at=self._now(),
                )
            )
            return len(rows)

        return await self._database.write(work)

    async def sign_heads(self, tenant: str, sign: Callable[[Head], bytes]) -> None:
        """Have every committed head signed that is not. The first signature stored is kept."""
        asked = select(checkpoints).where(
            checkpoints.c.tenant == tenant, checkpoints.c.note.is_(None)
        )

        async def unsigned(connection: Transaction) -> list[Head]:
            rows = await connection.execute(asked.order_by(checkpoints.c.size))
            return [_head(row) for row in rows]

        notes = [(head.size, sign(head)) for head in await self._database.read(unsigned)]

        async def store(connection: Transaction) -> None:
            for size, note in notes:
                await connection.execute(
                    update(checkpoints)
                    .where(
                        checkpoints.c.tenant == tenant,
                        checkpoints.c.size == size,
                        checkpoints.c.note.is_(None),
                    )
                    .values(note=note)
                )

        if notes:
            await self._database.write(store)

    async def heads(self, tenant: str, *, from_size: int) -> list[Head]:
        """The signed heads of `from_size` leaves and more, smallest first."""

        async def work(connection: Transaction) -> list[Head]:
            asked = select(checkpoints).where(
                checkpoints.c.tenant == tenant,
                checkpoints.c.size >= from_size,
                checkpoints.c.note.is_not(None),
            )
            rows = await connection.execute(asked.order_by(checkpoints.c.size))
            return [_head(row) for row in rows]

        return await self._database.read(work)

    async def head_at(self, tenant: str, size: int) -> Head | None:
        """The head committed at this very size, signed or not, or None."""

        async def work(connection: Transaction) -> Head | None:
            asked = select(checkpoints).where(
                checkpoints.c.tenant == tenant, checkpoints.c.size == size
            )
            row = (await connection.execute(asked)).one_or_none()
            return None if row is None else _head(row)

        return await self._database.read(work)

    async def entries(self, tenant: str, *, start: int, stop: int) -> list[bytes]:
        """The log's leaves from `start` up to `stop`, which is not included."""

        async def work(connection: Transaction) -> list[bytes]:
            found: list[tuple[int, bytes]] = []
            for table in (receipts, lost_receipts):
                asked = select(table.c.log_index, table.c.body).where(
                    table.c.tenant == tenant,
                    table.c.log_index >= start,
                    table.c.log_index < stop,
                )
                rows = await connection.execute(asked.order_by(table.c.log_index))
                found.extend((row.log_index, row.body) for row in rows)
            return [body for _, body in sorted(found)]

        found = await self._database.read(work)
        if len(found) != stop - start:
            why = f"it has {len(found)} of the receipts {start} to {stop - 1} of the log"
            raise CorruptionError(what="The ledger", why=why)
        return found

    async def _note(self, asked: Any) -> bytes | None:
        async def work(connection: Transaction) -> bytes | None:
            return (await connection.execute(asked.limit(1))).scalar_one_or_none()

        return await self._database.read(work)


async def locked_log(connection: Transaction, tenant: str) -> Row[Any]:
    """The log's row. On PostgreSQL others wait for us here; on SQLite they did at BEGIN."""
    asked = select(logs).where(logs.c.tenant == tenant).with_for_update()
    row = (await connection.execute(asked)).one_or_none()
    if row is None:
        raise RequestError(what=f"The tenant {tenant[:63]!r}", why="there is none of this name")
    return row


async def _waiting(connection: Transaction, tenant: str, limit: int) -> Sequence[Row[Any]]:
    asked = (
        select(stamps, orders.c.commitment.label("order_commitment"))
        .join(waiting, waiting.c.stamp == stamps.c.number)
        .join(orders, orders.c.handle == stamps.c.order_handle)
        .where(waiting.c.tenant == tenant)
        .order_by(waiting.c.stamp)
        .limit(limit)
    )
    return (await connection.execute(asked)).all()


async def _receipts_for(
    connection: Transaction, rows: Sequence[Row[Any]], *, first_index: int
) -> list[dict[str, Any]]:
    ends = await _chain_ends(connection, sorted({row.order_handle for row in rows}))
    lines = []
    for index, row in enumerate(rows, start=first_index):
        seq, prev = ends.get(row.order_handle, (0, NO_RECEIPT))
        body = receipt_of(row, seq=seq, prev=prev).to_bytes()
        ends[row.order_handle] = seq + 1, hashlib.sha256(body).hexdigest()
        lines.append(
            {
                "stamp": row.number,
                "tenant": row.tenant,
                "store": row.store,
                "order_handle": row.order_handle,
                "seq": seq,
                "log_index": index,
                "body": body,
            }
        )
    return lines


async def _chain_ends(
    connection: Transaction, handles: Sequence[str]
) -> dict[str, tuple[int, str]]:
    """For each order that has receipts: the next `seq`, and the hash that goes into `prev`."""
    ends: dict[str, tuple[int, str]] = {}
    for piece in in_pieces(handles):
        last = (
            select(receipts.c.order_handle, func.max(receipts.c.seq).label("seq"))
            .where(receipts.c.order_handle.in_(piece))
            .group_by(receipts.c.order_handle)
            .subquery()
        )
        asked = select(receipts.c.order_handle, receipts.c.seq, receipts.c.body).join(
            last,
            (last.c.order_handle == receipts.c.order_handle) & (last.c.seq == receipts.c.seq),
        )
        for row in await connection.execute(asked):
            ends[row.order_handle] = row.seq + 1, hashlib.sha256(row.body).hexdigest()
        # Of a ledger that was restored: a chain goes on after what was lost of it.
        lost = select(lost_receipts).where(lost_receipts.c.order_handle.in_(piece))
        for row in await connection.execute(lost):
            if row.seq >= ends.get(row.order_handle, (0, ""))[0]:
                ends[row.order_handle] = row.seq + 1, hashlib.sha256(row.body).hexdigest()
    return ends


def receipt_of(row: Row[Any], *, seq: int, prev: str) -> Receipt:
    """The receipt of a stamp's row, which has `order_commitment` beside its own columns."""
    # Not by way of a Stamp: salt and digest are sealed, and the sequencer needs neither.
    return Receipt(
        order=row.order_commitment,
        seq=seq,
        prev=prev,
        role=Role(row.role),
        commitment=row.commitment,
        stored=row.stored,
        size=row.size,
        media_type=row.media_type,
        collector=row.collector,
        collected_at=from_text(row.collected_at),
    )


def frontier_of(log: Row[Any]) -> Frontier:
    """The tree that a log's row stands for."""
    at = range(0, len(log.frontier), HASH_BYTES)
    return Frontier(log.size, [log.frontier[i : i + HASH_BYTES] for i in at])


def _head(row: Row[Any]) -> Head:
    return Head(row.size, bytes.fromhex(row.root), row.note)
