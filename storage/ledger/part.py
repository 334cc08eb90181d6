"""What the parts of the ledger share: database, vault, clock, and an order's cipher."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, bindparam, func, select

from evidence.canonical import canonical
from evidence.errors import NotFoundError, RequestError
from evidence.orders import OrderRef, Platform
from evidence.times import rfc3339
from storage.ledger.database import Database, Transaction
from storage.ledger.models import collections, orders
from storage.ledger.records import OrderRecord, State
from storage.objects.stream import RowCipher
from storage.vault.vault import Vault

Value = TypeVar("Value")

_KEY = select(orders.c.tenant, orders.c.key_wrapped).where(orders.c.handle == bindparam("order"))
# Far below the most parameters a statement may have on SQLite or PostgreSQL.
_AT_ONCE = 500
_UNDER_WAY = [state.value for state in State if not state.is_final]


class Part:
    """One subject of the ledger; `Ledger` is all of them together."""

    def __init__(self, database: Database, vault: Vault, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._origins: dict[str, str] = {}  # by tenant; read once, since they never change

    def _now(self) -> str:
        return to_text(self._clock())

    def _order_key(self, tenant: str, handle: str, wrapped: bytes) -> bytes:
        return self._vault.unwrap(tenant, wrapped, context=order_context(handle))

    def _order_of(self, row: Row[Any]) -> OrderRecord | None:
        """The order of its row; None once it was erased."""
        if row.key_wrapped is None:
            return None
        key = self._order_key(row.tenant, row.handle, row.key_wrapped)
        cipher = RowCipher(key)
        ref = open_json(cipher, row.ref_sealed, place=f"orders.ref:{row.handle}")
        return OrderRecord(
            tenant=row.tenant,
            store=row.store,
            handle=row.handle,
            ref=OrderRef(Platform(ref["platform"]), ref["id"], ref["site"]),
            salt=cipher.open(row.salt_sealed, place=f"orders.salt:{row.handle}"),
            key=key,
            commitment=row.commitment,
        )

    async def _cipher_of(self, connection: Transaction, handle: str) -> RowCipher | None:
        """The cipher of an order's columns, or None once the order was erased."""
        row = (await connection.execute(_KEY, {"order": handle})).one()
        if row.key_wrapped is None:
            return None
        return RowCipher(self._order_key(row.tenant, handle, row.key_wrapped))


async def check_open(connection: Transaction, handle: str) -> None:
    """The order can still be opened. NotFoundError if it was erased in the meantime."""
    asked = select(orders.c.key_wrapped).where(orders.c.handle == handle)
    if (await connection.execute(asked)).scalar_one_or_none() is None:
        raise erased()


def erased() -> NotFoundError:
    return NotFoundError(what="The order", why="it was erased")


# Of each of the `handles` the number of the collection sealed last; an erased order is left out.
SEALINGS = select(
    orders.c.handle,
    select(func.coalesce(func.max(collections.c.number), 0))
    .where(
        collections.c.order_handle == orders.c.handle,
        collections.c.state == State.SEALED.value,
    )
    .scalar_subquery()
    .label("newest"),
).where(
    orders.c.handle.in_(bindparam("handles", expanding=True)), orders.c.key_wrapped.is_not(None)
)


def unsought(column: ColumnElement[str]) -> ColumnElement[str]:
    """The column as it is, never NULL, in a form that no index serves: rows are found by another.

    A server that has not analysed a young table yet takes the index on tenants, or on states, for
    as good as that of a unique id, and goes through all of a tenant's rows.
    """
    return func.coalesce(column, "")


async def is_under_way(connection: Transaction, handle: str) -> bool:
    """Whether a collection of the order has not ended yet."""
    asked = select(collections.c.id).where(
        collections.c.order_handle == handle, collections.c.state.in_(_UNDER_WAY)
    )
    return (await connection.execute(asked.limit(1))).first() is not None


def order_context(handle: str) -> bytes:
    """Ties a wrapped key to its order."""
    return b"order:" + handle.encode()


def to_text(at: datetime) -> str:
    """RFC 3339 with six digits; RequestError for a time without a zone, which would be a guess."""
    if at.tzinfo is None:
        raise RequestError(what="A time", why="it has no time zone")
    return rfc3339(at)


def from_text(text: str) -> datetime:
    """The inverse of `to_text`, quicker than reading any RFC 3339 time."""
    return datetime.fromisoformat(text)


def seal_json(cipher: RowCipher, value: object, *, place: str) -> bytes:
    return cipher.seal(canonical(value), place=place)


def open_json(cipher: RowCipher, sealed: bytes, *, place: str) -> Any:
    return json.loads(cipher.open(sealed, place=place))  # authenticated: it is what we wrote


def in_pieces(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """`values` in pieces that fit into one statement."""
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def in_lists(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """As `in_pieces`, for an IN; each is `padded`."""
    for piece in in_pieces(values):
        yield padded(piece)


def padded(values: Sequence[Value]) -> Sequence[Value]:
    """In a few lengths only, its last value again and again.

    Every length is another statement to the server, to be prepared on each connection.
    """
    return [*values, *[values[-1]] * ((1 << (len(values) - 1).bit_length()) - len(values))]
