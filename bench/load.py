"""Orders at the machine's limit for so many minutes: does anything grow, and is anybody left out?

`python -m bench.load 10` keeps OUTSTANDING orders of one tenant under way, more than a worker has
hands, and asks for a single one of another tenant every ten seconds. Every few seconds it looks at
what the worker with its readers holds and at who waits; it draws that into docs/load.svg and prints

    memory, files   after a third of the time, and at the end
    p50, p99        seconds from trigger to sealed, of the many
    alone           the same, of the single ones of the other tenant
    fairness        how long the single ones took, as a share of the many (medians)

Every server is on this machine (bench/scaled.py); run it where nothing else does.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.scaled import files_of, high, house, order, resident_mb
from evidence.orders import OrderRef, Platform
from service.runtime import Runtime

OUTSTANDING = 64
ALONE_EVERY_S = 10.0
LOOK_S = 0.2
SAMPLE_S = 3.0
STUCK_S = 120.0  # without a seal
MANY, ALONE = "default", "other"
PLOT = Path(__file__).parents[1] / "docs" / "load.svg"


class Sample(NamedTuple):
    """What was seen `at` so many seconds from the beginning."""

    at: float
    memory_mb: float
    files: int
    waiting: int
    per_s: float
    p50_s: float
    p99_s: float


class Load:
    def __init__(self, runtime: Runtime, worker: int) -> None:
        self._runtime = runtime
        self._worker = worker
        self._begun: dict[str, tuple[str, float]] = {}
        self._number = 0
        self._sealed_at = time.perf_counter()
        self.samples: list[Sample] = []
        self.took: dict[str, list[float]] = {MANY: [], ALONE: []}

    async def run(self, seconds: float) -> None:
        """For so long; then wait for those under way."""
        began = time.perf_counter()
        sampled, alone_at, ended_before = began, began, 0
        while (now := time.perf_counter()) < began + seconds or self._begun:
            going = now < began + seconds
            while going and self._outstanding(MANY) < OUTSTANDING:
                await self._ask(MANY)
            if going and now >= alone_at:
                alone_at += ALONE_EVERY_S
                await self._ask(ALONE)
            await self._look()
            if going and now - sampled >= SAMPLE_S:
                recent = self.took[MANY][ended_before:]
                ended_before = len(self.took[MANY])
                await self._sample(now - began, recent, len(recent) / (now - sampled))
                sampled = now
            await asyncio.sleep(LOOK_S)

    def _outstanding(self, tenant: str) -> int:
        return sum(whose == tenant for whose, _ in self._begun.values())

    async def _ask(self, tenant: str) -> None:
        self._number += 1
        ref = order(self._number)
        if tenant == ALONE:
            ref = OrderRef(Platform.AMAZON, ref.id.replace("112-", "113-", 1), "US")
        at = time.perf_counter()
        made, _ = await self._runtime.request_collection(ref, tenant=tenant)
        self._begun[made.id] = tenant, at

    async def _look(self) -> None:
        left = {each.id for each in await self._runtime.ledger.under_way(limit=10_000)}
        for id in [id for id in self._begun if id not in left]:
            tenant, at = self._begun.pop(id)
            self._sealed_at = time.perf_counter()
            self.took[tenant].append(self._sealed_at - at)
            found = await self._runtime.ledger.collection(tenant, id)
            if found is None or found.state != "sealed":
                raise SystemExit(f"a collection ended {found and (found.state, found.failure)}")
        if time.perf_counter() - self._sealed_at > STUCK_S:
            raise SystemExit(f"nothing was sealed for {STUCK_S:.0f} s: is a server full?")

    async def _sample(self, at: float, recent: Sequence[float], per_s: float) -> None:
        waiting = 0
        if self._runtime.queue is not None:
            waiting = (await self._runtime.queue.line.standing()).waiting
        last = sorted(recent) or [0.0]
        self.samples.append(
            Sample(
                at,
                resident_mb(self._worker),
                files_of(self._worker),
                waiting,
                per_s,
                statistics.median(last),
                high(last),
            )
        )


async def load(minutes: float = 0.25) -> dict[str, float]:
    async with house(tenants=(MANY, ALONE)) as here:
        async with await Runtime.open(here.settings, with_queue=True) as runtime:
            worker = here.start("worker")
            try:
                driven = Load(runtime, worker.pid)
                await driven.run(15)  # until it is up and warm
                driven = _warm(driven)
                await driven.run(minutes * 60)
            finally:
                worker.terminate()
                worker.wait()
    seen, many, alone = driven.samples, driven.took[MANY], driven.took[ALONE]
    draw(seen, minutes)
    early, last = seen[len(seen) // 3], seen[-1]
    return {
        "minutes": minutes,
        "orders": len(many) + len(alone),
        "orders_per_s": statistics.mean(sample.per_s for sample in seen),
        "p50_s": statistics.median(many),
        "p99_s": high(many),
        "alone_p50_s": statistics.median(alone),
        "alone_most_s": max(alone),
        "fairness": statistics.median(alone) / statistics.median(many),
        "memory_mb_early": early.memory_mb,
        "memory_mb_end": last.memory_mb,
        "files_early": early.files,
        "files_end": last.files,
        "waiting_early": early.waiting,
        "waiting_end": last.waiting,
    }


def _warm(driven: Load) -> Load:
    """Go on with new orders, and forget what was seen."""
    driven.samples = []
    driven.took = {MANY: [], ALONE: []}
    return driven


_WIDTH, _HEIGHT, _LEFT, _GAP = 720, 90, 60, 34


def draw(samples: Sequence[Sample], minutes: float) -> None:
    """A plot a figure, one below the other, over the time."""
    blue, orange = "#2b6cb0", "#c05621"
    panels: list[tuple[str, list[tuple[Sequence[float], str]]]] = [
        ("Sealed orders a second", [([one.per_s for one in samples], blue)]),
        (
            "Seconds from trigger to sealed: p50, p99",
            [([one.p50_s for one in samples], blue), ([one.p99_s for one in samples], orange)],
        ),
        (
            "Memory of the worker and its readers, MB",
            [([one.memory_mb for one in samples], blue)],
        ),
        ("Open files of the worker", [([one.files for one in samples], blue)]),
        ("Waiting in line", [([one.waiting for one in samples], blue)]),
    ]
    height = len(panels) * (_HEIGHT + _GAP) + 24
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="12"><title>{minutes:g} minutes at the limit</title>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
    ]
    end = max(sample.at for sample in samples)
    for number, (title, curves) in enumerate(panels):
        top = number * (_HEIGHT + _GAP) + _GAP
        most = max(1, *(max(values) for values, _ in curves)) * 1.1
        lines += [
            f'<text x="{_LEFT}" y="{top - 6}">{title}</text>',
            f'<path d="M{_LEFT} {top}V{top + _HEIGHT}H{_WIDTH - 10}" fill="none" stroke="#999"/>',
            f'<text x="{_LEFT - 6}" y="{top + 10}" text-anchor="end">{most:,.4g}</text>',
            f'<text x="{_LEFT - 6}" y="{top + _HEIGHT}" text-anchor="end">0</text>',
        ]
        for values, colour in curves:
            at = " ".join(
                f"{_LEFT + sample.at / end * (_WIDTH - _LEFT - 10):.1f},"
                f"{top + _HEIGHT - value / most * _HEIGHT:.1f}"
                for sample, value in zip(samples, values, strict=True)
            )
            lines.append(f'<polyline points="{at}" fill="none" stroke="{colour}"/>')
    lines.append(f'<text x="{_WIDTH - 10}" y="{height - 8}" text-anchor="end">{end:.0f} s</text>')
    PLOT.write_text("\n".join([*lines, "</svg>", ""]), encoding="utf-8")


def main(words: list[str]) -> None:
    figures = asyncio.run(load(*map(float, words)))
    print("load      ", "  ".join(f"{key} {value:,.3f}" for key, value in figures.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
