"""The sealed account of an order: the manifest, and its shareable companion, the statement.

Both are in-toto Statements v1, signed in a DSSE envelope by `evidence.dsse`. The *manifest* holds
everything, personal data included, and is itself stored as an encrypted item. The *statement* holds
nothing personal and still binds everything: the number of the order's receipts and their RFC 6962
root, the manifest's receipt among them, so that nothing can be dropped unnoticed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evidence.canonical import parse_canonical
from evidence.dsse import statement
from evidence.errors import FormatError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.merkle import hash_leaf, root
from evidence.orders import Alias, OrderRef, Platform
from evidence.policy import Policy, parse_policy
from evidence.receipts import Receipt, commit_order
from evidence.times import parse_rfc3339, rfc3339
from evidence.verdicts import Judgement

MANIFEST_TYPE = "urn:orderproof:manifest:v1"
STATEMENT_TYPE = "urn:orderproof:statement:v1"
MAX_MANIFEST_BYTES = 64 << 20


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
    salt: bytes
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
    def from_json(cls, value: Mapping[str, Any]) -> SealedItem:
        try:
            read = dict(value)
            return cls(
                **read
                | {
                    "role": Role(read["role"]),
                    "collected_at": parse_rfc3339(read["collected_at"]),
                    "salt": bytes.fromhex(read["salt"]),
                }
            )
        except (KeyError, TypeError, ValueError) as problem:
            raise FormatError(what="an item of the manifest", why=str(problem)) from problem


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
            "state": self.state,
            "items": self.items,
            "attempts": self.attempts,
            "why": self.why,
            "since": rfc3339(self.since) if self.since else None,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> SourceOutcome:
        try:
            since = value["since"]
            return cls(**dict(value) | {"since": parse_rfc3339(since) if since else None})
        except (KeyError, TypeError, ValueError) as problem:
            raise FormatError(what="a source of the manifest", why=str(problem)) from problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One requirement of the policy and whether the items meet it.

    state  `present`, `missing`, or `weak` where an item is there but not at the grade or without a
           fact the policy asks for; `why` says which
    """

    requirement: str
    level: str
    state: str
    why: str = ""
    items: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "requirement": self.requirement,
            "level": self.level,
            "state": self.state,
            "why": self.why,
            "items": list(self.items),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Coverage:
        try:
            return cls(**dict(value) | {"items": tuple(value["items"])})
        except (KeyError, TypeError, ValueError) as problem:
            raise FormatError(what="coverage of the manifest", why=str(problem)) from problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything that was collected, read and judged for one order, as of `at`.

    items     one a receipt, in chain order, without earlier manifests and statements
    versions  of orderproof, the verifiers, the readers and the time-zone data
    before_read  the signed checkpoint that covered every item before we read any
    complete  whether every source answered and every required thing is present
    """

    order: OrderRef
    order_salt: bytes
    collection: str
    requested_at: datetime
    at: datetime
    policy: Policy
    items: tuple[SealedItem, ...]
    facts: tuple[Fact, ...]
    judgements: tuple[Judgement, ...]
    coverage: tuple[Coverage, ...]
    sources: tuple[SourceOutcome, ...]
    versions: Mapping[str, str]
    before_read: str
    aliases: tuple[Alias, ...] = ()
    defect: Mapping[str, str] | None = None

    @property
    def complete(self) -> bool:
        answered = all(source.state in {"brought", "empty"} for source in self.sources)
        required = (line for line in self.coverage if line.level == "required")
        return answered and all(line.state == "present" for line in required)

    def payload(self) -> dict[str, Any]:
        """The in-toto Statement, ready for canonical JSON."""
        subjects = [
            {"name": f"{item.seq}:{item.role}", "digest": {"sha256": item.sha256}}
            for item in self.items
        ]
        return statement(subjects, MANIFEST_TYPE, self._predicate())

    def _predicate(self) -> dict[str, Any]:
        return {
            "order": {
                "platform": str(self.order.platform),
                "id": self.order.id,
                "site": self.order.site,
                "salt": self.order_salt.hex(),
                "commitment": commit_order(self.order_salt, self.order),
                "aliases": [{"kind": a.kind, "value": a.value} for a in self.aliases],
            },
            "defect": dict(self.defect) if self.defect else None,
            "collection": {"id": self.collection, "requested_at": rfc3339(self.requested_at)},
            "at": rfc3339(self.at),
            "complete": self.complete,
            "policy": {
                "id": self.policy.id,
                "version": self.policy.version,
                "sha256": self.policy.sha256,
                "toml": self.policy.raw.decode("utf-8"),
            },
            "versions": dict(self.versions),
            "before_read": self.before_read,
            "sources": [source.to_json() for source in self.sources],
            "items": [item.to_json() for item in self.items],
            "facts": [fact.to_json() for fact in self.facts],
            "verdicts": [judgement.to_json() for judgement in self.judgements],
            "coverage": [line.to_json() for line in self.coverage],
        }

    @classmethod
    def from_payload(cls, payload: bytes) -> Manifest:
        """Read a verified envelope's payload; FormatError on any other shape."""
        predicate = _predicate_of(payload, MANIFEST_TYPE, limit=MAX_MANIFEST_BYTES)
        try:
            order = predicate["order"]
            return cls(
                order=OrderRef(Platform(order["platform"]), order["id"], order["site"]),
                order_salt=bytes.fromhex(order["salt"]),
                aliases=tuple(Alias(a["kind"], a["value"]) for a in order["aliases"]),
                defect=predicate["defect"],
                collection=predicate["collection"]["id"],
                requested_at=parse_rfc3339(predicate["collection"]["requested_at"]),
                at=parse_rfc3339(predicate["at"]),
                policy=parse_policy(predicate["policy"]["toml"].encode()),
                versions=predicate["versions"],
                before_read=predicate["before_read"],
                sources=tuple(map(SourceOutcome.from_json, predicate["sources"])),
                items=tuple(map(SealedItem.from_json, predicate["items"])),
                facts=tuple(map(Fact.from_json, predicate["facts"])),
                judgements=tuple(map(Judgement.from_json, predicate["verdicts"])),
                coverage=tuple(map(Coverage.from_json, predicate["coverage"])),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            raise FormatError(what="the manifest", why=f"{problem!r}") from problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What may be shown to anyone. `receipts` counts the order's receipts up to the manifest's.

    root     RFC 6962 root over those receipts' bytes, in chain order
    lines    (seq, role, commitment) of each
    verdicts (verifier, verdict, finding codes)
    log      origin and size of the log when the items were read
    """

    order: str
    receipts: int
    root: str
    lines: tuple[tuple[int, str, str], ...]
    manifest_seq: int
    complete: bool
    verdicts: tuple[tuple[str, str, tuple[str, ...]], ...]
    missing: tuple[str, ...]
    policy: Mapping[str, str]
    log: Mapping[str, Any]
    trusted_time: str

    @classmethod
    def over(
        cls,
        chain: Sequence[Receipt],
        manifest: Manifest,
        *,
        log_origin: str,
        log_size: int,
        trusted_time: str,
    ) -> Statement:
        """The statement for a manifest whose receipt is the last of `chain`."""
        return cls(
            order=chain[0].order,
            receipts=len(chain),
            root=receipts_root(chain),
            lines=tuple((r.seq, str(r.role), r.commitment) for r in chain),
            manifest_seq=chain[-1].seq,
            complete=manifest.complete,
            verdicts=tuple(
                (
                    f"{judged.verifier}/{judged.version}",
                    str(judged.verdict),
                    tuple(sorted({finding.code for finding in judged.findings})),
                )
                for judged in manifest.judgements
            ),
            missing=tuple(c.requirement for c in manifest.coverage if c.state != "present"),
            policy={
                "id": manifest.policy.id,
                "version": manifest.policy.version,
                "sha256": manifest.policy.sha256,
            },
            log={"origin": log_origin, "size": log_size},
            trusted_time=trusted_time,
        )

    def payload(self) -> dict[str, Any]:
        subjects = [{"name": "receipts", "digest": {"sha256": self.root}}]
        return statement(
            subjects,
            STATEMENT_TYPE,
            {
                "order": self.order,
                "receipts": self.receipts,
                "root": self.root,
                "lines": [
                    {"seq": seq, "role": role, "commitment": commitment}
                    for seq, role, commitment in self.lines
                ],
                "manifest_seq": self.manifest_seq,
                "complete": self.complete,
                "verdicts": [
                    {"verifier": name, "verdict": verdict, "findings": list(codes)}
                    for name, verdict, codes in self.verdicts
                ],
                "missing": list(self.missing),
                "policy": dict(self.policy),
                "log": dict(self.log),
                "trusted_time": self.trusted_time,
            },
        )

    @classmethod
    def from_payload(cls, payload: bytes) -> Statement:
        """Read a verified envelope's payload; FormatError on any other shape."""
        predicate = _predicate_of(payload, STATEMENT_TYPE, limit=MAX_MANIFEST_BYTES)
        try:
            return cls(
                **predicate
                | {
                    "lines": tuple(
                        (line["seq"], line["role"], line["commitment"])
                        for line in predicate["lines"]
                    ),
                    "verdicts": tuple(
                        (v["verifier"], v["verdict"], tuple(v["findings"]))
                        for v in predicate["verdicts"]
                    ),
                    "missing": tuple(predicate["missing"]),
                }
            )
        except (KeyError, TypeError, ValueError) as problem:
            raise FormatError(what="the statement", why=f"{problem!r}") from problem


def receipts_root(chain: Sequence[Receipt]) -> str:
    """RFC 6962 root over receipts in chain order, lower-case hex."""
    return root([hash_leaf(receipt.to_bytes()) for receipt in chain]).hex()


def _predicate_of(payload: bytes, predicate_type: str, *, limit: int) -> Any:
    value = parse_canonical(payload, limit=limit)
    if not isinstance(value, dict) or value.get("predicateType") != predicate_type:
        raise FormatError(what="the envelope", why=f"it does not carry a {predicate_type}")
    if not isinstance(value.get("predicate"), dict):
        raise FormatError(what="the envelope", why="its predicate is not an object")
    return value["predicate"]
