"""Once `keep` returns, what it was given can be read back, whatever came together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from collectors.collector import Collector, Context
from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import InMemory, Item, Provenance, Role
from evidence.orders import OrderRef, Platform
from service.runtime import Runtime
from service.settings import load_settings
from service.steps.collect import Outcome, Shelf, ask
from storage.ledger.records import TaskState
from storage.objects.spool import EncryptedSpool
from tests import shape

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
@pytest.mark.parametrize("first", [False, True], ids=["any order", "an order that had nothing"])
async def test_the_same_bytes_several_times_over_are_kept_once_and_read_back(
    tmp_path: Path, batches: list[int], first: bool
) -> None:
    config = tmp_path / "orderproof.toml"
    config.write_text("[sources.mailbox]\nfolder = '.'\n", encoding="utf-8")
    async with await Runtime.open(
        load_settings(shape.configured(config), environment={})
    ) as runtime:
        collection, _ = await runtime.request_collection(REF, tenant="default")
        order = await runtime.find("default", REF)
        shelf = runtime.shelf(order, collection.id, first=first)
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


async def test_the_same_bytes_from_two_sources_at_once_are_told_of_as_one_object(
    tmp_path: Path,
) -> None:
    config = tmp_path / "orderproof.toml"
    config.write_text("[sources.mailbox]\nfolder = '.'\n", encoding="utf-8")
    async with await Runtime.open(
        load_settings(shape.configured(config), environment={})
    ) as runtime:
        collection, _ = await runtime.request_collection(REF, tenant="default")
        order = await runtime.find("default", REF)
        # Each of two walkers believes that it is the first, as when a lease was lost.
        shelves = [runtime.shelf(order, collection.id, first=True) for _ in range(2)]
        await asyncio.gather(
            *(
                shelf.keep(source, [item("logo", b"the same logo")])
                for source in ("mailbox", "shop")
                for shelf in shelves
            )
        )
        for shelf in shelves:
            await shelf.keep("files", [item("logo again", b"the same logo"), item("b", b"other")])
        kept = await runtime.ledger.items(order)
        logos = [line for line in kept if line.size == len(b"the same logo")]
        assert sorted((line.source, line.key) for line in kept) == [
            ("files", "b"),
            ("files", "logo again"),
            ("mailbox", "logo"),
            ("shop", "logo"),
        ]
        assert len({(line.stored, line.start) for line in logos}) == 1
        for line in kept:
            assert runtime.stored(order, line).read(100) in (b"the same logo", b"other")


class Slow:
    """A source that brings one item and then nothing for ever, or gives up as a socket does."""

    name = "mailbox"
    version = 1
    roles = frozenset({Role.MESSAGE_ATTACHMENT})
    needs: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset()

    def __init__(self, *, gives_up: bool) -> None:
        self._gives_up = gives_up

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        yield item("one", b"one")
        if self._gives_up:
            raise TimeoutError("a socket of the collector's own")
        await asyncio.sleep(60)

    def read(self, item: Item) -> list[Fact]:
        return []


@pytest.mark.parametrize(
    ("gives_up", "disk", "told"),
    [(False, True, "not done after 1 seconds"), (True, True, "TimeoutError"), (False, False, "")],
    ids=["its time is up", "its own socket's time is up", "the disk is full meanwhile"],
)
async def test_a_source_is_blamed_for_its_time_only_and_never_for_our_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gives_up: bool, disk: bool, told: str
) -> None:
    config = tmp_path / "orderproof.toml"
    config.write_text("[sources.mailbox]\nfolder = '.'\ntimeout_s = 1\n", encoding="utf-8")
    async with await Runtime.open(
        load_settings(shape.configured(config), environment={})
    ) as runtime:
        collection, _ = await runtime.request_collection(REF, tenant="default")
        shelf = runtime.shelf(await runtime.find("default", REF), collection.id)

        async def asked() -> Outcome:
            return await ask(
                replace(runtime.sources[0], collector=Slow(gives_up=gives_up)),
                shelf=shelf,
                known={},
                seconds=1.0,
                most_items=10,
                text_of=runtime.reading.text_of,
                clock=runtime.clock,
            )

        if disk:
            outcome = await asked()
            assert outcome.state is TaskState.FAILED
            assert told in outcome.why
            assert len(await runtime.ledger.items(shelf.order)) == 1
        else:

            def full(content: object, **_: object) -> None:
                time.sleep(1.5)
                raise OSError(28, "No space left on device")

            monkeypatch.setattr(runtime.objects, "put", full)
            if runtime.packing is not None:  # small items go this way into a bucket
                monkeypatch.setattr(runtime.packing, "put_pack", full)
            with pytest.raises(OSError, match="No space"):
                await asked()


class FullDisk:
    """A spool on a disk that is full after so many bytes."""

    def __init__(self, room: int) -> None:
        self._room = room

    def open(self, *, limit: int) -> FullDisk:
        return self

    def write(self, chunk: bytes) -> None:
        self._room -= len(chunk)
        if self._room < 0:
            raise OSError(28, "No space left on device")

    def close(self) -> InMemory:
        return InMemory(b"")

    def discard(self) -> None:
        pass


@pytest.mark.parametrize("goes_on", [False, True], ids=["it gives up", "it goes on without"])
async def test_a_disk_that_is_full_while_an_answer_streams_in_is_waited_for(
    tmp_path: Path, goes_on: bool
) -> None:
    """However the collector takes it: sealed without this, an order would lack what is there."""
    config = tmp_path / "orderproof.toml"
    config.write_text("[sources.papers]\ncollector = 'folder'\nfolder = 'pod'\n", "utf-8")
    (tmp_path / "pod").mkdir()
    (tmp_path / "pod" / f"{REF.id} pod.txt").write_bytes(b"Left at the door. " * 10_000)
    async with await Runtime.open(
        load_settings(shape.configured(config), environment={})
    ) as runtime:
        collection, _ = await runtime.request_collection(REF, tenant="default")
        shelf = runtime.shelf(await runtime.find("default", REF), collection.id)
        (source,) = runtime.sources

        async def asked(shelf: Shelf) -> Outcome:
            return await ask(
                replace(source, collector=GoesOn(source.collector)) if goes_on else source,
                shelf=shelf,
                known={},
                seconds=30.0,
                most_items=10,
                text_of=runtime.reading.text_of,
                clock=runtime.clock,
            )

        with pytest.raises(OSError, match="No space"):
            await asked(replace(shelf, spool=cast(EncryptedSpool, FullDisk(100_000))))
        assert await runtime.ledger.items(shelf.order) == []
        assert (await asked(shelf)).state is TaskState.BROUGHT


class GoesOn:
    """A collector that leaves out what it could not open."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self.name, self.version = collector.name, collector.version
        self.roles, self.needs, self.wants = collector.roles, collector.needs, collector.wants

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        try:
            async for item in self._collector.collect(order, context):
                yield item
        except (EvidenceError, OSError):
            return

    def read(self, item: Item) -> list[Fact]:
        return self._collector.read(item)
