"""The solver against an oracle that tries every shift of every clock."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from verifiers.timestamps.solver import Claim, Problem, contradiction, shift_ranges, undecided


def _reaches(problem: Problem) -> set[tuple[int, int]]:
    """Pairs (a, b) of claims where a must not begin after b has ended."""
    later: dict[int, set[int]] = {hub: {hub} for hub in range(problem.hubs)}
    for _ in range(problem.hubs):
        for first, second in problem.ordered:
            for reached in later.values():
                if first in reached:
                    reached.add(second)
    return {
        (a, b)
        for a, hub in problem.not_after
        for other, b in problem.not_before
        if other in later[hub]
    }


def _shifts(problem: Problem) -> Iterable[tuple[int, ...]]:
    return itertools.product(*(range(low, high + 1) for low, high in problem.shifts))


def _good(problem: Problem, claims: set[int]) -> list[tuple[int, ...]]:
    """The shifts with which moments exist for these claims.

    None must begin after one that follows it has ended. What follows follows through other claims
    too: a before b and b before c puts a before c.
    """
    follows = {(a, b) for a, b in _reaches(problem) if a in claims and b in claims}
    for middle in claims:
        into = [a for a, b in follows if b == middle]
        out = [b for a, b in follows if a == middle]
        follows |= set(itertools.product(into, out))
    said = problem.claims
    return [
        by
        for by in _shifts(problem)
        if all(said[a].lo + by[said[a].clock] <= said[b].hi + by[said[b].clock] for a, b in follows)
    ]


def _possible(problem: Problem, claims: set[int]) -> bool:
    return bool(_good(problem, claims))


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    problem = Problem()
    for _ in range(draw(st.integers(0, 2))):
        low = draw(st.integers(-5, 0))
        problem.clock(low, low + draw(st.integers(0, 6)))
    steps = [problem.hub() for _ in range(draw(st.integers(1, 3)))]
    problem.ordered.extend(itertools.pairwise(steps))
    event = problem.hub()
    for _ in range(draw(st.integers(1, 7))):
        lo = draw(st.integers(0, 12))
        claim = problem.claim(
            lo, lo + draw(st.integers(0, 3)), draw(st.integers(0, len(problem.shifts) - 1))
        )
        step = draw(st.integers(0, len(steps)))
        if step < len(steps):
            problem.not_after.append((claim, steps[step]))
        if step > 0:
            problem.not_before.append((steps[step - 1], claim))
        if draw(st.booleans()):
            problem.not_after.append((claim, event))
            problem.not_before.append((event, claim))
    return problem


@given(problems())
@settings(max_examples=400, deadline=None)
def test_a_contradiction_is_found_exactly_where_no_shifts_make_all_claims_hold(
    problem: Problem,
) -> None:
    everything = set(range(len(problem.claims)))
    assert bool(contradiction(problem)) == (not _possible(problem, everything))


@given(problems())
@settings(max_examples=400, deadline=None)
def test_no_contradiction_is_smaller_than_the_one_reported(problem: Problem) -> None:
    found = contradiction(problem)
    if not found:
        return
    assert not _possible(problem, set(found))
    everything = range(len(problem.claims))
    for size in range(1, len(found)):
        for fewer in itertools.combinations(everything, size):
            assert _possible(problem, set(fewer)), (found, fewer)


@given(problems())
@settings(max_examples=200, deadline=None)
def test_the_range_of_a_shift_is_what_the_oracle_finds(problem: Problem) -> None:
    everything = set(range(len(problem.claims)))
    good = _good(problem, everything)
    if not good:
        return
    ranges = shift_ranges(problem, everything)
    for clock in range(1, len(problem.shifts)):
        seen = {shifts[clock] for shifts in good}
        assert ranges[clock] == (min(seen), max(seen))


@given(problems())
@settings(max_examples=200, deadline=None)
def test_nothing_is_undecided_exactly_where_every_shift_makes_all_claims_hold(
    problem: Problem,
) -> None:
    everything = set(range(len(problem.claims)))
    if contradiction(problem):
        return
    always = len(_good(problem, everything)) == len(list(_shifts(problem)))
    assert (not undecided(problem, everything)) == always


def _parcels(drawn: random.Random) -> Problem:
    """Two parcels of an order, up to three clocks, an event that is told at two times."""
    problem = Problem(point=drawn.choice((0, 0, 1)))
    for _ in range(drawn.randint(1, 3)):
        low = drawn.randint(-4, 0)
        problem.clock(low, low + drawn.randint(1, 5))
    events = [problem.hub(), problem.hub()]
    order = [problem.hub() for _ in range(2)]
    chains = []
    for _ in range(2):
        own = [problem.hub() for _ in range(2)]
        chains.append([*order, *own])
        problem.ordered.extend(itertools.pairwise(order[-1:] + own))
    problem.ordered.append((order[0], order[1]))
    for _ in range(drawn.randint(3, 8)):
        lo, wide = drawn.randint(0, 6), drawn.choice((0, 0, 1, 3, 6))
        claim = problem.claim(lo, lo + wide, drawn.randrange(len(problem.shifts)))
        chain = drawn.choice(chains)
        step = len(chain) if drawn.random() < 0.3 else drawn.randrange(len(chain))
        if step < len(chain):
            problem.not_after.append((claim, chain[step]))
        if 0 < step and drawn.random() < 0.8:
            problem.not_before.append((chain[step - 1], claim))
        if drawn.random() < 0.5:
            event = drawn.choice(events)
            problem.not_after.append((claim, event))
            problem.not_before.append((event, claim))
    return problem


def test_of_parcels_that_share_their_beginning_all_that_is_said_is_the_oracles() -> None:
    drawn = random.Random(21)
    seen = Counter[str]()
    for _ in range(3000):
        problem = _parcels(drawn)
        few = {claim for claim in range(len(problem.claims)) if drawn.random() < 0.85}
        good, every = _good(problem, few), len(list(_shifts(problem)))
        found = contradiction(problem, few)
        if found and not good:
            assert set(found) <= few and not _possible(problem, set(found))
            fewer = [set(c) for c in itertools.combinations(few, len(found) - 1)]
            assert all(_possible(problem, each) for each in fewer)
            seen[f"{len(found)} contradict"] += 1
            continue
        assert not found
        if not good:  # what a point may hide
            assert problem.point
            seen["hidden"] += 1
            continue
        ranges = shift_ranges(replace(problem, point=0), few)
        used = {problem.claims[claim].clock for claim in few} - {0}
        for clock in used:
            shifts = {by[clock] for by in good}
            assert ranges[clock] == (min(shifts), max(shifts))
        pairs = undecided(problem, few)
        assert bool(pairs) == (len(good) < every)
        assert all(len({problem.claims[claim].clock for claim in pair}) == 2 for pair in pairs)
        seen["open" if pairs else "decided"] += 1
    assert {"4 contradict", "open", "decided"} <= set(seen)


def test_of_two_that_are_as_late_the_one_that_was_claimed_first_is_named() -> None:
    problem = Problem()
    one, other = problem.clock(0, 5), problem.clock(0, 5)
    hub = problem.hub()
    for clock in (one, one, other, other):
        problem.not_after.append((problem.claim(9, 9, clock), hub))
    for clock in (one, other):
        problem.not_before.append((hub, problem.claim(10, 10, clock)))
    # Each against the first of the other clock; within one clock nothing is open.
    assert undecided(problem, range(6)) == [(2, 4), (0, 5)]
    assert undecided(problem, (1, 2, 3, 4, 5)) == [(2, 4), (1, 5)]


def test_a_later_claim_of_a_clock_takes_the_place_of_its_earlier_one() -> None:
    problem = Problem()
    clocks = [problem.clock(0, 9) for _ in range(3)]
    hub = problem.hub()
    for lo, clock in ((1, 0), (2, 1), (3, 2), (7, 0), (5, 1), (0, 2)):
        problem.not_after.append((problem.claim(lo, lo, clocks[clock]), hub))
    for clock in clocks:
        problem.not_before.append((hub, problem.claim(8, 8, clock)))
    assert undecided(problem, range(9)) == [(4, 6), (3, 7), (3, 8)]


def test_three_facts_conflict_where_no_two_do() -> None:
    """A day must follow one moment and precede an earlier one, and nothing else ties them."""
    problem = Problem()
    first, second = problem.hub(), problem.hub()
    late, day, early = problem.claim(9, 9), problem.claim(0, 12), problem.claim(3, 3)
    problem.not_after += [(late, first), (day, second)]
    problem.not_before += [(first, day), (second, early)]
    assert contradiction(problem) == (late, day, early)
    assert contradiction(problem, among=(late, early)) == ()


def test_four_facts_conflict_where_no_three_do() -> None:
    """A clock without a zone: its first time says +8, its second says +0, either alone is fine."""
    problem = Problem()
    export = problem.clock(-14, 12)
    for wall, utc in ((20, 12), (40, 40)):
        event = problem.hub()
        for claim in (problem.claim(wall, wall, export), problem.claim(utc, utc)):
            problem.not_after.append((claim, event))
            problem.not_before.append((event, claim))
    assert contradiction(problem) == (0, 1, 2, 3)
    assert contradiction(problem, among=(0, 1, 2)) == ()


def test_two_of_one_clock_are_named_where_three_of_others_conflict_too() -> None:
    problem = Problem(
        claims=[Claim(0, 2, 1), Claim(10, 13, 1), Claim(10, 12, 2), Claim(9, 9, 2)],
        shifts=[(0, 0), (0, 5), (-5, -2)],
        hubs=3,
        not_after=[(1, 1), (2, 0), (2, 1)],
        not_before=[(0, 0), (0, 1), (1, 1), (1, 2), (0, 3)],
    )
    assert contradiction(problem) == (2, 3)


def test_a_claim_of_utc_no_wider_than_a_point_may_hide_a_conflict_and_no_other_does() -> None:
    problem = Problem(
        claims=[Claim(3, 5, 1), Claim(4, 5), Claim(1, 2, 1)],
        shifts=[(0, 0), (-2, 3)],
        hubs=3,
        not_after=[(0, 2), (1, 1), (1, 2)],
        not_before=[(1, 0), (2, 0), (0, 1), (2, 1), (1, 2)],
        ordered=[(0, 1)],
    )
    assert contradiction(problem) == (0, 1, 2)
    problem.point = 1
    assert contradiction(problem) == ()
