"""One process of the service, as `orderproof` starts it, whose machine can be made to misbehave.

    python -m tests.chaos.process NAME FOLDER serve --no-worker …

What lies in FOLDER is looked at whenever it matters, and each time it mattered `….hits` grows by a
byte:

    clock    seconds by which this machine's clock is off
    full     its disk is full: of what is written next, half gets there
    fatal    whoever makes receipts next is killed in the middle of it, and takes the file away
    cut      whoever makes receipts next takes the file away, says in `holding` who it is, and goes
             on as soon as `holding` is gone
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from service.cli import main
from service.runtime import Runtime
from storage.ledger.ledger import Ledger
from storage.objects import spool

_open = Runtime.open.__func__  # type: ignore[attr-defined]
_put = spool._Ciphertext._put
_sequencing = Ledger.sequencing
# Should whoever asked to wait have died: a holder waits no longer.
WAITS_S = 10.0


def misbehave(name: str, folder: Path) -> None:
    def clock() -> datetime:
        try:
            off = float((folder / "clock").read_text())
        except (OSError, ValueError):  # absent, or being written
            return datetime.now(UTC)
        _hit(folder / "clock.hits")
        return datetime.now(UTC) + timedelta(seconds=off)

    async def opened(cls: type[Runtime], *arguments: Any, **named: Any) -> Runtime:
        runtime: Runtime = await _open(cls, *arguments, **named, clock=clock)
        return runtime

    def put(self: spool._Ciphertext, data: bytes) -> None:
        if (folder / "full").exists():
            _put(self, data[: len(data) // 2])
            _hit(folder / "full.hits")
            raise OSError(28, "No space left on device")
        _put(self, data)

    @asynccontextmanager
    async def sequencing(self: Ledger, tenant: str) -> AsyncIterator[Any]:
        async with _sequencing(self, tenant) as held:
            if _taken(folder / "fatal"):
                os.kill(os.getpid(), signal.SIGKILL)
            if _taken(folder / "cut"):
                await _cut_off(folder / "holding", name)
            yield held

    Runtime.open = classmethod(opened)  # type: ignore[method-assign, assignment]
    spool._Ciphertext._put = put  # type: ignore[method-assign]
    Ledger.sequencing = sequencing  # type: ignore[method-assign, assignment]


def _hit(path: Path) -> None:
    with path.open("ab") as hits:
        hits.write(b".")


def _taken(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


async def _cut_off(holding: Path, name: str) -> None:
    holding.write_text(name)
    for _ in range(int(WAITS_S / 0.02)):
        if not holding.exists():
            return
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    misbehave(sys.argv[1], Path(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
