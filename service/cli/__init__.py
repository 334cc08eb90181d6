"""The command line: `orderproof COMMAND`. One file a command or a family of them.

Exit 0: fine. Exit 1: the answer is no. Exit 2: it could not be asked; one sentence on stderr says
why and what to do. Each command imports what it needs when it is chosen, so that a stranger's
`orderproof verify` neither waits for nor needs the service's libraries.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from evidence.errors import EvidenceError

# name -> module that has `configure(parser)`, which sets `run`, and a line for the list
COMMANDS = {
    "demo": ("demo", "one order end to end, checked, then tampered with"),
    "serve": ("serve", "answer over HTTP, and drive collections unless told not to"),
    "worker": ("worker", "drive collections, without answering over HTTP"),
    "collect": ("collect", "collect and seal the evidence of an order"),
    "backfill": ("backfill", "catch up on the orders of a CSV file, without holding up anybody"),
    "defects": ("defects", "what a platform holds against you, until when, and what covers it"),
    "case": ("case", "what a person pursues with a platform, recorded step by step"),
    "manifest": ("manifest", "the newest sealed account of an order"),
    "bundle": ("bundle", "everything a stranger needs to check it, as one file"),
    "report": ("report", "the newest sealed account of an order as a PDF for people"),
    "derive": ("derive", "a redacted, smaller, converted or translated copy, tied to its original"),
    "custody": ("custody", "who had an order's evidence in hand, and whether that log holds"),
    "hold": ("hold", "put a legal hold on an order, or lift it"),
    "erase": ("erase", "erase an order's personal data; the log says so and verifies as before"),
    "verify": ("verify", "check a bundle, a bag folder, a manifest or a statement, offline"),
    "reverify": ("reverify", "read and judge again from a bundle's own bytes, offline"),
    "inspect": ("inspect", "what a file is, what it says, and whether it holds up, offline"),
    "policy": ("policy", "the platforms' rules: what they ask for, whether they hold up"),
    "profile": ("profile", "the forms in which platforms take evidence; check a bundle's form"),
    "identify": ("identify", "whose tracking number this can be, and whether its check digit fits"),
    "audit": ("audit", "check a whole tenant, or a log's folder: every receipt, every byte"),
    "queue": ("queue", "what is to be done, who does it; retry or drop what was parked"),
    "backup": ("backup", "copy ledger, objects, log and journal while the service runs"),
    "restore": ("restore", "bring back what a disaster took, and audit it"),
    "recover": ("recover", "read back from the published log what a restored ledger lacks"),
    "migrate": ("migrate", "move all evidence to another place, such as PostgreSQL and S3"),
    "keys": ("keys", "the public keys, for whoever verifies; rotate or revoke them"),
    "tenant": ("tenant", "whose evidence is kept here, and their stores"),
    "token": ("token", "make, list and revoke access tokens"),
    "witness": ("witness", "cosign the heads of other logs, each only if it contains the last"),
    "sandbox": ("sandbox", "a local stand-in of a carrier, for trying out"),
    "doctor": ("doctor", "the health of every configured part, and what to do"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser(words).parse_args(words)
    if arguments.command is None:
        _parser([]).print_help()
        return 2
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except EvidenceError as error:
        return _refuse(str(error), debug=arguments.debug)
    except BrokenPipeError:
        # Whoever read our output has enough, as `| head` does; Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("orderproof: stopped", file=sys.stderr)
        return 130
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        said = (
            f"{named}{error.strerror or 'it cannot be used'}. Check the path and its permissions."
        )
        return _refuse(said, debug=arguments.debug)
    except Exception as error:
        said = (
            f"a fault of ours ended it ({type(error).__name__}). "
            "Run it again with --debug and report what it says."
        )
        return _refuse(said, debug=arguments.debug)


def _refuse(sentence: str, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(f"orderproof: {sentence}", file=sys.stderr)
    return 2


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The whole list of commands, with the details of those only that `words` name."""
    parser = argparse.ArgumentParser(
        prog="orderproof",
        description="Prove what happened to an order.",
        epilog="Exit codes: 0 fine, 1 the answer is no, 2 it could not be asked.",
        parents=[_common()],
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    parser.set_defaults(config=None, debug=False, command=None)
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    for name, (module, line) in COMMANDS.items():
        said = f"{line[0].upper()}{line[1:]}."
        command = commands.add_parser(name, help=line, description=said, parents=[_common()])
        if name in words:
            importlib.import_module(f"service.cli.{module}").configure(command)
    return parser


def _common() -> argparse.ArgumentParser:
    """What may stand before the command and after it.

    Made anew for each parser: argparse shares a parent's options, and so their defaults, and then
    a command's default would overwrite what stood before it.
    """
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="settings (default: ./orderproof.toml if there)",
    )
    common.add_argument(
        "--debug",
        action="store_true",
        default=argparse.SUPPRESS,
        help="show where an error comes from",
    )
    return common


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"orderproof {version('orderproof')}")
        except PackageNotFoundError:
            print("orderproof, not installed: run from its folder")
        parser.exit()
