"""What runs until it is told to stop, and what only looks in on it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.runtime import Runtime
    from service.settings import Settings

# New objects before Python looks for garbage; its own 700 are not half an answer of a source.
GARBAGE_AFTER = 10_000


def told_to_stop() -> asyncio.Future[str]:
    """The name of the SIGTERM or SIGINT to come. The second one ends the process at once.

    They are listened for from now on: call this before telling anyone that the process is there.
    """
    loop = asyncio.get_running_loop()
    told: asyncio.Future[str] = loop.create_future()
    signals = (signal.SIGTERM, signal.SIGINT)

    def stop(number: signal.Signals) -> None:
        for each in signals:
            loop.remove_signal_handler(each)
        if not told.done():
            told.set_result(number.name)

    for number in signals:
        loop.add_signal_handler(number, stop, number)
    return told


@contextlib.asynccontextmanager
async def open_quietly(settings: Settings) -> AsyncIterator[Runtime]:
    """The runtime, with its queue if a worker may be listening there."""
    from service.queue.queue import queue_is_there
    from service.runtime import Runtime

    async with await Runtime.open(settings, with_queue=queue_is_there(settings)) as runtime:
        yield runtime


def settled() -> None:
    """What is there now stays: to look through all of it for garbage would hold up the work.

    Call it once everything is open.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)
