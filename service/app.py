"""The HTTP application: openapi.yaml's operations, behind one door.

From outside in: every request is timed, every error becomes a problem, access is checked, the
request is held to the contract, then the resource answers.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from aiohttp import hdrs, web
from yarl import URL

from evidence.errors import RequestError
from service.api import (
    bundles,
    collections,
    custody,
    erasure,
    evidence,
    health,
    items,
    log,
    manifests,
    policies,
    verify,
)
from service.api.ports import CLOSING, EVIDENCE, SETTINGS, Opening
from service.api.scratch import SCRATCH, Scratch
from service.contract import CONTRACT, MAX_BODY_BYTES, Contract, Handler
from service.metrics import METRICS, Metrics, measure
from service.problems import REQUEST_ID, Problem, problems
from service.settings import Settings

_RESOURCES = (
    collections,
    evidence,
    items,
    manifests,
    bundles,
    custody,
    erasure,
    policies,
    verify,
    log,
    health,
)

# What is kept here is evidence: no cache keeps it, no page shows it, no browser guesses at it.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def make_app(settings: Settings, *, opening: Opening | None = None) -> web.Application:
    """Build the application.

    opening  how the service behind it is opened; the real one, with its worker, by default

    Raises RequestError if it would listen beyond loopback without a token.
    """
    refuse_exposure(settings)
    app = web.Application(middlewares=[measure, problems, admit], client_max_size=MAX_BODY_BYTES)
    app[SETTINGS] = settings
    app[METRICS] = Metrics()
    app[CONTRACT] = Contract.load()
    app[CONTRACT].bind(app, handlers())
    app.on_response_prepare.append(_add_headers)
    app.cleanup_ctx.extend([_scratch, partial(_evidence, opening)])
    app.on_shutdown.append(_close)
    return app


def handlers() -> dict[str, Handler]:
    """Every resource's operations, by operationId."""
    found: dict[str, Handler] = {}
    for resource in _RESOURCES:
        found |= resource.OPERATIONS
    return found


def refuse_exposure(settings: Settings) -> None:
    """Without a token, whoever can connect can read everything: then only this machine may."""
    if settings.api_token is None and not _is_loopback(settings.host):
        raise RequestError(
            what="listening beyond this machine",
            why="no access token is set; set ORDERPROOF_API_TOKEN, or listen on 127.0.0.1",
        )


@web.middleware
async def admit(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Let in who shows the token; where none is set, who talks to this machine by its own name.

    The second keeps out web pages: one that is open in a browser on this machine could reach a
    loopback port through a name of its own (DNS rebinding), or blindly by a form.
    """
    token = request.app[SETTINGS].api_token
    operation = request.app[CONTRACT].operation_of(request)
    if token is None:
        _refuse_strange_pages(request)
    elif operation is None or not operation.public:
        sent = request.headers.get(hdrs.AUTHORIZATION, "")
        scheme, _, value = sent.partition(" ")
        # Both sides hashed: the comparison takes the same time whatever their lengths.
        right = hmac.compare_digest(_hash(value.strip()), _hash(token.reveal()))
        if scheme.lower() != "bearer" or not right:
            raise Problem(
                401,
                "unauthorized",
                "Send the service's access token: `Authorization: Bearer TOKEN`.",
                headers={"WWW-Authenticate": 'Bearer realm="orderproof"'},
            )
    return await handler(request)


def _refuse_strange_pages(request: web.Request) -> None:
    host, origin = request.headers.get(hdrs.HOST), request.headers.get(hdrs.ORIGIN)
    for url in (f"http://{host}" if host else None, origin):
        if url is None:
            continue
        try:
            name = URL(url).host or ""
        except ValueError:
            name = ""
        if not _is_loopback(name):
            raise Problem(
                421,
                "misdirected",
                "Without an access token this service answers only to the name of this machine: "
                "127.0.0.1 or localhost. Set ORDERPROOF_API_TOKEN to be reached by another.",
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers[hdrs.SERVER] = "orderproof"
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
