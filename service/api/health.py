"""The state of the service itself: alive, ready, its figures, its contract."""

from __future__ import annotations

import asyncio
import functools

from aiohttp import web

from service.api.ports import EVIDENCE
from service.api.sending import send_json
from service.http.contract import CONTRACT, Contract, Given, Handler
from service.http.metrics import METRICS
from service.http.reference import page

READY_S = 5.0


async def get_health(request: web.Request, given: Given) -> web.StreamResponse:
    return send_json({"ok": True})


async def get_readiness(request: web.Request, given: Given) -> web.StreamResponse:
    """What every request needs, and whether it can be used; why not is for `orderproof doctor`."""
    try:
        async with asyncio.timeout(READY_S):
            parts = [
                {"part": health.part, "ok": health.ok}
                for health in await request.app[EVIDENCE].needs()
            ]
    except TimeoutError:
        parts = [{"part": "health checks", "ok": False}]
    ready = all(part["ok"] for part in parts)
    return send_json({"ready": ready, "parts": parts}, status=200 if ready else 503)


async def get_metrics(request: web.Request, given: Given) -> web.StreamResponse:
    figures = request.app[METRICS].text() + await request.app[EVIDENCE].figures()
    return web.Response(
        body=figures, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
    )


async def get_contract(request: web.Request, given: Given) -> web.StreamResponse:
    return web.Response(
        body=request.app[CONTRACT].raw, content_type="application/yaml", charset="utf-8"
    )


async def get_reference(request: web.Request, given: Given) -> web.StreamResponse:
    """Style is the one thing that the page brings along and needs."""
    contract = request.app[CONTRACT]
    return web.Response(
        body=await asyncio.to_thread(_page, contract),
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )


@functools.cache
def _page(contract: Contract) -> bytes:
    return page(contract)


OPERATIONS: dict[str, Handler] = {
    "getHealth": get_health,
    "getReadiness": get_readiness,
    "getMetrics": get_metrics,
    "getContract": get_contract,
    "getReference": get_reference,
}
