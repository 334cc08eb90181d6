"""Can all times be true? Held against an oracle that tries real zones, hour by repeated hour.

tests/verifiers/test_solver.py holds the graph to its own oracle; here the facts are what sources
write: minutes and bare days, with a zone, with none, with one of two, around clock changes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.times import Instant, LocalDate, LocalTime, parse_iso, with_zones
from evidence.verdicts import Finding, Severity, Verdict
from evidence.vocabulary import name_of
from tests.verifiers.documents import received
from tests.verifiers.evidence_of import NOW, ORDER, facts_of, item, said
from verifiers.readers.registry import read
from verifiers.timestamps.order import verify

ITEMS = (
    item("api", Role.TRACKING_HISTORY),
    item("erp", Role.SHIPMENT_RECORD, origin="seller", provenance=Provenance.UPLOAD),
)
# Both ends of the earth's offsets, halves and quarters, half an hour of summer, and none.
ZONES = (
    "Etc/GMT+12", "Pacific/Pago_Pago", "America/Los_Angeles", "America/St_Johns", "Europe/London",
    "Europe/Berlin", "Asia/Kathmandu", "Asia/Shanghai", "Australia/Lord_Howe", "Pacific/Kiritimati",
)  # fmt: skip
TWO = ("America/New_York", "America/Chicago")
DELIVERED = {"scan.delivered.at", "delivery.recorded.at"}
SCANS = ("scan.accepted.at", "scan.transit.at", "scan.delivered.at")
ROWS = ("order.placed.at", "order.packed.at", "delivery.recorded.at")
# Nights in which Europe and America change their clocks, forward and back; the third is calm.
NIGHTS = ("2026-03-08", "2026-03-29", "2026-06-14", "2026-10-25", "2026-11-01")

Span = tuple[datetime, datetime]


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Up to six facts of one parcel within three days, each name once."""
    night = datetime.fromisoformat(draw(st.sampled_from(NIGHTS)))
    facts = []
    for name in draw(st.lists(st.sampled_from(SCANS + ROWS), min_size=2, unique=True)):
        wall = night + timedelta(minutes=draw(st.integers(-36 * 4, 36 * 4)) * 15)
        written = wall.isoformat(timespec="minutes")
        by, source = ("ups", "api") if name in SCANS else ("seller", "erp")
        shape = draw(st.sampled_from(("utc", "none", "none", "day", "two")))
        value = {
            "utc": parse_iso(f"{written}Z"),
            "none": parse_iso(written),
            "day": parse_iso(written[:10]),
            "two": parse_iso(written),
        }[shape]
        if shape == "two" and isinstance(value, LocalTime):
            value = with_zones(value, TWO)
        facts.append(said(name, value, by=by, item=source, group="p", place=f"/{name}"))
    return facts


@cache
def _spans(wall: datetime, minutes: int, zone: str) -> tuple[Span, ...]:
    """When a clock of the zone shows a time of these minutes: never, once, or twice."""
    there = ZoneInfo(zone)
    width = timedelta(minutes=minutes)
    if minutes > 60:  # a day, from its midnight to the next
        ends = (wall.replace(tzinfo=there), (wall + width).replace(tzinfo=there))
        return ((ends[0].astimezone(UTC), ends[1].astimezone(UTC)),)
    found = []
    for fold in (0, 1):
        start = wall.replace(tzinfo=there, fold=fold).astimezone(UTC)
        if start.astimezone(there).replace(tzinfo=None) == wall:
            found.append((start, start + width))
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class _Clock:
    """Whose zone is the same: the rows of the record; each scan has its own."""

    key: str
    zones: tuple[str, ...]


def _clock_of(fact: Fact) -> _Clock | None:
    value = fact.value
    if isinstance(value, Instant) or isinstance(value, str):
        return None
    if value.zones:
        return _Clock(f"own {fact.name}", value.zones)
    return _Clock("record" if fact.name in ROWS else f"own {fact.name}", ZONES)


def _readings(fact: Fact, zone: str | None) -> tuple[Span, ...]:
    value = fact.value
    if isinstance(value, LocalTime) and zone is not None:
        return _spans(value.wall, 1, zone)
    if isinstance(value, LocalDate) and zone is not None:
        return _spans(datetime.combine(value.day, time()), 24 * 60, zone)
    assert isinstance(value, Instant)
    return ((value.at, value.at + timedelta(minutes=1)),)


def _in_order(facts: Sequence[Fact], spans: Sequence[Span]) -> bool:
    """Whether moments within the spans exist, in the order of their steps, delivered at once."""
    for (a, one), (b, other) in itertools.permutations(zip(facts, spans, strict=True), 2):
        together = a.name in DELIVERED and b.name in DELIVERED
        first, second = name_of(a.name).step or 0, name_of(b.name).step or 0
        if (together or first < second) and one[0] >= other[1]:
            return False
    return True


def _worlds(facts: Sequence[Fact]) -> Iterator[bool]:
    """For each choice of zones in which every time exists: whether all of them can be true."""
    clocks = list(dict.fromkeys(clock for fact in facts if (clock := _clock_of(fact))))
    for chosen in itertools.product(*(clock.zones for clock in clocks)):
        zone_of = dict(zip(clocks, chosen, strict=True))
        readings = [
            _readings(fact, zone_of[clock] if (clock := _clock_of(fact)) else None)
            for fact in facts
        ]
        if all(readings):
            yield any(_in_order(facts, spans) for spans in itertools.product(*readings))


def judged(facts: Sequence[Fact]) -> tuple[Verdict, list[Finding]]:
    verdict, findings = verify(order=ORDER, items=ITEMS, facts=facts_of(*facts), at=NOW)
    return verdict, [finding for finding in findings if finding.severity is Severity.GRAVE]


@given(histories())
@settings(max_examples=150, deadline=None)
def test_what_some_real_zones_make_true_is_never_called_a_contradiction(facts: list[Fact]) -> None:
    assume(sum(_clock_of(fact) is not None for fact in facts) <= 4)
    verdict, _ = judged(facts)
    if verdict is Verdict.FAIL:
        assert not any(_worlds(facts))


@given(histories())
@settings(max_examples=100, deadline=None)
def test_what_is_called_consistent_holds_in_every_zone(facts: list[Fact]) -> None:
    assume(sum(_clock_of(fact) is not None for fact in facts) <= 4)
    verdict, _ = judged(facts)
    if verdict is Verdict.PASS:
        assert all(_worlds(facts))


@given(histories())
@settings(max_examples=150, deadline=None)
def test_where_every_zone_is_known_the_verdict_is_the_oracles(facts: list[Fact]) -> None:
    known = [fact for fact in facts if isinstance(fact.value, Instant)]
    assume(len(known) >= 2)
    verdict, _ = judged(known)
    assert verdict is (Verdict.PASS if all(_worlds(known)) else Verdict.FAIL)


@given(histories())
@settings(max_examples=100, deadline=None)
def test_no_fewer_facts_than_the_first_contradiction_names_contradict_each_other(
    facts: list[Fact],
) -> None:
    verdict, grave = judged(facts)
    if verdict is not Verdict.FAIL:
        return
    places = {place for _, place in grave[0].rests}
    named = [fact for fact in facts if str(fact.locator) in places]
    assert judged(named)[0] is Verdict.FAIL
    for size in range(2, len(named)):
        for fewer in itertools.combinations(facts, size):
            assert judged(fewer)[0] is not Verdict.FAIL, (grave[0].sentence, fewer)


@given(st.dates(min_value=datetime(2026, 1, 1).date(), max_value=datetime(2026, 10, 1).date()))
@settings(max_examples=100, deadline=None)
def test_a_day_that_can_be_two_is_both_and_another_is_the_one_it_is(day: object) -> None:
    assert isinstance(day, type(datetime(2026, 1, 1).date()))
    for first, second in ((day.day, day.month), (day.month, day.day)):
        facts = read(received(f"Delivered on: {first:02}/{second:02}/2026\n".encode()))
        assert facts is not None
        possible = {
            f"2026-{month:02}-{of_month:02}"
            for of_month, month in ((first, second), (second, first))
            if month <= 12
        }
        sure = [fact.value.day for fact in facts if isinstance(fact.value, LocalDate)]
        open_ = [fact.text for fact in facts if fact.name == "document.date.open"]
        if len(possible) == 1:
            assert {value.isoformat() for value in sure} == possible and not open_
        else:
            assert not sure
            assert set(open_[0].rpartition(": ")[2].split(" or ")) == possible
