"""What the worklist tells of defects: each with its time, and each store's rate with its trend."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from aiohttp import web
from aiohttp.web_request import FileField

from evidence.errors import RequestError
from evidence.orders import Platform
from service.access.callers import Whose
from service.api.defect_port import DefectPort
from service.api.defects import MAX_LINES
from service.api.ports import EVIDENCE
from service.console.order import whose
from service.console.places import order_page
from service.console.visit import Visit
from service.defects.desk import as_collected
from service.defects.export import read_export
from service.defects.rates import Rate
from service.http.problems import not_found
from storage.ledger.defects import Defect

MAX_LISTED = 300
MAX_STORES = 8
WEEKS = 8
_FAR = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    defect: Defect
    evidence: str
    page: str


@dataclass(frozen=True, slots=True)
class Trend:
    """A store's rate by one reading. `points` are those of the last weeks, oldest first, None for
    a week whose orders nobody told; `places` are the picture's, x and y in its units."""

    store: str
    platform: str
    rate: Rate
    points: Sequence[Fraction | None]

    WIDTH, HEIGHT = 120.0, 32.0

    @property
    def limit_at(self) -> float | None:
        return None if self.rate.limit is None else self._y(self.rate.limit)

    @property
    def places(self) -> list[tuple[float, float]]:
        step = self.WIDTH / max(1, len(self.points) - 1)
        return [
            (round(step * n, 1), self._y(point))
            for n, point in enumerate(self.points)
            if point is not None
        ]

    def _y(self, value: Fraction) -> float:
        known = [point for point in self.points if point is not None]
        most = max([*known, self.rate.limit or Fraction(0), Fraction(1, 1000)])
        return round(2 + (self.HEIGHT - 4) * (1 - float(value / most)), 1)


async def listed(visit: Visit) -> list[Line]:
    """What is due first; what is over comes after what is ahead."""
    port = visit.request.app[EVIDENCE].defects
    asked = visit.request.query
    found = await port.listed(
        whose(visit),
        store=None,
        platform=_one_of(asked.get("platform", ""), list(Platform)),
        kind=None,
        due_before=None,
        after=None,
        limit=MAX_LISTED,
    )
    evidence = await port.evidence(found)
    lines = [
        Line(one, evidence[one.id].replace(" ", "_"), order_page(one.ref) if one.ref else "")
        for one in found
    ]
    return sorted(lines, key=lambda line: _by_time(line.defect.due_at, visit.now))


def _by_time(at: datetime | None, now: datetime) -> tuple[bool, datetime]:
    return (at is not None and at < now, at or _FAR)


def _one_of(said: str, names: Sequence[str]) -> str | None:
    return said if said in names else None


async def trends(visit: Visit, lines: Sequence[Line]) -> list[Trend]:
    """Of each store that has a defect; by the shortest window that its platform's rule has."""
    port, of = visit.request.app[EVIDENCE].defects, whose(visit)
    pairs = dict.fromkeys((line.defect.store, line.defect.platform) for line in lines)
    found = []
    for store, platform in list(pairs)[:MAX_STORES]:
        rate, points = await _weeks(port, of, store, platform, visit.now.date())
        if rate is not None:
            found.append(Trend(store, platform, rate, points))
    return found


async def _weeks(
    port: DefectPort, of: Whose, store: str, platform: str, today: date
) -> tuple[Rate | None, list[Fraction | None]]:
    newest: Rate | None = None
    points: list[Fraction | None] = []
    for week in range(WEEKS - 1, -1, -1):
        at = today - timedelta(days=7 * week)
        rated = await port.rates(of, platform, store=store, at=at, orders=None)
        newest = rated.rates[0] if rated.rates else None
        points.append(newest.value if newest else None)
    return newest, points


async def collect(visit: Visit) -> int:
    """A collection for each defect that was ticked; how many."""
    fields = await visit.request.post()
    evidence = visit.request.app[EVIDENCE]
    started = 0
    for id in dict.fromkeys(map(str, fields.getall("defect", []))):
        defect = await evidence.defects.one(whose(visit), id)
        if defect is None or defect.ref is None:
            continue
        known = {policy.id for policy in evidence.policies_in_force()}
        await evidence.request_collection(
            defect.ref,
            whose=whose(visit),
            store=defect.store,
            policy=defect.policy if defect.policy in known else None,
            sources=None,
            defect=as_collected(defect),
            idempotency_key=None,
        )
        started += 1
    return started


async def upload(visit: Visit) -> web.StreamResponse:
    """An export of defects, as the API takes it; a collection starts for each new one."""
    fields = await visit.request.post()
    file, platform = fields.get("file"), str(fields.get("platform", ""))
    if not isinstance(file, FileField) or platform not in list(Platform):
        raise not_found("export", "Choose a CSV file on the worklist.")
    store = str(fields.get("store", "")).strip() or "default"
    data = await asyncio.to_thread(file.file.read)
    if not data:
        raise RequestError(what="the upload", why="it is empty")
    export = await asyncio.to_thread(
        read_export,
        data,
        platform=platform,
        site=str(fields.get("site", "US")).upper()[:2],
        kinds=True,
        what="the export",
        most=MAX_LINES,
    )
    await visit.request.app[EVIDENCE].defects.enter_export(
        whose(visit), store, export, collect=True
    )
    return visit.goes("/console/orders")
