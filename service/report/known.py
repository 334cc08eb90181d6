"""What is known of a report that somebody has in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evidence.manifest import Manifest
from evidence.times import rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class Newer:
    """What the newest sealed account says otherwise than the one that a report is of.

    receipt    the newest manifest's
    items      how many items it has that the other had not
    verdicts   by question: what it was and is; "" where the question was not asked
    coverage   by requirement: its state then and now
    """

    receipt: int
    sealed_at: datetime
    items: int
    verdicts: Mapping[str, tuple[str, str]]
    coverage: Mapping[str, tuple[str, str]]

    @classmethod
    def between(cls, old: Manifest, new: Manifest, *, receipt: int) -> Newer:
        had = {item.sha256 for item in old.items}
        return cls(
            receipt=receipt,
            sealed_at=new.at,
            items=sum(item.sha256 not in had for item in new.items),
            verdicts=_changed(
                {each.verifier: str(each.verdict) for each in old.judgements},
                {each.verifier: str(each.verdict) for each in new.judgements},
            ),
            coverage=_changed(
                {line.requirement: str(line.state) for line in old.coverage},
                {line.requirement: str(line.state) for line in new.coverage},
            ),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "manifest_receipt": self.receipt,
            "sealed_at": rfc3339(self.sealed_at),
            "items": self.items,
            "verdicts": {name: list(pair) for name, pair in self.verdicts.items()},
            "coverage": {name: list(pair) for name, pair in self.coverage.items()},
        }

    def __str__(self) -> str:
        changed = {**self.verdicts, **self.coverage}
        told = [f"{name} {was or 'not asked'} -> {now or 'not asked'}"
                for name, (was, now) in changed.items()]  # fmt: skip
        return (
            f"sealed {rfc3339(self.sealed_at, unit_s=1)}, receipt {self.receipt}, "
            f"{self.items} further items; " + ("; ".join(told) or "every answer is the same")
        )


def _changed(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    names = dict.fromkeys((*old, *new))
    pairs = {name: (old.get(name, ""), new.get(name, "")) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownReport:
    """It is ours and unaltered, since its digest is the one that was kept.

    receipt    the report's own; `manifest` that of the manifest it was rendered from
    current    whether that manifest is still the newest of the order
    newer      of one that is not, what the newest says otherwise
    made_with  the parameters that it was made with
    """

    sha256: str
    receipt: int
    manifest: int
    current: bool
    made_at: datetime
    made_with: Mapping[str, str]
    newer: Newer | None = None

    def to_json(self) -> dict[str, Any]:
        told = {
            "sha256": self.sha256,
            "receipt": self.receipt,
            "manifest_receipt": self.manifest,
            "current": self.current,
            "made_at": rfc3339(self.made_at),
            "made_with": dict(self.made_with),
        }
        return told | ({"newer": self.newer.to_json()} if self.newer else {})
