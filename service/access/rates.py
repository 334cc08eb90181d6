"""How often a caller may ask: a number of requests a minute, counted in this process.

Fixed windows of a minute: what is left and until when can be told exactly, in the header fields of
draft-ietf-httpapi-ratelimit-headers-10. With several API processes each counts for itself.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_S = 60
MOST_CALLERS = 10_000


@dataclass(frozen=True, slots=True)
class Left:
    """What a caller has left in this window, and in how many seconds the next one begins."""

    quota: int
    remaining: int
    reset_s: int
    refused: bool

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Policy": f'"caller";q={self.quota};w={WINDOW_S}',
            "RateLimit": f'"caller";r={self.remaining};t={self.reset_s}',
        }


class Rates:
    def __init__(self, quota: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._quota = quota
        self._clock = clock
        # Oldest windows first, so that callers who went away are forgotten.
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, caller: str) -> Left:
        """Count one request."""
        now = self._clock()
        begun, used = self._windows.get(caller, (now, 0))
        if now - begun >= WINDOW_S:
            begun, used = now, 0
        refused = used >= self._quota
        used = min(used + 1, self._quota)
        self._windows[caller] = (begun, used)
        if used == 1:
            self._windows.move_to_end(caller)
        while len(self._windows) > MOST_CALLERS:
            self._windows.popitem(last=False)
        reset = max(1, round(begun + WINDOW_S - now))
        return Left(self._quota, self._quota - used, reset, refused)
