"""The log as files in a folder, to be served as they are.

    tile/…               write-once; a partial tile goes once the full one and a head are there
    checkpoints/<size>   write-once: every head that was ever published
    checkpoint           the newest of them, replaced; witnesses' cosignatures are added to it
    log.vkey             the key that signs them, or signed the first of them
    log.2.vkey  …        each key that replaced the one before
    keys.json            all public keys of the tenant, with their times; replaced

Source: C2SP tlog-tiles v0.1.0; `checkpoints/` and the keys are ours.
"""

import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from evidence.checkpoint import Checkpoint
from evidence.errors import CorruptionError, FormatError
from evidence.merkle import Frontier
from evidence.notes import NoteSignature, split_note
from evidence.tiles import (
    WIDTH,
    ReadTile,
    Tile,
    grown_bundles,
    grown_tiles,
    leaf_hashes_of,
    tile_reader,
)
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

NOTES = re.compile(
    r"checkpoint|log(\.[1-9][0-9]{0,3})?\.vkey|keys\.json|checkpoints/(0|[1-9][0-9]{0,18})",
    re.ASCII,
)


class LogFiles:
    """One log, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str) -> bytes | None:
        """Any published file, by its path in the log; None for every other path."""
        if not NOTES.fullmatch(path):
            try:
                Tile.parse(path)
            except FormatError:
                return None
        return self._read(path)

    def _read(self, path: str) -> bytes | None:
        try:
            with open(f"{self._folder}/{path}", "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def read_tile(self, path: str) -> bytes | None:
        """A tile or a bundle of entries, or None if there is none."""
        return self.read(path)

    def checkpoint(self) -> bytes | None:
        """The newest published note, or None before the first."""
        return self._read("checkpoint")

    def head_sizes(self) -> list[int]:
        """The size of every head that was ever published, smallest first."""
        try:
            names = os.listdir(self._folder / "checkpoints")
        except FileNotFoundError:
            return []
        return sorted(int(name) for name in names if NOTES.fullmatch(f"checkpoints/{name}"))

    def drop_uncovered(self, size: int) -> None:
        """Take away tiles and entries beyond the newest head, which is of `size` leaves.

        A sequencer that died before its head was published left them. No signature is over them,
        and a ledger that lost what they were made of may put others in their place.
        """
        with self._alone():
            for path in sorted((self._folder / "tile").rglob("*")):
                name = path.relative_to(self._folder).as_posix()
                try:
                    tile = Tile.parse(name)
                except FormatError:
                    continue
                covered = size >> (8 * (tile.level or 0))
                if path.is_file() and tile.index * WIDTH + tile.width > covered:
                    remove(path)

    def publish_keys(self, vkeys: Sequence[str], keys: bytes) -> None:
        """Every key that signs or signed this log, oldest first, and the bytes of `keys.json`.

        CorruptionError if the folder is that of a log with another key.
        """
        for number, vkey in enumerate(vkeys, start=1):
            name = "log.vkey" if number == 1 else f"log.{number}.vkey"
            create_once(self._folder / name, f"{vkey}\n".encode())
        replace(self._folder / "keys.json", keys)

    def cosign(self, size: int, signatures: Sequence[NoteSignature]) -> None:
        """Add signature lines to the pointer, if it still is the head of this size.

        A newer signature by the same key takes the place of the older. Nothing is verified here.
        """
        with self._alone():
            note = self.checkpoint()
            if note is None or self._published_size() != size:
                return
            text, present = split_note(note)
            new = {(s.name, s.key_id) for s in signatures}
            kept = [s for s in present if (s.name, s.key_id) not in new]
            lines = "".join(s.line for s in (*kept, *signatures))
            replace(self._folder / "checkpoint", text + b"\n" + lines.encode())

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
        """Entries, tiles, the head of `size` leaves, and last the pointer to it.

        entries   the leaves from `old_size` on, those before being published
        again     write what is missing of a head that was published before

        After a crash at any place the same call again completes it. The pointer never goes back.
        Raises CorruptionError, and writes nothing, if the entries do not lead to this root.
        """
        with self._alone():
            newest = self._published_size()
            if newest >= size and not again:
                return  # another process was faster
            leaves = leaf_hashes_of(entries)
            read_tile = cache(self._read)  # each is asked for by the check and by what grows
            _check_root(read_tile, root, old_size, leaves)
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


def _check_root(read_tile: ReadTile, root: bytes, old_size: int, leaves: Sequence[bytes]) -> None:
    # What is written is written once: a wrong tile could not be taken back.
    frontier = Frontier.of_nodes(tile_reader(read_tile, size=old_size), size=old_size)
    frontier.extend(leaves)
    if frontier.root() != root:
        size = old_size + len(leaves)
        why = f"its receipts do not lead to the root that was committed for size {size}"
        raise CorruptionError(what="The log", why=why)
