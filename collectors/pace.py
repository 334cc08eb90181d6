"""How fast one source is asked, and when it is asked again.

A Pace belongs to a source, not to an order: share one between all sessions of that source. It holds
the number of requests under way, their rate and a pause that the source asked for.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from collectors.breaker import Breaker

# Nobody means more than a day; a larger number is a mistake, or an attempt to stop us for good.
LONGEST_PAUSE_S = 86_400.0
# By so much one request may be held up more than the next between us and the source.
ON_THE_WAY_S = 0.1


class Bucket(Protocol):
    """One source's rate, shared by whoever asks that source."""

    async def take(self) -> float:
        """Take a turn now: 0. If there is none, the seconds until there may be one: ask again then.

        A turn is never given for later: whoever has it may be held up, and then come too near to
        the next one.
        """
        ...

    async def pause(self, seconds: float) -> None:
        """There is no turn before `seconds` have passed."""
        ...


def window(rate_per_s: float, burst: int | None) -> tuple[int, float]:
    """How many requests may fall into how many seconds, wherever these begin.

    rate_per_s   in the long run
    burst        how many at once; as many as a second allows unless given

    A little longer than the rate says: on the way, requests come nearer to each other.
    """
    most = burst or max(1, int(rate_per_s))
    return most, most / rate_per_s + ON_THE_WAY_S


class LocalBucket:
    """A bucket for one process: never more than `most` requests in any `seconds`."""

    def __init__(
        self, *, most: int, seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._last: deque[float] = deque(maxlen=most)
        self._paused_until = 0.0

    async def take(self) -> float:
        now = self._monotonic()
        at = self._paused_until
        if len(self._last) == self._last.maxlen:
            at = max(at, self._last[0] + self._seconds)
        if at > now:
            return at - now
        self._last.append(now)
        return 0.0

    async def pause(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self._monotonic() + seconds)


class Pace:
    """One source's gate.

    concurrency  requests under way at once, of this process
    bucket       requests a second, of all who share it
    breaker      when it is left alone
    retries      how often a failed request is sent again
    base_s, cap_s    back-off: a random wait up to base_s * 2^n, never above cap_s
    longest_wait_s   a source that asks for a longer pause is left to the next run of the job
    """

    def __init__(
        self,
        *,
        concurrency: int = 4,
        bucket: Bucket | None = None,
        breaker: Breaker | None = None,
        retries: int = 2,
        base_s: float = 0.5,
        cap_s: float = 20.0,
        longest_wait_s: float = 60.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.retries = retries
        self.breaker = breaker or Breaker()
        self._bucket = bucket or LocalBucket(most=10, seconds=1.0)
        self._base_s = base_s
        self._cap_s = cap_s
        self._longest_wait_s = longest_wait_s
        self._sleep = sleep
        self._jitter = jitter
        self._under_way = asyncio.Semaphore(concurrency)
        self._first_come = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until one more request may be under way."""
        async with self._under_way:
            # While turns are to be had nobody waits for another; then one after the other.
            if self._first_come.locked() or await self._bucket.take() > 0:
                async with self._first_come:
                    while (wait_s := await self._bucket.take()) > 0:
                        await self._sleep(wait_s)
            yield

    def wait_before(self, attempt: int, *, retry_after_s: float | None) -> float | None:
        """Seconds to wait before attempt number `attempt` (1 is the first repetition), or None.

        None means: not again in this run. Where the source says how long, it is believed.
        """
        if attempt > self.retries:
            return None
        if retry_after_s is not None:
            return retry_after_s if retry_after_s <= self._longest_wait_s else None
        return self._jitter() * min(self._cap_s, self._base_s * 2.0**attempt)

    async def pause(self, seconds: float) -> None:
        """Nobody asks this source before `seconds` have passed, whoever was told so."""
        await self._bucket.pause(min(seconds, self._longest_wait_s))

    async def rest(self, seconds: float) -> None:
        await self._sleep(seconds)


def retry_after_s(said: str | None, *, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3); None if it says nothing.

    now  the sender's clock where it states one (its Date header): only the difference counts
    """
    if said is None:
        return None
    text = said.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), LONGEST_PAUSE_S)
    moment = http_date(text)
    if moment is None:
        return None
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_PAUSE_S)


def http_date(text: str) -> datetime | None:
    """The instant of an HTTP date, which is always GMT (RFC 9110, 5.6.7); None if it is not one."""
    if len(text) > 60 or not text.rstrip().endswith(("GMT", "+0000", "-0000")):
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC)
