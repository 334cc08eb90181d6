"""Content that lies encrypted somewhere, read back and checked."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from evidence.errors import CorruptionError, TooLargeError
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

    Every byte given out was authenticated. `read` and `chunks` compare the digest as well, at the
    end. Raises CorruptionError for anything that is not as the ledger says.
    """

    def __init__(
        self, where: Ciphertext, *, key: bytes, context: bytes, sha256: str, size: int
    ) -> None:
        self.sha256 = sha256
        self.size = size
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
            for chunk in decryptor.chunks():
                digest.update(chunk)
                yield chunk
        if digest.hexdigest() != self.sha256:
            raise self._broken("its bytes are not those that were received")

    def read_range(self, start: int, stop: int) -> bytes:
        """Bytes start to stop, stop not included, cut at the end as a slice is.

        Reads only the segments of 1 MiB that hold them. RequestError for a range that is none.
        """
        with self._decryptor(through=False) as decryptor:
            return decryptor.read_range(start, stop)

    @contextmanager
    def _decryptor(self, *, through: bool) -> Iterator[Decryptor]:
        with self._where.opened(through=through) as (read_at, size):
            decryptor = Decryptor(read_at, size, self._key, context=self._context)
            if decryptor.size != self.size:
                raise self._broken(f"it holds {decryptor.size} bytes, not {self.size}")
            yield decryptor

    def _broken(self, why: str) -> CorruptionError:
        return CorruptionError(what=f"The object {self._where.name}", why=why)
