"""A source's rate, shared by every worker: the bucket lies in Valkey, on its clock.

A list of the last turns: a new one may come when the one `most` places before it is a window ago. A
script takes it, so that two workers never take the same. Valkey away: each worker keeps the rate by
itself until it is back, which is too fast by as many workers as there are, and is logged.
"""

from __future__ import annotations

import hashlib

import redis.asyncio
import redis.exceptions
import structlog

from collectors.pace import Bucket, LocalBucket

log = structlog.get_logger()

# KEYS[1] the last turns (microseconds), oldest first; KEYS[2] until when to pause.
# ARGV[1] how many turns a window holds, ARGV[2] its microseconds. Answers microseconds to wait.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local at = tonumber(redis.call('GET', KEYS[2]) or 0)
local most = tonumber(ARGV[1])
if redis.call('LLEN', KEYS[1]) >= most then
  at = math.max(at, tonumber(redis.call('LINDEX', KEYS[1], 0)) + ARGV[2])
end
if at > now then
  return string.format('%.0f', at - now)
end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('LTRIM', KEYS[1], -most, -1)
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[2] / 1000) + 1000)
return '0'
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
        self, valkey: redis.asyncio.Redis, name: str, *, most: int, seconds: float
    ) -> None:
        key = hashlib.sha256(name.encode()).hexdigest()[:24]
        self._name = name
        self._turns = f"orderproof:rate:{key}"
        self._paused = f"orderproof:pause:{key}"
        self._window = [most, seconds * 1e6]
        self._take = valkey.register_script(_TAKE)
        self._pause = valkey.register_script(_PAUSE)
        self._alone: Bucket = LocalBucket(most=most, seconds=seconds)

    async def take(self) -> float:
        try:
            waits = await self._take(keys=[self._turns, self._paused], args=self._window)
        except (redis.exceptions.RedisError, OSError):
            log.warning("the rate is kept without Valkey", source=self._name)
            return await self._alone.take()
        return float(waits) / 1e6

    async def pause(self, seconds: float) -> None:
        await self._alone.pause(seconds)
        try:
            await self._pause(keys=[self._paused], args=[seconds * 1e6])
        except (redis.exceptions.RedisError, OSError):
            log.warning("the pause is kept without Valkey", source=self._name)
