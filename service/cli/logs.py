"""Where the service's own log lines go: stderr, one JSON object a line unless a person looks."""

from __future__ import annotations

import logging
import sys

import structlog


def set_up(*, level: int = logging.INFO) -> None:
    """Commands that answer on stdout pass WARNING: a person waits for an answer, not a log.

    A log line never carries what a request held; see service/problems.py.
    """
    seen = sys.stderr.isatty()
    render: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if seen else structlog.processors.JSONRenderer()
    )
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if not seen:
        processors.append(structlog.processors.dict_tracebacks)
    structlog.configure(
        processors=[*processors, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # arq and aiohttp speak through the standard library; their lines may quote arguments.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
