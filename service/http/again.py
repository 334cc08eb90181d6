"""Sealed documents that are asked for again: the same rules with less around them.

The first request for a path goes the whole way (`app.py`): it is routed, held to the contract and
answered. What it named follows from the path alone, so it is known from then on. A request for a
known path, with a token that is at hand, of a caller far from the quota, is begun here before
aiohttp makes a request of it, and answered by the connection (`runner.py`) once its line of custody
is written; whatever else it is goes the whole way, with nothing decided. The token is compared,
what it may is looked up, the request is counted, and custody is written by the same code as on the
whole way. Whatever goes wrong here is met again, and told, there.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache

import structlog
from aiohttp import HttpVersion11, hdrs, web
from aiohttp.http import RawRequestMessage

from service import tracing
from service.access.door import DOOR
from service.access.rates import Left
from service.api.asking import SEALED_ASKED, SealedAsked
from service.api.ports import EVIDENCE, SealedAtHand
from service.clock import machine
from service.custody import By
from service.http.contract import CONTRACT, Operation
from service.http.metrics import METRICS
from service.http.problems import Handler, request_id_of, route_of, since
from service.log_line import LogLine

MOST_PATHS = 4_096
MOST_LETTERS = 512

_LOGGER = "orderproof.http"
_log = structlog.get_logger(_LOGGER)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a path names, what custody calls it, and where its time is counted."""

    operation: Operation
    asked: SealedAsked
    route: str
    way: str
    took: Callable[[float], None]
    line: LogLine


@dataclass(slots=True)
class Begun:
    """A request that was let in and counted; `noted` is its line of custody."""

    known: _Known
    request_id: str
    since: float
    left: Left
    found: SealedAtHand = field(repr=False)
    noted: asyncio.Future[None]

    def told(self) -> None:
        """It was answered."""
        self.known.took(time.perf_counter() - self.since)
        self.known.line.write(request=self.request_id, ms=since(self.since))

    def dropped(self) -> None:
        """Nobody waits for the answer any more."""
        route, ms = self.known.route, since(self.since)
        _log.info("dropped", request=self.request_id, method="GET", route=route, ms=ms)


class Again:
    def __init__(self, app: web.Application, whole: Handler, headers: Mapping[str, str]) -> None:
        """`whole` answers any request; `headers` are those of every answer."""
        self._app = app
        self._whole = whole
        same = {**headers, hdrs.CONTENT_TYPE: "application/json"}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in same.items())
        self._known: OrderedDict[str, _Known] = OrderedDict()  # the oldest first

    def begin(self, message: RawRequestMessage) -> Begun | None:
        """Let in a request without a body, if that can be done at once; None is nothing done."""
        begun = time.perf_counter()
        known = self._known.get(message.path)
        if known is None or not _is_plain(message):
            return None
        door, evidence, asked = self._app[DOOR], self._app[EVIDENCE], known.asked
        caller = door.at_once(message.headers, known.operation)
        if caller is None:
            return None
        found = evidence.sealed_at_hand(caller.whose, asked.ref, asked.role)
        left = door.counted_at_once(caller) if found is not None else None
        if found is None or left is None:
            return None
        request_id = request_id_of(message.headers)
        noted = found.noted(asked.act, By(caller.who, known.way, request_id))
        return Begun(known, request_id, begun, left, found, noted)

    def answer(self, begun: Begun) -> bytes | None:
        """Head and body, once it is noted; None if it could not be, and goes the whole way."""
        noted, found = begun.noted, begun.found
        if noted.cancelled() or noted.exception() is not None:
            return None
        left = "".join([f"{name}: {value}\r\n" for name, value in begun.left.headers.items()])
        head = (
            f'HTTP/1.1 200 OK\r\n{self._head}ETag: "{found.sha256}"\r\n'
            f"X-Request-Id: {begun.request_id}\r\n{left}Content-Length: {len(found.envelope)}\r\n"
            f"Date: {_date(int(machine().timestamp()))}\r\n\r\n"
        )
        return b"".join((head.encode("ascii"), found.envelope))

    async def all_the_way(self, request: web.Request) -> web.StreamResponse:
        answer = await self._whole(request)
        asked, path = request.get(SEALED_ASKED), request.raw_path
        if asked is not None and answer.status == 200 and len(path) <= MOST_LETTERS:
            operation = self._app[CONTRACT].operation_of(request)
            if operation is not None and path not in self._known:
                route = route_of(request)
                took = self._app[METRICS].requests.labels("GET", route, "200").observe
                line = LogLine(_LOGGER, "answered", method="GET", route=route, status=200)
                self._known[path] = _Known(operation, asked, route, f"GET {route}", took, line)
                if len(self._known) > MOST_PATHS:
                    self._known.popitem(last=False)
        return answer


def _is_plain(message: RawRequestMessage) -> bool:
    """A GET without a condition, by HTTP/1.1 as it mostly is, that nobody traces."""
    return (
        message.method == "GET"
        and message.version == HttpVersion11
        and not message.should_close
        and not message.upgrade
        and hdrs.IF_NONE_MATCH not in message.headers
        and hdrs.EXPECT not in message.headers
        and not tracing.is_on()
    )


@lru_cache(1)
def _date(second: int) -> str:
    """As a head has it."""
    return formatdate(second, usegmt=True)
