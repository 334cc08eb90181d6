"""`orderproof demo`: one order end to end, checked, then tampered with."""

from __future__ import annotations

import argparse
import asyncio
import logging
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="leave bundle, data, log, the seller's files there; no keys",
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import sys

    from rich.console import Console

    from service.cli.logs import set_up
    from service.cli.terminal import say_json
    from service.demo.run import run as tell

    set_up(level=logging.ERROR)
    story = asyncio.run(
        tell(keep=arguments.keep, console=Console(file=sys.stderr) if arguments.json else None)
    )
    if arguments.json:
        say_json(story)
    return 0
