"""Words that a policy does not want in what is written to the platform, found with their places.

What is quoted is not ours: text in quotation marks, and lines that begin with ">". The result is
advice about a draft; no evidence is judged by it.

Source: policy facts AMZ-POA-08, TTS-ODR-05, CG-14; scenarios S0-22, S1-11, S3-15, S4-20.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from evidence.items import Role
from evidence.policy import Phrase, Policy

# A draft is a page or two; a longer text is no draft.
MAX_DRAFT = 200_000
# A quotation may run over lines, but not over an empty one: a stray mark hides no more than that.
_INSIDE = r"(?:(?!\n\s*\n)[^{end}]){{0,4000}}"
_MARKS = (
    ('"', '"'),
    ("“", "”"),
    ("„", "“"),
    ("„", "”"),
    ("«", "»"),
    ("「", "」"),
    ("『", "』"),
    ("‘", "’"),
)
_QUOTED = re.compile(
    "|".join(
        re.escape(begin) + _INSIDE.format(end=re.escape(end)) + re.escape(end)
        for begin, end in _MARKS
    )
    + r"|^[ \t]*>[^\n]*",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Slip:
    """`begin` and `end` count characters of the draft, from 0."""

    begin: int
    end: int
    words: str
    rule: Phrase


def slips(policy: Policy, draft: str, *, roles: Collection[Role] = ()) -> list[Slip]:
    """Every unwanted phrase outside of quotations, by place; `roles` are those of the items."""
    return slips_by(policy.phrases, draft, roles=roles)


def slips_by(rules: Iterable[Phrase], draft: str, *, roles: Collection[Role] = ()) -> list[Slip]:
    """The same by phrases that come from elsewhere."""
    quoted = [match.span() for match in _QUOTED.finditer(draft)]
    found = [
        Slip(*match.span(), match[0], rule)
        for rule in rules
        if rule.unless is None or rule.unless not in roles
        for match in _matches(rule, draft)
        if not any(begin <= match.start() < end for begin, end in quoted)
    ]
    return sorted(found, key=lambda slip: (slip.begin, slip.end, slip.rule.id))


def _matches(rule: Phrase, draft: str) -> Iterator[re.Match[str]]:
    for words in rule.words:
        pattern = r"\s+".join(map(re.escape, words.split()))
        # Chinese and Japanese put no spaces between words.
        if ord(words[0]) < 0x2E80:
            pattern = rf"(?<!\w){pattern}(?!\w)"
        yield from re.finditer(pattern, draft, re.IGNORECASE)
