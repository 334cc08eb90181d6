"""Whether more can be taken in: asked before a collection is accepted, so that a flood is turned
away while there is still room, and whoever floods before all others.

Counts are looked up every few seconds, not for each request, so they lag by what comes meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evidence.errors import OutageError

if TYPE_CHECKING:
    from service.runtime import Runtime

LOOK_S = 2.0
# Of the memory that the group of processes (the container), or Valkey, may use.
FULL = 0.9
SOONEST_S, LATEST_S = 5, 300
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Busy:
    """Nothing more is taken in now. `why` is a sentence; `retry_after_s` whole seconds."""

    why: str
    retry_after_s: int


class Pressure:
    def __init__(self, runtime: Runtime, *, cgroup: Path = _CGROUP) -> None:
        self._runtime = runtime
        self._cgroup = cgroup
        self._looking = asyncio.Lock()
        self._looked = float("-inf")
        self._counts: Mapping[str, int] = {}
        self._total = 0
        self._full: str | None = None
        self._falls_by = 0.0  # collections a second, in the long run

    async def busy(self, tenant: str) -> Busy | None:
        """Why the tenant must wait before it asks for more, or None."""
        async with self._looking:
            if time.monotonic() - self._looked >= LOOK_S:
                await self._look()
        limits = self._runtime.settings.limits
        if self._full is not None:
            return Busy(f"{self._full} Ask again later.", SOONEST_S * 2)
        mine = self._counts.get(tenant, 0)
        if mine >= limits.waiting_per_tenant:
            why = f"{mine} collections of yours are not done yet, which is the most there may be."
            return Busy(why, self._until(mine - limits.waiting_per_tenant))
        if self._total >= limits.waiting:
            why = "So many collections are not done yet that no more are taken in."
            return Busy(why, self._until(self._total - limits.waiting))
        return None

    async def _look(self) -> None:
        counts: Counter[str] = Counter()
        for each in await self._runtime.ledger.backlog():
            counts[each.tenant] += each.count
        now, total = time.monotonic(), counts.total()
        if self._looked > float("-inf"):
            falls = (self._total - total) / max(now - self._looked, 0.001)
            self._falls_by += (falls - self._falls_by) / 8
        self._counts, self._total, self._looked = counts, total, now
        self._full = await self._fullness()

    def _until(self, above: int) -> int:
        """Seconds until there is room again, as far as can be told from how it went lately."""
        if self._falls_by <= 0:
            return 60
        return round(min(max((above + 1) / self._falls_by, SOONEST_S), LATEST_S))

    async def _fullness(self) -> str | None:
        used = memory_used(self._cgroup)
        if used is not None and used >= FULL:
            return "The service's memory is nearly full."
        if self._runtime.queue is not None:
            try:
                if await self._runtime.queue.fullness() >= FULL:
                    return "The queue's memory is nearly full."
            except OutageError:  # what is asked for waits in the ledger meanwhile
                return None
        return None


def memory_used(cgroup: Path) -> float | None:
    """Of the memory that our control group may use (cgroup v2), how much it cannot do without.

    None where there is no bound. Pages of files that were read are not counted: they can go.
    """
    try:
        most = (cgroup / "memory.max").read_text().strip()
        current = int((cgroup / "memory.current").read_text())
        stat = (cgroup / "memory.stat").read_text()
    except (OSError, ValueError):
        return None
    if not most.isdecimal():  # "max"
        return None
    pages = dict(line.split() for line in stat.splitlines())
    return (current - int(pages.get("inactive_file", 0))) / max(int(most), 1)
