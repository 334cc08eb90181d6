"""What the routes of defects need, and the real thing behind it: a Desk, seen by whoever asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from service.access.callers import DeniedError, Whose
from service.defects.deadlines import Due
from service.defects.desk import Covered, Desk, Told
from service.defects.export import Export
from service.defects.figures import Watched
from service.defects.window import Rated
from service.runtime import Runtime
from storage.ledger.defects import Defect, Standing
from storage.ledger.figures import KeptAlarm, Measured


class DefectPort(Protocol):
    """Every name raises DeniedError for a store that `whose` does not cover."""

    async def enter(
        self, whose: Whose, store: str, told: Told, *, collect: bool
    ) -> tuple[Defect, bool]: ...

    async def enter_export(
        self, whose: Whose, store: str, export: Export, *, collect: bool
    ) -> Sequence[tuple[Defect, bool]]: ...

    async def enter_orders(
        self, whose: Whose, store: str, platform: str, export: Export
    ) -> tuple[int, int]:
        """How many days, how many orders."""
        ...

    async def enter_report(
        self, whose: Whose, store: str, data: bytes, *, site: str
    ) -> Sequence[Standing]: ...

    async def listed(
        self,
        whose: Whose,
        *,
        store: str | None,
        platform: str | None,
        kind: str | None,
        due_before: datetime | None,
        after: str | None,
        limit: int,
    ) -> Sequence[Defect]: ...

    async def one(self, whose: Whose, id: str) -> Defect | None: ...

    async def evidence(self, found: Sequence[Defect]) -> Mapping[str, str]: ...

    def dues(self, defect: Defect) -> Sequence[Due]: ...

    async def rates(
        self, whose: Whose, platform: str, *, store: str | None, at: date, orders: int | None
    ) -> Rated: ...

    async def coverage(
        self, whose: Whose, platform: str, site: str, *, store: str | None, orders: Sequence[str]
    ) -> Covered: ...

    async def enter_figures(
        self, whose: Whose, of: Measured, days: Mapping[date, str]
    ) -> Sequence[KeptAlarm]:
        """The alarms that these days give newly."""
        ...

    async def figures(
        self, whose: Whose, platform: str, *, store: str | None, metric: str | None
    ) -> tuple[Sequence[Watched], Sequence[KeptAlarm]]: ...

    async def behind(self, alarm: KeptAlarm) -> Sequence[Defect]:
        """The defects that came in with a jump."""
        ...


class DeskPort:
    def __init__(self, runtime: Runtime, desk: Desk) -> None:
        self._runtime = runtime
        self._desk = desk

    async def enter(
        self, whose: Whose, store: str, told: Told, *, collect: bool
    ) -> tuple[Defect, bool]:
        _check(whose, store)
        ((kept, new),) = await self._desk.enter(
            whose.tenant, store, [told], origin="manual", collect=collect
        )
        if kept.collect == "wanted":
            await self._desk.start(kept)
        return await self._runtime.ledger.defect(whose.tenant, kept.id) or kept, new

    async def enter_export(
        self, whose: Whose, store: str, export: Export, *, collect: bool
    ) -> Sequence[tuple[Defect, bool]]:
        _check(whose, store)
        return await self._desk.enter_export(whose.tenant, store, export, collect=collect)

    async def enter_orders(
        self, whose: Whose, store: str, platform: str, export: Export
    ) -> tuple[int, int]:
        _check(whose, store)
        return await self._desk.enter_orders(whose.tenant, store, platform, export)

    async def enter_report(
        self, whose: Whose, store: str, data: bytes, *, site: str
    ) -> Sequence[Standing]:
        _check(whose, store)
        return await self._desk.enter_report(whose.tenant, store, data, site=site)

    async def listed(
        self,
        whose: Whose,
        *,
        store: str | None,
        platform: str | None,
        kind: str | None,
        due_before: datetime | None,
        after: str | None,
        limit: int,
    ) -> Sequence[Defect]:
        return await self._runtime.ledger.defects(
            whose.tenant,
            stores=_stores(whose, store),
            platform=platform,
            kind=kind,
            due_before=due_before,
            after=after,
            limit=limit,
        )

    async def one(self, whose: Whose, id: str) -> Defect | None:
        found = await self._runtime.ledger.defect(whose.tenant, id)
        return found if found is not None and whose.covers(found.store) else None

    async def evidence(self, found: Sequence[Defect]) -> Mapping[str, str]:
        return await self._desk.evidence(found)

    def dues(self, defect: Defect) -> Sequence[Due]:
        return self._desk.dues(defect)

    async def rates(
        self, whose: Whose, platform: str, *, store: str | None, at: date, orders: int | None
    ) -> Rated:
        stores = _stores(whose, store)
        return await self._desk.rates(whose.tenant, platform, stores=stores, at=at, orders=orders)

    async def coverage(
        self, whose: Whose, platform: str, site: str, *, store: str | None, orders: Sequence[str]
    ) -> Covered:
        stores = _stores(whose, store)
        return await self._desk.coverage(whose.tenant, platform, site, stores=stores, orders=orders)

    async def enter_figures(
        self, whose: Whose, of: Measured, days: Mapping[date, str]
    ) -> Sequence[KeptAlarm]:
        _check(whose, of.store)
        return await self._desk.enter_figures(of, days)

    async def figures(
        self, whose: Whose, platform: str, *, store: str | None, metric: str | None
    ) -> tuple[Sequence[Watched], Sequence[KeptAlarm]]:
        stores = _stores(whose, store)
        found = await self._desk.figures.series(
            whose.tenant, platform, stores=stores, metric=metric
        )
        told = await self._runtime.ledger.alarms(whose.tenant, stores=stores, platform=platform)
        return found, [one for one in told if metric is None or one.of.metric == metric]

    async def behind(self, alarm: KeptAlarm) -> Sequence[Defect]:
        return await self._desk.figures.behind(alarm)


def _check(whose: Whose, store: str) -> None:
    if not whose.covers(store):
        raise DeniedError("store")


def _stores(whose: Whose, store: str | None) -> frozenset[str] | None:
    if store is None:
        return whose.stores
    _check(whose, store)
    return frozenset([store])
