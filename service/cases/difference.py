"""What a further attempt changes against the one before.

A second appeal that says the same with the same evidence is refused by platforms, and here before
it is recorded: a person has to add something. Source: scenarios S0-19, S1-21, S4-10.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evidence.cases import Event


def between(before: Sequence[Event], said: Mapping[str, Any]) -> dict[str, Any] | None:
    """The change from the newest submission; None for the first attempt.

    unchanged_evidence   neither an item nor a bundle is another
    """
    if not before:
        return None
    earlier = before[-1].said
    change: dict[str, Any] = {"to_attempt": earlier["attempt"]}
    for name in ("evidence", "bundles", "texts"):
        old, new = set(earlier[name]), set(said[name])
        change[name] = {
            "added": sorted(new - old),
            "dropped": sorted(old - new),
            "kept": len(old & new),
        }
    change["unchanged_evidence"] = earlier["evidence_digest"] == said["evidence_digest"]
    change["unchanged_text"] = bool(said["texts"]) and set(earlier["texts"]) == set(said["texts"])
    return change
