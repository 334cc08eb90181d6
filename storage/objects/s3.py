"""Objects in an S3 bucket: `objects/ab/<stored>`, locked from the moment they are there.

Names are digests, so they spread over a bucket's partitions by themselves. What an object was put
as is its first version: should somebody hide it behind a delete marker, it is read from there all
the same, as long as its lock kept that version.

What was put or read lately is still in memory, as the ciphertext that it is (`recent`): an item is
read right after it was kept, and the bucket has confirmed its bytes by their SHA-256.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from evidence.errors import AccessError, CorruptionError, HeldError, RequestError
from storage.bucket import Bucket, Head, checksum, checksum_of_file
from storage.objects.lock import UNLOCKED, Lock
from storage.objects.packs import Pack
from storage.objects.recent import Recent
from storage.objects.spool import SpooledContent
from storage.objects.stored import StoredContent
from storage.objects.stream import ReadAt

_STORED = re.compile(r"[0-9a-f]{64}")
_FOLDER = "objects/"
# What one request fetches of an object that is read through; held in memory.
WINDOW_BYTES = 4 << 20
# What the first one fetches where only a part is wanted; most items are smaller.
GLANCE_BYTES = 256 << 10
LINK_S = 900


class S3Objects:
    """Objects in a bucket that keeps versions and locks objects; see Bucket.check."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._recent = Recent()

    def put(self, content: SpooledContent, *, lock: Lock = UNLOCKED) -> None:
        """Upload the spool's file, then give it up."""
        key = _key(content.stored)
        if not content.is_away:
            if not self._bucket.put_file(key, content.path, sha256=content.stored, lock=lock):
                self._compare(content.stored, checksum_of_file(content.path))
                self._lock(content.stored, lock)
            content.moved_away(self._at(content.stored))
            return
        self._lock(content.stored, lock)

    def put_pack(self, pack: Pack, *, lock: Lock = UNLOCKED) -> None:
        key = _key(pack.stored)
        if not self._bucket.put_new(key, pack.data, sha256=pack.stored, lock=lock):
            self._compare(pack.stored, checksum(pack.data))
            self._lock(pack.stored, lock)
        self._recent.add(pack.stored, pack.data)

    def open(
        self,
        stored: str,
        *,
        key: bytes,
        context: bytes,
        sha256: str,
        size: int,
        start: int | None = None,
    ) -> StoredContent:
        where = self._at(stored)
        return StoredContent(where, key=key, context=context, sha256=sha256, size=size, start=start)

    def raw(self, stored: str) -> Iterator[bytes]:
        pieces = self._bucket.stream(_key(stored))
        if pieces is None:
            pieces = self._bucket.stream(_key(stored), version=_hidden(self._bucket, stored))
        if pieces is None:
            raise _missing(stored)
        return pieces

    def exists(self, stored: str) -> bool:
        return self._bucket.head(_key(stored)) is not None

    def listing(self) -> Iterator[str]:
        for key in self._bucket.names(_FOLDER):
            name = key.rpartition("/")[2]
            if _STORED.fullmatch(name) and key == _key(name):
                yield name

    def lock_of(self, stored: str) -> Lock:
        return self._head(stored).lock

    def retain(self, stored: str, until: datetime) -> None:
        head = self._head(stored)
        if head.lock.until is None or head.lock.until < until:
            self._bucket.retain(_key(stored), until, version=head.version)

    def hold(self, stored: str, *, on: bool) -> None:
        head = self._head(stored)
        if head.lock.held != on:
            self._bucket.hold(_key(stored), on=on, version=head.version)

    def remove(self, stored: str) -> None:
        """Every version of it. The bucket has the last word on whether a lock is over."""
        key = _key(stored)
        self._recent.drop(stored)
        for version in self._bucket.versions(key):
            head = self._bucket.head(key, version=version)
            try:
                self._bucket.remove(key, version=version)
            except AccessError as error:
                if head is None or head.lock == UNLOCKED:
                    raise
                why = "a retention or a legal hold is on it"
                raise HeldError(what=f"Removing the object {stored}", why=why) from error

    def link(self, stored: str, *, seconds: int) -> str:
        """An address that gives the ciphertext to whoever has it, for 15 minutes at most."""
        if not 0 < seconds <= LINK_S:
            raise RequestError(what="A link", why=f"it may live for 1 to {LINK_S} seconds")
        return self._bucket.link(_key(stored), seconds=seconds)

    def _lock(self, stored: str, lock: Lock) -> None:
        if lock.until is not None:
            self.retain(stored, lock.until)
        if lock.held:
            self.hold(stored, on=True)

    def _head(self, stored: str) -> Head:
        key = _key(stored)
        head = self._bucket.head(key)
        if head is None and (version := _hidden(self._bucket, stored)):
            head = self._bucket.head(key, version=version)
        if head is None:
            raise _missing(stored)
        return head

    def _at(self, stored: str) -> _S3Ciphertext:
        return _S3Ciphertext(self._bucket, self._recent, stored)

    def _compare(self, stored: str, checksum: str) -> None:
        """What was there before us must be the same bytes."""
        if self._head(stored).checksum == checksum:
            return
        digest = hashlib.sha256()
        for piece in self.raw(stored):
            digest.update(piece)
        if digest.hexdigest() != stored:
            what = f"The object {stored}"
            raise CorruptionError(what=what, why="other bytes are under its name")


class _S3Ciphertext:
    """In a bucket, or still in memory. Nothing is asked for before it is read."""

    def __init__(self, bucket: Bucket, recent: Recent, stored: str) -> None:
        self._bucket = bucket
        self._recent = recent
        self._stored = stored
        self._key = _key(stored)

    @property
    def name(self) -> str:
        return self._stored

    @contextmanager
    def opened(self, *, through: bool) -> Iterator[tuple[ReadAt, int]]:
        at_hand = self._recent.get(self._stored)
        if at_hand is not None:
            yield lambda offset, length: at_hand[offset : offset + length], len(at_hand)
            return
        version: str | None = None
        asked = WINDOW_BYTES if through else GLANCE_BYTES
        first = self._bucket.read_at(self._key, 0, asked)
        if first is None:
            version = _hidden(self._bucket, self._stored)
            if version:
                first = self._bucket.read_at(self._key, 0, asked, version=version)
        if first is None:
            raise _missing(self._stored)
        held, total = first
        begins = 0
        if len(held) == total:  # of a pack its neighbours may be asked for next
            self._recent.add_checked(self._stored, held)

        def read_at(offset: int, length: int) -> bytes:
            nonlocal held, begins
            if offset < begins or offset + length > begins + len(held):
                wanted = max(length, WINDOW_BYTES) if through else length
                fetched = self._bucket.read_at(self._key, offset, wanted, version=version)
                if fetched is None:
                    raise _missing(self._stored)
                held, begins = fetched[0], offset
            return held[offset - begins : offset - begins + length]

        yield read_at, total


def _hidden(bucket: Bucket, stored: str) -> str | None:
    """The first version of an object that a delete marker hides."""
    return next(iter(bucket.versions(_key(stored))), None)


def _key(stored: str) -> str:
    if not _STORED.fullmatch(stored):
        why = "an object's name is 64 lower-case hex digits"
        raise RequestError(what="The name of an object", why=why)
    return f"{_FOLDER}{stored[:2]}/{stored}"


def _missing(stored: str) -> CorruptionError:
    return CorruptionError(what=f"The object {stored}", why="it is missing")
