"""How often a caller may ask: a number of requests a minute.

Fixed windows of a minute: what is left and until when can be told exactly, in the header fields of
draft-ietf-httpapi-ratelimit-headers-10. With a queue, all API processes count together, in Valkey
and by its clock; while it is away, and without one, each counts for itself.
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import redis.asyncio
import redis.exceptions
import structlog

from storage.together import Together

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


# KEYS callers' counts. ARGV[1] the quota, ARGV[2] the window in ms, then how many each asks for.
# Answers for each how many it gets, how many it had before, and how many ms are left.
_TAKE = """
local answers = {}
for n, key in ipairs(KEYS) do
  local used = tonumber(redis.call('GET', key) or 0)
  local taken = math.max(0, math.min(tonumber(ARGV[n + 2]), tonumber(ARGV[1]) - used))
  if taken > 0 then
    redis.call('INCRBY', key, taken)
  end
  if redis.call('PTTL', key) < 0 then
    redis.call('PEXPIRE', key, ARGV[2])
  end
  answers[n] = {taken, used, redis.call('PTTL', key)}
end
return answers
"""


class SharedRates:
    """One count for all API processes of a queue. Only a hash of who asks is kept there.

    Requests that come while Valkey is being asked are counted by the next call, together.
    """

    def __init__(self, valkey: redis.asyncio.Redis, quota: int) -> None:
        self._quota = quota
        self._script = valkey.register_script(_TAKE)
        self._alone = LocalRates(quota)
        self._together: Together[str, Left] = Together(self._take)

    async def take(self, caller: str) -> Left:
        return await self._together.ask(caller)

    async def _take(self, callers: Sequence[str]) -> Sequence[Left]:
        wanted = Counter(callers)
        try:
            counted = await self._script(
                keys=[_key(caller) for caller in wanted],
                args=[self._quota, WINDOW_S * 1000, *wanted.values()],
            )
        except (redis.exceptions.RedisError, OSError) as error:
            log.warning("callers are counted without Valkey", kind=type(error).__name__)
            return [await self._alone.take(caller) for caller in callers]
        found = {
            caller: self._lefts(*map(int, answer))
            for caller, answer in zip(wanted, counted, strict=True)
        }
        return [next(found[caller]) for caller in callers]

    def _lefts(self, taken: int, used: int, left_ms: int) -> Iterator[Left]:
        """One after another for the requests of a caller; those beyond what it got are refused."""
        for number in itertools.count(1):
            all_used = used + min(number, taken)
            yield _left(self._quota, all_used, left_ms / 1000, refused=number > taken)


def _key(caller: str) -> str:
    return f"orderproof:caller:{hashlib.sha256(caller.encode()).hexdigest()[:32]}"


def _left(quota: int, used: int, left_s: float, *, refused: bool) -> Left:
    return Left(quota, max(0, quota - used), max(1, round(left_s)), refused)
