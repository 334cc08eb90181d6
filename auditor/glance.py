"""Receipts by the million: the same answer as `Receipt.from_bytes`, twenty times as quick.

A receipt whose texts are printable ASCII without quote and backslash, as all but a few are, has
its one canonical form written out in a pattern. What the pattern does not match goes the long way.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from evidence.items import Role
from evidence.receipts import MAX_RECEIPT_BYTES, Receipt
from evidence.times import rfc3339

_TEXT = r"[ !#-\[\]-~]*"
_HASH = r"[0-9a-f]{64}"
_NUMBER = r"0|[1-9][0-9]{0,14}"  # below 2^53 for certain
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
_RECEIPT = re.compile(
    rf'{{"collected_at":"({_TIME})","collector":"({_TEXT})","commitment":"({_HASH})",'
    rf'"media_type":"({_TEXT})","order":"({_HASH})","prev":"({_HASH})","role":"([a-z.]+)",'
    rf'"seq":({_NUMBER}),"size":({_NUMBER}),"stored":"({_HASH})","v":1}}'
)
_ROLES = frozenset(map(str, Role))


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
    found = _RECEIPT.fullmatch(line.decode("latin-1")) if len(line) <= MAX_RECEIPT_BYTES else None
    if found is not None:
        at, collector, commitment, media_type, order, prev, role, seq, size, stored = found.groups()
        if role in _ROLES and _is_time(at):
            return Glance(
                at,
                collector,
                commitment,
                media_type,
                order,
                prev,
                role,
                int(seq),
                int(size),
                stored,
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


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text[:-1])
    except ValueError:
        return False
    return True
