"""`orderproof worker`: drive collections, without answering over HTTP."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from service.cli.logs import set_up
    from service.settings import load_settings

    settings = load_settings(arguments.config)
    set_up()
    return asyncio.run(_work(settings))


async def _work(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT. A collection that was under way is taken up by the next."""
    from service.api.opened import working
    from service.cli.serving import told_to_stop
    from service.cli.terminal import note
    from service.runtime import Runtime

    async with await Runtime.open(settings, with_queue=True) as runtime:
        async with working(runtime) as work:
            told = told_to_stop()
            note("working")
            either: set[asyncio.Future[Any]] = {told, work}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not told.done():
                note("the worker stopped by itself; its log line says why")
                return 2
            note(f"{told.result()}: stopping")
    return 0
