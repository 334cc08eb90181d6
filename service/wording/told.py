"""How findings are told to a person: what several items have in common is said once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from evidence.verdicts import Finding


def told(findings: Iterable[Finding]) -> Iterator[tuple[list[str], str]]:
    """What was found, and the one thing to do about it ("" for nothing), in the findings' order."""
    for do, group in groupby(findings, key=lambda finding: finding.do):
        counted: dict[str, int] = {}
        for finding in group:
            counted[finding.sentence] = counted.get(finding.sentence, 0) + 1
        yield [_times(sentence, count) for sentence, count in counted.items()], do


def _times(sentence: str, count: int) -> str:
    return sentence if count == 1 else f"{sentence} ({count} times)"
