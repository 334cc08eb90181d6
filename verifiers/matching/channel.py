"""Is the order one of the platform that holds a defect against it?

A platform counts what it thinks are its own orders. A seller who sells elsewhere too may show that
an order is another channel's: by its number's form, by the channel that shop and platform state, by
the platform's own answer that it has no such order. The same buyer, a relay address of the platform
or a notice that names the platform's order shows the contrary.

Reads     the policy's platform; `order.id`, `order.alias`, `order.platform`, `order.channel`,
          `order.unknown`, buyers' ids and addresses.
Assumes   that Amazon's and eBay's numbers have one form each. A seller's own table or ERP is the
          seller's word: it opens the question and never closes it. Buyers are compared by a keyed
          hash; no finding says who they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from evidence.facts import Fact, Facts
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from evidence.orders import OrderRef, Platform, has_shape, platform_of
from evidence.policy import Policy
from evidence.verdicts import Answer, Finding, Verdict
from verifiers.matching.buyers import Marks, relay_of
from verifiers.matching.channels import channel_in
from verifiers.subjects import Subjects, order_key

_NOT_THEIRS = Finding.good("order-not-of-platform")
_THEIRS = Finding.good("order-of-platform")
_AFTER_ALL = Finding.grave(
    "order-is-the-platforms",
    do="Do not say that it is another channel's; answer the defect itself.",
)
_SAME_BUYER = Finding.grave(
    "buyer-is-the-platforms", do="Find out which of this buyer's orders the defect is about."
)
_OTHER_NOTICE = Finding.grave(
    "notice-is-of-another-order", do="Collect the order that the notice names, and answer for it."
)
_OPEN = Finding.note(
    "channel-open", do="Add the shop's own answer about the order, and the platform's."
)
_UNKNOWN = Finding.note(
    "platform-knows-no-order",
    do="Ask the store that sold it; each store knows its own orders only.",
)
_OTHERWISE = Finding.note(
    "channel-told-otherwise", do="Say in which channel the record of it was made, and why."
)
_NOT_TIED = Finding.note(
    "notice-not-tied", do="Add the page of the notice that names the order or the buyer."
)

_RECORDS = frozenset({Role.ORDER_RECORD, Role.SHIPMENT_RECORD, Role.PAYMENT_RECORD})
# Whose word it is where a source is the seller's own system, however it was asked.
_SELLER = frozenset({"seller", "erp", "shop"})
_TOLD = 6


def verify(
    *, order: OrderRef, items: Sequence[SealedItem], facts: Facts, policy: Policy, **_: object
) -> Answer:
    """Weigh what says that the order is the platform's against what says that it is not.

    pass            it is shown whose order it is: the platform's, or another channel's
    fail            it is held for another channel's, and something shows that it is the platform's
    inconclusive    only the seller's word says so, or the platform does not know the number
    not_applicable  it is held to no platform's rules, or nobody says or doubts whose order it is

    Never raises for bad evidence: bad evidence is an answer.
    """
    holder = order.platform if policy.platform is Platform.OTHER else policy.platform
    if holder is Platform.OTHER:
        return Verdict.NOT_APPLICABLE, []
    said = _Said(order, items, facts, holder)
    if order.platform is holder:
        return _of_the_platform(order, said)
    return _of_another_channel(order, said)


class _Said:
    """What speaks for and against: `holder` is the platform that holds the defect."""

    def __init__(
        self, order: OrderRef, items: Sequence[SealedItem], facts: Facts, holder: Platform
    ) -> None:
        self.holder, self.order = holder, order
        self._items = {item.sha256: item for item in items}
        self._subjects = Subjects(order, items, facts)
        ours = self._subjects.of_order
        names = ours(facts.named("order.id", "order.alias"))
        named = [f for f in names if order_key(f.text) in self._subjects.ours]
        channels = [
            (fact, told)
            for fact in ours(facts.named("order.platform", "order.channel"))
            if (told := channel_in(fact.text)) is not None
        ]
        denied = {f.item for f, told in channels if self._own(f) and told.is_not(holder)}
        # The platform's own answer that the sale was made elsewhere: goods from its warehouse.
        self.denied = [f for f, told in channels if f.item in denied and told.is_not(holder)]
        self.records = [f for f in named if self._own(f) and f.item not in denied]
        self.shaped = [f for f in named if platform_of(f.text) is holder]
        unknown = facts.named("order.unknown")
        self.unknown = [f for f in unknown if self._own(f) and self._asked_for_ours(f)]
        self.for_it = [f for f, told in channels if not self._own(f) and told.is_(holder)]
        self.against = [f for f, told in channels if not self._own(f) and told.is_not(holder)]
        # Another platform's own answer about the order: its shop's, not a table of the seller's.
        self.elsewhere = [
            f for f in named
            if f.name == "order.id" and f.origin not in _SELLER and not self._own(f)
            and self._is_answer(f) and self._items[f.item].role is Role.ORDER_RECORD
        ]  # fmt: skip
        self.notices = [i for i in items if i.role is Role.DEFECT_NOTICE]
        shas = {item.sha256 for item in self.notices}
        self._in_notices: dict[str, list[Fact]] = {}
        for fact in facts.named("order.id", "order.alias"):
            if fact.item in shas:
                self._in_notices.setdefault(fact.item, []).append(fact)
        self._buyers(items, facts)

    def _own(self, fact: Fact) -> bool:
        """Whether the platform itself says so, by its interface."""
        item = self._items.get(fact.item)
        return item is not None and item.origin == str(self.holder) and self._is_answer(fact)

    def _is_answer(self, fact: Fact) -> bool:
        item = self._items.get(fact.item)
        return item is not None and item.provenance == Provenance.API

    def _asked_for_ours(self, fact: Fact) -> bool:
        asked = order_key(self._items[fact.item].about.get("order.id", self.order.id))
        return asked in self._subjects.ours

    def _buyers(self, items: Sequence[SealedItem], facts: Facts) -> None:
        """Who bought by the other channel's records, and who by the platform's own papers."""
        marks = Marks(items)
        shop: dict[str, Fact] = {}
        theirs: dict[str, Fact] = {}
        self.relays: list[Fact] = []
        for fact, mark in marks.of(facts):
            item = self._items.get(fact.item)
            if item is None:
                continue
            if item.origin == str(self.holder):
                theirs.setdefault(mark, fact)
            elif item.role in _RECORDS and not self._subjects.foreign(fact):
                shop.setdefault(mark, fact)
                if relay_of(fact) is self.holder:
                    self.relays.append(fact)
        both = [mark for mark in shop if mark in theirs]
        self.same_buyer = [(shop[mark], theirs[mark]) for mark in both]
        self.buyers_known = bool(shop) and bool(theirs)

    def other_notices(self) -> list[Fact]:
        """Order numbers in the platform's notices, where none of them is ours."""
        found = []
        for said in self._in_notices.values():
            if not any(order_key(f.text) in self._subjects.ours for f in said):
                found += [
                    f for f in said if f.name == "order.id" and has_shape(self.holder, f.text)
                ]
        return found

    def tied_notice(self) -> bool:
        """Whether a notice, if there is one, names the order."""
        numbers = (order_key(fact.text) for said in self._in_notices.values() for fact in said)
        return not self.notices or any(number in self._subjects.ours for number in numbers)


def _of_the_platform(order: OrderRef, said: _Said) -> Answer:
    """An order that was asked for as the platform's own."""
    holder = said.holder
    if said.denied:
        return Verdict.PASS, [
            _NOT_THEIRS.saying(
                f"{holder} itself states that {order.id} was sold elsewhere:"
                f" “{said.denied[0].text}”.", *said.denied[:_TOLD],
            )
        ]  # fmt: skip
    doubts = [_otherwise(said)] if said.against else []
    if said.records or said.shaped:
        by = "its own record has it" if said.records else "its number has the platform's form"
        known = _THEIRS.saying(
            f"{order.id} is an order of {holder}: {by}.", *(said.records or said.shaped)[:_TOLD]
        )
        # An ERP names the shop that passed the order on; that says nothing of where it was placed.
        if said.records or not doubts:
            return Verdict.PASS, [known, *doubts]
        return Verdict.INCONCLUSIVE, [known, *doubts]
    if said.unknown:
        told = f"{holder} answers that it does not know {order.id}"
        doubts.append(_UNKNOWN.saying(f"{told}: “{said.unknown[0].text}”.", *said.unknown[:_TOLD]))
    return (Verdict.INCONCLUSIVE if doubts else Verdict.NOT_APPLICABLE), doubts


def _otherwise(said: _Said) -> Finding:
    first = said.against[0]
    return _OTHERWISE.saying(
        f"{first.origin} names another channel: “{first.text}”.", *said.against[:_TOLD]
    )


def _of_another_channel(order: OrderRef, said: _Said) -> Answer:
    """An order of another channel, under the rules of a platform that holds it for its own."""
    contrary = [] if said.denied else list(_contrary(order, said))
    if contrary:
        return Verdict.FAIL, contrary
    reasons, rests = _reasons(order, said)
    form = not has_shape(said.holder, order.id)
    proven = (
        bool(said.denied)
        or (bool(said.elsewhere) and (form or bool(said.unknown)))
        or (bool(said.unknown) and form and bool(said.against))
    )
    if not proven:
        have = "; ".join(reasons) or "nothing says which channel it is of"
        lacking = "the shop's own answer" if not said.elsewhere else f"{said.holder}'s answer"
        told = f"Whether {order.id} is an order of {said.holder} is open: {have}; {lacking} is not"
        return Verdict.INCONCLUSIVE, [_OPEN.saying(f"{told} there.", *rests)]
    told = f"{order.id} is no order of {said.holder}: {'; '.join(reasons)}."
    findings = [_NOT_THEIRS.saying(told, *rests)]
    if not said.tied_notice():
        findings.append(
            _NOT_TIED.saying(f"No notice of {said.holder} names {order.id} or its buyer.")
        )
    return Verdict.PASS, findings


def _contrary(order: OrderRef, said: _Said) -> Iterator[Finding]:
    holder = said.holder
    if said.records:
        yield _AFTER_ALL.saying(
            f"{holder}'s own record has {said.records[0].text}.", *said.records[:_TOLD]
        )
    elif said.shaped:
        yield _AFTER_ALL.saying(
            f"{said.shaped[0].origin} knows {order.id} as {said.shaped[0].text}, a number of"
            f" {holder}'s form.", *said.shaped[:_TOLD],
        )  # fmt: skip
    if said.relays:
        yield _AFTER_ALL.saying(
            f"The buyer's address is a relay of {holder}: the order came from there.",
            *said.relays[:_TOLD],
        )
    for shop, theirs in said.same_buyer[:1]:
        yield _SAME_BUYER.saying(
            f"{shop.origin}'s buyer is the one that {holder} names, by a keyed hash.", shop, theirs
        )
    if others := said.other_notices():
        numbers = ", ".join(dict.fromkeys(fact.text for fact in others[:3]))
        yield _OTHER_NOTICE.saying(
            f"The notice names {numbers}, an order of {holder}, and not {order.id}.",
            *others[:_TOLD],
        )
    if said.for_it and not said.against:
        first = said.for_it[0]
        yield _AFTER_ALL.saying(
            f"{first.origin} names {holder} as its channel: “{first.text}”.", *said.for_it[:_TOLD]
        )


def _reasons(order: OrderRef, said: _Said) -> tuple[list[str], list[Fact]]:
    """What says that it is no order of the platform, each with whose word it is."""
    holder = said.holder
    reasons, rests = [], []
    if not has_shape(holder, order.id):
        reasons.append(f"its number has not the form of {holder}'s")
    if said.denied:
        reasons.append(f"{holder} itself states another channel, “{said.denied[0].text}”")
    if said.elsewhere:
        reasons.append(f"{_origins(said.elsewhere)} answers that the order is its own")
    if said.unknown:
        reasons.append(f"{holder} answers that it does not know it")
    if said.against:
        words = ", ".join(dict.fromkeys(f"“{fact.text}”" for fact in said.against[:3]))
        reasons.append(f"{_origins(said.against)} names the channel {words}")
    if said.buyers_known:
        reasons.append(f"no buyer that {holder} names is this one's, by a keyed hash")
    for group in (said.denied, said.elsewhere, said.unknown, said.against):
        rests += group[:_TOLD]
    return reasons, rests


def _origins(facts: Iterable[Fact]) -> str:
    return ", ".join(sorted({fact.origin for fact in facts}))
