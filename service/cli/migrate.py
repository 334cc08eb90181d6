"""`orderproof migrate --to SETTINGS.toml`: from one shape to the other, e.g. to PostgreSQL and S3.

Stop the service first. What is interrupted goes on when the same command is run again. The old
evidence stays as it is; nobody opens it to write any more.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to", type=Path, metavar="FILE", required=True, help="settings of the new place"
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0: all of it is there, and its audit is fine. Raises if not, saying what and where."""
    from service.backup.migrate import migrate
    from service.cli.terminal import say, say_json, watched
    from service.settings import load_settings

    old, new = load_settings(arguments.config), load_settings(arguments.to)
    moving = watched(sys.stderr)

    def watch(step: str, done: int) -> None:
        if moving:
            sys.stderr.write(f"\r\x1b[K{step}: {done:,}")
            sys.stderr.flush()

    try:
        done = asyncio.run(migrate(old, new, to=arguments.to.resolve(), watch=watch))
    finally:
        if moving:
            sys.stderr.write("\r\x1b[K")
    if arguments.json:
        said = {
            "rows": done.rows,
            "heads": done.heads,
            "objects_copied": done.copied,
            "bytes_copied": done.copied_bytes,
            "audits": {tenant: report.to_json() for tenant, report in done.audits.items()},
        }
        say_json(said)
        return 0
    say(f"{sum(done.rows.values()):,} rows, {done.copied:,} objects ({done.copied_bytes:,} bytes).")
    for tenant, size in done.heads.items():
        say(f"{tenant}: a log of {size:,} entries, audited.")
    say(f"Start the service with {arguments.to}; {old.data} is kept as it was, and not opened.")
    return 0
