"""Errands: what is to be done for an order at a time to come, and is done once.

An errand that was run stays, so that planning it again plans nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select, update

from storage.ledger.database import Reach, Transaction
from storage.ledger.models import errands
from storage.ledger.outbox import Told, tell
from storage.ledger.part import Part, check_open, from_text, to_text
from storage.ledger.records import OrderRecord


class Why(StrEnum):
    """deadline   a deadline comes near: who wants to know is told
    delivery   the parcel is under way: the proof is best fetched as soon as it is there
    proof      it has just arrived: carriers add signature and photo within a day
    history    the carrier keeps its history no longer
    fresh      what is there will be too old for the platform when the deadline comes
    case       something of a case is due: a wait is over, a promise, a window that closes
    answer     a buyer's message should have been answered by now: what came of it is kept
    """

    DEADLINE = "deadline"
    DELIVERY = "delivery"
    PROOF = "proof"
    HISTORY = "history"
    FRESH = "fresh"
    ANSWER = "answer"
    CASE = "case"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """`key` tells it from others of its kind; `said` is told or kept as it is, nothing personal.

    collection   the one that it came from, or the one that it started
    """

    why: Why
    key: str = field(repr=False)
    at: datetime
    said: Mapping[str, object] = field(default_factory=dict)
    collection: str | None = None
    number: int = 0
    tenant: str = ""
    store: str = ""
    order: str = ""


class Errands(Part):
    async def plan_errands(
        self, order: OrderRecord, planned: Sequence[Errand], *, told: Told | None = None
    ) -> list[bool]:
        """Write them down; of each whether it is new. `told` is told of each that is."""

        async def work(connection: Transaction) -> list[bool]:
            await check_open(connection, order.handle)
            new = [await self._plan(connection, order, errand) for errand in planned]
            if told is not None:
                for errand, is_new in zip(planned, new, strict=True):
                    if is_new:
                        await self._tell(connection, order, errand, told)
            return new

        return await self._database.write(order.tenant, work)

    async def _plan(self, connection: Transaction, order: OrderRecord, errand: Errand) -> bool:
        lookup = self._vault.lookup(order.tenant, f"errand:{errand.why}", errand.key)
        asked = select(errands.c.number).where(
            errands.c.order_handle == order.handle,
            errands.c.why == errand.why.value,
            errands.c.key_lookup == lookup,
        )
        if (await connection.execute(asked)).first() is not None:
            return False
        await connection.execute(
            insert(errands).values(
                tenant=order.tenant,
                store=order.store,
                order_handle=order.handle,
                why=errand.why.value,
                key_lookup=lookup,
                at=to_text(errand.at),
                state="waiting",
                said=json.dumps(dict(errand.said)),
                collection=errand.collection,
                made_at=self._now(),
            )
        )
        return True

    async def _tell(self, connection: Transaction, order: Any, errand: Errand, event: Told) -> None:
        await tell(
            connection,
            order,
            {event},
            order=errand.order or order.handle,
            now=self._now(),
            collection=errand.collection,
            details=json.dumps(dict(errand.said)) if errand.said else None,
        )

    async def claim_errands(self, *, limit: int, until: datetime) -> list[Errand]:
        """What is due, ours until then; of every tenant, the longest due first."""
        lease = to_text(until)

        async def work(connection: Transaction) -> Sequence[Any]:
            asked = select(errands).where(errands.c.state == "waiting", errands.c.at <= self._now())
            asked = asked.order_by(errands.c.at, errands.c.number).limit(limit)
            mine = []
            for row in (await connection.execute(asked)).all():
                still = (errands.c.number == row.number) & (errands.c.at == row.at)
                taken = await connection.execute(update(errands).where(still).values(at=lease))
                if taken.rowcount == 1:
                    mine.append(row)
            return mine

        return [_errand_of(row) for row in await self._database.write(Reach.WORKER, work)]

    async def errand_done(
        self, errand: Errand, *, collection: str | None = None, told: Told | None = None
    ) -> None:
        """It is run. `told` is told in the same transaction, so it is told once."""

        async def work(connection: Transaction) -> None:
            waiting = (errands.c.number == errand.number) & (errands.c.state == "waiting")
            values: dict[str, object] = {"state": "done"}
            if collection is not None:
                values["collection"] = collection
            done = await connection.execute(update(errands).where(waiting).values(values))
            if done.rowcount == 1 and told is not None:
                await self._tell(connection, errand, errand, told)

        await self._database.write(errand.tenant, work)

    async def errands_of(self, order: OrderRecord) -> list[Errand]:
        """What waits for this order, the nearest first."""

        async def work(connection: Transaction) -> Sequence[Any]:
            asked = select(errands).where(
                errands.c.order_handle == order.handle, errands.c.state == "waiting"
            )
            return (await connection.execute(asked.order_by(errands.c.at))).all()

        return [_errand_of(row) for row in await self._database.read(order.tenant, work)]

    async def agenda(
        self,
        tenant: str,
        *,
        stores: frozenset[str] | None,
        whys: frozenset[Why],
        after: int | None,
        limit: int,
    ) -> list[Errand]:
        """What waits for these stores' orders (None: all), the nearest first, from there on."""

        async def work(connection: Transaction) -> Sequence[Any]:
            asked = select(errands).where(
                errands.c.tenant == tenant,
                errands.c.state == "waiting",
                errands.c.why.in_([why.value for why in whys]),
            )
            if stores is not None:
                asked = asked.where(errands.c.store.in_(stores))
            if after is not None:
                mine = (errands.c.number == after) & (errands.c.tenant == tenant)
                at = select(errands.c.at).where(mine).scalar_subquery()
                later = (errands.c.at == at) & (errands.c.number > after)
                asked = asked.where((errands.c.at > at) | later)
            asked = asked.order_by(errands.c.at, errands.c.number).limit(limit)
            return (await connection.execute(asked)).all()

        return [_errand_of(row) for row in await self._database.read(tenant, work)]


def _errand_of(row: Any) -> Errand:
    return Errand(
        number=row.number,
        tenant=row.tenant,
        store=row.store,
        order=row.order_handle,
        why=Why(row.why),
        key="",
        at=from_text(row.at),
        said=json.loads(row.said),
        collection=row.collection,
    )
