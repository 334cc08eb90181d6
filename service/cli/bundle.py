"""`orderproof bundle`: everything a stranger needs, as one file.

orderproof bundle ORDER -o FILE
orderproof bundle ORDER --profile reviewer [--show 3,6] [--show-role pod.document] [--copy 9]
                        -o FILE     without personal data, but for the items that are named
orderproof bundle ORDER… --profile amazon -o FILE
                        in the form that a platform takes, or every reason why not
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import logging
import os
import re
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from service.cli import profiled
from service.cli.orders import add_order, named_order, not_kept, not_sealed


def configure(parser: argparse.ArgumentParser) -> None:
    add_order(parser, several=True)
    parser.add_argument(
        "--profile",
        metavar="P",
        default="bagit",
        help="bagit, the full copy (default); reviewer, which withholds what is not named; or "
        "that of a platform",
    )
    parser.add_argument(
        "--show",
        metavar="SEQ[,SEQ…]",
        action="append",
        default=[],
        help="an item to open in a reviewer's copy, by its receipt",
    )
    parser.add_argument(
        "--show-role",
        metavar="ROLE",
        action="extend",
        nargs="+",
        default=[],
        help="open every item of this role, such as pod.document",
    )
    parser.add_argument(
        "--copy",
        metavar="SEQ[,SEQ…]",
        action="append",
        default=[],
        help="a derivative to carry in a reviewer's copy, by its receipt; a full copy has all",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", required=True, help="a file not there yet"
    )
    profiled.configure(parser)
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from evidence.errors import RequestError
    from service.cli.logs import set_up
    from service.steps.publish import BAGIT, REVIEWER

    set_up(level=logging.WARNING)
    whole = arguments.profile in (BAGIT, REVIEWER)
    if whole and not profiled.given(arguments):
        arguments.order = arguments.order[0]
        return asyncio.run(_run(arguments))
    if arguments.show or arguments.show_role or arguments.copy:
        why = "it is for a reviewer's copy of one order; --leave-out chooses for a platform"
        raise RequestError(what="--show, --show-role or --copy", why=why)
    return asyncio.run(profiled.run(arguments))


def _seqs(given: Sequence[str]) -> list[int]:
    """The receipts in `--show 3,6 --show 8`, or of `--copy`. RequestError for anything else."""
    from evidence.errors import RequestError

    words = [word.strip() for part in given for word in part.split(",")]
    for word in words:
        if re.fullmatch("[0-9]{1,7}", word) is None:
            why = f"{word[:40]!r} is not the number of a receipt, as `orderproof manifest` shows it"
            raise RequestError(what="the choice of items to show", why=why)
    return [int(word) for word in words]


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


async def _run(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from evidence.custody import Act
    from evidence.errors import RequestError
    from service import custody
    from service.cli.terminal import say, say_json, size_of
    from service.custody import bundled, local_user
    from service.runtime import Runtime
    from service.settings import load_settings

    ref = named_order(arguments)
    to: Path = arguments.output
    profile: str = arguments.profile
    show, roles, copies = _seqs(arguments.show), arguments.show_role, _seqs(arguments.copy)
    if to.exists():
        raise RequestError(what=f"writing {to}", why="it is there already; name another file")
    settings = load_settings(arguments.config)
    console = Console(stderr=True)
    async with await Runtime.open(settings) as runtime:
        order = await runtime.ledger.find_order(settings.tenant, ref)
        if order is None:
            return not_kept(ref)
        if (await runtime.account(settings.tenant, ref)).manifest is None:
            return not_sealed(ref)
        part = to.with_name(f".{to.name}.{os.getpid()}.part")
        try:
            status = console.status("writing the bundle") if console.is_terminal else nullcontext()
            with status:
                held = await runtime.bundle(
                    settings.tenant,
                    ref,
                    profile=profile,
                    to=part,
                    show=show,
                    show_roles=roles,
                    copies=copies,
                )
            what = bundled(held, profile=profile, copies=copies)
            sha256 = await asyncio.to_thread(_sha256, part)
            # Into the custody log, before the file has its name.
            by = local_user("bundle")
            await custody.note(runtime, order, Act.BUNDLE, by, sha256=sha256, **what)
            # Linked, not renamed: what came there meanwhile is not overwritten.
            os.link(part, to)
        finally:
            part.unlink(missing_ok=True)
    size = to.stat().st_size
    if arguments.json:
        shown = [item.seq for item in held]
        answer = {"file": str(to), "size": size, "profile": profile, "shown": shown}
        say_json(answer | ({"copies": copies} if copies else {}))
    else:
        if profile == "reviewer":
            opened = ", ".join(f"{item.seq} {item.role}" for item in held) or "none"
            say(f"items shown: {opened}; the others are withheld, named by role and receipt")
            if copies:
                say(f"copies carried: {', '.join(map(str, copies))}")
        say(f"{to}  {size_of(size)}; check it with: orderproof verify {to}")
    return 0
