"""How long an order's objects must stay: their locks follow its retention and its holds.

An object is locked when it is put, for GRACE longer than its retention would last from that moment:
the retention counts from the end of the order's last collection, which is later. What an earlier
collection brought is locked for longer at each seal, where its own lock would end too soon. The
ledger decides whether an order is held; its objects follow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from evidence.errors import CorruptionError
from service.retention.retention import window_of
from storage.objects.lock import Lock

if TYPE_CHECKING:
    from service.runtime import Runtime
    from storage.ledger.records import KeptItem, OrderRecord

GRACE = timedelta(days=7)


class Locking:
    """What the objects of one collection are locked with. The ledger is asked once.

    A hold that is placed meanwhile is put on all objects by `hold`, or at the seal by `secure`.
    """

    def __init__(
        self, runtime: Runtime, order: OrderRecord, collection: str, policy: str | None = None
    ) -> None:
        """policy   the collection's, if it is known: then the ledger need not say it"""
        self._runtime = runtime
        self._order = order
        self._collection = collection
        self._policy = policy
        self._known: tuple[timedelta, bool] | None = None

    async def lock(self) -> Lock:
        if self._known is None:
            policy, since = await asyncio.gather(
                self._policy_known(), self._runtime.ledger.held_since(self._order)
            )
            window = window_of(self._runtime, self._order.tenant)([policy] if policy else [])
            self._known = window + GRACE, since is not None
        window, held = self._known
        return Lock(until=self._runtime.clock() + window, held=held)

    async def _policy_known(self) -> str | None:
        if self._policy is None:
            ledger = self._runtime.ledger
            mine = await ledger.collection(self._order.tenant, self._collection)
            self._policy = mine.policy if mine else None
        return self._policy


async def secure(
    runtime: Runtime, order: OrderRecord, kept: Sequence[KeptItem], collection: str
) -> None:
    """Lock what the order has for as long as its retention lasts from now on.

    What `collection` brought was locked by the settings of now; what came earlier may have been
    locked when the retention was shorter, so its own locks are asked.
    """
    policies, since = await runtime.ledger.kept_for(order)
    window = window_of(runtime, order.tenant)
    least = runtime.clock() + window(list(policies.values()))
    fresh = window([policies[collection]] if collection in policies else []) + GRACE
    short = [
        line.stored
        for line in kept
        if line.collection != collection or line.collected_at + fresh < least
    ]

    def retain(stored: str) -> None:
        runtime.objects.retain(stored, least)

    await _each(short, retain)
    if since is not None:
        await hold(runtime, order, on=True)


async def hold(runtime: Runtime, order: OrderRecord, *, on: bool) -> None:
    """Put the order's hold on its objects, or take it off them."""

    def set_one(stored: str) -> None:
        runtime.objects.hold(stored, on=on)

    lines = await runtime.ledger.items(order)
    await _each((line.stored for line in lines), set_one)


async def _each(names: Iterable[str], act: Callable[[str], None]) -> None:
    def one(stored: str) -> None:
        try:
            act(stored)
        except CorruptionError:  # it is missing, which an audit says and a lock cannot mend
            return

    await asyncio.gather(*(asyncio.to_thread(one, name) for name in dict.fromkeys(names)))
