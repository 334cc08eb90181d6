"""Every sentence of the console, in English and Chinese: `words.toml`, a line each.

What was sealed is shown as it was sealed, in the language it is in; only our own words change.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from aiohttp import hdrs, web
from markupsafe import Markup, escape

from evidence.verdicts import Finding, Judgement
from service.report.findings import do, phrases
from service.wording.words import COVERED, LEVELS, PROVENANCE, ROLES, VERDICTS, Said, question

LANGUAGES = ("en", "zh")
COOKIE = "orderproof-words"
# What a report calls it, a page calls it too.
_SHARED: Mapping[str, Mapping[str, Said]] = {
    "role": ROLES, "grade": PROVENANCE, "verdict": VERDICTS, "covered": COVERED, "level": LEVELS,
}  # fmt: skip


@cache
def table() -> Mapping[str, tuple[str, str]]:
    """Sentences by "page.name", English first."""
    raw = tomllib.loads((files(__package__) / "words.toml").read_text("utf-8"))
    return {
        f"{section}.{name}": (said[0], said[1])
        for section, lines in raw.items()
        for name, said in lines.items()
    }


class Words:
    """The sentences of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._index = LANGUAGES.index(language)

    def __call__(self, key: str, **gaps: Any) -> Markup:
        """The sentence with its gaps filled; what fills them is escaped. KeyError for no such."""
        # Escapes what fills the gaps, and the sentence itself.
        return escape(table()[key][self._index]).format(**gaps)

    @property
    def colon(self) -> str:
        return "：" if self.language == "zh" else ": "

    @property
    def stop(self) -> str:
        """Between two sentences."""
        return "。" if self.language == "zh" else ". "

    @property
    def comma(self) -> str:
        """Between the parts of a list."""
        return "、" if self.language == "zh" else ", "

    def of(self, section: str, name: str) -> str:
        """One of a list of names that may grow elsewhere: as it stands where it is not ours."""
        if (shared := _SHARED.get(section)) is not None:
            return shared.get(name, Said.same(name)).in_(self.language)
        found = table().get(f"{section}.{name}")
        return found[self._index] if found is not None else name

    def meaning(self, finding: Finding) -> str:
        """In Chinese what the finding's code means; its sentence stays as it was sealed."""
        known = phrases().get(finding.code) if self.language == "zh" else None
        return known.meaning if known is not None else ""

    def do(self, finding: Finding) -> str:
        return do(finding).in_(self.language)

    def left(self, seconds: float) -> str:
        """How long it is still, to the hour; the page counts on by itself."""
        days, rest = divmod(max(0, int(seconds)), 86_400)
        hours, minutes = rest // 3_600, rest % 3_600 // 60
        key = "left.days" if days else "left.hours"
        return self(key, days=days, hours=hours, minutes=minutes)

    def question(self, judged: Judgement) -> str:
        """What a verifier asks; in its own words where it is not ours."""
        return question(judged.verifier, judged.question).in_(self.language)


def language_of(request: web.Request) -> str:
    """What was chosen with a click, or before, or what the browser asks for."""
    for said in (request.query.get("words"), request.cookies.get(COOKIE)):
        if said in LANGUAGES:
            return said
    for part in request.headers.get(hdrs.ACCEPT_LANGUAGE, "")[:200].split(","):
        tag = part.strip().partition(";")[0].partition("-")[0].lower()
        if tag in LANGUAGES:
            return tag
    return LANGUAGES[0]
