"""Time tokens: what an authority said about a checkpoint, with the question it answered.

A token serves everything that its checkpoint covers, whoever asked for it. Of two that one
authority gave for one checkpoint, because two processes asked, the first is kept.
"""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, Select, insert, select

from storage.ledger.database import Transaction
from storage.ledger.models import tokens
from storage.ledger.part import Part, from_text, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A verified answer of an authority.

    authority    its name in the configuration
    reply        RFC 3161 TimeStampResp, DER, as it came
    query        RFC 3161 TimeStampReq, DER, as it was sent
    gen_time     the authority's clock, in whole seconds
    asked_at     our clock when the query went out
    answered_at  our clock when the reply was there
    """

    authority: str
    reply: bytes = field(repr=False)
    query: bytes = field(repr=False)
    gen_time: datetime
    asked_at: datetime
    answered_at: datetime

    @property
    def sha256(self) -> str:
        return sha256(self.reply).hexdigest()


class Tokens(Part):
    async def keep_token(self, tenant: str, size: int, token: Token) -> Token:
        """Keep a token over the tenant's checkpoint of `size`; the one that is then kept.

        That is the authority's first for this checkpoint, which need not be this one.
        """

        async def work(connection: Transaction) -> Token:
            asked = _of(tenant, size).where(tokens.c.authority == token.authority)
            there = (await connection.execute(asked)).one_or_none()
            if there is not None:
                return _token(there)
            await connection.execute(
                insert(tokens).values(
                    tenant=tenant,
                    size=size,
                    authority=token.authority,
                    reply=token.reply,
                    query=token.query,
                    gen_time=to_text(token.gen_time),
                    asked_at=to_text(token.asked_at),
                    answered_at=to_text(token.answered_at),
                )
            )
            return token

        return await self._database.write(tenant, work)

    async def tokens(self, tenant: str, size: int) -> list[Token]:
        """Those over the tenant's checkpoint of this very size, as they were kept."""
        return await self._tokens(tenant, _of(tenant, size).order_by(tokens.c.number))

    async def newest_token(self, tenant: str) -> Token | None:
        """The one that was kept last, or None."""
        asked = select(tokens).where(tokens.c.tenant == tenant)
        found = await self._tokens(tenant, asked.order_by(tokens.c.number.desc()).limit(1))
        return found[0] if found else None

    async def _tokens(self, tenant: str, asked: Select[Any]) -> list[Token]:
        async def work(connection: Transaction) -> list[Token]:
            return [_token(row) for row in await connection.execute(asked)]

        return await self._database.read(tenant, work)


def _of(tenant: str, size: int) -> Select[Any]:
    return select(tokens).where(tokens.c.tenant == tenant, tokens.c.size == size)


def _token(row: Row[Any]) -> Token:
    return Token(
        authority=row.authority,
        reply=row.reply,
        query=row.query,
        gen_time=from_text(row.gen_time),
        asked_at=from_text(row.asked_at),
        answered_at=from_text(row.answered_at),
    )
