"""The custody log of a tenant: who had evidence in hand. A line is durable before bytes go out."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.exc import DBAPIError

from evidence.canonical import canonical, digest
from evidence.custody import NO_LINE, Act, CustodyLine, line_bytes
from evidence.errors import EvidenceError
from evidence.times import rfc3339
from storage.ledger.database import Database, OvertakenError, Transaction, Turn
from storage.ledger.models import custody, orders
from storage.ledger.noting import Noting
from storage.ledger.outbox import LISTENING, Told, listeners, tell
from storage.ledger.part import SEALINGS, Part, erased, open_json, padded, seal_json
from storage.ledger.records import OrderRecord
from storage.together import Together
from storage.vault.vault import Vault

PAGE = 10_000
_HANDING_OUT = frozenset(
    {Act.EVIDENCE, Act.ITEMS, Act.ITEM, Act.MANIFEST, Act.STATEMENT, Act.BUNDLE, Act.SHARE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyRow:
    """A line as the ledger has it. `sealed` is None once it was destroyed, with its order.

    order   the order's handle; None where no order is concerned
    """

    seq: int
    order: str | None
    body: bytes = field(repr=False)
    sealed: bytes | None = field(repr=False)
    erased: bool


class StaleError(Exception):
    """What was read is not the newest any more: it is to be read again, and nothing was noted."""


@dataclass(frozen=True, slots=True)
class _Note:
    """What waits to be written. `newest` is what `newest_sealed` said when it was read."""

    order: OrderRecord
    act: Act
    details: Mapping[str, object]
    newest: int | None


class _Put(NamedTuple):
    """A line as it is written. `head` is the hash of its body."""

    seq: int
    body: bytes
    head: str
    sealed: bytes


class Custody(Part):
    def __init__(self, database: Database, vault: Vault, clock: Callable[[], datetime]) -> None:
        super().__init__(database, vault, clock)
        # By tenant; where its chain ended when we wrote last: the next number, the last hash.
        self._noting: dict[str, Together[_Note, None]] = {}
        self._ends: dict[str, tuple[int, str]] = {}

    def note(
        self,
        order: OrderRecord,
        act: Act,
        details: Mapping[str, object],
        *,
        newest: int | None = None,
    ) -> "asyncio.Future[None]":
        """Write down that this is about to be done with the order's evidence.

        details   who, by which way, which digests; sealed under the order's key
        newest    if given, the sealing that must still be the newest (`newest_sealed`)

        The line is on stable storage once this is done. Who notes at the same time shares one
        transaction of the tenant's.
        Raises NotFoundError if the order was erased: then there is nothing to hand out. Raises
        StaleError if it was sealed anew.
        """
        tenant = order.tenant
        noting = self._noting.get(tenant)
        if noting is None:
            noting = self._noting[tenant] = Together(lambda notes: self._note_all(tenant, notes))
        return noting.ask(_Note(order, act, details, newest))

    async def _note_all(
        self, tenant: str, notes: Sequence[_Note]
    ) -> Sequence[BaseException | None]:
        if await self._at_the_end(tenant, notes):
            return [None] * len(notes)
        return await self._looking(tenant, notes)

    async def _at_the_end(self, tenant: str, notes: Sequence[_Note]) -> bool:
        """Write all of them where the chain ended when we wrote last; none if that is over."""
        end = self._ends.pop(tenant, None)
        if end is None or not self._database.notes_at_once:
            return False
        puts, at = list[_Put](), rfc3339(self._clock())
        seq, prev = end
        for note in notes:
            puts.append(put := self._put(tenant, seq, prev, at, note))
            seq, prev = seq + 1, put.head
        noting = Noting(
            tenant,
            *end,
            handles=[note.order.handle for note in notes],
            newest=[note.newest for note in notes],
            stores=[note.order.store for note in notes],
            bodies=[put.body for put in puts],
            sealed=[put.sealed for put in puts],
        )
        with suppress(EvidenceError, DBAPIError, OvertakenError):
            if await self._database.note(noting):
                self._ends[tenant] = (seq, prev)
                return True
        return False

    def _put(self, tenant: str, seq: int, prev: str, at: str, note: _Note) -> _Put:
        sealed = seal_json(note.order.cipher, dict(note.details), place=_place(tenant, seq))
        body = line_bytes(seq, prev, at, note.order.handle, note.act, digest(sealed))
        return _Put(seq, body, digest(body), sealed)

    async def _looking(self, tenant: str, notes: Sequence[_Note]) -> Sequence[BaseException | None]:
        """Look first where the chain ends, and at the order of each note."""
        handles = sorted({note.order.handle for note in notes})

        end = list[tuple[int, str]]()

        async def work(connection: Transaction) -> Sequence[BaseException | None]:
            asked = {"mine": tenant, "handles": padded(handles)}
            found, at = (await connection.execute(_BEFORE, asked)).all(), self._now()
            sealings = {row.handle: row.newest for row in found}
            seq, prev = _after(found[0]) if found else (0, NO_LINE)
            answers: list[BaseException | None] = []
            rows: list[dict[str, object]] = []
            handed_out: list[tuple[OrderRecord, Act]] = []
            for note in notes:
                order, act = note.order, note.act
                if order.handle not in sealings:
                    answers.append(erased())
                    continue
                if note.newest not in (None, sealings[order.handle]):
                    answers.append(StaleError())
                    continue
                put = self._put(tenant, seq, prev, at, note)
                rows.append(_row(tenant, order.store, order.handle, act, put))
                seq, prev = seq + 1, put.head
                answers.append(None)
                if act in _HANDING_OUT:
                    handed_out.append((order, act))
            await connection.insert_many(custody, rows)
            if handed_out and found[0].listening:
                listening = await listeners(connection, tenant)
                for order, act in handed_out:
                    told = {"order": order.handle, "act": str(act), "now": self._now()}
                    await tell(connection, order, {Told.ACCESSED}, to=listening, **told)
            if seq:
                end[:] = [(seq, prev)]
            return answers

        answers = await self._database.write(tenant, work, turn=Turn.CUSTODY)
        if end:
            self._ends[tenant] = end[0]
        return answers

    async def note_apart(self, tenant: str, act: Act, details: Mapping[str, object]) -> CustodyLine:
        """Write down what concerns no order that is known; sealed under the tenant's key.

        So nothing personal of a buyer belongs into `details`: no erasure reaches them.
        """
        said = canonical(dict(details))

        async def work(connection: Transaction) -> CustodyLine:
            seq, prev = await _end(connection, tenant)
            context = _place(tenant, seq).encode()
            sealed = self._vault.wrap(tenant, said, context=context)
            line = CustodyLine(
                seq=seq,
                prev=prev,
                at=self._clock(),
                order="",
                act=act,
                details=digest(sealed),
            )
            body = line.to_bytes()
            row = _row(tenant, "", None, act, _Put(seq, body, digest(body), sealed))
            await connection.insert_many(custody, [row])
            return line

        return await self._database.write(tenant, work, turn=Turn.CUSTODY)

    def apart_details(self, tenant: str, row: CustodyRow) -> Mapping[str, Any]:
        """What `note_apart` sealed. CorruptionError if it is not of this tenant and line."""
        context = _place(tenant, row.seq).encode()
        opened = self._vault.unwrap(tenant, row.sealed or b"", context=context)
        found: Mapping[str, Any] = json.loads(opened)
        return found

    async def denials(self, tenant: str, *, before: int | None, limit: int) -> Sequence[CustodyRow]:
        """The newest lines of custody that are denials, newest first; of erased orders too.

        before   only lines whose number is below
        """

        async def work(connection: Transaction) -> Sequence[Any]:
            asked = _joined().where(custody.c.tenant == tenant, custody.c.denial.is_(True))
            if before is not None:
                asked = asked.where(custody.c.seq < before)
            asked = asked.order_by(custody.c.seq.desc()).limit(limit)
            return (await connection.execute(asked)).all()

        return [_row_of(row) for row in await self._database.read(tenant, work)]

    async def custody_end(self, tenant: str) -> tuple[int, str]:
        """How many lines there are, and the hash of the last."""
        return await self._database.read(tenant, lambda c: _end(c, tenant))

    async def custody_page(self, tenant: str, *, start: int) -> Sequence[CustodyRow]:
        """A page of lines from `start` on; none at the end."""

        async def work(connection: Transaction) -> Sequence[Any]:
            asked = _joined().where(custody.c.tenant == tenant, custody.c.seq >= start)
            return (await connection.execute(asked.order_by(custody.c.seq).limit(PAGE))).all()

        return [_row_of(row) for row in await self._database.read(tenant, work)]

    async def handle_of(self, tenant: str, commitment: str) -> str | None:
        """What the ledger calls the order with this commitment, erased or not."""

        async def work(connection: Transaction) -> str | None:
            asked = select(orders.c.handle).where(
                orders.c.tenant == tenant, orders.c.commitment == commitment
            )
            return (await connection.execute(asked)).scalar_one_or_none()

        return await self._database.read(tenant, work)


def open_details(order: OrderRecord, row: CustodyRow) -> Mapping[str, Any]:
    """Who and what for. Raises CorruptionError if they are not of this order and line."""
    place = _place(order.tenant, row.seq)
    found: Mapping[str, Any] = open_json(order.cipher, row.sealed or b"", place=place)
    return found


def _row(tenant: str, store: str, handle: str | None, act: Act, put: _Put) -> dict[str, object]:
    return {
        "tenant": tenant,
        "store": store,
        "order_handle": handle,
        "seq": put.seq,
        "body": put.body,
        "details_sealed": put.sealed,
        "denial": act is Act.DENIAL,
    }


def _joined() -> Select[Any]:
    return select(custody, orders.c.key_wrapped.is_(None).label("shut")).outerjoin(
        orders, orders.c.handle == custody.c.order_handle
    )


def _row_of(row: Row[Any]) -> CustodyRow:
    return CustodyRow(
        seq=row.seq,
        order=row.order_handle,
        body=row.body,
        sealed=row.details_sealed,
        erased=row.order_handle is not None and bool(row.shut),
    )


async def _end(connection: Transaction, tenant: str) -> tuple[int, str]:
    last = (await connection.execute(_LAST, {"mine": tenant})).first()
    return (0, NO_LINE) if last is None else _after(last)


def _after(last: Row[Any]) -> tuple[int, str]:
    """The number and `prev` of the line after this one."""
    return (0, NO_LINE) if last.body is None else (last.seq + 1, digest(last.body))


# Asked at each note: to put a statement together takes longer than to run it.
_LAST = (
    select(custody.c.seq, custody.c.body)
    .where(custody.c.tenant == bindparam("mine"))
    .order_by(custody.c.seq.desc())
    .limit(1)
)
# All that a note depends on, in one statement: orders that are open, and the end of the chain.
_BEFORE = SEALINGS.add_columns(
    _LAST.with_only_columns(custody.c.seq).scalar_subquery().label("seq"),
    _LAST.with_only_columns(custody.c.body).scalar_subquery().label("body"),
    LISTENING,
)


def _place(tenant: str, seq: int) -> str:
    return f"custody.details:{tenant}:{seq}"
