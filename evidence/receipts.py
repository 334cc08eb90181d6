"""A Stamp says what is known of an item once it is stored; a Receipt is the stamp in sequence.

Receipts of one order form its chain: each holds the hash of the one before. Their bytes are the
leaves of the tenant's log. They show nothing personal: the item is committed to under a fresh
random salt, the order under the order's own salt, and destroying the salts (erasure) leaves chain
and log verifying.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from evidence.canonical import canonical, digest, parse_canonical
from evidence.errors import FormatError, ProofError, TooLargeError
from evidence.fields import Fields
from evidence.items import Role
from evidence.orders import OrderRef
from evidence.times import parse_rfc3339, rfc3339

SALT_BYTES = 32
NO_RECEIPT = "0" * 64
MAX_RECEIPT_BYTES = 4096
_MAX_NUMBER = 2**53 - 1
_quoted = json.encoder.encode_basestring
_HEX64 = re.compile(r"[0-9a-f]{64}")
_FIELDS = frozenset(
    "v order seq prev role commitment stored size media_type collector collected_at".split()
)


# The one canonical form of a receipt whose texts are printable ASCII without quote and backslash,
# as all but a few are. What it does not match may still be a receipt: it is read the long way.
_TEXT = r"([ !#-\[\]-~]*)"
_HASH = r"([0-9a-f]{64})"
_NUMBER = r"(0|[1-9][0-9]{0,14})"  # below 2^53 for certain
_TIME = r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)"
_PLAIN = re.compile(
    rf'{{"collected_at":"{_TIME}","collector":"{_TEXT}","commitment":"{_HASH}",'
    rf'"media_type":"{_TEXT}","order":"{_HASH}","prev":"{_HASH}","role":"([a-z.]+)",'
    rf'"seq":{_NUMBER},"size":{_NUMBER},"stored":"{_HASH}","v":1}}'
)
_ROLES = {str(role): role for role in Role}


def plain_fields(data: bytes) -> Sequence[str] | None:
    """A receipt's fields as they are written, in the order of their names, without `v`.

    Ten times as quick as reading JSON, for whoever has a million. None if `data` is no receipt, or
    one that has to be read the long way, by `Receipt.from_bytes`.
    """
    found = _PLAIN.fullmatch(data.decode("latin-1")) if len(data) <= MAX_RECEIPT_BYTES else None
    if found is None or found[7] not in _ROLES:
        return None
    try:
        datetime.fromisoformat(found[1])
    except ValueError:  # no such day or hour
        return None
    return found.groups()


def commit(salt: bytes, sha256: str) -> str:
    """The commitment to an item: it opens to the item's digest for whoever has the salt.

    Raises FormatError unless `sha256` is 64 lower-case hex digits and the salt has SALT_BYTES.
    """
    if not _HEX64.fullmatch(sha256):
        raise FormatError(what="a digest", why="it is not a lower-case hex SHA-256")
    return _salted(b"orderproof-commit-v1", salt, bytes.fromhex(sha256))


def commit_order(salt: bytes, order: OrderRef) -> str:
    """The commitment to an order's platform, site and id, under the order's salt."""
    return _salted(b"orderproof-order-v1", salt, order.canonical())


def _salted(domain: bytes, salt: bytes, data: bytes) -> str:
    if len(salt) != SALT_BYTES:
        raise FormatError(what="a salt", why=f"it has {len(salt)} bytes, not {SALT_BYTES}")
    return hashlib.sha256(domain + salt + data).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """An item as stored, not yet in sequence; unique by collection, source and ordinal.

    ordinal     the item's key within its source, so that a retry finds the stamp
    order       the order's commitment, not its id
    sha256      of the bytes as received; stays inside, under the order's key
    salt        32 fresh random bytes, for this stamp alone
    stored      SHA-256 of the encrypted object
    """

    collection: str
    source: str
    ordinal: str
    order: str
    role: Role
    sha256: str
    salt: bytes = field(repr=False)
    stored: str
    size: int
    media_type: str
    collector: str
    collected_at: datetime

    @property
    def commitment(self) -> str:
        return commit(self.salt, self.sha256)

    def receipt(self, *, seq: int, prev: str) -> Receipt:
        """The stamp as number `seq` (from 0) of its order, after the receipt with hash `prev`."""
        return Receipt(
            order=self.order,
            seq=seq,
            prev=prev,
            role=self.role,
            commitment=self.commitment,
            stored=self.stored,
            size=self.size,
            media_type=self.media_type,
            collector=self.collector,
            collected_at=self.collected_at,
        )


def receipt_line(
    *,
    order: str,
    seq: int,
    prev: str,
    role: str,
    commitment: str,
    stored: str,
    size: int,
    media_type: str,
    collector: str,
    collected_at: str,
) -> bytes:
    """A receipt's bytes from fields that are written already; `collected_at` is RFC 3339.

    For whoever has rows and no Receipt. Raises RequestError as `canonical` does.
    """
    if type(seq) is type(size) is int and 0 <= seq <= _MAX_NUMBER and 0 <= size <= _MAX_NUMBER:
        # What `canonical` would write, in a tenth of the time: there is one of these an item. Texts
        # are quoted by the encoder that `canonical` uses; only keys can be out of order, and these
        # are not.
        with suppress(TypeError, UnicodeEncodeError):  # then `canonical` says what is wrong
            return (
                f'{{"collected_at":{_quoted(collected_at)},"collector":{_quoted(collector)},'
                f'"commitment":{_quoted(commitment)},"media_type":{_quoted(media_type)},'
                f'"order":{_quoted(order)},"prev":{_quoted(prev)},"role":{_quoted(role)},'
                f'"seq":{seq},"size":{size},"stored":{_quoted(stored)},"v":1}}'
            ).encode()
    return canonical(
        {
            "v": 1,
            "order": order,
            "seq": seq,
            "prev": prev,
            "role": role,
            "commitment": commitment,
            "stored": stored,
            "size": size,
            "media_type": media_type,
            "collector": collector,
            "collected_at": collected_at,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The ledger's line for an item. `seq` counts from 0 within the order."""

    order: str
    seq: int
    prev: str
    role: Role
    commitment: str
    stored: str
    size: int
    media_type: str
    collector: str
    collected_at: datetime

    def to_bytes(self) -> bytes:
        """Canonical JSON: the log leaf, and what the next receipt's `prev` is the hash of."""
        return receipt_line(
            order=self.order,
            seq=self.seq,
            prev=self.prev,
            role=str(self.role),
            commitment=self.commitment,
            stored=self.stored,
            size=self.size,
            media_type=self.media_type,
            collector=self.collector,
            collected_at=rfc3339(self.collected_at),
        )

    @property
    def sha256(self) -> str:
        return digest(self.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes, *, what: str = "a receipt") -> Receipt:
        """Read a receipt; FormatError unless `to_bytes` would give these very bytes.

        what   how an error names it, such as "receipt 5"
        """
        if (plain := _quick(data)) is not None:
            return plain
        try:
            value = parse_canonical(data, limit=MAX_RECEIPT_BYTES, what=what)
        except TooLargeError as problem:
            raise FormatError(what=what, why=f"it is too large: {problem.why}") from problem
        read = Fields(value, _FIELDS, what=what)
        if read.number("v") != 1:
            raise read.wrong("v", "1")
        receipt = cls(
            order=read.hex("order"),
            seq=read.number("seq"),
            prev=read.hex("prev"),
            role=read.choice("role", Role),
            commitment=read.hex("commitment"),
            stored=read.hex("stored"),
            size=read.number("size"),
            media_type=read.text("media_type"),
            collector=read.text("collector"),
            collected_at=read.parsed("collected_at", parse_rfc3339, expected="a UTC time"),
        )
        if receipt.to_bytes() != data:
            raise FormatError(what=what, why="it is not written the one canonical way")
        return receipt


def _quick(data: bytes) -> Receipt | None:
    """A receipt that `plain_fields` can read; None for any other bytes."""
    found = _PLAIN.fullmatch(data.decode("latin-1")) if len(data) <= MAX_RECEIPT_BYTES else None
    try:
        return receipt_of(found.groups()) if found is not None else None
    except (KeyError, ValueError):  # no such role, day or hour
        return None


def receipt_of(fields: Sequence[str]) -> Receipt:
    """The receipt with what `plain_fields` gave. KeyError or ValueError for what it refuses."""
    at, collector, commitment, media_type, order, prev, role, seq, size, stored = fields
    return Receipt(
        order=order,
        seq=int(seq),
        prev=prev,
        role=_ROLES[role],
        commitment=commitment,
        stored=stored,
        size=int(size),
        media_type=media_type,
        collector=collector,
        collected_at=datetime.fromisoformat(at),
    )


def plain_chain(lines: Iterable[bytes]) -> list[tuple[str, ...]] | None:
    """The fields of an order's receipts, as `plain_fields`, if `check_chain` would take them.

    None where it would not, or where a line has to be read the long way. Texts go from one process
    to another in a tenth of the time of receipts.
    """
    found: list[tuple[str, ...]] = []
    prev, order = NO_RECEIPT, ""
    for seq, line in enumerate(lines):
        fields = plain_fields(line)
        if fields is None or fields[7] != str(seq) or fields[5] != prev:
            return None
        order = order or fields[4]
        if fields[4] != order:
            return None
        found.append(tuple(fields))
        prev = digest(line)
    return found


def check_chain(lines: Iterable[bytes]) -> Sequence[Receipt]:
    """Read an order's receipts from the first on; each must follow the one before.

    Raises ProofError or FormatError naming the receipt where the chain breaks. Nothing here holds
    the last receipt in place: the statement's root and the log do.
    """
    receipts: list[Receipt] = []
    prev = NO_RECEIPT
    for seq, line in enumerate(lines):
        receipt = _quick(line) or Receipt.from_bytes(line, what=f"receipt {seq}")
        if receipt.seq != seq:
            raise ProofError(what=f"receipt {seq}", why=f"it calls itself number {receipt.seq}")
        if receipt.prev != prev:
            raise ProofError(
                what=f"receipt {seq}", why="it does not hold the hash of the receipt before it"
            )
        if receipts and receipt.order != receipts[0].order:
            raise ProofError(what=f"receipt {seq}", why="it belongs to another order")
        receipts.append(receipt)
        prev = digest(line)
    return receipts
