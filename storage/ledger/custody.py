"""The custody log of a tenant: who had evidence in hand. A line is durable before bytes go out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select

from evidence.canonical import digest
from evidence.custody import NO_LINE, Act, CustodyLine
from storage.ledger.database import Transaction
from storage.ledger.models import custody, orders, tenants
from storage.ledger.part import Part, check_open, from_text, open_json, seal_json
from storage.ledger.records import OrderRecord
from storage.objects.stream import RowCipher

PAGE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyRow:
    """A line as the ledger has it. `sealed` is None once it was destroyed, with its order."""

    seq: int
    order: str
    body: bytes = field(repr=False)
    sealed: bytes | None = field(repr=False)
    erased: bool


class Custody(Part):
    async def note(
        self, order: OrderRecord, act: Act, details: Mapping[str, object]
    ) -> CustodyLine:
        """Write down that this is about to be done with the order's evidence.

        details   who, by which way, which digests; sealed under the order's key
        Raises NotFoundError if the order was erased: then there is nothing to hand out.
        """
        cipher = RowCipher(order.key)

        async def work(connection: Transaction) -> CustodyLine:
            # On PostgreSQL others wait here; on SQLite they did at BEGIN.
            mine = select(tenants.c.tenant).where(tenants.c.tenant == order.tenant)
            await connection.execute(mine.with_for_update())
            await check_open(connection, order.handle)
            seq, prev = await _end(connection, order.tenant)
            sealed = seal_json(cipher, dict(details), place=_place(order.tenant, seq))
            line = CustodyLine(
                seq=seq,
                prev=prev,
                at=from_text(self._now()),
                order=order.handle,
                act=act,
                details=digest(sealed),
            )
            await connection.execute(
                insert(custody).values(
                    tenant=order.tenant,
                    store=order.store,
                    order_handle=order.handle,
                    seq=seq,
                    body=line.to_bytes(),
                    details_sealed=sealed,
                )
            )
            return line

        return await self._database.write(work)

    async def custody_end(self, tenant: str) -> tuple[int, str]:
        """How many lines there are, and the hash of the last."""
        return await self._database.read(lambda c: _end(c, tenant))

    async def custody_page(self, tenant: str, *, start: int) -> Sequence[CustodyRow]:
        """A page of lines from `start` on; none at the end."""

        async def work(connection: Transaction) -> Sequence[Any]:
            asked = (
                select(custody, orders.c.key_wrapped.is_(None).label("erased"))
                .outerjoin(orders, orders.c.handle == custody.c.order_handle)
                .where(custody.c.tenant == tenant, custody.c.seq >= start)
                .order_by(custody.c.seq)
                .limit(PAGE)
            )
            return (await connection.execute(asked)).all()

        return [
            CustodyRow(
                seq=row.seq,
                order=row.order_handle,
                body=row.body,
                sealed=row.details_sealed,
                erased=bool(row.erased),
            )
            for row in await self._database.read(work)
        ]

    async def handle_of(self, tenant: str, commitment: str) -> str | None:
        """What the ledger calls the order with this commitment, erased or not."""

        async def work(connection: Transaction) -> str | None:
            asked = select(orders.c.handle).where(
                orders.c.tenant == tenant, orders.c.commitment == commitment
            )
            return (await connection.execute(asked)).scalar_one_or_none()

        return await self._database.read(work)


def open_details(order: OrderRecord, row: CustodyRow) -> Mapping[str, Any]:
    """Who and what for. Raises CorruptionError if they are not of this order and line."""
    found: Mapping[str, Any] = open_json(
        RowCipher(order.key), row.sealed or b"", place=_place(order.tenant, row.seq)
    )
    return found


async def _end(connection: Transaction, tenant: str) -> tuple[int, str]:
    asked = select(custody.c.seq, custody.c.body).where(custody.c.tenant == tenant)
    last = (await connection.execute(asked.order_by(custody.c.seq.desc()).limit(1))).first()
    return (0, NO_LINE) if last is None else (last.seq + 1, digest(last.body))


def _place(tenant: str, seq: int) -> str:
    return f"custody.details:{tenant}:{seq}"
