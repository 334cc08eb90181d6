"""What an audit answers: one line for each check, and one answer over all.

A check that could not be made is `inconclusive` and says why; it is never called a pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

# A thing that is wrong ten thousand times is said a hundred times and counted.
MAX_SAID = 100


class State(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Trust(StrEnum):
    """BUNDLE: only the bundle vouches for its keys. PINNED: a key came from elsewhere."""

    BUNDLE = "bundle"
    PINNED = "pinned"


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer.

    name    stable, lower-case words joined by hyphens
    what    a sentence for people; names the file, item or receipt
    where   the same place for programs: a path in the bundle, "receipt 5", "" for the whole
    holds_back   whether the whole must not be called ok while this is open

    Names from outside reach both, so what a terminal or JSON could trip over is escaped.
    """

    name: str
    state: State
    what: str
    where: str = ""
    holds_back: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "what", _printable(self.what))
        object.__setattr__(self, "where", _printable(self.where))

    def to_json(self) -> dict[str, str]:
        return {"name": self.name, "state": self.state, "what": self.what, "where": self.where}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole answer.

    kind      "zip", "folder", "manifest", "statement" or "erasure"
    trust     whose word the signatures rest on
    counts    receipts, items, files and bytes that were looked at
    """

    kind: str
    trust: Trust
    checks: tuple[Check, ...]
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing failed, something held, and nothing is open that must not be."""
        states = {check.state for check in self.checks}
        if any(check.holds_back for check in self.checks):
            return False
        return State.FAIL not in states and State.PASS in states

    @property
    def answer(self) -> str:
        return "ok" if self.ok else "not ok"

    def to_json(self) -> dict[str, Any]:
        return {
            "answer": self.answer,
            "trust": str(self.trust),
            "kind": self.kind,
            "counts": dict(self.counts),
            "checks": [check.to_json() for check in self.checks],
        }

    def lines(self) -> list[str]:
        """For a terminal, the answer last."""
        said = [f"{check.state:<12} {check.name:<18} {check.what}" for check in self.checks]
        counted = ", ".join(f"{number} {name}" for name, number in self.counts.items())
        return [*said, f"{self.answer}, trust: {self.trust}" + (f" ({counted})" if counted else "")]


class Checks:
    """Collects checks while an audit runs."""

    def __init__(self) -> None:
        self._made: list[Check] = []
        self._failed: dict[str, int] = {}

    def __iter__(self) -> Iterator[Check]:
        return iter(self._made)

    def passed(self, name: str, what: str, where: str = "") -> None:
        self._made.append(Check(name, State.PASS, what, where))

    def unsure(self, name: str, what: str, where: str = "", *, holds_back: bool = False) -> None:
        self._made.append(Check(name, State.INCONCLUSIVE, what, where, holds_back))

    def failed(self, name: str, what: str, where: str = "") -> None:
        count = self._failed[name] = self._failed.get(name, 0) + 1
        if count <= MAX_SAID:
            self._made.append(Check(name, State.FAIL, what, where))

    def has_failed(self, name: str) -> bool:
        return name in self._failed

    def passed_unless_failed(self, name: str, what: str, where: str = "") -> None:
        """The pass of a check that was made of many parts."""
        if not self.has_failed(name):
            self.passed(name, what, where)

    def add(self, later: Checks) -> None:
        """Take over what was told elsewhere, after what was told here; no more than is said."""
        said = {name: min(count, MAX_SAID) for name, count in self._failed.items()}
        for check in later._made:
            if check.state is State.FAIL:
                said[check.name] = said.get(check.name, 0) + 1
                if said[check.name] > MAX_SAID:
                    continue
            self._made.append(check)
        for name, count in later._failed.items():
            self._failed[name] = self._failed.get(name, 0) + count

    def to_json(self) -> dict[str, Any]:
        """All of it so far, for an audit that may be interrupted."""
        return {"made": [check.to_json() for check in self._made], "failed": dict(self._failed)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Checks:
        """The inverse of `to_json`."""
        checks = cls()
        for made in value["made"]:
            state = State(made["state"])
            checks._made.append(Check(made["name"], state, made["what"], made["where"]))
        checks._failed = {str(name): int(count) for name, count in value["failed"].items()}
        return checks

    def closed(self) -> tuple[Check, ...]:
        for name, count in self._failed.items():
            if count > MAX_SAID:
                more = f"{count - MAX_SAID} more of these are not listed."
                self._made.append(Check(name, State.FAIL, more))
        return tuple(self._made)


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
