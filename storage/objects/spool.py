"""Where bytes wait, encrypted under their order's key, until they are stored.

Nothing reaches the disk in the clear: a small body stays in memory until it is kept, a larger one
is encrypted while it streams in, one segment at a time. Where small items are packed, theirs goes
from memory to where it is stored, and to no disk in between.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evidence.errors import CorruptionError, RequestError, TooLargeError
from evidence.items import Content, InMemory
from storage.files import READ_ONLY, make_folder, remove, sync_file
from storage.objects.packs import Pack
from storage.objects.placed import Spot
from storage.objects.stored import Ciphertext, FileCiphertext, StoredContent
from storage.objects.stream import Encryptor

IN_MEMORY_BYTES = 64 << 10
MAX_BYTES = 16 << 30
_SUFFIX = ".spool"


@dataclass(slots=True)
class SpooledContent:
    """Content whose ciphertext is on the disk, forced there.

    sha256, size   of the bytes as received
    stored         SHA-256 of the ciphertext, in hex
    path           where the ciphertext lies, or lay: in the spool, then in the objects' folder

    It stays readable after it was put among the objects; after `discard` it is not.
    """

    sha256: str
    size: int
    stored: str
    path: Path
    _key: bytes = field(repr=False)
    _context: bytes = field(repr=False)
    _elsewhere: Ciphertext | None = field(default=None, repr=False)

    def read(self, limit: int) -> bytes:
        return self._content().read(limit)

    def chunks(self) -> Iterator[bytes]:
        return self._content().chunks()

    def discard(self) -> None:
        """Take it out of the spool. Does nothing once it has moved among the objects."""
        if self.path.suffix == _SUFFIX:
            remove(self.path)

    def moved(self, path: Path) -> None:
        """The same ciphertext lies at `path` now; the spool's copy is given up."""
        spooled, self.path = self.path, path
        if spooled.suffix == _SUFFIX and spooled != path:
            remove(spooled)

    @property
    def is_away(self) -> bool:
        """Whether it lies on no disk of this machine any more."""
        return self._elsewhere is not None

    def moved_away(self, to: Ciphertext) -> None:
        """The same ciphertext lies `to` now; the spool's copy is given up."""
        self._elsewhere = to
        self.discard()

    @property
    def spot(self) -> Spot:
        return Spot(self.stored)

    def written_by(self, key: bytes, context: bytes) -> bool:
        """Whether its ciphertext opens under this key and context."""
        return (key, context) == (self._key, self._context)

    def _content(self) -> StoredContent:
        return StoredContent(
            self._elsewhere or FileCiphertext(self.path),
            key=self._key,
            context=self._context,
            sha256=self.sha256,
            size=self.size,
        )


class EncryptedSpool:
    """A spool for one order, in `folder`, which should share a file system with the objects.

    key         the order's key, 32 bytes
    context     associated data, the order's handle
    in_memory   a body of up to so many bytes stays in memory until it is kept
    """

    def __init__(
        self, folder: Path, *, key: bytes, context: bytes, in_memory: int = IN_MEMORY_BYTES
    ) -> None:
        make_folder(folder, mode=0o700)
        self._folder = folder
        self._in_memory = in_memory
        self._key = key
        self._context = context

    def open(self, *, limit: int) -> "SpooledWriter":
        """Take up to `limit` bytes as they come; TooLargeError at the byte after."""
        return SpooledWriter(self._folder, self._key, self._context, limit, self._in_memory)

    def pack(self, contents: Sequence[Content]) -> Pack:
        """Small contents as one ciphertext in memory, ready to be put among the objects."""
        return Pack.of(contents, key=self._key, context=self._context)

    def keep(self, content: Content, *, limit: int = MAX_BYTES) -> SpooledContent:
        """`content` as ciphertext on the disk, ready to be put among the objects.

        What this spool wrote already is given back as it is. Raises TooLargeError, and
        CorruptionError if the bytes are not those of the digest that `content` claims.
        """
        if isinstance(content, SpooledContent) and content.written_by(self._key, self._context):
            if content.size > limit:
                raise TooLargeError(what="an item", size=content.size, limit=limit)
            return content
        writer = self.open(limit=limit)
        try:
            for chunk in content.chunks():
                writer.write(chunk)
            kept = writer.keep()
        except BaseException:
            writer.discard()
            raise
        if (kept.sha256, kept.size) != (content.sha256, content.size):
            kept.discard()
            raise CorruptionError(what="an item", why="its bytes are not those of its digest")
        return kept


class SpooledWriter:
    """Takes bytes as they stream in. Give it up by `discard`, `close` or `keep`."""

    def __init__(
        self, folder: Path, key: bytes, context: bytes, limit: int, in_memory: int
    ) -> None:
        self._path = folder / f"{secrets.token_hex(16)}{_SUFFIX}"
        self._key = key
        self._context = context
        self._limit = limit
        self._in_memory = in_memory
        self._size = 0
        self._digest = hashlib.sha256()
        self._memory = bytearray()
        self._disk: _Ciphertext | None = None
        self._open = True

    def write(self, chunk: bytes) -> None:
        """Raises TooLargeError once more than the limit has come; the chunk is not taken then."""
        if not self._open:
            raise RequestError(what="A write to the spool", why="the item was closed before")
        if self._size + len(chunk) > self._limit:
            raise TooLargeError(what="an item", size=self._size + len(chunk), limit=self._limit)
        self._size += len(chunk)
        if self._disk is None and self._size <= self._in_memory:
            self._memory += chunk
            return
        disk = self._to_disk()
        self._digest.update(chunk)
        disk.write(chunk)

    def close(self) -> Content:
        """The content: in memory if it is small, else in the spool, forced to the disk."""
        if self._open and self._disk is None:
            self._open = False
            return InMemory(bytes(self._memory))
        return self.keep()

    def keep(self) -> SpooledContent:
        """The content, in the spool however small it is."""
        if not self._open:
            raise RequestError(what="A write to the spool", why="the item was closed before")
        stored = self._to_disk().finish()
        self._open = False
        return SpooledContent(
            self._digest.hexdigest(), self._size, stored, self._path, self._key, self._context
        )

    def discard(self) -> None:
        """Nothing of it is left. Fine at any time before `close`, and more than once."""
        if self._open:
            self._open = False
            self._memory.clear()
            if self._disk is not None:
                self._disk.abandon()

    def _to_disk(self) -> "_Ciphertext":
        if self._disk is None:
            self._disk = _Ciphertext(self._path, Encryptor(self._key, context=self._context))
            held = bytes(self._memory)
            self._memory.clear()
            self._digest.update(held)  # what stays in memory is hashed once, where it ends
            self._disk.write(held)
        return self._disk


class _Ciphertext:
    """The file that an Encryptor writes to, and its digest."""

    def __init__(self, path: Path, encryptor: Encryptor) -> None:
        self._path = path
        self._encryptor = encryptor
        self._digest = hashlib.sha256()
        self._file = open(path, "xb", buffering=0, opener=_private)
        self._put(encryptor.header)

    def write(self, chunk: bytes) -> None:
        for segment in self._encryptor.update(chunk):
            self._put(segment)

    def finish(self) -> str:
        """SHA-256 of the ciphertext, which is on the disk then and will not be written again."""
        self._put(self._encryptor.finish())
        os.fchmod(self._file.fileno(), READ_ONLY)
        sync_file(self._file.fileno())
        self._file.close()
        return self._digest.hexdigest()

    def abandon(self) -> None:
        self._file.close()
        remove(self._path)

    def _put(self, data: bytes) -> None:
        self._digest.update(data)
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
