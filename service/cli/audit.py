"""`orderproof audit`: is a whole tenant, or a log on its own, what it was?

orderproof audit                           every receipt, head and stored byte; no key needed
orderproof audit --open                    decrypts too; needs the keys
orderproof audit --workers                 objects by all workers, behind all else; needs the keys
orderproof audit --log DIR --key FILE      a published log's files, without ledger and objects
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

_MAX_INPUT_BYTES = 1 << 20
# Plain lines for a file or a pipe come so often.
_SAY_EVERY_S = 5.0


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tenant", metavar="T", default="", help="whose (default: the settings')")
    parser.add_argument(
        "--log", type=Path, metavar="DIR", help="a log's folder alone: tiles and checkpoints"
    )
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="the log's key from elsewhere: vkey or keys.json"
    )
    parser.add_argument(
        "--since", type=Path, metavar="FILE", help="a checkpoint that you kept: it must be a part"
    )
    parser.add_argument(
        "--sample", type=_count, metavar="N", help="re-hash N objects at random instead of all"
    )
    parser.add_argument("--open", action="store_true", help="decrypt too, and compare commitments")
    parser.add_argument(
        "--resume", type=Path, metavar="STATE", help="keep how far it came there, and go on from it"
    )
    parser.add_argument(
        "--workers",
        action="store_true",
        help="have the workers hash objects and open orders, behind whatever else waits",
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0: nothing failed. 1: something does not hold. Raises if it could not be asked."""
    from evidence.errors import RequestError
    from service.audit.audit import Asked, audit
    from service.cli.terminal import say, say_json
    from service.settings import load_settings

    of_a_tenant = arguments.open or arguments.sample or arguments.tenant or arguments.workers
    if arguments.log is not None and of_a_tenant:
        why = "a log's folder has no contents to open, no tenants and no workers"
        raise RequestError(what="--log", why=why)
    asked = Asked(
        tenant=arguments.tenant,
        log=arguments.log,
        key=_read(arguments.key),
        saved=_read(arguments.since),
        sample=arguments.sample,
        opening=arguments.open,
        resume=arguments.resume,
        workers=arguments.workers,
    )
    with _Shown() as shown:
        report = audit(asked, lambda: load_settings(arguments.config), watch=shown.watch)
    if arguments.json:
        say_json(report.to_json())
    else:
        for line in report.lines():
            say(line)
    return 0 if report.ok else 1


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise ValueError
    return count


def _read(path: Path | None) -> bytes | None:
    from evidence.errors import TooLargeError

    if path is None:
        return None
    with path.open("rb") as file:
        data = file.read(_MAX_INPUT_BYTES + 1)
    if len(data) > _MAX_INPUT_BYTES:
        raise TooLargeError(what=str(path), size=path.stat().st_size, limit=_MAX_INPUT_BYTES)
    return data


class _Shown:
    """How far the audit is: a line that moves for a person, a line now and then for a file."""

    def __init__(self) -> None:
        import sys

        from service.cli.terminal import watched

        self._out = sys.stderr
        self._moving = watched(sys.stderr)
        self._said_at = time.monotonic()
        # Of each phase, when it was first heard of and how much was done by then.
        self._begun: dict[str, tuple[float, int]] = {}

    def __enter__(self) -> _Shown:
        return self

    def __exit__(self, *_: object) -> None:
        if self._moving:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def watch(self, phase: str, done: int, total: int) -> None:
        now = time.monotonic()
        since, before = self._begun.setdefault(phase, (now, done))
        if now - self._said_at < (0.1 if self._moving else _SAY_EVERY_S):
            return
        self._said_at = now
        text = phase
        if done or total:
            rate = (done - before) / max(now - since, 0.001)
            text += f": {done:,}" + (f" of {total:,}" if total else "") + f", {rate:,.0f}/s"
        self._out.write(f"\r\x1b[K{text}" if self._moving else f"{text}\n")
        self._out.flush()
