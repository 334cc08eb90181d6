"""Who else saw this head? Cosignatures of witnesses over the sealed checkpoint.

A witness cosigns only what contains the head it cosigned before. So whoever shows two histories
needs every demanded witness on his side, and the time in a cosignature is not the sealer's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from auditor.bag import Bag
from auditor.logs import Head
from evidence.bundle import COSIGNED, SEALED
from evidence.errors import EvidenceError
from evidence.notes import NoteVerifier, cosignature_time, split_note
from evidence.quorum import WitnessPolicy
from evidence.times import rfc3339

_NAME = "witnesses"


def read_cosigned(bag: Bag, sealed: Head | None) -> bytes | None:
    """The cosigned form of the sealed checkpoint, if it is here and adds nothing but signatures."""
    raw = bag.optional(COSIGNED, _NAME)
    if raw is None or sealed is None:
        return None
    try:
        split_note(raw)
    except EvidenceError:
        bag.checks.failed(_NAME, f"{COSIGNED} is not a signed note.", COSIGNED)
        return None
    if not raw.startswith(sealed[0]):
        what = f"{COSIGNED} is not the sealed checkpoint with further signatures below it."
        bag.checks.failed(_NAME, what, COSIGNED)
        return None
    return raw


def check_witnesses(
    bag: Bag,
    cosigned: bytes | None,
    *,
    known: Sequence[NoteVerifier],
    demanded: WitnessPolicy | None,
) -> list[datetime]:
    """Verify what known witnesses said; the times at which they said it, UTC.

    known      witnesses' keys, got from elsewhere
    demanded   which of them must have cosigned, or None if nobody asked
    """
    checks = bag.checks
    keys = list(known) + list(demanded.witnesses.values() if demanded else ())
    by_name = {(key.name, key.key_id): key for key in keys}
    seen: dict[bytes, datetime] = {}
    names: list[str] = []
    strangers = 0
    if cosigned is not None:
        text, signatures = split_note(cosigned)
        own = len(split_note(bag.read(f"{SEALED}/checkpoint", _NAME) or cosigned)[1])
        for signature in signatures[own:]:
            key = by_name.get((signature.name, signature.key_id))
            if key is None:
                strangers += 1
            elif not key.verifies(text, signature.signature):
                what = f"The cosignature of {key.name} in {COSIGNED} is wrong."
                checks.failed(_NAME, what, COSIGNED)
            elif key.key not in seen:
                at = _time(cosignature_time(signature.signature))
                if at is None:
                    what = f"The cosignature of {key.name} in {COSIGNED} has no possible time."
                    checks.failed(_NAME, what, COSIGNED)
                    continue
                seen[key.key] = at
                names.append(f"{key.name} at {rfc3339(at, unit_s=1.0)}")
    if demanded is not None and not demanded.met(seen.keys()):
        said = f"only {', '.join(names)}" if names else "no witness that counts"
        what = f"The sealed checkpoint is not cosigned by the witnesses asked for: {said}."
        checks.failed(_NAME, what, COSIGNED)
    elif names:
        what = f"The sealed checkpoint is cosigned by {', '.join(names)}."
        checks.passed_unless_failed(_NAME, what, COSIGNED)
    elif strangers:
        what = f"{strangers} cosignatures were not checked: give the witnesses' keys."
        checks.unsure(_NAME, what, COSIGNED)
    elif keys:
        what = "No witness whose key is known has cosigned the sealed checkpoint."
        checks.unsure(_NAME, what, COSIGNED)
    return list(seen.values())


def _time(at_s: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(at_s, UTC)
    except (OverflowError, OSError, ValueError):
        return None
