"""How often a caller may ask: a number of requests a minute.

Fixed windows of a minute: what is left and until when can be told exactly, in the header fields of
draft-ietf-httpapi-ratelimit-headers-10. With a queue, all API processes count together, in Valkey
and by its clock; while it is away, and without one, each counts for itself.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import redis.asyncio
import redis.exceptions
import structlog

from storage.together import Together

WINDOW_S = 60
MOST_CALLERS = 10_000
# Far from the quota Valkey's word counts for so long, and it is told so soon of what
# was let in meanwhile. Of a quota no more than one 64th is untold in a process: to ask for too much
# would take the other half of it within `TELL_S`, or 32 processes.
LEAST_QUOTA = 1_000
FRESH_S = 0.5
TELL_S = 0.05
UNTOLD_PART = 64

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

    def take_at_once(self, caller: str) -> Left | None:
        """Count one that surely is within the quota; None, and nothing is counted, if that takes
        asking, or if it is not."""
        ...


class LocalRates:
    def __init__(self, quota: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._quota = quota
        self._clock = clock
        # Oldest windows first, so that callers who went away are forgotten.
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take_at_once(self, caller: str) -> Left | None:
        left = self._take(caller)
        return None if left.refused else left

    async def take(self, caller: str) -> Left:
        return self._take(caller)

    def _take(self, caller: str) -> Left:
        """A refused one changes no count, so it may be asked for twice."""
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


@dataclass(slots=True)
class _Count:
    """What Valkey said last of a caller's minute, and what was let in since.

    until, asked_at   by our clock: when the minute ends, and when Valkey was asked
    untold            requests that were let in and that `used` does not hold yet
    """

    used: int
    until: float
    asked_at: float
    untold: int = 0


class SharedRates:
    """One count for all API processes of a queue. Only a hash of who asks is kept there.

    Who is far from the quota is let in by the count as it was a moment ago, and counted in Valkey
    within `TELL_S`, together with whoever came meanwhile. Near it, each request waits for Valkey's
    word; those that come while it is being asked are counted by the next call, together.
    """

    def __init__(
        self,
        valkey: redis.asyncio.Redis,
        quota: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._quota = quota
        self._clock = clock
        self._script = valkey.register_script(_TAKE)
        self._alone = LocalRates(quota)
        self._together: Together[str, Left] = Together(self._take)
        self._counts: OrderedDict[str, _Count] = OrderedDict()  # the longest unasked first
        self._telling: asyncio.Task[None] | None = None

    async def take(self, caller: str) -> Left:
        return self.take_at_once(caller) or await self._together.ask(caller)

    def take_at_once(self, caller: str) -> Left | None:
        count, now = self._counts.get(caller), self._clock()
        if count is None or not self._is_far(count, now):
            return None
        count.untold += 1
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell_soon())
        return _left(self._quota, count.used + count.untold, count.until - now, refused=False)

    async def close(self) -> None:
        """Whatever was let in has been counted once this returns."""
        if self._telling is not None:
            await self._telling

    def _is_far(self, count: _Count, now: float) -> bool:
        """Whether one more stays within the quota, though others let in as much unheard."""
        return (
            self._quota >= LEAST_QUOTA
            and now < count.asked_at + FRESH_S < count.until
            and count.untold < self._quota // UNTOLD_PART
            and count.used + count.untold < self._quota // 2
        )

    async def _tell_soon(self) -> None:
        try:
            await asyncio.sleep(TELL_S)
            untold = {caller: each.untold for caller, each in self._counts.items() if each.untold}
            told = await self._count(untold)
            for caller, many in untold.items():
                self._counts[caller].untold -= many
                for _ in range(0 if told else many):
                    await self._alone.take(caller)
        finally:
            self._telling = None

    async def _take(self, callers: Sequence[str]) -> Sequence[Left]:
        wanted = Counter(callers)
        counted = await self._count(wanted)
        if counted is None:
            return [await self._alone.take(caller) for caller in callers]
        found = {caller: self._lefts(*answer) for caller, answer in counted.items()}
        return [next(found[caller]) for caller in callers]

    async def _count(self, wanted: Mapping[str, int]) -> Mapping[str, tuple[int, int, int]] | None:
        """Of each caller: how many it gets, how many it had, ms left. None: Valkey is away."""
        now = self._clock()
        try:
            answers = await self._script(
                keys=[_key(caller) for caller in wanted],
                args=[self._quota, WINDOW_S * 1000, *wanted.values()],
            )
        except (redis.exceptions.RedisError, OSError) as error:
            log.warning("callers are counted without Valkey", kind=type(error).__name__)
            for caller in wanted:
                if (known := self._counts.get(caller)) is not None:
                    known.asked_at = -math.inf
            return None
        found = {}
        for caller, (taken, used, left_ms) in zip(wanted, answers, strict=True):
            found[caller] = (taken, used, left_ms)
            known = self._counts.setdefault(caller, _Count(0, 0.0, 0.0))
            known.used, known.until, known.asked_at = used + taken, now + left_ms / 1000, now
            self._counts.move_to_end(caller)
        while len(self._counts) > MOST_CALLERS and not next(iter(self._counts.values())).untold:
            self._counts.popitem(last=False)
        return found

    def _lefts(self, taken: int, used: int, left_ms: int) -> Iterator[Left]:
        """One after another for the requests of a caller; those beyond what it got are refused."""
        for number in itertools.count(1):
            all_used = used + min(number, taken)
            yield _left(self._quota, all_used, left_ms / 1000, refused=number > taken)


def _key(caller: str) -> str:
    return f"orderproof:caller:{hashlib.sha256(caller.encode()).hexdigest()[:32]}"


def _left(quota: int, used: int, left_s: float, *, refused: bool) -> Left:
    return Left(quota, max(0, quota - used), max(1, round(left_s)), refused)
