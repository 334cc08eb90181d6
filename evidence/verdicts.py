"""What a verifier answers: a verdict, and findings that say why.

*Inconclusive is an answer; a guess is a defect.* A verifier never raises for bad evidence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from evidence.facts import Fact
from evidence.fields import Fields

CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NAMED = re.compile(r"(?P<name>[^/]{1,100})/(?P<version>0|[1-9][0-9]{0,8})")


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
    def from_json(cls, value: object) -> Finding:
        """The inverse of `to_json`; FormatError on any other shape."""
        names = ("code", "severity", "sentence", "do", "rests_on")
        read = Fields(value, names, what="a sealed finding")
        if not CODE.fullmatch(read.text("code")):
            raise read.wrong("code", "lower-case words joined by hyphens")
        places = (
            Fields(place, ("item", "locator"), what="a place in a sealed finding")
            for place in read.list("rests_on")
        )
        return cls(
            read.text("code"),
            read.choice("severity", Severity),
            read.text("do"),
            read.text("sentence"),
            tuple((place.hex("item"), place.text("locator")) for place in places),
        )


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
    def from_json(cls, value: object) -> Judgement:
        """The inverse of `to_json`; FormatError on any other shape."""
        names = ("verifier", "question", "verdict", "findings")
        read = Fields(value, names, what="a sealed verdict")
        named = _NAMED.fullmatch(read.text("verifier"))
        if named is None:
            raise read.wrong("verifier", "a name, a slash and a version")
        return cls(
            named["name"],
            int(named["version"]),
            read.text("question"),
            read.choice("verdict", Verdict),
            tuple(map(Finding.from_json, read.list("findings"))),
        )
