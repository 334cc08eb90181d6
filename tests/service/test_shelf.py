"""Once `keep` returns, what it was given can be read back, whatever came together."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.items import InMemory, Item, Provenance, Role
from evidence.orders import OrderRef, Platform
from service.runtime import Runtime
from service.settings import load_settings

REF = OrderRef(Platform.AMAZON, "112-4872913-5531402", "US")


def item(key: str, data: bytes) -> Item:
    return Item(
        role=Role.MESSAGE_ATTACHMENT,
        key=key,
        content=InMemory(data),
        media_type="application/octet-stream",
        collector="mailbox/1",
        origin="mail",
        provenance=Provenance.UPLOAD,
        collected_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


@pytest.mark.parametrize("batches", [[3], [1, 2], [2, 1], [1, 1, 1]])
async def test_the_same_bytes_several_times_over_are_kept_once_and_read_back(
    tmp_path: Path, batches: list[int]
) -> None:
    config = tmp_path / "orderproof.toml"
    config.write_text("[sources.mailbox]\nfolder = '.'\n", encoding="utf-8")
    async with await Runtime.open(load_settings(config, environment={})) as runtime:
        collection, _ = await runtime.request_collection(REF, tenant="default")
        order = await runtime.find("default", REF)
        shelf = runtime.shelf(order, collection.id)
        number = 0
        for batch in batches:
            items = [item(f"mail-{number + n}", b"the same logo") for n in range(batch)]
            number += batch
            await shelf.keep("mailbox", items)
        kept = await runtime.ledger.items(order)
        assert len(kept) == 3
        assert len({line.stored for line in kept}) == 1
        for line in kept:
            assert runtime.stored(order, line).read(100) == b"the same logo"
    assert not list((tmp_path / "orderproof-data" / "spool").rglob("*.spool"))
