"""The server below the application: what happens before a request can be read at all.

aiohttp answers a malformed request by quoting it, logs the quote with a traceback, and names its
versions. A header that cannot be parsed may be an access token, so here none of the three happens.
It also waits for ever for the first request of a connection; here it does not. And it makes a
request and a task of whatever comes; what is asked for again (`again.py`) is answered without them.
"""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from typing import Any, cast

import structlog
from aiohttp import EMPTY_PAYLOAD, hdrs, web
from aiohttp.http import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from service.access.door import Door
from service.access.rates import Left
from service.http.again import Again, Begun
from service.http.app import HEADERS
from service.http.problems import Problem

# From connecting until the first request's head is in.
HEAD_S = 30.0

_log = structlog.get_logger("orderproof.http")


class _Connection(RequestHandler):
    """One request after another, in their order: each is answered from here or by the task."""

    __slots__ = ("_again", "_left", "_patience")

    def __init__(self, server: web.Server, again: Again, **kwargs: Any) -> None:
        super().__init__(server, **kwargs)
        self._again = again
        self._left: Left | None = None  # of a request that was counted and goes the whole way
        self._request_handler = self._all_the_way

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._patience = self._loop.call_later(HEAD_S, self._lose_patience)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._patience.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        # The task that waits for a message is woken only if that is not begun here.
        waiter, self._waiter = self._waiter, None
        try:
            super().data_received(data)
        finally:
            self._waiter = waiter
        if self._messages and not self._request_in_progress and not self._is_begun():
            self._wake()

    def _is_begun(self) -> bool:
        """Whether the message that waits alone is answered from here. It waits until then."""
        message, body = self._messages[0]
        if (
            self._waiter is None
            or self._waiter.done()
            or len(self._messages) > 1
            or not isinstance(message, RawRequestMessage)
            or body is not EMPTY_PAYLOAD
            or self.writing_paused  # the task waits for who reads slowly
        ):
            return False
        begun = self._again.begin(message)
        if begun is None:
            return False
        self._request_in_progress = True
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        begun.noted.add_done_callback(partial(self._end, begun))
        return True

    def _end(self, begun: Begun, _: asyncio.Future[None]) -> None:
        self._request_in_progress = False
        ending = self._handler_waiter  # of a server that shuts down
        if ending is not None and not ending.done():
            ending.set_result(None)
        answer = self._again.answer(begun)
        if self.transport is None or self._parser is None:
            begun.dropped()
            return
        if answer is None:
            self._left = begun.left
        else:
            self._messages.popleft()
            self._parser.message_consumed()
            self.transport.write(answer)
            if self._close:
                self.transport.close()
        if self._messages:
            self._wake()
        if answer is not None:
            begun.told()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _all_the_way(self, request: web.BaseRequest) -> web.StreamResponse:
        whole = cast(web.Request, request)  # as the application's own server makes them
        if self._left is not None:
            Door.was_counted(whole, self._left)
            self._left = None
        return await self._again.all_the_way(whole)

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
    again: Again

    def __call__(self) -> RequestHandler:
        return _Connection(self, self.again, loop=self._loop, **self._kwargs)


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
        cast(_Server, server).again = Again(self.app, server.request_handler, HEADERS)
        return server
