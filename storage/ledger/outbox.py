"""The outbox: what others want to be told, written down in the transaction that made it true."""

import json
import secrets
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, bindparam, delete, exists, insert, select, update

from evidence.errors import NotFoundError
from storage.ledger.database import Reach, Transaction
from storage.ledger.models import outbox, subscriptions
from storage.ledger.part import Part, from_text, to_text


class Told(StrEnum):
    """What can be told. `custody.accessed` is of handing out, not of our own reading."""

    SEALED = "manifest.sealed"
    MISSING = "evidence.missing"
    DEADLINE = "deadline.approaching"
    FAILED = "verification.failed"
    ACCESSED = "custody.accessed"
    RATE = "defects.rate"
    RISK = "message.risk"
    ALARM = "figure.alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Who wants to be told. `disabled_why` is a sentence; empty while it is on."""

    id: str
    tenant: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    events: frozenset[str]
    stores: frozenset[str] | None
    created_at: datetime
    disabled_at: datetime | None = None
    disabled_why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event for one subscription. `id` stays the same however often it is sent.

    order     its handle; empty where the event is about none
    details   JSON that is told as it stands, or None
    """

    number: int
    id: str
    tenant: str
    store: str
    event: Told
    order: str
    collection: str | None
    act: str | None
    attempts: int
    happened_at: datetime
    details: str | None
    to: Subscription


class Outbox(Part):
    async def add_subscription(self, subscription: Subscription) -> None:
        def sealed(what: str, value: str) -> bytes:
            context = f"subscription.{what}:{subscription.id}".encode()
            return self._vault.wrap(subscription.tenant, value.encode(), context=context)

        stores = subscription.stores
        values = {
            "id": subscription.id,
            "tenant": subscription.tenant,
            "url_sealed": sealed("url", subscription.url),
            "secret_sealed": sealed("secret", subscription.secret),
            "events": json.dumps(sorted(subscription.events)),
            "stores": None if stores is None else json.dumps(sorted(stores)),
            "created_at": to_text(subscription.created_at),
        }

        async def work(connection: Transaction) -> None:
            await connection.execute(insert(subscriptions).values(values))

        await self._database.write(subscription.tenant, work)

    async def subscriptions(self, tenant: str) -> list[Subscription]:
        """Oldest first."""

        async def work(connection: Transaction) -> Sequence[Any]:
            asked = select(subscriptions).where(subscriptions.c.tenant == tenant)
            order = (subscriptions.c.created_at, subscriptions.c.id)
            return (await connection.execute(asked.order_by(*order))).all()

        return [self._subscription_of(row) for row in await self._database.read(tenant, work)]

    async def remove_subscription(self, tenant: str, id: str) -> None:
        """With all that waits for it. NotFoundError if the tenant has no such subscription."""

        async def work(connection: Transaction) -> None:
            mine = (subscriptions.c.tenant == tenant) & (subscriptions.c.id == id)
            if (await connection.execute(select(subscriptions.c.id).where(mine))).first() is None:
                raise NotFoundError(what="The subscription", why="there is none of this id")
            await connection.execute(delete(outbox).where(outbox.c.subscription == id))
            await connection.execute(delete(subscriptions).where(mine))

        await self._database.write(tenant, work)

    async def disable_subscription(self, id: str, why: str) -> None:
        """Nothing is sent to it any more, nor written down for it, until it is replayed."""

        async def work(connection: Transaction) -> None:
            mine = (subscriptions.c.id == id) & subscriptions.c.disabled_at.is_(None)
            values = {"disabled_at": self._now(), "disabled_why": why[:200]}
            await connection.execute(update(subscriptions).where(mine).values(values))

        await self._database.write(Reach.WORKER, work)

    async def replay_messages(self, tenant: str, id: str, *, since: datetime) -> int:
        """Enable it, and send again what happened since then; how many that are."""

        async def work(connection: Transaction) -> int:
            mine = (subscriptions.c.tenant == tenant) & (subscriptions.c.id == id)
            values: dict[str, object] = {"disabled_at": None, "disabled_why": None}
            enabled = await connection.execute(update(subscriptions).where(mine).values(values))
            if enabled.rowcount == 0:
                raise NotFoundError(what="The subscription", why="there is none of this id")
            now = self._now()
            again = (
                (outbox.c.subscription == id)
                & (outbox.c.happened_at >= to_text(since))
                & (outbox.c.happened_at <= now)
            )
            values = {"state": "waiting", "attempts": 0, "next_at": now}
            return (await connection.execute(update(outbox).where(again).values(values))).rowcount

        return await self._database.write(tenant, work)

    async def claim_messages(self, *, limit: int, until: datetime) -> list[Message]:
        """What is due, ours until then: another process that looks meanwhile passes it over."""
        lease = to_text(until)

        async def work(connection: Transaction) -> Sequence[Any]:
            now = self._now()
            asked = (
                select(outbox, *(c.label(f"to_{c.name}") for c in subscriptions.c))
                .join(subscriptions, subscriptions.c.id == outbox.c.subscription)
                .where(
                    outbox.c.state == "waiting",
                    outbox.c.next_at <= now,
                    subscriptions.c.disabled_at.is_(None),
                )
                .order_by(outbox.c.next_at, outbox.c.number)
                .limit(limit)
            )
            mine = []
            for row in (await connection.execute(asked)).all():
                still = (outbox.c.number == row.number) & (outbox.c.next_at == row.next_at)
                taken = await connection.execute(update(outbox).where(still).values(next_at=lease))
                if taken.rowcount == 1:
                    mine.append(row)
            return mine

        return [self._message_of(row) for row in await self._database.write(Reach.WORKER, work)]

    async def message_ended(self, number: int, state: str, *, again: datetime | None) -> None:
        """Sent, gone or failed; or waiting, to be tried again then."""
        values: dict[str, object] = {"state": state, "attempts": outbox.c.attempts + 1}
        if again is not None:
            values["next_at"] = to_text(again)

        async def work(connection: Transaction) -> None:
            mine = outbox.c.number == number
            await connection.execute(update(outbox).where(mine).values(values))

        await self._database.write(Reach.WORKER, work)

    async def forget_messages(self, *, before: datetime) -> int:
        """Delete what was sent, or given up, longer ago; how many that were."""

        async def work(connection: Transaction) -> int:
            over = (outbox.c.state != "waiting") & (outbox.c.happened_at < to_text(before))
            return (await connection.execute(delete(outbox).where(over))).rowcount

        return await self._database.write(Reach.WORKER, work)

    def _message_of(self, row: Row[Any]) -> Message:
        return Message(
            number=row.number,
            id=row.message,
            tenant=row.tenant,
            store=row.store,
            event=Told(row.event),
            order=row.order_handle,
            collection=row.collection,
            act=row.act,
            attempts=row.attempts,
            happened_at=from_text(row.happened_at),
            details=row.details,
            to=self._subscription_of(row, "to_"),
        )

    def _subscription_of(self, row: Row[Any], prefix: str = "") -> Subscription:
        def column(name: str) -> Any:
            return getattr(row, prefix + name)

        def opened(what: str) -> str:
            context = f"subscription.{what}:{column('id')}".encode()
            sealed = column(f"{what}_sealed")
            return self._vault.unwrap(column("tenant"), sealed, context=context).decode()

        stores, disabled = column("stores"), column("disabled_at")
        return Subscription(
            id=column("id"),
            tenant=column("tenant"),
            url=opened("url"),
            secret=opened("secret"),
            events=frozenset(json.loads(column("events"))),
            stores=None if stores is None else frozenset(json.loads(stores)),
            created_at=from_text(column("created_at")),
            disabled_at=from_text(disabled) if disabled else None,
            disabled_why=column("disabled_why") or "",
        )


async def listeners(connection: Transaction, tenant: str) -> Sequence[Row[Any]]:
    """The subscriptions of the tenant that are on, for `tell`."""
    return (await connection.execute(_LISTENERS, {"mine": tenant})).all()


_LISTENERS = select(subscriptions.c.id, subscriptions.c.events, subscriptions.c.stores).where(
    subscriptions.c.tenant == bindparam("mine"), subscriptions.c.disabled_at.is_(None)
)


# Whether there are any, for a statement that is run anyhow; "mine" is the tenant.
LISTENING = (
    exists()
    .where(subscriptions.c.tenant == bindparam("mine"), subscriptions.c.disabled_at.is_(None))
    .label("listening")
)


async def tell(
    connection: Transaction,
    whose: Any,
    events: Set[Told],
    *,
    order: str,
    now: str,
    collection: str | None = None,
    act: str | None = None,
    details: str | None = None,
    not_before: str | None = None,
    to: Sequence[Row[Any]] | None = None,
) -> None:
    """Write down in a transaction that these events came true; `whose` has tenant and store.

    order     a handle; "" where it is about none
    details   JSON, nothing personal in it
    to        what `listeners` gave, where it was asked already
    """
    for row in await listeners(connection, whose.tenant) if to is None else to:
        if row.stores is not None and whose.store not in json.loads(row.stores):
            continue
        for event in sorted(events & set(json.loads(row.events))):
            await connection.execute(
                insert(outbox).values(
                    tenant=whose.tenant,
                    store=whose.store,
                    message=f"msg_{secrets.token_hex(16)}",
                    subscription=row.id,
                    event=str(event),
                    order_handle=order,
                    collection=collection,
                    act=act,
                    details=details,
                    state="waiting",
                    attempts=0,
                    happened_at=not_before or now,
                    next_at=not_before or now,
                )
            )
