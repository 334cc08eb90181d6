"""A refused attempt, held once more against the rules: those that it was sealed by, and today's.

What counts is the account that was sealed last before the attempt was sent; of its items those that
were handed in, where the submission says which. Whether the text named a rule that was in force,
and whether an authority stamped the time, is asked beside the policy's own requirements. What is
unmet may be why it was refused; nobody here knows more than that. Source: scenario S0-08.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from evidence.cases import Event, Step
from evidence.facts import Facts
from evidence.items import Role
from evidence.manifest import Coverage, Manifest, Statement
from evidence.orders import OrderRef
from evidence.policy import Policy
from evidence.times import parse_rfc3339, rfc3339
from evidence.trusted_time import stamped_in
from service.cases.clauses import cited
from service.cases.evidenced import ref_of, texts_of
from storage.ledger.records import State
from verifiers.coverage import cover

if TYPE_CHECKING:
    from service.cases.reports import Asking

NO_CAUSE = "no rule-based cause found"
REFERENCE, TIMESTAMP = "policy-reference", "timestamp-proof"


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """What was sealed of an order when something was sent."""

    ref: OrderRef
    manifest: Manifest
    statement: Statement


async def replay(asking: Asking) -> dict[str, Any]:
    """Every refused attempt, the first one first."""
    return {
        "attempts": [
            await _attempt(asking, submission, denial) for submission, denial in _refused(asking)
        ]
    }


def _refused(asking: Asking) -> Iterator[tuple[Event, Event]]:
    sent: Event | None = None
    for event in asking.case.of(Step.SUBMIT, Step.DENY):
        if event.step is Step.SUBMIT:
            sent = event
        elif sent is not None:
            yield sent, event


async def _attempt(asking: Asking, submission: Event, denial: Event) -> dict[str, Any]:
    sent = parse_rfc3339(str(submission.said["sent_at"]))
    handed = frozenset(submission.said["evidence"])
    lines = [await _reference(asking, submission, sent.date())]
    orders: list[dict[str, Any]] = []
    for named in asking.case.orders:
        then = await _sealed_by(asking, ref_of(named), submission.at)
        if then is None:
            lines.append(
                _line(ref_of(named).id, "sealed-account", "missing", "Nothing was sealed yet.")
            )
            orders.append({"order": ref_of(named).id, "sealed_at": None, "rules": []})
            continue
        lines.append(_timestamp(then))
        rules = []
        for when, policy in _policies(asking, then.manifest):
            unmet = await asyncio.to_thread(_unmet, then.manifest, policy, handed)
            rules.append(
                {
                    "when": when,
                    "policy": policy.id,
                    "version": policy.version,
                    "sha256": policy.sha256,
                    "unmet": [line.to_json() for line in unmet],
                }
            )
            lines += [
                _line(
                    then.ref.id,
                    line.requirement,
                    line.state,
                    f"By {policy.id} {policy.version} ({when}): {line.why or 'it is not there'}",
                )
                for line in unmet
            ]
        orders.append(
            {"order": then.ref.id, "sealed_at": rfc3339(then.manifest.at), "rules": rules}
        )
    unmet_lines = [line for line in lines if line["state"] in ("missing", "weak")]
    return {
        "attempt": submission.said["attempt"],
        "sent_at": submission.said["sent_at"],
        "denied_at": denial.said["received_at"],
        "denial": [item.sha256 for item in denial.items],
        "names_a_reason": bool(denial.said["gaps"]),
        "orders": orders,
        "unmet": unmet_lines,
        "causes": [f"{line['requirement']}: {line['why']}" for line in unmet_lines] or [NO_CAUSE],
    }


def _line(order: str, requirement: str, state: str, why: str) -> dict[str, str]:
    return {"order": order, "requirement": requirement, "state": state, "why": why}


async def _reference(asking: Asking, submission: Event, today: date) -> dict[str, str]:
    """Does the text name a rule of the platform's that was in force on the day it was sent?"""
    book = asking.book
    if not book.clauses:
        return _line("", REFERENCE, "not_applicable", "No clause of this platform is known here.")
    sent = set(submission.said["texts"])
    texts = [
        text
        for line, text in await texts_of(asking.runtime, asking.held, Role.CASE_SUBMISSION)
        if line.sha256 in sent
    ]
    placed = date.fromisoformat(str(asking.case.events[0].said["placed_on"]))
    named = cited("\n".join(texts), book, on=placed, today=today)
    if any(each.holds for each in named):
        return _line("", REFERENCE, "present", "The text names a rule that was in force.")
    if named:
        why = f"{named[0].clause.id} was not in force on {today}."
        return _line("", REFERENCE, "weak", why)
    return _line("", REFERENCE, "missing", "The text names no rule of the platform's.")


def _timestamp(then: Then) -> dict[str, str]:
    said = then.statement.trusted_time
    state = "present" if stamped_in(said) is not None else "missing"
    return _line(then.ref.id, TIMESTAMP, state, f"{said[:1].upper()}{said[1:]}")


async def _sealed_by(asking: Asking, ref: OrderRef, before: datetime) -> Then | None:
    """The account of an order that was sealed last before then; None too of another's store."""
    runtime, tenant = asking.runtime, asking.whose.tenant
    order = await runtime.ledger.find_order(tenant, ref)
    if order is None or not asking.whose.covers(order.store):
        return None
    items = await runtime.ledger.items(order)
    for each in reversed(await runtime.ledger.collections_of(order)):
        if each.state is not State.SEALED or each.at is None or each.at > before:
            continue
        manifest = await runtime.sealed(order, items, each.id, Role.MANIFEST)
        statement = await runtime.sealed(order, items, each.id, Role.STATEMENT)
        if manifest is not None and statement is not None:
            return Then(
                ref=ref,
                manifest=Manifest.from_payload(manifest.payload),
                statement=Statement.from_payload(statement.payload),
            )
    return None


def _policies(asking: Asking, manifest: Manifest) -> Iterator[tuple[str, Policy]]:
    """The one that the account was sealed by, and today's where that is another."""
    kind = asking.case.kind
    if manifest.policy.answers(kind) or manifest.policy.id == asking.case.rules:
        yield "then", manifest.policy
    now = asking.policy
    if now is not None and now.sha256 != manifest.policy.sha256:
        yield "now", now


def _unmet(manifest: Manifest, policy: Policy, handed: frozenset[str]) -> Sequence[Coverage]:
    """What is required and not there, in what was handed in."""
    items, facts = manifest.items, manifest.facts
    if any(item.sha256 in handed for item in items):
        items = tuple(item for item in items if item.sha256 in handed)
        facts = tuple(fact for fact in facts if fact.item in handed)
    found = cover(items, Facts(facts), policy, manifest.at, manifest.order)
    return [line for line in found if line.level == "required" and not line.met]
