"""Was this order erased, when and why, and does the log say so? From the record alone, offline.

What lies beside the record, written by `orderproof erase --out` or kept from the API's answer:

    erasure.dsse.json      the signed record
    erasure.opening.json   its SHA-256 and salt
    erasure.receipt.json   the receipt, the last of the order's chain
    erasure.tlog-proof     that the receipt is in the log
"""

from __future__ import annotations

from collections.abc import Callable

from auditor.keys import Keys
from auditor.report import Checks, Report, Trust
from auditor.seal import why
from evidence.canonical import digest, parse_canonical
from evidence.checkpoint import open_checkpoint
from evidence.dsse import Envelope, verify
from evidence.erasure import PAYLOAD_TYPE, ErasureRecord
from evidence.errors import EvidenceError
from evidence.fields import Fields
from evidence.items import Role
from evidence.merkle import hash_leaf, verify_inclusion
from evidence.proofs import LogProof
from evidence.receipts import Receipt, commit
from evidence.times import rfc3339

OPENING = "erasure.opening.json"
RECEIPT = "erasure.receipt.json"
PROOF = "erasure.tlog-proof"

Beside = Callable[[str], bytes | None]
"""The bytes of a file that lies beside the record, or None."""


def is_erasure(envelope: Envelope) -> bool:
    return envelope.payload_type == PAYLOAD_TYPE


def check_erasure(raw: bytes, name: str, *, beside: Beside, key: Keys) -> Report:
    """Signature, then the receipt that it opens, then the log; what is not there is unsure."""
    checks = Checks()
    record = _signed(raw, name, key, checks)
    receipt = _opened(raw, record, beside, checks) if record else None
    if record and receipt:
        _included(record, receipt, beside, key, checks)
    return Report(kind="erasure", trust=Trust.PINNED, checks=checks.closed())


def _signed(raw: bytes, name: str, key: Keys, checks: Checks) -> ErasureRecord | None:
    try:
        record = ErasureRecord.from_payload(verify(Envelope.from_json(raw), key.manifest))
    except EvidenceError as error:
        checks.failed("erasure", f"{name} is no record that the pinned key signed: {why(error)}.")
        return None
    what = (
        f"The order {record.order} was erased at {rfc3339(record.at)} ({record.reason}): the "
        "pinned key has signed that. The time is the signer's own."
    )
    checks.passed("erasure", what, name)
    return record


def _opened(
    raw: bytes, record: ErasureRecord, beside: Beside, checks: Checks
) -> tuple[bytes, Receipt] | None:
    opening, line = beside(OPENING), beside(RECEIPT)
    if opening is None or line is None:
        checks.unsure("receipt", f"Not checked: {OPENING} or {RECEIPT} is not beside the record.")
        return None
    try:
        said = Fields(
            parse_canonical(opening, limit=1000, what=OPENING), ("sha256", "salt"), what=OPENING
        )
        receipt = Receipt.from_bytes(line, what=RECEIPT)
        commitment = commit(bytes.fromhex(said.hex("salt")), said.hex("sha256"))
    except EvidenceError as error:
        checks.failed("receipt", f"It cannot be checked: {why(error)}.", RECEIPT)
        return None
    if said.hex("sha256") != digest(raw):
        checks.failed("receipt", f"{OPENING} has the digest of another record.", OPENING)
        return None
    if receipt.commitment != commitment:
        checks.failed("receipt", f"{RECEIPT} is not the receipt of this record.", RECEIPT)
        return None
    if receipt.role is not Role.ERASURE_RECORD or receipt.order != record.order:
        what = f"{RECEIPT} is of another order, or not of an erasure."
        checks.failed("receipt", what, RECEIPT)
        return None
    what = f"It is receipt {receipt.seq} of the order: {receipt.seq} came before it."
    checks.passed("receipt", what, RECEIPT)
    return line, receipt


def _included(
    record: ErasureRecord,
    receipt: tuple[bytes, Receipt],
    beside: Beside,
    key: Keys,
    checks: Checks,
) -> None:
    raw = beside(PROOF)
    if raw is None or not key.log:
        what = f"Not checked: there is no {PROOF}, or no key of the log is pinned."
        checks.unsure("inclusion", what)
        return
    try:
        proof = LogProof.parse(raw)
        head, _ = open_checkpoint(proof.checkpoint, key.log)
        verify_inclusion(
            hash_leaf(receipt[0]),
            index=proof.index,
            size=head.size,
            path=proof.path,
            root=head.root,
        )
    except EvidenceError as error:
        checks.failed("inclusion", f"The receipt is not proven: {why(error)}.", PROOF)
        return
    if head.origin != record.origin:
        checks.failed("inclusion", f"{PROOF} is of another log than the record names.", PROOF)
        return
    what = f"The receipt is entry {proof.index} of the log {head.origin}."
    checks.passed("inclusion", what, PROOF)
