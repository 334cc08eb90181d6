"""Is everything the policy asks for there?

One line a requirement: present, weak with the reason, or missing with where to get it. An item that
nobody could read here (a picture whose text needs OCR) is weak and leaves the answer open: it may
well be what is asked for.

Reads     the policy's requirements and its `stale_after.<role>` limits, the items' roles, grades
          and ages, and the facts that were read from them.
Assumes   that a part (a signature inside an answer) is covered by what its whole says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.facts import Facts
from evidence.items import Provenance
from evidence.manifest import Coverage, SealedItem
from evidence.policy import Level, Policy, Requirement
from evidence.verdicts import Answer, Finding, Verdict

_COVERED = Finding.good("requirement-covered")
_MISSING = Finding.grave("required-missing", do="Get it from where the finding says, and collect.")
_WEAK = Finding.grave("required-weak", do="Replace it by a better copy, as the finding says.")
_UNREAD = Finding.note(
    "requirement-unread", do="Look at the item yourself, or bring it in a form that can be read."
)
_HELPFUL = Finding.note("helpful-missing", do="Add it if you can get it; it is not required.")
_NO_RULES = Finding.note("policy-has-no-rules", do="Choose a policy that knows this defect.")


@dataclass(frozen=True, slots=True)
class _Weakness:
    """Why an item is not enough; `unread` if only because nothing here could read it."""

    why: str
    unread: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    rule: Requirement
    coverage: Coverage
    unread: bool


def cover(
    items: Sequence[SealedItem], facts: Facts, policy: Policy, at: datetime
) -> tuple[Coverage, ...]:
    """A line a requirement, in the policy's order; `at` is the moment ages are counted to."""
    return tuple(line.coverage for line in _lines(items, facts, policy, at))


def verify(
    *, items: Sequence[SealedItem], facts: Facts, policy: Policy, at: datetime, **_: object
) -> Answer:
    """Hold the items against each requirement.

    pass            every required one is present
    fail            a required one is missing, or weak whatever the item turns out to say
    inconclusive    a required one could not be read here
    not_applicable  the policy asks for nothing

    Never raises for bad evidence: bad evidence is an answer.
    """
    if not policy.requirements:
        return Verdict.NOT_APPLICABLE, [_NO_RULES.saying(f"{policy.id} has no requirements.")]
    findings: list[Finding] = []
    verdict = Verdict.PASS
    for line in _lines(items, facts, policy, at):
        covered, rule = line.coverage, line.rule
        places = tuple((sha256, "item:") for sha256 in covered.items)
        kind = _COVERED
        if covered.state != "present":
            if rule.level is not Level.REQUIRED:
                kind = _HELPFUL
            elif line.unread:
                kind = _UNREAD
                verdict = verdict if verdict is Verdict.FAIL else Verdict.INCONCLUSIVE
            else:
                kind = _MISSING if covered.state == "missing" else _WEAK
                verdict = Verdict.FAIL
        because = f": {covered.why}" if covered.why else ""
        sentence = f"{rule.text} ({rule.id}) is {covered.state}{because}."
        findings.append(Finding(kind.code, kind.severity, kind.do, sentence, places))
    return verdict, findings


def _lines(
    items: Sequence[SealedItem], facts: Facts, policy: Policy, at: datetime
) -> Iterator[_Line]:
    names: dict[str, set[str]] = {}
    failed: dict[str, str] = {}
    for fact in facts:
        names.setdefault(fact.item, set()).add(fact.name)
        if fact.name == "reading.failed":
            failed.setdefault(fact.item, fact.text)
    for rule in policy.requirements:
        matching = [item for item in items if item.role in rule.any_of]
        if not matching:
            roles = " or ".join(rule.any_of)
            where = f"; get it from {rule.where}" if rule.where else ""
            why = f"no {roles} was collected{where}"
            yield _Line(rule, _coverage(rule, "missing", why), False)
            continue
        judged = [
            (item, _weakness(item, rule, items, names, failed, facts, policy, at))
            for item in matching
        ]
        good = [item.sha256 for item, weakness in judged if weakness is None]
        if good and rule.asks:
            why = f"it is there, but a person must read it: {rule.asks}"
            yield _Line(rule, _coverage(rule, "weak", why, tuple(good)), True)
            continue
        if good:
            yield _Line(rule, _coverage(rule, "present", "", tuple(good)), False)
            continue
        reasons = [weakness for _, weakness in judged if weakness is not None]
        why = "; ".join(dict.fromkeys(weakness.why for weakness in reasons[:5]))
        if rule.where:
            why += f"; get a better one from {rule.where}"
        shas = tuple(item.sha256 for item, _ in judged)
        unread = any(weakness.unread for weakness in reasons)
        yield _Line(rule, _coverage(rule, "weak", why, shas), unread)


def _coverage(rule: Requirement, state: str, why: str, items: tuple[str, ...] = ()) -> Coverage:
    return Coverage(requirement=rule.id, level=str(rule.level), state=state, why=why, items=items)


def _weakness(
    item: SealedItem,
    rule: Requirement,
    items: Sequence[SealedItem],
    names: dict[str, set[str]],
    failed: dict[str, str],
    facts: Facts,
    policy: Policy,
    at: datetime,
) -> _Weakness | None:
    """The first reason why this item does not meet the rule, or None."""
    if item.size == 0:
        return _Weakness("the item is empty")
    grade = _provenance(item)
    if grade.grade > rule.least_provenance.grade:
        return _Weakness(
            f"it came as {_words(grade)}; asked for is {_words(rule.least_provenance)} or better"
        )
    if stale := _stale(item, facts, policy, at):
        return _Weakness(stale)
    if rule.facts:
        known = set().union(*(names.get(sha256, set()) for sha256 in _family(item, items)))
        lacking = [name for name in rule.facts if name not in known]
        if lacking and item.sha256 in failed:
            return _Weakness(f"it could not be read: {failed[item.sha256]}", unread=True)
        if lacking:
            return _Weakness(f"it does not state {', '.join(lacking)}")
    return None


def _provenance(item: SealedItem) -> Provenance:
    try:
        return Provenance(item.provenance)
    except ValueError:
        return Provenance.UNKNOWN


def _words(grade: Provenance) -> str:
    return str(grade).replace("_", " ")


def _family(item: SealedItem, items: Sequence[SealedItem]) -> set[str]:
    """The item, what it was taken out of, and what was taken out of it."""
    family = {item.sha256}
    if item.part_of:
        family.add(item.part_of["sha256"])
    family.update(
        other.sha256 for other in items
        if other.part_of and other.part_of["sha256"] == item.sha256
    )  # fmt: skip
    return family


def _stale(item: SealedItem, facts: Facts, policy: Policy, at: datetime) -> str:
    """Why the item is too old under `stale_after.<role>`, such as "7 days"; "" if it is not.

    The age counts from the date printed on it where there is one, else from our own clock. Exactly
    the limit is still fresh.
    """
    for limit in policy.limits:
        if limit.key != f"stale_after.{item.role}":
            continue
        found = re.fullmatch(r"(\d{1,5}) (hours|days)", limit.value)
        if found is None:
            return f"the policy's {limit.key} is not a number of hours or days"
        allowed = timedelta(**{found[2]: int(found[1])})
        printed = [f for f in facts.named("document.captured.at") if f.item == item.sha256]
        begun = [fact.time.span.earliest for fact in printed] or [item.collected_at]
        ended = [fact.time.span.latest for fact in printed] or [item.collected_at]
        if at - max(ended) > allowed:
            return f"it is older than {limit.value}"
        if at - max(begun) > allowed:
            return f"it may be older than {limit.value}: its date has no time or zone"
    return ""
