"""Defects: handed in by hand or as an export, listed by deadline, counted, covered by evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from aiohttp import web

from evidence.canonical import digest
from evidence.errors import RequestError
from evidence.times import rfc3339
from service.api.asking import store_of, whose_of
from service.api.ports import EVIDENCE
from service.api.sending import send_json
from service.api.shapes import collection_path, order_path
from service.api.uploads import taken
from service.defects.days import FIRST_YEAR, LAST_YEAR, Days
from service.defects.deadlines import Due
from service.defects.desk import Told
from service.defects.export import read_export
from service.defects.rates import Rate
from service.defects.window import Rated, forecast, reading_name
from service.http.contract import Given, Handler
from service.http.problems import Problem, not_found
from storage.ledger.defects import Defect

MAX_EXPORT = 8 << 20
MAX_LINES = 10_000
MAX_ORDERS = 500_000
_SHOWN = 500


async def enter_defect(request: web.Request, given: Given) -> web.StreamResponse:
    """201 for a new one; 200 for one that was there, with what is told of it now."""
    body = given.body
    told = Told(
        platform=body["platform"],
        number=body["order_id"],
        site=body.get("site", "US").upper(),
        said=body["kind"],
        case=body.get("case_id", ""),
        notice=body.get("notice", ""),
        ordered=_day(body["ordered_on"], "ordered_on") if "ordered_on" in body else None,
        noticed=_noticed(body),
        due=_time(body["due_at"], "due_at") if "due_at" in body else None,
        denied=body.get("denied", False),
        stars=body.get("stars"),
        doubts=tuple(body.get("doubts", ())),
    )
    defects = request.app[EVIDENCE].defects
    kept, new = await defects.enter(
        whose_of(request), store_of(request, body.get("store")), told,
        collect=body.get("collect", True),
    )  # fmt: skip
    (shown,) = await _shown(request, [kept])
    return send_json(shown, status=201 if new else 200, headers={"Location": _path(kept)})


async def upload_defects(request: web.Request, given: Given) -> web.StreamResponse:
    """An export: CSV with a header, or Amazon's account health report as JSON."""
    query = given.query
    whose, store = whose_of(request), store_of(request, query.get("store"))
    defects = request.app[EVIDENCE].defects
    if request.content_type not in ("text/csv", "application/json"):
        raise Problem(
            415, "unsupported-media-type", "Send it as text/csv, or a report as application/json."
        )
    data = await taken(request, most=MAX_EXPORT)
    found: dict[str, Any] = {"sha256": digest(data), "lines": 0, "new": 0, "defects": []}
    found |= {"standings": [], "left_out": 0}
    if request.content_type == "application/json":
        if query["platform"] != "amazon":
            raise RequestError(what="the report", why="only Amazon's is read; send others as CSV")
        for one in await defects.enter_report(whose, store, data, site=query["site"].upper()):
            found["standings"].append(_standing(one.measure, one.site, one.said))
        return send_json(found)
    export = await asyncio.to_thread(
        read_export,
        data,
        platform=query["platform"],
        site=query["site"].upper(),
        kinds=True,
        what="the export",
        dates=query.get("dates"),
        most=MAX_LINES,
    )
    kept = await defects.enter_export(whose, store, export, collect=query["collect"] == "yes")
    lines = await _shown(request, [one for one, _ in kept[:_SHOWN]])
    found |= {"lines": len(kept), "new": sum(new for _, new in kept), "defects": lines}
    return send_json(found | {"left_out": max(0, len(kept) - _SHOWN)})


async def upload_orders(request: web.Request, given: Given) -> web.StreamResponse:
    """A list of all orders: what rates divide by, and which of them may not belong."""
    query = given.query
    data = await taken(request, most=MAX_EXPORT)
    listed = await asyncio.to_thread(
        read_export,
        data,
        platform=query["platform"],
        site=query["site"].upper(),
        kinds=False,
        what="the list",
        dates=query.get("dates"),
        most=MAX_ORDERS,
    )
    store = store_of(request, query.get("store"))
    days, orders = await request.app[EVIDENCE].defects.enter_orders(
        whose_of(request), store, query["platform"], listed
    )
    return send_json({"sha256": digest(data), "days": days, "orders": orders})


async def list_defects(request: web.Request, given: Given) -> web.StreamResponse:
    query = given.query
    due = _time(query["due_before"], "due_before") if "due_before" in query else None
    found = await request.app[EVIDENCE].defects.listed(
        whose_of(request),
        store=query.get("store"),
        platform=query.get("platform"),
        kind=query.get("kind"),
        due_before=due,
        after=query.get("cursor"),
        limit=query["limit"] + 1,
    )
    page = list(found[: query["limit"]])
    following = page[-1].id if len(found) > len(page) else None
    return send_json({"defects": await _shown(request, page), "next": following})


async def get_defect(request: web.Request, given: Given) -> web.StreamResponse:
    found = await request.app[EVIDENCE].defects.one(whose_of(request), given.path["defect_id"])
    if found is None:
        raise not_found("defect", "GET /v1/defects lists them.")
    (shown,) = await _shown(request, [found])
    return send_json(shown)


async def get_rates(request: web.Request, given: Given) -> web.StreamResponse:
    query, evidence = given.query, request.app[EVIDENCE]
    at = _day(query["at"], "at") if "at" in query else evidence.clock().date()
    found = await evidence.defects.rates(
        whose_of(request),
        query["platform"],
        store=query.get("store"),
        at=at,
        orders=query.get("orders"),
    )
    return send_json(_rates(found, query["platform"]))


async def check_coverage(request: web.Request, given: Given) -> web.StreamResponse:
    body = given.body
    found = await request.app[EVIDENCE].defects.coverage(
        whose_of(request),
        body["platform"],
        body.get("site", "US").upper(),
        store=body.get("store"),
        orders=body["orders"],
    )
    missing = [order for order, state in found.named if state in ("missing", "failed")]
    return send_json(
        {
            "covered": not missing and not found.left_out,
            "orders": [{"order_id": order, "evidence": state} for order, state in found.named],
            "missing": missing,
            "not_defective": list(found.strange),
            "left_out": list(found.left_out),
        }
    )


def _noticed(body: dict[str, Any]) -> date | datetime | None:
    if "noticed_at" in body:
        return _time(body["noticed_at"], "noticed_at")
    return _day(body["noticed_on"], "noticed_on") if "noticed_on" in body else None


def _day(said: str, what: str) -> date:
    return Days(None).day(said, f"`{what}`")


def _time(said: str, what: str) -> datetime:
    """Years at the ends of the calendar, which cannot be counted from, are refused."""
    try:
        at = datetime.fromisoformat(said).astimezone(UTC)
        if FIRST_YEAR <= at.year <= LAST_YEAR:
            return at
    except (ValueError, OverflowError):
        pass
    raise RequestError(what=f"`{what}`", why="it is no time that can be counted from")


def _path(defect: Defect) -> str:
    return f"/v1/defects/{defect.id}"


async def _shown(request: web.Request, found: Sequence[Defect]) -> list[dict[str, Any]]:
    defects = request.app[EVIDENCE].defects
    evidence = await defects.evidence(found)
    now = request.app[EVIDENCE].clock()
    return [_json(one, evidence[one.id], defects.dues(one), now) for one in found]


def _json(defect: Defect, evidence: str, dues: Sequence[Due], now: datetime) -> dict[str, Any]:
    links = {"self": _path(defect)}
    if defect.ref is not None:
        links["order"] = order_path(defect.ref)
    if defect.collection is not None:
        links["collection"] = collection_path(defect.collection)
    return {
        "id": defect.id,
        "store": defect.store,
        "platform": defect.platform,
        "site": defect.site,
        "order_id": defect.number,
        "kind": defect.kind,
        "said": defect.said,
        "case_id": defect.case or None,
        "ordered_on": str(defect.ordered_on) if defect.ordered_on else None,
        "noticed": defect.noticed or None,
        "due_at": rfc3339(defect.due_at) if defect.due_at else None,
        "due": [
            {
                "at": rfc3339(due.at),
                "passed": due.at < now,
                "rule": due.rule.id,
                "step": due.rule.step,
                "clock": due.rule.clock,
                "source": due.rule.source,
                "confidence": str(due.rule.confidence),
            }
            for due in dues
        ],
        "policy": defect.policy,
        "denied": defect.denied,
        "stars": defect.stars,
        "doubts": list(defect.doubts),
        "origin": defect.origin,
        "evidence": evidence,
        "collection": defect.collection,
        "created_at": rfc3339(defect.created_at or now),
        "links": links,
    }


def _rates(found: Rated, platform: str) -> dict[str, Any]:
    levels = {level.reading: level.level for level in found.levels()}
    return {
        "platform": platform,
        "policy": found.policy.id if found.policy else None,
        "at": str(found.at),
        "rates": [_rate(each, levels.get(reading_name(each)), found) for each in found.rates],
        "days_without_orders": [str(day) for day in found.gaps],
        "undated": sorted({row.number for row in found.undated}),
        "standings": [_standing(one.measure, one.site, one.said) for one in found.standings],
    }


def _rate(each: Rate, level: str | None, found: Rated) -> dict[str, Any]:
    left, orders = each.without
    return {
        "days": each.reading.days,
        "denied_claims_count": each.reading.denied,
        "source": each.reading.source,
        "confidence": each.reading.confidence,
        "counted_by": each.reading.counted_by,
        "defects": [
            {
                "order_id": leaving.row.number,
                "kind": str(leaving.row.kind),
                "until": str(leaving.on),
            }
            for leaving in each.counted
        ],
        "orders": each.orders,
        "rate": float(each.value) if each.value is not None else None,
        "limit": float(each.limit) if each.limit is not None else None,
        "warning": float(found.warning) if found.warning is not None else None,
        "level": level,
        "doubtful": [{"order_id": row.number, "doubts": list(row.doubts)} for row in each.doubtful],
        "without_doubtful": {"defects": left, "orders": orders},
        "below_limit_on": str(each.below_on) if each.below_on else None,
        "forecast": [{"on": str(day), "defects": n} for day, n in forecast(each, found.at)],
    }


def _standing(measure: str, site: str, said: Any) -> dict[str, Any]:
    return {"measure": measure, "site": site, "said": dict(said)}


OPERATIONS: dict[str, Handler] = {
    "enterDefect": enter_defect,
    "listDefects": list_defects,
    "uploadDefects": upload_defects,
    "uploadOrders": upload_orders,
    "getRates": get_rates,
    "checkCoverage": check_coverage,
    "getDefect": get_defect,
}
