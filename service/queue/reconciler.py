"""The reconciler: whatever the ledger calls unfinished stands in line, whatever became of Valkey.

One worker at a time does this for all. Each look brings back those whose pause is over or whose
worker died, and goes over the next page of the ledger's unfinished collections, or several while it
finds some that nobody knows of. Who stands in line already stays there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from service.queue.line import Waiting
from storage.ledger.backlog import UnderWay

if TYPE_CHECKING:
    from service.runtime import Runtime

log = structlog.get_logger()

PAGE = 1_000
# Of one look; the next goes on where it ended.
PAGES = 10
ALONE_S = 10


class Reconciler:
    """`look` is to be called every few seconds."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._after: tuple[str, str, int] | None = None

    async def look(self) -> int:
        """How many were put into line that did not stand there; 0 if another worker looks."""
        queue = self._runtime.queue
        if queue is None or not await queue.alone(
            "reconciler", self._runtime.owner, seconds=ALONE_S
        ):
            return 0
        brought = await queue.line.sweep()
        whole = await queue.is_whole()
        if not whole:
            log.warning("Valkey is new or was emptied: the line is filled from the ledger")
            self._after = None
        for _ in range(PAGES):
            page = await self._runtime.ledger.under_way(after=self._after, limit=PAGE)
            self._after = page[-1].place if len(page) == PAGE else None
            new = await queue.line.add(map(waiting_of, page))
            brought += new
            if self._after is None:
                await queue.set_whole()
                break
            if whole and not new:
                break
        if brought:
            await queue.sound(brought)
        return brought


def waiting_of(found: UnderWay) -> Waiting:
    return Waiting(found.id, found.tenant, found.due, found.bulk)
