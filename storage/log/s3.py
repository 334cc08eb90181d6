"""The log in a bucket, under `log/<tenant>/`; see storage.log.log for what lies there.

No lock of a file system keeps two sequencers apart here: tiles and heads are created where nothing
is, and their bytes follow from the ledger, so whoever comes second finds his own; the pointer moves
by compare-and-set. None of it is locked: partial tiles go, and the pointer is replaced.

Each request takes milliseconds and costs money. So a process keeps the tiles that the log grows
from, for tiles never change, and moves the pointer from where `checkpoint` saw it; should it be
elsewhere by now, it is looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from evidence.checkpoint import Checkpoint
from evidence.errors import CorruptionError
from evidence.notes import NoteSignature, split_note
from evidence.tiles import WIDTH, grown_bundles, grown_tiles, leaf_hashes_of
from storage.bucket import Bucket
from storage.log.log import check_root, cosigned, is_covered, is_published

_AT_ONCE = 8
# The tiles that a log grows from are its last of each level.
_MOST_TILES = 16
_WIDTH = re.compile(r"[1-9][0-9]{0,2}")


class S3Log:
    """One tenant's log. An auditor may read it as it is (`auditor.folder.LogReader`)."""

    def __init__(self, bucket: Bucket, tenant: str) -> None:
        self._bucket = bucket
        self._prefix = f"log/{tenant}/"
        self._tiles: dict[str, bytes] = {}
        self._seen: tuple[bytes | None, str | None] | None = None

    def read(self, path: str) -> bytes | None:
        return self._read(path) if is_published(path) else None

    def _read(self, path: str) -> bytes | None:
        found = self._bucket.read(self._prefix + path)
        return None if found is None else found[0]

    def read_tile(self, path: str) -> bytes | None:
        return self.read(path)

    def checkpoint(self) -> bytes | None:
        return self._pointer()[0]

    def head_sizes(self) -> list[int]:
        return sorted(size for _, size in self.heads())

    def heads(self) -> list[tuple[str, int]]:
        """(path, size) of every head that was ever published, smallest first."""
        paths = [path for path in self._paths("checkpoints/") if is_published(path)]
        return sorted(((p, int(p.rpartition("/")[2])) for p in paths), key=lambda head: head[1])

    def widths(self, path: str) -> list[int]:
        """Of a full tile's path: the widths of the partial tiles that lie beside it."""
        names = [name.rpartition("/")[2] for name in self._paths(f"{path}.p/")]
        return sorted(int(name) for name in names if _WIDTH.fullmatch(name) and int(name) < WIDTH)

    def files(self) -> Iterator[str]:
        """Every path below `tile/`."""
        return self._paths("tile/")

    def drop_uncovered(self, size: int) -> None:
        self._tiles = {}
        for path in list(self._paths("tile/")):
            if not is_covered(path, size):
                self._bucket.remove(self._prefix + path)

    def publish_keys(self, vkeys: Sequence[str], keys: bytes) -> None:
        for number, vkey in enumerate(vkeys, start=1):
            name = "log.vkey" if number == 1 else f"log.{number}.vkey"
            self._once(name, f"{vkey}\n".encode())
        while True:
            found = self._bucket.read(f"{self._prefix}keys.json")
            if found is not None and found[0] == keys:
                return
            if self._replace("keys.json", keys, found[1] if found else None):
                return

    def cosign(self, size: int, signatures: Sequence[NoteSignature]) -> None:
        while True:
            note, etag = self._pointer()
            if note is None or _size(note) != size:
                return
            if self._replace("checkpoint", cosigned(note, signatures), etag):
                return

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
        note_now, etag = self._seen or self._pointer()
        if _size(note_now) >= size and not again:
            return  # another process was faster
        leaves = leaf_hashes_of(entries)
        edge: dict[str, bytes] = {}

        def read_tile(path: str) -> bytes | None:  # asked by the check and by what grows
            data = edge.get(path) or self._tiles.get(path) or self._read(path)
            if data is not None:
                edge[path] = data
            return data

        check_root(read_tile, root, old_size, leaves)
        grown = [
            *grown_bundles(read_tile, old_size=old_size, entries=entries),
            *grown_tiles(read_tile, old_size=old_size, leaf_hashes=leaves),
        ]
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="log") as pool:
            list(pool.map(lambda each: self._once(each[0].path, each[1]), grown))
        self._once(f"checkpoints/{size}", note)
        while _size(note_now) < size and not self._replace("checkpoint", note, etag):
            note_now, etag = self._pointer()
        self._tiles = edge | {tile.path: data for tile, data in grown[-_MOST_TILES:]}
        for tile, _ in grown:  # readers of older heads fall back to the full tile
            if tile.width == WIDTH:
                old = [self._prefix + path for path in self._paths(f"{tile.path}.p/")]
                self._bucket.remove_all(old)

    def _pointer(self) -> tuple[bytes | None, str | None]:
        found = self._bucket.read(f"{self._prefix}checkpoint")
        self._seen = (None, None) if found is None else found
        return self._seen

    def _once(self, path: str, data: bytes) -> None:
        key = self._prefix + path
        if self._bucket.put_new(key, data):
            return
        found = self._bucket.read(key)
        if found is not None and found[0] != data:
            raise CorruptionError(what=path, why="other bytes are there already")

    def _replace(self, path: str, data: bytes, etag: str | None) -> bool:
        self._seen = None  # whichever way it goes
        return self._bucket.put_over(self._prefix + path, data, etag=etag)

    def _paths(self, below: str) -> Iterator[str]:
        for key in self._bucket.names(self._prefix + below):
            yield key.removeprefix(self._prefix)


def _size(note: bytes | None) -> int:
    """Leaves in a head; -1 before the first."""
    return -1 if note is None else Checkpoint.parse(split_note(note)[0]).size
