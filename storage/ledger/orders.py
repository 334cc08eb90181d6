"""Tenants and orders: whose evidence it is, and under which keys."""

import itertools
import os
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, select

from evidence.errors import RequestError
from evidence.merkle import EMPTY_ROOT
from evidence.orders import Alias, OrderRef
from evidence.receipts import SALT_BYTES, commit_order
from storage.ledger.database import Reach, Transaction
from storage.ledger.models import aliases, checkpoints, logs, orders, tenants
from storage.ledger.part import (
    Part,
    check_open,
    open_json,
    order_context,
    seal_json,
    to_text,
)
from storage.ledger.records import OrderRecord, Tenant
from storage.objects.stream import KEY_BYTES, RowCipher


class Orders(Part):
    async def tenant(self, name: str, *, origin: str) -> Tenant:
        """The tenant of this name, made if there is none; its log is `origin`, once and for all.

        Raises RequestError if the tenant has another origin, or another tenant has this one.
        """
        self._vault.log_signer(name, origin)  # refuses a bad name before a row has it

        async def work(connection: Transaction) -> Tenant:
            # Asked at once: between two questions another process may make this very tenant.
            asked = select(tenants).where((tenants.c.tenant == name) | (tenants.c.origin == origin))
            rows = (await connection.execute(asked)).all()
            mine = next((row for row in rows if row.tenant == name), None)
            if mine is not None and mine.origin != origin:
                why = f"its log has the origin {mine.origin!r} already"
                raise RequestError(what=f"The tenant {name}", why=why)
            if mine is None and rows:
                why = "the log of another tenant has this origin"
                raise RequestError(what=f"The tenant {name}", why=why)
            if mine is None:
                now = self._now()
                await connection.execute(
                    insert(tenants).values(tenant=name, origin=origin, created_at=now)
                )
                await connection.execute(insert(logs).values(tenant=name, size=0, frontier=b""))
                await connection.execute(
                    insert(checkpoints).values(
                        tenant=name, size=0, root=EMPTY_ROOT.hex(), committed_at=now
                    )
                )
            return Tenant(name, origin)

        return await self._database.write(Reach.HOUSE, work)

    async def origin(self, tenant: str) -> str:
        """The origin of the tenant's log; it never changes. RequestError if there is no tenant."""
        if tenant in self._origins:
            return self._origins[tenant]

        async def work(connection: Transaction) -> str | None:
            asked = select(tenants.c.origin).where(tenants.c.tenant == tenant)
            return (await connection.execute(asked)).scalar_one_or_none()

        found = await self._database.read(tenant, work)
        if found is None:
            raise RequestError(what=f"The tenant {tenant[:63]!r}", why="there is none of this name")
        self._origins[tenant] = found
        return found

    async def order(
        self, tenant: str, ref: OrderRef, *, store: str = "default", is_new: bool = False
    ) -> OrderRecord:
        """The order, made with a key and a salt of its own if it is new.

        A tenant has an order once: `store` is only looked at when it is made.

        is_new   it was not there a moment ago, so it is made before it is looked for again
        """
        await self.origin(tenant)
        known = None if is_new else await self.find_order(tenant, ref)
        if known is not None:
            return known
        tries = itertools.count(1)
        return await self._database.write(
            tenant,
            # One that came meanwhile has the look-up taken, and this is run again.
            lambda c: self._order_within(c, tenant, ref, store, look=next(tries) > 1 or not is_new),
        )

    async def _order_within(
        self,
        connection: Transaction,
        tenant: str,
        ref: OrderRef,
        store: str,
        *,
        look: bool = True,
    ) -> OrderRecord:
        lookup = self._ref_lookup(tenant, ref)
        there = await self._find(connection, tenant, lookup) if look else None
        if there is not None:
            return there
        new = _new_order(tenant, ref, store)
        await connection.execute(insert(orders).values(self._sealed_order(new, lookup)))
        return new

    async def find_order(self, tenant: str, ref: OrderRef) -> OrderRecord | None:
        lookup = self._ref_lookup(tenant, ref)
        return await self._database.read(tenant, lambda c: self._find(c, tenant, lookup))

    async def order_by_handle(self, tenant: str, handle: str) -> OrderRecord | None:
        """None as well for an order that was erased, or is another tenant's."""

        async def work(connection: Transaction) -> OrderRecord | None:
            asked = {"tenant": tenant, "handle": handle}
            row = (await connection.execute(_BY_HANDLE, asked)).one_or_none()
            return self._order_of(row) if row is not None else None

        return await self._database.read(tenant, work)

    async def add_alias(self, order: OrderRecord, alias: Alias) -> None:
        """The order goes by this name as well. Twice is fine; so are two orders of one name."""
        cipher = RowCipher(order.key)
        lookup = self._alias_lookup(order.tenant, alias)
        text = {"kind": alias.kind, "value": alias.value}
        sealed = seal_json(cipher, text, place=f"aliases.alias:{order.handle}:{lookup}")

        async def work(connection: Transaction) -> None:
            asked = select(aliases.c.number).where(
                aliases.c.order_handle == order.handle, aliases.c.alias_lookup == lookup
            )
            if (await connection.execute(asked)).first() is None:
                await check_open(connection, order.handle)  # else its hash would be there again
                await connection.execute(
                    insert(aliases).values(
                        tenant=order.tenant,
                        store=order.store,
                        order_handle=order.handle,
                        alias_lookup=lookup,
                        alias_sealed=sealed,
                        added_at=self._now(),
                    )
                )

        await self._database.write(order.tenant, work)

    async def aliases(self, order: OrderRecord, *, before: datetime | None = None) -> list[Alias]:
        """In the order they were added; only those added before that time, if one is given."""

        async def work(connection: Transaction) -> list[Alias]:
            asked = _ALIASES
            if before is not None:
                asked = asked.where(aliases.c.added_at < to_text(before))
            rows = (await connection.execute(asked, {"order": order.handle})).all()
            cipher = RowCipher(order.key)
            return [_alias_of(cipher, row) for row in rows]

        return await self._database.read(order.tenant, work)

    async def orders_by_alias(self, tenant: str, alias: Alias) -> list[OrderRecord]:
        """Every order of the tenant that goes by this name, oldest first."""
        lookup = self._alias_lookup(tenant, alias)

        async def work(connection: Transaction) -> list[OrderRecord]:
            asked = (
                select(orders)
                .join(aliases, aliases.c.order_handle == orders.c.handle)
                .where(aliases.c.tenant == tenant, aliases.c.alias_lookup == lookup)
                .order_by(orders.c.created_at, orders.c.handle)
            )
            rows = (await connection.execute(asked)).all()
            return [record for row in rows if (record := self._order_of(row)) is not None]

        return await self._database.read(tenant, work)

    async def _find(self, connection: Transaction, tenant: str, lookup: str) -> OrderRecord | None:
        asked = select(orders).where(orders.c.tenant == tenant, orders.c.ref_lookup == lookup)
        row = (await connection.execute(asked)).one_or_none()
        return self._order_of(row) if row is not None else None

    def _sealed_order(self, order: OrderRecord, lookup: str) -> dict[str, object]:
        cipher = RowCipher(order.key)
        context = order_context(order.handle)
        return {
            "handle": order.handle,
            "tenant": order.tenant,
            "store": order.store,
            "ref_lookup": lookup,
            "ref_sealed": cipher.seal(order.ref.canonical(), place=f"orders.ref:{order.handle}"),
            "key_wrapped": self._vault.wrap(order.tenant, order.key, context=context),
            "salt_sealed": cipher.seal(order.salt, place=f"orders.salt:{order.handle}"),
            "commitment": order.commitment,
            "created_at": self._now(),
        }

    def _ref_lookup(self, tenant: str, ref: OrderRef) -> str:
        return self._vault.lookup(tenant, "order", ref.canonical().decode())

    def _alias_lookup(self, tenant: str, alias: Alias) -> str:
        return self._vault.lookup(tenant, f"alias:{alias.kind}", alias.value)


# Written once: to put a statement together takes as long as to run it.
_BY_HANDLE = select(orders).where(
    orders.c.tenant == bindparam("tenant"), orders.c.handle == bindparam("handle")
)
_ALIASES = (
    select(aliases).where(aliases.c.order_handle == bindparam("order")).order_by(aliases.c.number)
)


def _new_order(tenant: str, ref: OrderRef, store: str) -> OrderRecord:
    salt = os.urandom(SALT_BYTES)
    return OrderRecord(
        tenant=tenant,
        store=store,
        handle=secrets.token_hex(16),
        ref=ref,
        salt=salt,
        key=os.urandom(KEY_BYTES),
        commitment=commit_order(salt, ref),
    )


def _alias_of(cipher: RowCipher, row: Row[Any]) -> Alias:
    place = f"aliases.alias:{row.order_handle}:{row.alias_lookup}"
    value = open_json(cipher, row.alias_sealed, place=place)
    return Alias(value["kind"], value["value"])
