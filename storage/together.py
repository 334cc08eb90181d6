"""Many who ask the same of a server at the same time, answered by one call."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

MOST = 256


class Together(Generic[Asked, Answer]):
    """Who asks while a call is under way is answered by the next one, with all who asked meanwhile.

    So one alone waits for nobody, and under load calls are as many as the server bears. A call
    goes on though who asked gives up.
    """

    def __init__(
        self,
        call: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | BaseException]]],
        *,
        most: int = MOST,
    ) -> None:
        """`call` has an answer for each, in their order; an exception among them is its asker's.

        most   are handed to one call
        """
        self._call = call
        self._most = most
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._running: asyncio.Task[None] | None = None

    def ask(self, asked: Asked) -> "asyncio.Future[Answer]":
        mine: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, mine))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return mine

    async def _run(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                try:
                    answers = await self._call([asked for asked, _ in group])
                except BaseException as error:
                    answers = [error] * len(group)
                    if not isinstance(error, Exception):  # we are cancelled: the loop ends
                        group += self._waiting
                        answers, self._waiting = [error] * len(group), []
                for (_, waiting), answer in zip(group, answers, strict=True):
                    _answer(waiting, answer)
        finally:
            self._running = None


def _answer(waiting: "asyncio.Future[Answer]", answer: Answer | BaseException) -> None:
    if waiting.done():
        return
    if isinstance(answer, asyncio.CancelledError):
        waiting.cancel()
    elif isinstance(answer, BaseException):
        waiting.set_exception(answer)
    else:
        waiting.set_result(answer)
