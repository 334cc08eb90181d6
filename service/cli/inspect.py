"""`orderproof inspect`: what is this file, what does it say, and does it hold up?

Files are judged on their own, offline: no ledger, no settings, no network.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress

    from service.inspect.inspect import Asked

_LIKE = "write it as 2026-11-20T12:00:00Z"
# From here on a person may wonder whether it still goes on.
_MANY, _MANY_FOR_A_LOG = 2, 20


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="what to look at")
    parser.add_argument(
        "--at", metavar="TIME", help="the moment ages are counted to, RFC 3339 (default: now)"
    )
    parser.add_argument("--tracking", metavar="N", help="the parcel that they should speak of")
    parser.add_argument("--order", metavar="ID", help="the order that they should speak of")
    parser.add_argument("--site", metavar="CC", help="the marketplace's country, such as US")
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a file, each on its own line"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0: nothing speaks against any file. 1: something does. 2: one could not be opened."""
    return asyncio.run(_run(arguments.files, _asked(arguments), json=arguments.json))


def _asked(arguments: argparse.Namespace) -> Asked:
    from evidence.errors import FormatError, RequestError
    from evidence.times import Instant, parse_iso
    from service.clock import machine
    from service.inspect.inspect import Asked

    at = machine()
    if arguments.at is not None:
        try:
            said = parse_iso(arguments.at)
        except FormatError:
            raise RequestError(what="--at", why=f"it is no time; {_LIKE}") from None
        if not isinstance(said, Instant):
            raise RequestError(what="--at", why=f"it has no zone; {_LIKE}")
        at = said.at
    site = arguments.site
    if site is not None and not (len(site) == 2 and site.isascii() and site.isalpha()):
        raise RequestError(what="--site", why=f"{site[:20]!r} is no country code such as US")
    return Asked(
        at=at,
        tracking=arguments.tracking,
        order=arguments.order,
        site=site.upper() if site else None,
    )


async def _run(files: Sequence[Path], asked: Asked, *, json: bool) -> int:
    from service.cli.terminal import note
    from service.inspect.inspect import inspect_files

    code = 0
    with _progress(len(files)) as progress:
        done = 0
        async for path, answer in inspect_files(files, asked):
            done += 1
            progress.advance(progress.task_ids[0])
            if not progress.console.is_terminal and _tells(done, len(files)):
                note(f"orderproof: {done} of {len(files)} files")
            if isinstance(answer, OSError):
                why = answer.strerror or "it cannot be used"
                note(f"orderproof: {path}: {why}. Check the path and its permissions.")
                code = 2
                continue
            _tell(answer, json=json)
            against = any(judged["verdict"] == "fail" for judged in answer["verdicts"])
            code = max(code, 1 if against else 0)
    return code


def _tells(done: int, total: int) -> bool:
    """Whether a log is told now: ten times in all, and only of many files."""
    return total >= _MANY_FOR_A_LOG and done * 10 // total > (done - 1) * 10 // total


def _progress(total: int) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("reading"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=total < _MANY,
    )
    bar.add_task("reading", total=total)
    return bar


def _tell(answer: dict[str, Any], *, json: bool) -> None:
    import json as writing

    from service.cli.terminal import say

    if json:
        print(writing.dumps(answer, ensure_ascii=False), flush=True)
        return
    say(f"{answer['file']}: {answer['kind']}, carrier {answer['carrier'] or 'unknown'}")
    for judged in answer["verdicts"]:
        say(f"  {judged['verdict']:<14} {judged['question']}")
        for finding in judged["findings"]:
            say(f"    {finding['severity']:<6} {finding['code']}: {finding['sentence']}")
    for why in answer["unread"]:
        say(f"  not read: {why}")
