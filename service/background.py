"""Work beside other work: for the time of a block, or apart from who may be cancelled."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


@contextlib.asynccontextmanager
async def beside(work: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[None]:
    """Do this for the time of the block, then cancel it."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def apart(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Do this in a task of its own: it ends even if whoever waits for it was, or is, cancelled.

    In a task that was cancelled, Python 3.11.2 takes redis-py's timeouts for another cancelling.
    """
    return await asyncio.shield(asyncio.create_task(work))
