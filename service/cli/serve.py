"""`orderproof serve`: answer over HTTP, and drive collections in the same process."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.settings import Settings

SHUTDOWN_S = 10.0


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="HOST:PORT", help="default: 127.0.0.1:8321")
    parser.add_argument(
        "--no-worker", action="store_true", help="only answer; workers run elsewhere"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import os
    from dataclasses import replace

    from service import tracing
    from service.cli.logs import set_up
    from service.secrets import demand
    from service.settings import address, load_settings

    settings = load_settings(arguments.config)
    if arguments.listen is not None:
        host, port = address(arguments.listen, what="--listen")
        settings = replace(settings, host=host, port=port)
    polled = {poll.source for poll in settings.polls}
    demand(settings, sources=polled if arguments.no_worker else None, door=True)
    set_up()
    tracing.set_up(os.environ)
    try:
        return asyncio.run(_serve(settings, worker=not arguments.no_worker))
    finally:
        tracing.shut_down()


async def _serve(settings: Settings, *, worker: bool) -> int:
    """Listen until SIGTERM or SIGINT, then let what is being answered end, for ten seconds."""
    from functools import partial

    from service.api.opened import open_runtime
    from service.cli.serving import settled, told_to_stop
    from service.cli.terminal import note
    from service.http.app import make_app
    from service.http.listening import listening
    from service.http.runner import Runner

    app = make_app(settings, opening=partial(open_runtime, worker=worker))
    runner = Runner(app, shutdown_timeout=SHUTDOWN_S)
    async with listening(runner, settings.host, settings.port, option="--listen") as url:
        stopped = told_to_stop()
        settled()
        note(f"listening on {url} {'and driving collections' if worker else 'without a worker'}")
        told = await stopped
        note(f"{told}: stopping")
    return 0
