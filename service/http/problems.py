"""Errors as RFC 9457 problems. What a caller sent is never repeated in one.

A problem's `type` is stable, its `detail` is a sentence that says what to do, and `instance` names
the request by the id that is also in the `X-Request-Id` header and in our own log.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import re
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from aiohttp import web

from evidence.errors import (
    AccessError,
    CorruptionError,
    EvidenceError,
    HeldError,
    NotFoundError,
    OutageError,
    RequestError,
    ShapeError,
    TooLargeError,
)

PROBLEM_JSON = "application/problem+json"
MAX_ERRORS = 50

REQUEST_ID = web.RequestKey("request_id", str)
# Every text in the body that was sent, for `problem_of` to keep out of a sentence.
BODY_TEXTS = web.RequestKey("body_texts", list[str])

_log = structlog.get_logger("orderproof.http")
_A_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with a request: a JSON Pointer to it, and what would be right."""

    pointer: str
    detail: str


class Problem(Exception):
    """An answer that is an error. `detail` is ours alone: no value of the caller's is in it."""

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        *,
        errors: Sequence[Violation] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.errors = tuple(errors[:MAX_ERRORS])
        self.headers = dict(headers or {})

    def response(self, request_id: str) -> web.Response:
        body: dict[str, object] = {
            "type": f"urn:orderproof:problem:{self.slug}",
            "title": _title(self.slug),
            "status": self.status,
            "detail": self.detail,
            "instance": f"urn:orderproof:request:{request_id}",
        }
        if self.errors:
            body["errors"] = [
                {"pointer": wrong.pointer, "detail": wrong.detail} for wrong in self.errors
            ]
        return web.Response(
            status=self.status,
            body=json.dumps(body, ensure_ascii=False).encode(),
            content_type=PROBLEM_JSON,
            headers=self.headers,
        )


def invalid(*errors: Violation) -> Problem:
    """A request that the contract does not allow."""
    return Problem(
        422,
        "invalid-request",
        "The request does not fit openapi.yaml; `errors` names each field.",
        errors=errors,
    )


def not_found(what: str, do: str) -> Problem:
    return Problem(404, "not-found", f"There is no such {what}. {do}")


def problem_of(error: EvidenceError, *, sent: Sequence[str] = ()) -> Problem:
    """The problem that an error of ours is, by who has to act.

    sent  every value the caller sent; where one of them stands in a sentence, it is taken out.
          A CorruptionError says nothing outside: what is broken is for whoever runs the service.
    """
    match error:
        case TooLargeError():
            return Problem(413, "too-large", _without(str(error), sent))
        case NotFoundError():
            return Problem(404, "not-found", _without(str(error), sent))
        case HeldError():
            return Problem(409, "held", _without(str(error), sent))
        case RequestError():
            return Problem(422, "refused", _without(str(error), sent))
        case OutageError():
            wait = 5 if error.retry_after_s is None else math.ceil(error.retry_after_s)
            return Problem(
                503, "outage", _without(str(error), sent), headers={"Retry-After": str(wait)}
            )
        case AccessError():
            return Problem(502, "access", _without(str(error), sent))
        case ShapeError():
            return Problem(
                502,
                "shape",
                "A source answered in a shape we do not know. Its answer is kept; tell whoever "
                "runs this service the request's id.",
            )
        case CorruptionError():
            return Problem(
                500,
                "corruption",
                "What is kept is not what it must be. Nothing was changed; ask whoever runs this "
                "service to look at its log under the request's id.",
            )
        case _:
            return _unexpected()


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, log one line for it, and turn every error into a problem."""
    request_id = request_id_of(request.headers)
    request[REQUEST_ID] = request_id
    log = _log.bind(request=request_id, method=request.method, route=route_of(request))
    begun = time.perf_counter()
    try:
        answer = await handler(request)
    except asyncio.CancelledError:
        log.info("dropped", ms=since(begun))
        raise
    except Problem as problem:
        answer = problem.response(request_id)
    except EvidenceError as error:
        if isinstance(error, CorruptionError | ShapeError):
            log.error("evidence", kind=type(error).__name__, error=str(error))
        answer = problem_of(error, sent=_sent(request)).response(request_id)
    except web.HTTPException as raised:
        answer = _of_aiohttp(raised).response(request_id)
    except (TimeoutError, ConnectionError) as error:
        log.info("cut off", kind=type(error).__name__)
        answer = Problem(
            408, "too-slow", "The request did not arrive in time. Send it again."
        ).response(request_id)
    except Exception as error:
        # The message of a foreign exception may quote personal data; where it was raised does not.
        where = [f"{f.filename}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)]
        log.error("unexpected", kind=type(error).__name__, where=where[-6:])
        answer = _unexpected().response(request_id)
    log.info("answered", status=answer.status, ms=since(begun))
    return answer


def request_id_of(headers: Mapping[str, str]) -> str:
    """What the caller calls the request, if that can be one; else a new one."""
    asked = headers.get("X-Request-Id", "")
    # A name and no secret, so it need not cost a call of the system's.
    return asked if _A_REQUEST_ID.fullmatch(asked) else f"{random.getrandbits(64):016x}"


def route_of(request: web.Request) -> str:
    """The route's template: `/v1/orders/{platform}/{order_id}`, never what was filled in."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


def _sent(request: web.Request) -> list[str]:
    return [
        *request.match_info.values(),
        *request.query.values(),
        *request.get(BODY_TEXTS, []),
        *(request.headers.get(name, "") for name in ("Authorization", "Idempotency-Key")),
    ]


def _without(text: str, sent: Sequence[str]) -> str:
    for value in sorted(set(sent), key=len, reverse=True):
        if value:
            text = text.replace(repr(value), "what was sent")
        if len(value) >= 4:  # a shorter one would be found inside our own words
            text = text.replace(value, "what was sent")
    return text[:1].upper() + text[1:]


def _of_aiohttp(raised: web.HTTPException) -> Problem:
    detail, slug = {
        404: ("There is nothing at this path. /openapi.yaml lists what there is.", "not-found"),
        405: ("This path does not take this method. See `Allow`.", "method-not-allowed"),
        413: ("The body is larger than 1 MB. Send less.", "too-large"),
    }.get(raised.status, (HTTPStatus(raised.status).description or raised.reason, "http"))
    keep = {name: raised.headers[name] for name in ("Allow", "Location") if name in raised.headers}
    return Problem(raised.status, slug, detail, headers=keep)


def _unexpected() -> Problem:
    return Problem(
        500,
        "unexpected",
        "Something went wrong on our side. Ask again; if it stays so, quote the request's id to "
        "whoever runs this service.",
    )


def _title(slug: str) -> str:
    return TITLES[slug]


TITLES = {
    "access": "A source refuses us",
    "corruption": "Kept evidence does not hold",
    "forbidden": "Not allowed",
    "held": "Something stands against it",
    "http": "The request cannot be answered",
    "invalid-request": "The request does not fit the contract",
    "method-not-allowed": "Wrong method",
    "misdirected": "Asked under another name",
    "not-found": "Not found",
    "not-sealed": "Nothing is sealed yet",
    "not-taken": "The platform would not take it",
    "outage": "Not available now",
    "range": "No such range",
    "refused": "Refused",
    "shape": "A source answered in an unknown shape",
    "too-large": "Too large",
    "too-much": "Too much is waiting",
    "too-often": "Too often",
    "too-slow": "Too slow",
    "unauthorized": "No access",
    "unexpected": "Unexpected failure",
    "unsupported-media-type": "Unsupported media type",
}


def since(begun: float) -> float:
    """Milliseconds since then, by `time.perf_counter`."""
    return round((time.perf_counter() - begun) * 1000, 1)
