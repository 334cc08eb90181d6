"""Where the service's own log lines go: stderr, one JSON object a line unless a person looks."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO, cast

import structlog

from service import log_line

# `json.dumps` would make one a line.
_ENCODER = json.JSONEncoder(default=repr)


def set_up(*, level: int = logging.INFO) -> None:
    """Commands that answer on stdout pass WARNING: a person waits for an answer, not a log.

    A log line never carries what a request held; see service/http/problems.py.
    """
    seen = sys.stderr.isatty()
    structlog.configure(
        processors=[_complete, structlog.dev.ConsoleRenderer() if seen else _as_json],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Stderr())),
        cache_logger_on_first_use=True,
    )
    log_line.out = None if seen or level > logging.INFO else _Stderr().write
    # arq and aiohttp speak through the standard library; their lines may quote arguments.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")


def _complete(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Put in what each line has. One step, for a request's line takes a tenth of the request."""
    structlog.contextvars.merge_contextvars(logger, method, event)
    structlog.processors.add_log_level(logger, method, event)
    event["timestamp"] = log_line.stamp()
    return _only_where(event) if "exc_info" in event else event


def _as_json(logger: object, method: str, event: MutableMapping[str, Any]) -> str:
    return _ENCODER.encode(event)


class _Stderr:
    """Wherever stderr leads when a line is written: loggers are kept, and a program may turn it."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def _only_where(event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
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
