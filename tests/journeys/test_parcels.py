"""An order in two parcels, of which each source knows one: each parcel is asked for, once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from evidence.orders import Alias, OrderRef, Platform
from service.runtime import Runtime
from service.sandbox.app import served
from service.settings import Settings, load_settings
from storage.ledger.records import State, TaskState
from tests import shape

ORDER = OrderRef(Platform.AMAZON, "112-0000001-0000001", "US")
FIRST, SECOND = "1Z999AA10123456784", "1Z999AA10123456793"
_RECORDS = """
[sources.{name}]
collector = "rest"
base_url = "{url}"
[[sources.{name}.description.request]]
path = "/{name}/{{order.id}}"
role = "shipment.record"
facts = {{ "$.parcel" = "shipment.tracking_number" }}
"""
_CARRIER = """
[sources.carrier]
collector = "rest"
base_url = "{url}"
[[sources.carrier.description.request]]
path = "/carrier/{{shipment.tracking_number}}"
role = "tracking.history"
facts = {{ "$.parcel" = "shipment.tracking_number" }}
"""


class House:
    """A quick shop that knows the first parcel, a slow warehouse that knows the second.

    The warehouse answers once the carrier was asked about the first, or has answered it.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.fails = False
        self.carrier_asked = asyncio.Event()
        self.later = 0.0

    async def shop(self, _: web.Request) -> web.Response:
        return web.json_response({"parcel": FIRST})

    async def warehouse(self, _: web.Request) -> web.Response:
        await self.carrier_asked.wait()
        await asyncio.sleep(self.later)
        return web.json_response({"parcel": SECOND})

    async def carrier(self, request: web.Request) -> web.Response:
        number = request.match_info["number"]
        self.asked[number] += 1
        self.carrier_asked.set()
        await asyncio.sleep(0.2 - self.later)
        if self.fails and number == FIRST:
            return web.Response(status=403)
        return web.json_response({"parcel": number})


@pytest.fixture
async def house() -> House:
    return House()


@pytest.fixture
async def settings(house: House, tmp_path: Path) -> AsyncIterator[Settings]:
    app = web.Application()
    app.add_routes(
        [
            web.get("/shop/{id}", house.shop),
            web.get("/warehouse/{id}", house.warehouse),
            web.get("/carrier/{number}", house.carrier),
        ]
    )
    async with served(app) as url:
        config = tmp_path / "orderproof.toml"
        tables = [_RECORDS.format(name=name, url=url) for name in ("shop", "warehouse")]
        config.write_text("".join([*tables, _CARRIER.format(url=url)]), encoding="utf-8")
        yield load_settings(shape.configured(config), environment={})


@pytest.mark.parametrize("later", [0.0, 0.2], ids=["while it is asked", "after it has answered"])
async def test_the_carrier_is_asked_about_each_parcel_once(
    house: House, settings: Settings, later: float
) -> None:
    house.later = later
    async with await Runtime.open(settings) as runtime:
        asked, _ = await runtime.request_collection(ORDER, tenant=settings.tenant)
        assert await runtime.walk(settings.tenant, asked.id) is State.SEALED
        account = await runtime.account(settings.tenant, ORDER)
        tasks = {task.source: task for task in await runtime.ledger.tasks(asked.tenant, asked.id)}
    assert house.asked == {FIRST: 1, SECOND: 1}
    assert {task.state for task in tasks.values()} == {TaskState.BROUGHT}
    assert account.manifest is not None
    histories = [i for i in account.manifest.items if i.role == "tracking.history"]
    assert len(histories) == 2


async def test_that_the_first_parcel_failed_is_said_though_the_second_came(
    house: House, settings: Settings
) -> None:
    house.fails = True
    async with await Runtime.open(settings) as runtime:
        asked, _ = await runtime.request_collection(ORDER, tenant=settings.tenant)
        assert await runtime.walk(settings.tenant, asked.id) is State.SEALED
        tasks = {task.source: task for task in await runtime.ledger.tasks(asked.tenant, asked.id)}
    assert house.asked[SECOND] == 1
    assert tasks["carrier"].state is TaskState.FAILED
    assert "403" in tasks["carrier"].why


async def test_a_parcel_that_became_known_after_its_source_had_ended_survives_a_crash(
    house: House, settings: Settings
) -> None:
    """The carrier's task is over, the second parcel is known, and the process dies."""
    house.carrier_asked.set()
    async with await Runtime.open(settings) as runtime:
        asked, _ = await runtime.request_collection(
            ORDER, tenant=settings.tenant, sources=["shop", "carrier"]
        )
        advance = runtime.ledger.advance

        async def dies(*args: object, **kwargs: object) -> bool:
            if args[3] is State.VERIFYING:
                raise asyncio.CancelledError
            return await advance(*args, **kwargs)  # type: ignore[arg-type]

        runtime.ledger.advance = dies  # type: ignore[method-assign]
        with pytest.raises(asyncio.CancelledError):
            await runtime.walk(settings.tenant, asked.id)
        order = await runtime.ledger.find_order(settings.tenant, ORDER)
        assert order is not None
        await runtime.ledger.add_alias(order, Alias("shipment.tracking_number", SECOND))
    async with await Runtime.open(settings) as runtime:
        assert await runtime.walk(settings.tenant, asked.id) is State.SEALED
    assert house.asked == {FIRST: 1, SECOND: 1}
