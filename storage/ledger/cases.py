"""Where a case is found. What it is, its events say, which are items of its own order."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from evidence.orders import OrderRef
from storage.ledger.database import Transaction
from storage.ledger.models import case_orders, cases, collections, orders
from storage.ledger.orders import Orders
from storage.ledger.part import (
    check_open,
    from_text,
    in_pieces,
    open_json,
    seal_json,
    to_text,
)
from storage.ledger.records import OrderRecord, State
from storage.objects.stream import RowCipher

_SUMMARY = "cases.summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case as it is listed.

    order        handle of the order of its own, whose chain holds its events
    collection   what its items belong to
    version      how many events it had when this row was written; 0: its first is not kept yet
    summary      what it is about, empty once it was erased
    next_at      the next moment that somebody should look at it
    """

    number: int
    id: str
    tenant: str
    store: str
    order: str
    collection: str
    state: str
    version: int
    summary: Mapping[str, Any] = field(repr=False)
    next_at: datetime | None
    opened_at: datetime
    updated_at: datetime


class Cases(Orders):
    async def open_case(
        self,
        order: OrderRecord,
        *,
        id: str,
        about: str,
        named: Sequence[OrderRef],
        number: str,
        policy: str,
        state: str,
    ) -> tuple[CaseRow, bool]:
        """A case with the order of its own, or the open one about the same; True if it is new.

        about   what it is about, in one text: two open cases cannot be about the same
        named   the orders that it names
        number  what the platform calls it, with the platform's name; "" if it does not say
        policy  id of the policy whose deadlines its retention must outlast
        """
        lookup = self._about(order.tenant, about)
        collection = secrets.token_hex(16)
        names = dict.fromkeys(self._named(order.tenant, ref) for ref in named)
        if number:
            names[self._numbered(order.tenant, number)] = None
        whose = {"tenant": order.tenant, "store": order.store}

        async def work(connection: Transaction) -> tuple[CaseRow, bool]:
            there = await self._open_about(connection, order.tenant, lookup)
            if there is not None:
                return there, False
            await check_open(connection, order.handle)
            now = self._now()
            await connection.execute(
                insert(collections).values(
                    **whose,
                    id=collection,
                    order_handle=order.handle,
                    state=State.SEALED.value,  # nothing is collected into it by itself
                    complete=True,
                    policy=policy,
                    sources=json.dumps([]),
                    request_lookup=lookup,
                    requested_at=now,
                    updated_at=now,
                )
            )
            await connection.execute(
                insert(cases).values(
                    **whose,
                    id=id,
                    order_handle=order.handle,
                    collection=collection,
                    state=state,
                    version=0,
                    open_lookup=lookup,
                    opened_at=now,
                    updated_at=now,
                )
            )
            rows = [{"tenant": order.tenant, "case_id": id, "ref_lookup": name} for name in names]
            if rows:
                await connection.insert_many(case_orders, rows)
            made = await connection.execute(select(cases).where(cases.c.id == id))
            return self._case_of(made.one(), RowCipher(order.key)), True

        return await self._database.write(order.tenant, work)

    async def move_case(
        self,
        order: OrderRecord,
        id: str,
        *,
        state: str,
        version: int,
        summary: Mapping[str, Any],
        next_at: datetime | None,
        closed: bool,
    ) -> None:
        """Write down what its events say; an older say than what stands there changes nothing."""
        cipher = RowCipher(order.key)
        values: dict[str, Any] = {
            "state": state,
            "version": version,
            "summary_sealed": seal_json(cipher, summary, place=f"{_SUMMARY}:{id}"),
            "next_at": None if next_at is None else to_text(next_at),
        }
        if closed:
            values["open_lookup"] = None

        async def work(connection: Transaction) -> None:
            await check_open(connection, order.handle)
            await connection.execute(
                update(cases)
                .where(cases.c.id == id, cases.c.version <= version)
                .values(values | {"updated_at": self._now()})
            )
            # Its retention counts from here.
            await connection.execute(
                update(collections)
                .where(
                    collections.c.id
                    == select(cases.c.collection).where(cases.c.id == id).scalar_subquery()
                )
                .values(updated_at=self._now())
            )

        await self._database.write(order.tenant, work)

    async def case(self, tenant: str, id: str) -> CaseRow | None:
        async def work(connection: Transaction) -> CaseRow | None:
            asked = select(cases).where(cases.c.tenant == tenant, cases.c.id == id)
            row = (await connection.execute(asked)).one_or_none()
            return None if row is None else await self._case_opened(connection, row)

        return await self._database.read(tenant, work)

    async def cases(
        self,
        tenant: str,
        *,
        stores: frozenset[str] | None,
        before: int | None,
        limit: int,
        due: datetime | None = None,
    ) -> list[CaseRow]:
        """Newest first.

        before   only those with a smaller number, to go on where the last page ended
        due      only those that somebody should look at until then
        """

        async def work(connection: Transaction) -> list[CaseRow]:
            asked = select(cases).where(cases.c.tenant == tenant)
            if stores is not None:
                asked = asked.where(cases.c.store.in_(sorted(stores)))
            if before is not None:
                asked = asked.where(cases.c.number < before)
            if due is not None:
                asked = asked.where(cases.c.next_at <= to_text(due))
            rows = await connection.execute(asked.order_by(cases.c.number.desc()).limit(limit))
            return [await self._case_opened(connection, row) for row in rows.all()]

        return await self._database.read(tenant, work)

    async def cases_naming(self, tenant: str, refs: Sequence[OrderRef]) -> list[CaseRow]:
        """Those that name one of the orders, oldest first."""
        names = [self._named(tenant, ref) for ref in refs]

        async def work(connection: Transaction) -> list[CaseRow]:
            ids: set[str] = set()
            for piece in in_pieces(names):
                asked = select(case_orders.c.case_id).where(
                    case_orders.c.tenant == tenant, case_orders.c.ref_lookup.in_(piece)
                )
                ids.update((await connection.execute(asked)).scalars())
            found = []
            for id in ids:
                row = (await connection.execute(select(cases).where(cases.c.id == id))).one()
                found.append(await self._case_opened(connection, row))
            return sorted(found, key=lambda case: case.number)

        return await self._database.read(tenant, work)

    async def orders_of_store(self, tenant: str, store: str, *, limit: int) -> list[OrderRecord]:
        """The store's orders that can be opened, newest first; those of cases are none."""

        async def work(connection: Transaction) -> list[OrderRecord]:
            own = select(cases.c.order_handle).where(cases.c.tenant == tenant)
            asked = (
                select(orders)
                .where(
                    orders.c.tenant == tenant,
                    orders.c.store == store,
                    orders.c.key_wrapped.is_not(None),
                    orders.c.handle.not_in(own),
                )
                .order_by(orders.c.created_at.desc(), orders.c.handle)
                .limit(limit)
            )
            rows = (await connection.execute(asked)).all()
            found = [self._order_of(row) for row in rows]
            return [order for order in found if order is not None]

        return await self._database.read(tenant, work)

    async def open_case_about(self, tenant: str, about: str, *, number: str) -> CaseRow | None:
        """The open case about this, or the newest of this number at the platform, open or not."""
        lookup = self._about(tenant, about)

        async def work(connection: Transaction) -> CaseRow | None:
            there = await self._open_about(connection, tenant, lookup)
            if there is not None or not number:
                return there
            asked = (
                select(cases)
                .join(case_orders, case_orders.c.case_id == cases.c.id)
                .where(
                    cases.c.tenant == tenant,
                    case_orders.c.ref_lookup == self._numbered(tenant, number),
                )
                .order_by(cases.c.number.desc())
                .limit(1)
            )
            row = (await connection.execute(asked)).one_or_none()
            return None if row is None else await self._case_opened(connection, row)

        return await self._database.read(tenant, work)

    async def _open_about(
        self, connection: Transaction, tenant: str, lookup: str
    ) -> CaseRow | None:
        asked = select(cases).where(cases.c.tenant == tenant, cases.c.open_lookup == lookup)
        row = (await connection.execute(asked)).one_or_none()
        return None if row is None else await self._case_opened(connection, row)

    async def _case_opened(self, connection: Transaction, row: Row[Any]) -> CaseRow:
        return self._case_of(row, await self._cipher_of(connection, row.order_handle))

    def _case_of(self, row: Row[Any], cipher: RowCipher | None) -> CaseRow:
        summary = {}
        if cipher is not None and row.summary_sealed is not None:
            summary = open_json(cipher, row.summary_sealed, place=f"{_SUMMARY}:{row.id}")
        return CaseRow(
            number=row.number,
            id=row.id,
            tenant=row.tenant,
            store=row.store,
            order=row.order_handle,
            collection=row.collection,
            state=row.state,
            version=row.version,
            summary=summary,
            next_at=None if row.next_at is None else from_text(row.next_at),
            opened_at=from_text(row.opened_at),
            updated_at=from_text(row.updated_at),
        )

    def _about(self, tenant: str, about: str) -> str:
        return self._vault.lookup(tenant, "case", about)

    def _named(self, tenant: str, ref: OrderRef) -> str:
        return self._vault.lookup(tenant, "case-order", ref.canonical().decode())

    def _numbered(self, tenant: str, number: str) -> str:
        return self._vault.lookup(tenant, "case-number", number)
