"""`orderproof sandbox`: local stand-ins of the vendors and of a time authority.

For trying out and for fault injection. With --trust DIR it plays the authority too, and leaves in
DIR what an [[authority]] table of orderproof.toml pins: tsa.pem and root.pem, new at each start.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from service.sandbox import PORT

if TYPE_CHECKING:
    from service.sandbox.scenario import Scenario

_MAX_SCENARIO_BYTES = 8 << 20


def configure(parser: argparse.ArgumentParser) -> None:
    story = parser.add_mutually_exclusive_group()
    story.add_argument(
        "--scenario", type=Path, metavar="FILE", help="what it plays (default: the demo's)"
    )
    story.add_argument(
        "--everyone", action="store_true", help="play an order of which every vendor can tell"
    )
    parser.add_argument(
        "--trust",
        type=Path,
        metavar="DIR",
        help="play a time authority under /tsa; its certificates go there",
    )
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"default: {PORT}")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from evidence.errors import RequestError, TooLargeError
    from service.cli.logs import set_up
    from service.demo.story import SCENARIO
    from service.sandbox.scenario import everyone, parse_scenario

    if not 0 <= arguments.port < 65536:
        raise RequestError(what="--port", why="it is not between 0 and 65535")
    scenario = everyone() if arguments.everyone else parse_scenario(SCENARIO.encode())
    if arguments.scenario is not None:
        with arguments.scenario.open("rb") as file:
            raw = file.read(_MAX_SCENARIO_BYTES + 1)
        if len(raw) > _MAX_SCENARIO_BYTES:
            raise TooLargeError(what="the scenario", size=len(raw), limit=_MAX_SCENARIO_BYTES)
        scenario = parse_scenario(raw)
    set_up()
    return asyncio.run(_play(scenario, port=arguments.port, trust=arguments.trust))


async def _play(scenario: Scenario, *, port: int, trust: Path | None) -> int:
    """Answer on loopback until told to stop: a stand-in has no access control."""
    from aiohttp import web

    from service.cli.serving import told_to_stop
    from service.cli.terminal import note
    from service.http.listening import listening
    from service.sandbox.app import make_sandbox
    from service.sandbox.authority import SandboxAuthority

    authority = None
    if trust is not None:
        authority = SandboxAuthority.make()
        authority.leave(trust)
    runner = web.AppRunner(
        make_sandbox(scenario, authority=authority),
        access_log=None,
        handle_signals=False,
        shutdown_timeout=1.0,
    )
    async with listening(runner, "127.0.0.1", port, option="--port") as url:
        told = told_to_stop()
        note(f"playing on {url}")
        note(f"{await told}: stopping")
    return 0
