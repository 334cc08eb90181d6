"""A source's rate, shared by every worker: the bucket lies in Valkey, on its clock.

A list of the last turns: a new one may come when the one `most` places before it is a window ago. A
script takes it, so that two workers never take the same; those who ask at once in one worker are
answered by one call. Valkey away: each worker keeps the rate by itself until it is back, which is
too fast by as many workers as there are, and is logged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import redis.asyncio
import redis.exceptions
import structlog

from collectors.pace import Bucket, LocalBucket
from storage.together import Together

log = structlog.get_logger()

# KEYS[1] the last turns (microseconds), oldest first; KEYS[2] until when to pause.
# ARGV[1] how many turns a window holds, ARGV[2] its microseconds, ARGV[3] how many are asked for.
# Answers how many there were, and microseconds to wait for another.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local at = tonumber(redis.call('GET', KEYS[2]) or 0)
local most = tonumber(ARGV[1])
local taken = 0
while taken < tonumber(ARGV[3]) do
  if redis.call('LLEN', KEYS[1]) >= most then
    at = math.max(at, tonumber(redis.call('LINDEX', KEYS[1], 0)) + ARGV[2])
  end
  if at > now then break end
  redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('LTRIM', KEYS[1], -most, -1)
  taken = taken + 1
end
if taken > 0 then redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[2] / 1000) + 1000) end
return {taken, string.format('%.0f', math.max(at - now, 0))}
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
        self._together: Together[None, float] = Together(self._taken)

    async def take(self) -> float:
        return await self._together.ask(None)

    async def _taken(self, asking: Sequence[None]) -> list[float]:
        """For each of those who ask: 0, or how long to wait."""
        try:
            taken, waits = await self._take(
                keys=[self._turns, self._paused], args=[*self._window, len(asking)]
            )
        except (redis.exceptions.RedisError, OSError):
            log.warning("the rate is kept without Valkey", source=self._name)
            return [await self._alone.take() for _ in asking]
        return [0.0] * taken + [float(waits) / 1e6] * (len(asking) - taken)

    async def pause(self, seconds: float) -> None:
        await self._alone.pause(seconds)
        try:
            await self._pause(keys=[self._paused], args=[seconds * 1e6])
        except (redis.exceptions.RedisError, OSError):
            log.warning("the pause is kept without Valkey", source=self._name)
