"""Which statements about times cannot hold together, and the smallest set of them.

A *claim* says that something happened between `lo` and `hi` on some *clock*. A clock is UTC shifted
by an amount that is unknown but the same for all its claims: an export without a zone has one zone,
not one a row. *Hubs* are moments that tie claims together: "not after the hub" and "not before the
hub" are the only relations, so an order of events is a hub between two steps, and one event told
twice is a hub with both relations to each claim.

With t the moment of a claim and x the shift of its clock, every relation is a difference of two
unknowns:

    where a claim lies       lo + x <= t <= hi + x
    claim not after hub      t <= T(hub)
    claim not before hub     T(hub) <= t
    hub before hub           T(first) <= T(second)
    what shifts there are    least <= x <= most

so a set of claims is contradictory exactly where the graph of these differences has a negative
cycle, and the claims on the cycle are the contradiction (shortest paths for difference constraints:
Cormen et al., Introduction to Algorithms, section on difference constraints).

All times are integers, microseconds since 1970; nothing here knows what a fact is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from verifiers.timestamps.graph import (
    WORK,
    Edge,
    distances,
    negative_cycle,
    negative_walk,
)

# The clock that is not shifted: claims whose span is known in UTC.
UTC_CLOCK = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """Happened between `lo` and `hi`, both included, on `clock`."""

    lo: int
    hi: int
    clock: int = UTC_CLOCK


@dataclass(slots=True)
class Problem:
    """Claims and their relations; claims, clocks and hubs are named by their index.

    shifts      for each clock, the (least, most) it can be off UTC; clock 0 is (0, 0)
    not_after   (claim, hub)
    not_before  (hub, claim)
    ordered     (first hub, second hub); the second was made later, and so has the higher index
    point       claims of UTC up to this wide are taken for a point where they stand between two
                others; it costs at most that much in what is found, and spares a node each
    """

    claims: list[Claim] = field(default_factory=list)
    shifts: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])
    hubs: int = 0
    not_after: list[tuple[int, int]] = field(default_factory=list)
    not_before: list[tuple[int, int]] = field(default_factory=list)
    ordered: list[tuple[int, int]] = field(default_factory=list)
    point: int = 0

    def hub(self) -> int:
        self.hubs += 1
        return self.hubs - 1

    def clock(self, least: int, most: int) -> int:
        self.shifts.append((least, most))
        return len(self.shifts) - 1

    def claim(self, lo: int, hi: int, clock: int = UTC_CLOCK) -> int:
        self.claims.append(Claim(lo, hi, clock))
        return len(self.claims) - 1


def contradiction(problem: Problem, among: Iterable[int] | None = None) -> tuple[int, ...]:
    """A smallest set of claims that cannot hold together, as sorted indices; () if they can.

    among  the claims to look at; all of them if None

    Two claims are found first; only a problem without such a pair is searched for more. A set of
    more than three is irreducible always, and of least size where the graph is small enough to try.
    Raises OutOfWorkError for a graph that is too large.
    """
    chosen = frozenset(range(len(problem.claims)) if among is None else among)
    if pair := _pair(problem, chosen):
        return pair
    edges = _edges(problem, chosen)
    cycle = negative_cycle(_nodes(problem), edges)
    if not cycle:
        return ()
    found = _irreducible(problem, cycle)
    if len(found) > 3:
        found = _fewer(problem, edges, below=len(found)) or found
    return tuple(sorted(found))


def shift_ranges(problem: Problem, among: Iterable[int]) -> list[tuple[int, int]]:
    """Per clock, the shifts with which all these claims can hold, given that some can."""
    edges = _edges(problem, frozenset(among))
    most = distances(_nodes(problem), edges, UTC_CLOCK)
    back = [(to, frm, weight, claim) for frm, to, weight, claim in edges]
    least = distances(_nodes(problem), back, UTC_CLOCK)
    ranges = []
    for clock, (low, high) in enumerate(problem.shifts):
        below, above = least[clock], most[clock]
        ranges.append((low if below is None else -below, high if above is None else above))
    return ranges


def undecided(problem: Problem, among: Iterable[int]) -> list[tuple[int, int]]:
    """Pairs of claims on different clocks that some possible shift would put in conflict.

    For each claim that must not be before a hub, the worst one that must not be after it: enough
    to know every clock whose zone matters. The claims are taken to be consistent.
    """
    chosen = frozenset(among)
    # Per hub, the two latest "cannot begin before" of different clocks, each with its claim.
    worst: list[list[tuple[int, int]]] = [[] for _ in range(problem.hubs)]
    for claim, hub in problem.not_after:
        if claim in chosen:
            said = problem.claims[claim]
            _keep_two(problem, worst[hub], said.lo + problem.shifts[said.clock][1], claim)
    _spread(problem, chosen, worst)
    pairs = []
    for hub, claim in problem.not_before:
        if claim not in chosen:
            continue
        said = problem.claims[claim]
        limit = said.hi + problem.shifts[said.clock][0]
        for value, other in worst[hub]:
            if problem.claims[other].clock != said.clock and value > limit:
                pairs.append((other, claim))
                break
    return pairs


def _spread(problem: Problem, chosen: frozenset[int], worst: list[list[tuple[int, int]]]) -> None:
    """What is not after a hub is not after the hubs that follow it, nor those that a claim follows.

    A claim that is not before one hub and not after another puts the first before the second.
    """
    following: dict[int, set[int]] = {}
    for first, second in problem.ordered:
        following.setdefault(first, set()).add(second)
    after: dict[int, list[int]] = {}
    for claim, hub in problem.not_after:
        if claim in chosen:
            after.setdefault(claim, []).append(hub)
    for hub, claim in problem.not_before:
        following.setdefault(hub, set()).update(other for other in after.get(claim, ()))
    waiting = [hub for hub in range(problem.hubs) if worst[hub]]
    while waiting:
        hub = waiting.pop()
        for other in following.get(hub, ()):
            if other == hub:
                continue
            moved = False
            for value, claim in worst[hub]:
                moved |= _keep_two(problem, worst[other], value, claim)
            if moved:
                waiting.append(other)


def _keep_two(problem: Problem, kept: list[tuple[int, int]], value: int, claim: int) -> bool:
    """Keep the claim if it is among the two latest of different clocks; whether it is.

    The latest comes first; of two as late, the claim that was made first.
    """
    clock = problem.claims[claim].clock
    new = (value, claim)
    for index, there in enumerate(kept):
        if problem.claims[there[1]].clock == clock:
            if value <= there[0]:
                return False
            kept[index] = new
            break
    else:
        kept.append(new)
    kept.sort(key=_latest_first)
    return kept.pop() != new if len(kept) > 2 else True


def _latest_first(entry: tuple[int, int]) -> tuple[int, int]:
    return -entry[0], entry[1]


def _reached(
    following: Mapping[int, Sequence[int]], hubs: Iterable[int]
) -> Iterator[tuple[int, int]]:
    """Each hub-to-hub relation that can be reached, after all relations into its first hub.

    A hub that follows was made later, so the least number is always the next.
    """
    waiting = list(hubs)
    heapify(waiting)
    last = -1
    while waiting:
        hub = heappop(waiting)
        if hub == last:
            continue
        last = hub
        for second in following.get(hub, ()):
            yield hub, second
            heappush(waiting, second)


def _pair(problem: Problem, chosen: frozenset[int]) -> tuple[int, ...]:
    """Two claims that contradict each other whatever the shifts, or ()."""
    # By their clocks' full ranges, for any two; then, for two of one clock, by that clock alone.
    following: dict[int, list[int]] = {}
    for first, second in problem.ordered:
        following.setdefault(first, []).append(second)
    hull_los = [c.lo + problem.shifts[c.clock][0] for c in problem.claims]
    hull_his = [c.hi + problem.shifts[c.clock][1] for c in problem.claims]
    if found := _latest_lo(
        chosen, hull_los, hull_his, problem.not_after, problem.not_before, following
    ):
        return found
    members: dict[int, list[int]] = {}
    for claim in sorted(chosen):
        clock = problem.claims[claim].clock
        if clock != UTC_CLOCK:
            members.setdefault(clock, []).append(claim)
    los, his = [c.lo for c in problem.claims], [c.hi for c in problem.claims]
    shared = {clock: frozenset(inside) for clock, inside in members.items() if len(inside) > 1}
    if not shared:
        return ()
    after: dict[int, list[tuple[int, int]]] = {}
    before: dict[int, list[tuple[int, int]]] = {}
    for claim, hub in problem.not_after:
        after.setdefault(problem.claims[claim].clock, []).append((claim, hub))
    for hub, claim in problem.not_before:
        before.setdefault(problem.claims[claim].clock, []).append((hub, claim))
    for clock, inside in shared.items():
        found = _latest_lo(inside, los, his, after.get(clock, ()), before.get(clock, ()), following)
        if found:
            return found
    return ()


def _latest_lo(
    chosen: frozenset[int],
    los: Sequence[int],
    his: Sequence[int],
    not_after: Iterable[tuple[int, int]],
    not_before: Iterable[tuple[int, int]],
    following: Mapping[int, Sequence[int]],
) -> tuple[int, ...]:
    """The pair that is furthest apart, or (): one begins after the other, which follows it, ended.

    Sparse on purpose: a clock with two claims costs what its hubs cost, not what the problem does.
    """
    best: dict[int, tuple[int, int]] = {}
    for claim, hub in not_after:
        if claim in chosen and (hub not in best or los[claim] > best[hub][0]):
            best[hub] = (los[claim], claim)
    for first, second in _reached(following, best):
        if second not in best or best[first][0] > best[second][0]:
            best[second] = best[first]
    worst = 0
    found: tuple[int, ...] = ()
    for hub, claim in not_before:
        if claim in chosen and hub in best and best[hub][0] - his[claim] > worst:
            worst, found = best[hub][0] - his[claim], (best[hub][1], claim)
    return tuple(sorted(set(found)))


def _nodes(problem: Problem) -> int:
    return len(problem.shifts) + problem.hubs + len(problem.claims)


def _edges(problem: Problem, chosen: frozenset[int]) -> list[Edge]:
    """The graph. Its nodes are the clocks, then the hubs, then the claims that need one.

    A claim of no width is its clock's zero, shifted by a known amount, and needs no node; nor does
    one of UTC that is narrower than `point`. Of parallel edges only the tightest is kept.
    """
    first_hub = len(problem.shifts)
    first_claim = first_hub + problem.hubs
    tightest: dict[tuple[int, int], tuple[int, int]] = {}

    def add(frm: int, to: int, weight: int, claim: int) -> None:
        there = tightest.get((frm, to))
        if there is None or weight < there[0]:
            tightest[frm, to] = (weight, claim)

    claims, point = problem.claims, problem.point
    used = {UTC_CLOCK}
    bridges = set()
    for claim in chosen:
        said = claims[claim]
        if said.hi - said.lo > (point if said.clock == UTC_CLOCK else 0):
            # No other edge joins the node of a bridge to these, so nothing is compared.
            bridges.add(claim)
            tightest[said.clock, first_claim + claim] = (said.hi, claim)
            tightest[first_claim + claim, said.clock] = (-said.lo, -1)
        used.add(said.clock)
    for claim, hub in problem.not_after:
        if claim in bridges:
            tightest[first_hub + hub, first_claim + claim] = (0, claim)
        elif claim in chosen:
            said = claims[claim]
            add(first_hub + hub, said.clock, -said.lo, claim)
    for hub, claim in problem.not_before:
        if claim in bridges:
            tightest[first_claim + claim, first_hub + hub] = (0, -1)
        elif claim in chosen:
            said = claims[claim]
            add(said.clock, first_hub + hub, said.hi, claim)
    for first, second in problem.ordered:
        add(first_hub + second, first_hub + first, 0, -1)
    for clock in used - {UTC_CLOCK}:
        least, most = problem.shifts[clock]
        add(UTC_CLOCK, clock, most, -1)
        add(clock, UTC_CLOCK, -least, -1)
    return [(frm, to, weight, claim) for (frm, to), (weight, claim) in tightest.items()]


def _irreducible(problem: Problem, claims: Sequence[int]) -> list[int]:
    """A subset that is still contradictory, and no longer without any one of its claims."""
    kept = sorted(set(claims))
    for claim in list(kept):
        rest = frozenset(kept) - {claim}
        if negative_cycle(_nodes(problem), _edges(problem, rest)):
            kept.remove(claim)
    return kept


def _fewer(problem: Problem, edges: Sequence[Edge], *, below: int) -> list[int]:
    """A contradiction of fewer than `below` claims, or [] if none, or none was found in bounds."""
    nodes, clocks = _nodes(problem), len(problem.shifts)
    for size in range(3, below):
        for source in range(clocks):
            if nodes * len(edges) * size > WORK:
                return []
            walk = negative_walk(nodes, edges, source, size)
            if walk:
                return _irreducible(problem, walk)
    return []
