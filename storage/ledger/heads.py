"""The log's heads: which receipts stand where, and what was signed over them.

The order of events makes a fork impossible: receipts, their places and the new head are committed
with their signature in one transaction, and only what is committed is published. A signature over
a head that was not committed goes with the transaction that made it; nobody has seen it.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, exists, func, select, update

from evidence.checkpoint import Checkpoint
from evidence.errors import CorruptionError, RequestError
from evidence.items import Role
from evidence.merkle import HASH_BYTES, Frontier, hash_leaf
from evidence.receipts import NO_RECEIPT, Receipt, receipt_line
from storage.ledger.database import Held, OvertakenError, Transaction, Turn
from storage.ledger.models import (
    checkpoints,
    logs,
    lost_receipts,
    orders,
    receipts,
    stamps,
    waiting,
)
from storage.ledger.part import Part, from_text, in_lists
from storage.ledger.records import Head

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Growth:
    """What the log gained.

    taken     how many stamps have their receipts now
    heads     signed, from the published one on, smallest first
    entries   the leaves below the last of them that the one before has not, if they are new
    """

    taken: int
    heads: list[Head]
    entries: list[bytes]


class Heads(Part):
    async def checkpoint(self, tenant: str) -> bytes | None:
        """The newest signed note, or None before the first."""
        return await self._note(
            tenant,
            select(checkpoints.c.note)
            .where(checkpoints.c.tenant == tenant, checkpoints.c.note.is_not(None))
            .order_by(checkpoints.c.size.desc()),
        )

    async def checkpoint_at(self, tenant: str, size: int) -> bytes | None:
        """The signed note of this very size, or None."""
        return await self._note(tenant, _NOTE_AT, {"tenant": tenant, "size": size})

    async def first_checkpoint_covering(self, tenant: str, log_index: int) -> bytes:
        """The oldest signed note that covers the leaf at `log_index`.

        Raises RequestError if there is none yet.
        """
        found = await self._note(
            tenant,
            select(checkpoints.c.note)
            .where(
                checkpoints.c.tenant == tenant,
                checkpoints.c.size > log_index,
                checkpoints.c.note.is_not(None),
            )
            .order_by(checkpoints.c.size),
        )
        if found is None:
            why = f"none covers leaf {log_index} yet"
            raise RequestError(what="A checkpoint", why=why)
        return found

    async def grow(
        self,
        tenant: str,
        *,
        sign: Callable[[Head], bytes],
        published: Checkpoint | None = None,
        limit: int = BATCH,
    ) -> Growth:
        """Turn up to `limit` waiting stamps into receipts, under a new signed head.

        sign        a head's note. Its answer leaves this transaction with the head or not at all
        published   the head that was published last, or None. The ledger must know it

        Receipts, head and signature are committed together, or none of them is. Heads that a crash
        left unsigned are signed too; a signature that is there is kept.
        Raises CorruptionError, and changes nothing, if the ledger is not the one whose log was
        published.
        """

        async def work(connection: Transaction) -> Growth:
            log = await locked_log(connection, tenant)
            heads = await _heads(connection, tenant, published.size if published else 0)
            if published is not None:
                _check_published(published, heads)
            for at, head in enumerate(heads):
                if head.note is None:
                    heads[at] = await _signed(connection, tenant, head, sign)
            rows = await _waiting(connection, tenant, limit)
            if not rows:
                return Growth(0, heads, [])
            lines = await _receipts_for(connection, rows, first_index=log.size)
            entries: list[bytes] = [line["body"] for line in lines]
            frontier = frontier_of(log)
            frontier.extend(map(hash_leaf, entries))
            await connection.insert_many(receipts, lines)
            await connection.execute(_DEQUEUE, {"tenant": tenant, "last": rows[-1].number})
            grown = {
                "whose": tenant,
                "before": log.size,
                "size": frontier.size,
                "frontier": b"".join(frontier.hashes),
            }
            moved = await connection.execute(_MOVE, grown)
            if moved.rowcount != 1:
                raise OvertakenError
            head = Head(frontier.size, frontier.root(), None)
            head = replace(head, note=sign(head))
            row = {"tenant": tenant, "size": head.size, "root": head.root.hex(), "note": head.note}
            await connection.insert_many(checkpoints, [{**row, "committed_at": self._now()}])
            return Growth(len(rows), [*heads, head], entries)

        return await self._database.write(tenant, work, turn=Turn.LOG)

    def sequencing(self, tenant: str) -> AbstractAsyncContextManager[Held]:
        """Nobody else sequences the tenant's log meanwhile; see `Database.holding`."""
        return self._database.holding(f"log:{tenant}")

    async def heads(self, tenant: str, *, from_size: int) -> list[Head]:
        """The signed heads of `from_size` leaves and more, smallest first."""

        async def work(connection: Transaction) -> list[Head]:
            found = await _heads(connection, tenant, from_size)
            return [head for head in found if head.note is not None]

        return await self._database.read(tenant, work)

    async def head_at(self, tenant: str, size: int) -> Head | None:
        """The head committed at this very size, signed or not, or None."""

        async def work(connection: Transaction) -> Head | None:
            asked = select(checkpoints).where(
                checkpoints.c.tenant == tenant, checkpoints.c.size == size
            )
            row = (await connection.execute(asked)).one_or_none()
            return None if row is None else _head(row)

        return await self._database.read(tenant, work)

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

        found = await self._database.read(tenant, work)
        if len(found) != stop - start:
            why = f"it has {len(found)} of the receipts {start} to {stop - 1} of the log"
            raise CorruptionError(what="The ledger", why=why)
        return found

    async def _note(self, tenant: str, asked: Any, values: Any = None) -> bytes | None:
        async def work(connection: Transaction) -> bytes | None:
            return (await connection.execute(asked.limit(1), values)).scalar_one_or_none()

        return await self._database.read(tenant, work)


# Written once: to put a statement together takes as long as to run it.
_NOTE_AT = select(checkpoints.c.note).where(
    checkpoints.c.tenant == bindparam("tenant"), checkpoints.c.size == bindparam("size")
)
_HEADS = (
    select(checkpoints)
    .where(checkpoints.c.tenant == bindparam("tenant"), checkpoints.c.size >= bindparam("size"))
    .order_by(checkpoints.c.size)
)
_LOG = select(logs).where(logs.c.tenant == bindparam("tenant"))
_LOG_LOCKED = _LOG.with_for_update()
_MOVE = (
    update(logs)
    .where(logs.c.tenant == bindparam("whose"), logs.c.size == bindparam("before"))
    .values(size=bindparam("size"), frontier=bindparam("frontier"))
)
# What a receipt says, and no more: what is sealed stays where it is. The order is asked for by each
# stamp: joined, a server that knows nothing of its tables yet began with all orders there are.
_WAITING = (
    select(
        stamps.c.number, stamps.c.tenant, stamps.c.store, stamps.c.order_handle,
        stamps.c.role, stamps.c.commitment, stamps.c.stored, stamps.c.size,
        stamps.c.media_type, stamps.c.collector, stamps.c.collected_at,
        select(orders.c.commitment)
        .where(orders.c.handle == stamps.c.order_handle)
        .scalar_subquery()
        .label("order_commitment"),
    )
    .join(waiting, waiting.c.stamp == stamps.c.number)
    .where(waiting.c.tenant == bindparam("tenant"))
    .order_by(waiting.c.stamp)
    .limit(bindparam("most"))
)  # fmt: skip
# Those that have their receipts now: others may have come below the last of them meanwhile.
_DEQUEUE = delete(waiting).where(
    waiting.c.tenant == bindparam("tenant"),
    waiting.c.stamp <= bindparam("last"),
    exists().where(receipts.c.stamp == waiting.c.stamp),
)
_LAST = (
    select(receipts.c.order_handle, func.max(receipts.c.seq).label("seq"))
    .where(receipts.c.order_handle.in_(bindparam("handles", expanding=True)))
    .group_by(receipts.c.order_handle)
    .subquery()
)
_CHAIN_ENDS = select(receipts.c.order_handle, receipts.c.seq, receipts.c.body).join(
    _LAST, (_LAST.c.order_handle == receipts.c.order_handle) & (_LAST.c.seq == receipts.c.seq)
)

_LOST = select(lost_receipts.c.order_handle, lost_receipts.c.seq, lost_receipts.c.body).where(
    lost_receipts.c.order_handle.in_(bindparam("handles", expanding=True))
)


async def _heads(connection: Transaction, tenant: str, from_size: int) -> list[Head]:
    rows = await connection.execute(_HEADS, {"tenant": tenant, "size": from_size})
    return [_head(row) for row in rows]


def _check_published(published: Checkpoint, heads: Sequence[Head]) -> None:
    what = f"The log {published.origin}"
    if not heads or heads[0].size != published.size:
        why = (
            f"the published log has {published.size} leaves, a size the ledger does not know; "
            "the ledger is an older backup, and going on from it would fork the log. Nothing "
            "was changed. Restore a newer copy of the ledger, or let `orderproof recover` read "
            "the missing receipts back from the published log"
        )
        raise CorruptionError(what=what, why=why)
    if heads[0].root != published.root:
        why = f"at size {published.size} the ledger has another root than was published"
        raise CorruptionError(what=what, why=why)


async def _signed(
    connection: Transaction, tenant: str, head: Head, sign: Callable[[Head], bytes]
) -> Head:
    signed = replace(head, note=sign(head))
    await connection.execute(
        update(checkpoints)
        .where(checkpoints.c.tenant == tenant, checkpoints.c.size == head.size)
        .values(note=signed.note)
    )
    return signed


async def locked_log(connection: Transaction, tenant: str) -> Row[Any]:
    """The log's row. On PostgreSQL others wait for us here; on SQLite they did at BEGIN."""
    return await _the_log(connection, tenant, _LOG_LOCKED)


async def log_of(connection: Transaction, tenant: str) -> Row[Any]:
    """The log's row, for who changes nothing."""
    return await _the_log(connection, tenant, _LOG)


async def _the_log(connection: Transaction, tenant: str, asked: Select[Any]) -> Row[Any]:
    row = (await connection.execute(asked, {"tenant": tenant})).one_or_none()
    if row is None:
        raise RequestError(what=f"The tenant {tenant[:63]!r}", why="there is none of this name")
    return row


async def _waiting(connection: Transaction, tenant: str, limit: int) -> Sequence[Row[Any]]:
    return (await connection.execute(_WAITING, {"tenant": tenant, "most": limit})).all()


async def _receipts_for(
    connection: Transaction, rows: Sequence[Row[Any]], *, first_index: int
) -> list[dict[str, Any]]:
    ends = await _chain_ends(connection, sorted({row.order_handle for row in rows}))
    lines = []
    for index, row in enumerate(rows, start=first_index):
        (
            number, tenant, store, handle, role, commitment, stored, size, media_type,
            collector, collected_at, order,
        ) = tuple(row)  # fmt: skip
        seq, prev = ends.get(handle, (0, NO_RECEIPT))
        body = receipt_line(
            order=order,
            seq=seq,
            prev=prev,
            role=role,
            commitment=commitment,
            stored=stored,
            size=size,
            media_type=media_type,
            collector=collector,
            collected_at=collected_at,
        )
        ends[handle] = seq + 1, hashlib.sha256(body).hexdigest()
        lines.append(
            {
                "stamp": number,
                "tenant": tenant,
                "store": store,
                "order_handle": handle,
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
    for piece in in_lists(handles):
        for row in await connection.execute(_CHAIN_ENDS, {"handles": piece}):
            ends[row.order_handle] = row.seq + 1, hashlib.sha256(row.body).hexdigest()
        # Of a ledger that was restored: a chain goes on after what was lost of it.
        for row in await connection.execute(_LOST, {"handles": piece}):
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
