"""What was read lately, held in memory for a short while, so that it need not be read again.

Only what never changes under its name is held here, or what is compared with the ledger each time
before it is handed out. An erased order is in no answer from that moment on, and a minute later not
in the memory of any process.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

HELD_S = 60.0
MOST_BYTES = 32 << 20
# Beside its bytes, for what holds it.
_EACH = 1_000


class AtHand(Generic[Value]):
    """Values by key, the oldest first to go. For one event loop."""

    def __init__(
        self,
        *,
        most_bytes: int = MOST_BYTES,
        held_s: float = HELD_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most_bytes
        self._held_s = held_s
        self.now = clock
        self._held: OrderedDict[Hashable, tuple[Value, int, float]] = OrderedDict()
        self.size = 0
        self._dropped = -math.inf
        self._sweeping: asyncio.TimerHandle | None = None

    def get(self, key: Hashable) -> Value | None:
        found = self._held.get(key)
        return found[0] if found is not None and self.now() < found[2] else None

    def put(
        self, key: Hashable, value: Value, *, size: int = 0, since: float | None = None
    ) -> None:
        """Hold it, if it is not too large by itself.

        since   when it began to be read, by `now`; its time counts from there, and what was
                begun before the last `drop` is not held
        """
        self._remove(key)
        size += _EACH
        if size > self._most // 4 or (since is not None and since <= self._dropped):
            return
        until = (self.now() if since is None else since) + self._held_s
        self._held[key] = (value, size, until)
        self.size += size
        while self.size > self._most:
            self._remove(next(iter(self._held)))
        if self._sweeping is None:
            loop = asyncio.get_running_loop()
            self._sweeping = loop.call_later(self._held_s, self._sweep)

    def drop(self, key: Hashable) -> None:
        self._dropped = self.now()
        self._remove(key)

    def _remove(self, key: Hashable) -> None:
        found = self._held.pop(key, None)
        if found is not None:
            self.size -= found[1]

    def _sweep(self) -> None:
        self._sweeping = None
        now = self.now()
        while self._held and next(iter(self._held.values()))[2] <= now:
            self._remove(next(iter(self._held)))
        if self._held:
            left = next(iter(self._held.values()))[2] - now
            self._sweeping = asyncio.get_running_loop().call_later(left, self._sweep)
