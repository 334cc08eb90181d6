"""What a case still lacks: by the policy, by the platform's refusal, by its own promises.

Counts of requirements that are met stand beside what is missing and where to get it. Nothing is
said of the outcome. Source: scenarios S0-08, S0-12, S1-23, S3-23, S3-26.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from evidence.cases import Case, Step
from evidence.facts import Facts
from evidence.orders import OrderRef
from evidence.playbook import Playbook
from evidence.policy import Policy, Requirement
from service.cases.evidenced import Sealed

NO_CAUSE = "No cause was found in the rules: every requirement that is asked for is met."


def gaps(
    case: Case, sealed: Sequence[Sealed], *, policy: Policy | None, book: Playbook
) -> dict[str, Any]:
    """The report. `causes` are unmet requirements and a refusal's own words, in plain sentences."""
    rules = {rule.id: rule for rule in policy.requirements} if policy else {}
    orders = [_order(each, rules, book) for each in sealed]
    refused = case.last(Step.DENY)
    denied: list[dict[str, Any]] = list(refused.said.get("gaps", [])) if refused else []
    return {
        "rules": policy.id if policy else "no rules for this kind",
        "orders": orders,
        "denied": denied,
        "causes": _causes(orders, denied) if refused else [],
        "appealable": [each["order"] for each in orders if each["state"] == "answered"],
        "deadlines": case.events[0].said.get("deadlines", []),
    }


def _order(each: Sealed, rules: Mapping[str, Requirement], book: Playbook) -> dict[str, Any]:
    found = each.evidenced
    if each.manifest is None:
        missing = [_lacking(rule, "missing", "Nothing is sealed yet.") for rule in rules.values()]
        return _line(found.ref, found.state, 0, missing, [])
    asked = [line for line in each.coverage if line.state != "not_applicable"]
    missing = [
        _lacking(rules.get(line.requirement), line.state, line.why, line.requirement)
        for line in asked
        if not line.met
    ]
    met = sum(line.met for line in asked)
    return _line(found.ref, found.state, met, missing, _untracked(each, book)) | {
        "asked": len(asked)
    }


def _line(
    ref: OrderRef, state: str, met: int, missing: list[dict[str, Any]], notes: list[dict[str, str]]
) -> dict[str, Any]:
    return {
        "order": ref.id,
        "state": state,
        "met": met,
        "asked": met + len(missing),
        "missing": missing,
        "notes": notes,
    }


def _lacking(rule: Requirement | None, state: str, why: str, id: str = "") -> dict[str, Any]:
    return {
        "requirement": rule.id if rule else id,
        "level": str(rule.level) if rule else "required",
        "state": state,
        "text": rule.text if rule else "",
        "where": rule.where if rule else "",
        "why": why,
        "roles": [str(role) for role in rule.any_of] if rule else [],
    }


def _untracked(each: Sealed, book: Playbook) -> list[dict[str, str]]:
    """Services that no scan ever proves are said to be such at once."""
    assert each.manifest is not None  # noqa: S101 - the caller has looked
    said = [
        f.text for f in each.manifest.facts if f.name in ("shipment.service", "shipment.carrier")
    ]
    return [
        {"code": "not-trackable", "text": f"{rule.text} ({service})."}
        for service in dict.fromkeys(said)
        for rule in book.untracked
        if any(word.casefold() in service.casefold() for word in rule.words)
    ]


def _causes(orders: Sequence[Mapping[str, Any]], denied: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why it may have been refused, as far as rules and the refusal itself say."""
    found = [
        f"{order['order']}: {lack['requirement']} is {lack['state']}."
        for order in orders
        for lack in order["missing"]
        if lack["level"] == "required"
    ]
    found += [f"{gap['named']}: {gap['text']}" for gap in denied]
    return found or [NO_CAUSE]


def eligibility(
    policy: Policy | None, book: Playbook, *, ref: OrderRef, store_opened: date | None, today: date
) -> dict[str, Any]:
    """May it be appealed at all, before work is spent; evidence is kept whatever this says.

    `from` is the first day on which the store is old enough, where that is what stands against it.
    """
    why: list[str] = []
    unknown: list[str] = []
    for rule in policy.eligibility if policy else ():
        answers = [condition.holds(Facts([]), ref) for condition in rule.when]
        if False in answers:
            why.append(f"{rule.id}: {rule.text}.")
        elif None in answers:
            unknown.append(f"{rule.id}: {rule.text}.")
    days = book.term("eligible.store_days")
    first = None
    if days and store_opened is None:
        unknown.append(f"The store must have been open for {days} days; nobody says since when.")
    elif days and store_opened is not None and (age := (today - store_opened).days) < days:
        first = store_opened + timedelta(days=days)
        why.append(f"The store has been open for {age} days, and must have been for {days}.")
    state = "not_eligible" if why else "open" if unknown else "eligible"
    return {
        "state": state,
        "why": [*why, *unknown],
        "from": None if first is None else first.isoformat(),
    }
