"""Pace: concurrency, rate, pauses and back-off, on a clock that the test moves."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.pace import LONGEST_PAUSE_S, LocalBucket, Pace, retry_after_s, window

NOW = datetime(2026, 7, 25, 10, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def test_a_burst_goes_at_once_and_no_window_holds_more() -> None:
    clock = Clock()
    pace = Pace(bucket=LocalBucket(most=3, seconds=1.5, monotonic=clock), sleep=clock.sleep)
    starts = []
    for _ in range(7):
        async with pace.turn():
            starts.append(clock.now - 100.0)
    assert starts == [0, 0, 0, 1.5, 1.5, 1.5, 3.0]


@given(
    rate=st.floats(0.01, 200),
    burst=st.none() | st.integers(1, 50),
    gaps=st.lists(st.floats(0, 5), min_size=1, max_size=60),
)
async def test_wherever_a_window_begins_it_holds_no_more_than_allowed(
    rate: float, burst: int | None, gaps: list[float]
) -> None:
    clock = Clock()
    most, seconds = window(rate, burst)
    bucket = LocalBucket(most=most, seconds=seconds, monotonic=clock)
    turns = []
    for gap in gaps:
        clock.now += gap
        while (wait_s := await bucket.take()) > 0:
            clock.now += wait_s
        turns.append(clock.now)
    for first, after in zip(turns, turns[most:], strict=False):
        assert after - first >= most / rate
    assert most / seconds <= rate


async def test_no_more_are_under_way_than_allowed() -> None:
    pace = Pace(concurrency=3, bucket=LocalBucket(most=1000, seconds=0.001))
    under_way = most = 0

    async def one() -> None:
        nonlocal under_way, most
        async with pace.turn():
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.001)
            under_way -= 1

    await asyncio.gather(*(one() for _ in range(30)))
    assert most == 3


async def test_a_pause_holds_everybody() -> None:
    clock = Clock()
    pace = Pace(bucket=LocalBucket(most=1, seconds=1.0, monotonic=clock), sleep=clock.sleep)
    await pace.pause(12.0)
    async with pace.turn():
        assert clock.now == 112.0


def test_the_wait_grows_to_its_cap_and_then_ends() -> None:
    pace = Pace(retries=4, base_s=1.0, cap_s=5.0, jitter=lambda: 1.0)
    waits = [pace.wait_before(attempt, retry_after_s=None) for attempt in range(1, 6)]
    assert waits == [2.0, 4.0, 5.0, 5.0, None]


def test_jitter_spreads_the_wait_from_nothing() -> None:
    assert Pace(jitter=lambda: 0.0).wait_before(1, retry_after_s=None) == 0.0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120.0),
        (" 5 ", 5.0),
        ("0", 0.0),
        ("99999999999999999999", LONGEST_PAUSE_S),
        ("Sat, 25 Jul 2026 10:00:30 GMT", 30.0),
        ("Sat, 25 Jul 2026 09:00:00 GMT", 0.0),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        (None, None),
        ("Sat, 25 Jul 2026 10:00:30", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(said: str | None, seconds: float | None) -> None:
    assert retry_after_s(said, now=NOW) == seconds


@given(st.text(max_size=80))
def test_retry_after_never_raises(said: str) -> None:
    found = retry_after_s(said, now=NOW + timedelta(days=1))
    assert found is None or 0 <= found <= LONGEST_PAUSE_S
