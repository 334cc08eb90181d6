"""The HTTP application: openapi.yaml's operations, behind one door.

From outside in: every request is timed, every error becomes a problem, access is checked, the
request is held to the contract, then the resource answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

from aiohttp import hdrs, web

from service.access import door
from service.access.door import admit, refuse_exposure
from service.api import (
    access,
    agenda,
    bundles,
    cases,
    collections,
    custody,
    defects,
    erasure,
    evidence,
    figures,
    health,
    items,
    log,
    manifests,
    policies,
    queue,
    reports,
    shares,
    subscriptions,
    verify,
    webhooks,
)
from service.api.ports import CLOSING, DOORKEEPER, EVIDENCE, SETTINGS, Opening
from service.api.scratch import SCRATCH, Scratch
from service.console import pages as console
from service.console import routes
from service.http.contract import CONTRACT, MAX_BODY_BYTES, Contract, Handler
from service.http.metrics import METRICS, Metrics, measure
from service.http.problems import REQUEST_ID, problems
from service.settings import Settings
from service.webhooks.hooks import Doorkeeper

_RESOURCES = (
    collections,
    evidence,
    items,
    manifests,
    bundles,
    reports,
    cases,
    custody,
    erasure,
    shares,
    access,
    webhooks,
    subscriptions,
    defects,
    agenda,
    figures,
    policies,
    verify,
    log,
    queue,
    health,
)

# What is kept here is evidence: no cache keeps it, no page shows it, no browser guesses at it.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    hdrs.SERVER: "orderproof",
}


def make_app(settings: Settings, *, opening: Opening | None = None) -> web.Application:
    """Build the application.

    opening  how the service behind it is opened; the real one, with its worker, by default

    Raises RequestError if it would listen beyond loopback without a token.
    """
    refuse_exposure(settings)
    app = web.Application(
        middlewares=[measure, problems, routes.shown, admit], client_max_size=MAX_BODY_BYTES
    )
    app[SETTINGS] = settings
    app[METRICS] = Metrics()
    app[DOORKEEPER] = Doorkeeper()
    app[CONTRACT] = Contract.load()
    app[CONTRACT].bind(app, handlers())
    routes.bind(app, console.PAGES)
    app.on_response_prepare.extend([_add_headers, door.add_left])
    app.cleanup_ctx.extend([_scratch, partial(_evidence, opening), routes.opened, door.opened])
    app.on_shutdown.append(_close)
    return app


def handlers() -> dict[str, Handler]:
    """Every resource's operations, by operationId."""
    found: dict[str, Handler] = {}
    for resource in _RESOURCES:
        found |= resource.OPERATIONS
    return found


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers[hdrs.SERVER] = HEADERS[hdrs.SERVER]  # aiohttp has put its own name there
    if request_id := request.get(REQUEST_ID):
        response.headers["X-Request-Id"] = request_id


async def _scratch(app: web.Application) -> AsyncIterator[None]:
    app[SCRATCH] = await asyncio.to_thread(Scratch, app[SETTINGS].data / "scratch")
    yield
    app[SCRATCH].close()


async def _evidence(opening: Opening | None, app: web.Application) -> AsyncIterator[None]:
    if opening is None:
        from service.api.opened import open_runtime

        opening = open_runtime
    app[CLOSING] = asyncio.Event()
    app[verify.AT_ONCE] = asyncio.Semaphore(verify.MAX_AT_ONCE)
    async with opening(app[SETTINGS]) as opened:
        app[EVIDENCE] = opened
        yield


async def _close(app: web.Application) -> None:
    app[CLOSING].set()
