"""Accounts handed to the maker of bundles without a ledger: of one scenario, or of many orders."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from evidence.canonical import canonical
from evidence.errors import NotFoundError
from evidence.items import Content, InMemory
from evidence.manifest import Manifest, SealedItem
from evidence.orders import OrderRef, Platform
from evidence.policy import Policy
from service.reading.reading import Reading
from service.report.settings import ReportSettings
from service.runtime import Account
from service.settings import Limits
from storage.ledger.access import Store
from storage.ledger.records import KeptItem, OrderRecord
from tests.verifiers.evidence_of import NOW
from verifiers.rulebook import policies

STORE = "brightleaf"


@dataclass
class Shop:
    """What `make` asks a runtime for. `manifest_of` gives an order's account, or None.

    kept   bytes by SHA-256, of items that are shown as they came
    """

    manifest_of: Callable[[OrderRef], Manifest | None]
    kept: dict[str, bytes] = field(default_factory=dict)
    stores: Sequence[str] = (STORE,)
    reading: Reading = field(default_factory=lambda: Reading(Limits()))
    policies: dict[str, Policy] = field(default_factory=policies)
    report: ReportSettings = field(default_factory=ReportSettings)
    rendering: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    asked: int = 0

    @property
    def ledger(self) -> Any:
        async def stores(tenant: str) -> list[Store]:
            return [
                Store(
                    tenant=tenant, name=name, platform=Platform.AMAZON, seller="A1B2C3D4", site="US"
                )
                for name in self.stores
            ]

        return SimpleNamespace(stores=stores)

    @property
    def settings(self) -> Any:
        return SimpleNamespace(report=self.report)

    @property
    def objects(self) -> Any:
        return self

    def clock(self) -> datetime:
        return NOW

    def open(self, stored: str, **_: object) -> Content:
        return InMemory(self.kept[stored])

    def stored(self, order: OrderRecord, line: KeptItem) -> Content:
        return InMemory(self.kept[line.sha256])

    async def find(self, tenant: str, ref: OrderRef) -> OrderRecord:
        if self.manifest_of(ref) is None:
            raise NotFoundError(what="the order", why="it was never collected, or it was erased")
        return _order(tenant, ref)

    async def account(self, tenant: str, ref: OrderRef) -> Account:
        order = await self.find(tenant, ref)
        manifest = self.manifest_of(ref)
        assert manifest is not None
        self.asked += 1
        return Account(
            order=order,
            aliases=[],
            collections=[],
            tasks={},
            items=[_kept(item) for item in manifest.items],
            manifest=manifest,
            manifest_envelope=canonical(manifest.payload()),
            statement=None,
            statement_envelope=None,
        )


@contextlib.asynccontextmanager
async def shop(
    manifest_of: Callable[[OrderRef], Manifest | None], *, report: ReportSettings | None = None
) -> AsyncIterator[Any]:
    opened = Shop(manifest_of, report=report or ReportSettings())
    try:
        yield opened
    finally:
        await opened.reading.close()


def as_order(manifest: Manifest, ref: OrderRef) -> Manifest:
    """The same account, of another order: each of its own names is that one's."""
    was = manifest.order.id
    facts = tuple(
        replace(fact, value=ref.id) if fact.value == was else fact for fact in manifest.facts
    )
    return replace(manifest, order=ref, facts=facts)


def _order(tenant: str, ref: OrderRef) -> OrderRecord:
    return OrderRecord(
        tenant=tenant,
        store=STORE,
        handle="0" * 32,
        ref=ref,
        salt=bytes(32),
        key=bytes(32),
        commitment="0" * 64,
    )


def _kept(item: SealedItem) -> Any:
    line: Any = SimpleNamespace(
        receipt=SimpleNamespace(seq=item.seq),
        role=item.role,
        sha256=item.sha256,
        stored=item.sha256,
        size=item.size,
    )
    return line
