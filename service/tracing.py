"""Traces, for whoever collects them: one a collection, from what asked for it to its seal.

A collection's trace has the collection's id, so it is found by it, and whichever process goes on
with the collection goes on with its trace; nothing has to be handed over. Off unless an exporter is
configured in the environment by the names that OpenTelemetry gives (OTEL_EXPORTER_OTLP_ENDPOINT,
OTEL_TRACES_SAMPLER, …); needs the extra `otel`, which is imported only then.

A span holds the names of steps, sources and states. No span holds a URL, an order or a tenant.
"""

from __future__ import annotations

import contextlib
import contextvars
import hashlib
import random
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from evidence.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_FORCED: contextvars.ContextVar[tuple[int, int] | None] = contextvars.ContextVar(
    "orderproof_forced_ids", default=None
)
_active: _Tracing | None = None


def set_up(environment: Mapping[str, str]) -> bool:
    """Trace if the environment says where to; whether it does. ConfigError without `otel`."""
    if not any(environment.get(name) for name in _ENDPOINTS):
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise ConfigError(
            what="the environment", why="it asks for traces: install orderproof[otel]"
        ) from error
    trace_to(OTLPSpanExporter())
    return True


def trace_to(exporter: SpanExporter, *, at_once: bool = False) -> None:
    """Send spans there. `at_once`: each when it ends, not in batches (tests)."""
    global _active
    shut_down()
    _active = _Tracing(exporter, at_once=at_once)


def is_on() -> bool:
    return _active is not None


def shut_down() -> None:
    """Send what is left, and trace no more."""
    global _active
    if _active is not None:
        _active.provider.shutdown()
        _active = None


@contextlib.contextmanager
def span(name: str, **attributes: str | int | bool) -> Iterator[None]:
    """A step of whatever is being traced."""
    if _active is None:
        yield
        return
    with _active.tracer.start_as_current_span(
        f"orderproof.{name}", attributes=_named(attributes), record_exception=False
    ):
        yield


@contextlib.contextmanager
def request(method: str, route: str, headers: Mapping[str, str]) -> Iterator[dict[str, int]]:
    """A request that is being answered; its `status` is to be put into what this gives."""
    said: dict[str, int] = {}
    if _active is None:
        yield said
        return
    with _active.request(method, route, headers.get("traceparent"), said):
        yield said


@contextlib.contextmanager
def asked_for(collection: str) -> Iterator[None]:
    """The first span of a collection's trace, linked to what asked for it."""
    if _active is None:
        yield
        return
    with _active.root(collection):
        yield


@contextlib.contextmanager
def within(collection: str) -> Iterator[None]:
    """Whatever is traced in this block belongs to the collection's trace."""
    if _active is None:
        yield
        return
    with _active.within(collection):
        yield


def carried() -> dict[str, str]:
    """What is being traced now, to be kept with what will go on with it; {} if nothing is."""
    if _active is None:
        return {}
    return _active.carried()


@contextlib.contextmanager
def resumed(carried: Mapping[str, str], name: str) -> Iterator[None]:
    """A step that goes on with what was carried, whichever process it was in."""
    if _active is None:
        yield
        return
    with _active.resumed(carried, name):
        yield


class _Tracing:
    def __init__(self, exporter: SpanExporter, *, at_once: bool) -> None:
        from opentelemetry import context, trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
        from opentelemetry.sdk.trace.sampling import Decision
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._context = context
        self._trace = trace
        self._w3c = TraceContextTextMapPropagator()
        self._sampled = Decision.RECORD_AND_SAMPLE
        self.provider = TracerProvider(
            resource=Resource.create({"service.name": "orderproof"}), id_generator=_ids()
        )
        processor = SimpleSpanProcessor if at_once else BatchSpanProcessor
        self.provider.add_span_processor(processor(exporter))
        self.tracer = self.provider.get_tracer("orderproof")

    @contextlib.contextmanager
    def request(
        self, method: str, route: str, parent: str | None, said: dict[str, int]
    ) -> Iterator[None]:
        carrier = {"traceparent": parent} if parent else {}
        with self.tracer.start_as_current_span(
            f"{method} {route}",
            context=self._w3c.extract(carrier),
            kind=self._trace.SpanKind.SERVER,
            attributes={"http.request.method": method, "http.route": route},
            record_exception=False,
        ) as current:
            yield
            if "status" in said:
                current.set_attribute("http.response.status_code", said["status"])

    @contextlib.contextmanager
    def root(self, collection: str) -> Iterator[None]:
        asking = self._trace.get_current_span().get_span_context()
        links = [self._trace.Link(asking)] if asking.is_valid else []
        forced = _FORCED.set((int(collection, 16), _root_span(collection)))
        try:
            made = self.tracer.start_span(
                "orderproof.asked for",
                context=self._context.Context(),
                links=links,
                attributes=_named({"collection": collection}),
            )
        finally:
            _FORCED.reset(forced)
        with self._trace.use_span(made, end_on_exit=True, record_exception=False):
            yield

    @contextlib.contextmanager
    def within(self, collection: str) -> Iterator[None]:
        # Decided as when it was asked for: samplers that go by the id decide so again.
        trace_id = int(collection, 16)
        wanted = self.provider.sampler.should_sample(None, trace_id, "orderproof.asked for")
        flags = self._trace.TraceFlags(int(wanted.decision is self._sampled))
        parent = self._trace.NonRecordingSpan(
            self._trace.SpanContext(
                trace_id, _root_span(collection), is_remote=True, trace_flags=flags
            )
        )
        token = self._context.attach(self._trace.set_span_in_context(parent))
        try:
            yield
        finally:
            self._context.detach(token)

    def carried(self) -> dict[str, str]:
        carrier: dict[str, str] = {}
        self._w3c.inject(carrier)
        return {name: value for name, value in carrier.items() if name == "traceparent"}

    @contextlib.contextmanager
    def resumed(self, carried: Mapping[str, str], name: str) -> Iterator[None]:
        with self.tracer.start_as_current_span(
            f"orderproof.{name}", context=self._w3c.extract(carried), record_exception=False
        ):
            yield


def _ids() -> Any:
    from opentelemetry.sdk.trace.id_generator import IdGenerator

    class Ids(IdGenerator):
        """Random ones, unless a collection's are asked for."""

        def generate_trace_id(self) -> int:
            forced = _FORCED.get()
            return forced[0] if forced else random.getrandbits(128) or 1

        def generate_span_id(self) -> int:
            forced = _FORCED.get()
            return forced[1] if forced else random.getrandbits(64) or 1

    return Ids()


def _root_span(collection: str) -> int:
    digest = hashlib.sha256(b"orderproof-span:" + collection.encode()).digest()
    return int.from_bytes(digest[:8], "big") or 1


def _named(attributes: Mapping[str, str | int | bool]) -> dict[str, str | int | bool]:
    return {f"orderproof.{name}": value for name, value in attributes.items()}
