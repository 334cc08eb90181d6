"""Sealed documents that are asked for again: the same rules with less around them.

The first request for a path goes the whole way (`app.py`): it is routed, held to the contract and
answered. What it named follows from the path alone, so it is known from then on. A request for a
known path, with a token that is at hand, of a caller far from the quota, is answered here; whatever
else it is goes the whole way, with nothing decided. The token is compared, what it may is looked
up, the request is counted, and its line of custody is written before the bytes go out, all by the
same code as on the whole way. Whatever goes wrong here is met again, and told, there.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache

import structlog
from aiohttp import HttpVersion11, hdrs, web
from aiohttp.abc import AbstractStreamWriter

from service import tracing
from service.access.door import DOOR
from service.api.asking import SEALED_ASKED, SealedAsked
from service.api.ports import EVIDENCE
from service.clock import machine
from service.custody import By
from service.http.contract import CONTRACT, Operation
from service.http.metrics import METRICS
from service.http.problems import request_id_of, route_of, since

MOST_PATHS = 4_096
MOST_LETTERS = 512

_log = structlog.get_logger("orderproof.http")


@dataclass(frozen=True, slots=True)
class _Known:
    """What a path names, what custody calls it, and where its time is counted."""

    operation: Operation
    asked: SealedAsked
    route: str
    way: str
    took: Callable[[float], None]


class _Ready(web.StreamResponse):
    """An answer whose head is written already: of one to HTTP/1.1, on a connection that stays."""

    def __init__(self, head: str, body: bytes) -> None:
        super().__init__()
        self._said = (head.encode("ascii"), body)

    @property
    def keep_alive(self) -> bool:
        return True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        self._to = request.writer
        return self._to

    async def write_eof(self, data: bytes = b"") -> None:
        await self._to.write(b"".join(self._said))
        await self._to.drain()


class Again:
    def __init__(
        self,
        app: web.Application,
        whole: Callable[[web.Request], Awaitable[web.StreamResponse]],
        headers: Mapping[str, str],
    ) -> None:
        """`whole` answers any request; `headers` are those of every answer."""
        self._app = app
        self._whole = whole
        same = {**headers, hdrs.CONTENT_TYPE: "application/json"}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in same.items())
        self._known: OrderedDict[str, _Known] = OrderedDict()  # the oldest first

    async def answer(self, request: web.Request) -> web.StreamResponse:
        return await self._at_once(request) or await self._all_the_way(request)

    async def _at_once(self, request: web.Request) -> web.StreamResponse | None:
        begun = time.perf_counter()
        known = self._known.get(request.raw_path)
        if known is None or not _is_plain(request):
            return None
        caller = self._app[DOOR].at_once(request, known.operation)
        if caller is None:
            return None
        asked, request_id = known.asked, request_id_of(request)
        by = By(caller.who, known.way, request_id)
        try:
            found = await self._app[EVIDENCE].sealed(
                caller.whose, asked.ref, asked.role, asked.act, by
            )
        except asyncio.CancelledError:
            _tell("dropped", request_id, known.route, ms=since(begun))
            raise
        except Exception:
            return None
        if found is None or not found[1]:
            return None
        sha256, body = found
        left = "".join(
            [f"{name}: {value}\r\n" for name, value in self._app[DOOR].left_of(request).items()]
        )
        date = _date(int(machine().timestamp()))
        head = (
            f'HTTP/1.1 200 OK\r\n{self._head}ETag: "{sha256}"\r\nX-Request-Id: {request_id}\r\n'
            f"{left}Content-Length: {len(body)}\r\nDate: {date}\r\n\r\n"
        )
        _tell("answered", request_id, known.route, status=200, ms=since(begun))
        known.took(time.perf_counter() - begun)
        return _Ready(head, body)

    async def _all_the_way(self, request: web.Request) -> web.StreamResponse:
        answer = await self._whole(request)
        asked, path = request.get(SEALED_ASKED), request.raw_path
        if asked is not None and answer.status == 200 and len(path) <= MOST_LETTERS:
            operation = self._app[CONTRACT].operation_of(request)
            if operation is not None and path not in self._known:
                route = route_of(request)
                took = self._app[METRICS].requests.labels("GET", route, "200").observe
                self._known[path] = _Known(operation, asked, route, f"GET {route}", took)
                if len(self._known) > MOST_PATHS:
                    self._known.popitem(last=False)
        return answer


def _is_plain(request: web.Request) -> bool:
    """A GET without a body or a condition, by HTTP/1.1 as it mostly is, that nobody traces."""
    return (
        request.method == "GET"
        and request.version == HttpVersion11
        and request.keep_alive
        and hdrs.IF_NONE_MATCH not in request.headers
        and hdrs.EXPECT not in request.headers
        and not request.body_exists
        and not tracing.is_on()
    )


@lru_cache(1)
def _date(second: int) -> str:
    """As a head has it."""
    return formatdate(second, usegmt=True)


def _tell(event: str, request_id: str, route: str, **said: object) -> None:
    _log.info(event, request=request_id, method="GET", route=route, **said)
