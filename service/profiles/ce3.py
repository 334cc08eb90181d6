"""The table of Visa's Compelling Evidence 3.0: the disputed payment beside earlier ones.

It shows what the sources say and whether the policy `visa.ce3` is met by it; Visa or the processor
decides whether it qualifies. The readings of how old a payment may be differ (CG-18); the policy
obeys what all of them allow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evidence.facts import Fact, Facts
from evidence.policy import Policy
from service.profiles.paper import Told
from service.profiles.pieces import Rest, told_of
from service.profiles.telling import Telling, words

POLICY = "visa.ce3"
_RULE = "VIS-CE3-06"
_ID = "prior.payment.id"
# A mark of the disputed payment, and of an earlier one.
MARKS = (
    ("Payment", "payment.id", "prior.payment.id"),
    ("Taken at", "payment.at", "prior.payment.at"),
    ("Amount", "payment.amount", "prior.payment.amount"),
    ("Card or account", "payment.fingerprint", "prior.payment.fingerprint"),
    ("Internet address", "payment.ip", "prior.payment.ip"),
    ("Device", "payment.device", "prior.payment.device"),
    ("Account", "payment.account", "prior.payment.account"),
    ("Delivery address", "shipment.recipient.street", "prior.payment.address"),
    ("Product", "order.item.title", "prior.payment.product"),
    ("Disputed", "payment.disputed", "prior.payment.disputed"),
)
# Columns that paper has room for; the others are in orders.jsonl.
_ON_PAPER = 3


def earlier(telling: Telling) -> list[dict[str, Fact]]:
    """The earlier payments that sources tell of, each once by mark, the newest first."""
    groups = Facts(telling.manifest.facts).tables("prior.payment.")
    told = [
        group
        for (item, _), group in groups.items()
        if item in telling.items and "prior.payment.at" in group
    ]
    told.sort(key=lambda group: group["prior.payment.at"].time.span.earliest, reverse=True)
    one_each: list[dict[str, Fact]] = []
    for group in told:
        same = next((kept for kept in one_each if _is_same(kept, group)), None)
        if same is None:
            one_each.append(group)
        else:
            same.update({name: fact for name, fact in group.items() if name not in same})
    return one_each


def _is_same(one: Mapping[str, Fact], other: Mapping[str, Fact]) -> bool:
    """Whether two sources tell of one payment, and of nothing otherwise: what they disagree on
    stands side by side."""
    if _ID not in one or _ID not in other:
        return False
    return all(words(one[name]) == words(other[name]) for name in one.keys() & other.keys())


def table(telling: Telling, policies: Mapping[str, Policy]) -> dict[str, Any]:
    """The table with the proof of each cell, and what the policy lacks, "" if nothing."""
    policy = policies.get(POLICY)
    rules = policy.requirements if policy else ()
    rule = next((each for each in rules if each.id == _RULE), None)
    lacks = "the policy visa.ce3 is not there"
    if rule is not None and rule.repeated is not None:
        lacks = rule.repeated.lacks(Facts(telling.manifest.facts))
    disputed = {mark: telling.best(ours)[:1] for mark, ours, _ in MARKS}
    return {
        "policy": {"id": policy.id, "version": policy.version} if policy else None,
        "reason": [words(fact) for fact in telling.best("dispute.network_reason")],
        "disputed": {mark: _cell(telling, facts[0]) for mark, facts in disputed.items() if facts},
        "earlier": [
            {mark: _cell(telling, group[name]) for mark, _, name in MARKS if name in group}
            for group in earlier(telling)
        ],
        "lacks": lacks,
    }


def _cell(telling: Telling, fact: Fact) -> dict[str, Any]:
    item = telling.items[fact.item]
    return {
        "says": words(fact),
        "fact": fact.name,
        "item": item.sha256,
        "seq": item.seq,
        "receipt": item.receipt,
        "locator": str(fact.locator),
    }


def sheet(telling: Telling) -> tuple[Told, list[Rest]] | None:
    """The same on paper; None if no earlier payment is known."""
    before = earlier(telling)[:_ON_PAPER]
    if not before:
        return None
    rows: list[tuple[str, ...]] = []
    rests: list[Rest] = []
    for mark, ours, theirs in MARKS:
        cells: list[Sequence[Fact]] = [telling.best(ours)[:1]]
        cells += [[group[theirs]] if theirs in group else [] for group in before]
        if not any(cells):
            continue
        rows.append((mark, *(words(cell[0]) if cell else "not known" for cell in cells)))
        for cell in cells:
            rests += [told_of(fact, telling.items[fact.item], words(fact)) for fact in cell]
    head = ("Mark", "This payment", *(f"Earlier payment {n}" for n in range(1, len(before) + 1)))
    shares = (1.4, *(2.0 for _ in head[1:]))
    return Told("This payment beside earlier ones (Visa CE 3.0)", head, shares, tuple(rows)), rests
