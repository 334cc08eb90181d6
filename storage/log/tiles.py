"""The log as files in a folder, to be served as they are; storage.log.log says what lies there."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from evidence.checkpoint import Checkpoint
from evidence.notes import NoteSignature, split_note
from evidence.tiles import WIDTH, grown_bundles, grown_tiles, leaf_hashes_of
from storage.files import (
    create_once,
    make_folder,
    name_again,
    name_once,
    remove,
    remove_folder,
    replace,
    written_together,
)
from storage.log.log import NOTES, check_root, cosigned, is_covered, is_published


class LogFiles:
    """One log, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str) -> bytes | None:
        return self._read(path) if is_published(path) else None

    def _read(self, path: str) -> bytes | None:
        try:
            with open(f"{self._folder}/{path}", "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def read_tile(self, path: str) -> bytes | None:
        return self.read(path)

    def checkpoint(self) -> bytes | None:
        return self._read("checkpoint")

    def head_sizes(self) -> list[int]:
        try:
            names = os.listdir(self._folder / "checkpoints")
        except FileNotFoundError:
            return []
        return sorted(int(name) for name in names if NOTES.fullmatch(f"checkpoints/{name}"))

    def drop_uncovered(self, size: int) -> None:
        with self._alone():
            for path in sorted((self._folder / "tile").rglob("*")):
                name = path.relative_to(self._folder).as_posix()
                if path.is_file() and not is_covered(name, size):
                    remove(path)

    def publish_keys(self, vkeys: Sequence[str], keys: bytes) -> None:
        for number, vkey in enumerate(vkeys, start=1):
            name = "log.vkey" if number == 1 else f"log.{number}.vkey"
            create_once(self._folder / name, f"{vkey}\n".encode())
        replace(self._folder / "keys.json", keys)

    def cosign(self, size: int, signatures: Sequence[NoteSignature]) -> None:
        with self._alone():
            note = self.checkpoint()
            if note is not None and self._published_size() == size:
                replace(self._folder / "checkpoint", cosigned(note, signatures))

    def publish(
        self,
        note: bytes,
        *,
        size: int,
        root: bytes,
        old_size: int,
        entries: Sequence[bytes],
        again: bool = False,
    ) -> None:
        with self._alone():
            newest = self._published_size()
            if newest >= size and not again:
                return  # another process was faster
            leaves = leaf_hashes_of(entries)
            read_tile = cache(self._read)  # each is asked for by the check and by what grows
            check_root(read_tile, root, old_size, leaves)
            grown = [
                *grown_bundles(read_tile, old_size=old_size, entries=entries),
                *grown_tiles(read_tile, old_size=old_size, leaf_hashes=leaves),
            ]
            files = [(self._folder / tile.path, data) for tile, data in grown]
            files.append((self._folder / "checkpoints" / str(size), note))
            files.append((self._folder / "checkpoint", note))
            with written_together(files, unnamed=self._folder / ".new") as (*tiles, head, pointer):
                name_once(tiles)
                name_once([head])
                if newest < size:
                    name_again(pointer)
            for tile, _ in grown:  # readers of older heads fall back to the full tile
                if tile.width == WIDTH:
                    remove_folder(self._folder / f"{tile.path}.p")

    def _published_size(self) -> int:
        """Leaves in the published head; -1 before the first."""
        note = self.checkpoint()
        return -1 if note is None else Checkpoint.parse(split_note(note)[0]).size

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time; the next one waits. The lock goes with the process."""
        make_folder(self._folder)
        handle = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
