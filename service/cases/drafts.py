"""What speaks against sending a draft that a person brought. It is advice, and no evidence.

structure, coverage of every named order and ASIN, accusation without the platform's ruling, vague
or forbidden wording, length, similarity to earlier drafts, the site's language and statement,
clauses.
Source: scenarios S0-22, S0-27, S1-09, S1-11, S1-16, S3-15, S4-08, S4-10, S4-19, S4-20.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from evidence.cases import Case
from evidence.items import Role
from evidence.playbook import Playbook
from evidence.policy import Phrase, Policy
from evidence.wording import slips_by
from service.cases.clauses import cited
from service.cases.language import language_of
from service.cases.named import asins_in, mentions, near, number_of
from service.cases.plain import plain_text
from service.cases.similar import shared_percent

MUST, ADVICE = "must", "advice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft with what it is held against.

    noticed   orders that the notices name
    earlier   earlier texts of the store, by what a person knows them as
    ruled     the platform's ruling is among the case's papers
    evidence  role and SHA-256 of what it rests on, for the plain text
    """

    text: str
    noticed: Sequence[str] = ()
    asins: Sequence[str] = ()
    earlier: Mapping[str, str] = field(default_factory=dict)
    ruled: bool = False
    evidence: Sequence[tuple[str, str]] = ()
    placed_on: date | None = None


def checked(
    draft: Draft, *, case: Case, book: Playbook, policy: Policy | None, today: date
) -> dict[str, Any]:
    """Every finding by its place, what is `must` first; and the text as it would be pasted."""
    language = language_of(draft.text)
    text = plain_text(draft.text, draft.evidence)
    findings = [
        *_structure(draft, book, language),
        *_coverage(draft, case),
        *_wording(draft, book, policy),
        *_length(text, book),
        *_similar(draft, book),
        *_site(draft, case, book, language),
        *(each.finding() for each in cited(draft.text, book, on=draft.placed_on, today=today)),
    ]
    return {
        "language": language,
        "characters": len(text),
        "limit": book.term("draft.characters"),
        "plain_text": text,
        "findings": sorted(findings, key=lambda each: (each["severity"] != MUST, each["begin"])),
        "sendable": not any(each["severity"] == MUST for each in findings),
    }


def finding(
    code: str, severity: str, text: str, *, begin: int = 0, end: int = 0, source: str = ""
) -> dict[str, Any]:
    return {
        "code": code,
        "severity": severity,
        "text": text,
        "begin": begin,
        "end": end,
        "source": source,
    }


def _structure(draft: Draft, book: Playbook, language: str) -> Iterator[dict[str, Any]]:
    """Each part of a plan of action is there, by words that its headings or sentences use."""
    folded = draft.text.casefold()
    parts: dict[str, bool] = {}
    for section in book.sections:
        if section.language in (language, "en"):
            here = any(word.casefold() in folded for word in section.words)
            parts[section.id] = parts.get(section.id, False) or here
    for id, here in parts.items():
        if not here:
            yield finding(
                f"part-missing-{id}", MUST, f"It has no part on the {id.replace('-', ' ')}."
            )


def _coverage(draft: Draft, case: Case) -> Iterator[dict[str, Any]]:
    own = [number_of(order) for order in case.orders]
    wanted = list(dict.fromkeys([*draft.noticed, *own]))
    found = mentions(draft.text, platform=case.platform, known=wanted)
    named = {each.id for each in found}
    for id in wanted:
        if id not in named:
            yield finding("order-not-answered", MUST, f"The order {id} is not named in it.")
    for each in found:
        if each.id in wanted:
            continue
        other = near(each.id, wanted)
        code, said = ("order-mistyped", f"is nearly {other}") if other else (
            "order-foreign", "is no order of this case",
        )  # fmt: skip
        end = each.begin + len(each.id)
        yield finding(code, MUST, f"{each.id} {said}.", begin=each.begin, end=end)
    told = set(asins_in(draft.text))
    for asin in dict.fromkeys([*draft.asins, *case.asins]):
        if asin not in told:
            yield finding("asin-not-answered", MUST, f"The ASIN {asin} is not named in it.")


def _wording(draft: Draft, book: Playbook, policy: Policy | None) -> Iterator[dict[str, Any]]:
    """By the playbook's lists and the policy's own; a place is told once."""
    rules: tuple[Phrase, ...] = (*book.phrases, *(policy.phrases if policy else ()))
    roles = {Role.DEFECT_NOTICE} if draft.ruled else set()
    told: set[int] = set()
    for slip in slips_by(rules, draft.text, roles=roles):
        if slip.begin in told:
            continue
        told.add(slip.begin)
        family = slip.rule.id.rpartition(".")[2].partition("-")[0]
        severity = MUST if family in ("blame", "promise", "review") else ADVICE
        said = f"{slip.words!r}: {slip.rule.why}."
        yield finding(
            f"wording-{family}", severity, said, begin=slip.begin, end=slip.end,
            source=slip.rule.source,
        )  # fmt: skip


def _length(text: str, book: Playbook) -> Iterator[dict[str, Any]]:
    most = book.term("draft.characters")
    if len(text) > most:
        said = f"As plain text it has {len(text)} characters; {most} are taken."
        yield finding("too-long", MUST, said, begin=most, end=len(text))


def _similar(draft: Draft, book: Playbook) -> Iterator[dict[str, Any]]:
    most = book.term("draft.similar_percent")
    for name, text in draft.earlier.items():
        if (share := shared_percent(draft.text, text)) > most:
            said = f"{share}% of its word runs stand in an earlier text ({name}); numbers left out."
            yield finding("like-an-earlier-one", ADVICE, said)


def _site(draft: Draft, case: Case, book: Playbook, language: str) -> Iterator[dict[str, Any]]:
    for rule in book.sites:
        if rule.site != case.site:
            continue
        if rule.languages and language and language not in rule.languages:
            said = f"It is written in {language}; {rule.text}"
            yield finding("language-of-another-site", MUST, said, source=rule.source)
        folded = draft.text.casefold()
        if rule.needs and not any(need.casefold() in folded for need in rule.needs):
            said = f"It lacks the statement that the site expects: {', '.join(rule.needs)}."
            yield finding("statement-missing", MUST, said, source=rule.source)
