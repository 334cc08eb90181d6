"""A line of the log that each request writes, for a fraction of what a line costs otherwise.

What stays the same in it is encoded once, and the lines of one turn of the loop are written
together, with one time. Their fields, and where they go, are those of all lines
(`service/cli/logs.py`); where those are not JSON, they go through structlog.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import structlog

from service.clock import machine

# Set by whoever says that lines are JSON: where they go.
out: Callable[[str], object] | None = None

_turn: list[str] = []


class LogLine:
    """A line of level info."""

    def __init__(self, logger: str, event: str, **same: str | int) -> None:
        self._log = structlog.get_logger(logger)
        self._event, self._same = event, same
        self._begin = json.dumps({**same, "event": event, "level": "info"})[:-1]

    def write(self, *, request: str, ms: float) -> None:
        """`request` is an id: nothing in it needs to be escaped. To be called on the loop."""
        if out is None:
            self._log.info(self._event, request=request, ms=ms, **self._same)
            return
        if not _turn:
            asyncio.get_running_loop().call_soon(_write)
        _turn.append(f'{self._begin}, "request": "{request}", "ms": {ms}, "timestamp": ')


def stamp() -> str:
    """The time as lines have it."""
    return f"{machine().isoformat()[:-6]}Z"


def _write() -> None:
    end = f'"{stamp()}"}}\n'
    text = end.join(_turn) + end
    _turn.clear()
    if out is not None:
        out(text)
