"""Who asks at the same time is answered by one call, each with his own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from storage.together import Together


class Server:
    """Answers with the double, once it is let go; a negative number is refused."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.let_go = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, asked: Sequence[int]) -> Sequence[int | BaseException]:
        self.calls.append(list(asked))
        await self.let_go.wait()
        if self.error is not None:
            raise self.error
        return [2 * each if each >= 0 else LookupError(str(each)) for each in asked]


async def test_who_asks_meanwhile_is_answered_by_the_next_call() -> None:
    server = Server()
    together = Together(server, most=3)
    first = together.ask(1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    rest = [together.ask(n) for n in (2, -3, 4, 5)]
    await asyncio.sleep(0)
    server.let_go.set()
    assert await first == 2
    answers = await asyncio.gather(*rest, return_exceptions=True)
    assert [answers[0], *answers[2:]] == [4, 8, 10]
    assert isinstance(answers[1], LookupError)
    assert server.calls == [[1], [2, -3, 4], [5]]
    assert await together.ask(6) == 12


async def test_what_fails_fails_for_all_of_the_call_and_the_next_one_goes_on() -> None:
    server = Server()
    together = Together(server)
    server.error = OSError("away")
    server.let_go.set()
    asked = [together.ask(n) for n in range(3)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [OSError] * 3
    server.error = None
    assert await together.ask(1) == 2


async def test_who_gives_up_takes_nobody_along() -> None:
    server = Server()
    together = Together(server)
    leaving, staying = (together.ask(n) for n in (1, 2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    server.let_go.set()
    assert await staying == 4
    assert server.calls == [[1, 2]]
