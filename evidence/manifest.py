"""The sealed account of an order: the manifest, and its shareable companion, the statement.

Both are in-toto Statements v1, signed in a DSSE envelope by `evidence.dsse`. The *manifest* holds
everything, personal data included, and is itself stored as an encrypted item. The *statement* holds
nothing personal and still binds everything: the number of the order's receipts and their RFC 6962
root, the manifest's receipt among them, so that nothing can be dropped unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, NamedTuple

from evidence.canonical import canonical, parse_canonical
from evidence.dsse import STATEMENT_V1, statement
from evidence.errors import EvidenceError, FormatError, TooLargeError
from evidence.facts import Fact, cut_facts
from evidence.fields import Fields
from evidence.items import Role
from evidence.lines import HASH, NUMBER, WORD, Cut, consists_of, cut, line_pattern
from evidence.merkle import hash_leaf, root
from evidence.orders import Alias, OrderRef, Platform
from evidence.policy import Level, Policy, parse_policy
from evidence.receipts import SALT_BYTES, Receipt, commit_order
from evidence.sealed import A_TIME, Coverage, SealedItem, SourceOutcome, cut_items
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
    versions  of orderproof, the verifiers, the readers with their libraries, the time-zone data
    before_read  the signed checkpoint that covered every item before we read any
    complete  whether every source answered and every required thing is present
    lost      receipts before this manifest's, by seq, whose items the sealer lost when a ledger was
              restored from a backup: they are in the chain, and no line can be written of them
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
    lost: tuple[int, ...] = ()

    @property
    def complete(self) -> bool:
        answered = [source.state in {"brought", "empty"} for source in self.sources]
        required = {line.requirement for line in self.coverage if line.level == Level.REQUIRED}
        # A rule without a line was not looked at, and nobody asked is nobody who answered.
        required |= {rule.id for rule in self.policy.requirements if rule.level is Level.REQUIRED}
        met = {line.requirement for line in self.coverage if line.met}
        unmet = {line.requirement for line in self.coverage if not line.met}
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
        predicate = self._short_parts()
        predicate["items"] = [item.to_json() for item in self.items]
        predicate["facts"] = [fact.to_json() for fact in self.facts]
        return statement(subjects, MANIFEST_TYPE, predicate)

    def _short_parts(self) -> dict[str, Any]:
        """The predicate without its two long lists."""
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
            "verdicts": [judgement.to_json() for judgement in self.judgements],
            "coverage": [line.to_json() for line in self.coverage],
        } | ({"lost": list(self.lost)} if self.lost else {})

    @classmethod
    def from_payload(cls, payload: bytes) -> Manifest:
        """Read a verified envelope's payload; FormatError on any other shape."""
        read = _predicate_of(
            payload, MANIFEST_TYPE, _PREDICATE, what="the manifest", optional=_OPTIONAL
        )
        items = tuple(map(SealedItem.from_json, read.list("items")))
        return cls._of(read, items, tuple(map(Fact.from_json, read.list("facts"))))

    @classmethod
    def exactly(cls, payload: bytes) -> Manifest | None:
        """The manifest whose payload is written as these very bytes; None if there is none.

        Then nothing in them is left unread and nothing that is derived is wrong, and a manifest of
        20,000 items is read five times as quickly as by `from_payload`, which says what is wrong.
        """
        text = _text_of(payload)
        facts = cut_facts(text)
        items = cut_items(text, after=facts.end) if facts else None
        if facts is None or items is None:
            return None
        subjects = ",".join(
            f'{{"digest":{{"sha256":"{item.sha256}"}},"name":"{item.seq}:{item.role}"}}'
            for item in items.lines
        )
        ending = f'"subject":[{subjects}]}}'
        if not items.lines or not text.endswith(ending):
            return None
        short = "".join(
            (
                text[: facts.begin], "[]", text[facts.end : items.begin], "[]",
                text[items.end : -len(ending)], '"subject":[]}',
            )
        )  # fmt: skip
        try:
            read = _predicate_of(
                short.encode(), MANIFEST_TYPE, _PREDICATE, what="the manifest", optional=_OPTIONAL
            )
            manifest = cls._of(read, tuple(items.lines), tuple(facts.lines))
            parts = _written(manifest._short_parts()) | {"facts": facts, "items": items}
        except EvidenceError:
            return None
        return manifest if consists_of(text, _pieces(MANIFEST_TYPE, parts, subjects)) else None

    @classmethod
    def _of(cls, read: Fields, items: tuple[SealedItem, ...], facts: tuple[Fact, ...]) -> Manifest:
        """The manifest of a predicate whose two long lists are read already."""
        what = "the manifest"
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
            items=items,
            facts=facts,
            judgements=tuple(map(Judgement.from_json, read.list("verdicts"))),
            coverage=tuple(map(Coverage.from_json, read.list("coverage"))),
            lost=read.numbers("lost") if "lost" in read else (),
        )


_PREDICATE = (
    "order", "defect", "collection", "at", "complete", "policy", "versions", "before_read",
    "sources", "items", "facts", "verdicts", "coverage",
)  # fmt: skip
# Not in the manifest of an order that lost nothing.
_OPTIONAL = ("lost",)
_ORDER = ("platform", "id", "site", "salt", "commitment", "aliases")
_POLICY = ("id", "version", "sha256", "toml")


class ShortLine(NamedTuple):
    """A receipt as the statement shows it."""

    seq: int
    role: str
    commitment: str

    def to_json(self) -> dict[str, Any]:
        return {"seq": self.seq, "role": self.role, "commitment": self.commitment}

    @classmethod
    def from_json(cls, value: object) -> ShortLine:
        """The inverse of `to_json`; FormatError on any other shape."""
        read = Fields(value, cls._fields, what="a line of the statement")
        return cls(read.number("seq"), str(read.choice("role", Role)), read.hex("commitment"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What may be shown to anyone. `receipts` counts the order's receipts up to the manifest's.

    root     RFC 6962 root over those receipts' bytes, in chain order
    lines    one for each
    verdicts (verifier, verdict, finding codes)
    log      origin and size of the log when the items were read
    """

    order: str
    receipts: int
    root: str
    lines: tuple[ShortLine, ...]
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
            lines=tuple(ShortLine(r.seq, str(r.role), r.commitment) for r in chain),
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
            missing=tuple(c.requirement for c in manifest.coverage if not c.met),
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
        parts = self._short_parts()
        parts["lines"] = [line.to_json() for line in self.lines]
        return statement(subjects, STATEMENT_TYPE, parts)

    def _short_parts(self) -> dict[str, Any]:
        """The predicate without its long list."""
        return {
            "order": self.order,
            "receipts": self.receipts,
            "root": self.root,
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
        }

    @classmethod
    def from_payload(cls, payload: bytes) -> Statement:
        """Read a verified envelope's payload; FormatError on any other shape."""
        names = [each.name for each in fields(cls)]
        read = _predicate_of(payload, STATEMENT_TYPE, names, what="the statement")
        return cls._of(read, tuple(map(ShortLine.from_json, read.list("lines"))))

    @classmethod
    def exactly(cls, payload: bytes) -> Statement | None:
        """The statement whose payload is written as these very bytes, or None; as a manifest's."""
        text = _text_of(payload)
        lines = cut(text, "lines", ShortLine, _SHORT_LINE, _quick)
        if lines is None:
            return None
        short = f"{text[: lines.begin]}[]{text[lines.end :]}"
        names = [each.name for each in fields(cls)]
        try:
            read = _predicate_of(short.encode(), STATEMENT_TYPE, names, what="the statement")
            said = cls._of(read, tuple(lines.lines))
            parts = _written(said._short_parts()) | {"lines": lines}
        except EvidenceError:
            return None
        subject = f'{{"digest":{{"sha256":"{said.root}"}},"name":"receipts"}}'
        return said if consists_of(text, _pieces(STATEMENT_TYPE, parts, subject)) else None

    @classmethod
    def _of(cls, read: Fields, lines: tuple[ShortLine, ...]) -> Statement:
        what = "the statement"
        policy = Fields(read.any("policy"), ("id", "version", "sha256"), what=f"policy in {what}")
        log = Fields(read.any("log"), ("origin", "size"), what=f"log in {what}")
        policy.hex("sha256")
        return cls(
            order=read.hex("order"),
            receipts=read.number("receipts"),
            root=read.hex("root"),
            lines=lines,
            manifest_seq=read.number("manifest_seq"),
            complete=read.flag("complete"),
            verdicts=tuple(map(_verdict, read.list("verdicts"))),
            missing=read.texts("missing"),
            policy={name: policy.text(name) for name in ("id", "version", "sha256")},
            log={"origin": log.text("origin"), "size": log.number("size")},
            trusted_time=read.text("trusted_time"),
        )


_SHORT_LINE = line_pattern({"seq": NUMBER, "role": WORD, "commitment": HASH})
_ROLES = frozenset(map(str, Role))


def _quick(groups: tuple[Any, ...]) -> ShortLine | None:
    commitment, role, seq = groups
    return ShortLine(int(seq), role, commitment) if role in _ROLES else None


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
    payload: bytes,
    predicate_type: str,
    names: Iterable[str],
    *,
    what: str,
    optional: Iterable[str] = (),
) -> Fields:
    """The predicate of an in-toto Statement of our type, with these fields and no others.

    optional   fields that it may have besides
    """
    try:
        value = parse_canonical(payload, limit=MAX_MANIFEST_BYTES, what=what)
    except TooLargeError as problem:
        raise FormatError(what=what, why=f"it is too large: {problem.why}") from problem
    outer = Fields(value, ("_type", "subject", "predicateType", "predicate"), what=what)
    if outer.text("predicateType") != predicate_type:
        raise outer.wrong("predicateType", predicate_type)
    predicate = outer.any("predicate")
    also = [name for name in optional if isinstance(predicate, dict) and name in predicate]
    return Fields(predicate, (*names, *also), what=what)


def _text_of(payload: bytes) -> str:
    """The payload as text; empty, which is no JSON, if it is too large or not UTF-8."""
    try:
        return payload.decode() if len(payload) <= MAX_MANIFEST_BYTES else ""
    except UnicodeDecodeError:
        return ""


def _written(parts: Mapping[str, Any]) -> dict[str, str | Cut[Any]]:
    return {name: canonical(value).decode() for name, value in parts.items()}


def _pieces(
    predicate_type: str, parts: Mapping[str, str | Cut[Any]], subjects: str
) -> Iterator[str | Cut[Any]]:
    """The canonical in-toto Statement, its predicate's parts and its subjects written already."""
    before = f'{{"_type":"{STATEMENT_V1}","predicate":{{'
    for name in sorted(parts):
        yield f'{before}"{name}":'
        yield parts[name]
        before = ","
    yield f'}},"predicateType":"{predicate_type}","subject":['
    yield subjects
    yield "]}"


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as problem:
        raise FormatError(what="the policy of the manifest", why="it is not Unicode") from problem
