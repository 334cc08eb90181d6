"""Who is next: collections that wait, in Valkey, so that every worker sees the same line.

A tenant has two lines, of what is asked for and of what is only caught up on (bulk). In a line the
nearest `due` goes first. Between tenants turns are shared evenly (start-time fair queueing: each
turn moves a tenant one step on, whoever is furthest behind is next, and who comes newly starts
where the others are). So a tenant with 100,000 waiting does not delay another's single one.

Whoever takes a collection holds a lease on it. The lease saves work twice done; safety is in the
ledger's unique keys. One that ends without its holder having said so is given back, and counted.

Nothing here is the truth: all of it can be lost, and the reconciler fills it again from the ledger.
What is here is bounded: of a line that is too long the farthest are left to the ledger.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import redis.asyncio
import redis.exceptions

from evidence.errors import OutageError

LEASE_S = 10
# A tenant's line in Valkey: about 15 MB a hundred thousand. More wait in the ledger alone.
LONGEST = 20_000
# How many are moved at once, so that no script holds up the others for long.
AT_ONCE = 500

_P = "orderproof:line:"
# Tenants that have somebody waiting, by their turn; where turns stand; each tenant's next turn;
# leases by when they end; who takes a pause, by its end; what is known of each.
_KEYS = [_P + name for name in ("tenants", "now", "turns", "leased", "pausing", "about")]

_COMMON = """
local P = 'orderproof:line:'
local tenants, now_at, turns, leased, pausing, about =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local function clock()
  local t = redis.call('TIME')
  return tonumber(t[1]) + tonumber(t[2]) / 1e6
end
local function line_of(tenant, bulk)
  return P .. (bulk == 1 and 'bulk:' or 'of:') .. tenant
end
local function stand(id, known)
  -- Into its line; the farthest goes if that is too long, and the tenant into the round.
  local key = line_of(known.t, known.b)
  redis.call('ZADD', key, known.d, id)
  redis.call('HSET', about, id, cjson.encode(known))
  if redis.call('ZCARD', key) > known.l then
    local gone = redis.call('ZPOPMAX', key)
    redis.call('HDEL', about, gone[1])
    if gone[1] == id then return 0 end
  end
  if not redis.call('ZSCORE', tenants, known.t) then
    local turn = math.max(tonumber(redis.call('GET', now_at) or 0),
                          tonumber(redis.call('HGET', turns, known.t) or 0))
    redis.call('ZADD', tenants, turn, known.t)
  end
  return 1
end
"""

# ARGV: id, tenant, due, bulk, longest of each. Answers how many stand in line that did not.
_ADD = (
    _COMMON
    + """
local new = 0
for i = 1, #ARGV, 5 do
  local id, tenant, bulk = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 3])
  local is_known = redis.call('HEXISTS', about, id) == 1
  if not is_known then
    new = new + stand(id, {t = tenant, d = tonumber(ARGV[i + 2]), b = bulk, n = 0, lost = 0,
                           l = tonumber(ARGV[i + 4])})
  end
end
return new
"""
)

# ARGV: owner, lease seconds, whether bulk may be taken, then tenants that may not.
_NEXT = (
    _COMMON
    + """
local skip = {}
for i = 4, #ARGV do skip[ARGV[i]] = true end
local first = 0
while true do
  local round = redis.call('ZRANGE', tenants, first, first + 49, 'WITHSCORES')
  if #round == 0 then return nil end
  local gone = 0
  for i = 1, #round, 2 do
    local tenant, turn = round[i], tonumber(round[i + 1])
    local usual, bulk = line_of(tenant, 0), line_of(tenant, 1)
    if redis.call('EXISTS', usual, bulk) == 0 then
      redis.call('ZREM', tenants, tenant)
      gone = gone + 1
    elseif not skip[tenant] then
      local taken = redis.call('ZPOPMIN', usual)
      if #taken == 0 and ARGV[3] == '1' then taken = redis.call('ZPOPMIN', bulk) end
      if #taken > 0 then
        local id = taken[1]
        redis.call('SET', now_at, turn)
        redis.call('HSET', turns, tenant, turn + 1)
        if redis.call('EXISTS', usual, bulk) == 0 then redis.call('ZREM', tenants, tenant)
        else redis.call('ZADD', tenants, turn + 1, tenant) end
        local said = redis.call('HGET', about, id)
        local known = said and cjson.decode(said) or
          {t = tenant, d = tonumber(taken[2]), b = 0, n = 0, lost = 0, l = 20000}
        known.o = ARGV[1]
        said = cjson.encode(known)
        redis.call('HSET', about, id, said)
        redis.call('ZADD', leased, clock() + tonumber(ARGV[2]), id)
        return {id, said}
      end
    end
  end
  first = first + #round / 2 - gone
end
"""
)

# ARGV: owner, lease seconds, then of each as above. Answers the ids that others hold.
_HOLD = (
    _COMMON
    + """
local others = {}
for i = 3, #ARGV, 5 do
  local id = ARGV[i]
  local said = redis.call('HGET', about, id)
  local known = said and cjson.decode(said) or
    {t = ARGV[i + 1], d = tonumber(ARGV[i + 2]), b = tonumber(ARGV[i + 3]), n = 0, lost = 0,
     l = tonumber(ARGV[i + 4])}
  if known.o and known.o ~= ARGV[1] and redis.call('ZSCORE', leased, id) then
    table.insert(others, id)
  else
    redis.call('ZREM', line_of(known.t, known.b), id)
    redis.call('ZREM', pausing, id)
    known.o = ARGV[1]
    redis.call('HSET', about, id, cjson.encode(known))
    redis.call('ZADD', leased, clock() + tonumber(ARGV[2]), id)
  end
end
return others
"""
)

# ARGV: owner, id, seconds to pause or -1 for "it is done with", 1 if it was trouble.
_END = (
    _COMMON
    + """
local said = redis.call('HGET', about, ARGV[2])
if not said then return 0 end
local known = cjson.decode(said)
if known.o ~= ARGV[1] then return 0 end
redis.call('ZREM', leased, ARGV[2])
known.o = nil
local pause = tonumber(ARGV[3])
if pause < 0 then
  redis.call('HDEL', about, ARGV[2])
else
  known.n = known.n + tonumber(ARGV[4])
  if pause == 0 then stand(ARGV[2], known)
  else
    redis.call('HSET', about, ARGV[2], cjson.encode(known))
    redis.call('ZADD', pausing, clock() + pause, ARGV[2])
  end
end
return 1
"""
)

# ARGV: how many. Answers how many went back into line.
_SWEEP = (
    _COMMON
    + """
local back = 0
for _, key in ipairs({leased, pausing}) do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', clock(), 'LIMIT', 0, ARGV[1])) do
    redis.call('ZREM', key, id)
    local said = redis.call('HGET', about, id)
    if said then
      local known = cjson.decode(said)
      known.o = nil
      if key == leased then known.lost = known.lost + 1 end
      stand(id, known)
      back = back + 1
    end
  end
end
return back
"""
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One that waits, as the ledger knows it. `due`: by when it should be done."""

    id: str
    tenant: str
    due: datetime
    bulk: bool = False

    def arguments(self) -> list[str | float]:
        return [self.id, self.tenant, self.due.timestamp(), int(self.bulk), LONGEST]


@dataclass(frozen=True, slots=True)
class Taken:
    """One that was taken out of the line.

    troubles   how many walks of it broke by themselves
    lost       how many ended with their worker
    """

    id: str
    tenant: str
    due: float
    bulk: bool
    troubles: int
    lost: int

    def arguments(self) -> list[str | float]:
        return [self.id, self.tenant, self.due, int(self.bulk), LONGEST]


@dataclass(frozen=True, slots=True)
class Standing:
    """How many wait, are being walked, and take a pause; as Valkey has it."""

    waiting: int
    walking: int
    pausing: int


class Line:
    """The line in one Valkey. Every method raises OutageError if that is away."""

    def __init__(self, valkey: redis.asyncio.Redis) -> None:
        self._valkey = valkey
        self._add = valkey.register_script(_ADD)
        self._next = valkey.register_script(_NEXT)
        self._hold = valkey.register_script(_HOLD)
        self._end = valkey.register_script(_END)
        self._sweep = valkey.register_script(_SWEEP)

    async def add(self, waiting: Iterable[Waiting]) -> int:
        """Stand in line; who is known already stays where it is. How many are new."""
        new, batch = 0, list(waiting)
        with reached():
            for start in range(0, len(batch), AT_ONCE):
                said = [each.arguments() for each in batch[start : start + AT_ONCE]]
                new += int(await self._add(keys=_KEYS, args=_flat(said)))
        return new

    async def next(
        self, owner: str, *, bulk: bool = True, without: Iterable[str] = ()
    ) -> Taken | None:
        """Take whoever is next and hold it for LEASE_S seconds; None if nobody may be taken.

        bulk      whether one that is only caught up on may be taken
        without   tenants that may not
        """
        with reached():
            found = await self._next(keys=_KEYS, args=[owner, LEASE_S, int(bulk), *without])
        if found is None:
            return None
        known: dict[str, Any] = json.loads(found[1])
        return Taken(
            id=found[0].decode(),
            tenant=known["t"],
            due=float(known["d"]),
            bulk=known["b"] == 1,
            troubles=int(known["n"]),
            lost=int(known["lost"]),
        )

    async def hold(self, owner: str, walks: Sequence[Waiting | Taken]) -> set[str]:
        """Take these, or hold them for longer; the ids of those that somebody else holds."""
        if not walks:
            return set()
        said = [each.arguments() for each in walks]
        with reached():
            others = await self._hold(keys=_KEYS, args=[owner, LEASE_S, *_flat(said)])
        return {each.decode() for each in others}

    async def done(self, owner: str, id: str) -> None:
        """It needs no more walks, as far as anyone knows."""
        with reached():
            await self._end(keys=_KEYS, args=[owner, id, -1, 0])

    async def back(
        self, owner: str, id: str, *, pause_s: float = 0.0, trouble: bool = False
    ) -> None:
        """Let it go, to be walked again: at once, or after a pause."""
        with reached():
            await self._end(keys=_KEYS, args=[owner, id, pause_s, int(trouble)])

    async def sweep(self) -> int:
        """Back into line: those whose pause is over, and those whose holder is no more."""
        with reached():
            return int(await self._sweep(keys=_KEYS, args=[AT_ONCE]))

    async def standing(self) -> Standing:
        with reached():
            known, walking, pausing = await self._sizes()
        return Standing(max(0, known - walking - pausing), walking, pausing)

    async def _sizes(self) -> tuple[int, int, int]:
        pipe = self._valkey.pipeline(transaction=True)
        pipe.hlen(_P + "about")
        pipe.zcard(_P + "leased")
        pipe.zcard(_P + "pausing")
        known, walking, pausing = await pipe.execute()
        return int(known), int(walking), int(pausing)


def _flat(rows: Iterable[Sequence[str | float]]) -> list[str | float]:
    return [value for row in rows for value in row]


@contextlib.contextmanager
def reached() -> Iterator[None]:
    try:
        yield
    except (redis.exceptions.RedisError, OSError) as problem:
        raise OutageError(source="Valkey", why="there is no way to its address") from problem
