"""Collections and their tasks: how far the work has come, so that any process can go on."""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Executable, Row, bindparam, case, func, insert, select, update

from evidence.canonical import canonical
from evidence.errors import RequestError
from evidence.times import rfc3339
from storage.ledger.backlog import parking
from storage.ledger.database import Reach, Transaction
from storage.ledger.errands import Errand, Errands, Why
from storage.ledger.models import collections, orders, parked, stamps, tasks
from storage.ledger.outbox import LISTENING, Told, tell
from storage.ledger.part import check_open, from_text, open_json, seal_json, to_text, unsought
from storage.ledger.records import Collection, OrderRecord, State, Task, TaskState
from storage.objects.stream import RowCipher

# How long before a defect's `due_at` a deadline is near.
WARNED_BEFORE = timedelta(hours=24)
# By when a collection without a deadline of its own should be done.
USUALLY_DONE_IN = timedelta(days=1)
# A claim is to be answered within the hour (scenario S2-03).
URGENT_DONE_IN = timedelta(hours=1)
BULK_DONE_IN = timedelta(days=30)
_FINAL = [state for state in State if state.is_final]


class Collections(Errands):
    async def start_collection(
        self,
        order: OrderRecord,
        *,
        policy: str,
        sources: Sequence[str],
        defect: Mapping[str, object] | None = None,
        idempotency_key: str | None = None,
        bulk: bool = False,
        urgent: bool = False,
    ) -> tuple[Collection, bool]:
        """A queued collection with one waiting task a source, and True if this call made it.

        bulk     nobody waits for it: whatever else this tenant asks for goes first
        urgent   a claim came or is near: it goes before what has a day, until that is due itself

        The same key with the same request gives the collection it made before; with another
        request, RequestError.
        """
        names = list(dict.fromkeys(sources))
        end = _due_at(defect)
        new_id = secrets.token_hex(16)
        deadline = None if end is None else _deadline(end, new_id, defect or {})
        cipher = RowCipher(order.key)
        asked = {"order": order.handle, "policy": policy, "sources": names, "defect": defect}
        request = self._vault.lookup(order.tenant, "request", canonical(asked).decode())
        idempotency = None
        if idempotency_key is not None:
            idempotency = self._vault.lookup(order.tenant, "idempotency", idempotency_key)
        row = {
            "id": new_id,
            "tenant": order.tenant,
            "store": order.store,
            "order_handle": order.handle,
            "state": State.QUEUED.value,
            "policy": policy,
            "sources": json.dumps(names),
            "defect_sealed": seal_json(cipher, defect, place=f"collections.defect:{new_id}")
            if defect is not None
            else None,
            "idempotency_lookup": idempotency,
            "request_lookup": request,
            "bulk": bulk,
        }

        async def work(connection: Transaction) -> tuple[Collection, bool]:
            before = await _made_before(connection, order.tenant, idempotency, request)
            if before is not None:
                return _collection_of(before, cipher), False
            await check_open(connection, order.handle)  # else its hashes would be there again
            now = self._now()
            usual = BULK_DONE_IN if bulk else URGENT_DONE_IN if urgent else USUALLY_DONE_IN
            by = from_text(now) + usual
            due = to_text(by if end is None else min(end, by) if urgent else end)
            made = await connection.execute(
                insert(collections)
                .values(**row, requested_at=now, updated_at=now, due=due)
                .returning(collections)
            )
            collection = _collection_of(made.one(), cipher)
            for source in names:
                await connection.execute(insert(tasks).values(_task(order, new_id, source, now)))
            if deadline is not None:
                await self._plan(connection, order, deadline)
            return collection, True

        return await self._database.write(order.tenant, work)

    async def collection(self, tenant: str, id: str) -> Collection | None:
        async def work(connection: Transaction) -> Collection | None:
            asked = {"tenant": tenant, "collection": id}
            row = (await connection.execute(_COLLECTION, asked)).one_or_none()
            return None if row is None else await self._opened(connection, row)

        return await self._database.read(tenant, work)

    async def collections_of(self, order: OrderRecord) -> list[Collection]:
        """Oldest first."""

        async def work(connection: Transaction) -> list[Collection]:
            rows = await connection.execute(_COLLECTIONS_OF, {"order": order.handle})
            return [_collection_of(row, order.cipher) for row in rows]

        return await self._database.read(order.tenant, work)

    async def beside(
        self, tenant: str, collection_id: str
    ) -> tuple[OrderRecord | None, list[Collection]]:
        """The collection's order, None if it was erased, and all of its collections, oldest first.

        No collections if there is none of this id.
        """

        async def work(connection: Transaction) -> tuple[OrderRecord | None, list[Collection]]:
            asked = {"tenant": tenant, "collection": collection_id}
            rows = (await connection.execute(_BESIDE, asked)).all()
            if not rows:
                return None, []
            order = self._order_of(rows[0])
            cipher = None if order is None else order.cipher
            return order, [_collection_of(row, cipher) for row in rows]

        return await self._database.read(tenant, work)

    async def recent(
        self, tenant: str, *, stores: Iterable[str] | None, limit: int
    ) -> list[Collection]:
        """A tenant's newest collections, newest first; of these stores only, unless None."""

        async def work(connection: Transaction) -> list[Collection]:
            asked = select(collections).where(collections.c.tenant == tenant)
            if stores is not None:
                asked = asked.where(collections.c.store.in_(sorted(stores)))
            newest = asked.order_by(collections.c.number.desc()).limit(limit)
            rows = (await connection.execute(newest)).all()
            return [await self._opened(connection, row) for row in rows]

        return await self._database.read(tenant, work)

    async def unfinished(self) -> list[Collection]:
        """Those of every tenant that are neither sealed nor failed, oldest first."""

        async def work(connection: Transaction) -> list[Collection]:
            asked = select(collections).where(collections.c.state.not_in(_FINAL))
            rows = (await connection.execute(asked.order_by(collections.c.number))).all()
            return [await self._opened(connection, row) for row in rows]

        return await self._database.read(Reach.WORKER, work)

    async def advance(
        self,
        tenant: str,
        collection_id: str,
        old: State,
        new: State,
        *,
        at: datetime | None = None,
        checkpoint_size: int | None = None,
        complete: bool | None = None,
        failure: str | None = None,
        judged_against: bool = False,
        park: bool = False,
    ) -> bool:
        """Move from `old` to `new`, and set what is given; False if it was not in `old`.

        judged_against   a verdict speaks against the evidence: whoever wants to know is told
        park             it ends `failed` and waits for somebody to retry or to drop it
        """
        if old.is_final:
            raise RequestError(what=f"The step from {old} to {new}", why=f"{old} is an end")
        given: dict[str, object] = {
            "at": None if at is None else to_text(at),
            "checkpoint_size": checkpoint_size,
            "complete": complete,
        }

        async def work(connection: Transaction) -> bool:
            values = {name: value for name, value in given.items() if value is not None}
            if failure is not None:
                cipher = await self._cipher_for(connection, tenant, collection_id)
                if cipher is not None:
                    place = f"collections.failure:{collection_id}"
                    values["failure_sealed"] = cipher.seal(failure.encode(), place=place)
            asked = {"whose": tenant, "collection": collection_id, "old": old.value}
            values |= {"state": new.value, "updated_at": self._now()}
            told = {"mine": tenant} if new.is_final else {}
            moved = await connection.execute(
                _advance(tuple(values), told=new.is_final), asked | values | told
            )
            row = moved.one_or_none()
            if row is not None and new.is_final:
                events = {Told.SEALED} if new is State.SEALED else set[Told]()
                events |= {Told.FAILED} if judged_against else set()
                events |= set() if complete else {Told.MISSING}
                whom = {"order": row.order_handle, "collection": collection_id}
                if row.listening:
                    await tell(connection, row, events, now=self._now(), **whom)
                if park:
                    await connection.execute(insert(parked).values(parking(row, self._now())))
            return row is not None

        return await self._database.write(tenant, work)

    async def tasks(self, tenant: str, collection_id: str) -> list[Task]:
        """In the order they were added."""

        async def work(connection: Transaction) -> list[Task]:
            asked = {"tenant": tenant, "collection": collection_id}
            rows = (await connection.execute(_TASKS, asked)).all()
            if not rows:
                return []
            cipher = None
            if any(row.why_sealed is not None for row in rows):
                cipher = await self._cipher_for(connection, tenant, collection_id)
            return [_task_of(row, int(row.brought), cipher) for row in rows]

        return await self._database.read(tenant, work)

    async def tasks_of(self, order: OrderRecord) -> dict[str, list[Task]]:
        """Of each of the order's collections by its id, as `tasks` has them; [] where are none."""

        async def work(connection: Transaction) -> dict[str, list[Task]]:
            mine = collections.c.order_handle == order.handle
            found: dict[str, list[Task]] = {
                id: []
                for id in (await connection.execute(select(collections.c.id).where(mine))).scalars()
            }
            counted = await connection.execute(
                select(stamps.c.collection, stamps.c.source, func.count().label("brought"))
                .where(stamps.c.order_handle == order.handle)
                .group_by(stamps.c.collection, stamps.c.source)
            )
            items = {(row.collection, row.source): int(row.brought) for row in counted}
            asked = select(tasks).where(
                tasks.c.collection.in_(select(collections.c.id).where(mine))
            )
            for row in await connection.execute(asked.order_by(tasks.c.number)):
                brought = items.get((row.collection, row.source), 0)
                found[row.collection].append(_task_of(row, brought, order.cipher))
            return found

        return await self._database.read(order.tenant, work)

    async def add_task(self, tenant: str, collection_id: str, source: str) -> None:
        """One more source, waiting. Nothing changes if the collection has it already."""

        async def work(connection: Transaction) -> None:
            if await _task_row(connection, tenant, collection_id, source) is None:
                collection = await _collection_row(connection, tenant, collection_id)
                row = _task(collection, collection_id, source, self._now())
                await connection.execute(insert(tasks).values(row))

        await self._database.write(tenant, work)

    async def begin_task(self, tenant: str, collection_id: str, source: str) -> int:
        """The task runs; the number of this attempt, from 1. A task that died may begin again."""

        async def work(connection: Transaction) -> int:
            now = self._now()
            asked = {"whose": tenant, "id": collection_id, "name": source, "now": now}
            attempts = (await connection.execute(_BEGIN_TASK, asked)).scalar_one_or_none()
            if attempts is None:
                raise _no_task(source)
            return int(attempts)

        return await self._database.write(tenant, work)

    async def end_task(
        self, tenant: str, collection_id: str, source: str, *, state: TaskState | str, why: str = ""
    ) -> None:
        """The task came to this end, or is waiting again. The same end again is fine."""
        new = TaskState(state)

        async def work(connection: Transaction) -> None:
            cipher = await self._cipher_for(connection, tenant, collection_id) if why else None
            place = f"tasks.why:{collection_id}:{source}"
            now = self._now()
            ended = await connection.execute(
                _END_TASK,
                {
                    "whose": tenant,
                    "id": collection_id,
                    "name": source,
                    "new": new.value,
                    "why": cipher.seal(why.encode(), place=place) if cipher else None,
                    "now": now,
                },
            )
            if ended.rowcount != 1:
                raise _no_task(source)

        await self._database.write(tenant, work)

    async def _opened(self, connection: Transaction, row: Row[Any]) -> Collection:
        return _collection_of(row, await self._cipher_of(connection, row.order_handle))

    async def _cipher_for(
        self, connection: Transaction, tenant: str, collection: str
    ) -> RowCipher | None:
        row = await _collection_row(connection, tenant, collection)
        return await self._cipher_of(connection, row.order_handle)


def _due_at(defect: Mapping[str, object] | None) -> datetime | None:
    """The defect's deadline in UTC, if it says one with its zone."""
    said = (defect or {}).get("due_at")
    try:
        at = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    if at is None or at.tzinfo is None:
        return None
    try:  # the first and last days of a calendar have nothing before or after them
        at = at.astimezone(UTC)
        _ = at - WARNED_BEFORE
    except OverflowError:
        return None
    return at


def _deadline(end: datetime, collection: str, defect: Mapping[str, object]) -> Errand:
    rule = defect.get("due_rule", "stated")
    return Errand(
        why=Why.DEADLINE,
        key=rfc3339(end),
        at=end - WARNED_BEFORE,
        said={"due_at": rfc3339(end), "due_rule": str(rule)},
        collection=collection,
    )


@cache
def _advance(columns: tuple[str, ...], *, told: bool) -> Executable:
    """From `old`, setting these columns; gives the row as it is then.

    told   with it whether there is anybody to tell
    """
    gives = (collections, LISTENING) if told else (collections,)
    return (
        update(collections)
        .where(
            collections.c.id == bindparam("collection"),
            unsought(collections.c.tenant) == bindparam("whose"),
            unsought(collections.c.state) == bindparam("old"),
        )
        .values({name: bindparam(name) for name in columns})
        .returning(*gives)
    )


async def _collection_row(connection: Transaction, tenant: str, collection: str) -> Row[Any]:
    asked = {"tenant": tenant, "collection": collection}
    row = (await connection.execute(_COLLECTION, asked)).one_or_none()
    if row is None:
        raise RequestError(what="The collection", why="there is none of this id")
    return row


async def _task_row(
    connection: Transaction, tenant: str, collection: str, source: str
) -> Row[Any] | None:
    asked = select(tasks).where(
        tasks.c.collection == collection, tasks.c.source == source, tasks.c.tenant == tenant
    )
    return (await connection.execute(asked)).one_or_none()


def _no_task(source: str) -> RequestError:
    why = "the collection has no task for this source"
    return RequestError(what=f"The task {source[:63]!r}", why=why)


# Written once: to put a statement together takes as long as to run it.
_COLLECTION = select(collections).where(
    collections.c.id == bindparam("collection"),
    unsought(collections.c.tenant) == bindparam("tenant"),
)
_COLLECTIONS_OF = (
    select(collections)
    .where(collections.c.order_handle == bindparam("order"))
    .order_by(collections.c.number)
)
_ALIKE = collections.alias()
# Both have a tenant and a store, which are the same.
_BESIDE = (
    select(collections, *(column for column in orders.c if column.name not in collections.c))
    .join(orders, orders.c.handle == collections.c.order_handle)
    .where(
        collections.c.order_handle
        == select(_ALIKE.c.order_handle)
        .where(
            _ALIKE.c.id == bindparam("collection"),
            unsought(_ALIKE.c.tenant) == bindparam("tenant"),
        )
        .scalar_subquery()
    )
    .order_by(collections.c.number)
)
_TASKS = (
    select(
        tasks,
        select(func.count())
        .select_from(stamps)
        .where(stamps.c.collection == tasks.c.collection, stamps.c.source == tasks.c.source)
        .scalar_subquery()
        .label("brought"),
    )
    .where(tasks.c.collection == bindparam("collection"), tasks.c.tenant == bindparam("tenant"))
    .order_by(tasks.c.number)
)
_BEGIN_TASK = (
    update(tasks)
    .where(
        tasks.c.collection == bindparam("id"),
        tasks.c.source == bindparam("name"),
        tasks.c.tenant == bindparam("whose"),
    )
    .values(
        state=TaskState.RUNNING.value,
        attempts=tasks.c.attempts + 1,
        since=bindparam("now"),
        updated_at=bindparam("now"),
    )
    .returning(tasks.c.attempts)
)
_END_TASK = (
    update(tasks)
    .where(
        tasks.c.collection == bindparam("id"),
        tasks.c.source == bindparam("name"),
        tasks.c.tenant == bindparam("whose"),
    )
    .values(
        state=bindparam("new"),
        why_sealed=bindparam("why"),
        since=case((tasks.c.state == bindparam("new"), tasks.c.since), else_=bindparam("now")),
        updated_at=bindparam("now"),
    )
)


def _task(
    owner: OrderRecord | Row[Any], collection: str, source: str, now: str
) -> dict[str, object]:
    return {
        "tenant": owner.tenant,
        "store": owner.store,
        "collection": collection,
        "source": source,
        "state": TaskState.WAITING.value,
        "attempts": 0,
        "since": now,
        "updated_at": now,
    }


def _task_of(row: Row[Any], items: int, cipher: RowCipher | None) -> Task:
    why = ""
    if row.why_sealed is not None and cipher is not None:
        place = f"tasks.why:{row.collection}:{row.source}"
        why = cipher.open(row.why_sealed, place=place).decode()
    return Task(
        source=row.source,
        state=TaskState(row.state),
        attempts=row.attempts,
        items=items,
        why=why,
        since=from_text(row.since),
        updated_at=from_text(row.updated_at),
    )


async def _made_before(
    connection: Transaction, tenant: str, idempotency: str | None, request: str
) -> Row[Any] | None:
    """What the same key with the same request made; RequestError if it came with another."""
    if idempotency is None:
        return None
    asked = select(collections).where(
        collections.c.tenant == tenant, collections.c.idempotency_lookup == idempotency
    )
    found = (await connection.execute(asked)).one_or_none()
    if found is not None and found.request_lookup != request:
        why = "it was used before, for another request"
        raise RequestError(what="The idempotency key", why=why)
    return found


def _collection_of(row: Row[Any], cipher: RowCipher | None) -> Collection:
    """`cipher` is None for an erased order: what was sealed reads as absent then."""
    defect, failure = None, ""
    if cipher is not None and row.defect_sealed is not None:
        defect = open_json(cipher, row.defect_sealed, place=f"collections.defect:{row.id}")
    if cipher is not None and row.failure_sealed is not None:
        failure = cipher.open(row.failure_sealed, place=f"collections.failure:{row.id}").decode()
    return Collection(
        id=row.id,
        tenant=row.tenant,
        store=row.store,
        order=row.order_handle,
        state=State(row.state),
        complete=row.complete,
        policy=row.policy,
        sources=tuple(json.loads(row.sources)),
        defect=defect,
        requested_at=from_text(row.requested_at),
        updated_at=from_text(row.updated_at),
        at=None if row.at is None else from_text(row.at),
        checkpoint_size=row.checkpoint_size,
        failure=failure,
        due=from_text(row.due or row.requested_at),
        bulk=row.bulk,
    )
