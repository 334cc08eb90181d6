"""What the service counts and times about itself, for Prometheus.

Labels are names of sources, questions and states, which the configuration bounds; never an order, a
tenant or an address. Each process counts for itself: Prometheus adds them up. What all processes
share (the queue, the ledger) is looked up when somebody asks, so add none of those up.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from evidence.errors import CorruptionError, EvidenceError
from evidence.verdicts import Judgement
from service.queue.operating import QueueState

if TYPE_CHECKING:
    from service.sources.sources import Source

_STATES = ("queued", "collecting", "verifying")
_LONG = (0.5, 1, 2, 5, 10, 20, 60, 300, 1800, 7200, 86400)
_SHORT = (0.05, 0.2, 0.5, 1, 2, 5, 10, 30, 120)


class Instruments:
    """One registry a runtime, so that two in one process (tests) keep theirs apart."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._ended = self._counter("collections_ended", "Collections that ended.", "state", "kind")
        self._took = self._histogram("collection_seconds", "From request to seal.", _LONG, "kind")
        self._walks_broke = self._counter("walks_broken", "Walks that raised.", "why")
        self._asked = self._counter(
            "source_asked", "Sources asked about an order.", "source", "state"
        )
        self._answer = self._histogram(
            "source_seconds", "Until a source had said all it has.", _SHORT, "source"
        )
        self._left_alone = self._gauge(
            "source_left_alone", "1 while a source that kept failing is not asked.", "source"
        )
        self._verdicts = self._counter(
            "verdicts", "Answers of verifiers in sealed manifests.", "question", "verdict"
        )
        self._corrupt = self._counter("corruption", "Kept evidence was not what it must be.")
        self._unfinished = self._gauge(
            "collections_unfinished", "Neither sealed nor failed, of all tenants.", "state", "kind"
        )
        self._age = self._gauge(
            "queue_age_seconds", "Since the oldest that nobody has begun was asked for.", "kind"
        )
        self._slack = self._gauge(
            "deadline_slack_seconds", "Until the nearest due; below 0 it is over.", "kind"
        )
        self._parked = self._gauge("parked", "Failed collections that wait for a decision.")
        self._line = self._gauge("line", "Collections in Valkey's line.", "standing")
        self._workers = self._gauge("workers", "Workers that are alive.")
        self._hands = self._gauge("hands", "Collections that all workers can walk at once.")
        self._walking = self._gauge("hands_busy", "Collections that all workers walk now.")
        self._lag = self._gauge("sequencer_lag", "Stamps that have no receipt yet, of all tenants.")
        self._lag_s = self._gauge("sequencer_lag_seconds", "Since the oldest of them was kept.")
        self._free = self._gauge("disk_free_bytes", "Free where the data folder is.")

    # -- what happens ----------------------------------------------------------------------

    def sealed(self, *, complete: bool, bulk: bool, seconds: float) -> None:
        self._ended.labels("complete" if complete else "incomplete", _kind(bulk)).inc()
        self._took.labels(_kind(bulk)).observe(max(0.0, seconds))

    def failed(self, problem: EvidenceError | None = None) -> None:
        self._ended.labels("failed", "any").inc()
        if isinstance(problem, CorruptionError):
            self._corrupt.inc()

    def walk_broke(self, *, ours: bool) -> None:
        self._walks_broke.labels("ours" if ours else "outage").inc()

    def asked(self, source: str, state: str, seconds: float) -> None:
        self._asked.labels(source, state).inc()
        self._answer.labels(source).observe(seconds)

    def judged(self, judgements: Iterable[Judgement]) -> None:
        for each in judgements:
            self._verdicts.labels(each.verifier, str(each.verdict)).inc()

    # -- what is ---------------------------------------------------------------------------

    def look_at(self, queue: QueueState, *, now: datetime) -> None:
        for gauge in (self._unfinished, self._age, self._slack, self._line):
            gauge.clear()
        counts = {(state, kind): 0 for state in _STATES for kind in ("usual", "bulk")}
        ages: dict[str, float] = {}
        slacks: dict[str, float] = {}
        for each in queue.backlog:
            kind = _kind(each.bulk)
            counts[str(each.state), kind] += each.count
            slack, age = (each.due - now).total_seconds(), (now - each.oldest).total_seconds()
            slacks[kind] = min(slack, slacks.get(kind, slack))
            if each.state == "queued":
                ages[kind] = max(age, ages.get(kind, age))
        for (state, kind), count in counts.items():
            self._unfinished.labels(state, kind).set(count)
        for gauge, found in ((self._age, ages), (self._slack, slacks)):
            for kind, seconds in found.items():
                gauge.labels(kind).set(seconds)
        self._parked.set(sum(queue.parked.values()))
        if queue.standing is not None:
            for standing in ("waiting", "walking", "pausing"):
                self._line.labels(standing).set(getattr(queue.standing, standing))
        self._workers.set(len(queue.workers))
        self._hands.set(sum(int(worker["hands"]) for worker in queue.workers))
        self._walking.set(sum(int(worker["walking"]) for worker in queue.workers))
        self._lag.set(queue.stamps_waiting)
        since = queue.stamps_since
        self._lag_s.set(0 if since is None else max(0.0, (now - since).total_seconds()))

    def look_at_us(self, sources: Iterable[Source], *, free: int) -> None:
        for source in sources:
            self._left_alone.labels(source.name).set(source.pace.breaker.is_open)
        self._free.set(free)

    def text(self) -> bytes:
        return generate_latest(self.registry)

    # -- how they are made -----------------------------------------------------------------

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"orderproof_{name}", what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"orderproof_{name}", what, labels, registry=self.registry)

    def _histogram(self, name: str, what: str, at: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"orderproof_{name}", what, labels, registry=self.registry, buckets=at)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()

    def seconds(self) -> float:
        return time.perf_counter() - self._begun


def _kind(bulk: bool) -> str:
    return "bulk" if bulk else "usual"
