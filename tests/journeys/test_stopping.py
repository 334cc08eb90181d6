"""Told to stop in the middle of a collection, the service stops, and the next one goes on."""

from __future__ import annotations

import asyncio

from service.demo import story
from tests.journeys.conftest import ENVIRONMENT, ORDER_PATH, Seller
from tests.journeys.processes import ask, sealed, start


async def test_sigterm_in_the_middle_of_a_collection_loses_nothing(seller: Seller) -> None:
    await seller.fault("hang", seconds=60, times=1, on="/track/")
    log = seller.folder / "log"
    server = await start(seller.config, ENVIRONMENT, log)
    try:
        status, _, collection = await ask("POST", f"{server.url}{ORDER_PATH}/collections")
        assert status == 202
        async with asyncio.timeout(60):
            while not any("/track/" in str(request) for request in await seller.asked()):
                await asyncio.sleep(0.05)
        assert await server.stop() == 0  # it does not wait for the carrier
    finally:
        await server.kill()
    server = await start(seller.config, ENVIRONMENT, log)
    try:
        done = await sealed(f"{server.url}/v1/collections/{collection['id']}")
        assert done["state"] == "sealed"
        assert {task["source"]: task["state"] for task in done["sources"]} == dict.fromkeys(
            ("erp", "ups", "mailbox", "folder"), "brought"
        )
        _, _, items = await ask("GET", f"{server.url}{ORDER_PATH}/items")
        assert sum(item["role"] == "manifest" for item in items["items"]) == 1
    finally:
        await server.stop()
    said = log.read_text()
    assert "unexpected" not in said
    assert "never awaited" not in said
    for private in (story.ORDER.id, story.TRACKING, "demo-secret", "Jane"):
        assert private not in said
    assert not list((seller.folder / "data" / "spool").rglob("*.spool"))
