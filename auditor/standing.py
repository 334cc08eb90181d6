"""What is still worth something once a key was revoked, and why?

A revoked key may be in anyone's hands from `revoked_since` on, so a signature by it counts only
if somebody else shows that it was there before: a pinned time authority, or a pinned witness, over
a checkpoint that covers it. The sealer's own times show nothing: whoever has the key writes them.

A time authority's whole second may end after the moment itself, so it has to be over by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from auditor.keys import Keys, Standing
from auditor.report import Checks
from evidence.bundle import BEFORE_READ, MANIFEST, SEALED, STATEMENT
from evidence.checkpoint import open_checkpoint
from evidence.dsse import Envelope, PublicKey, keyid_of, verify
from evidence.errors import EvidenceError
from evidence.notes import NoteVerifier
from evidence.times import rfc3339

_NAME = "revocation"
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """The earliest moment at which somebody else is known to have seen a checkpoint, or None."""

    before_read: datetime | None = None
    sealed: datetime | None = None

    @property
    def either(self) -> datetime | None:
        """What lies under both of them. The manifest, sealed, holds the checkpoint before
        reading, so a time over either shows that this one was there."""
        return earliest(at for at in (self.before_read, self.sealed) if at is not None)


def check_standing(
    checks: Checks,
    signed: Iterable[tuple[str, bytes]],
    *,
    own: Keys,
    pinned: Keys | None,
    proven: Proven,
) -> None:
    """Judge each signed file whose keys were all revoked.

    signed   path and bytes of statement, manifest and checkpoints, those that are here; read
             only where a key was revoked

    Says nothing if no key of this house was ever revoked. A revocation that only the bundle tells
    of can make nothing fail: it is said.
    """
    standing = _union(own.standing, pinned.standing if pinned else {})
    if not any(each.revoked_since for each in standing.values()):
        return
    strict = pinned is not None and any(s.revoked_since for s in pinned.standing.values())
    manifest = pinned.manifest if pinned and pinned.manifest else own.manifest
    log = pinned.log if pinned and pinned.log else own.log
    at = {
        STATEMENT: proven.sealed,
        MANIFEST: proven.sealed,
        f"{BEFORE_READ}/checkpoint": proven.either,
        f"{SEALED}/checkpoint": proven.sealed,
    }
    revoked = 0
    for path, raw in signed:
        note = path.endswith("/checkpoint")
        signers = _log_signers(raw, log) if note else _envelope_signers(raw, manifest)
        since = _revoked(signers, standing)
        if since is not None:
            revoked += 1
            _judge(checks, path, since, at.get(path), strict=strict)
    if not revoked:
        checks.passed(_NAME, "Keys of this house were revoked, but none that signed here.")


def earliest(times: Iterable[datetime]) -> datetime | None:
    return min(times, default=None)


def _judge(
    checks: Checks, path: str, since: datetime, at: datetime | None, *, strict: bool
) -> None:
    when = _written(since)
    if at is None:
        what = (
            f"{path} is signed by a key that was revoked since {when}, and no pinned time "
            "authority or witness shows when: do not rely on it, or pin one that does."
        )
        checks.unsure(_NAME, what, path, holds_back=strict)
    elif at + _SECOND <= since:
        what = (
            f"{path} is signed by a key that was revoked since {when}, but it is still good: "
            f"somebody else saw it by {_written(at)}."
        )
        checks.passed(_NAME, what, path)
    elif strict:
        what = (
            f"{path} is signed by a key that was revoked since {when}, and was seen by nobody "
            f"else before {_written(at)}: whoever took the key may have made it."
        )
        checks.failed(_NAME, what, path)
    else:
        what = (
            f"{path} is signed by a key that its own bundle calls revoked since {when}, and was "
            f"seen by nobody else before {_written(at)}."
        )
        checks.unsure(_NAME, what, path)


def _revoked(signers: Iterable[str], standing: Mapping[str, Standing]) -> datetime | None:
    """Since when the last of the signers is revoked; None if one is not, or nobody signed."""
    times = [standing.get(signer, Standing()).revoked_since for signer in signers]
    found = [time for time in times if time is not None]
    return max(found) if found and len(found) == len(times) else None


def _envelope_signers(raw: bytes, keys: Iterable[PublicKey]) -> list[str]:
    signers = []
    for key in keys:
        try:
            verify(Envelope.from_json(raw), [key])
        except EvidenceError:
            continue
        signers.append(keyid_of(key))
    return signers


def _log_signers(raw: bytes, keys: Iterable[NoteVerifier]) -> list[str]:
    try:
        checkpoint, note = open_checkpoint(raw, keys)
    except EvidenceError:
        return []
    return [key.vkey for key, _ in note.verified if key.name == checkpoint.origin]


def _union(first: Mapping[str, Standing], second: Mapping[str, Standing]) -> dict[str, Standing]:
    """The earlier revocation of each key: what a bundle says against itself is believed."""
    both = dict(first)
    for name, standing in second.items():
        since = [s.revoked_since for s in (standing, both.get(name)) if s and s.revoked_since]
        both[name] = Standing(
            valid_from=standing.valid_from,
            valid_to=standing.valid_to,
            revoked_since=earliest(since),
        )
    return both


def _written(at: datetime) -> str:
    return rfc3339(at.astimezone(UTC), unit_s=1.0)
