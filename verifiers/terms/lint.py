"""What is wrong with a policy that can be read: rules that nobody holds to, or that say too little.

A policy that cannot be read at all is refused by `parse_policy`, which names rule and field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evidence.errors import FormatError
from evidence.policy import Confidence, Deadline, Level, Limit, Policy, Unit
from evidence.times import zone_of
from verifiers.terms.keys import fits, key_of

_ID = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")


@dataclass(frozen=True, slots=True)
class Fault:
    """`grave` if the policy must not be used so; else it is advice."""

    rule: str
    sentence: str
    grave: bool = True

    def __str__(self) -> str:
        return f"{'fault' if self.grave else 'advice'}: {self.rule}: {self.sentence}"


def faults(policy: Policy, others: Mapping[str, Policy] | None = None) -> list[Fault]:
    """All of them, in the file's order; `others` are the policies that it stands beside."""
    found = [*_of_all(policy), *_of_requirements(policy), *_of_deadlines(policy)]
    found += [*_of_limits(policy), *_of_conflicts(policy), *_of_neighbours(policy, others or {})]
    return found


def _of_all(policy: Policy) -> Iterator[Fault]:
    if not _ID.fullmatch(policy.id):
        yield Fault(policy.id, "its id is not lower-case words joined by dots")
    if not policy.version.strip():
        yield Fault(policy.id, "it has no version")
    if not policy.requirements:
        yield Fault(policy.id, "it asks for nothing")
    elif not any(rule.level is Level.REQUIRED for rule in policy.requirements):
        yield Fault(policy.id, "nothing in it is required", grave=False)
    named = [rule.id for rule in policy.rules if not isinstance(rule, Limit)]
    for name in dict.fromkeys(named):
        if named.count(name) > 1:
            yield Fault(name, "two rules have this id")
    for rule in policy.rules:
        called = rule.key if isinstance(rule, Limit) else rule.id
        if not rule.source.strip() or not rule.source_date.strip():
            yield Fault(called, 'it does not say where it is from: source, source_date ("n.d.")')
        if rule.confidence is Confidence.GENERAL and "not found" not in rule.source:
            yield Fault(called, "only general knowledge says so", grave=False)


def _of_requirements(policy: Policy) -> Iterator[Fault]:
    for rule in policy.requirements:
        if not rule.where:
            yield Fault(rule.id, "it does not say where a seller gets it (where)")
        if rule.asks and not rule.asks.endswith("?"):
            yield Fault(rule.id, "asks is not a question")


def _of_deadlines(policy: Policy) -> Iterator[Fault]:
    for rule in policy.deadlines:
        try:
            zone_of(rule.clock)
        except FormatError:
            yield Fault(rule.id, f"its clock {rule.clock[:40]!r} is not the name of a time zone")
        if rule.amount == 0 and rule.unit is not Unit.HOURS:
            yield Fault(rule.id, "a deadline that is stated as it is has the unit hours")
        if not rule.step:
            yield Fault(rule.id, "it does not say of which step it is (step)", grave=False)
    for step in dict.fromkeys(rule.step for rule in policy.deadlines):
        readings = [rule for rule in policy.deadlines if rule.step == step]
        if len({rule.starts for rule in readings}) == 1 < len(readings):
            for rule in readings:
                if not rule.conflict:
                    said = f"the step {step!r} has other readings, and it names no conflict"
                    yield Fault(rule.id, said)


def _of_limits(policy: Policy) -> Iterator[Fault]:
    for limit in policy.limits:
        key = key_of(limit.key)
        if key is None:
            yield Fault(limit.key, "nobody reads a limit of this name")
        elif not fits(limit):
            yield Fault(limit.key, f"{limit.value[:40]!r} is not {key.expected}")
    for name in dict.fromkeys(limit.key for limit in policy.limits):
        key = key_of(name)
        readings = policy.limited(name) if key and key.strictest else []
        if len({limit.value for limit in readings}) > 1 and not all(r.conflict for r in readings):
            yield Fault(name, "it has several values, and not each names a conflict")


def _of_conflicts(policy: Policy) -> Iterator[Fault]:
    for group, rules in policy.conflicts().items():
        if len(rules) == 1 and isinstance(rules[0], Deadline):
            yield Fault(rules[0].id, f"{group} has no other reading in this policy", grave=False)
        values = {
            (rule.starts, rule.amount, rule.unit) for rule in rules if isinstance(rule, Deadline)
        }
        if len(rules) > 1 and len(values) == 1 and all(isinstance(r, Deadline) for r in rules):
            yield Fault(group, "its readings are all the same", grave=False)


def _of_neighbours(policy: Policy, others: Mapping[str, Policy]) -> Iterator[Fault]:
    for other in others.values():
        if other.id == policy.id or other.platform != policy.platform:
            continue
        both = [kind for kind in policy.defect_kinds if other.answers(kind)]
        if both and _overlap(policy, other):
            yield Fault(policy.id, f"{other.id} answers {', '.join(both[:3])} as well")
        if policy.default and other.default:
            yield Fault(policy.id, f"{other.id} is the default of {policy.platform} as well")


def _overlap(a: Policy, b: Policy) -> bool:
    return not (
        (a.effective_to and b.effective_from and a.effective_to < b.effective_from)
        or (b.effective_to and a.effective_from and b.effective_to < a.effective_from)
    )
