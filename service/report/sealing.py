"""What a report is of: one sealed account, with what names and binds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from evidence.canonical import digest
from evidence.dsse import Envelope
from evidence.facts import Facts
from evidence.manifest import Manifest, SealedItem, Statement
from service.report.blocks import Place
from verifiers.subjects import Subjects


class Carried(NamedTuple):
    """A file that a PDF/A-3 carries; its relationship is a word of ISO 19005-3, 6.8."""

    name: str
    data: bytes
    relationship: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Sealing:
    """A sealed manifest with its statement.

    envelope      the manifest's DSSE envelope, byte for byte: the digest that is printed is its
    seq           the manifest's receipt in the order's chain
    statement     what it is bound by, and the SHA-256 of that envelope
    number        in a report of several orders, which of them it is, from 1; else 0
    """

    manifest: Manifest
    envelope: bytes = field(repr=False)
    seq: int
    statement: Statement
    statement_sha256: str
    number: int = 0

    @classmethod
    def of(cls, *, manifest: bytes, statement: bytes, number: int = 0) -> Sealing:
        """From the two envelopes as they were stored. Raises FormatError."""
        said = Statement.from_payload(Envelope.from_json(statement).payload)
        return cls(
            manifest=Manifest.from_payload(Envelope.from_json(manifest).payload),
            envelope=manifest,
            seq=said.manifest_seq,
            statement=said,
            statement_sha256=digest(statement),
            number=number,
        )

    @cached_property
    def sha256(self) -> str:
        """Of the manifest's envelope: what `data` of a report's code names."""
        return digest(self.envelope)

    @property
    def at(self) -> datetime:
        """As of when it was judged."""
        return self.manifest.at

    @property
    def carried(self) -> Iterable[Carried]:
        yield Carried("manifest.dsse.json", self.envelope, "source", "The sealed manifest")

    @cached_property
    def keyids(self) -> tuple[str, ...]:
        return tuple(each.keyid or "?" for each in Envelope.from_json(self.envelope).signatures)

    @cached_property
    def items(self) -> Mapping[str, SealedItem]:
        """By SHA-256; bytes that came twice by their first receipt."""
        found: dict[str, SealedItem] = {}
        for item in self.manifest.items:
            found.setdefault(item.sha256, item)
        return found

    @cached_property
    def facts(self) -> Facts:
        return Facts(self.manifest.facts)

    @cached_property
    def subjects(self) -> Subjects:
        return Subjects(self.manifest.order, self.manifest.items, self.facts)

    def here(self, *steps: str | int) -> Place:
        """A place in the manifest's own predicate."""
        pointer = "".join(f"/{str(s).replace('~', '~0').replace('/', '~1')}" for s in steps)
        return self.spot(self.sha256, f"json:/predicate{pointer}", self.seq)

    def spot(self, item: str, locator: str, seq: int) -> Place:
        """A place in an item of this order with this receipt."""
        return Place(item, locator, seq, self.number)

    def whole(self, item: SealedItem) -> Place:
        return self.spot(item.sha256, "item:", item.seq)

    @property
    def itself(self) -> Place:
        """The manifest as a whole."""
        return self.spot(self.sha256, "item:", self.seq)

    def place(self, item: str, locator: str) -> Place | None:
        """A place in an item; None if the manifest has no such item."""
        known = self.items.get(item)
        return None if known is None else self.spot(item, locator, known.seq)

    def places(self, rests: tuple[tuple[str, str], ...]) -> tuple[Place, ...]:
        found = (self.place(item, locator) for item, locator in rests)
        return tuple(place for place in found if place is not None)
