"""What is held in memory: for how long, and how much."""

from __future__ import annotations

import asyncio

from service.at_hand import AtHand


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_it_is_held_for_its_time_counted_from_when_it_was_read() -> None:
    clock = Clock()
    held: AtHand[str] = AtHand(held_s=2.0, clock=clock)
    held.put("a", "now")
    clock.now = 1.9
    held.put("b", "long read", since=0.5)
    assert (held.get("a"), held.get("b")) == ("now", "long read")
    clock.now = 2.0
    assert (held.get("a"), held.get("b")) == (None, "long read")
    clock.now = 2.5
    assert held.get("b") is None


async def test_what_was_being_read_when_another_was_dropped_is_not_held() -> None:
    clock = Clock()
    held: AtHand[str] = AtHand(clock=clock)
    since = held.now()
    clock.now = 1.0
    held.drop("a")
    held.put("a", "read before", since=since)
    assert held.get("a") is None
    clock.now = 2.0
    held.put("a", "read after", since=held.now())
    assert held.get("a") == "read after"


async def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    held: AtHand[int] = AtHand(most_bytes=10_000)
    for number in range(10):
        held.put(number, number, size=1_000)
    assert [held.get(number) for number in range(10)] == [None] * 5 + [5, 6, 7, 8, 9]
    held.put("large", 1, size=9_000)
    assert (held.get("large"), held.get(9)) == (None, 9)
    held.drop(9)
    assert held.get(9) is None


async def test_what_nobody_asks_for_leaves_memory_by_itself() -> None:
    clock = Clock()
    held: AtHand[int] = AtHand(held_s=0.01, clock=clock)
    held.put("a", 1)
    clock.now = 1.0
    async with asyncio.timeout(30):
        while held.size:
            await asyncio.sleep(0.005)
