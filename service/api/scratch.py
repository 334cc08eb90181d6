"""Where uploads and bundles lie while they are on their way; nothing stays.

What lies here is not encrypted, so it goes as soon as the answer is out, and what a killed process
left behind goes when the next one starts.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web


class Scratch:
    """A folder of this process's own below `folder`, held by a lock that dies with the process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in folder.iterdir():
            _remove_unless_held(left)
        self._own = Path(tempfile.mkdtemp(dir=folder))
        self._lock = os.open(self._own / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @contextlib.contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder for one request, mode 0700, gone with all that is in it afterwards."""
        with tempfile.TemporaryDirectory(dir=self._own, ignore_cleanup_errors=True) as name:
            yield Path(name)

    def close(self) -> None:
        shutil.rmtree(self._own, ignore_errors=True)
        os.close(self._lock)


def _remove_unless_held(left: Path) -> None:
    # A folder that has no lock file yet belongs to a process that is just starting.
    with contextlib.suppress(OSError):
        lock = os.open(left / ".lock", os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        finally:
            os.close(lock)


SCRATCH = web.AppKey("scratch", Scratch)
