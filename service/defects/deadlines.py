"""Until when a defect can be answered, by the policy of its kind.

A step of which the export does not say when it began has no deadline here: none is guessed. A day
without a time is a day wide, anywhere on earth; the earliest moment is what is held to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from evidence.policy import Deadline, Policy
from service.defects.export import Row
from verifiers.terms.due import later

_STARTS = "defect.noticed.at"
# The first moment of a day is where clocks are most ahead, at UTC+14.
_MOST_AHEAD = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Due:
    """One reading of one step; `at` is the earliest moment that it can mean."""

    rule: Deadline
    at: datetime


def dues(row: Row, policy: Policy) -> list[Due]:
    """Every reading that counts from the notice, earliest first; none if nobody says when."""
    if row.noticed is None:
        return []
    began = datetime.combine(row.noticed, time(), UTC) - _MOST_AHEAD
    found = [
        Due(rule, later(began, rule))
        for rule in policy.deadlines
        if rule.starts == _STARTS
        and rule.amount > 0
        and (rule.valid_from is None or row.ordered >= rule.valid_from)
        and (rule.valid_to is None or row.ordered <= rule.valid_to)
    ]
    return sorted(found, key=lambda due: (due.at, due.rule.id))
