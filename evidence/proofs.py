"""One entry, provably in the log, in a file that needs no server (C2SP tlog-proof).

    c2sp.org/tlog-proof@v1
    extra <base64>                 optional; nobody vouches for it
    index <decimal>
    <base64 hash>                  0 to 63 lines, the leaf's sibling first
    (empty line)
    <checkpoint, verbatim, with all its signatures>

The checkpoint is the only thing in it that is signed: size and root come from there,
after its signatures were checked, and from nowhere else.

Source: C2SP tlog-proof (no tag yet).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from evidence.canonical import from_base64, to_base64
from evidence.checkpoint import Checkpoint, open_checkpoint, parse_decimal
from evidence.errors import FormatError, RequestError, TooLargeError
from evidence.merkle import HASH_BYTES, MAX_SIZE, hash_leaf, verify_inclusion
from evidence.notes import COSIGNATURE, MAX_NOTE_BYTES, NoteVerifier

MAX_PROOF_BYTES = MAX_NOTE_BYTES + 100_000
MAX_PATH = 63

_WHAT = "The log proof"
_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogProof:
    """What a `.tlog-proof` file says; nothing of it is checked by being read.

    index        zero-based place of the entry in the log
    path         sibling hashes from the leaf upward, 32 bytes each
    checkpoint   the signed note, verbatim
    extra        unauthenticated bytes, or None
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.index < MAX_SIZE:
            raise FormatError(what=_WHAT, why="its index is out of range")
        if len(self.path) > MAX_PATH:
            why = f"it has {len(self.path)} hashes, more than {MAX_PATH}"
            raise FormatError(what=_WHAT, why=why)
        for node in self.path:
            if len(node) != HASH_BYTES:
                why = f"one of its hashes has {len(node)} bytes, not 32"
                raise FormatError(what=_WHAT, why=why)

    @classmethod
    def parse(cls, raw: bytes) -> "LogProof":
        """Read a file; only what `to_bytes` writes is accepted.

        Raises FormatError, or TooLargeError.
        """
        if len(raw) > MAX_PROOF_BYTES:
            raise TooLargeError(what=_WHAT, size=len(raw), limit=MAX_PROOF_BYTES)
        head, blank, checkpoint = raw.partition(b"\n\n")
        if not blank:
            raise FormatError(what=_WHAT, why="no empty line stands before a checkpoint")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise FormatError(what=_WHAT, why="its head is not ASCII") from error
        if lines.pop(0) != _HEADER:
            raise FormatError(what=_WHAT, why=f"it does not begin with {_HEADER}")
        extra = None
        if lines and lines[0].startswith("extra "):
            encoded = lines.pop(0).removeprefix("extra ")
            extra = from_base64(encoded, what="The extra line of the log proof")
        if not lines or not lines[0].startswith("index "):
            raise FormatError(what=_WHAT, why="it has no index line")
        number = lines.pop(0).removeprefix("index ")
        if len(lines) > MAX_PATH:  # before decoding any of them
            why = f"it has {len(lines)} hashes, more than {MAX_PATH}"
            raise FormatError(what=_WHAT, why=why)
        return cls(
            index=parse_decimal(number, what="The index in the log proof"),
            path=tuple(from_base64(x, what="A hash of the log proof") for x in lines),
            checkpoint=checkpoint,
            extra=extra,
        )

    def to_bytes(self) -> bytes:
        """The file, byte for byte."""
        lines = [_HEADER]
        if self.extra is not None:
            lines.append(f"extra {to_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += map(to_base64, self.path)
        return "\n".join(lines).encode("ascii") + b"\n\n" + self.checkpoint


def verify_proof(
    raw: bytes,
    *,
    entry: bytes,
    log: NoteVerifier,
    witnesses: Iterable[NoteVerifier] = (),
    quorum: int = 0,
) -> Checkpoint:
    """Check that `entry` is in the log, and return the checkpoint that covers it.

    raw         the bytes of a .tlog-proof file
    entry       the logged bytes themselves (a receipt), not their hash
    log         the key of the log; its name is the only origin accepted
    witnesses   keys (type 04) whose cosignatures count; one that is wrong refuses all
    quorum      how many of them must have cosigned

    Where the entry stands is `LogProof.parse(raw).index`, true once this returns.
    Raises FormatError, TooLargeError or ProofError; RequestError for keys of the
    wrong kind.
    """
    cosigners = tuple(witnesses)
    if log.kind == COSIGNATURE or any(w.kind != COSIGNATURE for w in cosigners):
        why = "a log signs with type 01 or 02, a witness with type 04"
        raise RequestError(what="A list of verifier keys", why=why)
    proof = LogProof.parse(raw)
    # The one log key among them is `log`, so it is the one that has signed, and its name
    # is the origin.
    checkpoint, _ = open_checkpoint(proof.checkpoint, (log, *cosigners), quorum=quorum)
    verify_inclusion(
        hash_leaf(entry),
        index=proof.index,
        size=checkpoint.size,
        path=proof.path,
        root=checkpoint.root,
    )
    return checkpoint
