"""How fast one source is asked, and when it is asked again.

A Pace belongs to a source, not to an order: share one between all sessions of that source. It holds
the number of requests under way, their rate (a token bucket) and a pause that the source asked for.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from collectors.breaker import Breaker

# Nobody means more than a day; a larger number is a mistake, or an attempt to stop us for good.
LONGEST_PAUSE_S = 86_400.0


class Bucket(Protocol):
    """One source's rate: tokens that come back with time. Shared by whoever asks that source."""

    async def reserve(self) -> float:
        """Take one token; the seconds until it is really there, or until a pause is over."""
        ...

    async def pause(self, seconds: float) -> None:
        """Nobody gets a token before `seconds` have passed."""
        ...


class LocalBucket:
    """A bucket for one process.

    rate_per_s   requests a second in the long run
    burst        requests that may come at once after a rest
    """

    def __init__(
        self,
        *,
        rate_per_s: float = 10.0,
        burst: int = 10,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate_per_s = rate_per_s
        self._burst = float(burst)
        self._monotonic = monotonic
        self._tokens = self._burst
        self._filled_at = monotonic()
        self._paused_until = 0.0

    async def reserve(self) -> float:
        now = self._monotonic()
        gained = (now - self._filled_at) * self._rate_per_s
        self._tokens = min(self._burst, self._tokens + gained) - 1.0
        self._filled_at = now
        return max(0.0, -self._tokens / self._rate_per_s, self._paused_until - now)

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
        self._bucket = bucket or LocalBucket()
        self._base_s = base_s
        self._cap_s = cap_s
        self._longest_wait_s = longest_wait_s
        self._sleep = sleep
        self._jitter = jitter
        self._under_way = asyncio.Semaphore(concurrency)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until one more request may be under way."""
        async with self._under_way:
            if (wait_s := await self._bucket.reserve()) > 0:
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
