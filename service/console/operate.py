"""The operator's page: is every part well, what waits, what failed, and with which keys."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from service.access.callers import caller_of
from service.api.ports import EVIDENCE
from service.console.order import whose
from service.console.visit import Visit

LOOKED_AT = 40


@dataclass(slots=True)
class Source:
    """How a source did in the newest collections. `why` is its newest reason."""

    name: str
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    why: str = ""

    @property
    def tone(self) -> str:
        if self.counts["failed"]:
            return "inconclusive" if self.counts["brought"] else "fail"
        return "pass" if self.counts["brought"] or self.counts["empty"] else "not_applicable"


async def show(visit: Visit) -> web.StreamResponse:
    evidence = visit.request.app[EVIDENCE]
    tenant = caller_of(visit.request).tenant
    keys = await asyncio.to_thread(evidence.log_file, tenant, "keys.json")
    return visit.page(
        "operate.html",
        health=await evidence.health(),
        queue=await evidence.queue(),
        parked=await evidence.parked(whose(visit)),
        sources=await _sources(visit),
        tenants=await evidence.tenants(),
        keys=_keys(keys),
        looked_at=LOOKED_AT,
    )


async def _sources(visit: Visit) -> list[Source]:
    evidence = visit.request.app[EVIDENCE]
    found: dict[str, Source] = {}
    for _, collection in await evidence.recent(whose(visit), limit=LOOKED_AT):
        for task in await evidence.tasks(collection):
            source = found.setdefault(task.source, Source(task.source))
            source.counts[str(task.state)] += 1
            source.why = source.why or task.why
    return sorted(found.values(), key=lambda source: source.name)


def _keys(raw: bytes | None) -> Sequence[tuple[str, str, Mapping[str, Any]]]:
    """Kind, a short name, and since and until when, of every key that the log publishes."""
    said = json.loads(raw) if raw else {}
    return [
        (kind, str(line.get("vkey") or line.get("keyid") or line.get("id") or "")[:60], line)
        for kind in ("manifest", "log", "witness")
        for line in said.get(kind, [])
    ]


async def retry(visit: Visit) -> web.StreamResponse:
    """Collect again what was put aside."""
    evidence = visit.request.app[EVIDENCE]
    await evidence.retry_parked(whose(visit), visit.request.match_info["collection_id"])
    return visit.goes("/console/operate")


async def drop(visit: Visit) -> web.StreamResponse:
    """Take it off the list; the collection stays failed."""
    evidence = visit.request.app[EVIDENCE]
    await evidence.drop_parked(whose(visit), visit.request.match_info["collection_id"])
    return visit.goes("/console/operate")
