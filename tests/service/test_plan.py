"""Which sources can be asked now, and which wait for what others may bring."""

from __future__ import annotations

from collections.abc import AsyncIterator

from collectors.collector import Context
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from service.settings import SourceSettings
from service.sources.sources import Source
from service.steps.plan import Known, askable, joined, news

ORDER = OrderRef(Platform.AMAZON, "112-4832917-2201845")
KNOWN: Known = {"order.id": (ORDER.id,)}


class Platformed:
    """A source of a platform: it leads, and wants to know what else the order is called."""

    version = 1
    roles = frozenset({Role.ORDER_RECORD})
    needs: frozenset[str] = frozenset()
    wants = frozenset({"order.alias"})

    def __init__(self, name: str, *platforms: Platform) -> None:
        self.name = name
        self.platforms = frozenset(platforms)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        none: tuple[Item, ...] = ()
        for item in none:
            yield item

    def read(self, item: Item) -> list[Fact]:
        return []


class OfShape(Platformed):
    """One that can only be asked with a number of its own."""

    def recognises(self, order: OrderRef, facts: Known) -> bool:
        return "04-11234-56789" in facts.get("order.alias", ())


class Payments(Platformed):
    roles = frozenset({Role.PAYMENT_RECORD})
    wants = frozenset({"order.shop_id"})


class Carrier(Platformed):
    roles = frozenset({Role.TRACKING_HISTORY})
    needs = frozenset({"shipment.tracking_number"})
    wants: frozenset[str] = frozenset()


def source(collector: Platformed) -> Source:
    return Source(collector, SourceSettings(name=collector.name, collector=collector.name))


OWN = source(Platformed("amazon", Platform.AMAZON))
OTHERS = [source(Platformed("shopify", Platform.SHOPIFY)), source(Platformed("ebay"))]
CARRIER = source(Carrier("ups"))
PAYMENTS = source(Payments("shopify_payments"))


def test_the_orders_own_platform_is_asked_at_once_and_the_others_wait_for_what_it_teaches() -> None:
    assert askable(ORDER, KNOWN, [*OTHERS, OWN, CARRIER], []) == [OWN]
    assert askable(ORDER, KNOWN, [*OTHERS, CARRIER], [OWN]) == []


def test_sources_that_wait_only_for_each_other_are_all_asked() -> None:
    assert askable(ORDER, KNOWN, [*OTHERS, CARRIER], []) == OTHERS


def test_one_that_teaches_nothing_goes_on_waiting_for_those_that_may() -> None:
    assert askable(ORDER, KNOWN, [PAYMENTS, *OTHERS], []) == OTHERS
    assert askable(ORDER, KNOWN, [PAYMENTS], OTHERS) == []
    assert askable(ORDER, KNOWN, [PAYMENTS], []) == [PAYMENTS]


def test_one_that_recognises_no_number_goes_on_waiting_for_those_that_may_bring_one() -> None:
    ebay = source(OfShape("ebay", Platform.EBAY))
    shopify = OTHERS[0]
    other: Known = KNOWN | {"order.alias": ("SO-1001",)}
    assert askable(ORDER, KNOWN, [ebay, shopify], []) == [shopify]
    assert askable(ORDER, other, [ebay], [shopify]) == []
    its: Known = KNOWN | {"order.alias": ("SO-1001", "04-11234-56789")}
    assert askable(ORDER, its, [ebay], [shopify]) == [ebay]
    assert askable(ORDER, other, [ebay], []) == [ebay], "nobody is left who could bring one"
    assert askable(OrderRef(Platform.EBAY, "1"), KNOWN, [ebay], [shopify]) == [ebay]


def test_what_became_known_ends_the_waiting() -> None:
    known: Known = KNOWN | {"order.alias": ("#1001",)}
    assert askable(ORDER, known, OTHERS, [OWN]) == OTHERS


def test_what_a_source_needs_it_never_begins_without() -> None:
    assert askable(ORDER, KNOWN, [CARRIER], []) == []
    known: Known = KNOWN | {"shipment.tracking_number": ("1Z84A7V90344127810",)}
    assert askable(ORDER, known, [CARRIER], [OWN]) == [CARRIER]


FIRST, SECOND = "1Z999AA10123456784", "1Z999AA10123456793"


def test_a_parcel_that_becomes_known_later_is_asked_for_alone() -> None:
    told = {**KNOWN, "shipment.tracking_number": (FIRST,)}
    known = {**KNOWN, "shipment.tracking_number": (FIRST, SECOND)}
    assert news(CARRIER, ORDER, told, told) is None
    assert news(CARRIER, ORDER, known, told) == {**KNOWN, "shipment.tracking_number": (SECOND,)}
    assert news(CARRIER, ORDER, known, joined(told, known)) is None


def test_the_orders_own_platform_is_not_asked_again_for_another_name_of_the_order() -> None:
    known = {**KNOWN, "order.alias": ("SO-77",)}
    assert news(OWN, ORDER, known, KNOWN) is None
    assert news(OTHERS[0], ORDER, known, KNOWN) == known


def test_who_cannot_be_asked_with_what_is_new_is_not_asked() -> None:
    shaped = source(OfShape("ebay", Platform.EBAY))
    told = {**KNOWN, "order.alias": ("04-11234-56789",)}
    assert news(shaped, ORDER, {**told, "order.alias": ("04-11234-56789", "SO-77")}, told) is None
    assert news(shaped, ORDER, told, KNOWN) == told
