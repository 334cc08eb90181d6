"""Does a rule apply to this order? By the day it was placed, and by the rule's own conditions."""

from __future__ import annotations

from datetime import date, datetime

from evidence.facts import Facts
from evidence.orders import OrderRef
from evidence.policy import Eligibility, Requirement, Sourced


def in_force(rule: Sourced, facts: Facts, at: datetime) -> bool:
    """Whether the rule held when the order was placed; where nobody says when, at `at`."""
    first, last = placed_within(facts, at)
    return (rule.valid_from is None or last >= rule.valid_from) and (
        rule.valid_to is None or first <= rule.valid_to
    )


def placed_within(facts: Facts, at: datetime) -> tuple[date, date]:
    """The first and the last day on which the order can have been placed."""
    placed = facts.earliest("order.placed.at")
    if placed is None:
        return at.date(), at.date()
    return placed.time.span.earliest.date(), placed.time.span.latest.date()


def applies(
    rule: Requirement | Eligibility, facts: Facts, at: datetime, order: OrderRef | None
) -> tuple[bool | None, str]:
    """Whether the rule's conditions hold, and why not or why that is open."""
    if not in_force(rule, facts, at):
        since = f" from {rule.valid_from}" if rule.valid_from else ""
        until = f" to {rule.valid_to}" if rule.valid_to else ""
        return False, f"the rule holds for orders placed{since}{until}"
    answers = [(condition, condition.holds(facts, order)) for condition in rule.when]
    if unmet := [str(condition) for condition, held in answers if held is False]:
        return False, f"it applies only if {unmet[0]}"
    if unknown := [str(condition) for condition, held in answers if held is None]:
        return None, f"nothing says for sure whether {unknown[0]}"
    return True, ""
