"""The server below the application: what happens before a request can be read at all.

aiohttp answers a malformed request by quoting it, logs the quote with a traceback, and names its
versions. A header that cannot be parsed may be an access token, so here none of the three happens.
It also waits for ever for the first request of a connection; here it does not.
"""

from __future__ import annotations

import asyncio
import secrets

import structlog
from aiohttp import hdrs, web
from aiohttp.web_protocol import RequestHandler

from service.http.again import Again
from service.http.app import HEADERS
from service.http.problems import Problem

# From connecting until the first request's head is in.
HEAD_S = 30.0

_log = structlog.get_logger("orderproof.http")


class _Connection(RequestHandler):
    __slots__ = ("_patience",)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._patience = self._loop.call_later(HEAD_S, self._lose_patience)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._patience.cancel()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A problem that says nothing of what came; the connection ends with it."""
        request_id = secrets.token_hex(8)
        _log.info("unreadable", request=request_id, status=status, kind=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer was on its way already")
        said = "This is not a request of HTTP/1.1 that can be read."
        answer = Problem(status, "http", said).response(request_id)
        answer.headers[hdrs.SERVER] = "orderproof"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["X-Request-Id"] = request_id
        answer.force_close()
        return answer

    def _lose_patience(self) -> None:
        if self._request_count == 0 and self.transport is not None:
            self.transport.abort()


class _Server(web.Server):
    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Runs an application; its access log is off, for it would hold paths, and so order numbers."""

    def __init__(self, app: web.Application, *, shutdown_timeout: float) -> None:
        super().__init__(
            app, access_log=None, handle_signals=False, shutdown_timeout=shutdown_timeout
        )

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        # The application builds its server itself and takes no class to build it from.
        server.__class__ = _Server
        # What is asked for again need not pass through all of the application's layers.
        again = Again(self.app, server.request_handler, HEADERS)
        server.request_handler = again.answer  # type: ignore[assignment]
        return server
