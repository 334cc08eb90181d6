"""What makes a match doubtful though its numbers fit: money, and a number that was used before.

Carriers use their numbers again after a while (CAR-01: USPS keeps a history for 120 days), so that
a true proof of delivery may be of an earlier parcel with the same number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from evidence.facts import Fact, Facts
from evidence.manifest import SealedItem
from evidence.verdicts import Finding
from verifiers.matching.ties import CARRIER_ROLES
from verifiers.subjects import Subjects

_AMOUNT = Finding.note("amount-differs", do="Compare the amounts: a part, a fee or another order.")
_CURRENCY = Finding.note("currency-differs", do="Say at which rate the one was made of the other.")
_TWICE = Finding.note(
    "number-used-twice", do="Send the history of the later use only, with the order's date beside."
)
_EARLIER = Finding.grave(
    "delivery-of-earlier-use", do="Do not send it: that parcel was delivered before the order."
)

# Clocks, zones and a late record explain less than this.
_BEFORE = timedelta(days=30)


def money(facts: Facts, subjects: Subjects) -> Iterator[Finding]:
    """The order's total, as each origin states it, and what was paid."""
    said = [
        (fact, amount)
        for fact in facts.named("order.total", "payment.amount")
        if not subjects.foreign(fact) and (amount := _amount(fact.text)) is not None
    ]
    if not said:
        return
    first, (total, currency) = said[0]
    for fact, (other, unit) in said[1:]:
        if fact.origin == first.origin and fact.name == first.name:
            continue
        told = f"{first.text} [{first.origin}] against {fact.text} [{fact.origin}]."
        if unit != currency:
            yield _CURRENCY.saying(told, first, fact)
            return
        if other != total:
            yield _AMOUNT.saying(told, first, fact)
            return


def _amount(text: str) -> tuple[Decimal, str] | None:
    number, _, currency = text.strip().partition(" ")
    try:
        value = Decimal(number)
    except InvalidOperation:
        return None
    return (value, currency.upper()) if currency and value.is_finite() else None


def reuse(items: Sequence[SealedItem], facts: Facts, subjects: Subjects) -> Iterator[Finding]:
    """Deliveries of a parcel long before the order was placed."""
    placed = [fact for fact in facts.named("order.placed.at") if not subjects.foreign(fact)]
    if not placed:
        return
    first = min(placed, key=lambda fact: fact.time.span.earliest)
    roles = {item.sha256: item.role for item in items}
    told: dict[str, list[Fact]] = {}
    for fact in facts.named("scan.delivered.at"):
        number = subjects.parcel_of(fact)
        if number is not None and roles.get(fact.item) in CARRIER_ROLES:
            told.setdefault(number, []).append(fact)
    for number, deliveries in told.items():
        old = [f for f in deliveries if f.time.span.latest < first.time.span.earliest - _BEFORE]
        if not old:
            continue
        later = [fact for fact in deliveries if fact not in old]
        kind = _TWICE if later else _EARLIER
        when = "once before, and again since" if later else "only before"
        yield kind.saying(
            f"Parcel {number} was delivered {when} the order was placed: {old[0].text},"
            f" ordered {first.text}.", *old[:1], first, *later[:1],
        )  # fmt: skip
