"""Small items of one order that came together, encrypted as one object.

An object costs a request, a lock and a version, whatever its size. So where that counts (a bucket),
items of up to MOST_PACKED bytes that one collection brings at about the same time share one: their
bytes, one after another, are the plaintext of one stream under the order's key, and the ledger says
where each begins. What holds of an object holds of a pack. It lies under the SHA-256 of its
ciphertext, which is `stored` in the receipt of each of its items; it is put once, locked in the
same request, hashed by an audit, and unreadable once its order's key is destroyed. Retention and
hold are an order's, so all of a pack share them.

A pack is one segment of the stream: any item of it is had by one request and one decryption.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from evidence.items import Content
from storage.objects.placed import Spot
from storage.objects.stream import FIRST_PLAIN, Encryptor

PACK_BYTES = FIRST_PLAIN
MOST_PACKED = 128 << 10


@dataclass(frozen=True, slots=True)
class Packed:
    """An item in a pack."""

    sha256: str
    size: int
    spot: Spot


@dataclass(frozen=True, slots=True)
class Pack:
    """stored   SHA-256 of `data`, in hex
    data     the ciphertext
    items    what it holds, in the order they were given"""

    stored: str
    data: bytes = field(repr=False)
    items: tuple[Packed, ...]

    @classmethod
    def of(cls, contents: Sequence[Content], *, key: bytes, context: bytes) -> "Pack":
        """Encrypt them as one. Together they are PACK_BYTES at most (`in_packs`)."""
        plain = [content.read(PACK_BYTES) for content in contents]
        encryptor = Encryptor(key, context=context)
        data = encryptor.header + encryptor.whole(b"".join(plain))
        stored = hashlib.sha256(data).hexdigest()
        items, start = [], 0
        for content, piece in zip(contents, plain, strict=True):
            spot = Spot(stored, start if len(contents) > 1 else None)
            items.append(Packed(content.sha256, len(piece), spot))
            start += len(piece)
        return cls(stored, data, tuple(items))


def in_packs(contents: Sequence[Content]) -> Iterator[list[Content]]:
    """Small contents in groups that are a pack each, in their order."""
    group: list[Content] = []
    size = 0
    for content in contents:
        if group and size + content.size > PACK_BYTES:
            yield group
            group, size = [], 0
        group.append(content)
        size += content.size
    if group:
        yield group
