"""The signed head of a log: origin, size, root (C2SP tlog-checkpoint).

A checkpoint is believed only if a key named like its origin has signed it. Whoever
signs checkpoints must keep the last signed size and root durably before answering:
two that contradict each other cannot be taken back.

Source: C2SP tlog-checkpoint v1.0.0.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.canonical import from_base64, to_base64
from evidence.errors import FormatError, ProofError, RequestError
from evidence.merkle import EMPTY_ROOT, HASH_BYTES, MAX_SIZE
from evidence.notes import COSIGNATURE, Note, NoteVerifier, open_note

_WHAT = "The checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log says of itself.

    origin       the log's identity; our logs sign with a key of this name
    size         number of leaves
    root         32 bytes
    extensions   further lines: allowed, read back, never written by us
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lines = (self.origin, *self.extensions)
        if any(not line or re.search(r"[\x00-\x1f]", line) for line in lines):
            why = "a line is empty or holds a control character"
            raise FormatError(what=_WHAT, why=why)
        if not 0 <= self.size <= MAX_SIZE:
            raise FormatError(what=_WHAT, why="its size is out of range")
        if len(self.root) != HASH_BYTES:
            why = f"its root has {len(self.root)} bytes, not 32"
            raise FormatError(what=_WHAT, why=why)
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise FormatError(what=_WHAT, why="its size is 0, its root is not empty")

    @classmethod
    def parse(cls, text: bytes) -> "Checkpoint":
        """Read a note text; only what `text` writes is accepted. Raises FormatError."""
        try:
            lines = text.decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            raise FormatError(what=_WHAT, why="it is not UTF-8") from error
        if lines.pop() != "":
            raise FormatError(what=_WHAT, why="it does not end in a newline")
        if len(lines) < 3:
            why = "it has fewer lines than origin, size and root"
            raise FormatError(what=_WHAT, why=why)
        origin, size, root, *extensions = lines
        return cls(
            origin=origin,
            size=parse_decimal(size, what="The size in the checkpoint"),
            root=from_base64(root, what="The root in the checkpoint"),
            extensions=tuple(extensions),
        )

    @property
    def text(self) -> bytes:
        """The bytes to sign: the note text, with its final newline."""
        lines = (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines).encode("utf-8")


def open_checkpoint(
    raw: bytes, verifiers: Iterable[NoteVerifier], *, quorum: int = 0
) -> tuple[Checkpoint, Note]:
    """Check the log's signature, count the witnesses, then read the checkpoint.

    verifiers   keys of logs (types 01, 02) and of witnesses (type 04)
    quorum      how many witnesses must have cosigned, each with a key of its own

    Raises FormatError for what is not a checkpoint, and ProofError if a known key's
    signature fails, if no log key named like the origin has signed, or for want of
    witnesses.
    """
    if quorum < 0:
        raise RequestError(what="The quorum", why="it is negative")
    note = open_note(raw, verifiers)
    checkpoint = Checkpoint.parse(note.text)
    keys = [key for key, _ in note.verified]
    # A cosignature says "I saw this head", never "this is my log".
    logs = {k.key for k in keys if k.kind != COSIGNATURE and k.name == checkpoint.origin}
    if not logs:
        why = f"no trusted key of the log {checkpoint.origin!r} has signed it"
        raise ProofError(what=_WHAT, why=why)
    # Ed25519 cosignatures do not bind the witness's name: count keys, not names.
    witnesses = {k.key for k in keys if k.kind == COSIGNATURE} - logs
    if len(witnesses) < quorum:
        why = f"{len(witnesses)} of the {quorum} required witnesses have cosigned"
        raise ProofError(what=_WHAT, why=why)
    return checkpoint, note


def parse_decimal(text: str, *, what: str) -> int:
    """A count as the C2SP formats write it: digits, no sign, no leading zero, < 2^63."""
    if re.fullmatch(r"0|[1-9][0-9]{0,18}", text) is None or int(text) > MAX_SIZE:
        raise FormatError(what=what, why="it is not a plain decimal number below 2^63")
    return int(text)
