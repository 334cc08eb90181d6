"""The log in a bucket, under `log/<tenant>/`; see storage.log.log for what lies there.

No lock of a file system keeps two sequencers apart here: tiles and heads are created where nothing
is, and their bytes follow from the ledger, so whoever comes second finds his own; the pointer moves
by compare-and-set. None of it is locked: partial tiles go, and the pointer is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from evidence.checkpoint import Checkpoint
from evidence.errors import CorruptionError
from evidence.notes import NoteSignature, split_note
from evidence.tiles import WIDTH, grown_bundles, grown_tiles, leaf_hashes_of
from storage.bucket import Bucket
from storage.log.log import check_root, cosigned, is_covered, is_published

_AT_ONCE = 8
_WIDTH = re.compile(r"[1-9][0-9]{0,2}")


class S3Log:
    """One tenant's log. An auditor may read it as it is (`auditor.folder.LogReader`)."""

    def __init__(self, bucket: Bucket, tenant: str) -> None:
        self._bucket = bucket
        self._prefix = f"log/{tenant}/"

    def read(self, path: str) -> bytes | None:
        return self._read(path) if is_published(path) else None

    def _read(self, path: str) -> bytes | None:
        found = self._bucket.read(self._prefix + path)
        return None if found is None else found[0]

    def read_tile(self, path: str) -> bytes | None:
        return self.read(path)

    def checkpoint(self) -> bytes | None:
        return self._read("checkpoint")

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
        newest = _size(self._pointer()[0])
        if newest >= size and not again:
            return  # another process was faster
        leaves = leaf_hashes_of(entries)
        read_tile = cache(self._read)  # each is asked for by the check and by what grows
        check_root(read_tile, root, old_size, leaves)
        grown = [
            *grown_bundles(read_tile, old_size=old_size, entries=entries),
            *grown_tiles(read_tile, old_size=old_size, leaf_hashes=leaves),
        ]
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="log") as pool:
            list(pool.map(lambda each: self._once(each[0].path, each[1]), grown))
        self._once(f"checkpoints/{size}", note)
        while True:
            published, etag = self._pointer()
            if _size(published) >= size or self._replace("checkpoint", note, etag):
                break
        for tile, _ in grown:  # readers of older heads fall back to the full tile
            if tile.width == WIDTH:
                for path in list(self._paths(f"{tile.path}.p/")):
                    self._bucket.remove(self._prefix + path)

    def _pointer(self) -> tuple[bytes | None, str | None]:
        found = self._bucket.read(f"{self._prefix}checkpoint")
        return (None, None) if found is None else found

    def _once(self, path: str, data: bytes) -> None:
        key = self._prefix + path
        if self._bucket.put_new(key, data):
            return
        found = self._bucket.read(key)
        if found is not None and found[0] != data:
            raise CorruptionError(what=path, why="other bytes are there already")

    def _replace(self, path: str, data: bytes, etag: str | None) -> bool:
        return self._bucket.put_over(self._prefix + path, data, etag=etag)

    def _paths(self, below: str) -> Iterator[str]:
        for key in self._bucket.names(self._prefix + below):
            yield key.removeprefix(self._prefix)


def _size(note: bytes | None) -> int:
    """Leaves in a head; -1 before the first."""
    return -1 if note is None else Checkpoint.parse(split_note(note)[0]).size
