"""Objects in a folder: `ab/cd/<stored>`, one read-only file each.

A retention is the file's time of modification, when it lies ahead: nothing else changes that time,
and copies that keep times keep retentions. A legal hold is an empty file beside it,
`<stored>.hold`. Both bind this program; who may write to the folder can remove what lies in it.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from evidence.errors import CorruptionError, HeldError, RequestError
from storage.files import create, link_once, make_folder, remove, sync_dir
from storage.objects.lock import UNLOCKED, Lock
from storage.objects.spool import SpooledContent
from storage.objects.stored import FileCiphertext, StoredContent

_STORED = re.compile(r"[0-9a-f]{64}")
_PIECE = 1 << 20


class LocalObjects:
    """Objects on a disk of this machine. The spool must lie on the same file system."""

    def __init__(
        self, folder: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        make_folder(folder)
        self._folder = folder
        self._clock = clock

    def put(self, content: SpooledContent, *, lock: Lock = UNLOCKED) -> None:
        """Give the spool's file its name among the objects, and take the spool's name away."""
        path = self._path(content.stored)
        if lock.held:  # before the object, so that it is never there without
            make_folder(path.parent)
            create(_hold(path), b"")
        if content.path != path and lock.until is not None:
            _retain(content.path, lock.until)
        if not link_once(content.path, path):
            if _digest(path) != content.stored:
                what = f"The object {content.stored}"
                raise CorruptionError(what=what, why="other bytes are under its name")
            if lock.until is not None:
                _retain(path, lock.until)
        content.moved(path)

    def open(
        self,
        stored: str,
        *,
        key: bytes,
        context: bytes,
        sha256: str,
        size: int,
        start: int | None = None,
    ) -> StoredContent:
        if not self.exists(stored):
            raise _missing(stored)
        where = FileCiphertext(self._path(stored))
        return StoredContent(where, key=key, context=context, sha256=sha256, size=size, start=start)

    def raw(self, stored: str) -> Iterator[bytes]:
        path = self._path(stored)
        if not path.is_file():
            raise _missing(stored)
        return _pieces(path)

    def exists(self, stored: str) -> bool:
        return self._path(stored).is_file()

    def listing(self) -> Iterator[str]:
        for first in sorted(self._folder.iterdir()):
            for second in sorted(first.iterdir()):
                yield from sorted(p.name for p in second.iterdir() if _STORED.fullmatch(p.name))

    def lock_of(self, stored: str) -> Lock:
        path = self._there(stored)
        return Lock(until=_retained(path), held=_hold(path).exists())

    def retain(self, stored: str, until: datetime) -> None:
        path = self._there(stored)
        _retain(path, until)
        sync_dir(path.parent)

    def hold(self, stored: str, *, on: bool) -> None:
        path = self._there(stored)
        if on:
            create(_hold(path), b"")
        else:
            remove(_hold(path))
            sync_dir(path.parent)

    def remove(self, stored: str) -> None:
        if self.lock_of(stored).holds_at(self._clock()):
            why = "a retention or a legal hold is on it"
            raise HeldError(what=f"Removing the object {stored}", why=why)
        path = self._path(stored)
        remove(path)
        sync_dir(path.parent)

    def _there(self, stored: str) -> Path:
        path = self._path(stored)
        if not path.is_file():
            raise _missing(stored)
        return path

    def _path(self, stored: str) -> Path:
        if not _STORED.fullmatch(stored):
            why = "an object's name is 64 lower-case hex digits"
            raise RequestError(what="The name of an object", why=why)
        return self._folder / stored[:2] / stored[2:4] / stored


def _hold(path: Path) -> Path:
    return path.with_name(f"{path.name}.hold")


def _retained(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _retain(path: Path, until: datetime) -> None:
    if _retained(path) < until:
        os.utime(path, (until.timestamp(), until.timestamp()))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(path):
        digest.update(piece)
    return digest.hexdigest()


def _missing(stored: str) -> CorruptionError:
    return CorruptionError(what=f"The object {stored}", why="it is missing")
