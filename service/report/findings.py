"""Findings in a report: their sealed sentences, what their codes mean in Chinese, their places."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from evidence.verdicts import Finding
from service.report.blocks import Place, quoted
from service.report.sealing import Sealing
from service.report.wanted import Language
from service.wording.words import Said


class Phrase(NamedTuple):
    """What a code means, and what to do about it; `do` is "" where there is nothing to do."""

    meaning: str
    do: str


@cache
def phrases() -> dict[str, Phrase]:
    text = files("service.report").joinpath("findings_zh.toml").read_text(encoding="utf-8")
    return {code: Phrase(*told) for code, told in tomllib.loads(text).items()}


def sentence(finding: Finding, language: Language) -> Said:
    """The sealed sentence, and in Chinese what its code means."""
    sealed = quoted(finding.sentence or finding.code).en
    known = phrases().get(finding.code)
    return Said.same(sealed) if known is None else glossed(sealed, known.meaning, language)


def glossed(sealed: str, meaning: str, language: Language) -> Said:
    """A sealed English text with its meaning in Chinese; where that stands alone, with the text."""
    return Said(sealed, f"{meaning}（原文：{sealed}）" if language is Language.ZH else meaning)


def do(finding: Finding) -> Said:
    known = phrases().get(finding.code)
    return Said(finding.do, known.do if known and known.do else finding.do)


def places_of(sealing: Sealing) -> Where:
    """Where each finding of the manifest stands, and what it rests on."""
    return Where(
        sealing,
        {
            id(finding): sealing.here("verdicts", at, "findings", n)
            for at, judged in enumerate(sealing.manifest.judgements)
            for n, finding in enumerate(judged.findings)
        },
    )


class Where:
    """Places of a finding: its own in the manifest, then those it rests on."""

    def __init__(self, sealing: Sealing, own: Mapping[int, Place]) -> None:
        self._sealing, self._own = sealing, own

    def __call__(self, finding: Finding) -> tuple[Place, ...]:
        return (self._own[id(finding)], *self._sealing.places(finding.rests))

    def merged(self, findings: Iterable[Finding]) -> list[tuple[Finding, tuple[Place, ...]]]:
        """Findings that say the same once, with the places of all of them."""
        together: dict[tuple[str, str], list[Finding]] = {}
        for finding in findings:
            together.setdefault((finding.code, finding.sentence), []).append(finding)
        return [
            (same[0], tuple(dict.fromkeys(place for one in same for place in self(one))))
            for same in together.values()
        ]
