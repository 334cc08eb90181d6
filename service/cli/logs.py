"""Where the service's own log lines go: stderr, one JSON object a line unless a person looks."""

from __future__ import annotations

import functools
import json
import logging
import sys
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO, cast

import structlog


def set_up(*, level: int = logging.INFO) -> None:
    """Commands that answer on stdout pass WARNING: a person waits for an answer, not a log.

    A log line never carries what a request held; see service/http/problems.py.
    """
    seen = sys.stderr.isatty()
    render: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if seen
        else structlog.processors.JSONRenderer(serializer=_written)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_where,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Stderr())),
        cache_logger_on_first_use=True,
    )
    # arq and aiohttp speak through the standard library; their lines may quote arguments.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")


def _written(event: MutableMapping[str, Any], *, default: Callable[[Any], Any]) -> str:
    return _encoder(default).encode(event)


@functools.lru_cache(4)
def _encoder(default: Callable[[Any], Any]) -> json.JSONEncoder:
    """Made once: `json.dumps` would make one a line."""
    return json.JSONEncoder(default=default)


class _Stderr:
    """Wherever stderr leads when a line is written: loggers are kept, and a program may turn it."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def _only_where(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Of an exception, its class and where it was raised.

    Its message may quote what was read, and the variables around it hold the evidence itself.
    """
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()[1]
    elif isinstance(raised, tuple):
        raised = raised[1]
    if isinstance(raised, BaseException):
        frames = traceback.extract_tb(raised.__traceback__)
        event["kind"] = type(raised).__name__
        event["where"] = [f"{frame.filename}:{frame.lineno}" for frame in frames[-8:]]
    return event
