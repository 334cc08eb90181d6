"""What waits for its time: deadlines that come near, messages to answer, proof to fetch."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from evidence.orders import OrderRef
from evidence.times import rfc3339
from service.api.asking import whose_of
from service.api.ports import EVIDENCE
from service.api.sending import send_json
from service.api.shapes import collection_path, order_path
from service.http.contract import Given, Handler
from storage.ledger.errands import Errand, Why


async def get_agenda(request: web.Request, given: Given) -> web.StreamResponse:
    query = given.query
    whys = frozenset({Why(query["why"])} if "why" in query else Why)
    found = await request.app[EVIDENCE].agenda(
        whose_of(request),
        store=query.get("store"),
        whys=whys,
        after=int(query["cursor"]) if "cursor" in query else None,
        limit=query["limit"] + 1,
    )
    page = found[: query["limit"]]
    following = str(page[-1][0].number) if len(found) > len(page) else None
    # An order that was erased meanwhile has nothing to wait for.
    shown = [_shown(errand, ref) for errand, ref in page if ref is not None]
    return send_json({"agenda": shown, "next": following})


def _shown(errand: Errand, ref: OrderRef) -> dict[str, Any]:
    links = {"order": order_path(ref)}
    if errand.collection is not None:
        links["collection"] = collection_path(errand.collection)
    return {
        "why": str(errand.why),
        "at": rfc3339(errand.at),
        "store": errand.store,
        "platform": str(ref.platform),
        "site": ref.site,
        "order_id": ref.id,
        "details": dict(errand.said),
        "links": links,
    }


OPERATIONS: dict[str, Handler] = {"getAgenda": get_agenda}
