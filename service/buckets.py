"""A source's rate, shared by every worker: the bucket lies in Valkey, on its clock.

The generic cell rate algorithm: one number a bucket, the moment at which it will be full again. A
script takes a token, so that two workers never take the same one. Valkey away: each worker keeps
the rate by itself until it is back, which is too fast by as many workers as there are, and logged.
"""

from __future__ import annotations

import hashlib

import redis.asyncio
import redis.exceptions
import structlog

from collectors.pace import Bucket, LocalBucket

log = structlog.get_logger()

# KEYS[1] the moment (microseconds) at which the bucket is full again; KEYS[2] until when to pause.
# ARGV[1] microseconds a token, ARGV[2] how many may come at once. Answers microseconds to wait.
_RESERVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + ARGV[1]
redis.call('SET', KEYS[1], string.format('%.0f', full),
           'PX', math.ceil((full - now) / 1000) + 1000)
local paused = tonumber(redis.call('GET', KEYS[2]) or 0)
return string.format('%.0f', math.max(full - ARGV[1] * ARGV[2] - now, paused - now, 0))
"""
_PAUSE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local until_ = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now + ARGV[1])
redis.call('SET', KEYS[1], string.format('%.0f', until_),
           'PX', math.ceil((until_ - now) / 1000) + 1)
return 1
"""


class SharedBucket:
    """One source's bucket in Valkey; arguments as LocalBucket's."""

    def __init__(
        self, valkey: redis.asyncio.Redis, name: str, *, rate_per_s: float, burst: int
    ) -> None:
        key = hashlib.sha256(name.encode()).hexdigest()[:24]
        self._name = name
        self._full_at = f"orderproof:rate:{key}"
        self._paused = f"orderproof:pause:{key}"
        self._token_us = 1_000_000 / rate_per_s
        self._burst = burst
        self._reserve = valkey.register_script(_RESERVE)
        self._pause = valkey.register_script(_PAUSE)
        self._alone: Bucket = LocalBucket(rate_per_s=rate_per_s, burst=burst)

    async def reserve(self) -> float:
        try:
            waits = await self._reserve(
                keys=[self._full_at, self._paused], args=[self._token_us, self._burst]
            )
        except (redis.exceptions.RedisError, OSError):
            log.warning("the rate is kept without Valkey", source=self._name)
            return await self._alone.reserve()
        return float(waits) / 1e6

    async def pause(self, seconds: float) -> None:
        await self._alone.pause(seconds)
        try:
            await self._pause(keys=[self._paused], args=[seconds * 1e6])
        except (redis.exceptions.RedisError, OSError):
            log.warning("the pause is kept without Valkey", source=self._name)
