"""`orderproof backup`: copy ledger, objects, log and journal while the service runs."""

from __future__ import annotations

import argparse
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("to", type=Path, metavar="DIR", help="a folder for all backups")
    parser.add_argument(
        "--keys", type=Path, metavar="DIR", help="copy the keys there too: somewhere else"
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from evidence.errors import RequestError
    from service.backup import backup
    from service.cli.terminal import say, say_json
    from service.clock import machine
    from service.settings import load_settings

    settings = load_settings(arguments.config)
    keys: Path | None = arguments.keys
    if keys is not None and (
        keys.resolve().is_relative_to(arguments.to.resolve())
        or arguments.to.resolve().is_relative_to(keys.resolve())
    ):
        raise RequestError(what="--keys", why="whoever has the backup must not get the keys")
    taken = backup.take(settings, arguments.to, now=machine())
    count = backup.take_keys(settings, keys) if keys is not None else None
    if arguments.json:
        say_json(
            {
                "backup": str(taken.folder),
                "objects": taken.objects,
                "bytes": taken.bytes,
                "tenants": list(taken.tenants),
                "keys": count,
            }
        )
        return 0
    say(f"{taken.folder}: {taken.objects} new objects, {taken.bytes:,} bytes")
    if count is None:
        say("The keys are not in it: back them up apart, or nobody reads what is.")
    else:
        say(f"{count} files of keys are in {keys}")
    return 0
