"""Hostile files through all readers, in the processes that a collection reads with.

Nothing of them may break a reading process, pass a bound, or cost another file its reading; and
each that cannot be read has a sentence of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import pytest

from evidence.facts import Fact
from service.inspect.inspect import COLLECTOR
from service.reading.reading import Reading
from service.settings import Limits
from tests.hostile.bombs import bombs
from tests.hostile.changes import changed
from tests.hostile.samples import samples
from tests.service.test_reading import item

LIMITS = replace(Limits(), read_s=6.0)
BROKE = "broke down"


async def read_all(
    files: Iterable[tuple[str, bytes]], limits: Limits = LIMITS
) -> dict[str, list[Fact]]:
    """What is read of each, by name; two processes, as on two cores."""
    reading = Reading(limits, size=2)

    async def one(name: str, data: bytes) -> tuple[str, list[Fact]]:
        return name, await reading.facts_of(item(data, name="a", collector=COLLECTOR))

    try:
        return dict(await asyncio.gather(*(one(name, data) for name, data in files)))
    finally:
        await reading.close()


def sentences(facts: list[Fact]) -> list[str]:
    return [fact.text for fact in facts if fact.name in {"reading.failed", "trace.unchecked"}]


def hold(name: str, facts: list[Fact]) -> None:
    """What has to be so of every reading."""
    for said in sentences(facts):
        assert BROKE not in said, (name, said)
        assert 10 < len(said) < 500 and said.isprintable(), (name, said)
        assert "Traceback" not in said and "object at 0x" not in said, (name, said)
    assert len(facts) < 60_000, name


async def test_every_sample_is_read_whole() -> None:
    """Or the rest would only show how nothing is read."""
    for name, facts in (await read_all(samples().items(), Limits())).items():
        assert not [said for said in sentences(facts) if "OCR" not in said], (
            name,
            sentences(facts),
        )
        assert len(facts) > 1, name


async def _damaged(count: int, seed: int) -> None:
    read = await read_all(changed(count, seed=seed))
    assert len(read) == count
    for name, facts in read.items():
        hold(name, facts)


async def test_damaged_files_cost_a_sentence_each() -> None:
    await _damaged(440, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_thousands_of_damaged_files_cost_a_sentence_each() -> None:
    await _damaged(2_000, seed=2)


def _costly(name: str) -> bool:
    """Whether it takes seconds; the others are tried each time."""
    return name.startswith("pdf:") or "98 megapixels" in name or "25,000" in name


async def _exploded(*, costly: bool) -> None:
    told = {name: bomb for name, bomb in bombs().items() if _costly(name) == costly}
    read = await read_all((name, data) for name, (data, _) in told.items())
    for name, (_, words) in told.items():
        hold(name, read[name])
        said = sentences(read[name])
        # A slow machine ends some of them by time instead.
        slow = ("processor time", "stood still")
        ended = any(word in one for one in said for word in (words, *slow))
        assert not words or ended, (name, said)


async def test_a_bomb_costs_its_own_reading_and_says_what_it_is() -> None:
    await _exploded(costly=False)


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_a_bomb_that_takes_seconds_costs_its_own_reading_and_says_what_it_is() -> None:
    await _exploded(costly=True)
