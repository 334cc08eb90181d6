"""From facts to claims on clocks: which times are compared, with what, and how wide each is.

The order is the vocabulary's `step`, with two steps relaxed because honest histories break them:
a parcel goes out for delivery again after it came back to a depot (60 and 70), and a label is often
made before the parcel is packed (30 and 40).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from evidence.facts import Fact, Facts, Value
from evidence.manifest import SealedItem
from evidence.times import EAST_MOST, WEST_MOST, Instant, LocalDate, LocalTime, zone_of
from evidence.vocabulary import VOCABULARY, name_of
from verifiers.subjects import Subjects
from verifiers.timestamps.clockchanges import CHANGE, may_change
from verifiers.timestamps.solver import UTC_CLOCK, Claim, Problem

# Our clock and a vendor's may disagree by this much before a time is called later than its item.
SKEW = timedelta(minutes=5)

DELIVERED = ("scan.delivered.at", "delivery.at", "delivery.recorded.at")
# One event, whoever tells of it: names that must overlap for one parcel, or for the whole order.
_PARCEL_EVENTS = (DELIVERED,)
_ORDER_EVENTS = (("order.placed.at",),)

_SAME_RANK = {70: 60, 40: 30}
_ORDER_LEVEL = 20  # steps up to here belong to the order, later ones to a parcel

# These tell of the future, or of a promise, and may lie after the item was collected.
_MAY_BE_AHEAD = frozenset(
    {
        "defect.due.at", "claim.due.at", "return.due.at", "dispute.due.at", "order.ship_by.at",
        "order.deliver_by.at", "seller.metric.to.at", "document.printed.at", "delivery.promised.at",
    }
)  # fmt: skip
# Each of these may come from a clock of its own, so an unknown zone is not shared.
_OWN_CLOCK = ("document.", "picture.", "exchange.")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Microseconds since 1970; a naive time is counted as if it were UTC."""
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH) // _US


@dataclass(slots=True)
class Timeline:
    """The problem with what its indices stand for.

    facts      claim -> its fact; None for the moment an item was collected
    events     the same relations, but only of events told twice
    slack      claim -> how much earlier it may be than its clock says, for clocks that may have
               been changed between two of its times
    compared   the facts that stand in the order of events, each once
    """

    problem: Problem = field(default_factory=Problem)
    events: Problem = field(default_factory=Problem)
    facts: list[Fact | None] = field(default_factory=list)
    slack: dict[int, int] = field(default_factory=dict)
    compared: list[Fact] = field(default_factory=list)

    def unchanged(self) -> Problem:
        """The problem as it is if no clock was changed between two of its times."""
        claims = [
            Claim(said.lo + self.slack.get(number, 0), said.hi, said.clock)
            for number, said in enumerate(self.problem.claims)
        ]
        return replace(self.problem, claims=claims)

    def facts_of(self, claims: Iterable[int]) -> list[Fact]:
        return [fact for claim in claims if (fact := self.facts[claim]) is not None]


def timeline(
    items: Sequence[SealedItem], facts: Facts, subjects: Subjects, at: datetime
) -> Timeline:
    """Every time of this order as a claim, with the relations that must hold.

    at  the moment of the judgement; bounds the times of items that the manifest does not list
    """
    line = Timeline()
    line.problem.point = 1_000_000  # a second is the unit of most sources
    times = [
        fact
        for fact in facts
        if not isinstance(fact.value, str) and not subjects.foreign(fact)
        and fact.name not in _MAY_BE_AHEAD
    ]  # fmt: skip
    slack: dict[int, int] = {}
    clocks = _clocks(line.problem, times, facts, subjects, slack)
    claim_of: dict[int, int] = {}
    for fact in times:
        lo, hi, clock = clocks[id(fact)]
        claim_of[id(fact)] = line.problem.claim(lo, hi, clock)
        if id(fact) in slack:
            line.slack[claim_of[id(fact)]] = slack[id(fact)]
        line.facts.append(fact)

    _relate_events(line, times, claim_of, subjects)
    # From here on the full problem adds the order of events and our own clock to them.
    line.events = Problem(
        line.problem.claims, line.problem.shifts, line.problem.hubs,
        list(line.problem.not_after), list(line.problem.not_before), [], line.problem.point,
    )  # fmt: skip
    _relate_steps(line, times, claim_of, subjects)
    _relate_collection(line, times, claim_of, items, at)
    return line


def _clocks(
    problem: Problem,
    times: Sequence[Fact],
    facts: Facts,
    subjects: Subjects,
    slacks: dict[int, int],
) -> dict[int, tuple[int, int, int]]:
    """(lo, hi, clock) of each fact, by its id: one clock for all that share an unknown zone.

    Where that clock may have been changed meanwhile, `lo` is earlier by what is put into `slacks`.
    """
    placed: dict[int, tuple[int, int, int]] = {}
    shared: dict[tuple[str, str], list[Fact]] = {}
    places = {(f.item, f.group): f.text.casefold() for f in facts.named("scan.place")}
    scans: dict[tuple[str, str | None], list[Instant]] = {}
    for scan in facts.named("scan.delivered.at"):
        if isinstance(scan.value, Instant):
            scans.setdefault((scan.origin, subjects.parcel_of(scan)), []).append(scan.value)
    for fact in times:
        value = fact.value
        if (known := _at_the_scans_place(fact, scans, subjects)) is not None:
            placed[id(fact)] = known
        elif isinstance(value, LocalTime | LocalDate) and not value.zones:
            shared.setdefault(_clock_key(fact, places), []).append(fact)
        elif isinstance(value, LocalTime | LocalDate):
            placed[id(fact)] = _several_zones(problem, value)
        elif isinstance(value, Instant):
            span = value.span
            placed[id(fact)] = (micros(span.earliest), micros(span.latest), UTC_CLOCK)
    # A wall clock shows UTC plus its offset, so its claims are shifted by minus the offset.
    least, most = -EAST_MOST // _US, -WEST_MOST // _US
    for together in shared.values():
        clock = problem.clock(least, most)
        walls = [_wall(fact) for fact in together]
        days = [wall.date() for wall, _ in walls]
        slack = 0
        if len(together) > 1 and may_change(min(days), max(days)):
            slack = CHANGE // _US  # the same zone may have been an hour further east by then
            slacks.update((id(fact), slack) for fact in together)
        for fact, (wall, width) in zip(together, walls, strict=True):
            start = micros(wall)
            placed[id(fact)] = (start - slack, start + width, clock)
    return placed


def _at_the_scans_place(
    fact: Fact, scans: Mapping[tuple[str, str | None], list[Instant]], subjects: Subjects
) -> tuple[int, int, int] | None:
    """A carrier's wall clock of the delivery that is the one its own scan shows, offset and all.

    Carriers repeat the delivery without a zone beside the scan that states one. Only a clock that
    then agrees is read so; one that does not keeps its unknown zone, and contradicts or stays open.
    """
    value = fact.value
    if fact.name != "delivery.at" or not isinstance(value, LocalTime) or value.zones:
        return None
    for stated in scans.get((fact.origin, subjects.parcel_of(fact)), ())[:20]:
        offset = stated.at.astimezone(zone_of(stated.zone)).utcoffset() or timedelta()
        wall, width = _wall(fact)
        start = micros(wall - offset)
        span = stated.span
        if start <= micros(span.latest) and micros(span.earliest) <= start + width:
            return start, start + width, UTC_CLOCK
    return None


def _clock_key(fact: Fact, places: dict[tuple[str, str], str]) -> tuple[str, str]:
    """What shares a zone: the scans of an item at one place; the rows of a record."""
    if fact.name.startswith(_OWN_CLOCK):
        return fact.item, f"at {fact.locator} {fact.name}"
    if fact.name.startswith(("scan.", "delivery.")) and fact.name != "delivery.recorded.at":
        place = places.get((fact.item, fact.group))
        return fact.item, f"place {place}" if place else f"at {fact.locator} {fact.name}"
    return fact.item, "record"


def _wall(fact: Fact) -> tuple[datetime, int]:
    """Where a local time begins on its own clock, and its width in microseconds."""
    value = fact.value
    if isinstance(value, LocalTime):
        return value.wall, max(round(value.unit_s * 1e6) - 1, 0)
    if isinstance(value, LocalDate):
        return datetime.combine(value.day, time()), timedelta(days=1) // _US - 1
    raise TypeError("an instant has no unknown zone")


def _several_zones(problem: Problem, value: LocalTime | LocalDate) -> tuple[int, int, int]:
    """A wall clock at a place with known zones: as wide as it is, shifted by what they differ."""
    span = value.span
    earliest, latest = micros(span.earliest), micros(span.latest)
    unit = value.unit_s if isinstance(value, LocalTime) else 86_400.0
    width = min(max(round(unit * 1e6) - 1, 0), latest - earliest)
    spread = latest - earliest - width
    clock = problem.clock(0, spread) if len(value.zones) > 1 and spread > 0 else UTC_CLOCK
    return (earliest, earliest + width if clock else latest, clock)


def _relate_events(
    line: Timeline, times: Sequence[Fact], claim_of: dict[int, int], subjects: Subjects
) -> None:
    for names in (*_PARCEL_EVENTS, *_ORDER_EVENTS):
        told: dict[str, list[Fact]] = {}
        for fact in times:
            if fact.name in names:
                parcel = subjects.parcel_of(fact) if names in _PARCEL_EVENTS else ""
                if parcel is None and len(subjects.parcels) <= 1:
                    parcel = ""
                if parcel is not None:
                    told.setdefault(parcel, []).append(fact)
        for tellers in told.values():
            once = _told_once(tellers)
            if len(once) < 2:
                continue
            hub = line.problem.hub()
            for fact in once:
                line.problem.not_after.append((claim_of[id(fact)], hub))
                line.problem.not_before.append((hub, claim_of[id(fact)]))


def _told_once(tellers: Sequence[Fact]) -> list[Fact]:
    """Without the facts of an item that tells the event at several times: those are several."""
    said: dict[tuple[str, str], set[Value]] = {}
    for fact in tellers:
        said.setdefault((fact.item, fact.name), set()).add(fact.value)
    return [fact for fact in tellers if len(said[fact.item, fact.name]) == 1]


def _relate_steps(
    line: Timeline, times: Sequence[Fact], claim_of: dict[int, int], subjects: Subjects
) -> None:
    ranks = sorted(
        {
            _SAME_RANK.get(name.step, name.step)
            for name in VOCABULARY.values() if name.step is not None
        }
    )  # fmt: skip
    problem = line.problem
    order_ranks = [rank for rank in ranks if rank <= _ORDER_LEVEL]
    shared = {rank: problem.hub() for rank in order_ranks}
    _in_a_row(problem, [shared[rank] for rank in order_ranks])
    chains: dict[str, dict[int, int]] = {}

    def chain(parcel: str) -> dict[int, int]:
        if parcel not in chains:
            own = {rank: problem.hub() for rank in ranks if rank > _ORDER_LEVEL}
            _in_a_row(problem, [shared[order_ranks[-1]], *own.values()])
            chains[parcel] = shared | own
        return chains[parcel]

    for fact in _firsts_and_lasts(times, subjects):
        step = name_of(fact.name).step
        if step is None:
            continue
        rank = _SAME_RANK.get(step, step)
        claim = claim_of[id(fact)]
        parcel = subjects.parcel_of(fact)
        if parcel is None and len(subjects.parcels) <= 1:
            parcel = ""
        line.compared.append(fact)
        if rank <= _ORDER_LEVEL:
            problem.not_after.append((claim, shared[rank]))
            if (at := ranks.index(rank)) > 0:
                problem.not_before.append((shared[ranks[at - 1]], claim))
        elif parcel is None:  # one of several parcels, nobody says which
            problem.not_before.append((shared[order_ranks[-1]], claim))
        else:
            hubs = chain(parcel)
            problem.not_after.append((claim, hubs[rank]))
            problem.not_before.append((hubs[ranks[ranks.index(rank) - 1]], claim))


def _firsts_and_lasts(times: Sequence[Fact], subjects: Subjects) -> list[Fact]:
    """Without repeats that the order does not bind: later acceptances, earlier deliveries."""
    kept: dict[tuple[str, str, str | None], Fact] = {}
    rest: list[Fact] = []
    for fact in times:
        key = (fact.item, fact.name, subjects.parcel_of(fact))
        there = kept.get(key)
        if fact.name == "scan.accepted.at":
            if there is None or fact.time.span.earliest < there.time.span.earliest:
                kept[key] = fact
        elif fact.name in DELIVERED:
            if there is None or fact.time.span.latest > there.time.span.latest:
                kept[key] = fact
        else:
            rest.append(fact)
    return [*rest, *kept.values()]


def _in_a_row(problem: Problem, hubs: Sequence[int]) -> None:
    problem.ordered.extend(pairwise(hubs))


def _relate_collection(
    line: Timeline,
    times: Sequence[Fact],
    claim_of: dict[int, int],
    items: Sequence[SealedItem],
    at: datetime,
) -> None:
    """What an item tells of had happened when the item was collected."""
    collected = {item.sha256: item.collected_at for item in items}
    hubs: dict[str, int] = {}
    for fact in times:
        if fact.item not in hubs:
            moment = micros(collected.get(fact.item, at) + SKEW)
            ours = line.problem.claim(moment, moment)
            line.facts.append(None)
            hubs[fact.item] = line.problem.hub()
            line.problem.not_before.append((hubs[fact.item], ours))
        line.problem.not_after.append((claim_of[id(fact)], hubs[fact.item]))
