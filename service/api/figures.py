"""Figures of a store, in percent by day, and the alarms that they give."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from evidence.times import rfc3339
from service.api.asking import store_of, whose_of
from service.api.ports import EVIDENCE
from service.api.sending import send_json
from service.defects.figures import Watched, days_of
from service.http.contract import Given, Handler
from storage.ledger.figures import KeptAlarm, Measured


async def enter_figures(request: web.Request, given: Given) -> web.StreamResponse:
    """Days that were there are replaced; the alarms that this gives newly are shown."""
    body = given.body
    days = days_of(body["series"])
    of = Measured(
        tenant=whose_of(request).tenant,
        store=store_of(request, body.get("store")),
        platform=body["platform"],
        site=body.get("site", "US").upper(),
        metric=body["metric"],
        origin="told",
    )
    new = await request.app[EVIDENCE].defects.enter_figures(whose_of(request), of, days)
    return send_json({"days": len(days), "alarms": [await _alarm(request, one) for one in new]})


async def get_figures(request: web.Request, given: Given) -> web.StreamResponse:
    query = given.query
    found, alarms = await request.app[EVIDENCE].defects.figures(
        whose_of(request),
        query["platform"],
        store=query.get("store"),
        metric=query.get("metric"),
    )
    return send_json(
        {
            "series": [_series(one) for one in found],
            "alarms": [await _alarm(request, one) for one in alarms],
        }
    )


def _series(one: Watched) -> dict[str, Any]:
    return {
        **_of(one.of),
        "days": [{"day": str(day), "percent": float(value)} for day, value in one.days.items()],
        "gaps": [str(day) for day in one.gaps],
        "rules": [dict(rule) for rule in one.rules],
    }


def _of(of: Measured) -> dict[str, Any]:
    return {
        "store": of.store,
        "platform": of.platform,
        "site": of.site or None,
        "metric": of.metric,
        "origin": of.origin,
    }


async def _alarm(request: web.Request, one: KeptAlarm) -> dict[str, Any]:
    behind = []
    if one.collect != "no":
        behind = [each.id for each in await request.app[EVIDENCE].defects.behind(one)]
    told = {name: value for name, value in one.said.items() if name not in ("metric", "rule")}
    return {
        "id": one.id,
        **_of(one.of),
        "rule": one.rule,
        **told,
        "ended": str(one.ended) if one.ended else None,
        "collected": {"no": None, "wanted": False, "done": True}[one.collect],
        "defects": behind,
        "created_at": rfc3339(one.created_at),
    }


OPERATIONS: dict[str, Handler] = {"enterFigures": enter_figures, "getFigures": get_figures}
