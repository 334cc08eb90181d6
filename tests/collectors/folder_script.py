"""A Context over a real folder, and what a collector brought from it."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from collectors.collector import Collector, Context
from collectors.files.folder_access import Folder
from evidence.errors import TooLargeError
from evidence.items import Content, InMemory, Item
from evidence.orders import OrderRef, order_ref

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
ORDER = order_ref("amazon", "114-9876543-1234560")


class MemorySpool:
    """A spool that keeps all in memory and counts what was given up."""

    def __init__(self) -> None:
        self.discarded = 0

    def open(self, *, limit: int) -> "MemoryWriter":
        return MemoryWriter(self, limit)


@dataclass
class MemoryWriter:
    spool: MemorySpool
    limit: int
    data: bytes = b""

    def write(self, chunk: bytes) -> None:
        self.data += chunk
        if len(self.data) > self.limit:
            raise TooLargeError(what="an item", size=len(self.data), limit=self.limit)

    def close(self) -> Content:
        return InMemory(self.data)

    def discard(self) -> None:
        self.spool.discarded += 1


def context(
    folder: Path,
    *,
    source: str,
    settings: Mapping[str, Any] | None = None,
    facts: Mapping[str, tuple[str, ...]] | None = None,
    text: Callable[[Item], str] | None = None,
) -> Context:
    async def text_of(item: Item) -> str:
        return "" if text is None else text(item)

    spool = MemorySpool()
    return Context(
        source=source,
        version=1,
        facts=facts or {},
        settings=settings or {},
        now=lambda: NOW,
        spool=spool,
        text_of=text_of,
        files=Folder(folder, spool=spool),
    )


def collect(
    collector: Collector,
    folder: Path,
    order: OrderRef = ORDER,
    **options: Any,
) -> list[Item]:
    """Everything the collector brings on the order."""

    async def run() -> list[Item]:
        asked = context(folder, source=collector.name, **options)
        return [item async for item in collector.collect(order, asked)]

    return asyncio.run(run())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
