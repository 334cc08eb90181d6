"""What a place for objects can do, whichever it is.

An object is ciphertext under the name of its own SHA-256. It is put once and never changed; a lock
says how long it must stay. Erasing an order destroys its key and removes no object: only what no
row names is ever removed, once its lock is over. An object holds one item, or several small ones of
one order (`packs`).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from evidence.items import Content
from storage.objects.lock import UNLOCKED, Lock
from storage.objects.packs import Pack
from storage.objects.spool import SpooledContent


class RangedContent(Content, Protocol):
    """A Content of which a part can be had without the rest."""

    def read_range(self, start: int, stop: int) -> bytes:
        """Bytes start to stop, stop not included, cut at the end as a slice is."""
        ...


class Objects(Protocol):
    """`stored` is the SHA-256 of the ciphertext, 64 lower-case hex digits."""

    def put(self, content: SpooledContent, *, lock: Lock = UNLOCKED) -> None:
        """The ciphertext of `content` is under `content.stored`, even after a power cut.

        The same bytes again are fine, and lock them for longer if the new lock does; other bytes
        there raise CorruptionError.
        """
        ...

    def open(
        self,
        stored: str,
        *,
        key: bytes,
        context: bytes,
        sha256: str,
        size: int,
        start: int | None = None,
    ) -> RangedContent:
        """The bytes as received. CorruptionError while reading, if missing or changed.

        start   where the item begins in a pack; None if the object is this item alone
        """
        ...

    def raw(self, stored: str) -> Iterator[bytes]:
        """The ciphertext as it lies there, unchecked. CorruptionError if it is missing."""
        ...

    def exists(self, stored: str) -> bool: ...

    def listing(self) -> Iterator[str]:
        """Every `stored` there is, in order."""
        ...

    def lock_of(self, stored: str) -> Lock:
        """What protects it now. CorruptionError if it is missing."""
        ...

    def retain(self, stored: str, until: datetime) -> None:
        """Keep it until then at least; a retention that ends later stays."""
        ...

    def hold(self, stored: str, *, on: bool) -> None:
        """Put a legal hold on it, or lift it; twice is fine."""
        ...

    def remove(self, stored: str) -> None:
        """Take it away for good. HeldError if a retention or a hold is on it."""
        ...


class Packing(Protocol):
    """A place where small items are put together."""

    def put_pack(self, pack: Pack, *, lock: Lock = UNLOCKED) -> None:
        """As `Objects.put`, of what is in memory."""
        ...
