"""A copy that was made of an item: redacted, shrunk, converted, translated. Originals never change.

A report is one too, rendered from a manifest.

A derivative is an item with a receipt of its own, and so is the record that ties it:

    original's receipt  <-  signed transform record  ->  derivative's receipt and SHA-256

The record names the original by its receipt and never by a digest of its bytes: whoever gets a
redacted copy must not be able to guess what is under the bar. It is an in-toto Statement v1 about
the derivative, in a DSSE envelope signed like a manifest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from evidence.canonical import canonical, parse_canonical
from evidence.dsse import IN_TOTO, Envelope, Signer, sign, statement
from evidence.errors import FormatError, RequestError
from evidence.fields import Fields
from evidence.items import OWN_ROLES, Role
from evidence.receipts import Receipt
from evidence.times import parse_rfc3339, rfc3339

TRANSFORM_TYPE = "urn:orderproof:transform:v1"
MAX_RECORD_BYTES = 256 << 10
# A person at an editor, rather than a program that could do it again.
BY_HAND = "by-hand"

_WHAT = "the transform record"
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
_PREDICATE = ("change", "original", "derivative", "transform", "by", "at")


class Change(StrEnum):
    """What was done to the original."""

    REDACTED = "redacted"
    SHRUNK = "shrunk"
    CONVERTED = "converted"
    TRANSLATED = "translated"
    RENDERED = "rendered"  # a report: its original is the manifest

    @property
    def role(self) -> Role:
        return Role(f"derived.{self}")


# What is made of a single item, by a program or by a person.
OF_ITEMS = tuple(change for change in Change if change is not Change.RENDERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """How it was done: `parameters` are all that doing it again needs beside the original."""

    name: str
    version: str
    parameters: Mapping[str, str]

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise FormatError(what="the name of a transform", why="it is not a short plain word")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tied:
    """A receipt, named: by its place, its hash, and what it commits to."""

    seq: int
    receipt: str
    role: Role
    commitment: str

    @classmethod
    def to(cls, receipt: Receipt) -> Tied:
        return cls(
            seq=receipt.seq,
            receipt=receipt.sha256,
            role=receipt.role,
            commitment=receipt.commitment,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "seq": self.seq,
            "receipt": self.receipt,
            "role": str(self.role),
            "commitment": self.commitment,
        }

    @classmethod
    def from_json(cls, value: object, *, what: str) -> Tied:
        read = Fields(value, ("seq", "receipt", "role", "commitment"), what=what)
        return cls(
            seq=read.number("seq"),
            receipt=read.hex("receipt"),
            role=read.choice("role", Role),
            commitment=read.hex("commitment"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformRecord:
    """One derivative and where it comes from.

    sha256   of the derivative's bytes
    by       who made it or had it made, as the sealer says
    at       our clock, UTC
    """

    change: Change
    original: Tied
    derivative: Tied
    sha256: str
    transform: Transform
    by: str
    at: datetime

    def __post_init__(self) -> None:
        if self.derivative.role is not self.change.role:
            why = f"its derivative is no {self.change.role}"
            raise FormatError(what=_WHAT, why=why)
        if self.change is Change.RENDERED:
            if self.original.role is not Role.MANIFEST:
                raise FormatError(what=_WHAT, why="only a manifest is rendered")
        elif self.original.role in OWN_ROLES:
            raise FormatError(what=_WHAT, why="its original is our own work, and no evidence")

    def payload(self) -> bytes:
        """The in-toto Statement, in canonical JSON."""
        subject = {"name": "derivative", "digest": {"sha256": self.sha256}}
        predicate = {
            "change": str(self.change),
            "original": self.original.to_json(),
            "derivative": self.derivative.to_json(),
            "transform": {
                "name": self.transform.name,
                "version": self.transform.version,
                "parameters": dict(self.transform.parameters),
            },
            "by": self.by,
            "at": rfc3339(self.at),
        }
        return canonical(statement([subject], TRANSFORM_TYPE, predicate))

    def signed_by(self, signer: Signer) -> Envelope:
        payload = self.payload()
        if len(payload) > MAX_RECORD_BYTES:
            why = f"it would have {len(payload)} bytes, more than {MAX_RECORD_BYTES}"
            raise RequestError(what=_WHAT, why=why)
        return sign(payload, IN_TOTO, [signer])

    @classmethod
    def from_payload(cls, payload: bytes) -> TransformRecord:
        """Read a verified envelope's payload; FormatError on any other shape."""
        if len(payload) > MAX_RECORD_BYTES:
            raise FormatError(what=_WHAT, why=f"it has more than {MAX_RECORD_BYTES} bytes")
        value = parse_canonical(payload, what=_WHAT)
        outer = Fields(value, ("_type", "subject", "predicateType", "predicate"), what=_WHAT)
        if outer.text("predicateType") != TRANSFORM_TYPE:
            raise outer.wrong("predicateType", TRANSFORM_TYPE)
        read = Fields(outer.any("predicate"), _PREDICATE, what=_WHAT)
        made = Fields(read.any("transform"), ("name", "version", "parameters"), what=_WHAT)
        record = cls(
            change=read.choice("change", Change),
            original=Tied.from_json(read.any("original"), what=f"the original of {_WHAT}"),
            derivative=Tied.from_json(read.any("derivative"), what=f"the derivative of {_WHAT}"),
            sha256=_subject(outer.list("subject")),
            transform=Transform(
                name=made.text("name"),
                version=made.text("version"),
                parameters=made.table("parameters"),
            ),
            by=read.text("by"),
            at=read.parsed("at", parse_rfc3339, expected="a UTC time"),
        )
        if record.payload() != payload:
            raise FormatError(what=_WHAT, why="it is not written the one way we write it")
        return record


def _subject(subjects: list[Any]) -> str:
    match subjects:
        case [{"digest": digests}]:
            return Fields(digests, ("sha256",), what=f"the subject of {_WHAT}").hex("sha256")
        case _:
            raise FormatError(what=_WHAT, why="it is not about one thing")
