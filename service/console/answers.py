"""What is said first of an order, and until when: worked out of what is sealed, never promised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from evidence.facts import Facts
from evidence.manifest import Coverage, Manifest
from evidence.policy import Deadline, Level, Policy, Requirement
from evidence.verdicts import Judgement, Verdict
from service.api.ports import Account
from verifiers.terms.due import dues, later

_ORDER = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.NOT_APPLICABLE)
_STARTS = "defect.noticed.at"


@dataclass(frozen=True, slots=True)
class Headline:
    """tone  fail, inconclusive or pass: colour and sign; never the words alone

    key      of words.toml, with its gaps
    """

    tone: str
    key: str
    gaps: dict[str, int]


def headline(account: Account) -> Headline:
    """What speaks against it before what is missing, before what is open, before what holds."""
    newest = account.collections[-1]
    manifest = account.manifest
    if manifest is None:
        key = "failed" if newest.state == "failed" else "under_way"
        return Headline(
            "fail" if newest.state == "failed" else "inconclusive", f"headline.{key}", {}
        )
    counts = dict.fromkeys(Verdict, 0)
    for judged in manifest.judgements:
        counts[judged.verdict] += 1
    asked = len(manifest.judgements) - counts[Verdict.NOT_APPLICABLE]
    missing = len(missing_required(manifest))
    unanswered = sum(source.state in ("failed", "skipped") for source in manifest.sources)
    if counts[Verdict.FAIL]:
        return Headline(
            "fail", "headline.against", {"n": counts[Verdict.FAIL], "m": missing, "all": asked}
        )
    if missing:
        return Headline("inconclusive", "headline.missing", {"m": missing})
    if unanswered:
        return Headline("inconclusive", "headline.unanswered", {"n": unanswered})
    if counts[Verdict.INCONCLUSIVE]:
        return Headline(
            "inconclusive", "headline.open", {"n": counts[Verdict.INCONCLUSIVE], "all": asked}
        )
    return Headline("pass", "headline.holds", {})


def judgements(manifest: Manifest) -> list[Judgement]:
    """What speaks against the evidence first."""
    return sorted(manifest.judgements, key=lambda judged: _ORDER.index(judged.verdict))


def missing_required(manifest: Manifest) -> list[Coverage]:
    return [
        line
        for line in manifest.coverage
        if line.level == Level.REQUIRED and line.state in ("missing", "weak")
    ]


def coverage(manifest: Manifest) -> list[tuple[Coverage, Requirement | None]]:
    """Each line with its rule: what is missing first, and what is required before what helps."""
    rules = {rule.id: rule for rule in manifest.policy.requirements}
    states = ("missing", "weak", "present", "not_applicable")
    lines = sorted(
        manifest.coverage,
        key=lambda line: (
            states.index(line.state) if line.state in states else 0,
            line.level != Level.REQUIRED,
        ),
    )
    return [(line, rules.get(line.requirement)) for line in lines]


@dataclass(frozen=True, slots=True)
class Due:
    """The earliest moment that a reading of a rule can mean.

    step     what is due: "appeal"; "" where the policy does not say
    source   whose rule it is
    told     it counts from what was handed in with the request, and no item states it
    """

    at: datetime
    step: str
    source: str
    told: bool


def due(manifest: Manifest, now: datetime) -> list[Due]:
    """Every reading of every step, earliest first; those still ahead before those that are over."""
    counted = dues(manifest.policy, Facts(manifest.facts), now)
    found = [
        Due(each.earliest, each.rule.step or each.rule.id, _source(each.rule), False)
        for each in counted
    ]
    if not found and manifest.defect:
        found = due_as_told(manifest.defect, manifest.policy)
    return sorted(found, key=lambda each: (each.at < now, each.at, each.step))


def due_as_told(defect: Mapping[str, object], policy: Policy) -> list[Due]:
    """By what was handed in when the collection was asked for; [] where that has no time."""
    if (stated := _moment(str(defect.get("due_at", "")))) is not None:
        return [Due(stated, "due_at", "", True)]
    if (began := _moment(str(defect.get("noticed_at", "")))) is None:
        return []
    return [
        Due(later(began, rule), rule.step or rule.id, _source(rule), True)
        for rule in policy.deadlines
        if rule.starts == _STARTS and rule.amount > 0
    ]


def _moment(text: str) -> datetime | None:
    """A time with its offset; anything else is none, since nothing is guessed."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _source(rule: Deadline) -> str:
    return f"{rule.source} ({rule.source_date})" if rule.source_date else rule.source
