"""What makes a match doubtful though its numbers fit.

Another receiver, weight, goods or amount; and a number that another parcel had before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from itertools import product

from evidence.facts import Fact, Facts
from evidence.manifest import SealedItem
from evidence.verdicts import Finding
from verifiers.matching.destination import MAX_TOLD, distinct
from verifiers.matching.names import same_name
from verifiers.matching.places import same_weight
from verifiers.reuse import DELIVERIES, EarlierUse
from verifiers.subjects import PROOFS, Subjects

_RECEIVER = Finding.note(
    "received-by-other", do="Ask the carrier who that is, such as a neighbour or a front desk."
)
_WEIGHT = Finding.note("weight-differs", do="Ask the carrier how the parcel was weighed.")
_GOODS = Finding.note("goods-differ", do="Compare the SKUs and quantities of both records.")
_AMOUNT = Finding.note("amount-differs", do="Compare the amounts: a part, a fee or another order.")
_CURRENCY = Finding.note("currency-differs", do="Say at which rate the one was made of the other.")
_PART = Finding.note("refund-is-a-part", do="Say what the part was given back for, and the rest.")
_TWICE = Finding.note(
    "number-used-twice", do="Send the history of the later use only, with the order's date beside."
)
_EARLIER = Finding.grave(
    "delivery-of-earlier-use", do="Do not send it: that parcel was delivered before the order."
)
_PROOF = Finding.grave(
    "proof-of-earlier-use", do="Do not send it: get the proof of the later delivery."
)
_OPEN = Finding.note(
    "own-delivery-open", do="Collect again once the carrier tells the delivery of this parcel."
)
OPEN = frozenset({_OPEN.code})


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


def refunds(facts: Facts, subjects: Subjects) -> Iterator[Finding]:
    """What was given back in all, where that is less than the order came to (S1-13)."""
    given: dict[str, tuple[Decimal, str, Fact]] = {}
    for fact in facts.named("refund.amount"):
        amount = None if subjects.foreign(fact) else _amount(fact.text)
        if amount is not None:  # one refund, told by several items, is one
            given.setdefault(f"{fact.origin}/{fact.group}/{fact.text}", (*amount, fact))
    for total in facts.named("order.total", "payment.amount"):
        amount = None if subjects.foreign(total) else _amount(total.text)
        if not given or amount is None:
            continue
        whole, currency = amount
        if {unit for _, unit, _ in given.values()} != {currency}:
            return
        by_origin: dict[str, Decimal] = {}
        for value, _, fact in given.values():
            by_origin[fact.origin] = by_origin.get(fact.origin, Decimal(0)) + value
        back = max(by_origin.values())
        if 0 < back < whole:
            said = f"{back} {currency} of {total.text} was given back."
            yield _PART.saying(said, total, *(fact for _, _, fact in given.values()))
        return


def _amount(text: str) -> tuple[Decimal, str] | None:
    number, _, currency = text.strip().partition(" ")
    try:
        value = Decimal(number)
    except InvalidOperation:
        return None
    return (value, currency.upper()) if currency and value.is_finite() else None


def reuse(items: Sequence[SealedItem], uses: Sequence[EarlierUse]) -> Iterator[Finding]:
    """What is told of an earlier parcel with the same number, and which proof is only of that."""
    proofs = {item.sha256: item for item in items if item.role in PROOFS}
    for use in uses:
        old = [fact for fact in use.before if fact.name in DELIVERIES]
        own = [fact for fact in use.since if fact.name in DELIVERIES]
        first, ordered = (old or use.before)[0], f"the order is of {use.start.text}"
        if not use.since:
            if old:
                yield _EARLIER.saying(
                    f"Parcel {use.number} was delivered only before the order was placed:"
                    f" {first.text}; {ordered}.", first, use.start,
                )  # fmt: skip
            continue
        what = "delivered" if old else "scanned"
        if own or not old:
            yield _TWICE.saying(
                f"Parcel {use.number} was {what} once before, and again since: {first.text};"
                f" {ordered}.", first, use.start, *(own or use.since)[:1],
            )  # fmt: skip
        else:
            yield _OPEN.saying(
                f"Parcel {use.number} was delivered on {first.text}, long before the order"
                f" ({use.start.text}); since then it was scanned, and no delivery is told.",
                first, use.start, use.since[-1],
            )  # fmt: skip
        delivered_since = {fact.item for fact in own}
        for sha256 in dict.fromkeys(fact.item for fact in old):
            if sha256 in proofs and sha256 not in delivered_since:
                said = [fact for fact in old if fact.item == sha256]
                yield _PROOF.saying(
                    f"A proof of {proofs[sha256].origin} tells the delivery of {said[0].text},"
                    f" of an earlier parcel with the number {use.number}; {ordered}.",
                    *said[:1], use.start,
                )  # fmt: skip


def extras(facts: Facts, subjects: Subjects) -> Iterator[Finding]:
    """What is worth knowing and proves nothing by itself: receiver, weight, goods."""
    wanted = subjects.of_order(facts.named("shipment.recipient.name", "order.buyer"))
    for receiver in distinct(subjects.of_order(facts.named("delivery.received_by")))[:MAX_TOLD]:
        compared = [same_name(receiver.text, fact.text) for fact in wanted]
        if compared and not any(compared) and False in compared:
            yield _RECEIVER.saying(
                f"“{receiver.text}” took it; it was sent to “{wanted[0].text}”.",
                receiver, wanted[0],
            )  # fmt: skip
    weights = distinct(subjects.of_order(facts.named("shipment.weight")))
    for first, second in product(weights, weights):
        if first.origin < second.origin and subjects.one_parcel(first, second):
            if same_weight(first.text, second.text) is False:
                yield _WEIGHT.saying(
                    f"{first.text} [{first.origin}] against {second.text} [{second.origin}].",
                    first, second,
                )  # fmt: skip
                break
    yield from _goods(facts, subjects)


def _goods(facts: Facts, subjects: Subjects) -> Iterator[Finding]:
    """Two records of the order that share no SKU, or count one of them differently."""
    by_origin: dict[str, dict[str, Fact]] = {}
    counts: dict[tuple[str, str], str] = {}
    quantity = {(f.item, f.group): f.text for f in facts.named("order.item.quantity")}
    for fact in subjects.of_order(facts.named("order.item.sku")):
        sku = fact.text.casefold()
        by_origin.setdefault(fact.origin, {})[sku] = fact
        if said := quantity.get((fact.item, fact.group)):
            counts.setdefault((fact.origin, sku), said)
    origins = sorted(by_origin)
    for first, second in product(origins, origins):
        if first >= second:
            continue
        shared = by_origin[first].keys() & by_origin[second].keys()
        a, b = next(iter(by_origin[first].values())), next(iter(by_origin[second].values()))
        if not shared:
            yield _GOODS.saying(f"{first} and {second} name no SKU in common.", a, b)
        for sku in sorted(shared)[:MAX_TOLD]:
            pair = counts.get((first, sku)), counts.get((second, sku))
            if None not in pair and pair[0] != pair[1]:
                yield _GOODS.saying(
                    f"{first} counts {pair[0]} of {sku}, {second} counts {pair[1]}.",
                    by_origin[first][sku], by_origin[second][sku],
                )  # fmt: skip
