"""Until when a defect can be answered, by the policy of its kind.

A step of which the export does not say when it began has no deadline here: none is guessed. A day
without a time is a day wide, anywhere on earth; the earliest moment is what is held to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from evidence.policy import Confidence, Deadline, Policy, Unit
from verifiers.terms.due import later

_STARTS = "defect.noticed.at"
# The first moment of a day is where clocks are most ahead, at UTC+14.
_MOST_AHEAD = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Due:
    """One reading of one step; `at` is the earliest moment that it can mean."""

    rule: Deadline
    at: datetime


def dues(
    noticed: date | datetime | None,
    policy: Policy,
    *,
    ordered: date | None,
    stated: datetime | None = None,
) -> list[Due]:
    """Every reading that counts from the notice, earliest first; none if nobody says when.

    ordered   the day of the order; None: every rule is told, whenever it holds
    stated    the deadline that the platform itself states: the end of the first step
    """
    found: list[Due] = []
    if noticed is not None:
        began = (
            noticed
            if isinstance(noticed, datetime)
            else datetime.combine(noticed, time(), UTC) - _MOST_AHEAD
        )
        found = [
            Due(rule, later(began, rule))
            for rule in policy.deadlines
            if rule.starts == _STARTS
            and rule.amount > 0
            and (ordered is None or rule.valid_from is None or ordered >= rule.valid_from)
            and (ordered is None or rule.valid_to is None or ordered <= rule.valid_to)
        ]
    found.sort(key=lambda due: (due.at, due.rule.id))
    if stated is not None:
        first = found[0].rule.step if found else ""
        found = [due for due in found if due.rule.step != first]
        found.append(Due(_stated(first), stated))
    return sorted(found, key=lambda due: (due.at, due.rule.id))


def _stated(step: str) -> Deadline:
    return Deadline(
        id="stated",
        starts=_STARTS,
        amount=0,
        unit=Unit.HOURS,
        clock="UTC",
        source="the platform's notice",
        source_date="n.d.",
        confidence=Confidence.DOCUMENTED,
        step=step,
    )
