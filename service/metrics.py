"""Figures for Prometheus. Labels are templates and states, never an order, tenant or address."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest

from service.api.ports import Collection
from service.problems import route_of

_UNFINISHED = ("queued", "collecting", "verifying")


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
        self._collections = Gauge(
            "orderproof_collections_unfinished",
            "Collections that are neither sealed nor failed, of all tenants.",
            ("state",),
            registry=self._registry,
        )

    def count_unfinished(self, collections: Iterable[Collection]) -> None:
        states = Counter(str(collection.state) for collection in collections)
        for state in _UNFINISHED:
            self._collections.labels(state).set(states[state])

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
    answer = await handler(request)
    method = request.method if request.method in _METHODS else "other"
    request.app[METRICS].requests.labels(method, route_of(request), str(answer.status)).observe(
        time.perf_counter() - begun
    )
    return answer
