"""Is each derivative that is here tied to its original, by a record that is signed and logged?

Nothing of the order's evidence rests on a derivative. A copy that is shown in place of its original
says what that says only as far as whoever signed the record is believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.bag import Bag
from auditor.keys import Keys
from auditor.logs import Head, check_head, included, read_hashes
from auditor.seal import Seal, check_envelope, opens, why
from evidence.archive import shown
from evidence.bundle import DERIVED_DATA, DERIVED_PROOF, Opening, openings_bytes
from evidence.carried import (
    CHECKPOINT,
    CONSISTENCY,
    OPENINGS,
    RECEIPTS,
    derivative_path,
    derived_inclusion_path,
    record_path,
)
from evidence.derivatives import BY_HAND, Change, TransformRecord
from evidence.errors import EvidenceError, FormatError
from evidence.items import DERIVED_ROLES, Role
from evidence.merkle import verify_consistency
from evidence.receipts import Receipt

_NAME = "derived"
# A reviewer is shown a few; each costs a signature and two proofs.
MAX_RECEIPTS = 2_000


@dataclass(frozen=True, slots=True)
class _Here:
    """What `receipts.jsonl` and `openings.json` say, by seq."""

    lines: Mapping[int, bytes]
    receipts: Mapping[int, Receipt]
    openings: Mapping[int, Opening]


def derived_paths(bag: Bag) -> set[str]:
    return {path for path in bag.found if path.startswith((DERIVED_DATA, DERIVED_PROOF))}


def signed_paths(bag: Bag) -> list[str]:
    """Those that a key has signed: records, and the head they are proven under."""
    paths = derived_paths(bag)
    return sorted(path for path in paths if path.endswith(".dsse.json") or path == CHECKPOINT)


def check_derived(
    bag: Bag, seal: Seal, sealed: Head | None, *, own: Keys, pinned: Keys | None
) -> None:
    """Check every derivative of the bundle; says nothing if there is none."""
    paths = derived_paths(bag)
    if not paths:
        return
    checks = bag.checks
    if not seal.chain or seal.statement is None:
        checks.unsure(_NAME, "Not compared: receipts or statement do not hold.", RECEIPTS)
        return
    here = _read(bag, seal)
    if here is None:
        return
    head = check_head(bag, CHECKPOINT, own=own, pinned=pinned)
    _check_grown(bag, sealed, head)
    accounted = {RECEIPTS, OPENINGS, CHECKPOINT, CONSISTENCY}
    for seq, line in here.lines.items():
        accounted.add(derived_inclusion_path(seq))
        _check_logged(bag, seq, line, head)
    tied: set[int] = set()
    for seq, receipt in here.receipts.items():
        if receipt.role is Role.TRANSFORM_RECORD:
            accounted.add(record_path(seq))
            record = _record(bag, seal, here, receipt, own=own, pinned=pinned)
            if record is not None:
                tied |= {seq, record.derivative.seq}
                accounted.add(here.openings[record.derivative.seq].path)
    for seq in sorted(here.lines.keys() - tied):
        if not checks.has_failed(_NAME):
            checks.failed(_NAME, f"Receipt {seq} in {RECEIPTS} belongs to no derivative.", RECEIPTS)
    for path in sorted(paths - accounted):
        checks.failed(_NAME, f"{shown(path)} belongs to no derivative of this order.", path)
    if sealed is not None and head is not None:
        checks.passed_unless_failed(
            _NAME, f"The log holds each of the {len(here.lines)} receipts of derivatives."
        )


def _read(bag: Bag, seal: Seal) -> _Here | None:
    raw, told = bag.read(RECEIPTS, _NAME), bag.read(OPENINGS, _NAME)
    if raw is None or told is None:
        return None
    if not raw.endswith(b"\n") or raw.count(b"\n") > MAX_RECEIPTS:
        what = f"{RECEIPTS} is not up to {MAX_RECEIPTS} whole lines."
        bag.checks.failed(_NAME, what, RECEIPTS)
        return None
    lines: dict[int, bytes] = {}
    receipts: dict[int, Receipt] = {}
    try:
        for line in raw[:-1].split(b"\n"):
            receipt = Receipt.from_bytes(line)
            if receipt.seq <= max(lines, default=-1):
                raise FormatError(what=RECEIPTS, why=f"receipt {receipt.seq} is out of order")
            if receipt.role not in DERIVED_ROLES | {Role.TRANSFORM_RECORD}:
                raise FormatError(what=RECEIPTS, why=f"receipt {receipt.seq} is no derivative's")
            if receipt.order != seal.chain[0].order:
                raise FormatError(what=RECEIPTS, why=f"receipt {receipt.seq} is another order's")
            if receipt.seq < len(seal.lines) and line != seal.lines[receipt.seq]:
                raise FormatError(what=RECEIPTS, why=f"receipt {receipt.seq} is not the chain's")
            lines[receipt.seq], receipts[receipt.seq] = line, receipt
    except EvidenceError as error:
        bag.checks.failed(_NAME, f"{RECEIPTS} cannot be used: {why(error)}.", RECEIPTS)
        return None
    try:
        openings = {opening.seq: opening for opening in Opening.read_all(told)}
        if openings.keys() != lines.keys() or openings_bytes(openings.values()) != told:
            raise FormatError(what=OPENINGS, why="it does not open exactly the receipts beside it")
    except EvidenceError as error:
        bag.checks.failed(_NAME, f"{OPENINGS} cannot be used: {why(error)}.", OPENINGS)
        return None
    return _Here(lines, receipts, openings)


def _check_grown(bag: Bag, sealed: Head | None, head: Head | None) -> None:
    raw = bag.read(CONSISTENCY, _NAME)
    if sealed is None or head is None:
        what = f"Not compared: {CHECKPOINT} or the sealed checkpoint does not hold."
        bag.checks.unsure(_NAME, what, CHECKPOINT)
        return
    if raw is None:
        return
    old, new = sealed[1], head[1]
    try:
        if old.origin != new.origin or old.size > new.size:
            raise FormatError(what=CHECKPOINT, why="it is older than the sealed one, or another's")
        verify_consistency(
            old_size=old.size,
            old_root=old.root,
            new_size=new.size,
            new_root=new.root,
            path=read_hashes(raw),
            allow_empty=True,
        )
    except EvidenceError as error:
        what = f"{CONSISTENCY} does not prove that {CHECKPOINT} contains the sealed one: "
        where = CONSISTENCY if old.size <= new.size else CHECKPOINT
        bag.checks.failed(_NAME, f"{what}{why(error)}.", where)


def _check_logged(bag: Bag, seq: int, line: bytes, head: Head | None) -> None:
    path = derived_inclusion_path(seq)
    raw = bag.optional(path, _NAME)
    if raw is None:
        bag.checks.failed(_NAME, f"{path} is missing: receipt {seq} is unproven.", path)
    elif head is not None:
        try:
            included(raw, line, head, head[0], where=CHECKPOINT)
        except EvidenceError as error:
            what = f"{path} does not prove that receipt {seq} is in the log: {why(error)}."
            bag.checks.failed(_NAME, what, path)


def _record(
    bag: Bag,
    seal: Seal,
    here: _Here,
    kept: Receipt,
    *,
    own: Keys,
    pinned: Keys | None,
) -> TransformRecord | None:
    """The record that this receipt commits to, once it ties what is here to what is sealed."""
    path = record_path(kept.seq)
    raw = _opened(bag, here, kept, path)
    if raw is None:
        return None
    payload = check_envelope(raw, path, _NAME, bag.checks, own=own, pinned=pinned)
    if payload is None:
        return None
    try:
        record = TransformRecord.from_payload(payload)
    except EvidenceError as error:
        bag.checks.failed(_NAME, f"{path}: {why(error)}.", path)
        return None
    original, copy = record.original, here.receipts.get(record.derivative.seq)
    last = seal.statement.manifest_seq if seal.statement else -1
    # A report is rendered from a manifest, this one or an earlier one of the order.
    last += record.change is Change.RENDERED
    if original.seq >= last or original != original.to(seal.chain[original.seq]):
        what = f"{path} names an original that is not among the sealed receipts."
        bag.checks.failed(_NAME, what, path)
        return None
    if copy is None or record.derivative != record.derivative.to(copy):
        bag.checks.failed(_NAME, f"{path} names a derivative that has no receipt here.", path)
        return None
    where = derivative_path(copy, original.seq)
    opening = here.openings[copy.seq]
    if opening.path != where or opening.sha256 != record.sha256:
        what = f"{OPENINGS} opens receipt {copy.seq} to something else than {path} is about."
        bag.checks.failed(_NAME, what, OPENINGS)
        return None
    if _opened(bag, here, copy, where, read=False) is None:
        return None
    said = f"{where} is a {record.change} copy of item {original.seq} ({original.role})"
    if record.change is Change.RENDERED:
        now = original.seq == last - 1
        said = f"{where} is a report of {'this' if now else 'an earlier'} account ({original.seq})"
    made = record.transform
    how = "by hand" if made.name == BY_HAND else f"with {shown(made.name)} {shown(made.version)}"
    bag.checks.passed(_NAME, f"{said}, made {how}, says its signed record {kept.seq}.", where)
    return record


def _opened(
    bag: Bag, here: _Here, receipt: Receipt, path: str, *, read: bool = True
) -> bytes | None:
    """The bytes of a file that this receipt commits to; b"" if they are not to be read."""
    opening = here.openings[receipt.seq]
    if opening.path != path or not opens(receipt, opening.salt, opening.sha256):
        what = f"{OPENINGS} does not open receipt {receipt.seq}: its path, salt or digest is wrong."
        bag.checks.failed(_NAME, what, OPENINGS)
        return None
    if path not in bag.found:
        bag.checks.failed(_NAME, f"{path} is missing; receipt {receipt.seq} names it.", path)
        return None
    if bag.found[path] != opening.sha256 or bag.source.sizes[path] != receipt.size:
        what = f"{path} is not what receipt {receipt.seq} ({receipt.role}) was made for."
        bag.checks.failed(_NAME, what, path)
        return None
    return bag.read(path, _NAME) if read else b""
