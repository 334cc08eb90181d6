"""What the log says of our own keys: one replaced another, or one is not to be believed any more.

A record is canonical JSON in a DSSE envelope. A rotation is signed by the old and the new key, a
revocation by the key that is in use then: the revoked one has nothing to say about itself.
It is an item like any other, so a receipt commits to it, and the log shows that it was there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric import ed25519

from evidence.canonical import canonical, parse_canonical
from evidence.dsse import Envelope, Signer, keyid_of, sign
from evidence.errors import FormatError
from evidence.fields import Fields
from evidence.times import parse_rfc3339, rfc3339

PAYLOAD_TYPE = "application/vnd.orderproof.key-record+json"
MAX_RECORD_BYTES = 10_000


class KeyEvent(StrEnum):
    ROTATED = "rotated"
    REVOKED = "revoked"


class KeyKind(StrEnum):
    """What a key signs: envelopes, or heads of the log."""

    MANIFEST = "manifest"
    LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """One event in the life of a key.

    origin   of the tenant's log
    old      the key that was replaced or revoked: a keyid for manifests, a vkey for the log
    new      the key in use from then on, in the same form
    at       our clock: a rotation's, or since when the revoked key is not to be believed
    """

    event: KeyEvent
    kind: KeyKind
    origin: str
    old: str
    new: str
    at: datetime

    def payload(self) -> bytes:
        return canonical(
            {
                "v": 1,
                "event": str(self.event),
                "kind": str(self.kind),
                "origin": self.origin,
                "old": self.old,
                "new": self.new,
                "at": rfc3339(self.at),
            }
        )

    def signed_by(self, signers: Sequence[Signer]) -> Envelope:
        return sign(self.payload(), PAYLOAD_TYPE, signers)

    @classmethod
    def from_payload(cls, payload: bytes) -> KeyRecord:
        """Read a verified envelope's payload. Raises FormatError."""
        what = "the key record"
        names = ("v", "event", "kind", "origin", "old", "new", "at")
        read = Fields(parse_canonical(payload, limit=MAX_RECORD_BYTES, what=what), names, what=what)
        if read.number("v") != 1:
            raise FormatError(what=what, why="it is not of version 1")
        return cls(
            event=read.choice("event", KeyEvent),
            kind=read.choice("kind", KeyKind),
            origin=read.text("origin"),
            old=read.text("old"),
            new=read.text("new"),
            at=read.parsed("at", parse_rfc3339, expected="a UTC time"),
        )


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """Signs an envelope with a log's key. What it signs begins with `DSSEv1` and ends without a
    newline, so it can never be taken for a checkpoint."""

    key: ed25519.Ed25519PrivateKey = field(repr=False)

    @property
    def keyid(self) -> str:
        return keyid_of(self.key.public_key())

    def sign(self, message: bytes, /) -> bytes:
        return self.key.sign(message)
