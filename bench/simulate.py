"""What so many orders a day take, from the measured cost of one, and which part is full first.

    python -m bench.simulate                          a table for 10 thousand to 10 million a day
    python -m bench.simulate --orders 10000000        one of them, hour by hour and part by part
    python -m bench.simulate --cost cost.json         with costs of your own (`bench.scaled cost`)

Orders come as people do: by a daily curve with a peak of PEAK times its middle, drawn by seed, a
Poisson process each minute. Each part has a capacity; what it cannot do in a minute waits for the
next.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Of one order of ten items of 100 KB with their exchanges, without text in pictures. Measured by
# `bench.scaled cost`; docs/scaling.md says when and on what.
COST = {
    "cpu_ms_worker": 169.0,
    "cpu_ms_postgres": 35.0,
    "cpu_ms_seaweed": 36.0,
    "cpu_ms_valkey": 3.2,
    "requests_s3": 15.0,
    "rows": 70.0,
    "database_bytes": 64_000.0,
    "item_bytes": 1_100_000.0,
    "receipts": 22.0,
}
PEAK = 2.5
MINUTES = 24 * 60
# What one of each does. Cores are of the kind that the costs were measured on.
WORKER_CORES = 2
POSTGRES_CORES = 16
# A tenant's receipts are put into order one batch after another, at this many a second.
SEQUENCER_PER_S = 3_000.0
S3_PER_S = 20_000.0


@dataclass(frozen=True, slots=True)
class Part:
    """Something of which every order needs `each`, and of which there is `per_s`."""

    name: str
    each: float
    per_s: float

    @property
    def orders_per_s(self) -> float:
        return self.per_s / self.each if self.each else math.inf


@dataclass(frozen=True, slots=True)
class Day:
    """What became of a day: seconds that the slowest order waited, and how busy each part was."""

    waited_s: float
    left: float
    busy: Mapping[str, float]

    @property
    def first_full(self) -> str:
        return max(self.busy, key=lambda name: self.busy[name])


def parts(cost: Mapping[str, float], *, workers: int, tenants: int) -> list[Part]:
    """Workers, the database, its sequencers, and S3. Valkey is in no case the one."""
    return [
        Part("workers", cost["cpu_ms_worker"] / 1000, workers * WORKER_CORES),
        Part("PostgreSQL", cost["cpu_ms_postgres"] / 1000, POSTGRES_CORES),
        Part("sequencers", cost["receipts"], SEQUENCER_PER_S * tenants),
        Part("S3 requests", cost["requests_s3"], S3_PER_S),
        Part("Valkey", cost["cpu_ms_valkey"] / 1000, 1.0),
    ]


def arrivals(orders: float, dice: random.Random) -> list[int]:
    """Of each minute of a day; the sum is `orders`, but for chance."""
    curve = [
        max(0.05, 1 + (PEAK - 1) * math.sin(2 * math.pi * (minute / MINUTES - 0.25)))
        for minute in range(MINUTES)
    ]
    total = sum(curve)
    return [_poisson(orders * each / total, dice) for each in curve]


def _poisson(mean: float, dice: random.Random) -> int:
    if mean > 50:  # near enough to a normal one
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count


def day(come: Sequence[int], available: Sequence[Part]) -> Day:
    """All parts work on an order together; the scarcest decides how many a minute gets done."""
    most = min(part.orders_per_s for part in available) * 60
    waiting, worst, done = 0.0, 0.0, 0.0
    busiest = dict.fromkeys((part.name for part in available), 0.0)
    for minute in come:
        waiting += minute
        now = min(waiting, most)
        waiting -= now
        done += now
        worst = max(worst, waiting / most * 60)
        for part in available:
            busiest[part.name] = max(busiest[part.name], now / (part.orders_per_s * 60))
    return Day(worst, waiting, busiest)


def workers_for(orders: float, cost: Mapping[str, float], *, tenants: int, seed: int) -> int:
    """The fewest with which nobody waits for more than a minute for a hand to be free."""
    come = arrivals(orders, random.Random(seed))
    low, high = 1, 1
    while day(come, [_workers(cost, high)]).waited_s > 60:
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        if day(come, [_workers(cost, middle)]).waited_s > 60:
            low = middle + 1
        else:
            high = middle
    return high


def _workers(cost: Mapping[str, float], count: int) -> Part:
    return Part("workers", cost["cpu_ms_worker"] / 1000, count * WORKER_CORES)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="What so many orders a day take.")
    parser.add_argument("--orders", type=float, action="append", help="a day; may be repeated")
    parser.add_argument("--tenants", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cost", type=Path, help="JSON with other costs than the measured")
    asked = parser.parse_args(words)
    cost = COST | (json.loads(asked.cost.read_text("utf-8")) if asked.cost else {})
    print("orders/day  workers  first full (busy at the peak)   rows/day   S3 req/s   TB/year")
    for orders in asked.orders or [1e4, 1e5, 1e6, 1e7]:
        count = workers_for(orders, cost, tenants=asked.tenants, seed=asked.seed)
        come = arrivals(orders, random.Random(asked.seed))
        found = day(come, parts(cost, workers=count, tenants=asked.tenants))
        others = {name: busy for name, busy in found.busy.items() if name != "workers"}
        first = max(others, key=lambda name: others[name])
        print(
            f"{orders:>10,.0f}  {count:>7,}  {first:<14} {others[first]:>7.0%}         "
            f"{orders * cost['rows']:>12,.0f} {max(come) / 60 * cost['requests_s3']:>10,.0f}"
            f" {orders * 365 * cost['item_bytes'] / 1e12:>9,.1f}"
        )


if __name__ == "__main__":
    main()
