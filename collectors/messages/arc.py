"""ARC: what each server that passed a mail on saw of it, sealed one over the other (RFC 8617).

A seal says what its server claims to have seen, and nothing of who wrote the mail: it never makes
a mail proven. It tells why a sender's own signature fails, for a list or a forwarder changed it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from collectors.messages.dkim import (
    Checked,
    Field,
    Letter,
    State,
    check,
    head_as,
    holds,
    key_name,
    tags_of,
    unsigned,
)
from collectors.messages.dns_answers import KeyAnswer

# RFC 8617, 4.2.1 allows 50; no honest way is longer than this.
MAX_SETS = 10
_RESULTS, _SIGNATURE, _SEAL = "arc-authentication-results", "arc-message-signature", "arc-seal"
_INSTANCE = re.compile(rb"\s*i\s*=\s*([0-9]{1,2})\s*;")


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain's state, why where it is no pass, and who sealed, the last one first."""

    state: State
    why: str
    sealers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Set:
    results: Field
    signature: Field
    seal: Field
    tags: Mapping[str, str]


def chain_of(letter: Letter, keys: Mapping[str, KeyAnswer], at: datetime) -> Chain | None:
    """Check the seals and the last message signature; None where nothing is sealed."""
    if not letter.named(_SEAL):
        return None
    sets = _sets(letter)
    if sets is None:
        return Chain(State.FAIL, "its sets are not complete", ())
    sealers = tuple(one.tags.get("d", "").lower()[:253] for one in reversed(sets))
    for number, one in enumerate(sets, 1):
        if one.tags.get("cv", "").lower() != ("none" if number == 1 else "pass"):
            return Chain(State.FAIL, f"seal {number} says that the chain was broken", sealers)
    last: Checked = check(letter, sets[-1].signature, keys, at, arc=True)
    if last.state is not State.PASS:
        return Chain(last.state, f"message signature {len(sets)}: {last.why}", sealers)
    for number in range(len(sets), 0, -1):
        state, why = _seal_holds(sets[:number], keys)
        if state is not State.PASS:
            return Chain(state, f"seal {number}: {why}", sealers)
    return Chain(State.PASS, "", sealers)


def arc_key_names(letter: Letter) -> list[str]:
    """The DNS names of the keys that the chain rests on."""
    sets = _sets(letter) or []
    asked = [one.tags for one in sets]
    if sets:
        asked.append(tags_of(sets[-1].signature.value) or {})
    return [name for tags in asked if (name := key_name(tags))]


def _seal_holds(sets: list[_Set], keys: Mapping[str, KeyAnswer]) -> tuple[State, str]:
    """The last of these sets' seal: over all fields of all sets, in order (RFC 8617, 5.1.1)."""
    tags = sets[-1].tags
    if tags.get("a") not in ("rsa-sha256", "ed25519-sha256") or not tags.get("b"):
        return State.UNCHECKED, "its algorithm is not known here"
    fields = [part for one in sets for part in (one.results, one.signature, one.seal)]
    data = b"".join(head_as(part, "relaxed") + b"\r\n" for part in fields[:-1])
    return holds(tags, data + head_as(unsigned(fields[-1]), "relaxed"), keys)


def _sets(letter: Letter) -> list[_Set] | None:
    """The sets, first one first; None unless each number from 1 on has each field once."""
    by_name = {name: _numbered(letter, name) for name in (_RESULTS, _SIGNATURE, _SEAL)}
    count = len(letter.named(_SEAL))
    numbers = set(range(1, count + 1))
    if count > MAX_SETS or any(
        found is None or set(found) != numbers for found in by_name.values()
    ):
        return None
    results, signatures, seals = (found or {} for found in by_name.values())
    return [
        _Set(results[n], signatures[n], seals[n], tags_of(seals[n].value) or {})
        for n in sorted(numbers)
    ]


def _numbered(letter: Letter, name: str) -> dict[int, Field] | None:
    """The fields of this name by instance; None if one has none, or two have the same."""
    found: dict[int, Field] = {}
    for one in letter.named(name):
        # In seals and signatures i= may stand anywhere; in results it comes first.
        tags = None if name == _RESULTS else tags_of(one.value)
        first = _INSTANCE.match(one.value)
        said = (tags or {}).get("i", "") if tags is not None else first[1].decode() if first else ""
        if not said.isascii() or not said.isdigit() or int(said) in found:
            return None
        found[int(said)] = one
    return found
