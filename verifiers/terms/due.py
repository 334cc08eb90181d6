"""Until when: a deadline's moment, from the moment it starts.

Hours run through. A calendar day later is the same wall time on the next day of the deadline's own
clock, so a change of clocks does not shift it. Business days leave out Saturday and Sunday and no
holidays. Where a source says "3 days" and not whether that day still counts, this is the earliest
reading; as wide as the start's time is, as wide is what is due.

Source: policy facts CG-04 (one clock a step, the earliest shown), S0-19, S0-28.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from evidence.errors import FormatError
from evidence.facts import Fact, Facts
from evidence.policy import Deadline, Policy, Unit
from evidence.times import zone_of
from verifiers.terms.validity import in_force

# A deadline of each message is a matter of answering, not of this defect's appeal.
_NOT_OF_THE_DEFECT = ("message.", "thread.")


@dataclass(frozen=True, slots=True)
class Due:
    """The moment a deadline ends, at the earliest and at the latest reading of its start."""

    rule: Deadline
    start: Fact
    earliest: datetime
    latest: datetime


def due_of(rule: Deadline, facts: Facts) -> Due | None:
    """When it ends, counted from the earliest start that any source states; None without one."""
    start = facts.earliest(rule.starts)
    if start is None:
        return None
    span = start.time.span
    try:
        return Due(rule, start, later(span.earliest, rule), later(span.latest, rule))
    except OverflowError:  # a year that no calendar has
        return None


def later(start: datetime, rule: Deadline) -> datetime:
    """`start` and the rule's amount; OverflowError beyond the last year there is."""
    if rule.unit is Unit.HOURS:
        return start + timedelta(hours=rule.amount)
    try:
        zone = zone_of(rule.clock)
    except FormatError:  # lint tells of it; a wrong name must not undo a judgement
        zone = zone_of("UTC")
    wall = start.astimezone(zone)
    days = rule.amount
    while days:
        wall += timedelta(days=1)
        if rule.unit is Unit.CALENDAR_DAYS or wall.weekday() < 5:
            days -= 1
    return wall.astimezone(start.tzinfo)


def dues(policy: Policy, facts: Facts, at: datetime) -> list[Due]:
    """Every deadline of the defect whose start is known and that holds for the order.

    Where the platform states the end of a step itself, that is the end of it.
    """
    counted = (
        due_of(rule, facts)
        for rule in policy.deadlines
        if in_force(rule, facts, at) and not rule.starts.startswith(_NOT_OF_THE_DEFECT)
    )
    found = [due for due in counted if due is not None]
    stated = {due.rule.step for due in found if due.rule.amount == 0}
    return [due for due in found if due.rule.amount == 0 or due.rule.step not in stated]


def steps(found: list[Due]) -> list[list[Due]]:
    """Readings of one step together, each step's strictest first."""
    by_step = sorted(found, key=lambda due: due.rule.step)
    return [
        sorted(group, key=lambda due: due.earliest)
        for _, group in groupby(by_step, key=lambda due: due.rule.step)
    ]


def next_due(policy: Policy, facts: Facts, at: datetime) -> Due | None:
    """The strictest reading that is still ahead, over all steps; None if none is."""
    ahead = [due for due in dues(policy, facts, at) if due.earliest >= at]
    return min(ahead, key=lambda due: (due.earliest, due.rule.id), default=None)
