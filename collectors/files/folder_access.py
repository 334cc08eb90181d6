"""A source's folder, and the only door into it: nothing outside it can be reached.

Every component is opened relative to its parent's descriptor with O_NOFOLLOW, so a link is never
followed, not even one that takes a folder's place between listing and opening. Only regular files
are listed and read: a fifo, a socket or a device is left alone, never opened for reading. Paths are
shown as collectors.files.names makes them harmless, and opened by going back from there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from collectors.collector import FileEntry
from collectors.files.drop import MAX_DEPTH, MAX_ENTRIES, in_order, spooled
from collectors.files.names import harmless, spoken
from evidence.errors import AccessError, OutageError, RequestError, TooLargeError
from evidence.items import Content, Spool

_CHUNK = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: a fifo that took the file's place must not hold us until somebody writes.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Folder:
    """Implements collectors.collector.Files over `root`, which may itself be a link."""

    def __init__(self, root: Path, *, spool: Spool) -> None:
        self._root = root
        self._spool = spool

    def entries(self, *, suffixes: Collection[str] = ()) -> Iterator[FileEntry]:
        """Every regular file below the root, sorted by path, `suffixes` (".csv") in lower case.

        Folders deeper than MAX_DEPTH raise RequestError, more than MAX_ENTRIES names of any kind
        TooLargeError, an unreadable folder AccessError: an incomplete list would look like proof
        that a file is not there.
        """
        found: list[FileEntry] = []
        seen = 0
        folders: list[tuple[str, ...]] = [()]
        while folders:
            steps = folders.pop()
            with self._opened(steps) as folder:
                for name in os.listdir(folder):
                    seen += 1
                    if seen > MAX_ENTRIES:
                        raise TooLargeError(
                            what="the number of files in the folder", size=seen, limit=MAX_ENTRIES
                        )
                    try:
                        status = os.lstat(name, dir_fd=folder)
                    except FileNotFoundError:  # gone since it was listed
                        continue
                    below = (*steps, harmless(name))
                    if stat.S_ISDIR(status.st_mode):
                        folders.append(_not_too_deep(below))
                    elif stat.S_ISREG(status.st_mode):
                        found.append(_entry("/".join(below), status))
        return in_order(found, suffixes)

    def open(self, entry: FileEntry, *, limit: int) -> Content:
        """The file's bytes, copied into the spool while they are hashed.

        Raises TooLargeError over `limit`, OutageError if the file changes meanwhile: a half-written
        export is not evidence, and the next try will find it whole.
        """
        return spooled(self, entry, spool=self._spool, limit=limit)

    def stream(self, entry: FileEntry, *, limit: int, start: int = 0) -> Iterator[bytes]:
        """The file's bytes from `start`, in pieces of a megabyte or less; errors as for `open`."""
        *steps, name = entry.path.split("/")
        with self._opened(tuple(steps)) as folder:
            try:
                descriptor = os.open(_on_disk(name), _FILE, dir_fd=folder)
            except OSError as problem:
                raise self._refused(entry.path, problem) from problem
            with os.fdopen(descriptor, "rb", buffering=0) as file:
                before = os.fstat(descriptor)
                if not stat.S_ISREG(before.st_mode):
                    raise RequestError(what=f"opening {entry.path}", why="it is not a regular file")
                file.seek(start)
                size = 0
                while chunk := file.read(_CHUNK):
                    size += len(chunk)
                    if size > limit:
                        raise TooLargeError(what=f"the file {entry.path}", size=size, limit=limit)
                    yield chunk
                if _changes(before) != _changes(os.fstat(descriptor)):
                    raise OutageError(source="the folder", why=f"{entry.path} was being written")

    @contextmanager
    def _opened(self, steps: tuple[str, ...]) -> Iterator[int]:
        """A descriptor of the folder at `steps` below the root."""
        try:
            descriptor = os.open(self._root, _FOLDER & ~os.O_NOFOLLOW)
        except OSError as problem:
            raise self._refused("the folder itself", problem) from problem
        try:
            for step in steps:
                try:
                    below = os.open(_on_disk(step), _FOLDER, dir_fd=descriptor)
                except OSError as problem:
                    raise self._refused("/".join(steps), problem) from problem
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)

    def _refused(self, path: str, problem: OSError) -> AccessError:
        # The error's own text would name the machine's path.
        why = f"{path} cannot be opened ({os.strerror(problem.errno or 0)})"
        return AccessError(source="the folder", why=why)


def _on_disk(shown: str) -> bytes:
    """One component as it is on disk; RequestError for what would lead elsewhere."""
    name = spoken(shown)
    if name in {b"", b".", b".."} or b"/" in name or b"\x00" in name:
        raise RequestError(what=f"opening {shown[:80]!r}", why="it is not the name of a file")
    return name


def _not_too_deep(steps: tuple[str, ...]) -> tuple[str, ...]:
    if len(steps) > MAX_DEPTH:
        raise RequestError(
            what="listing the folder", why=f"its folders lie more than {MAX_DEPTH} deep"
        )
    return steps


def _entry(path: str, status: os.stat_result) -> FileEntry:
    # A time stamp outside the calendar must not stop the listing.
    seconds = min(max(status.st_mtime, 0), 253402300799)
    return FileEntry(path, status.st_size, datetime.fromtimestamp(seconds, UTC))


def _changes(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino
