"""Derivatives in a bundle: the copies, and what ties each to the receipt of its original.

    data/derived/0009-derived.redacted-of-0003.png   a copy
    proof/derived/0010.dsse.json                     the transform record of it, signed
    proof/derived/receipts.jsonl                     receipts of copies and records, by seq
    proof/derived/openings.json                      what opens these
    proof/derived/checkpoint                         a head of the log that covers them
    proof/derived/consistency                        hashes from the sealed head to that one
    proof/derived/inclusion/0009.tlog-proof          each of the receipts in that log

Most derivatives are made after the seal, so they lie outside the chain that the statement binds,
and are proven one by one. They add to a bundle and take nothing from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evidence.bundle import (
    DERIVED_DATA,
    DERIVED_PROOF,
    Opening,
    Sealed,
    extension_of,
    openings_bytes,
)
from evidence.canonical import digest, to_base64
from evidence.errors import RequestError
from evidence.items import Content, InMemory
from evidence.receipts import Receipt, commit

RECEIPTS = f"{DERIVED_PROOF}receipts.jsonl"
OPENINGS = f"{DERIVED_PROOF}openings.json"
CHECKPOINT = f"{DERIVED_PROOF}checkpoint"
CONSISTENCY = f"{DERIVED_PROOF}consistency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A derivative with all that ties it: its receipt and salt, its record, and the record's.

    original   the place of its original's receipt, as the record says
    """

    original: int
    content: Content
    salt: bytes = field(repr=False)
    receipt: bytes
    record: Sealed
    record_receipt: bytes


def derivative_path(receipt: Receipt, original: int) -> str:
    """Where a copy lies. Its name tells of which item it is, and nothing else."""
    extension = extension_of(receipt.media_type)
    return f"{DERIVED_DATA}{receipt.seq:04d}-{receipt.role}-of-{original:04d}.{extension}"


def record_path(seq: int) -> str:
    return f"{DERIVED_PROOF}{seq:04d}.dsse.json"


def derived_inclusion_path(seq: int) -> str:
    return f"{DERIVED_PROOF}inclusion/{seq:04d}.tlog-proof"


def derived_files(
    carried: Sequence[Carried],
    *,
    checkpoint: bytes,
    consistency: Sequence[bytes],
    proofs: Mapping[int, bytes],
) -> dict[str, Content]:
    """The files of these derivatives; none if there is none.

    checkpoint   a signed head that covers every receipt of them
    consistency  hashes from the sealed head to it
    proofs       .tlog-proof files by seq, one for each receipt, against `checkpoint`

    Raises RequestError if these do not belong together.
    """
    if not carried:
        return {}
    files: dict[str, Content] = {}
    lines: dict[int, bytes] = {}
    openings: list[Opening] = []
    for each in carried:
        receipt = Receipt.from_bytes(each.receipt)
        kept = Receipt.from_bytes(each.record_receipt)
        copy = derivative_path(receipt, each.original)
        bytes_of_record = digest(each.record.envelope)
        for salt, sha256, of in (
            (each.salt, each.content.sha256, receipt),
            (each.record.salt, bytes_of_record, kept),
        ):
            if commit(salt, sha256) != of.commitment:
                _refuse(f"receipt {of.seq} does not commit to these bytes")
        files[copy] = each.content
        files[record_path(kept.seq)] = InMemory(each.record.envelope)
        lines |= {receipt.seq: each.receipt, kept.seq: each.record_receipt}
        openings += [
            Opening(seq=receipt.seq, sha256=each.content.sha256, salt=each.salt, path=copy),
            Opening(
                seq=kept.seq,
                sha256=bytes_of_record,
                salt=each.record.salt,
                path=record_path(kept.seq),
            ),
        ]
    if set(proofs) != set(lines):
        _refuse(f"there are {len(proofs)} inclusion proofs for {len(lines)} receipts")
    files[RECEIPTS] = InMemory(b"".join(lines[seq] + b"\n" for seq in sorted(lines)))
    files[OPENINGS] = InMemory(openings_bytes(openings))
    files[CHECKPOINT] = InMemory(checkpoint)
    hashes = "".join(f"{to_base64(node)}\n" for node in consistency)
    files[CONSISTENCY] = InMemory(hashes.encode("ascii"))
    return files | {derived_inclusion_path(seq): InMemory(raw) for seq, raw in proofs.items()}


def _refuse(why: str) -> None:
    raise RequestError(what="The set of derivatives", why=why)
