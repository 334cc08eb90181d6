"""Stores, access tokens and share links: who may ask for what, and until when.

Only the SHA-256 of a token is kept. It has 256 random bits, so no slow hash is needed; it is found
by its id, which is no secret, and its hash is compared in constant time by who asks.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Table, insert, select, update

from evidence.errors import NotFoundError, RequestError
from evidence.orders import Platform
from storage.ledger.database import Reach, Transaction
from storage.ledger.models import access_tokens, shares, stores, tenants
from storage.ledger.part import Part, check_open, from_text, to_text
from storage.ledger.records import OrderRecord, Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One account on one platform. `seller` is the platform's own id of it."""

    tenant: str
    name: str
    platform: Platform
    seller: str
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token as it is kept. `stores` and `scopes` are None where they limit nothing."""

    id: str
    tenant: str
    name: str
    role: str
    stores: frozenset[str] | None
    scopes: frozenset[str] | None
    hash: str = field(repr=False)
    made_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A link as it is kept. `order` is the order's handle; `show` and `copies` are receipts."""

    id: str
    tenant: str
    store: str
    order: str
    hash: str = field(repr=False)
    profile: str
    show: tuple[int, ...]
    copies: tuple[int, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class Access(Part):
    async def tenants(self) -> list[Tenant]:
        """By name."""

        async def work(connection: Transaction) -> list[Tenant]:
            asked = select(tenants).order_by(tenants.c.tenant)
            return [Tenant(row.tenant, row.origin) for row in await connection.execute(asked)]

        return await self._database.read(Reach.HOUSE, work)

    async def put_store(self, store: Store) -> None:
        """Make the store, or change what is known of it."""
        key = (stores.c.tenant == store.tenant) & (stores.c.store == store.name)
        values = {"platform": str(store.platform), "seller": store.seller, "site": store.site}

        async def work(connection: Transaction) -> None:
            changed = await connection.execute(update(stores).where(key).values(values))
            if changed.rowcount == 0:
                made = {"tenant": store.tenant, "store": store.name, "created_at": self._now()}
                await connection.execute(insert(stores).values({**values, **made}))

        await self._database.write(store.tenant, work)

    async def stores(self, tenant: str) -> list[Store]:
        """By name."""

        async def work(connection: Transaction) -> list[Store]:
            asked = select(stores).where(stores.c.tenant == tenant).order_by(stores.c.store)
            return [_store_of(row) for row in await connection.execute(asked)]

        return await self._database.read(tenant, work)

    async def add_access_token(self, token: AccessToken) -> None:
        """RequestError if there is no such tenant."""
        values = {
            "id": token.id,
            "tenant": token.tenant,
            "name": token.name,
            "role": token.role,
            "stores": _listed(token.stores),
            "scopes": _listed(token.scopes),
            "hash": token.hash,
            "made_by": token.made_by,
            "created_at": to_text(token.created_at),
            "expires_at": to_text(token.expires_at),
        }

        async def work(connection: Transaction) -> None:
            there = select(tenants.c.tenant).where(tenants.c.tenant == token.tenant)
            if (await connection.execute(there)).first() is None:
                raise RequestError(what="The tenant", why="there is none of this name")
            await connection.execute(insert(access_tokens).values(values))

        await self._database.write(token.tenant, work)

    async def access_token(self, id: str) -> AccessToken | None:
        """Of whichever tenant; also one that expired or was revoked."""

        async def work(connection: Transaction) -> AccessToken | None:
            asked = select(access_tokens).where(access_tokens.c.id == id)
            row = (await connection.execute(asked)).one_or_none()
            return None if row is None else _token_of(row)

        return await self._database.read(Reach.DOOR, work)

    async def access_tokens(self, tenant: str) -> list[AccessToken]:
        """Oldest first."""

        async def work(connection: Transaction) -> list[AccessToken]:
            asked = select(access_tokens).where(access_tokens.c.tenant == tenant)
            asked = asked.order_by(access_tokens.c.created_at, access_tokens.c.id)
            return [_token_of(row) for row in await connection.execute(asked)]

        return await self._database.read(tenant, work)

    async def access_token_used(self, id: str) -> None:
        """Remember that it was shown now; whoever calls sees to it that this is seldom."""
        mine = access_tokens.c.id == id

        async def work(connection: Transaction) -> None:
            now = self._now()
            await connection.execute(update(access_tokens).where(mine).values(used_at=now))

        await self._database.write(Reach.DOOR, work)

    async def revoke_access_token(self, tenant: str, id: str) -> AccessToken:
        """From now on it opens nothing. NotFoundError if the tenant has no such token."""
        mine = (access_tokens.c.tenant == tenant) & (access_tokens.c.id == id)

        async def work(connection: Transaction) -> AccessToken:
            row = await _revoked(connection, access_tokens, mine, self._now())
            if row is None:
                raise NotFoundError(what="The token", why="there is none of this id")
            return _token_of(row)

        return await self._database.write(tenant, work)

    async def add_share(
        self,
        order: OrderRecord,
        *,
        id: str,
        hash: str,
        profile: str,
        show: Sequence[int],
        copies: Sequence[int],
        expires_at: datetime,
    ) -> Share:
        """NotFoundError if the order was erased."""
        values = {
            "id": id,
            "tenant": order.tenant,
            "store": order.store,
            "order_handle": order.handle,
            "hash": hash,
            "profile": profile,
            "show": json.dumps(list(show)),
            "copies": json.dumps(list(copies)),
            "expires_at": to_text(expires_at),
        }

        async def work(connection: Transaction) -> Share:
            await check_open(connection, order.handle)
            await connection.execute(insert(shares).values(**values, created_at=self._now()))
            made = await connection.execute(select(shares).where(shares.c.id == id))
            return _share_of(made.one())

        return await self._database.write(order.tenant, work)

    async def share(self, id: str) -> Share | None:
        """Of whichever tenant; also one that expired or was revoked."""

        async def work(connection: Transaction) -> Share | None:
            asked = select(shares).where(shares.c.id == id)
            row = (await connection.execute(asked)).one_or_none()
            return None if row is None else _share_of(row)

        return await self._database.read(Reach.DOOR, work)

    async def shares_of(self, order: OrderRecord) -> list[Share]:
        """Oldest first."""

        async def work(connection: Transaction) -> list[Share]:
            asked = select(shares).where(shares.c.order_handle == order.handle)
            asked = asked.order_by(shares.c.created_at, shares.c.id)
            return [_share_of(row) for row in await connection.execute(asked)]

        return await self._database.read(order.tenant, work)

    async def revoke_share(self, order: OrderRecord, id: str) -> Share | None:
        """From now on it opens nothing. None if the order has no such link."""
        mine = (shares.c.order_handle == order.handle) & (shares.c.id == id)

        async def work(connection: Transaction) -> Share | None:
            row = await _revoked(connection, shares, mine, self._now())
            return None if row is None else _share_of(row)

        return await self._database.write(order.tenant, work)


async def _revoked(connection: Transaction, table: Table, mine: Any, now: str) -> Row[Any] | None:
    """The row, revoked; one that was before keeps its time."""
    still = table.c.revoked_at.is_(None)
    await connection.execute(update(table).where(mine, still).values(revoked_at=now))
    return (await connection.execute(select(table).where(mine))).one_or_none()


def _listed(names: Collection[str] | None) -> str | None:
    return None if names is None else json.dumps(sorted(names))


def _names(text: str | None) -> frozenset[str] | None:
    return None if text is None else frozenset(json.loads(text))


def _store_of(row: Row[Any]) -> Store:
    return Store(
        tenant=row.tenant,
        name=row.store,
        platform=Platform(row.platform),
        seller=row.seller,
        site=row.site,
    )


def _token_of(row: Row[Any]) -> AccessToken:
    return AccessToken(
        id=row.id,
        tenant=row.tenant,
        name=row.name,
        role=row.role,
        stores=_names(row.stores),
        scopes=_names(row.scopes),
        hash=row.hash,
        made_by=row.made_by,
        created_at=from_text(row.created_at),
        expires_at=from_text(row.expires_at),
        revoked_at=from_text(row.revoked_at) if row.revoked_at else None,
        used_at=from_text(row.used_at) if row.used_at else None,
    )


def _share_of(row: Row[Any]) -> Share:
    return Share(
        id=row.id,
        tenant=row.tenant,
        store=row.store,
        order=row.order_handle,
        hash=row.hash,
        profile=row.profile,
        show=tuple(json.loads(row.show)),
        copies=tuple(json.loads(row.copies)),
        created_at=from_text(row.created_at),
        expires_at=from_text(row.expires_at),
        revoked_at=from_text(row.revoked_at) if row.revoked_at else None,
    )
