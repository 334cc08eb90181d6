"""What goes wrong with a source, on demand.

    status        answers `status`, with Retry-After `retry_after` if given
    hang          waits `seconds` before it answers
    stall         sends the head and half of the body, then waits `seconds`
    garbage       answers bytes that are no JSON, under the right content type
    content_type  answers truly, as text/html
    truncate      promises the whole body, sends half, breaks the connection
    body          answers `bytes` bytes, streamed
    skew          answers truly, its Date header `seconds` wrong
    expired       says that the token is not valid any more
    redirect      answers 302 to `location`
    gzip          answers truly, gzipped, although nobody asked for it
    echo          repeats the request's Authorization header in header and body

`times` requests are hit (0: all from now on), of those whose path holds `on`; without one, all but
those for a token.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from evidence.errors import RequestError
from service.clock import Clock, machine

KINDS = frozenset(
    {
        "status",
        "hang",
        "stall",
        "garbage",
        "content_type",
        "truncate",
        "body",
        "skew",
        "expired",
        "redirect",
        "gzip",
        "echo",
    }
)
LARGEST_BODY = 8 << 30
_PIECE = b"\x00" * (1 << 20)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault that waits for its requests."""

    kind: str
    times: int = 1
    on: str = ""
    status: int = 503
    retry_after: str | None = None
    seconds: float = 60.0
    bytes: int = 0
    location: str = ""


def parse_fault(said: Any) -> Fault:
    """A fault as it is written in TOML or JSON; RequestError naming what is wrong with it."""
    if not isinstance(said, Mapping):
        raise _wrong("it is not an object")
    known = {one.name: one for one in fields(Fault)}
    if unknown := sorted(set(said) - set(known)):
        raise _wrong(f"nobody reads {', '.join(unknown)[:200]}")
    if said.get("kind") not in KINDS:
        raise _wrong(f"its kind is not one of {', '.join(sorted(KINDS))}")
    for name, kinds in (
        ("times", int),
        ("status", int),
        ("bytes", int),
        ("seconds", (int, float)),
        ("on", str),
        ("location", str),
    ):
        value = said.get(name, getattr(Fault(kind="hang"), name))
        if isinstance(value, bool) or not isinstance(value, kinds):
            raise _wrong(f"{name} has the wrong type")
    fault = Fault(**said)
    fault.retry_after = None if fault.retry_after is None else str(fault.retry_after)
    if not (100 <= fault.status < 600 and 0 <= fault.bytes <= LARGEST_BODY and fault.times >= 0):
        raise _wrong("status, bytes or times is out of range")
    return fault


class Faults:
    """The faults that wait, in the order they were asked for."""

    def __init__(self, faults: tuple[Fault, ...] = (), *, clock: Clock = machine) -> None:
        self._waiting = list(faults)
        self._clock = clock

    def add(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, path: str) -> Fault | None:
        """The first fault that waits for this path; it is spent once it hit `times` requests."""
        for fault in self._waiting:
            if fault.on in path if fault.on else "token" not in path.rpartition("/")[2]:
                if fault.times == 1:
                    self._waiting.remove(fault)
                elif fault.times > 1:
                    fault.times -= 1
                return fault
        return None

    async def answer(
        self, fault: Fault, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """The request's answer with the fault in it."""
        match fault.kind:
            case "status":
                return _status(fault)
            case "hang":
                await asyncio.sleep(fault.seconds)
                return await handler(request)
            case "garbage":
                return web.Response(body=b"\x00\xff{not json", content_type="application/json")
            case "expired":
                error = {"code": "250002", "message": "Invalid Authentication Information."}
                return web.json_response({"response": {"errors": [error]}}, status=401)
            case "redirect":
                return web.Response(status=302, headers={"Location": fault.location})
            case "body":
                return await _streamed(request, fault.bytes)
            case "echo":
                said = request.headers.get("Authorization", "")
                return web.json_response({"you_sent": said}, headers={"X-You-Sent": said})
        whole = await handler(request)
        return await _spoilt(fault, request, whole, self._clock)


def _status(fault: Fault) -> web.Response:
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    error = {"code": str(fault.status), "message": "The sandbox was told to answer this."}
    return web.json_response(
        {"response": {"errors": [error]}}, status=fault.status, headers=headers
    )


async def _spoilt(
    fault: Fault, request: web.Request, whole: web.StreamResponse, clock: Clock
) -> web.StreamResponse:
    if not isinstance(whole, web.Response) or not isinstance(whole.body, bytes):
        return whole
    body = whole.body
    match fault.kind:
        case "content_type":
            whole.content_type = "text/html"
        case "gzip":
            return web.Response(
                body=gzip.compress(body, mtime=0),
                status=whole.status,
                headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
            )
        case "skew":
            wrong = clock() + timedelta(seconds=fault.seconds)
            whole.headers["Date"] = format_datetime(wrong, usegmt=True)
        case "truncate" | "stall":
            part = web.StreamResponse(status=whole.status)
            part.content_type = "application/json"
            part.content_length = len(body)
            await part.prepare(request)
            await part.write(body[: len(body) // 2])
            if fault.kind == "stall":
                await asyncio.sleep(fault.seconds)
            if request.transport is not None:
                request.transport.close()
            return part
    return whole


async def _streamed(request: web.Request, size: int) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    answer.content_length = size
    await answer.prepare(request)
    for at in range(0, size, len(_PIECE)):
        await answer.write(_PIECE[: size - at])
    await answer.write_eof()
    return answer


def _wrong(why: str) -> RequestError:
    return RequestError(what="a fault for the sandbox", why=why)
