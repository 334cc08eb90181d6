"""The manifest's lines: an item, a source's outcome, a requirement's coverage.

Each is read back strictly: exactly the fields that `to_json` writes, each of its type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from evidence.canonical import canonical
from evidence.errors import EvidenceError
from evidence.fields import Fields
from evidence.items import Item, Provenance, Role
from evidence.lines import (
    HASH,
    HASH_OR_NULL,
    NUMBER,
    OBJECT,
    OBJECT_OR_NULL,
    TEXT,
    TEXT_OR_NULL,
    TIME,
    WORD,
    Cut,
    cut,
    line_pattern,
)  # fmt: skip
from evidence.locators import Locator
from evidence.policy import Level
from evidence.receipts import SALT_BYTES, Receipt
from evidence.times import parse_rfc3339, rfc3339

# As errors say it.
A_TIME = "a UTC time with microseconds"

_PART_OF = ("sha256", "locator", "encoding")
_COVERED = ("present", "missing", "weak", "not_applicable")
_STATES = frozenset({"brought", "empty", "failed", "skipped"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedItem:
    """An item's line in the manifest: what it is, how it came, and what opens its receipt."""

    sha256: str
    role: Role
    key: str
    media_type: str
    size: int
    collector: str
    origin: str
    provenance: str
    collected_at: datetime
    seq: int
    receipt: str
    salt: bytes = field(repr=False)
    name: str | None = None
    url: str | None = None
    exchange: str | None = None
    part_of: Mapping[str, str] | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, item: Item, *, receipt: Receipt, salt: bytes) -> SealedItem:
        part = item.part_of
        return cls(
            sha256=item.sha256,
            role=item.role,
            key=item.key,
            media_type=item.media_type,
            size=item.content.size,
            collector=item.collector,
            origin=item.origin,
            provenance=str(item.provenance),
            collected_at=receipt.collected_at,
            seq=receipt.seq,
            receipt=receipt.sha256,
            salt=salt,
            name=item.name,
            url=item.url,
            exchange=item.exchange,
            part_of={
                "sha256": part.sha256,
                "locator": str(part.locator),
                "encoding": part.encoding,
            }
            if part
            else None,
            about=dict(item.about),
            hints=dict(item.hints),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "sha256": self.sha256,
            "role": str(self.role),
            "key": self.key,
            "media_type": self.media_type,
            "size": self.size,
            "collector": self.collector,
            "origin": self.origin,
            "provenance": self.provenance,
            "collected_at": rfc3339(self.collected_at),
            "seq": self.seq,
            "receipt": self.receipt,
            "salt": self.salt.hex(),
            "name": self.name,
            "url": self.url,
            "exchange": self.exchange,
            "part_of": dict(self.part_of) if self.part_of else None,
            "about": dict(self.about),
            "hints": dict(self.hints),
        }

    @classmethod
    def from_json(cls, value: object) -> SealedItem:
        """The inverse of `to_json`; FormatError on any other shape."""
        what = "an item of the manifest"
        read = Fields(value, _ITEM, what=what)
        part_of = read.any("part_of")
        return cls(
            sha256=read.hex("sha256"),
            role=read.choice("role", Role),
            key=read.text("key"),
            media_type=read.text("media_type"),
            size=read.number("size"),
            collector=read.text("collector"),
            origin=read.text("origin"),
            provenance=str(read.choice("provenance", Provenance)),
            collected_at=read.parsed("collected_at", parse_rfc3339, expected=A_TIME),
            seq=read.number("seq"),
            receipt=read.hex("receipt"),
            salt=bytes.fromhex(read.hex("salt", size=SALT_BYTES)),
            name=read.text_or_none("name"),
            url=read.text_or_none("url"),
            exchange=None if read.any("exchange") is None else read.hex("exchange"),
            part_of=None if part_of is None else _part_of(part_of),
            about=read.table("about"),
            hints=read.table("hints"),
        )


_ITEM = frozenset(each.name for each in fields(SealedItem))


def _part_of(value: object) -> dict[str, str]:
    part = Fields(value, _PART_OF, what="part_of in an item of the manifest")
    return {
        "sha256": part.hex("sha256"),
        "locator": str(part.parsed("locator", Locator.parse, expected="a locator")),
        "encoding": part.text("encoding"),
    }


_LINE = line_pattern(
    {
        "sha256": HASH, "role": WORD, "key": TEXT, "media_type": TEXT, "size": NUMBER,
        "collector": TEXT, "origin": TEXT, "provenance": WORD, "collected_at": TIME,
        "seq": NUMBER, "receipt": HASH, "salt": HASH, "name": TEXT_OR_NULL, "url": TEXT_OR_NULL,
        "exchange": HASH_OR_NULL, "part_of": OBJECT_OR_NULL, "about": OBJECT, "hints": OBJECT,
    }
)  # fmt: skip
_ROLES = {str(role): role for role in Role}
_PROVENANCES = frozenset(map(str, Provenance))


def cut_items(text: str, *, after: int = 0) -> Cut[SealedItem] | None:
    """The first list called `items` of a manifest's text, if it is written canonically."""
    return cut(text, "items", SealedItem, _LINE, _quick, after=after)


def _quick(groups: tuple[Any, ...]) -> SealedItem | None:
    (
        about, collected_at, collector, exchange, hints, key, media_type, name, origin, part_of,
        provenance, receipt, role, salt, seq, sha256, size, url,
    ) = groups  # fmt: skip
    known = _ROLES.get(role)
    if known is None or provenance not in _PROVENANCES:
        return None
    try:
        part = None
        if part_of is not None:
            part = _part_of(_table(part_of))
            if part != _table(part_of):
                return None
        return SealedItem(
            sha256=sha256,
            role=known,
            key=key,
            media_type=media_type,
            size=int(size),
            collector=collector,
            origin=origin,
            provenance=provenance,
            collected_at=datetime.fromisoformat(collected_at),
            seq=int(seq),
            receipt=receipt,
            salt=bytes.fromhex(salt),
            name=name,
            url=url,
            exchange=exchange,
            part_of=part,
            about=dict(_table(about)),
            hints=dict(_table(hints)),
        )
    except (ValueError, EvidenceError):
        return None


@lru_cache(maxsize=64)
def _table(text: str) -> Mapping[str, str]:
    """A flat table as `to_json` would give it. Raises ValueError for any other.

    The rows of a table share their hints, so most have been read before.
    """
    value = json.loads(text)
    flat = type(value) is dict and all(type(each) is str for each in value.values())
    if not flat or canonical(value).decode() != text:
        raise ValueError("not a canonical table of texts")
    return value  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOutcome:
    """What asking one source came to: `brought`, `empty`, `failed` or `skipped`, and why."""

    source: str
    state: str
    items: int
    attempts: int
    why: str = ""
    since: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "state": str(self.state),  # one that is not quite a text makes `canonical` slow
            "items": self.items,
            "attempts": self.attempts,
            "why": self.why,
            "since": rfc3339(self.since) if self.since else None,
        }

    @classmethod
    def from_json(cls, value: object) -> SourceOutcome:
        """The inverse of `to_json`; FormatError on any other shape."""
        names = [each.name for each in fields(cls)]
        read = Fields(value, names, what="a source of the manifest")
        if read.text("state") not in _STATES:
            raise read.wrong("state", f"one of {', '.join(sorted(_STATES))}")
        since = None
        if read.any("since") is not None:
            since = read.parsed("since", parse_rfc3339, expected=A_TIME)
        return cls(
            source=read.text("source"),
            state=read.text("state"),
            items=read.number("items"),
            attempts=read.number("attempts"),
            why=read.text("why"),
            since=since,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One requirement of the policy and whether the items meet it.

    state  `present`, `missing`, `weak` where an item is there but not at the grade or without a
           fact the policy asks for, or `not_applicable` where the rule's own conditions leave this
           order out; `why` says which
    """

    requirement: str
    level: str
    state: str
    why: str = ""
    items: tuple[str, ...] = ()

    @property
    def met(self) -> bool:
        """Whether nothing is lacking: what is asked for is there, or is not asked for."""
        return self.state in ("present", "not_applicable")

    def to_json(self) -> dict[str, Any]:
        return {
            "requirement": self.requirement,
            "level": self.level,
            "state": self.state,
            "why": self.why,
            "items": list(self.items),
        }

    @classmethod
    def from_json(cls, value: object) -> Coverage:
        """The inverse of `to_json`; FormatError on any other shape."""
        names = [each.name for each in fields(cls)]
        read = Fields(value, names, what="coverage of the manifest")
        if read.text("state") not in _COVERED:
            raise read.wrong("state", f"one of {', '.join(_COVERED)}")
        return cls(
            requirement=read.text("requirement"),
            level=str(read.choice("level", Level)),
            state=read.text("state"),
            why=read.text("why"),
            items=read.texts("items"),
        )
