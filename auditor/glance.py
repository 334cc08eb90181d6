"""Receipts by the million: the answer of `Receipt.from_bytes`, without making a Receipt."""

from __future__ import annotations

from typing import NamedTuple

from evidence.receipts import Receipt, plain_fields
from evidence.times import rfc3339


class Glance(NamedTuple):
    """A receipt's fields as they are written; digests in hex."""

    collected_at: str
    collector: str
    commitment: str
    media_type: str
    order: str
    prev: str
    role: str
    seq: int
    size: int
    stored: str


def glance(line: bytes, *, what: str = "a receipt") -> Glance:
    """Read a receipt. Raises FormatError where `Receipt.from_bytes` does."""
    plain = plain_fields(line)
    if plain is not None:
        at, collector, commitment, media_type, order, prev, role, seq, size, stored = plain
        return Glance(
            at, collector, commitment, media_type, order, prev, role, int(seq), int(size), stored
        )
    read = Receipt.from_bytes(line, what=what)
    return Glance(
        collected_at=rfc3339(read.collected_at),
        collector=read.collector,
        commitment=read.commitment,
        media_type=read.media_type,
        order=read.order,
        prev=read.prev,
        role=str(read.role),
        seq=read.seq,
        size=read.size,
        stored=read.stored,
    )
