"""The sandbox as an application: a stand-in a vendor, each under its name, and faults.

POST   /_sandbox/faults     a fault as JSON (faults.py says which): the next requests meet it
DELETE /_sandbox/faults     no fault waits any more
GET    /_sandbox/requests   method and path of what was asked lately, without any header
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from aiohttp import web

from evidence.errors import RequestError
from service.clock import machine
from service.sandbox.authority import SandboxAuthority
from service.sandbox.faults import Faults, Handler, parse_fault
from service.sandbox.scenario import Scenario
from service.sandbox.vendors import VENDORS

_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came. `headers` and `body` are for tests; the door does not show them."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


FAULTS = web.AppKey("faults", Faults)
ASKED = web.AppKey("asked", deque[Asked])


def make_sandbox(
    scenario: Scenario,
    *,
    clock: Callable[[], datetime] = machine,
    authority: SandboxAuthority | None = None,
) -> web.Application:
    """The application. It keeps nothing and reaches nobody; any credentials of the scenario do.

    authority   plays a time authority too, under authority.PATH; faults hit it like the others
    """
    app = web.Application(middlewares=[_with_faults])
    # Each sandbox counts its own faults down, whoever else was given the same scenario.
    app[FAULTS] = Faults(
        tuple(parse_fault(asdict(fault)) for fault in scenario.faults), clock=clock
    )
    app[ASKED] = deque(maxlen=_REMEMBERED)
    for vendor in VENDORS:
        for route in vendor(scenario, clock=clock).routes():
            app.router.add_route(route.method, f"/{vendor.name}{route.path}", route.handler)
    if authority is not None:
        app.add_routes(authority.routes())
    app.add_routes(
        [
            web.post("/_sandbox/faults", _add_fault),
            web.delete("/_sandbox/faults", _clear_faults),
            web.get("/_sandbox/requests", _asked),
        ]
    )
    return app


@asynccontextmanager
async def run_sandbox(
    scenario: Scenario,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    clock: Callable[[], datetime] = machine,
    authority: SandboxAuthority | None = None,
) -> AsyncIterator[str]:
    """Serve until the block ends; its base URL, without a slash at the end. Port 0: a free one."""
    app = make_sandbox(scenario, clock=clock, authority=authority)
    async with served(app, host=host, port=port) as url:
        yield url


@asynccontextmanager
async def served(
    app: web.Application, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[str]:
    """Serve `app` until the block ends. Requests still hanging then are cut off."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound: Any = runner.addresses[0]
        shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
        yield f"http://{shown}:{bound[1]}"
    finally:
        await runner.cleanup()


@web.middleware
async def _with_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.path.startswith("/_sandbox/"):
        return await handler(request)
    request.app[ASKED].append(
        Asked(
            request.method,
            request.path,
            dict(request.query),
            dict(request.headers),
            await request.read() if request.content_type.endswith("json") else b"",
        )
    )
    faults = request.app[FAULTS]
    fault = faults.take(request.path)
    try:
        if fault is None:
            return await handler(request)
        return await faults.answer(fault, request, handler)
    except ValueError:  # what a handler takes for JSON, or a number, is none
        return web.json_response({"error": "The request cannot be read."}, status=400)


async def _add_fault(request: web.Request) -> web.Response:
    try:
        request.app[FAULTS].add(parse_fault(await request.json()))
    except (RequestError, ValueError) as problem:
        return web.json_response({"error": str(problem)}, status=422)
    return web.Response(status=204)


async def _clear_faults(request: web.Request) -> web.Response:
    request.app[FAULTS].clear()
    return web.Response(status=204)


async def _asked(request: web.Request) -> web.Response:
    return web.json_response(
        [{"method": asked.method, "path": asked.path} for asked in request.app[ASKED]]
    )
