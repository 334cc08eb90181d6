"""Are the receipts in the log, under heads that the log signed and that agree?

`before-read` is the head from before anyone read an item: what lies under it existed by then.
`sealed` covers the statement too. Neither says when: that is for the time tokens.
"""

from __future__ import annotations

from itertools import pairwise

from auditor.bag import Bag
from auditor.keys import Keys
from auditor.report import Checks
from auditor.seal import Seal, why
from evidence.bundle import (
    BEFORE_READ,
    CONSISTENCY,
    COSIGNED,
    MAX_INCLUSION_PROOFS,
    SEALED,
    inclusion_path,
)
from evidence.canonical import from_base64
from evidence.checkpoint import Checkpoint, open_checkpoint
from evidence.errors import EvidenceError, FormatError
from evidence.items import OWN_ROLES
from evidence.merkle import hash_leaf, verify_consistency, verify_inclusion
from evidence.proofs import MAX_PATH, LogProof

Head = tuple[bytes, Checkpoint]


def check_heads(
    bag: Bag, seal: Seal, *, own: Keys, pinned: Keys | None
) -> tuple[Head | None, Head | None]:
    """Both checkpoints, signatures checked; None for one that does not hold."""
    before = check_head(bag, f"{BEFORE_READ}/checkpoint", own=own, pinned=pinned)
    sealed = check_head(bag, f"{SEALED}/checkpoint", own=own, pinned=pinned)
    checks = bag.checks
    where = f"{BEFORE_READ}/checkpoint"
    if before and seal.statement:
        said = seal.statement.log
        if (said.get("origin"), said.get("size")) != (before[1].origin, before[1].size):
            checks.failed(
                "before-read", f"{where} is not the head that the statement names.", where
            )
    if before and seal.manifest and seal.manifest.before_read.encode() != before[0]:
        checks.failed("before-read", f"{where} is not the checkpoint in the manifest.", where)
    if before and sealed:
        _check_consistent(bag, before[1], sealed[1])
    else:
        checks.unsure(
            "before-read", "Not compared: one of the two checkpoints does not hold.", where
        )
    return before, sealed


def check_inclusion(
    bag: Bag, seal: Seal, before: Head | None, sealed: Head | None, *, cosigned: bytes | None = None
) -> None:
    """Every receipt, or for a long chain its head, is in the log under the sealed checkpoint.

    cosigned   that checkpoint with witnesses' signatures: then the proofs carry this form
    """
    checks = bag.checks
    lines = seal.lines
    if not lines or sealed is None:
        checks.unsure("inclusion", "Not checked: receipts or sealed checkpoint do not hold.")
        return
    every = len(lines) <= MAX_INCLUSION_PROOFS
    wanted = range(len(lines)) if every else [len(lines) - 1]
    paths = {inclusion_path(seq) for seq in wanted}
    for path in sorted(bag.found):
        if path.startswith("proof/inclusion/") and path not in paths:
            checks.failed("inclusion", f"{path} is for no receipt that needs it.", path)
    indices: dict[int, int] = {}
    for seq in wanted:
        path = inclusion_path(seq)
        raw = bag.optional(path, "inclusion")
        if raw is None:
            checks.failed("inclusion", f"{path} is missing: receipt {seq} is unproven.", path)
            continue
        try:
            note = cosigned or sealed[0]
            where = f"{SEALED}/checkpoint" if note == sealed[0] else COSIGNED
            indices[seq] = included(raw, lines[seq], sealed, note, where=where)
        except EvidenceError as error:
            what = f"{path} does not prove that receipt {seq} is in the log: {why(error)}."
            checks.failed("inclusion", what, path)
    for first, second in pairwise(sorted(indices)):
        if indices[first] >= indices[second]:
            what = f"Receipt {second} stands before receipt {first} in the log."
            checks.failed("inclusion", what, inclusion_path(second))
    what = (
        f"All {len(lines)} receipts are in the log."
        if every
        else f"The head of {len(lines)} receipts is in the log, and the chain holds the others."
    )
    checks.passed_unless_failed("inclusion", what)
    _check_read_after(checks, seal, indices, before, every=every)


def check_saved(checks: Checks, saved: bytes, sealed: Head | None, *, keys: Keys) -> None:
    """Compare with a checkpoint that the reader kept from another time or place."""
    name = "saved-checkpoint"
    if sealed is None:
        checks.unsure(name, "Not compared: the sealed checkpoint does not hold.")
        return
    try:
        kept, _ = open_checkpoint(saved, keys.log)
    except EvidenceError as error:
        checks.failed(name, f"The saved checkpoint is not signed by this log: {why(error)}.")
        return
    now = sealed[1]
    if kept.size == now.size and kept.root != now.root:
        what = f"The log has signed two different heads of size {now.size}: it was forked."
        checks.failed(name, what, f"{SEALED}/checkpoint")
    elif kept.size == now.size:
        checks.passed(name, "The saved checkpoint is the sealed one.", f"{SEALED}/checkpoint")
    else:
        what = (
            f"The saved checkpoint has size {kept.size}, the sealed one {now.size}: a bundle "
            "holds no proof between them, ask the log for one."
        )
        checks.unsure(name, what, f"{SEALED}/checkpoint")


def check_head(bag: Bag, path: str, *, own: Keys, pinned: Keys | None) -> Head | None:
    """A checkpoint with its bytes, once a counting key of the log has signed it."""
    raw = bag.read(path, "checkpoints")
    if raw is None:
        return None
    keys = pinned.log if pinned and pinned.log else own.log
    try:
        checkpoint, _ = open_checkpoint(raw, keys)
    except EvidenceError as error:
        whose = "the pinned log key" if pinned and pinned.log else "a log key of proof/keys.json"
        what = f"{path} does not hold under {whose}: {why(error)}."
        bag.checks.failed("checkpoints", what, path)
        return None
    if pinned is None:
        what = f"{path} is signed by a log key that only the bundle vouches for."
        bag.checks.passed("checkpoints", what, path)
    elif pinned.log:
        bag.checks.passed("checkpoints", f"{path} is signed by the pinned log key.", path)
    else:
        what = f"{path} is signed, but by a log key that only the bundle vouches for: pin one."
        bag.checks.unsure("checkpoints", what, path)
    return raw, checkpoint


def _check_consistent(bag: Bag, before: Checkpoint, sealed: Checkpoint) -> None:
    name = "before-read"
    raw = bag.optional(CONSISTENCY, name)
    if before.origin != sealed.origin:
        bag.checks.failed(name, f"{SEALED}/checkpoint is of another log.", f"{SEALED}/checkpoint")
    elif before.size > sealed.size:
        what = (
            f"{BEFORE_READ}/checkpoint has size {before.size}, {SEALED}/checkpoint only "
            f"{sealed.size}: the log shrank."
        )
        bag.checks.failed(name, what, f"{BEFORE_READ}/checkpoint")
    elif raw is None and before.size < sealed.size:
        what = "The bundle holds no proof that the log only grew between its two checkpoints."
        bag.checks.unsure(name, what, CONSISTENCY)
    else:
        try:
            verify_consistency(
                old_size=before.size,
                old_root=before.root,
                new_size=sealed.size,
                new_root=sealed.root,
                path=read_hashes(raw or b""),
                allow_empty=True,
            )
        except EvidenceError as error:
            what = f"{CONSISTENCY} does not prove that the log only grew: {why(error)}."
            bag.checks.failed(name, what, CONSISTENCY)
        else:
            what = f"The log grew from {before.size} to {sealed.size} receipts and changed none."
            bag.checks.passed_unless_failed(name, what)


def read_hashes(raw: bytes) -> list[bytes]:
    """A consistency proof as it lies in a bundle, one hash a line. Raises FormatError."""
    what = "The consistency proof"
    lines = raw.split(b"\n")
    if lines.pop() != b"" or len(lines) > MAX_PATH * 2:
        raise FormatError(what=what, why="it is not one hash a line")
    return [from_base64(line.decode("latin-1"), what=what) for line in lines]


def included(raw: bytes, line: bytes, sealed: Head, note: bytes, *, where: str) -> int:
    """The index at which a proof file shows this receipt, under a head that was checked.

    note    that head's bytes as they must stand in the proof, `where` the file that has them
    """
    proof = LogProof.parse(raw)
    # The same bytes as the checkpoint whose signature was checked, so it need not be again.
    if proof.checkpoint != note:
        raise FormatError(what="The log proof", why=f"it is not against {where}")
    verify_inclusion(
        hash_leaf(line),
        index=proof.index,
        size=sealed[1].size,
        path=proof.path,
        root=sealed[1].root,
    )
    return proof.index


def _check_read_after(
    checks: Checks, seal: Seal, indices: dict[int, int], before: Head | None, *, every: bool
) -> None:
    name = "read-after-stored"
    if before is None or not every or seal.statement is None:
        what = "Whether every item was in the log before it was read cannot be told from here."
        checks.unsure(name, what)
        return
    for receipt in seal.chain[: seal.statement.manifest_seq]:
        late = indices.get(receipt.seq, -1) >= before[1].size
        if receipt.role not in OWN_ROLES and late:
            what = f"Receipt {receipt.seq} ({receipt.role}) is not under the before-read head."
            checks.failed(name, what, f"receipt {receipt.seq}")
    checks.passed_unless_failed(name, "Every item was in the log before any of them was read.")
