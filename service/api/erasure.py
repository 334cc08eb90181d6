"""Erasure of an order, and the legal hold that forbids it."""

from __future__ import annotations

from aiohttp import web

from evidence.erasure import ErasureReason
from evidence.times import rfc3339
from service.api.asking import by_of, no_order, ref_of, whose_of
from service.api.ports import EVIDENCE
from service.api.sending import send_json
from service.http.contract import Given, Handler


async def erase_order(request: web.Request, given: Given) -> web.StreamResponse:
    """What opens the order is destroyed when this is answered, and the record of it is signed."""
    done = await request.app[EVIDENCE].erase(
        whose_of(request),
        ref_of(given),
        reason=ErasureReason(given.body["reason"]),
        by=by_of(request),
    )
    if done is None:
        raise no_order()
    return send_json(done.opened())


async def put_hold(request: web.Request, given: Given) -> web.StreamResponse:
    since = await request.app[EVIDENCE].hold(
        whose_of(request),
        ref_of(given),
        reason=given.body["reason"],
        by=by_of(request),
    )
    if since is None:
        raise no_order()
    return send_json({"held": True, "since": rfc3339(since)})


async def lift_hold(request: web.Request, given: Given) -> web.StreamResponse:
    evidence = request.app[EVIDENCE]
    if not await evidence.release(whose_of(request), ref_of(given), by=by_of(request)):
        raise no_order()
    return send_json({"held": False, "since": None})


OPERATIONS: dict[str, Handler] = {
    "eraseOrder": erase_order,
    "putHold": put_hold,
    "liftHold": lift_hold,
}
