"""Do receipts, statement, manifest and bytes belong together, and are they signed?

The root of trust is a signature; from there it goes down: the statement binds the receipts by
their root, a receipt commits to the manifest's bytes, the manifest opens every other receipt to
the digest of an item, and the digest is that of a file in the bundle.
"""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from auditor.bag import Bag
from auditor.keys import Keys
from auditor.receipts import Receipts
from auditor.report import Checks
from evidence.archive import shown
from evidence.bundle import MANIFEST, OPENINGS, RECEIPTS, STATEMENT, Opening
from evidence.canonical import parse_json
from evidence.dsse import IN_TOTO, Envelope, verify
from evidence.errors import EvidenceError, FormatError, ProofError, RequestError
from evidence.items import OWN_ROLES, Role
from evidence.manifest import Manifest, SealedItem, Statement
from evidence.receipts import Receipt, commit, commit_order


@dataclass(frozen=True, slots=True)
class Seal:
    """What could be read of a bundle's seal; None where it could not."""

    receipts: Receipts
    statement: Statement | None
    manifest: Manifest | None

    @property
    def chain(self) -> Sequence[Receipt]:
        return self.receipts.chain

    @property
    def lines(self) -> Sequence[bytes]:
        return self.receipts.lines


def why(error: EvidenceError) -> str:
    """An error as part of a sentence, without its remedy."""
    said = vars(error)
    return f"{said.get('what', type(error).__name__)}: {said.get('why', '')}"


def check_envelope(
    raw: bytes, path: str, check: str, checks: Checks, *, own: Keys, pinned: Keys | None
) -> bytes | None:
    """The payload of an envelope that a counting key has signed, or None.

    own     keys that the bundle vouches for; used only where no key of this kind is pinned
    """
    keys = pinned.manifest if pinned and pinned.manifest else own.manifest
    if not keys:
        checks.failed(check, f"{path}: there is no key to check its signature with.", path)
        return None
    try:
        envelope = Envelope.from_json(raw)
        payload = verify(envelope, keys)
    except (FormatError, RequestError) as error:
        checks.failed(check, f"{path} cannot be read: {why(error)}.", path)
        return None
    except ProofError:
        whose = "the pinned key" if pinned and pinned.manifest else "a key of proof/keys.json"
        checks.failed(check, f"{path} does not bear a signature by {whose}.", path)
        return None
    if envelope.payload_type != IN_TOTO:
        checks.failed(check, f"{path} carries {shown(envelope.payload_type)}.", path)
        return None
    if pinned is None:
        checks.passed(check, f"{path} is signed by a key that only the bundle vouches for.", path)
    elif pinned.manifest:
        checks.passed(check, f"{path} is signed by the pinned key.", path)
    else:
        what = f"{path} is signed, but by a key that only the bundle vouches for: pin one."
        checks.unsure(check, what, path)
    return payload


def check_statement(bag: Bag, *, own: Keys, pinned: Keys | None) -> Statement | None:
    """Signature of the statement, and whether it is written the one way."""
    raw = bag.read(STATEMENT, "statement")
    if raw is None:
        return None
    payload = check_envelope(raw, STATEMENT, "statement", bag.checks, own=own, pinned=pinned)
    if payload is None:
        return None
    statement = Statement.exactly(payload)
    if statement is None:
        try:
            statement = Statement.from_payload(payload)
        except (FormatError, RequestError) as error:
            bag.checks.failed("statement", f"{STATEMENT}: {why(error)}.", STATEMENT)
            return None
        for part in _differing(payload, statement.payload()):
            what = f"{STATEMENT}: its {part} is not what the rest of it calls for."
            bag.checks.failed("statement", what, STATEMENT)
    return statement


def check_root(checks: Checks, statement: Statement, receipts: Receipts) -> None:
    """The statement's root, count and lines against the receipts."""
    name = "statement-root"
    chain = receipts.chain
    if not chain:
        checks.unsure(name, "Not compared: the receipts do not hold.", STATEMENT)
        return
    covered = chain[: statement.receipts]
    if statement.order != chain[0].order:
        checks.failed(name, "The statement is about another order than the receipts.", STATEMENT)
    if statement.receipts != statement.manifest_seq + 1 or len(covered) != statement.receipts:
        what = f"The statement counts {statement.receipts} receipts; {len(covered)} are here."
        checks.failed(name, what, STATEMENT)
    elif chain[statement.manifest_seq].role is not Role.MANIFEST:
        what = f"Receipt {statement.manifest_seq} is not a manifest's, as the statement says."
        checks.failed(name, what, f"receipt {statement.manifest_seq}")
    if len(statement.lines) != statement.receipts:
        what = f"The statement has {len(statement.lines)} lines for {statement.receipts} receipts."
        checks.failed(name, what, STATEMENT)
    for line, receipt in zip(statement.lines, covered, strict=False):
        if line != (receipt.seq, str(receipt.role), receipt.commitment):
            what = f"Receipt {receipt.seq} is not the one that the statement has in its place."
            checks.failed(name, what, f"receipt {receipt.seq}")
    if receipts.root_of(statement.receipts) != statement.root:
        checks.failed(name, "The receipts do not have the root that the statement signs.", RECEIPTS)
    checks.passed_unless_failed(
        name, f"The statement binds the first {statement.receipts} receipts by their root."
    )


def check_openings(bag: Bag, seal: Seal) -> dict[int, Opening]:
    """Whether the bytes of statement, manifest and opened items are those of their receipts."""
    raw = bag.read(OPENINGS, "openings")
    if raw is None:
        return {}
    if not seal.chain or seal.statement is None:
        bag.checks.unsure("openings", "Not compared: receipts or statement do not hold.", OPENINGS)
        return {}
    try:
        openings = {opening.seq: opening for opening in Opening.read_all(raw)}
    except (FormatError, RequestError) as error:
        bag.checks.failed("openings", f"{OPENINGS}: {why(error)}.", OPENINGS)
        return {}
    needed = {seal.chain[-1].seq: STATEMENT}
    if MANIFEST in bag.found:
        needed[seal.statement.manifest_seq] = MANIFEST
    for seq, path in needed.items():
        if seq not in openings or openings[seq].path != path:
            bag.checks.failed("openings", f"{OPENINGS} does not open receipt {seq}.", OPENINGS)
    for seq, opening in openings.items():
        if seq not in needed and (MANIFEST in bag.found or not opening.path.startswith("data/")):
            what = f"{OPENINGS} opens receipt {seq}, which is not for it to open."
            bag.checks.failed("openings", what, OPENINGS)
        else:
            _opening(bag, seal.chain, opening)
    bag.checks.passed_unless_failed(
        "openings", "The receipts of what is opened here commit to these very bytes."
    )
    return openings


def check_manifest(bag: Bag, *, own: Keys, pinned: Keys | None) -> Manifest | None:
    """Signature of the manifest and whether it agrees with itself."""
    raw = bag.optional(MANIFEST, "manifest")
    if raw is None:
        if not bag.checks.has_failed("manifest"):
            bag.checks.unsure("manifest", "The manifest is withheld from this copy.", MANIFEST)
        return None
    payload = check_envelope(raw, MANIFEST, "manifest", bag.checks, own=own, pinned=pinned)
    return None if payload is None else read_manifest(payload, MANIFEST, bag.checks)


def read_manifest(payload: bytes, path: str, checks: Checks) -> Manifest | None:
    """The manifest, once its subjects, policy and answers agree with its items."""
    manifest = Manifest.exactly(payload)
    if manifest is None:
        try:
            manifest = Manifest.from_payload(payload)
        except (FormatError, RequestError) as error:
            checks.failed("manifest", f"{path}: {why(error)}.", path)
            return None
        for part in _differing(payload, manifest.payload()):
            what = f"{path}: its {part} is not what the rest of it calls for."
            checks.failed("manifest", what, path)
    _references(checks, manifest, path)
    return manifest


def check_manifest_receipts(checks: Checks, manifest: Manifest, seal: Seal) -> None:
    """Every item opens its receipt, and every receipt up to the manifest's is accounted for."""
    name = "manifest-receipts"
    chain = seal.chain
    if not chain or seal.statement is None:
        checks.unsure(name, "Not compared: receipts or statement do not hold.", MANIFEST)
        return
    if commit_order(manifest.order_salt, manifest.order) != chain[0].order:
        checks.failed(name, "The manifest is about another order than the receipts.", MANIFEST)
    covered: set[int] = set()
    for item in manifest.items:
        if item.seq in covered:
            what = f"The manifest lists receipt {item.seq} twice."
            checks.failed(name, what, f"receipt {item.seq}")
        covered.add(item.seq)
        _item_receipt(checks, item, seal, last=seal.statement.manifest_seq)
    if [item.seq for item in manifest.items] != sorted(item.seq for item in manifest.items):
        checks.failed(name, "The manifest's items are not in the order of receipts.", MANIFEST)
    lost = _check_lost(checks, manifest, seal, covered, last=seal.statement.manifest_seq)
    told = covered | lost
    for receipt in chain[: seal.statement.manifest_seq]:
        if receipt.role not in OWN_ROLES and receipt.seq not in told:
            what = f"Receipt {receipt.seq} ({receipt.role}) has no item in the manifest."
            checks.failed(name, what, f"receipt {receipt.seq}")
    checks.passed_unless_failed(
        name, f"All {len(manifest.items)} items open their receipts, and no receipt is left over."
    )


def _check_lost(
    checks: Checks, manifest: Manifest, seal: Seal, covered: Set[int], *, last: int
) -> Set[int]:
    """Receipts that the sealer says he has no items of any more; the reader must be told."""
    lost = set(manifest.lost)
    if manifest.lost != tuple(sorted(lost)):
        what = "The receipts that the manifest calls lost are not listed in their order."
        checks.failed("lost", what, MANIFEST)
    for seq in sorted(lost):
        if seq >= last or seal.chain[seq].role in OWN_ROLES or seq in covered:
            what = f"The manifest calls receipt {seq} lost, and it is no item that could be."
            checks.failed("lost", what, f"receipt {seq}")
    if lost and not checks.has_failed("lost"):
        named = ", ".join(f"{seq} ({seal.chain[seq].role})" for seq in sorted(lost)[:20])
        what = (
            f"The sealer lost the items of {len(lost)} receipts of this order: {named}. What they"
            " said, nobody can tell."
        )
        checks.unsure("lost", what, MANIFEST)
    return lost


def check_answers(checks: Checks, manifest: Manifest, seal: Seal) -> None:
    """Whether the statement repeats the manifest's verdicts and what is missing."""
    statement = seal.statement
    if statement is None or not seal.chain:
        checks.unsure("verdicts", "Not compared: receipts or statement do not hold.", STATEMENT)
        return
    # Over the manifest's receipt alone: count, root and lines were compared before.
    right = Statement.over(
        seal.chain[statement.manifest_seq :][:1],
        manifest,
        log_origin="",
        log_size=0,
        trusted_time="",
    )
    said = {name: (verdict, codes) for name, verdict, codes in statement.verdicts}
    for name, verdict, codes in right.verdicts:
        if said.get(name) != (verdict, codes):
            what = f"The statement's verdict of {shown(name)} is not the manifest's."
            checks.failed("verdicts", what, STATEMENT)
    for part in ("verdicts", "missing", "complete", "policy"):
        if getattr(right, part) != getattr(statement, part):
            what = f"The statement's {part} is not what the manifest calls for."
            checks.failed("verdicts", what, STATEMENT)
    checks.passed_unless_failed(
        "verdicts", f"The statement repeats the manifest's {len(right.verdicts)} verdicts."
    )


def _opening(bag: Bag, chain: Sequence[Receipt], opening: Opening) -> None:
    where = opening.path if opening.path in bag.found else OPENINGS
    if opening.seq >= len(chain):
        bag.checks.failed("openings", f"{OPENINGS} opens a receipt that is not here.", OPENINGS)
        return
    receipt = chain[opening.seq]
    found = bag.found.get(opening.path)
    path = shown(opening.path)
    if found is None:
        bag.checks.failed("openings", f"{path} is missing; receipt {receipt.seq} names it.", where)
    elif not opens(receipt, opening.salt, opening.sha256):
        what = f"{OPENINGS} does not open receipt {receipt.seq}: its salt or digest is wrong."
        bag.checks.failed("openings", what, OPENINGS)
    elif found != opening.sha256 or bag.source.sizes[opening.path] != receipt.size:
        what = f"{path} is not what receipt {receipt.seq} ({receipt.role}) was made for."
        bag.checks.failed("openings", what, where)


_SHARED = ("role", "size", "media_type", "collector", "collected_at")
_shared = attrgetter(*_SHARED)


def _item_receipt(checks: Checks, item: SealedItem, seal: Seal, *, last: int) -> None:
    where = f"receipt {item.seq}"
    if not 0 <= item.seq < last:
        what = f"The manifest has an item with receipt {item.seq}, which does not precede it."
        checks.failed("manifest-receipts", what, where)
        return
    receipt = seal.chain[item.seq]
    wrong: list[str] = []
    if _shared(item) != _shared(receipt):
        wrong = [name for name in _SHARED if getattr(item, name) != getattr(receipt, name)]
    # The next receipt holds this one's hash: the chain stands, and a manifest's receipt follows.
    if item.receipt != seal.chain[item.seq + 1].prev:
        wrong.append("hash")
    if not opens(receipt, item.salt, item.sha256):
        wrong.append("commitment")
    if wrong:
        what = f"Item {item.seq} ({item.role}) and its receipt differ in {', '.join(wrong)}."
        checks.failed("manifest-receipts", what, where)


def opens(receipt: Receipt, salt: bytes, sha256: str) -> bool:
    """Whether salt and digest open the receipt's commitment."""
    try:
        return commit(salt, sha256) == receipt.commitment
    except (FormatError, ValueError):
        return False


def _references(checks: Checks, manifest: Manifest, path: str) -> None:
    known = {item.sha256 for item in manifest.items}
    for number, fact in enumerate(manifest.facts):
        if fact.item not in known:
            what = f"Fact {number} ({fact.name}) rests on an item that the manifest does not list."
            checks.failed("facts", what, path)
    for judged in manifest.judgements:
        for finding in judged.findings:
            if any(item not in known for item, _ in finding.rests):
                code = f"{shown(judged.verifier)}, {shown(finding.code)}"
                what = f"A finding ({code}) rests on an item that the manifest does not list."
                checks.failed("facts", what, path)
    for line in manifest.coverage:
        if any(item not in known for item in line.items):
            what = f"Coverage of {shown(line.requirement)} names an item that is not listed."
            checks.failed("facts", what, path)
    checks.passed_unless_failed(
        "facts", f"All {len(manifest.facts)} facts and every finding rest on listed items."
    )


def _differing(payload: bytes, right: dict[str, Any]) -> list[str]:
    """Where a payload is not the one its own reading would be written as, by name."""
    # The payload is canonical JSON, so equal bytes are equal values; nothing else is concluded.
    written = json.dumps(right, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if written.encode("utf-8", "replace") == payload:
        return []
    value = parse_json(payload, what="The payload")
    parts = [name for name in sorted({*value, *right}) if value.get(name) != right.get(name)]
    if "predicate" in parts:
        inside, should = value["predicate"], right["predicate"]
        names = sorted({*inside, *should})
        parts.remove("predicate")
        parts += [shown(name) for name in names if inside.get(name) != should.get(name)]
    return parts
