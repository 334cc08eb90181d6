"""A folder of this process's own, for what is on its way; nothing stays.

What a killed process left behind goes when the next one starts: each holds a lock on its folder
that dies with it, whatever kills it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

# A file that lies beside the folders is nobody's; older versions put them there. One that is being
# written is younger than this.
_STALE_S = 86_400.0


class OwnFolder:
    """`path`, mode 0700, below `parent`; `close` removes it with all that is in it."""

    def __init__(self, parent: Path) -> None:
        parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in parent.iterdir():
            _remove_unless_held(left)
        self.path = Path(tempfile.mkdtemp(dir=parent))
        self._lock = os.open(self.path / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _remove_unless_held(left: Path) -> None:
    # A folder that has no lock file yet belongs to a process that is just starting.
    with contextlib.suppress(OSError):
        if not left.is_dir():
            if left.lstat().st_mtime < time.time() - _STALE_S:
                left.unlink()
            return
        lock = os.open(left / ".lock", os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        finally:
            os.close(lock)
