"""Bytes become facts: every kept item is read back from storage, decrypted, and read once."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.facts import Fact
from evidence.items import Item
from service.places import content_of
from service.reading.reading import Reading, failed
from storage.ledger.records import KeptItem, OrderRecord
from storage.objects.objects import Objects

# The manifest must stay under evidence.manifest.MAX_MANIFEST_BYTES, whatever the items hold. Text
# may take six bytes a character in JSON, and a fact has its names and locators beside it.
MOST_TEXT = 8 << 20
FACT_OVERHEAD = 300


def opened(kept: KeptItem, order: OrderRecord, objects: Objects) -> Item:
    """The item as its collector brought it; its bytes come from storage when they are asked for."""
    return kept.item(content_of(kept, order, objects))


async def read_all(
    kept: Sequence[KeptItem], order: OrderRecord, *, objects: Objects, reading: Reading
) -> list[Fact]:
    """The facts of every item, in the items' order; the same bytes are read once.

    An order's account is bounded: items whose facts would go beyond get `reading.failed` instead.
    """
    different: dict[tuple[str, str], KeptItem] = {}
    for item in kept:
        different.setdefault((item.sha256, str(item.role)), item)
    lines = list(different.values())
    read = await reading.facts_of_each([opened(line, order, objects) for line in lines])
    account: list[Fact] = []
    left = MOST_TEXT
    for line, facts in zip(lines, read, strict=True):
        size = sum(len(fact.text) + FACT_OVERHEAD for fact in facts)
        if size > left:
            why = f"Its {len(facts)} facts are more than an order's account can still hold."
            facts = [failed(opened(line, order, objects), why)]
        else:
            left -= size
        account += facts
    return account
