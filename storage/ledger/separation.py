"""What was declared of a store's independence: its domain, address, bank account and logistics.

Values are under the tenant's key; that two stores have the same one shows by a keyed hash. Nothing
that was declared is changed: a new declaration stands beside the older, and counts from then on.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select

from evidence.canonical import canonical, digest
from storage.ledger.database import Transaction
from storage.ledger.models import separations
from storage.ledger.part import Part, from_text


class Dimension(StrEnum):
    DOMAIN = "domain"
    IP = "ip"
    BANK = "bank"
    LOGISTICS = "logistics"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One dimension of one store. `document` is what shows it, as it was handed in.

    value     in its normal form, so that equal ones are equal
    source    where it is from, in words
    as_of     the day that it is true of
    """

    tenant: str
    store: str
    dimension: Dimension
    value: str = field(repr=False)
    source: str = field(repr=False)
    as_of: date
    document: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a declaration shows without its value. `shared_with`: stores with the same one now."""

    dimension: Dimension
    as_of: date
    source: str = field(repr=False)
    document: str | None
    declared_at: datetime
    shared_with: tuple[str, ...]


class Separation(Part):
    async def declare(self, made: Declaration) -> None:
        sealed = self._vault.wrap(
            made.tenant,
            canonical({"value": made.value, "source": made.source}),
            context=_context(made.store, made.dimension),
        )
        document = None
        if made.document is not None:
            context = _context(made.store, f"document:{digest(made.document)}")
            document = self._vault.wrap(made.tenant, made.document, context=context)
        row = {
            "tenant": made.tenant,
            "store": made.store,
            "dimension": made.dimension.value,
            "value_lookup": self._vault.lookup(
                made.tenant, f"separation:{made.dimension}", made.value
            ),
            "sealed": sealed,
            "as_of": str(made.as_of),
            "document": None if made.document is None else digest(made.document),
            "document_sealed": document,
        }

        async def work(connection: Transaction) -> None:
            await connection.execute(insert(separations).values(**row, declared_at=self._now()))

        await self._database.write(made.tenant, work)

    async def declared(self, tenant: str, store: str) -> list[Declared]:
        """The newest of each dimension."""
        what = (
            separations.c.number,
            separations.c.store,
            separations.c.dimension,
            separations.c.value_lookup,
            separations.c.sealed,
            separations.c.as_of,
            separations.c.document,
            separations.c.declared_at,
        )

        async def work(connection: Transaction) -> Sequence[Any]:
            asked = select(*what).where(separations.c.tenant == tenant)
            return (await connection.execute(asked.order_by(separations.c.number))).all()

        newest = {
            (row.store, row.dimension): row for row in await self._database.read(tenant, work)
        }
        found = []
        for (name, dimension), row in newest.items():
            if name != store:
                continue
            context = _context(store, dimension)
            said = json.loads(self._vault.unwrap(tenant, row.sealed, context=context))
            found.append(
                Declared(
                    dimension=Dimension(dimension),
                    as_of=date.fromisoformat(row.as_of),
                    source=said["source"],
                    document=row.document,
                    declared_at=from_text(row.declared_at),
                    shared_with=tuple(
                        sorted(
                            other
                            for (other, of), theirs in newest.items()
                            if other != store
                            and of == dimension
                            and theirs.value_lookup == row.value_lookup
                        )
                    ),
                )
            )
        return sorted(found, key=lambda each: list(Dimension).index(each.dimension))


def _context(store: str, what: str) -> bytes:
    return f"separation:{store}:{what}".encode()
