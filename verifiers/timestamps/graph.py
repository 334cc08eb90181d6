"""Negative cycles and shortest distances in a graph of differences (Bellman and Ford).

An edge (from, to, weight, claim) says value(to) <= value(from) + weight, and which claim says so;
claim -1 is none. The values exist exactly where no cycle has a negative sum.
"""

from __future__ import annotations

from collections.abc import Sequence

Edge = tuple[int, int, int, int]

# Relaxations before the search gives up. Ten thousand facts need about 500,000.
WORK = 6_000_000


class OutOfWorkError(Exception):
    """The graph is too large to decide within WORK; the verifier says so."""


def negative_cycle(nodes: int, edges: Sequence[Edge]) -> list[int]:
    """The claims on some negative cycle, or [] (Bellman-Ford, every node a source)."""
    distance = [0] * nodes
    came: list[int] = [-1] * nodes
    for rounds in range(nodes + 1):
        if rounds * len(edges) > WORK:
            raise OutOfWorkError
        moved = False
        for index, (frm, to, weight, _) in enumerate(edges):
            if distance[frm] + weight < distance[to]:
                distance[to] = distance[frm] + weight
                came[to] = index
                moved = True
        if not moved:
            return []
        # A cycle among the predecessors is a negative one; looking now and then is cheap.
        if (rounds + 1) % 8 == 0 and (found := _cycle_in(came, edges)):
            return found
    return _cycle_in(came, edges)


def _cycle_in(came: Sequence[int], edges: Sequence[Edge]) -> list[int]:
    seen = [0] * len(came)
    for start in range(len(came)):
        node, trail = start, start + 1
        while came[node] >= 0 and not seen[node]:
            seen[node] = trail
            node = edges[came[node]][0]
        if seen[node] == trail:
            first, claims = node, []
            while True:
                frm, _, _, claim = edges[came[node]]
                if claim >= 0:
                    claims.append(claim)
                node = frm
                if node == first:
                    return claims
    return []


def distances(nodes: int, edges: Sequence[Edge], source: int) -> list[int | None]:
    distance: list[int | None] = [None] * nodes
    distance[source] = 0
    for rounds in range(nodes):
        if rounds * len(edges) > WORK:
            raise OutOfWorkError
        moved = False
        for frm, to, weight, _ in edges:
            here = distance[frm]
            there = distance[to]
            if here is not None and (there is None or here + weight < there):
                distance[to] = here + weight
                moved = True
        if not moved:
            break
    return distance


def negative_walk(nodes: int, edges: Sequence[Edge], source: int, size: int) -> list[int]:
    """The claims of a negative closed walk from `source` with at most `size` claims, or []."""
    reached: dict[int, tuple[int, tuple[int, ...]]] = {source: (0, ())}
    for _ in range(size):
        reached = _free(nodes, edges, reached)
        following = dict(reached)
        for frm, to, weight, claim in edges:
            if claim >= 0 and frm in reached:
                cost = reached[frm][0] + weight
                if to not in following or cost < following[to][0]:
                    following[to] = (cost, (*reached[frm][1], claim))
        reached = _free(nodes, edges, following)
        if reached[source][0] < 0:
            return list(reached[source][1])
    return []


def _free(
    nodes: int, edges: Sequence[Edge], reached: dict[int, tuple[int, tuple[int, ...]]]
) -> dict[int, tuple[int, tuple[int, ...]]]:
    """Relax along edges that rest on no claim, until nothing moves."""
    closed = dict(reached)
    free = [edge for edge in edges if edge[3] < 0]
    for _ in range(nodes):
        moved = False
        for frm, to, weight, _claim in free:
            if frm in closed:
                cost = closed[frm][0] + weight
                if to not in closed or cost < closed[to][0]:
                    closed[to] = (cost, closed[frm][1])
                    moved = True
        if not moved:
            break
    return closed
