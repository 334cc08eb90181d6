"""One process of the service, as `orderproof` starts it, whose machine can be made to misbehave.

    python -m tests.chaos.process FOLDER serve --no-worker …

What lies in FOLDER is looked at whenever it matters:

    clock    seconds by which this machine's clock is off
    full     its disk is full
    fatal    whoever makes receipts next is killed in the middle of it, and takes the file away
"""

from __future__ import annotations

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
from storage.objects.spool import EncryptedSpool

_open = Runtime.open.__func__  # type: ignore[attr-defined]
_keep = EncryptedSpool.keep
_sequencing = Ledger.sequencing


def misbehave(folder: Path) -> None:
    def clock() -> datetime:
        try:
            off = float((folder / "clock").read_text())
        except (OSError, ValueError):  # absent, or being written
            off = 0.0
        return datetime.now(UTC) + timedelta(seconds=off)

    async def opened(cls: type[Runtime], *arguments: Any, **named: Any) -> Runtime:
        runtime: Runtime = await _open(cls, *arguments, **named, clock=clock)
        return runtime

    def keep(self: EncryptedSpool, *arguments: Any, **named: Any) -> Any:
        if (folder / "full").exists():
            raise OSError(28, "No space left on device")
        return _keep(self, *arguments, **named)

    @asynccontextmanager
    async def sequencing(self: Ledger, tenant: str) -> AsyncIterator[Any]:
        async with _sequencing(self, tenant) as held:
            try:
                (folder / "fatal").unlink()
            except FileNotFoundError:
                yield held
                return
            os.kill(os.getpid(), signal.SIGKILL)

    Runtime.open = classmethod(opened)  # type: ignore[method-assign, assignment]
    EncryptedSpool.keep = keep  # type: ignore[method-assign]
    Ledger.sequencing = sequencing  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    misbehave(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
