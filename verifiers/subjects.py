"""Of which order and which parcel does a fact speak?

A fact's group is a path ("row/3", "parcel/1Z.../scan/0"), so what stands higher in the same item
speaks for what stands below it. Where nothing in the item says, the answer is None: an unknown
parcel is not the only parcel, unless the order has only one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from evidence.facts import Fact, Facts
from evidence.items import Role
from evidence.manifest import SealedItem
from evidence.orders import OrderRef, platform_of

# Facts that name the order, and facts that name another number of it.
ORDER_NAMES = ("order.id",)
OTHER_NAMES = ("order.alias", "shipment.reference")
NUMBER = "shipment.tracking_number"


def number_key(text: str) -> str:
    """A tracking number as carriers compare them: upper case, without spaces and dashes."""
    return re.sub(r"[\s\-._]", "", text).upper()


def order_key(text: str) -> str:
    return text.strip().lstrip("#").casefold()


def names_an_order(fact: Fact) -> bool:
    """Whether the fact is an order number: by its name, or as a reference of unmistakable shape."""
    if fact.name in ORDER_NAMES:
        return True
    return fact.name == "shipment.reference" and platform_of(fact.text) is not None


# What a carrier says or hands out of a parcel.
PROOFS = frozenset({Role.POD_DOCUMENT, Role.POD_PHOTO, Role.POD_SIGNATURE})
CARRIER_ROLES = PROOFS | {Role.TRACKING_HISTORY}
# In a carrier's answer, numbers that share a group are names of one parcel: UPS states the number
# of the last mile beside its own.
_ANSWERS = frozenset({Role.TRACKING_HISTORY})


def numbers_in(note: str) -> list[str]:
    """Order numbers of unmistakable shape in a note, such as an Amazon order's in a shop's."""
    words = re.findall(r"(?<![\w-])[0-9][0-9-]{10,20}(?![\w-])", note[:2000])
    return [word for word in words if platform_of(word) is not None]


def names_whole(note: str, number: str) -> bool:
    """Whether a note names this number, which is too long to stand there by chance."""
    if len(number) < 10 or not any(char.isdigit() for char in number):
        return False
    found = rf"(?<![\w-]){re.escape(number.strip())}(?![\w-])"
    return re.search(found, note[:2000], re.IGNORECASE) is not None


class Subjects:
    """What the facts of an order say they are about.

    ours     keys of the order's number and its other names
    parcels  keys of tracking numbers that the items speak of for this order, in order of first
             mention
    """

    def __init__(self, order: OrderRef, items: Sequence[SealedItem], facts: Facts) -> None:
        self._items = {item.sha256: item for item in items}
        self._other_names = self._names_of_one(facts)
        self._named: dict[tuple[str, str], dict[str, list[str]]] = {}
        # What was answered for a group; all its facts are about the same.
        self._parcel_of: dict[tuple[str, str], str | None] = {}
        self._foreign: dict[tuple[str, str], bool] = {}
        self._numbers_in: dict[str, set[str]] = {}
        for fact in facts.named(*ORDER_NAMES, *OTHER_NAMES, NUMBER):
            at = self._named.setdefault((fact.item, fact.group), {})
            name = "order.id" if names_an_order(fact) else fact.name
            at.setdefault(name, []).append(fact.text)
            if fact.name == NUMBER:
                self._numbers_in.setdefault(fact.item, set()).add(self.key(fact.text))
        for fact in facts.named("order.note"):
            at = self._named.setdefault((fact.item, fact.group), {})
            at.setdefault("order.alias", []).extend(numbers_in(fact.text))
            if names_whole(fact.text, order.id):
                at["order.alias"].append(order.id)
        self.ours = {order_key(order.id)}
        # An alias counts where it stands beside the order's own number; one step, no chains.
        beside = [
            order_key(alias)
            for named in self._named.values()
            if any(order_key(said) in self.ours for said in named.get("order.id", ()))
            for alias in named.get("order.alias", ())
        ]
        # And the other way: a shop's record that names the platform's order in its note is of it.
        beside += [
            order_key(said)
            for named in self._named.values()
            if len(said_ids := {*named.get("order.id", ())}) == 1
            and any(order_key(alias) in self.ours for alias in named.get("order.alias", ()))
            for said in said_ids
        ]
        self.ours.update(beside)
        self.parcels: tuple[str, ...] = tuple(
            dict.fromkeys(
                self.key(fact.text) for fact in facts.named(NUMBER) if not self.foreign(fact)
            )
        )

    def _names_of_one(self, facts: Facts) -> dict[str, str]:
        first: dict[tuple[str, str], str] = {}
        same: dict[str, str] = {}
        for fact in facts.named(NUMBER):
            item = self._items.get(fact.item)
            if item is None or item.role not in _ANSWERS or not fact.group:
                continue
            number = number_key(fact.text)
            main = first.setdefault((fact.item, fact.group), same.get(number, number))
            same.setdefault(number, main)
        return {number: main for number, main in same.items() if number != main}

    def key(self, number: str) -> str:
        """What a parcel is called here: its number's key, or its main number's if it has two."""
        said = number_key(number)
        return self._other_names.get(said, said)

    def orders_of(self, fact: Fact) -> set[str]:
        """Keys of the order numbers and other names that stand nearest above the fact."""
        for named in self._above(fact):
            said = {
                order_key(text) for name in (*ORDER_NAMES, *OTHER_NAMES)
                for text in named.get(name, ())
            }  # fmt: skip
            if said and (named.get("order.id") or said & self.ours):
                return said
        return set()

    def foreign(self, fact: Fact) -> bool:
        """Whether the fact is said of another order, as in a neighbour's row of a table."""
        where = fact.item, fact.group
        if (known := self._foreign.get(where)) is None:
            named = self.orders_of(fact)
            known = self._foreign[where] = bool(named) and not named & self.ours
        return known

    def of_order(self, facts: Iterable[Fact]) -> list[Fact]:
        """Those that are not said of another order."""
        return [fact for fact in facts if not self.foreign(fact)]

    def one_parcel(self, first: Fact, second: Fact) -> bool:
        """Whether both can be about one parcel: they name the same, or one of them names none."""
        a, b = self.parcel_of(first), self.parcel_of(second)
        return a is None or b is None or a == b

    def parcel_beside(self, fact: Fact) -> str | None:
        """The parcel that is named in the fact's own group or above, short of the whole item."""
        group = fact.group
        while group:
            named = self._named.get((fact.item, group), {})
            if numbers := {self.key(text) for text in named.get(NUMBER, ())}:
                return numbers.pop() if len(numbers) == 1 else None
            group = group.rpartition("/")[0]
        return None

    def parcel_of(self, fact: Fact) -> str | None:
        """The key of the parcel the fact speaks of; None if nothing says."""
        where = fact.item, fact.group
        if where not in self._parcel_of:
            self._parcel_of[where] = self._find_parcel_of(fact)
        return self._parcel_of[where]

    def _find_parcel_of(self, fact: Fact) -> str | None:
        for named in self._above(fact):
            numbers = {self.key(text) for text in named.get(NUMBER, ())}
            if numbers:
                return numbers.pop() if len(numbers) == 1 else None
        inside = self._numbers_in.get(fact.item, set())
        if len(inside) == 1:
            return next(iter(inside))
        if not inside:
            item = self._items.get(fact.item)
            if item is not None and (asked := item.about.get(NUMBER)):
                return self.key(asked)
            if len(self.parcels) == 1:
                return self.parcels[0]
        return None

    def _above(self, fact: Fact) -> Iterator[dict[str, list[str]]]:
        group = fact.group
        while True:
            if found := self._named.get((fact.item, group)):
                yield found
            if not group:
                return
            group = group.rpartition("/")[0]
