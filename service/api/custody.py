"""Who had the evidence of an order in hand."""

from __future__ import annotations

from aiohttp import web

from service.api.asking import no_order, ref_of, whose_of
from service.api.ports import EVIDENCE
from service.api.sending import send_json
from service.http.contract import Given, Handler


async def get_custody(request: web.Request, given: Given) -> web.StreamResponse:
    ref = ref_of(given)
    report = await request.app[EVIDENCE].custody(whose_of(request), ref)
    if report is None:
        raise no_order()
    return send_json(report.to_json())


OPERATIONS: dict[str, Handler] = {"getCustody": get_custody}
