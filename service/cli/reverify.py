"""`orderproof reverify`: verify a bundle, then read and judge it again, offline."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, metavar="PATH", help="bundle or bag folder, full copy")
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="keys you got from elsewhere: keys.json, PEM, vkey"
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0: the same. 1: it differs, or does not hold. Raises if it could not be asked."""
    import logging

    from auditor.keys import Keys
    from service.audit.reverify import reverify
    from service.cli.logs import set_up
    from service.cli.terminal import say, say_json
    from service.settings import Limits, load_settings

    set_up(level=logging.ERROR)
    key = None
    if arguments.key is not None:
        with arguments.key.open("rb") as file:
            key = Keys.parse(file.read(2 << 20))
    # A stranger has no configuration; whoever has one may have raised the limits of reading.
    limits = load_settings(arguments.config).limits if arguments.config else Limits()
    answer = asyncio.run(reverify(arguments.path, key=key, limits=limits))
    if arguments.json:
        say_json(answer.to_json())
    else:
        for line in answer.lines():
            say(line)
    return 0 if answer.ok else 1
