"""The sealed account of an order: the manifest, and its shareable companion, the statement.

Both are in-toto Statements v1, signed in a DSSE envelope by `evidence.dsse`. The *manifest* holds
everything, personal data included, and is itself stored as an encrypted item. The *statement* holds
nothing personal and still binds everything: the number of the order's receipts and their RFC 6962
root, the manifest's receipt among them, so that nothing can be dropped unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from evidence.canonical import parse_canonical
from evidence.dsse import statement
from evidence.errors import FormatError, TooLargeError
from evidence.facts import Fact
from evidence.fields import Fields
from evidence.items import Role
from evidence.merkle import hash_leaf, root
from evidence.orders import Alias, OrderRef, Platform
from evidence.policy import Level, Policy, parse_policy
from evidence.receipts import SALT_BYTES, Receipt, commit_order
from evidence.sealed import A_TIME, Coverage, SealedItem, SourceOutcome
from evidence.times import parse_rfc3339, rfc3339
from evidence.verdicts import CODE, Judgement, Verdict

__all__ = [
    "MANIFEST_TYPE", "MAX_MANIFEST_BYTES", "STATEMENT_TYPE",
    "Coverage", "Manifest", "SealedItem", "SourceOutcome", "Statement", "receipts_root",
]  # fmt: skip

MANIFEST_TYPE = "urn:orderproof:manifest:v1"
STATEMENT_TYPE = "urn:orderproof:statement:v1"
MAX_MANIFEST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything that was collected, read and judged for one order, as of `at`.

    items     one a receipt, in chain order, without earlier manifests and statements
    versions  of orderproof, the verifiers, the readers and the time-zone data
    before_read  the signed checkpoint that covered every item before we read any
    complete  whether every source answered and every required thing is present
    """

    order: OrderRef
    order_salt: bytes = field(repr=False)
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
        answered = [source.state in {"brought", "empty"} for source in self.sources]
        required = {line.requirement for line in self.coverage if line.level == Level.REQUIRED}
        # A rule without a line was not looked at, and nobody asked is nobody who answered.
        required |= {rule.id for rule in self.policy.requirements if rule.level is Level.REQUIRED}
        met = {line.requirement for line in self.coverage if line.state == "present"}
        unmet = {line.requirement for line in self.coverage if line.state != "present"}
        return bool(answered) and all(answered) and required <= met - unmet

    def payload(self) -> dict[str, Any]:
        """The in-toto Statement, ready for canonical JSON."""
        subjects = [
            {"name": f"{item.seq}:{item.role}", "digest": {"sha256": item.sha256}}
            for item in self.items
        ]
        if not subjects:  # nothing was found: that is sealed too, and in-toto wants a subject
            commitment = commit_order(self.order_salt, self.order)
            subjects = [{"name": "order", "digest": {"sha256": commitment}}]
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
        what = "the manifest"
        read = _predicate_of(payload, MANIFEST_TYPE, _PREDICATE, what=what)
        order = Fields(read.any("order"), _ORDER, what=f"the order of {what}")
        run = Fields(read.any("collection"), ("id", "requested_at"), what=f"collection in {what}")
        policy = Fields(read.any("policy"), _POLICY, what=f"the policy of {what}")
        aliases = (
            Fields(alias, ("kind", "value"), what=f"an alias in {what}")
            for alias in order.list("aliases")
        )
        for name in ("id", "version", "sha256"):
            policy.text(name)
        order.hex("commitment")
        read.flag("complete")
        return cls(
            order=OrderRef(
                order.choice("platform", Platform), order.text("id"), order.text("site")
            ),
            order_salt=bytes.fromhex(order.hex("salt", size=SALT_BYTES)),
            aliases=tuple(Alias(alias.text("kind"), alias.text("value")) for alias in aliases),
            defect=None if read.any("defect") is None else read.table("defect"),
            collection=run.text("id"),
            requested_at=run.parsed("requested_at", parse_rfc3339, expected=A_TIME),
            at=read.parsed("at", parse_rfc3339, expected=A_TIME),
            policy=parse_policy(_utf8(policy.text("toml")), name=f"the policy of {what}"),
            versions=read.table("versions"),
            before_read=read.text("before_read"),
            sources=tuple(map(SourceOutcome.from_json, read.list("sources"))),
            items=tuple(map(SealedItem.from_json, read.list("items"))),
            facts=tuple(map(Fact.from_json, read.list("facts"))),
            judgements=tuple(map(Judgement.from_json, read.list("verdicts"))),
            coverage=tuple(map(Coverage.from_json, read.list("coverage"))),
        )


_PREDICATE = (
    "order", "defect", "collection", "at", "complete", "policy", "versions", "before_read",
    "sources", "items", "facts", "verdicts", "coverage",
)  # fmt: skip
_ORDER = ("platform", "id", "site", "salt", "commitment", "aliases")
_POLICY = ("id", "version", "sha256", "toml")


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
        what = "the statement"
        names = [each.name for each in fields(cls)]
        read = _predicate_of(payload, STATEMENT_TYPE, names, what=what)
        policy = Fields(read.any("policy"), ("id", "version", "sha256"), what=f"policy in {what}")
        log = Fields(read.any("log"), ("origin", "size"), what=f"log in {what}")
        policy.hex("sha256")
        return cls(
            order=read.hex("order"),
            receipts=read.number("receipts"),
            root=read.hex("root"),
            lines=tuple(map(_line, read.list("lines"))),
            manifest_seq=read.number("manifest_seq"),
            complete=read.flag("complete"),
            verdicts=tuple(map(_verdict, read.list("verdicts"))),
            missing=read.texts("missing"),
            policy={name: policy.text(name) for name in ("id", "version", "sha256")},
            log={"origin": log.text("origin"), "size": log.number("size")},
            trusted_time=read.text("trusted_time"),
        )


def _line(value: object) -> tuple[int, str, str]:
    read = Fields(value, ("seq", "role", "commitment"), what="a line of the statement")
    return read.number("seq"), str(read.choice("role", Role)), read.hex("commitment")


def _verdict(value: object) -> tuple[str, str, tuple[str, ...]]:
    read = Fields(value, ("verifier", "verdict", "findings"), what="a verdict of the statement")
    codes = read.texts("findings")
    if not all(map(CODE.fullmatch, codes)):
        raise read.wrong("findings", "codes: lower-case words joined by hyphens")
    return read.text("verifier"), str(read.choice("verdict", Verdict)), codes


def receipts_root(chain: Sequence[Receipt]) -> str:
    """RFC 6962 root over receipts in chain order, lower-case hex."""
    return root([hash_leaf(receipt.to_bytes()) for receipt in chain]).hex()


def _predicate_of(
    payload: bytes, predicate_type: str, names: Iterable[str], *, what: str
) -> Fields:
    """The predicate of an in-toto Statement of our type, with these fields and no others."""
    try:
        value = parse_canonical(payload, limit=MAX_MANIFEST_BYTES, what=what)
    except TooLargeError as problem:
        raise FormatError(what=what, why=f"it is too large: {problem.why}") from problem
    outer = Fields(value, ("_type", "subject", "predicateType", "predicate"), what=what)
    if outer.text("predicateType") != predicate_type:
        raise outer.wrong("predicateType", predicate_type)
    return Fields(outer.any("predicate"), names, what=what)


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as problem:
        raise FormatError(what="the policy of the manifest", why="it is not Unicode") from problem
