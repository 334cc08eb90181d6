"""What webhooks brought: durable before it is answered, acted on afterwards, each event once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, select, update

from storage.ledger.database import Reach, Transaction
from storage.ledger.models import collections, deliveries
from storage.ledger.part import Part, from_text, to_text


class DeliveryState(StrEnum):
    """waiting    to be acted on
    done       a collection was started for it, or was there; it takes the notice as an item
    counted    of a kind that starts nothing; the body was let go
    kept       of a kind nobody knows, or about no order that could be found: the body is kept
    """

    WAITING = "waiting"
    DONE = "done"
    COUNTED = "counted"
    KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event. `event` is the vendor's id of it; the same one again is the same event."""

    tenant: str
    store: str
    hook: str
    event: str = field(repr=False)
    kind: str
    body: bytes = field(repr=False)
    received_at: datetime
    keep_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDelivery:
    number: int
    tenant: str
    store: str
    hook: str
    lookup: str
    kind: str
    body: bytes = field(repr=False)
    received_at: datetime


class Deliveries(Part):
    async def receive(self, arrived: Sequence[Delivery]) -> list[bool]:
        """Keep them all, in one transaction; of each whether it is new."""
        rows = []
        for one in arrived:
            lookup = self._vault.lookup(one.tenant, f"delivery:{one.hook}", one.event)
            context = _context(one.hook, lookup)
            rows.append(
                {
                    "tenant": one.tenant,
                    "store": one.store,
                    "hook": one.hook,
                    "event_lookup": lookup,
                    "kind": one.kind,
                    "state": DeliveryState.WAITING.value,
                    "body_sealed": self._vault.wrap(one.tenant, one.body, context=context),
                    "received_at": to_text(one.received_at),
                    "keep_until": to_text(one.keep_until),
                }
            )

        async def work(connection: Transaction) -> list[bool]:
            asked = {str(row["event_lookup"]) for row in rows}
            there = select(deliveries.c.tenant, deliveries.c.hook, deliveries.c.event_lookup)
            found = await connection.execute(there.where(deliveries.c.event_lookup.in_(asked)))
            seen = {tuple(row) for row in found}
            new: list[bool] = []
            for row in rows:
                key = (row["tenant"], row["hook"], row["event_lookup"])
                new.append(key not in seen)
                seen.add(key)
            fresh = [row for row, is_new in zip(rows, new, strict=True) if is_new]
            await connection.insert_many(deliveries, fresh)
            return new

        return await self._database.write(Reach.DOOR, work)

    async def waiting_deliveries(self, *, limit: int) -> list[WaitingDelivery]:
        """Of every tenant, oldest first."""

        async def work(connection: Transaction) -> Sequence[Any]:
            asked = select(deliveries).where(deliveries.c.state == DeliveryState.WAITING.value)
            asked = asked.order_by(deliveries.c.number).limit(limit)
            return (await connection.execute(asked)).all()

        return [self._opened_delivery(row) for row in await self._database.read(Reach.WORKER, work)]

    async def attach_delivery(self, delivery: WaitingDelivery, idempotency_key: str) -> None:
        """It is for the collection with this key, which may not be there yet.

        Attached before that is started: so its walk finds the notice, however soon it begins.
        """
        key = self._vault.lookup(delivery.tenant, "idempotency", idempotency_key)

        async def work(connection: Transaction) -> None:
            mine = deliveries.c.number == delivery.number
            await connection.execute(update(deliveries).where(mine).values(collection_key=key))

        await self._database.write(delivery.tenant, work)

    async def notices_of(self, tenant: str, collection: str) -> list[WaitingDelivery]:
        """What is attached to a collection, and not yet taken; oldest first."""

        async def work(connection: Transaction) -> Sequence[Any]:
            asked = (
                select(deliveries)
                .join(collections, collections.c.idempotency_lookup == deliveries.c.collection_key)
                .where(
                    collections.c.id == collection,
                    collections.c.tenant == tenant,
                    deliveries.c.tenant == tenant,
                    deliveries.c.body_sealed.is_not(None),
                )
                .order_by(deliveries.c.number)
            )
            return (await connection.execute(asked)).all()

        return [self._opened_delivery(row) for row in await self._database.read(tenant, work)]

    async def let_go(self, number: int) -> None:
        """The body is kept elsewhere now."""

        async def work(connection: Transaction) -> None:
            mine = deliveries.c.number == number
            await connection.execute(update(deliveries).where(mine).values(body_sealed=None))

        await self._database.write(Reach.WORKER, work)

    def _opened_delivery(self, row: Any) -> WaitingDelivery:
        context = _context(row.hook, row.event_lookup)
        return WaitingDelivery(
            number=row.number,
            tenant=row.tenant,
            store=row.store,
            hook=row.hook,
            lookup=row.event_lookup,
            kind=row.kind,
            body=self._vault.unwrap(row.tenant, row.body_sealed, context=context),
            received_at=from_text(row.received_at),
        )

    async def end_delivery(self, number: int, state: DeliveryState) -> None:
        """What became of it."""
        values: dict[str, object] = {"state": state.value}
        if state is DeliveryState.COUNTED:
            values["body_sealed"] = None

        async def work(connection: Transaction) -> None:
            mine = deliveries.c.number == number
            await connection.execute(update(deliveries).where(mine).values(values))

        await self._database.write(Reach.WORKER, work)

    async def forget_deliveries(self) -> int:
        """Delete what was kept long enough; how many that were."""

        async def work(connection: Transaction) -> int:
            over = deliveries.c.keep_until < self._now()
            ended = deliveries.c.state != DeliveryState.WAITING.value
            return (await connection.execute(delete(deliveries).where(over, ended))).rowcount

        return await self._database.write(Reach.WORKER, work)

    async def delivery_counts(self, tenant: str) -> list[tuple[str, str, str, int]]:
        """Hook, kind, state, and how many."""
        what = (deliveries.c.hook, deliveries.c.kind, deliveries.c.state)

        async def work(connection: Transaction) -> Sequence[Any]:
            asked = select(*what, func.count()).where(deliveries.c.tenant == tenant)
            return (await connection.execute(asked.group_by(*what).order_by(*what))).all()

        return [
            (row[0], row[1], row[2], int(row[3])) for row in await self._database.read(tenant, work)
        ]


def _context(hook: str, lookup: str) -> bytes:
    return f"delivery:{hook}:{lookup}".encode()
