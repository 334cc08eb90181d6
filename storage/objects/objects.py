"""What a place for objects can do, whichever it is.

An object is ciphertext under the name of its own SHA-256. It is put once and never changed, and
nothing here deletes: erasing an order destroys its key instead.
"""

from collections.abc import Iterator
from typing import Protocol

from evidence.items import Content
from storage.objects.spool import SpooledContent


class RangedContent(Content, Protocol):
    """A Content of which a part can be had without the rest."""

    def read_range(self, start: int, stop: int) -> bytes:
        """Bytes start to stop, stop not included, cut at the end as a slice is."""
        ...


class Objects(Protocol):
    """`stored` is the SHA-256 of the ciphertext, 64 lower-case hex digits."""

    def put(self, content: SpooledContent) -> None:
        """The ciphertext of `content` is under `content.stored`, even after a power cut.

        The same bytes again are fine; CorruptionError if others are there.
        """
        ...

    def open(
        self, stored: str, *, key: bytes, context: bytes, sha256: str, size: int
    ) -> RangedContent:
        """The bytes as received. CorruptionError if missing, or while reading, if changed."""
        ...

    def raw(self, stored: str) -> Iterator[bytes]:
        """The ciphertext as it lies there, unchecked. CorruptionError if it is missing."""
        ...

    def exists(self, stored: str) -> bool: ...

    def listing(self) -> Iterator[str]:
        """Every `stored` there is, in order."""
        ...
