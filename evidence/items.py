"""Bytes as received, and what is known of how they came.

An Item is known by the SHA-256 of its bytes. Its `content` may lie in memory or, encrypted, on
disk; nothing here opens a file: a Content is handed in by whoever holds the bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from evidence.canonical import writable
from evidence.errors import TooLargeError
from evidence.locators import Locator


class Role(StrEnum):
    """What an item is in the account of an order."""

    POD_DOCUMENT = "pod.document"
    POD_SIGNATURE = "pod.signature"
    POD_PHOTO = "pod.photo"
    TRACKING_HISTORY = "tracking.history"
    MESSAGE_THREAD = "message.thread"
    MESSAGE_MAIL = "message.mail"
    MESSAGE_ATTACHMENT = "message.attachment"
    ORDER_RECORD = "order.record"
    SHIPMENT_RECORD = "shipment.record"
    PAYMENT_RECORD = "payment.record"
    REFUND_RECORD = "refund.record"
    CAPTURE_PAGE = "capture.page"
    EXCHANGE = "exchange"
    DNS_ANSWER = "dns.answer"
    DEFECT_NOTICE = "defect.notice"
    DOCUMENT = "document"
    CASE_EVENT = "case.event"
    CASE_NOTICE = "case.notice"
    CASE_EXPORT = "case.export"
    CASE_DRAFT = "case.draft"
    CASE_SUBMISSION = "case.submission"
    CASE_REPLY = "case.reply"
    CASE_DOCUMENT = "case.document"
    MANIFEST = "manifest"
    STATEMENT = "statement"
    KEY_RECORD = "key.record"
    ERASURE_RECORD = "erasure.record"
    DERIVED_REDACTED = "derived.redacted"
    DERIVED_SHRUNK = "derived.shrunk"
    DERIVED_CONVERTED = "derived.converted"
    DERIVED_TRANSLATED = "derived.translated"
    DERIVED_RENDERED = "derived.rendered"
    TRANSFORM_RECORD = "transform.record"


# What a person did and wrote about orders, in a chain of the case's own. Nobody reads facts from
# it: what happened to an order, that order's own account says.
CASE_ROLES = frozenset(role for role in Role if role.startswith("case."))
DERIVED_ROLES = frozenset(role for role in Role if role.startswith("derived."))
# Our own work on an order, which is no evidence about it: no manifest lists it.
OWN_ROLES = frozenset({Role.MANIFEST, Role.STATEMENT, Role.TRANSFORM_RECORD, *DERIVED_ROLES})


class Provenance(StrEnum):
    """How near an item is to whoever knows the fact at first hand, best first.

    RELAYED is an answer of somebody who passes on what carriers told them: an aggregator.
    """

    API = "api"
    CARRIER_DOCUMENT = "carrier_document"
    DKIM_MAIL = "dkim_mail"
    RELAYED = "relayed"
    CAPTURE = "capture"
    UPLOAD = "upload"
    SCREENSHOT = "screenshot"
    UNKNOWN = "unknown"

    @property
    def grade(self) -> int:
        """0 is best; a policy asks for a least grade and accepts every smaller number."""
        return list(Provenance).index(self)


class Content(Protocol):
    """Bytes that are somewhere safe. `sha256` is lower-case hex."""

    @property
    def sha256(self) -> str: ...

    @property
    def size(self) -> int: ...

    def read(self, limit: int) -> bytes:
        """All of it; TooLargeError if it is more than `limit` bytes."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """All of it, in pieces of a megabyte or less."""
        ...


@dataclass(frozen=True, slots=True)
class InMemory:
    """A Content for what is small enough to hold."""

    data: bytes = field(repr=False)  # somebody's letter does not belong in a log line
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", bytes(self.data))  # a bytearray could still change
        object.__setattr__(self, "sha256", hashlib.sha256(self.data).hexdigest())

    @classmethod
    def known(cls, data: bytes, sha256: str) -> InMemory:
        """Of bytes that were just compared with their digest, which is not computed again."""
        made = cls.__new__(cls)
        object.__setattr__(made, "data", data)
        object.__setattr__(made, "sha256", sha256)
        return made

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, limit: int) -> bytes:
        if len(self.data) > limit:
            raise TooLargeError(what="an item", size=len(self.data), limit=limit)
        return self.data

    def chunks(self) -> Iterator[bytes]:
        yield from (self.data[at : at + (1 << 20)] for at in range(0, len(self.data), 1 << 20))


class SpoolWriter(Protocol):
    """Takes bytes as they stream in; nothing of it survives `discard`."""

    def write(self, chunk: bytes) -> None:
        """Raises TooLargeError once more than the limit has come."""
        ...

    def close(self) -> Content: ...

    def discard(self) -> None: ...


class Spool(Protocol):
    """Where large bytes wait, encrypted, until they are stored."""

    def open(self, *, limit: int) -> SpoolWriter: ...


@dataclass(frozen=True, slots=True)
class PartOf:
    """The item was taken out of another, at `locator`, through `encoding` ("base64", "mime")."""

    sha256: str
    locator: Locator
    encoding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Bytes as received from a source.

    key         a name that is stable within the source, so that a retried collection finds the
                item it brought before: a request's path, a file's name, a message id
    origin      who the bytes' claims independently come from: "ups", "amazon", "seller", "buyer"
    collector   name and version of what brought it, "ups/1"
    name        the file name the source gave, untrusted, or None
    url         where it came from, without secrets, or None
    exchange    SHA-256 of the exchange it came in, or None
    about       what was asked for, by fact name: {"shipment.tracking_number": "1Z..."}
    hints       how an operator declared it is to be read: column map, zone; sealed with the item,
                so that reading it again in ten years gives the same facts
    collected_at  our clock, UTC, when its last byte was in
    """

    role: Role
    key: str
    content: Content
    media_type: str
    collector: str
    origin: str
    provenance: Provenance
    collected_at: datetime
    name: str | None = None
    url: str | None = None
    exchange: str | None = None
    part_of: PartOf | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # All of it is sealed, and a name from outside may be text that JSON cannot hold.
        for field_name in ("key", "media_type", "name", "url"):
            text = getattr(self, field_name)
            object.__setattr__(self, field_name, text if text is None else writable(text))
        for field_name in ("about", "hints"):
            table = getattr(self, field_name)
            kept = {writable(key): writable(value) for key, value in table.items()}
            object.__setattr__(self, field_name, kept)

    @property
    def sha256(self) -> str:
        return self.content.sha256

    @property
    def source(self) -> str:
        """The collector's name without its version."""
        return self.collector.partition("/")[0]

    def part(
        self,
        role: Role,
        data: bytes,
        *,
        at: Locator,
        encoding: str,
        media_type: str,
        name: str | None = None,
        provenance: Provenance | None = None,
    ) -> Item:
        """An item that was inside this one, such as a picture in base64 in a JSON answer."""
        return replace(
            self,
            role=role,
            key=f"{self.key}#{at}",
            content=InMemory(data),
            media_type=media_type,
            name=name,
            provenance=provenance or self.provenance,
            part_of=PartOf(self.sha256, at, encoding),
        )
