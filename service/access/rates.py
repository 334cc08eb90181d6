"""How often a caller may ask: a number of requests a minute.

Fixed windows of a minute: what is left and until when can be told exactly, in the header fields of
draft-ietf-httpapi-ratelimit-headers-10. With a queue, all API processes count together, in Valkey
and by its clock; while it is away, and without one, each counts for itself.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import redis.asyncio
import redis.exceptions
import structlog

WINDOW_S = 60
MOST_CALLERS = 10_000

log = structlog.get_logger()


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


class Rates(Protocol):
    async def take(self, caller: str) -> Left:
        """Count one request."""
        ...


class LocalRates:
    def __init__(self, quota: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._quota = quota
        self._clock = clock
        # Oldest windows first, so that callers who went away are forgotten.
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    async def take(self, caller: str) -> Left:
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
        return _left(self._quota, used, begun + WINDOW_S - now, refused=refused)


# KEYS[1] a caller's count. ARGV[1] the quota, ARGV[2] the window in ms. Answers refused, used, and
# how many ms are left.
_TAKE = """
local used = tonumber(redis.call('GET', KEYS[1]) or 0)
local refused = 0
if used >= tonumber(ARGV[1]) then
  refused = 1
else
  used = redis.call('INCR', KEYS[1])
end
if redis.call('PTTL', KEYS[1]) < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return {refused, used, redis.call('PTTL', KEYS[1])}
"""


class SharedRates:
    """One count for all API processes of a queue. Only a hash of who asks is kept there."""

    def __init__(self, valkey: redis.asyncio.Redis, quota: int) -> None:
        self._quota = quota
        self._script = valkey.register_script(_TAKE)
        self._alone = LocalRates(quota)

    async def take(self, caller: str) -> Left:
        key = f"orderproof:caller:{hashlib.sha256(caller.encode()).hexdigest()[:32]}"
        try:
            answer = await self._script(keys=[key], args=[self._quota, WINDOW_S * 1000])
        except (redis.exceptions.RedisError, OSError) as error:
            log.warning("callers are counted without Valkey", kind=type(error).__name__)
            return await self._alone.take(caller)
        refused, used, left_ms = map(int, answer)
        return _left(self._quota, used, left_ms / 1000, refused=bool(refused))


def _left(quota: int, used: int, left_s: float, *, refused: bool) -> Left:
    return Left(quota, max(0, quota - used), max(1, round(left_s)), refused)
