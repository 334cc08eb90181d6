"""How long requests take, for Prometheus. Labels are route templates, never what was filled in."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from service import tracing
from service.http.problems import route_of


class Metrics:
    """One registry an app, so that two apps in one process (tests) keep theirs apart."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Histogram(
            "orderproof_request_seconds",
            "Time to answer a request.",
            ("method", "route", "status"),
            registry=self._registry,
            buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60),
        )

    def text(self) -> bytes:
        return generate_latest(self._registry)


METRICS = web.AppKey("metrics", Metrics)

# A method is the caller's text; unknown ones must not each become a series.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})


@web.middleware
async def measure(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Time each request. Outermost, so that a problem counts under the status it went out with."""
    begun = time.perf_counter()
    method = request.method if request.method in _METHODS else "other"
    route = route_of(request)
    with tracing.request(method, route, request.headers) as said:
        answer = await handler(request)
        said["status"] = answer.status
    taken = time.perf_counter() - begun
    request.app[METRICS].requests.labels(method, route, str(answer.status)).observe(taken)
    return answer
