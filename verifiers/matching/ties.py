"""What ties a carrier's parcel, and each item, to the order that was asked for.

A tie needs one statement that names both ends: a record with the order's number and the parcel's,
or a carrier's answer that repeats the reference which the shipper put on the label. That somebody
asked the carrier about a number for this order is no tie: it is our own assumption.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from evidence.facts import Fact, Facts
from evidence.items import OWN_ROLES, Provenance, Role
from evidence.manifest import SealedItem
from evidence.orders import OrderRef
from verifiers.matching.channels import Channel, channel_in
from verifiers.subjects import (
    CARRIER_ROLES,
    NUMBER,
    ORDER_NAMES,
    OTHER_NAMES,
    Subjects,
    names_an_order,
    order_key,
)

# Made by our own work, or about money and not about the parcel's way: looked at, never required.
_SILENT_ROLES = frozenset({Role.EXCHANGE, Role.DNS_ANSWER, *OWN_ROLES})
_TEXTS = ("message.subject", "message.body", "document.text", "file.name")


@dataclass(slots=True)
class Ties:
    """ties     parcel key -> the facts that name both it and the order
    foreign     parcel key -> the facts that tie it to another order of the platform
    carrier     parcel key -> the facts in which a carrier's item names it
    """

    ties: dict[str, list[Fact]] = field(default_factory=dict)
    foreign: dict[str, list[Fact]] = field(default_factory=dict)
    carrier: dict[str, list[Fact]] = field(default_factory=dict)


def ties_of(items: Sequence[SealedItem], facts: Facts, subjects: Subjects) -> Ties:
    roles = {item.sha256: item.role for item in items}
    found = Ties()
    named: dict[str, list[Fact]] = {}
    for fact in facts.named(*ORDER_NAMES, *OTHER_NAMES):
        named.setdefault(fact.item, []).append(fact)
    for fact in facts.named(NUMBER):
        key = subjects.key(fact.text)
        if roles.get(fact.item) in CARRIER_ROLES:
            found.carrier.setdefault(key, []).append(fact)
        orders = subjects.orders_of(fact)
        near = [n for n in named.get(fact.item, ()) if order_key(n.text) in orders]
        if orders & subjects.ours:
            mine = [n for n in near if order_key(n.text) in subjects.ours]
            found.ties.setdefault(key, []).extend([fact, *mine])
        elif orders:
            found.foreign.setdefault(key, []).extend([fact, *near])
    return found


def foreign_orders(order: OrderRef, facts: Facts, subjects: Subjects) -> dict[str, list[Fact]]:
    """By item, the facts that name another order of the same platform, where none names ours.

    A table or a mail that names ours as well may name others: those rows are simply not ours.
    """
    named: dict[str, list[Fact]] = {}
    ours: set[str] = set()
    for fact in facts.named(*ORDER_NAMES, *OTHER_NAMES):
        if order_key(fact.text) in subjects.ours:
            ours.add(fact.item)
        elif names_an_order(fact):
            named.setdefault(fact.item, []).append(fact)
    platforms: dict[str, list[Channel | None]] = {}
    for fact in facts.named("order.platform"):
        platforms.setdefault(fact.item, []).append(channel_in(fact.text))
    elsewhere = {
        item for item, told in platforms.items()
        if not any(channel is not None and channel.is_(order.platform) for channel in told)
    }  # fmt: skip
    return {item: said for item, said in named.items() if item not in ours | elsewhere}


class Speaking:
    """Which items say themselves, or by what they came in, that they are about this order."""

    def __init__(
        self,
        order: OrderRef,
        items: Sequence[SealedItem],
        facts: Facts,
        subjects: Subjects,
        tied: set[str],
    ) -> None:
        self._items = {item.sha256: item for item in items}
        self._subjects = subjects
        self._tied = tied
        self._keys = [*subjects.ours, *(number.casefold() for number in tied)]
        self._order = order_key(order.id)
        self._facts: dict[str, list[Fact]] = {}
        for fact in facts:
            self._facts.setdefault(fact.item, []).append(fact)
        self._threads = self._message_ids()

    def speaks(self, item: SealedItem) -> bool:
        """True if the item names the order or a tied parcel; parts speak with their whole."""
        if item.role in _SILENT_ROLES:
            return True
        if self._says(item.sha256) or self._asked(item) or self._in_name(item.name):
            return True
        if item.part_of and (whole := self._items.get(item.part_of["sha256"])):
            return whole is not item and self._says_or_asked(whole)
        answers = {f.text for f in self._of(item.sha256, "message.reply_to")}
        return bool(answers & self._threads)

    def _says_or_asked(self, item: SealedItem) -> bool:
        return self._says(item.sha256) or self._asked(item) or self._in_name(item.name)

    def _of(self, item: str, *names: str) -> list[Fact]:
        return [fact for fact in self._facts.get(item, ()) if fact.name in names]

    def _says(self, item: str) -> bool:
        if any(
            order_key(fact.text) in self._subjects.ours
            for fact in self._of(item, *ORDER_NAMES, *OTHER_NAMES)
        ):
            return True
        if any(self._subjects.key(fact.text) in self._tied for fact in self._of(item, NUMBER)):
            return True
        return any(self._in_text(fact.text) for fact in self._of(item, *_TEXTS))

    def _asked(self, item: SealedItem) -> bool:
        """The source's own answer to a question about our order, or about a parcel tied to it."""
        if item.provenance not in (Provenance.API, Provenance.RELAYED):
            return False
        number = item.about.get(NUMBER)
        if number is not None and self._subjects.key(number) in self._tied:
            return True
        return order_key(item.about.get("order.id", "")) == self._order

    def _in_name(self, name: str | None) -> bool:
        return name is not None and self._in_text(name)

    def _in_text(self, text: str) -> bool:
        # Short shop numbers such as 1001 stand in any text by chance.
        folded = text.casefold()
        return any(len(key) >= 8 and key in folded for key in self._keys)

    def _message_ids(self) -> set[str]:
        return {
            fact.text
            for item in self._items
            if self._says(item)
            for fact in self._of(item, "message.id")
        }
