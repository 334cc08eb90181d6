"""The breaker: closed, open, half open, on a clock that the test moves; and in a session."""

import asyncio

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from collectors.breaker import Breaker
from evidence.errors import OutageError, RequestError
from tests.collectors.http_bench import bench, server


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock, failures: int = 3) -> Breaker:
    breaker = Breaker(failures=failures, first_s=10.0, longest_s=60.0, monotonic=clock)
    for _ in range(failures):
        assert breaker.enter() == 0.0
        breaker.failed()
    return breaker


def test_after_failures_in_a_row_nobody_asks_for_a_while() -> None:
    clock = Clock()
    breaker = broken(clock)
    assert breaker.is_open and breaker.enter() == 10.0
    clock.now += 9.5
    assert breaker.enter() == 0.5


def test_one_probe_at_a_time_and_an_answer_closes_it() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += 10.0
    assert breaker.enter() == 0.0
    assert breaker.enter() > 0, "the others go on waiting for the probe"
    breaker.answered()
    assert [breaker.enter() for _ in range(3)] == [0.0, 0.0, 0.0]


def test_each_failed_probe_doubles_the_while_up_to_its_longest() -> None:
    clock = Clock()
    breaker = broken(clock)
    waited = []
    for _ in range(6):
        waited.append(breaker.enter())
        clock.now += waited[-1]
        assert breaker.enter() == 0.0
        breaker.failed()
    assert waited == [10.0, 20.0, 40.0, 60.0, 60.0, 60.0]


@given(st.lists(st.sampled_from(["ask", "answer", "fail", "wait"]), max_size=60))
def test_it_never_waits_longer_than_its_longest_and_an_answer_always_closes(
    steps: list[str],
) -> None:
    clock = Clock()
    breaker = Breaker(failures=2, first_s=5.0, longest_s=40.0, monotonic=clock)
    for step in steps:
        match step:
            case "ask":
                assert 0 <= breaker.enter() <= 40.0
            case "answer":
                breaker.answered()
                assert breaker.enter() == 0.0
            case "fail":
                breaker.failed()
            case _:
                clock.now += 7.0


async def test_a_source_that_keeps_failing_is_not_asked_and_says_so() -> None:
    asked = 0

    async def away(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=503)

    async with server(web.get("/x", away)) as url:
        async with bench(url, breaker=Breaker(failures=4), retries=1) as b:
            for _ in range(2):
                with pytest.raises(OutageError, match="503"):
                    await b.session.get("/x")
            with pytest.raises(OutageError, match="left alone for"):
                await b.session.get("/x")
    assert asked == 4


async def test_a_refusal_is_an_answer() -> None:
    async def no(_: web.Request) -> web.Response:
        return web.Response(status=422)

    breaker = Breaker(failures=2)
    async with server(web.get("/x", no)) as url, bench(url, breaker=breaker) as b:
        asks = (b.session.get("/x") for _ in range(5))
        refusals = await asyncio.gather(*asks, return_exceptions=True)
    assert all(isinstance(one, RequestError) for one in refusals)
    assert not breaker.is_open
