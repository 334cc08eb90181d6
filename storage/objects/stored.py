"""Content that lies encrypted somewhere, read back and checked."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from evidence.errors import CorruptionError, RequestError, TooLargeError
from evidence.items import Content
from storage.objects.stream import Decryptor, ReadAt


class Ciphertext(Protocol):
    """Where the bytes of an object lie. `name` is what errors call it."""

    @property
    def name(self) -> str: ...

    def opened(self, *, through: bool) -> AbstractContextManager[tuple[ReadAt, int]]:
        """How it is read for the time of the block, and its size in bytes.

        through   whether it will be read from one end to the other

        Raises CorruptionError if it is missing.
        """
        ...


class FileCiphertext:
    """In a file named after the object."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        return self._path.stem[:64]

    @contextmanager
    def opened(self, *, through: bool) -> Iterator[tuple[ReadAt, int]]:
        try:
            handle = os.open(self._path, os.O_RDONLY)
        except FileNotFoundError as error:
            raise CorruptionError(what=f"The object {self.name}", why="it is missing") from error
        try:
            size = os.fstat(handle).st_size
            yield lambda offset, length: os.pread(handle, length, offset), size
        finally:
            os.close(handle)


class StoredContent:
    """A Content that can be read in ranges.

    sha256, size   what the ledger says of the bytes as received, in hex and in bytes
    start          where they begin in what the object decrypts to; None if that is them alone

    Every byte given out was authenticated. `read` and `chunks` compare the digest as well, at the
    end. Raises CorruptionError for anything that is not as the ledger says.
    """

    def __init__(
        self,
        where: Ciphertext,
        *,
        key: bytes,
        context: bytes,
        sha256: str,
        size: int,
        start: int | None = None,
    ) -> None:
        self.sha256 = sha256
        self.size = size
        self._start = start
        self._where = where
        self._key = key
        self._context = context

    def read(self, limit: int) -> bytes:
        """All of it; TooLargeError if it is more than `limit` bytes."""
        if self.size > limit:
            raise TooLargeError(what="an item", size=self.size, limit=limit)
        return b"".join(self.chunks())

    def chunks(self) -> Iterator[bytes]:
        """All of it, in pieces of a megabyte or less."""
        digest = hashlib.sha256()
        with self._decryptor(through=True) as decryptor:
            for chunk in self._pieces(decryptor):
                digest.update(chunk)
                yield chunk
        if digest.hexdigest() != self.sha256:
            raise self._broken("its bytes are not those that were received")

    def read_range(self, start: int, stop: int) -> bytes:
        """Bytes start to stop, stop not included, cut at the end as a slice is.

        Reads only the segments of 1 MiB that hold them. RequestError for a range that is none.
        """
        if not 0 <= start <= stop:
            raise RequestError(what="A range", why=f"{start} to {stop} is not a range")
        first = self._start or 0
        # Of a pack all has to be fetched: it is one segment.
        with self._decryptor(through=self._start is not None) as decryptor:
            return decryptor.read_range(first + min(start, self.size), first + min(stop, self.size))

    @contextmanager
    def _decryptor(self, *, through: bool) -> Iterator[Decryptor]:
        with self._where.opened(through=through) as (read_at, size):
            decryptor = Decryptor(read_at, size, self._key, context=self._context)
            held = decryptor.size
            if self._start is None and held != self.size:
                raise self._broken(f"it holds {held} bytes, not {self.size}")
            if self._start is not None and held < self._start + self.size:
                raise self._broken(f"it holds {held} bytes, and no item at {self._start}")
            yield decryptor

    def _pieces(self, decryptor: Decryptor) -> Iterator[bytes]:
        if self._start is None:
            return decryptor.chunks()
        return iter([decryptor.read_range(self._start, self._start + self.size)])

    def _broken(self, why: str) -> CorruptionError:
        return CorruptionError(what=f"The object {self._where.name}", why=why)

    @property
    def pack(self) -> tuple[str, bytes, bytes] | None:
        """The same for all items of one pack; None of an item that lies alone."""
        return None if self._start is None else (self._where.name, self._key, self._context)

    def open_pack(self) -> bytes:
        """All that its pack decrypts to."""
        with self._decryptor(through=True) as decryptor:
            return decryptor.read_range(0, decryptor.size)

    def cut(self, pack: bytes) -> bytes:
        """It out of what its pack decrypts to, checked as `read` does."""
        start = self._start or 0
        data = pack[start : start + self.size]
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise self._broken("its bytes are not those that were received")
        return data


def read_together(contents: Sequence[Content]) -> Iterator[bytes]:
    """All of each, in their order. A pack that holds several of them is decrypted once."""
    packs: dict[tuple[str, bytes, bytes], bytes] = {}
    for content in contents:
        if isinstance(content, StoredContent) and (pack := content.pack) is not None:
            if pack not in packs:
                packs[pack] = content.open_pack()
            yield content.cut(packs[pack])
        else:
            yield b"".join(content.chunks())
