"""The worklist: what is due first, and where a collection is started for one order or many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from evidence.errors import RequestError
from evidence.orders import OrderRef, Platform, order_ref
from evidence.policy import Policy
from service.access.callers import Role
from service.api.ports import EVIDENCE, Collection, Order
from service.cases.ref import case_of
from service.console import answers, defects
from service.console.order import whose
from service.console.places import order_page
from service.console.visit import Visit

MAX_LISTED = 500
MAX_STARTED = 100
STATES = ("complete", "incomplete", "under_way", "failed", "missing")
_FAR = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """An order by its newest collection. `due` is the earliest moment that is still ahead, or else
    the last one that is over; None where no time was told."""

    ref: OrderRef
    collection: Collection
    state: str
    due: datetime | None
    page: str


async def home(visit: Visit) -> web.StreamResponse:
    """Each to where their work is."""
    return visit.goes("/console/audit" if visit.role is Role.AUDITOR else "/console/orders")


async def show(visit: Visit) -> web.StreamResponse:
    return await _page(visit)


async def _page(visit: Visit, **more: Any) -> web.Response:
    asked = visit.request.query
    told = await defects.listed(visit)
    trends = await defects.trends(visit, told)
    found = await visit.request.app[EVIDENCE].recent(whose(visit), limit=MAX_LISTED)
    lines = _lines(found, _policies(visit), visit.now)
    state, store = asked.get("state", ""), asked.get("store", "")
    listed = [
        line for line in lines if state in ("", line.state) and store in ("", line.collection.store)
    ]
    evidence = asked.get("evidence", "")
    return visit.page(
        "worklist.html",
        defects=[line for line in told if evidence in ("", line.evidence)],
        defects_in_all=len(told),
        trends=trends,
        evidence=evidence,
        platform=asked.get("platform", ""),
        lines=listed,
        in_all=len(lines),
        states=STATES,
        stores=sorted({line.collection.store for line in lines}),
        state=state,
        store=store,
        platforms=list(Platform),
        **{"started": None, "refused": [], **more},
    )


def _policies(visit: Visit) -> Mapping[str, Policy]:
    return {policy.id: policy for policy in visit.request.app[EVIDENCE].policies_in_force()}


def _lines(
    found: Iterable[tuple[Order, Collection]], policies: Mapping[str, Policy], now: datetime
) -> list[Line]:
    """Each order once, by what is due first; what is over comes after what is ahead."""
    newest: dict[str, tuple[Order, Collection]] = {}
    for order, collection in found:
        if case_of(order.ref) is not None:
            continue  # what a case is kept by is no order to collect
        newest.setdefault(order.handle, (order, collection))
    lines = [
        Line(
            order.ref,
            collection,
            _state(collection),
            _due(collection, policies, now),
            order_page(order.ref),
        )
        for order, collection in newest.values()
    ]
    return sorted(lines, key=lambda line: ((line.due or _FAR) < now, line.due or _FAR))


def _state(collection: Collection) -> str:
    match collection.state:
        case "sealed":
            return "complete" if collection.complete else "incomplete"
        case "failed":
            return "failed"
    return "under_way"


def _due(collection: Collection, policies: Mapping[str, Policy], now: datetime) -> datetime | None:
    policy = policies.get(collection.policy)
    if collection.defect is None or policy is None:
        return None
    moments = [due.at for due in answers.due_as_told(collection.defect, policy)]
    ahead = [at for at in moments if at >= now]
    return min(ahead) if ahead else max(moments, default=None)


async def start(visit: Visit) -> web.StreamResponse:
    """A collection for each number; one that no order of the platform can have is named."""
    fields = await visit.request.post()
    if "defect" in fields:
        return await _page(visit, started=await defects.collect(visit))
    said = {name: str(value).strip() for name, value in fields.items()}
    refs, refused = _refs(said)
    defect = {"kind": said["kind"]} if said.get("kind") else None
    if defect is not None and (noticed := utc(said.get("noticed", ""))):
        defect["noticed_at"] = noticed
    for ref in refs:
        await visit.request.app[EVIDENCE].request_collection(
            ref,
            whose=whose(visit),
            store=said.get("store") or None,
            policy=None,
            sources=None,
            defect=defect,
            idempotency_key=None,
        )
    if len(refs) == 1 and not refused:
        return visit.goes(order_page(refs[0]))
    return await _page(visit, started=len(refs), refused=refused)


def _refs(said: Mapping[str, str]) -> tuple[list[OrderRef], list[str]]:
    numbers = list(dict.fromkeys(said.get("numbers", "").split()))[:MAX_STARTED]
    refs, refused = [], []
    for number in numbers:
        try:
            refs.append(order_ref(said.get("platform", ""), number, said.get("site") or "US"))
        except RequestError:
            refused.append(number[:60])
    return refs, refused


def utc(said: str) -> str:
    """What a browser's field for a time sends, as UTC, which its label says it is."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return ""
    return f"{at:%Y-%m-%dT%H:%M:%S}Z" if at.tzinfo is None else ""
