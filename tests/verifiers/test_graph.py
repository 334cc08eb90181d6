"""Negative cycles, distances and short walks, against oracles that try every way."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from math import inf

import pytest

from verifiers.timestamps.graph import (
    Edge,
    OutOfWorkError,
    distances,
    negative_cycle,
    negative_walk,
)


def graphs(count: int, *, most: int) -> Iterator[tuple[int, list[Edge]]]:
    """Graphs of up to `most` nodes; of each pair one edge at most, each claim on one edge."""
    drawn = random.Random(20)
    for _ in range(count):
        nodes = drawn.randint(2, most)
        pairs = list(itertools.permutations(range(nodes), 2))
        drawn.shuffle(pairs)
        # Few edges: most cycles are long, and found late.
        chosen = pairs[: drawn.randint(1, 2 * nodes)]
        claims = itertools.count()
        yield (
            nodes,
            [
                (frm, to, drawn.randint(-2, 6), next(claims) if drawn.random() < 0.6 else -1)
                for frm, to in chosen
            ],
        )


def _closure(nodes: int, edges: Sequence[Edge], start: list[list[float]]) -> list[list[float]]:
    """Floyd and Warshall, from distances that are known."""
    far = [list(row) for row in start]
    for frm, to, weight, _ in edges:
        far[frm][to] = min(far[frm][to], weight)
    for middle, a, b in itertools.product(range(nodes), repeat=3):
        far[a][b] = min(far[a][b], far[a][middle] + far[middle][b])
    return far


def _nowhere(nodes: int) -> list[list[float]]:
    return [[0.0 if a == b else inf for b in range(nodes)] for a in range(nodes)]


def _is_bad(nodes: int, edges: Sequence[Edge]) -> bool:
    far = _closure(nodes, edges, _nowhere(nodes))
    return any(far[node][node] < 0 for node in range(nodes))


def test_a_cycle_is_found_exactly_where_one_is_negative_and_its_claims_are_enough() -> None:
    found_some = 0
    for nodes, edges in graphs(600, most=14):
        edges = [
            (frm, to, weight, 100 * (frm + 1) + to) for frm, to, weight, _ in edges
        ]  # each edge is a claim
        found = negative_cycle(nodes, edges)
        assert bool(found) == _is_bad(nodes, edges)
        if found:
            found_some += 1
            cycle = [edge for edge in edges if edge[3] in found]
            assert len(cycle) == len(found) == len(set(found))
            assert sum(weight for _, _, weight, _ in cycle) < 0
            assert sorted(frm for frm, *_ in cycle) == sorted(to for _, to, *_ in cycle)
    assert 50 < found_some < 550


def test_claims_of_a_cycle_are_named_and_what_rests_on_none_is_not() -> None:
    assert sorted(negative_cycle(3, [(0, 1, 0, 0), (1, 2, 0, -1), (2, 0, -1, 7)])) == [0, 7]


def test_a_distance_is_the_least_of_all_ways_and_none_where_there_is_no_way() -> None:
    for nodes, edges in graphs(300, most=8):
        if _is_bad(nodes, edges):
            continue
        far = _closure(nodes, edges, _nowhere(nodes))
        for source in range(nodes):
            said = [inf if one is None else one for one in distances(nodes, edges, source)]
            assert said == far[source]


def test_a_walk_has_at_most_so_many_claims_and_is_found_where_there_is_one() -> None:
    found_some = 0
    for nodes, edges in graphs(500, most=6):
        free = [edge for edge in edges if edge[3] < 0]
        if _is_bad(nodes, free):
            continue  # clocks and hubs alone never contradict each other
        among_free = _closure(nodes, free, _nowhere(nodes))
        for source, size in itertools.product(range(nodes), (1, 2, 3)):
            reached: list[float] = among_free[source]
            for _ in range(size):
                step = list(reached)
                for frm, to, weight, claim in edges:
                    if claim >= 0:
                        step[to] = min(step[to], reached[frm] + weight)
                reached = [
                    min(step[by] + among_free[by][to] for by in range(nodes)) for to in range(nodes)
                ]
            walk = negative_walk(nodes, edges, source, size)
            assert bool(walk) == (reached[source] < 0)
            assert len(walk) <= size
            found_some += bool(walk)
            if walk:
                held = [edge for edge in edges if edge[3] < 0 or edge[3] in walk]
                assert _is_bad(nodes, held)
    assert found_some > 100


def test_a_cycle_whose_last_step_leads_to_the_first_node_is_one() -> None:
    assert negative_cycle(2, [(0, 1, 0, 8), (1, 0, -1, 7)]) in ([7, 8], [8, 7])
    assert negative_cycle(2, [(0, 1, 0, 8), (1, 0, 0, 7)]) == []


def test_a_walk_that_comes_back_one_too_early_is_negative_and_one_that_is_on_time_is_not() -> None:
    edges = [(0, 1, 0, 8), (1, 0, -1, 7)]
    assert negative_walk(2, edges, 0, 2) == [8, 7]
    assert negative_walk(2, edges, 0, 1) == []  # it needs two claims
    assert negative_walk(2, [(0, 1, 1, 8), (1, 0, -1, 7)], 0, 9) == []


def test_a_graph_that_is_too_large_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [(node + 1, node, -1, node) for node in range(9)][::-1]
    edges = sorted(steps)  # each round moves one node further
    assert distances(10, edges, 9)[0] == -9
    assert negative_cycle(10, edges) == []
    monkeypatch.setattr("verifiers.timestamps.graph.WORK", 9 * 8)
    for search in (lambda: distances(10, edges, 9), lambda: negative_cycle(10, edges)):
        with pytest.raises(OutOfWorkError):
            search()
