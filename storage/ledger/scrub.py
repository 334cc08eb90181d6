"""After an erasure: is what was deleted still in SQLite's files?

`secure_delete` overwrites what a row leaves behind, yet a page that was split or merged may keep a
stale copy of a cell, and the write-ahead log keeps every page as it was before. So the log is
folded in and cut to nothing, then the file is read through; if something is found, or nobody
knows any more what to look for, the whole file is written anew (VACUUM).

A file system or a disk may still have old blocks, and a snapshot or a backup certainly has: see
docs/threat-model.md.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

_PIECE = 4 << 20
_TRIES = 6


def scrub(bare: Engine, file: Path, hidden: Sequence[bytes] | None) -> bool:
    """True once none of `hidden` is in the database's files.

    bare     an engine that begins no transaction by itself
    hidden   None: unknown, so the file is written anew

    False if other processes kept the files busy all the while; then try again later.
    """
    if hidden is not None:
        if not _run(bare, "PRAGMA wal_checkpoint(TRUNCATE)"):
            return False
        if not _found(file, hidden):
            return True
    if not _run(bare, "VACUUM"):
        return False
    if not _run(bare, "PRAGMA wal_checkpoint(TRUNCATE)"):
        return False
    return not _found(file, hidden or [])


def _run(bare: Engine, statement: str) -> bool:
    """Whether it went through. A reader that is in the way now may be gone in a moment."""
    for attempt in range(_TRIES):
        try:
            with bare.connect() as connection:
                done = connection.exec_driver_sql(statement)
                row = done.first() if done.returns_rows else None
            if row is None or row[0] == 0:  # a checkpoint's first column: 1 if it was blocked
                return True
        except OperationalError:
            pass
        time.sleep(0.05 * 2**attempt)
    return False


def _found(file: Path, hidden: Sequence[bytes]) -> bool:
    wanted = [text for text in hidden if text]
    if not wanted:
        return False
    overlap = max(map(len, wanted)) - 1
    for path in (file, file.with_name(f"{file.name}-wal")):
        if not path.exists():
            continue
        with path.open("rb") as source:
            tail = b""
            while piece := source.read(_PIECE):
                piece = tail + piece
                if any(text in piece for text in wanted):
                    return True
                tail = piece[-overlap:] if overlap else b""
    return False
