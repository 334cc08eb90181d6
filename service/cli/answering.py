"""How a command that answers is run: quietly, in an event loop of its own."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Callable, Coroutine


def quietly(
    answer: Callable[[argparse.Namespace], Coroutine[None, None, int]],
) -> Callable[[argparse.Namespace], int]:
    """A command's `run` out of what answers: only warnings are logged, as a person waits."""

    def run(arguments: argparse.Namespace) -> int:
        from service.cli.logs import set_up  # slow to import; `--help` does without

        set_up(level=logging.WARNING)
        return asyncio.run(answer(arguments))

    return run
