"""Manifests and statements, handed out from memory, and noted in custody each time.

A sealed document never changes. What may have changed since it was read, that the order was erased
or sealed anew, the transaction that notes the handing out compares: so nothing older goes out than
what the ledger has at that moment, whichever process changed it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from evidence.canonical import digest
from evidence.custody import Act
from evidence.errors import NotFoundError, OutageError
from evidence.items import Role
from evidence.orders import OrderRef
from service import custody
from service.access.callers import DeniedError, Whose
from service.at_hand import AtHand
from service.custody import By
from service.runtime import Runtime
from storage.ledger.custody import StaleError
from storage.ledger.records import OrderRecord

_MOST_BYTES = 128 << 20
_TRIES = 5


@dataclass(frozen=True, slots=True)
class _Sealed:
    """`newest` is the number of the sealing it is from; `envelope` is empty if there is none."""

    runtime: Runtime = field(repr=False)
    order: OrderRecord
    newest: int
    envelope: bytes = field(repr=False)
    sha256: str

    def noted(self, act: Act, by: By) -> asyncio.Future[None]:
        """`SealedAtHand.noted`; StaleError or NotFoundError if it may not go out any more."""
        return custody.note_newest(
            self.runtime, self.order, act, by, newest=self.newest, sha256=self.sha256
        )


class SealedPort:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._held: AtHand[_Sealed] = AtHand()

    async def handed_out(
        self, whose: Whose, ref: OrderRef, role: Role, act: Act, by: By
    ) -> tuple[str, bytes] | None:
        """`Evidence.sealed`."""
        key = (whose.tenant, ref, role)
        for _ in range(_TRIES):
            held = self._held.get(key)
            found = held or await self._read(whose, ref, role)
            if found is None:
                return None
            if not whose.covers(found.order.store):
                raise DeniedError("order")
            if not found.envelope:
                return found.sha256, b""
            try:
                await found.noted(act, by)
            except (StaleError, NotFoundError) as error:
                self._held.drop(key)
                if held is None and isinstance(error, NotFoundError):
                    raise
                continue
            if held is None:
                self._held.put(key, found, size=len(found.envelope))
            return found.sha256, found.envelope
        raise OutageError(source="The ledger", why="the order is being sealed again and again")

    def at_hand(self, whose: Whose, ref: OrderRef, role: Role) -> _Sealed | None:
        """`Evidence.sealed_at_hand`."""
        held = self._held.get((whose.tenant, ref, role))
        return held if held is not None and whose.covers(held.order.store) else None

    async def _read(self, whose: Whose, ref: OrderRef, role: Role) -> _Sealed | None:
        order = await self._runtime.ledger.find_order(whose.tenant, ref)
        if order is None:
            return None
        line, newest = await self._runtime.ledger.newest_sealed(order, role) or (None, 0)
        if line is None or not whose.covers(order.store):
            return _Sealed(self._runtime, order, newest, b"", digest(b""))
        data = await asyncio.to_thread(self._runtime.stored(order, line).read, _MOST_BYTES)
        return _Sealed(self._runtime, order, newest, data, digest(data))
