"""`orderproof backfill`: catch up on the orders of a CSV file, without holding up anybody."""

from __future__ import annotations

import argparse
import asyncio
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.queue.backfill import Progress

# Plain lines for a file or a pipe come so often.
SAY_EVERY_S = 5.0
MOST_SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV: order,platform,site,store")
    parser.add_argument(
        "--name", metavar="NAME", help="tells backfills apart (default: the file's)"
    )
    parser.add_argument("--tenant", metavar="T", help="whose (default: that of the settings)")
    parser.add_argument("--platform", metavar="P", default="amazon", help="where a row says none")
    parser.add_argument("--policy", metavar="ID", help="default: the platform's own")
    parser.add_argument(
        "--ahead", type=int, default=5_000, metavar="N", help="most that wait at once (5000)"
    )
    parser.add_argument("--wait", action="store_true", help="until all of them are done")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit 1 if rows were refused."""
    from evidence.errors import RequestError
    from service.cli.logs import set_up

    set_up(level=logging.ERROR)
    if not 1 <= arguments.ahead <= 100_000:
        raise RequestError(what="--ahead", why="it is not a number from 1 to 100000")
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    from service.cli.serving import open_quietly
    from service.cli.terminal import note, say, say_json
    from service.queue.backfill import Backfill, rows_of
    from service.settings import load_settings

    # A file that cannot be used is refused before anything is opened or made.
    with arguments.file.open(encoding="utf-8-sig", errors="replace", newline="") as source:
        next(rows_of(source, platform=arguments.platform), None)
    settings = load_settings(arguments.config)
    async with open_quietly(settings) as runtime:
        if runtime.queue is None or not await runtime.queue.workers():
            note("No worker is alive: what is asked for waits until one is.")
        backfill = Backfill(
            runtime,
            arguments.file,
            tenant=arguments.tenant or settings.tenant,
            name=arguments.name or arguments.file.name,
            platform=arguments.platform,
            policy=arguments.policy,
            ahead=arguments.ahead,
            watch=_Shown().watch,
        )
        done = await backfill.run(wait=arguments.wait)
    if arguments.json:
        say_json(
            {
                "rows": done.rows,
                "accepted": done.accepted,
                "new": done.new,
                "resumed_at": done.resumed_at,
                "not_done": done.left,
                "refused": done.refused_rows,
                "why": {str(line): why for line, why in done.refused.items()},
            }
        )
    else:
        say(f"{done.accepted:,} accepted, {done.new:,} of them new, {done.left:,} not done yet")
        for line, why in list(done.refused.items())[:MOST_SHOWN]:
            note(f"line {line}: {why}")
        if done.refused_rows > MOST_SHOWN:
            note(f"and {done.refused_rows - MOST_SHOWN:,} more rows were refused")
    return int(done.refused_rows > 0)


class _Shown:
    """A line that moves for a person, a line now and then for a file."""

    def __init__(self) -> None:
        import sys

        from service.cli.terminal import watched

        self._out = sys.stderr
        self._moving = watched(sys.stderr)
        self._said_at = time.monotonic()

    def watch(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._said_at < (0.2 if self._moving else SAY_EVERY_S):
            return
        self._said_at = now
        text = (
            f"{progress.read:,} of {progress.rows:,} rows, {progress.rate:.0f}/s,"
            f" {progress.left:,} not done yet"
        )
        self._out.write(f"\r\x1b[K{text}" if self._moving else f"{text}\n")
        self._out.flush()
