"""Every denial in the custody log, and no more lines than the disk can bear.

The first of a kind (caller, route, reason) is written before it is answered; those that follow
within a minute are counted, and the count is a line of its own. So nobody fills the log by asking
again and again, and no denial is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from evidence.errors import EvidenceError
from service.background import beside

EVERY_S = 60.0
MOST_KINDS = 1_000

log = structlog.get_logger("orderproof.http")


@dataclass(frozen=True, slots=True)
class Denial:
    """`who` is a caller, or "nobody"; `why` is the problem's slug."""

    tenant: str
    who: str
    way: str
    why: str


# Writes a line: the denial, the request's id, and how many it stands for.
Write = Callable[[Denial, str, int], Awaitable[None]]


@dataclass(slots=True)
class Denials:
    write: Write
    clock: Callable[[], float] = time.monotonic
    _since: dict[Denial, float] = field(default_factory=dict)
    _more: dict[Denial, int] = field(default_factory=dict)

    async def add(self, denial: Denial, request: str) -> None:
        """Note it; a ledger that is away keeps nobody from being denied."""
        now = self.clock()
        if denial in self._since and now - self._since[denial] < EVERY_S:
            self._more[denial] = self._more.get(denial, 0) + 1
            return
        if len(self._since) >= MOST_KINDS:
            await self.flush()
        self._since[denial] = now
        await self._write(denial, request, 1 + self._more.pop(denial, 0))

    async def flush(self) -> None:
        """Write the counts of what was not written one by one."""
        more, self._more = self._more, {}
        self._since.clear()
        for denial, count in more.items():
            await self._write(denial, "", count)

    async def run(self) -> None:
        """Flush every minute, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.flush()

    async def _write(self, denial: Denial, request: str, count: int) -> None:
        try:
            await self.write(denial, request, count)
        except (EvidenceError, OSError) as error:
            log.error("a denial is not in the custody log", kind=type(error).__name__, count=count)


@contextlib.asynccontextmanager
async def flushing(denials: Denials) -> AsyncIterator[None]:
    try:
        async with beside(denials.run(), name="orderproof-denials"):
            yield
    finally:
        await denials.flush()
