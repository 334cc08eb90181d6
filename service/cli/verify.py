"""`orderproof verify`: is this bundle what it claims to be? Offline, trusting nobody.

Imports the auditor and nothing of the service: a stranger who only verifies waits for nothing else.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.keys import Keys
    from evidence.quorum import WitnessPolicy

# Above this size checking takes long enough that somebody may wonder.
_LARGE = 64 << 20
_MAX_KEY_BYTES = 1 << 20


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", type=Path, metavar="PATH", help="bundle, bag folder, *.dsse.json or report"
    )
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="keys you got from elsewhere: keys.json, PEM, vkey"
    )
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="a checkpoint of the log that you kept"
    )
    parser.add_argument(
        "--witness",
        metavar="VKEY",
        action="append",
        default=[],
        help="a witness that must have cosigned, or a file of such keys; may be given again",
    )
    parser.add_argument(
        "--quorum",
        type=int,
        metavar="N",
        help="how many witnesses are enough (default: all of --witness)",
    )
    parser.add_argument(
        "--witness-policy", type=Path, metavar="FILE", help="a C2SP tlog-policy instead of these"
    )
    parser.add_argument(
        "--bundle", type=Path, metavar="FILE", help="of a report (a PDF): the order's bundle"
    )
    parser.add_argument(
        "--order",
        metavar="ORDER",
        help="of a report: ask the ledger of this machine whether it is that of this order",
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0: nothing failed. 1: something does not hold. Raises if it could not be checked."""
    from auditor.keys import Keys
    from auditor.rendered import is_pdf, verify_report
    from auditor.verify import verify_path
    from evidence.errors import RequestError
    from service.cli.terminal import note, say, say_json, size_of

    path: Path = arguments.path
    key = checkpoint = None
    if arguments.key is not None:
        key = Keys.parse(_read(arguments.key), what=f"The key file {arguments.key}")
    if arguments.checkpoint is not None:
        checkpoint = _read(arguments.checkpoint)
    if path.is_file() and (size := path.stat().st_size) > _LARGE:
        note(f"checking {size_of(size)} ...")
    witnesses = _witnesses(arguments, key)
    if arguments.order is not None:
        if not is_pdf(path) or arguments.bundle is not None:
            why = "it is for a report (a PDF), and instead of --bundle"
            raise RequestError(what="--order", why=why)
        from service.cli.known import known_here

        report = known_here(arguments)
    elif is_pdf(path):
        report = verify_report(path, bundle=arguments.bundle, key=key)
    elif arguments.bundle is not None:
        raise RequestError(what="--bundle", why="it is for a report, and this is no PDF")
    else:
        report = verify_path(path, key=key, checkpoint=checkpoint, witnesses=witnesses)
    if arguments.json:
        say_json(report.to_json())
    else:
        for line in report.lines():
            say(line)
    return 0 if report.ok else 1


def _witnesses(arguments: argparse.Namespace, key: Keys | None) -> WitnessPolicy | None:
    """Who must have cosigned; None if nobody is asked for."""
    from evidence.errors import FormatError, RequestError
    from evidence.quorum import WitnessPolicy
    from service.cli.vkeys import vkeys_in

    if arguments.witness_policy is not None:
        if arguments.witness or arguments.quorum is not None:
            why = "a policy says all of it; leave out --witness and --quorum"
            raise RequestError(what="--witness-policy", why=why)
        try:
            return WitnessPolicy.parse(_read(arguments.witness_policy))
        except FormatError as error:
            what = f"The policy {arguments.witness_policy}"
            raise FormatError(what=what, why=f"{error.what}: {error.why}") from error
    named = [found for word in arguments.witness for found in vkeys_in(word)]
    if not named and arguments.quorum is None:
        return None
    if not named and key is not None:
        named = list(key.witnesses)
    return WitnessPolicy.of(named, need=arguments.quorum)


def _read(path: Path) -> bytes:
    from evidence.errors import TooLargeError

    with path.open("rb") as file:
        data = file.read(_MAX_KEY_BYTES + 1)
    if len(data) > _MAX_KEY_BYTES:
        raise TooLargeError(what=str(path), size=path.stat().st_size, limit=_MAX_KEY_BYTES)
    return data
