"""What a witness is asked and what it may answer: C2SP tlog-witness, without sockets or disks.

A witness remembers, of each log, the largest head it has cosigned, and cosigns only a head that
provably contains that one. So of two heads that contradict each other it cosigns one at most.

    old <size>          the size the caller believes was cosigned last
    <base64 hash>       0 to 63 hashes of the consistency proof from there
    (empty line)
    <checkpoint>        as signed by the log

Source: C2SP tlog-witness v1.0.0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evidence.canonical import from_base64, to_base64
from evidence.checkpoint import Checkpoint, open_checkpoint, parse_decimal
from evidence.errors import EvidenceError, FormatError, ProofError, TooLargeError
from evidence.merkle import EMPTY_ROOT, verify_consistency
from evidence.notes import (
    CosignatureSigner,
    NoteSignature,
    NoteVerifier,
    add_signatures,
    signature_by,
    split_note,
)

MAX_REQUEST_BYTES = 64 << 10
MAX_PROOF_LINES = 63

_WHAT = "The request to the witness"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """A request to cosign; nothing of it is checked by being read.

    old          size of the head the proof starts from
    proof        consistency hashes, 32 bytes each
    checkpoint   the signed note, verbatim
    """

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    @classmethod
    def parse(cls, raw: bytes) -> AddCheckpoint:
        """Read a body. Raises FormatError, or TooLargeError."""
        if len(raw) > MAX_REQUEST_BYTES:
            raise TooLargeError(what=_WHAT, size=len(raw), limit=MAX_REQUEST_BYTES)
        head, blank, checkpoint = raw.partition(b"\n\n")
        if not blank:
            raise FormatError(what=_WHAT, why="no empty line stands before a checkpoint")
        try:
            first, *lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise FormatError(what=_WHAT, why="its head is not ASCII") from error
        if not first.startswith("old "):
            raise FormatError(what=_WHAT, why="it does not begin with the old size")
        if len(lines) > MAX_PROOF_LINES:
            raise FormatError(what=_WHAT, why=f"it has more than {MAX_PROOF_LINES} hashes")
        old = parse_decimal(first.removeprefix("old "), what="The old size")
        proof = tuple(from_base64(line, what="A hash of the proof") for line in lines)
        return cls(old=old, proof=proof, checkpoint=checkpoint)

    def to_bytes(self) -> bytes:
        head = "".join(f"{line}\n" for line in (f"old {self.old}", *map(to_base64, self.proof)))
        return head.encode("ascii") + b"\n" + self.checkpoint


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a witness does not cosign. `text` of a 409 is the size it cosigned last, and nothing
    else; of all others it is a sentence."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A head that may be cosigned, once it is remembered. `log` is the checkpoint with the
    signatures of the log alone."""

    checkpoint: Checkpoint
    log: bytes

    def cosigned(self, signer: CosignatureSigner) -> tuple[bytes, NoteSignature]:
        """The note to remember, and the signature to answer with."""
        signature = signature_by(signer, self.checkpoint.text)
        return add_signatures(self.log, [signature]), signature


def judge(
    raw: bytes,
    *,
    logs: Mapping[str, Sequence[NoteVerifier]],
    latest: Callable[[str], Checkpoint | None],
) -> Accepted | Refusal:
    """Whether a witness that knows these logs may cosign.

    raw      the body of the request
    logs     by origin, the keys that may sign for it
    latest   what was cosigned last for an origin; asked only for one of `logs`

    Statuses in the order in which tlog-witness has them checked: 400 for what is no request, 404
    for an origin nobody configured, 403 for a signature that does not count, 400 for an old size
    above the new, 409 for one that is not the latest, 422 for a proof that does not hold.
    """
    try:
        asked = AddCheckpoint.parse(raw)
        text, origin = _text_and_origin(asked.checkpoint)
    except EvidenceError as error:
        return Refusal(400, str(error))
    keys = logs.get(origin)
    if not keys:
        return Refusal(404, "unknown log: no key of this origin is configured here")
    if _claims_leaves_of_nothing(text):
        return Refusal(422, "the root of size 0 is not the empty root")
    try:
        split_note(asked.checkpoint)
    except EvidenceError as error:  # its text was fine above, so it is the signatures
        return Refusal(403, f"invalid signature: {error}")
    try:
        head, note = open_checkpoint(asked.checkpoint, keys)
    except ProofError:
        return Refusal(403, "invalid signature: no key of this log has signed it, or one is wrong")
    except EvidenceError as error:
        return Refusal(400, str(error))
    if asked.old > head.size:
        return Refusal(400, f"the old size {asked.old} is above the checkpoint's, {head.size}")
    last = latest(origin)
    size, root = (last.size, last.root) if last is not None else (0, EMPTY_ROOT)
    if asked.old != size:
        return Refusal(409, str(size))
    try:
        verify_consistency(
            old_size=size,
            old_root=root,
            new_size=head.size,
            new_root=head.root,
            path=asked.proof,
            allow_empty=True,
        )
    except (ProofError, FormatError) as error:
        return Refusal(422, f"the consistency proof does not hold: {error.why}")
    kept = b"".join(signature.line.encode() for _, signature in note.verified)
    return Accepted(head, head.text + b"\n" + kept)


def monitoring_name(origin: str) -> str:
    """Under which name a witness shows the last head it cosigned for an origin: 64 hex digits."""
    return hashlib.sha256(origin.encode("utf-8")).hexdigest()


def _text_and_origin(checkpoint: bytes) -> tuple[bytes, str]:
    text, blank, _ = checkpoint.rpartition(b"\n\n")
    if not blank:
        raise FormatError(what=_WHAT, why="its checkpoint is no signed note")
    try:
        return text + b"\n", text.split(b"\n", 1)[0].decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(what=_WHAT, why="its checkpoint is not UTF-8") from error


def _claims_leaves_of_nothing(text: bytes) -> bool:
    """Size 0 with another root than the empty one: a proof that fails, not a misspelt request.

    Looked at before the signature, because a Checkpoint of this kind cannot even be read.
    """
    try:
        Checkpoint.parse(text)
    except FormatError:
        lines = text.split(b"\n")
        try:
            return lines[1] == b"0" and len(from_base64(lines[2].decode(), what="A root")) == 32
        except (FormatError, IndexError, UnicodeDecodeError):
            return False
    return False
