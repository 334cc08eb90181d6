"""Which of a carrier's events are of an earlier parcel with the same number?

Carriers use their numbers again after a while (CAR-01: USPS keeps a history for 120 days), and some
answer with the history of both uses. What happened to the earlier parcel contradicts nothing of
this order and proves nothing of it.

Reads     scans, deliveries and labels that carriers tell, by parcel; when the order was placed, or
          where nobody says that, when others say that its parcel was packed or left.
Assumes   that nothing happened to an order's parcel more than thirty days before the order: clocks,
          zones, a label made ahead and a record made late explain less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from evidence.facts import Fact, Facts
from evidence.manifest import SealedItem
from verifiers.subjects import CARRIER_ROLES, Subjects

DELIVERIES = ("scan.delivered.at", "delivery.at")
_EVENTS = (
    "shipment.label.at", "shipment.shipped.at", "scan.accepted.at", "scan.transit.at",
    "scan.exception.at", "scan.out_for_delivery.at", "scan.other.at", *DELIVERIES,
)  # fmt: skip
_PLACED = ("order.placed.at", "order.paid.at")
_LEFT = ("order.packed.at", "shipment.label.at", "shipment.shipped.at")
_BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class EarlierUse:
    """A number that a carrier had given to another parcel before.

    before  what the carrier tells of the earlier parcel, oldest first
    since   what it tells of the number since; empty if nothing
    start   the moment, stated by somebody else, that the order's own parcel cannot be older than
    """

    number: str
    before: tuple[Fact, ...]
    since: tuple[Fact, ...]
    start: Fact


def earlier_uses(
    items: Sequence[SealedItem], facts: Facts, subjects: Subjects
) -> tuple[EarlierUse, ...]:
    """Each number with events more than thirty days before the order, in order of mention."""
    roles = {item.sha256: item.role for item in items}
    told: dict[str, list[Fact]] = {}
    for fact in facts.named(*_EVENTS):
        if roles.get(fact.item) in CARRIER_ROLES and not subjects.foreign(fact):
            if (number := subjects.parcel_of(fact)) is not None:
                told.setdefault(number, []).append(fact)
    if not told:
        return ()
    others = [
        fact for fact in facts.named(*_PLACED, *_LEFT)
        if roles.get(fact.item) not in CARRIER_ROLES and not subjects.foreign(fact)
    ]  # fmt: skip
    placed = _first(fact for fact in others if fact.name in _PLACED)
    found = []
    for number, events in told.items():
        left = (f for f in others if f.name in _LEFT and subjects.parcel_of(f) in (number, None))
        start = placed or _first(left)
        if start is None:
            continue
        begun = start.time.span.earliest
        before: list[Fact] = []
        since: list[Fact] = []
        for fact in sorted(events, key=lambda fact: fact.time.span.earliest):
            (before if begun - fact.time.span.latest > _BEFORE else since).append(fact)
        if before:
            found.append(EarlierUse(number, tuple(before), tuple(since), start))
    return tuple(found)


def of_this_order(facts: Facts, uses: Sequence[EarlierUse]) -> Facts:
    """The facts without what is told of an earlier parcel, for numbers that were used since.

    A number that was never used since is not of this order at all: its times stay, and contradict.
    """
    past = {id(fact) for use in uses if use.since for fact in use.before}
    return Facts(fact for fact in facts if id(fact) not in past) if past else facts


def of_earlier_parcel(fact: Fact, number: str | None, uses: Sequence[EarlierUse]) -> bool:
    """Whether a fact of any item tells of the parcel that had this number before.

    number  the fact's parcel; None where the item says of none
    """
    return fact.name in _EVENTS and any(
        use.since
        and number in (use.number, None)
        and use.start.time.span.earliest - fact.time.span.latest > _BEFORE
        for use in uses
    )


def _first(facts: Iterable[Fact]) -> Fact | None:
    return min(facts, key=lambda fact: fact.time.span.earliest, default=None)
