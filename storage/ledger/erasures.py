"""Erasure of an order, and the legal hold that forbids it.

One transaction destroys everything that opens the order, and puts the record of it in line for the
log: there is no moment at which one is true without the other. Rows that receipts repeat stay as
they are; the objects stay too, as ciphertext whose key is nowhere.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from evidence.canonical import digest
from evidence.erasure import ErasureReason
from evidence.errors import HeldError
from evidence.items import Role
from evidence.receipts import Receipt, commit
from evidence.times import rfc3339
from storage.ledger.database import Reach, Transaction
from storage.ledger.models import (
    aliases,
    case_orders,
    cases,
    collections,
    custody,
    defects,
    deliveries,
    erasures,
    errands,
    holds,
    items,
    orders,
    receipts,
    stamps,
    tasks,
    waiting,
)
from storage.ledger.part import Part, check_open, from_text, in_pieces, is_under_way, to_text
from storage.ledger.records import OrderRecord, State
from storage.objects.stream import RowCipher

SOURCE = "orderproof"
COLLECTOR = "orderproof/1"
POLICY = "orderproof.erasure"
MEDIA_TYPE = "application/vnd.dsse+json"
_GONE = "0" * 64

WindowOf = Callable[[Sequence[str]], timedelta]
"""How long an order is kept that was collected under these policies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """An erasure with its record, which is the order's last item. Nothing in it is personal.

    order          the order's commitment, `handle` what the ledger calls it
    collection     id of the collection that the record belongs to
    envelope       the record as it was signed; `salt` opens its receipt's commitment
    stored, size   the record's object, and the length of the envelope
    """

    tenant: str
    store: str
    order: str
    handle: str
    collection: str
    at: datetime
    reason: ErasureReason
    envelope: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    stored: str
    size: int

    @property
    def commitment(self) -> str:
        return commit(self.salt, digest(self.envelope))


class Erasures(Part):
    async def check_erasable(self, order: OrderRecord, window_of: WindowOf) -> None:
        """Raises HeldError, saying until when or what stands against it, but no hold's reason."""
        await self._database.read(order.tenant, lambda c: self._refuse(c, order.handle, window_of))

    async def erase(
        self, order: OrderRecord, erasure: Erasure, window_of: WindowOf
    ) -> Sequence[bytes]:
        """Destroy what opens the order, and log that. The record's object is durable already.

        Returns the bytes that must be in no file any more, for `scrub` to look for.
        Raises HeldError, and changes nothing, as `check_erasable` does.
        """

        async def work(connection: Transaction) -> Sequence[bytes]:
            await self._refuse(connection, order.handle, window_of)
            hidden = await _destroy(connection, order.handle)
            await _record(connection, erasure)
            return hidden

        return await self._database.write(order.tenant, work)

    async def erase_again(self, erasure: Erasure) -> Sequence[bytes]:
        """Erase what a restored backup brought back; nothing to hide if it did not.

        Neither hold nor retention is asked: it was erased, and this only makes it so again.
        """

        async def work(connection: Transaction) -> Sequence[bytes]:
            asked = select(orders).where(
                orders.c.handle == erasure.handle,
                orders.c.tenant == erasure.tenant,
                orders.c.commitment == erasure.order,
            )
            if (await connection.execute(asked)).one_or_none() is None:
                return []
            hidden = await _destroy(connection, erasure.handle)
            await _record(connection, erasure)
            return hidden

        return await self._database.write(erasure.tenant, work)

    async def erasures(self) -> list[Erasure]:
        """Of all tenants, oldest first."""

        async def work(connection: Transaction) -> Sequence[Any]:
            asked = select(erasures, orders.c.commitment.label("order")).join(
                orders, orders.c.handle == erasures.c.order_handle
            )
            return (await connection.execute(asked.order_by(erasures.c.erased_at))).all()

        return [
            Erasure(
                tenant=row.tenant,
                store=row.store,
                order=row.order,
                handle=row.order_handle,
                collection=row.collection,
                at=from_text(row.erased_at),
                reason=ErasureReason(row.reason),
                envelope=row.envelope,
                salt=row.salt,
                stored=row.stored,
                size=row.size,
            )
            for row in await self._database.read(Reach.ERASURE, work)
        ]

    async def erasure_receipt(self, erasure: Erasure) -> tuple[int, Receipt] | None:
        """The record's receipt with its place in the log, once it is in sequence."""

        async def work(connection: Transaction) -> tuple[int, Receipt] | None:
            asked = (
                select(receipts.c.log_index, receipts.c.body)
                .join(stamps, stamps.c.number == receipts.c.stamp)
                .where(stamps.c.collection == erasure.collection)
            )
            row = (await connection.execute(asked)).one_or_none()
            return None if row is None else (row.log_index, Receipt.from_bytes(row.body))

        return await self._database.read(erasure.tenant, work)

    async def restored(self, handles: Sequence[str]) -> list[str]:
        """Those of these orders, which were erased, that this ledger can open."""

        async def work(connection: Transaction) -> list[str]:
            found: list[str] = []
            for piece in in_pieces(handles):
                asked = select(orders.c.handle).where(
                    orders.c.handle.in_(piece), orders.c.key_wrapped.is_not(None)
                )
                found.extend((await connection.execute(asked)).scalars())
            return found

        return await self._database.read(Reach.ERASURE, work)

    async def scrub(self, hidden: Sequence[bytes] | None) -> bool:
        """Nothing deleted is left in the database's files; False if others keep them busy.

        hidden   bytes to look for; None if nobody knows them any more
        """
        return await self._database.scrub(hidden)

    async def hold(self, order: OrderRecord, *, reason: str) -> datetime:
        """Forbid erasure from now on; since when. A hold that is there already is kept."""
        cipher = RowCipher(order.key)

        async def work(connection: Transaction) -> datetime:
            await check_open(connection, order.handle)
            found = await _hold_of(connection, order.handle)
            if found is not None:
                return from_text(found.placed_at)
            now = self._now()
            sealed = cipher.seal(reason.encode(), place=f"holds.reason:{order.handle}:{now}")
            await connection.execute(
                insert(holds).values(
                    tenant=order.tenant,
                    store=order.store,
                    order_handle=order.handle,
                    reason_sealed=sealed,
                    placed_at=now,
                )
            )
            return from_text(now)

        return await self._database.write(order.tenant, work)

    async def release(self, order: OrderRecord) -> None:
        """Lift the hold. Fine if there is none."""

        async def work(connection: Transaction) -> None:
            await connection.execute(
                update(holds)
                .where(holds.c.order_handle == order.handle, holds.c.lifted_at.is_(None))
                .values(lifted_at=self._now())
            )

        await self._database.write(order.tenant, work)

    async def kept_until(self, order: OrderRecord, window_of: WindowOf) -> datetime:
        """When the retention of the order's evidence ends."""
        return await self._database.read(
            order.tenant, lambda c: _kept_until(c, order.handle, window_of)
        )

    async def held_since(self, order: OrderRecord) -> datetime | None:
        """Since when a hold is on the order, or None."""

        async def work(connection: Transaction) -> datetime | None:
            row = await _hold_of(connection, order.handle)
            return None if row is None else from_text(row.placed_at)

        return await self._database.read(order.tenant, work)

    async def kept_for(self, order: OrderRecord) -> tuple[dict[str, str], datetime | None]:
        """Why it is kept: each collection's policy by its id, and since when a hold is on it."""

        async def work(connection: Transaction) -> Sequence[Row[Any]]:
            return (await connection.execute(_KEPT_FOR, {"order": order.handle})).all()

        rows = await self._database.read(order.tenant, work)
        held = next((from_text(row.held) for row in rows if row.held is not None), None)
        return {row.id: row.policy for row in rows}, held

    async def _refuse(self, connection: Transaction, handle: str, window_of: WindowOf) -> None:
        await check_open(connection, handle)
        what = "The erasure"
        if await _hold_of(connection, handle) is not None:
            why = "a legal hold is on the order; whoever placed it has to lift it first"
            raise HeldError(what=what, why=why)
        if await is_under_way(connection, handle):
            raise HeldError(what=what, why="a collection of the order is under way")
        until = await _kept_until(connection, handle, window_of)
        if self._clock() < until:
            why = f"its evidence has to be kept until {rfc3339(until)}"
            raise HeldError(what=what, why=why)


_HOLDS = select(holds).where(
    holds.c.order_handle == bindparam("order"), holds.c.lifted_at.is_(None)
)


_KEPT_FOR = (
    select(collections.c.id, collections.c.policy, func.max(holds.c.placed_at).label("held"))
    .outerjoin(
        holds,
        (holds.c.order_handle == collections.c.order_handle) & holds.c.lifted_at.is_(None),
    )
    .where(collections.c.order_handle == bindparam("order"))
    .group_by(collections.c.number)
    .order_by(collections.c.number)
)


async def _hold_of(connection: Transaction, handle: str) -> Row[Any] | None:
    """The hold that is on the order now."""
    return (await connection.execute(_HOLDS, {"order": handle})).first()


async def _kept_until(connection: Transaction, handle: str, window_of: WindowOf) -> datetime:
    """Counted from the end of its last collection, which is its seal if it came that far."""
    asked = select(collections.c.policy, collections.c.updated_at).where(
        collections.c.order_handle == handle
    )
    rows = (await connection.execute(asked)).all()
    made = select(orders.c.created_at).where(orders.c.handle == handle)
    last = max((row.updated_at for row in rows), default=None)
    if last is None:
        last = (await connection.execute(made)).scalar_one()
    return from_text(last) + window_of(sorted({row.policy for row in rows}))


async def _destroy(connection: Transaction, handle: str) -> Sequence[bytes]:
    """Key, salts, look-up hashes and everything sealed; what these bytes were."""
    mine = orders.c.handle == handle
    row = (await connection.execute(select(orders).where(mine))).one()
    hidden = [value for value in (row.key_wrapped, row.salt_sealed, row.ref_sealed) if value]
    if row.ref_lookup:
        hidden.append(row.ref_lookup.encode())
    gone = {"ref_lookup": None, "ref_sealed": None, "key_wrapped": None, "salt_sealed": None}
    await connection.execute(update(orders).where(mine).values(gone))
    named = select(aliases.c.alias_lookup).where(aliases.c.order_handle == handle)
    names = list((await connection.execute(named)).scalars())
    await connection.execute(delete(aliases).where(aliases.c.order_handle == handle))
    for piece in in_pieces(names):  # another order may go by the same name, and keeps it
        asked = select(aliases.c.alias_lookup).where(
            aliases.c.tenant == row.tenant, aliases.c.alias_lookup.in_(piece)
        )
        left = set((await connection.execute(asked)).scalars())
        hidden.extend(name.encode() for name in piece if name not in left)
    await connection.execute(
        update(tasks)
        .where(
            tasks.c.collection.in_(
                select(collections.c.id).where(collections.c.order_handle == handle)
            )
        )
        .values(why_sealed=None)
    )
    await connection.execute(delete(errands).where(errands.c.order_handle == handle))
    keys = select(collections.c.idempotency_lookup).where(collections.c.order_handle == handle)
    await connection.execute(delete(deliveries).where(deliveries.c.collection_key.in_(keys)))
    await connection.execute(
        update(collections)
        .where(collections.c.order_handle == handle)
        .values(
            defect_sealed=None,
            failure_sealed=None,
            idempotency_lookup=None,
            request_lookup=_GONE,
        )
    )
    its_cases = select(cases.c.id).where(cases.c.order_handle == handle)
    await connection.execute(delete(case_orders).where(case_orders.c.case_id.in_(its_cases)))
    for table, values in (
        (cases, {"summary_sealed": None, "open_lookup": None, "next_at": None}),
        (holds, {"reason_sealed": None}),
        (custody, {"details_sealed": None}),
        (defects, {"details_sealed": None, "collect": "no"}),
        (stamps, {"details_sealed": b""}),
    ):
        await connection.execute(update(table).where(table.c.order_handle == handle).values(values))
    # Hashes under the order's own key, which is gone: of no use, and yet no reason to keep them.
    # They have to stay apart from one another.
    for table, lookup in ((stamps, "ordinal_lookup"), (items, "content_lookup")):
        numbers = select(table.c.number).where(table.c.order_handle == handle)
        fresh = [
            {"this": number, "fresh": secrets.token_hex(32)}
            for number in (await connection.execute(numbers)).scalars()
        ]
        if fresh:
            await connection.execute(
                update(table)
                .where(table.c.number == bindparam("this"))
                .values({lookup: bindparam("fresh")}),
                fresh,
            )
    return hidden


async def _record(connection: Transaction, erasure: Erasure) -> None:
    """The erasure's own rows, unless they are there: its stamp waits for the sequencer then."""
    whose = {
        "tenant": erasure.tenant,
        "store": erasure.store,
        "order_handle": erasure.handle,
    }
    at = to_text(erasure.at)
    there = select(erasures.c.order_handle).where(erasures.c.order_handle == erasure.handle)
    if (await connection.execute(there)).first() is not None:
        return
    await connection.execute(
        insert(erasures).values(
            **whose,
            erased_at=at,
            reason=str(erasure.reason),
            collection=erasure.collection,
            envelope=erasure.envelope,
            salt=erasure.salt,
            stored=erasure.stored,
            size=erasure.size,
        )
    )
    await connection.execute(
        insert(collections).values(
            **whose,
            id=erasure.collection,
            state=State.SEALED.value,
            complete=True,
            policy=POLICY,
            sources="[]",
            request_lookup=_GONE,
            requested_at=at,
            updated_at=at,
        )
    )
    await connection.execute(
        insert(stamps).values(
            **whose,
            collection=erasure.collection,
            source=SOURCE,
            ordinal_lookup=secrets.token_hex(32),
            role=str(Role.ERASURE_RECORD),
            commitment=erasure.commitment,
            stored=erasure.stored,
            size=erasure.size,
            media_type=MEDIA_TYPE,
            collector=COLLECTOR,
            collected_at=at,
            details_sealed=b"",
        )
    )
    number = select(func.max(stamps.c.number)).where(stamps.c.collection == erasure.collection)
    stamp = (await connection.execute(number)).scalar_one()
    await connection.execute(
        insert(waiting).values(stamp=stamp, tenant=erasure.tenant, store=erasure.store)
    )
