"""Is there still time to answer, and does the defect still count?

Each step (a reply, an appeal) has its own clock; where sources disagree about one, all readings are
told and the earliest is what is held to. A window in which a defect counts is told the other way:
it counts as long as the longest reading says so.

Reads     the policy's deadlines and its `odr.window` limits; the times that they count from.
Assumes   nothing about a step whose start no item states: that is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from evidence.facts import Facts
from evidence.policy import Policy
from evidence.times import rfc3339
from evidence.verdicts import Answer, Finding, Severity, Verdict
from verifiers.terms.due import Due, dues, steps
from verifiers.terms.validity import in_force

_OPEN = Finding.good("deadline-ahead")
_CONTESTED = Finding.note(
    "deadline-contested", do="Send it at once: by another reading of the rule it is not too late."
)
_STEP_OVER = Finding.note("deadline-step-over", do="Take the step that is still open.")
_OVER = Finding.grave("deadline-over", do="Ask the platform whether it accepts a late answer.")
_UNKNOWN = Finding.note(
    "deadline-start-unknown", do="Add the notice that says when this started, or look it up."
)
_COUNTS = Finding.note(
    "defect-counts-until", do="Weigh an appeal that can be made only once against waiting."
)
_LEFT = Finding.note(
    "defect-left-window", do="Look whether an appeal still changes anything: it counts no more."
)

WINDOW = "odr.window"
_DAYS = re.compile(r"(\d{1,4}) days")


def verify(*, facts: Facts, policy: Policy, at: datetime, **_: object) -> Answer:
    """Compare `at` with what is due.

    pass            every step whose start is known can still be taken, by every reading
    fail            none can, by any reading
    inconclusive    one can, another not; readings differ; or no start is known
    not_applicable  the policy has no deadlines
    """
    windows = list(_windows(facts, policy, at))
    rules = [rule for rule in policy.deadlines if in_force(rule, facts, at)]
    if not rules:
        return Verdict.NOT_APPLICABLE, windows
    by_step = steps(dues(policy, facts, at))
    if not by_step:
        starts = ", ".join(dict.fromkeys(rule.starts for rule in rules))
        said = f"No item states {starts}, from which {policy.id} counts its deadlines."
        return Verdict.INCONCLUSIVE, [_UNKNOWN.saying(said), *windows]
    findings = [_step(readings, at) for readings in by_step]
    if all(finding.code == _STEP_OVER.code for finding in findings):
        over = [
            Finding(_OVER.code, _OVER.severity, _OVER.do, finding.sentence, finding.rests)
            for finding in findings
        ]
        return Verdict.FAIL, [*over, *windows]
    held = all(finding.severity is Severity.GOOD for finding in findings)
    return (Verdict.PASS if held else Verdict.INCONCLUSIVE), [*findings, *windows]


def _step(readings: list[Due], at: datetime) -> Finding:
    """One step: its strictest reading, and the others beside it."""
    first = readings[0]
    step = f"The {first.rule.step}" if first.rule.step else "An answer"
    told = f"{step} {'was' if first.earliest < at else 'is'} due {_told(first)}"
    others = "; ".join(_told(due) for due in readings[1:])
    said = f"{told}; other readings: {others}." if others else f"{told}."
    starts = dict.fromkeys(due.start for due in readings)
    if first.earliest >= at:
        return _OPEN.saying(said, *starts)
    if any(due.latest >= at for due in readings):
        return _CONTESTED.saying(said, *starts)
    return _STEP_OVER.saying(said, *starts)


def _told(due: Due) -> str:
    rule = due.rule
    unit = str(rule.unit).replace("_", " ")
    span, last = (rfc3339(end, unit_s=1) for end in (due.earliest, due.latest))
    if span != last:
        span += f" to {last}, as its start is not exact"
    if rule.amount == 0:
        return f"{span} ({rule.id}: as stated, {rule.confidence})"
    return f"{span} ({rule.id}: {rule.amount} {unit} by {rule.clock}, {rule.confidence})"


def _windows(facts: Facts, policy: Policy, at: datetime) -> Iterator[Finding]:
    """Until when an order counts in the seller's rate, by every reading of the window."""
    placed = facts.earliest("order.placed.at")
    found = [(limit, _DAYS.fullmatch(limit.value)) for limit in policy.limited(WINDOW)]
    spans = [(int(match[1]), limit) for limit, match in found if match]
    if placed is None or not spans:
        return
    spans.sort(key=lambda span: span[0])
    told = []
    for days, limit in spans:
        leaves = placed.time.span.latest + timedelta(days=days)
        word = "counted" if leaves < at else "counts"
        who = f"{limit.source}, {limit.confidence}"
        told.append(f"{word} until {leaves.date()} by {days} days ({who})")
    longest = placed.time.span.latest + timedelta(days=spans[-1][0])
    kind = _COUNTS if longest >= at else _LEFT
    yield kind.saying(f"The order {'; it '.join(told)}.", placed)
