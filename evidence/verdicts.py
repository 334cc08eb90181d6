"""What a verifier answers: a verdict, and findings that say why.

*Inconclusive is an answer; a guess is a defect.* A verifier never raises for bad evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from evidence.errors import FormatError
from evidence.facts import Fact


class Verdict(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not_applicable"


class Severity(StrEnum):
    """GRAVE speaks against the evidence, NOTE is worth knowing, GOOD is what held."""

    GRAVE = "grave"
    NOTE = "note"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason, in a sentence, with the facts it rests on and what to do about it.

    code   stable, lower-case words joined by hyphens; documented in docs/verifiers.md
    rests  (item SHA-256, locator) of each fact it rests on
    """

    code: str
    severity: Severity
    do: str
    sentence: str = ""
    rests: tuple[tuple[str, str], ...] = ()

    @classmethod
    def grave(cls, code: str, *, do: str) -> Finding:
        return cls(code, Severity.GRAVE, do)

    @classmethod
    def note(cls, code: str, *, do: str) -> Finding:
        return cls(code, Severity.NOTE, do)

    @classmethod
    def good(cls, code: str) -> Finding:
        return cls(code, Severity.GOOD, "")

    def saying(self, sentence: str, *facts: Fact) -> Finding:
        """This finding for a case at hand: a sentence and the facts behind it."""
        rests = tuple(dict.fromkeys((fact.item, str(fact.locator)) for fact in facts))
        return Finding(self.code, self.severity, self.do, sentence, rests)

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": str(self.severity),
            "sentence": self.sentence,
            "do": self.do,
            "rests_on": [{"item": item, "locator": locator} for item, locator in self.rests],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Finding:
        try:
            return cls(
                value["code"],
                Severity(value["severity"]),
                value["do"],
                value["sentence"],
                tuple((place["item"], place["locator"]) for place in value["rests_on"]),
            )
        except (KeyError, TypeError, ValueError) as problem:
            raise FormatError(what="a sealed finding", why=str(problem)) from problem


Answer = tuple[Verdict, Sequence[Finding]]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verifier's answer with the verifier's name, version and question."""

    verifier: str
    version: int
    question: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "verifier": f"{self.verifier}/{self.version}",
            "question": self.question,
            "verdict": str(self.verdict),
            "findings": [finding.to_json() for finding in self.findings],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Judgement:
        try:
            name, _, version = value["verifier"].partition("/")
            return cls(
                name,
                int(version),
                value["question"],
                Verdict(value["verdict"]),
                tuple(Finding.from_json(finding) for finding in value["findings"]),
            )
        except (KeyError, TypeError, ValueError) as problem:
            raise FormatError(what="a sealed verdict", why=str(problem)) from problem
