"""`orderproof verify`: is this bundle what it claims to be? Offline, trusting nobody.

Imports the auditor and nothing of the service: a stranger who only verifies waits for nothing else.
"""

from __future__ import annotations

import argparse
from pathlib import Path

# Above this size checking takes long enough that somebody may wonder.
_LARGE = 64 << 20
_MAX_KEY_BYTES = 1 << 20


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, metavar="PATH", help="bundle, bag folder or *.dsse.json")
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="keys you got from elsewhere: keys.json, PEM, vkey"
    )
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="a checkpoint of the log that you kept"
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0: nothing failed. 1: something does not hold. Raises if it could not be checked."""
    from auditor.keys import Keys
    from auditor.verify import verify_path
    from service.cli.terminal import note, say, say_json, size_of

    path: Path = arguments.path
    key = checkpoint = None
    if arguments.key is not None:
        key = Keys.parse(_read(arguments.key))
    if arguments.checkpoint is not None:
        checkpoint = _read(arguments.checkpoint)
    if path.is_file() and (size := path.stat().st_size) > _LARGE:
        note(f"checking {size_of(size)} ...")
    report = verify_path(path, key=key, checkpoint=checkpoint)
    if arguments.json:
        say_json(report.to_json())
    else:
        for line in report.lines():
            say(line)
    return 0 if report.ok else 1


def _read(path: Path) -> bytes:
    from evidence.errors import TooLargeError

    with path.open("rb") as file:
        data = file.read(_MAX_KEY_BYTES + 1)
    if len(data) > _MAX_KEY_BYTES:
        raise TooLargeError(what=str(path), size=path.stat().st_size, limit=_MAX_KEY_BYTES)
    return data
