"""Bytes become facts: every kept item is read back from storage, decrypted, and read once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from evidence.facts import Fact
from evidence.items import Item
from service.reading import Reading
from storage.ledger.records import KeptItem, OrderRecord
from storage.objects.objects import Objects


def opened(kept: KeptItem, order: OrderRecord, objects: Objects) -> Item:
    """The item as its collector brought it; its bytes come from storage when they are asked for."""
    content = objects.open(
        kept.stored, key=order.key, context=order.context, sha256=kept.sha256, size=kept.size
    )
    return kept.item(content)


async def read_all(
    kept: Sequence[KeptItem], order: OrderRecord, *, objects: Objects, reading: Reading
) -> list[Fact]:
    """The facts of every item, in the items' order; the same bytes are read once."""
    different: dict[tuple[str, str], KeptItem] = {}
    for item in kept:
        different.setdefault((item.sha256, str(item.role)), item)

    async def facts_of(line: KeptItem) -> list[Fact]:
        return await reading.facts_of(opened(line, order, objects))

    read = await asyncio.gather(*(facts_of(line) for line in different.values()))
    return [fact for facts in read for fact in facts]
