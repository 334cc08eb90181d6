"""What the log says of an order whose personal data was erased: that it was, when, and why.

The record is canonical JSON in a DSSE envelope, signed like a manifest. It is the order's last
item, so its receipt ends the order's chain. It holds nothing personal: the order stands in it as
the commitment that all its receipts have, and the reason is one of a few codes. Its bytes and its
salt are kept in the clear, so that anybody can open its receipt when nothing else opens any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from evidence.canonical import canonical, parse_canonical
from evidence.dsse import Envelope, Signer, sign
from evidence.errors import FormatError
from evidence.fields import Fields
from evidence.times import parse_rfc3339, rfc3339

PAYLOAD_TYPE = "application/vnd.orderproof.erasure-record+json"
MAX_RECORD_BYTES = 10_000


class ErasureReason(StrEnum):
    """Why; a code and never a text, which could name somebody."""

    SUBJECT_REQUEST = "subject-request"
    RETENTION_OVER = "retention-over"
    COLLECTED_IN_ERROR = "collected-in-error"
    CONTRACT_ENDED = "contract-ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRecord:
    """One erasure.

    origin         of the tenant's log
    order          the order's commitment
    at             our clock
    custody_size   rows that the tenant's custody log had then
    custody_head   hash of the last of them, or 64 zeros; so no earlier row can be changed later
    """

    origin: str
    order: str
    at: datetime
    reason: ErasureReason
    custody_size: int
    custody_head: str

    def payload(self) -> bytes:
        return canonical(
            {
                "v": 1,
                "event": "erased",
                "origin": self.origin,
                "order": self.order,
                "at": rfc3339(self.at),
                "reason": str(self.reason),
                "custody_size": self.custody_size,
                "custody_head": self.custody_head,
            }
        )

    def signed_by(self, signer: Signer) -> Envelope:
        return sign(self.payload(), PAYLOAD_TYPE, [signer])

    @classmethod
    def from_payload(cls, payload: bytes) -> ErasureRecord:
        """Read a verified envelope's payload. Raises FormatError."""
        what = "the erasure record"
        names = "v event origin order at reason custody_size custody_head".split()
        read = Fields(parse_canonical(payload, limit=MAX_RECORD_BYTES, what=what), names, what=what)
        if read.number("v") != 1 or read.text("event") != "erased":
            raise FormatError(what=what, why="it is not of version 1")
        return cls(
            origin=read.text("origin"),
            order=read.hex("order"),
            at=read.parsed("at", parse_rfc3339, expected="a UTC time"),
            reason=read.choice("reason", ErasureReason),
            custody_size=read.number("custody_size"),
            custody_head=read.hex("custody_head"),
        )
