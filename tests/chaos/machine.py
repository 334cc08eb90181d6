"""Faults of the machine that the processes run on."""

from __future__ import annotations

from tests.chaos.world import Do, World


async def fill_disk(here: World, seconds: float) -> int:
    return await _flagged(here, "full", "", seconds)


def clock(by_s: float) -> Do:
    """The clock of every process is off by so much."""

    async def do(here: World, seconds: float) -> int:
        return await _flagged(here, "clock", str(by_s), seconds)

    return do


async def _flagged(here: World, name: str, text: str, seconds: float) -> int:
    before = here.hits(name)
    here.flag(name, text)
    hit = await here.until(seconds, lambda: here.hits(name) - before)
    here.flag(name, None)
    return hit
