"""Objects in a folder: `ab/cd/<stored>`, one read-only file each."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from evidence.errors import CorruptionError, RequestError
from storage.files import link_once, make_folder
from storage.objects.spool import SpooledContent
from storage.objects.stored import StoredContent

_STORED = re.compile(r"[0-9a-f]{64}")
_PIECE = 1 << 20


class LocalObjects:
    """Objects on a disk of this machine. The spool must lie on the same file system."""

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        self._folder = folder

    def put(self, content: SpooledContent) -> None:
        """Give the spool's file its name among the objects, and take the spool's name away."""
        path = self._path(content.stored)
        if not link_once(content.path, path) and _digest(path) != content.stored:
            what = f"The object {content.stored}"
            raise CorruptionError(what=what, why="other bytes are under its name")
        content.moved(path)

    def open(
        self, stored: str, *, key: bytes, context: bytes, sha256: str, size: int
    ) -> StoredContent:
        if not self.exists(stored):
            raise _missing(stored)
        return StoredContent(self._path(stored), key=key, context=context, sha256=sha256, size=size)

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

    def _path(self, stored: str) -> Path:
        if not _STORED.fullmatch(stored):
            why = "an object's name is 64 lower-case hex digits"
            raise RequestError(what="The name of an object", why=why)
        return self._folder / stored[:2] / stored[2:4] / stored


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
