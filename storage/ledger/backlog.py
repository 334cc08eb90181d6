"""What is to be done: collections under way, how many, and those that were put aside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, and_, func, or_, select, update

from evidence.errors import NotFoundError
from storage.ledger.database import Reach, Transaction
from storage.ledger.models import collections, parked, stamps, waiting
from storage.ledger.models.columns import UNDER_WAY
from storage.ledger.part import Part, from_text, to_text
from storage.ledger.records import State


class ParkedState(StrEnum):
    """`parked` until somebody decides."""

    PARKED = "parked"
    RETRIED = "retried"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A collection that is neither sealed nor failed; nothing of it was decrypted.

    number   its place among all collections
    due      by when it should be done
    """

    id: str
    tenant: str
    number: int
    due: datetime
    bulk: bool

    @property
    def place(self) -> tuple[str, str, int]:
        """Where `under_way` goes on after this one."""
        return self.tenant, to_text(self.due), self.number


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many of a tenant's are in a state, since when the oldest, and what is due first."""

    tenant: str
    state: State
    bulk: bool
    count: int
    oldest: datetime
    due: datetime


@dataclass(frozen=True, slots=True)
class Parked:
    """One that failed and that somebody has to decide about. `why` is its collection's failure."""

    collection: str
    tenant: str
    store: str
    state: ParkedState
    parked_at: datetime
    ended_at: datetime | None
    retried_as: str | None


class Backlogs(Part):
    async def under_way(
        self, *, after: tuple[str, str, int] | None = None, limit: int = 1_000
    ) -> Sequence[UnderWay]:
        """Those of every tenant, by tenant and by due; a page of them after that place."""

        async def work(connection: Transaction) -> Sequence[UnderWay]:
            c = collections.c
            asked = select(c.id, c.tenant, c.number, c.due, c.bulk).where(UNDER_WAY)
            if after is not None:
                tenant, due, number = after
                asked = asked.where(
                    or_(
                        c.tenant > tenant,
                        and_(
                            c.tenant == tenant,
                            or_(c.due > due, and_(c.due == due, c.number > number)),
                        ),
                    )
                )
            rows = await connection.execute(asked.order_by(c.tenant, c.due, c.number).limit(limit))
            return [UnderWay(r.id, r.tenant, r.number, from_text(r.due), r.bulk) for r in rows]

        return await self._database.read(Reach.WORKER, work)

    async def backlog(self) -> Sequence[Backlog]:
        """Counts of what is under way, of every tenant."""

        async def work(connection: Transaction) -> Sequence[Backlog]:
            c = collections.c
            asked = (
                select(
                    c.tenant,
                    c.state,
                    c.bulk,
                    func.count().label("many"),
                    func.min(c.requested_at).label("oldest"),
                    func.min(c.due).label("nearest"),
                )
                .where(UNDER_WAY)
                .group_by(c.tenant, c.state, c.bulk)
                .order_by(c.tenant, c.state, c.bulk)
            )
            return [
                Backlog(
                    r.tenant,
                    State(r.state),
                    bool(r.bulk),
                    int(r.many),
                    from_text(r.oldest),
                    from_text(r.nearest),
                )
                for r in await connection.execute(asked)
            ]

        return await self._database.read(Reach.WORKER, work)

    async def sequencer_lag(self) -> tuple[int, datetime | None]:
        """How many stamps of all tenants have no receipt yet, and when the oldest was collected."""

        async def work(connection: Transaction) -> tuple[int, datetime | None]:
            asked = select(func.count().label("many"), func.min(waiting.c.stamp).label("first"))
            row = (await connection.execute(asked.select_from(waiting))).one()
            if row.first is None:
                return 0, None
            since = select(stamps.c.collected_at).where(stamps.c.number == row.first)
            return int(row.many), from_text((await connection.execute(since)).scalar_one())

        return await self._database.read(Reach.WORKER, work)

    async def parked(
        self, tenant: str, *, state: ParkedState = ParkedState.PARKED, limit: int = 100
    ) -> Sequence[Parked]:
        """The tenant's, oldest first."""

        async def work(connection: Transaction) -> Sequence[Parked]:
            asked = select(parked).where(parked.c.tenant == tenant, parked.c.state == state.value)
            asked = asked.order_by(parked.c.parked_at, parked.c.collection).limit(limit)
            return [_parked_of(row) for row in await connection.execute(asked)]

        return await self._database.read(tenant, work)

    async def parked_as(self, tenant: str, collection: str) -> Parked | None:
        """What became of it, if it was ever parked."""

        async def work(connection: Transaction) -> Parked | None:
            this = and_(parked.c.tenant == tenant, parked.c.collection == collection)
            row = (await connection.execute(select(parked).where(this))).one_or_none()
            return None if row is None else _parked_of(row)

        return await self._database.read(tenant, work)

    async def parked_counts(self) -> dict[str, int]:
        """How many wait for a decision, by tenant."""

        async def work(connection: Transaction) -> dict[str, int]:
            asked = select(parked.c.tenant, func.count().label("many"))
            asked = asked.where(parked.c.state == ParkedState.PARKED.value)
            rows = await connection.execute(asked.group_by(parked.c.tenant))
            return {row.tenant: int(row.many) for row in rows}

        return await self._database.read(Reach.WORKER, work)

    async def settle(
        self, tenant: str, collection: str, state: ParkedState, *, retried_as: str | None = None
    ) -> Parked:
        """What somebody decided; the first decision stays. NotFoundError if none is parked."""

        async def work(connection: Transaction) -> Parked:
            this = and_(parked.c.tenant == tenant, parked.c.collection == collection)
            await connection.execute(
                update(parked)
                .where(this, parked.c.state == ParkedState.PARKED.value)
                .values(state=state.value, ended_at=self._now(), retried_as=retried_as)
            )
            row = (await connection.execute(select(parked).where(this))).one_or_none()
            if row is None:
                raise NotFoundError(what="The parked collection", why="none has this id")
            return _parked_of(row)

        return await self._database.write(tenant, work)


def parking(row: Row[Any], now: str) -> dict[str, object]:
    """The row that parks this collection."""
    return {
        "collection": row.id,
        "tenant": row.tenant,
        "store": row.store,
        "state": ParkedState.PARKED.value,
        "parked_at": now,
    }


def _parked_of(row: Row[Any]) -> Parked:
    return Parked(
        collection=row.collection,
        tenant=row.tenant,
        store=row.store,
        state=ParkedState(row.state),
        parked_at=from_text(row.parked_at),
        ended_at=None if row.ended_at is None else from_text(row.ended_at),
        retried_as=row.retried_as,
    )
