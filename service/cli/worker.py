"""`orderproof worker`: drive collections, without answering over HTTP."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--hands", type=int, default=50, metavar="N", help="collections at once (default: 50)"
    )
    parser.add_argument(
        "--drain",
        type=float,
        default=25.0,
        metavar="SECONDS",
        help="told to stop, for what is under way to end (default: 25)",
    )
    parser.add_argument(
        "--probes", metavar="HOST:PORT", help="answer /healthz, /readyz and /metrics there"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from evidence.errors import RequestError
    from service import tracing
    from service.cli.logs import set_up
    from service.secrets import demand
    from service.settings import address, load_settings

    if not 1 <= arguments.hands <= 1_000 or not 0 <= arguments.drain <= 3_600:
        raise RequestError(
            what="--hands or --drain", why="hands are 1 to 1000, seconds to drain 0 to 3600"
        )
    settings = load_settings(arguments.config)
    demand(settings)
    set_up()
    probes = address(arguments.probes, what="--probes") if arguments.probes else None
    tracing.set_up(os.environ)
    try:
        return asyncio.run(
            _work(settings, hands=arguments.hands, drain_s=arguments.drain, probes_at=probes)
        )
    finally:
        tracing.shut_down()


async def _work(
    settings: Settings, *, hands: int, drain_s: float, probes_at: tuple[str, int] | None
) -> int:
    """Work until SIGTERM or SIGINT. A collection that was under way is taken up by the next."""
    from service.agenda.agenda import keeping_time
    from service.api.opened import working
    from service.cli.serving import settled, told_to_stop
    from service.cli.terminal import note
    from service.queue.probes import probes
    from service.runtime import Runtime

    async with await Runtime.open(settings, with_queue=True) as runtime:
        async with (
            keeping_time(runtime),
            working(runtime, hands=hands, drain_s=drain_s) as work,
        ):
            told = told_to_stop()
            async with contextlib.AsyncExitStack() as stack:
                if probes_at is not None:
                    url = await stack.enter_async_context(probes(runtime, work, *probes_at))
                    note(f"probes on {url}")
                settled()
                note("working")
                either: set[asyncio.Future[Any]] = {told, work}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not told.done():
                note("the worker stopped by itself; its log line says why")
                return 2
            note(f"{told.result()}: stopping")
    return 0
