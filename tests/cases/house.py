"""A real service with a clock that stands still, and a client that speaks of cases."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from aiohttp.test_utils import TestClient, TestServer

from auditor.report import Report
from auditor.verify import verify_path
from evidence.orders import OrderRef, Platform
from service.api.opened import RuntimeEvidence
from service.http.app import make_app
from service.runtime import Runtime
from service.settings import Settings, SourceSettings
from tests import shape
from tests.service.conftest import Answered, Checked

# Of a house that several tests may share. In the scaled shape each test's database goes with it.
SHARED: Literal["module", "function"] = "function" if shape.SCALED else "module"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ORDER = "112-4872913-5531402"
NOTICE = {"role": "notice", "name": "notice.txt", "text": f"A claim was filed for order {ORDER}."}

# An export that the ERP wrote: which column is which fact.
ERP = {
    "pattern": "*.csv",
    "columns": {
        "Order": "order.id",
        "Tracking": "shipment.tracking_number",
        "Service": "shipment.service",
        "Shipped": "shipment.shipped.at",
    },
}


class Clock:
    """Says what it was set to."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def passes(self, **delta: float) -> datetime:
        self.at += timedelta(**delta)
        return self.at


@dataclass(slots=True)
class House:
    runtime: Runtime
    ask: Checked
    clock: Clock
    folder: Path

    async def opened(self, **changes: Any) -> dict[str, Any]:
        """A case about ORDER, unless `changes` say otherwise."""
        answer = await self.open(**changes)
        assert answer.status == 201, answer.body
        return dict(answer.json)

    async def open(self, **changes: Any) -> Answered:
        body: dict[str, Any] = {
            "platform": "amazon",
            "kinds": ["a-to-z"],
            "orders": [ORDER],
            "noticed_at": "2026-11-20T11:00:00Z",
            "papers": [NOTICE],
        }
        return await self.ask.post("/v1/cases", json=body | changes)

    async def step(self, case: Mapping[str, Any], step: str, **said: Any) -> dict[str, Any]:
        answer = await self.tried(case, step, **said)
        assert answer.status == 200, answer.body
        return dict(answer.json)

    async def tried(self, case: Mapping[str, Any], step: str, **said: Any) -> Answered:
        return await self.ask.post(f"/v1/cases/{case['id']}/steps", json={"step": step, **said})

    async def steps(self, case: Mapping[str, Any], *steps: str) -> dict[str, Any]:
        found = dict(case)
        for step in steps:
            found = await self.step(found, step)
        return found

    async def submitted(self, case: Mapping[str, Any], **said: Any) -> Answered:
        """What a first attempt looks like, unless `said` says otherwise."""
        usual: dict[str, Any] = {
            "channel": "console",
            "confirm": True,
            "platform_case_id": "A-77",
            "evidence": ["ab" * 32],
            "bundles": ["cd" * 32],
            "papers": [{"text": "The parcel was delivered on 14 November."}],
        }
        return await self.tried(case, "submit", **(usual | said))

    def exports(self, *rows: tuple[str, str, str, str]) -> None:
        """What the ERP wrote down of orders: number, tracking number, service, shipped at."""
        lines = ["Order,Tracking,Service,Shipped", *(",".join(row) for row in rows)]
        (self.folder / "drop" / "orders.csv").write_text("\n".join(lines), "utf-8")

    async def collected(
        self, *orders: str, platform: str = "amazon", policy: str | None = None
    ) -> None:
        """An account of each is sealed."""
        for id in orders:
            ref = OrderRef(Platform(platform), id)
            made, _ = await self.runtime.request_collection(ref, tenant="default", policy=policy)
            assert await self.runtime.walk("default", made.id) == "sealed"

    async def report(self, case: Mapping[str, Any], name: str) -> dict[str, Any]:
        answer = await self.ask.get(f"/v1/cases/{case['id']}/reports/{name}")
        assert answer.status == 200, answer.body
        return dict(answer.json["said"])

    async def sealed(self, case: Mapping[str, Any]) -> Path:
        """The case's bundle as a file."""
        assert (await self.ask.post(f"/v1/cases/{case['id']}/seal")).status == 200
        answer = await self.ask.get(f"/v1/cases/{case['id']}/bundle")
        assert answer.status == 200, answer.body
        file = self.folder / f"case-{case['id'][:8]}.zip"
        await asyncio.to_thread(file.write_bytes, answer.body)
        return file

    async def verified(self, case: Mapping[str, Any]) -> Report:
        return await asyncio.to_thread(verify_path, await self.sealed(case))


def said(case: Mapping[str, Any], step: str) -> dict[str, Any]:
    """What the newest event of a step says."""
    return dict([event for event in case["events"] if event["step"] == step][-1]["said"])


def codes(case: Mapping[str, Any], step: str) -> list[str]:
    return [each["code"] for each in said(case, step)["warnings"]]


@contextlib.asynccontextmanager
async def house(
    folder: Path,
    *,
    at: datetime = NOON,
    clock: Clock | None = None,
    more: tuple[SourceSettings, ...] = (),
    with_queue: bool = False,
    **changes: Any,
) -> AsyncIterator[House]:
    clock = clock or Clock(at)
    drop = folder / "drop"
    drop.mkdir(exist_ok=True)  # a house may be opened again
    source = SourceSettings(name="notes", collector="folder", folder=drop)
    erp = SourceSettings(name="erp", collector="table", folder=drop, options=dict(ERP))
    settings = shape.shaped(
        Settings(
            data=folder / "data", keys=folder / "keys", sources=(source, erp, *more), **changes
        )
    )

    @contextlib.asynccontextmanager
    async def opening(settings: Settings) -> AsyncIterator[RuntimeEvidence]:
        async with await Runtime.open(settings, clock=clock, with_queue=with_queue) as runtime:
            yield RuntimeEvidence(runtime)

    found: list[RuntimeEvidence] = []

    @contextlib.asynccontextmanager
    async def watched(settings: Settings) -> AsyncIterator[RuntimeEvidence]:
        async with opening(settings) as evidence:
            found.append(evidence)
            yield evidence

    client = TestClient(TestServer(make_app(settings, opening=watched)))
    await client.start_server()
    try:
        yield House(found[0]._runtime, Checked(client), clock, folder)
    finally:
        await client.close()
