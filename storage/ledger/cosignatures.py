"""Cosignatures: what witnesses said of the log's heads, verified before it was kept.

The notes of the heads stay as the log signed them; a cosigned head is made of both when it is
asked for. Of several that one witness gave for one head the first is kept: it shows the earliest
time.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select

from evidence.notes import NoteSignature, NoteVerifier, parse_signatures
from storage.ledger.database import Transaction
from storage.ledger.models import checkpoints, cosignatures
from storage.ledger.part import Part, from_text, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """One witness's signature over the head of `size`; `at` is the witness's clock."""

    size: int
    witness: str
    signature: NoteSignature
    at: datetime


class Cosignatures(Part):
    async def keep_cosignature(
        self, tenant: str, size: int, key: NoteVerifier, signature: NoteSignature, at: datetime
    ) -> None:
        """Keep one that `key` made over the tenant's head of `size`; nothing if it did before."""

        async def work(connection: Transaction) -> None:
            asked = select(cosignatures.c.size).where(
                cosignatures.c.tenant == tenant,
                cosignatures.c.size == size,
                cosignatures.c.witness_key == key.key.hex(),
            )
            if (await connection.execute(asked)).one_or_none() is None:
                await connection.execute(
                    insert(cosignatures).values(
                        tenant=tenant,
                        size=size,
                        witness_key=key.key.hex(),
                        witness=key.name,
                        line=signature.line.encode(),
                        cosigned_at=to_text(at),
                        received_at=self._now(),
                    )
                )

        await self._database.write(tenant, work)

    async def cosignatures(self, tenant: str, size: int) -> list[Cosignature]:
        """Those over the tenant's head of this very size, by the name of the witness."""

        async def work(connection: Transaction) -> list[Cosignature]:
            asked = select(cosignatures).where(
                cosignatures.c.tenant == tenant, cosignatures.c.size == size
            )
            rows = await connection.execute(
                asked.order_by(cosignatures.c.witness, cosignatures.c.witness_key)
            )
            return [_cosignature(row) for row in rows]

        return await self._database.read(tenant, work)

    async def last_cosigned(self, tenant: str, key: NoteVerifier) -> int:
        """Size of the largest head that this witness cosigned, as far as we know; 0 for none."""

        async def work(connection: Transaction) -> int:
            asked = select(func.max(cosignatures.c.size)).where(
                cosignatures.c.tenant == tenant, cosignatures.c.witness_key == key.key.hex()
            )
            return int((await connection.execute(asked)).scalar_one() or 0)

        return await self._database.read(tenant, work)

    async def first_cosigned_covering(self, tenant: str, log_index: int) -> int | None:
        """Size of the oldest signed head with the most cosignatures that covers this leaf.

        None if no head that covers it was cosigned.
        """

        async def work(connection: Transaction) -> int | None:
            asked = (
                select(cosignatures.c.size, func.count().label("many"))
                .join(
                    checkpoints,
                    (checkpoints.c.tenant == cosignatures.c.tenant)
                    & (checkpoints.c.size == cosignatures.c.size),
                )
                .where(
                    cosignatures.c.tenant == tenant,
                    cosignatures.c.size > log_index,
                    checkpoints.c.note.is_not(None),
                )
                .group_by(cosignatures.c.size)
                .order_by(func.count().desc(), cosignatures.c.size)
                .limit(1)
            )
            row = (await connection.execute(asked)).one_or_none()
            return None if row is None else int(row.size)

        return await self._database.read(tenant, work)


def _cosignature(row: Row[Any]) -> Cosignature:
    (signature,) = parse_signatures(row.line)
    return Cosignature(
        size=row.size,
        witness=row.witness,
        signature=signature,
        at=from_text(row.cosigned_at),
    )
