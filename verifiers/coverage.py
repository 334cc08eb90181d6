"""Is everything the policy asks for there?

One line a requirement: present, weak with the reason, or missing with where to get it. An item that
nobody could read here (a picture whose text needs OCR) is weak and leaves the answer open: it may
well be what is asked for.

Reads     the policy's requirements and its `stale_after.<role>` limits, the items' roles, grades
          and ages, and the facts that were read from them.
Assumes   that a part (a signature inside an answer) is covered by what its whole says. Where it is
          open whether a rule applies, because nobody states the amount, it is looked at, and what
          is missing leaves the answer open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.facts import Facts
from evidence.items import Provenance
from evidence.manifest import Coverage, SealedItem
from evidence.orders import OrderRef, Platform
from evidence.policy import Level, Policy, Requirement
from evidence.times import rfc3339
from evidence.verdicts import Answer, Finding, Severity, Verdict
from verifiers.reuse import earlier_uses, of_this_order
from verifiers.subjects import Subjects
from verifiers.terms.due import next_due
from verifiers.terms.validity import applies, in_force

_COVERED = Finding.good("requirement-covered")
_MISSING = Finding.grave("required-missing", do="Get it from where the finding says, and collect.")
_WEAK = Finding.grave("required-weak", do="Replace it by a better copy, as the finding says.")
_UNREAD = Finding.note(
    "requirement-unread", do="Look at the item yourself, or bring it in a form that can be read."
)
_HELPFUL = Finding.note("helpful-missing", do="Add it if you can get it; it is not required.")
_NOT_ASKED = Finding.good("requirement-not-asked")
_BARRED = Finding.grave("not-eligible", do="Look for another way: the platform does not take it.")
_MAYBE_BARRED = Finding.note(
    "eligibility-open", do="Look it up before you spend work on an answer."
)
_OTHER_DEFECT = Finding.note(
    "policy-of-another-defect", do="Choose the policy of this platform and this kind of defect."
)
_NO_RULES = Finding.note("policy-has-no-rules", do="Choose a policy that knows this defect.")


@dataclass(frozen=True, slots=True)
class _Weakness:
    """Why an item is not enough; `unread` if only because nothing here could read it."""

    why: str
    unread: bool = False


class _Evidence:
    """What the lines are made from, looked up once."""

    def __init__(
        self,
        items: Sequence[SealedItem],
        facts: Facts,
        policy: Policy,
        at: datetime,
        order: OrderRef | None,
    ) -> None:
        if order is not None:
            # A delivery of an earlier parcel with the same number meets no requirement.
            uses = earlier_uses(items, facts, Subjects(order, items, facts))
            facts = of_this_order(facts, uses)
        self.items, self.facts, self.policy, self.at = items, facts, policy, at
        self.order = order
        self.names: dict[str, set[str]] = {}
        self.failed: dict[str, str] = {}
        for fact in facts:
            self.names.setdefault(fact.item, set()).add(fact.name)
            if fact.name == "reading.failed":
                self.failed.setdefault(fact.item, fact.text)


@dataclass(frozen=True, slots=True)
class _Line:
    rule: Requirement
    coverage: Coverage
    unread: bool


def cover(
    items: Sequence[SealedItem],
    facts: Facts,
    policy: Policy,
    at: datetime,
    order: OrderRef | None = None,
) -> tuple[Coverage, ...]:
    """A line a requirement, in the policy's order; `at` is the moment ages are counted to."""
    return tuple(line.coverage for line in _lines(_Evidence(items, facts, policy, at, order)))


def verify(
    *,
    items: Sequence[SealedItem],
    facts: Facts,
    policy: Policy,
    at: datetime,
    order: OrderRef | None = None,
    **_: object,
) -> Answer:
    """Hold the items against each requirement.

    pass            every required one is present, or does not apply
    fail            a required one is missing, or weak whatever the item turns out to say
    inconclusive    a required one could not be read here, or may not apply
    not_applicable  the policy asks for nothing

    Never raises for bad evidence: bad evidence is an answer.
    """
    if not policy.requirements:
        return Verdict.NOT_APPLICABLE, [_NO_RULES.saying(f"{policy.id} has no requirements.")]
    evidence = _Evidence(items, facts, policy, at, order)
    findings = [*_misplaced(order, facts, policy), *_eligible(evidence)]
    barred = any(finding.severity is Severity.GRAVE for finding in findings)
    verdict = Verdict.FAIL if barred else Verdict.PASS
    for line in _lines(evidence):
        covered, rule = line.coverage, line.rule
        places = tuple((sha256, "item:") for sha256 in covered.items)
        kind = _COVERED
        if covered.state == "not_applicable":
            kind = _NOT_ASKED
        elif covered.state != "present":
            if rule.level is not Level.REQUIRED:
                kind = _HELPFUL
            elif line.unread:
                kind = _UNREAD
                verdict = verdict if verdict is Verdict.FAIL else Verdict.INCONCLUSIVE
            else:
                kind = _MISSING if covered.state == "missing" else _WEAK
                verdict = Verdict.FAIL
        because = f": {covered.why}" if covered.why else ""
        state = covered.state.replace("not_applicable", "not asked for")
        sentence = f"{rule.text} ({rule.id}) is {state}{because}."
        findings.append(Finding(kind.code, kind.severity, kind.do, sentence, places))
    return verdict, findings


def _eligible(evidence: _Evidence) -> Iterator[Finding]:
    """Whether the platform takes an answer about this order at all."""
    for rule in evidence.policy.eligibility:
        held, why = applies(rule, evidence.facts, evidence.at, evidence.order)
        if not in_force(rule, evidence.facts, evidence.at):
            continue
        told = f"{rule.text} ({rule.id}, {rule.source}, {rule.confidence})"
        if held is False:
            yield _BARRED.saying(f"{told}: not so here, {why}.")
        elif held is None:
            yield _MAYBE_BARRED.saying(f"{told}: {why}.")


def _misplaced(order: OrderRef | None, facts: Facts, policy: Policy) -> Iterator[Finding]:
    """One policy a platform and a defect kind: their evidence and review teams are others'."""
    mine = policy.platform
    theirs = mine if order is None else order.platform
    if mine != theirs and Platform.OTHER not in (mine, theirs):
        yield _OTHER_DEFECT.saying(f"{policy.id} is of {mine}; the order is of {theirs}.")
    kinds = facts.named("defect.kind")
    if policy.defect_kinds and kinds and not any(policy.answers(fact.text) for fact in kinds):
        said = ", ".join(dict.fromkeys(fact.text for fact in kinds))
        yield _OTHER_DEFECT.saying(f"{policy.id} does not name the defect {said[:80]}.", *kinds[:3])


def _lines(evidence: _Evidence) -> Iterator[_Line]:
    until = next_due(evidence.policy, evidence.facts, evidence.at)
    for rule in evidence.policy.requirements:
        asked, why = applies(rule, evidence.facts, evidence.at, evidence.order)
        if asked is False:
            yield _Line(rule, _coverage(rule, "not_applicable", why), False)
            continue
        line = _line(rule, evidence)
        covered = line.coverage
        if covered.state == "present":
            yield line
            continue
        said = covered.why
        if asked is None:
            said = f"whether it is asked for is open ({why}); {said}"
        if until is not None and rule.level is Level.REQUIRED:
            said += f"; until {rfc3339(until.earliest, unit_s=1)} ({until.rule.id})"
        unread = line.unread or asked is None
        yield _Line(rule, _coverage(rule, covered.state, said, covered.items), unread)


def _line(rule: Requirement, evidence: _Evidence) -> _Line:
    matching = [item for item in evidence.items if item.role in rule.any_of]
    if not matching:
        roles = " or ".join(rule.any_of)
        where = f"; get it from {rule.where}" if rule.where else ""
        return _Line(rule, _coverage(rule, "missing", f"no {roles} was collected{where}"), False)
    judged = [(item, _weakness(item, rule, evidence)) for item in matching]
    good = [item.sha256 for item, weakness in judged if weakness is None]
    if good and rule.repeated and (lacking := rule.repeated.lacks(evidence.facts)):
        where = f"; get it from {rule.where}" if rule.where else ""
        return _Line(rule, _coverage(rule, "weak", lacking + where, tuple(good)), False)
    if good and rule.asks:
        why = f"it is there, but a person must read it: {rule.asks}"
        return _Line(rule, _coverage(rule, "weak", why, tuple(good)), True)
    if good:
        return _Line(rule, _coverage(rule, "present", "", tuple(good)), False)
    reasons = [weakness for _, weakness in judged if weakness is not None]
    why = "; ".join(dict.fromkeys(weakness.why for weakness in reasons[:5]))
    if rule.where:
        why += f"; get a better one from {rule.where}"
    shas = tuple(item.sha256 for item, _ in judged)
    unread = any(weakness.unread for weakness in reasons)
    return _Line(rule, _coverage(rule, "weak", why, shas), unread)


def _coverage(rule: Requirement, state: str, why: str, items: tuple[str, ...] = ()) -> Coverage:
    return Coverage(requirement=rule.id, level=str(rule.level), state=state, why=why, items=items)


def _weakness(item: SealedItem, rule: Requirement, evidence: _Evidence) -> _Weakness | None:
    """The first reason why this item does not meet the rule, or None."""
    if item.size == 0:
        return _Weakness("the item is empty")
    grade = _provenance(item)
    if grade.grade > rule.least_provenance.grade:
        return _Weakness(
            f"it came as {_words(grade)}; asked for is {_words(rule.least_provenance)} or better"
        )
    if stale := _stale(item, evidence.facts, evidence.policy, evidence.at):
        return _Weakness(stale)
    if rule.facts:
        family = _family(item, evidence.items)
        known = set().union(*(evidence.names.get(sha256, set()) for sha256 in family))
        lacking = [name for name in rule.facts if name not in known]
        if lacking and item.sha256 in evidence.failed:
            return _Weakness(f"it could not be read: {evidence.failed[item.sha256]}", unread=True)
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
