"""A log as static files in a folder, read without believing any of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from evidence.notes import MAX_NOTE_BYTES
from evidence.tiles import MAX_BUNDLE_BYTES, WIDTH

_HEAD = re.compile(r"(?:checkpoints/|checkpoint\.)(0|[1-9][0-9]{0,18})")
_WIDTH = re.compile(r"[1-9][0-9]{0,2}")


class LogReader(Protocol):
    """Where a log's files are; paths are those of C2SP tlog-tiles."""

    def read(self, path: str) -> bytes | None:
        """The file's bytes, or None if there is no such plain file."""
        ...

    def widths(self, path: str) -> list[int]:
        """Of a full tile's path: the widths of the partial tiles that lie beside it."""
        ...

    def heads(self) -> list[tuple[str, int]]:
        """(path, size in its name) of every earlier checkpoint that is kept."""
        ...

    def files(self) -> Iterator[str]:
        """Every path below `tile/`."""
        ...


class FolderLog:
    """Earlier heads may be kept as `checkpoints/<size>`, as ours are, or as `checkpoint.<size>`."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def read(self, path: str) -> bytes | None:
        try:
            handle = os.open(
                f"{self._folder}/{path}",
                os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC,
            )
        except OSError:
            return None
        try:
            # A file longer than any of its kind is cut, and then is not what it must be.
            limit = MAX_BUNDLE_BYTES if path.startswith("tile/") else MAX_NOTE_BYTES
            size = min(os.fstat(handle).st_size, limit + 1)
            return os.read(handle, size)
        except OSError:
            return None
        finally:
            os.close(handle)

    def widths(self, path: str) -> list[int]:
        try:
            names = os.listdir(f"{self._folder}/{path}.p")
        except OSError:
            return []
        found = (int(name) for name in names if _WIDTH.fullmatch(name))
        return sorted(width for width in found if width < WIDTH)

    def heads(self) -> list[tuple[str, int]]:
        found = []
        for folder, prefix in ((self._folder, ""), (f"{self._folder}/checkpoints", "checkpoints/")):
            try:
                names = os.listdir(folder)
            except OSError:
                continue
            for name in names:
                match = _HEAD.fullmatch(f"{prefix}{name}")
                if match is not None:
                    found.append((f"{prefix}{name}", int(match[1])))
        return sorted(found, key=lambda head: (head[1], head[0]))

    def files(self) -> Iterator[str]:
        for folder, folders, names in os.walk(f"{self._folder}/tile"):
            folders.sort()
            prefix = os.path.relpath(folder, self._folder)
            yield from (f"{prefix}/{name}" for name in sorted(names))
