"""Objects stay as long as retention and holds of their order say, in the folder as in a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.errors import HeldError
from service.retention import keeping
from service.retention.erasure import erase
from service.runtime import Runtime
from service.settings import RetentionSettings, Settings
from storage.ledger.records import OrderRecord
from tests.seaweed import Seaweed
from tests.service.test_erasure import BY, REASON, REF, TENANT, Clock, collected

DAYS = 90


@pytest.fixture(params=["folder", "bucket"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    made = Settings(
        data=tmp_path / "data", keys=tmp_path / "keys", retention=RetentionSettings(days=DAYS)
    )
    if request.param == "folder":
        yield made
        return
    s3: Seaweed = request.getfixturevalue("s3")
    yield replace(made, s3=s3.where("evidence", prefix=f"{tmp_path.name}/"))


async def objects_of(runtime: Runtime, order: OrderRecord) -> list[str]:
    return [line.stored for line in await runtime.ledger.items(order)]


async def test_an_object_is_locked_from_the_start_and_no_longer_removable(
    settings: Settings,
) -> None:
    async with await Runtime.open(settings) as runtime:
        order = await collected(runtime)
        for stored in await objects_of(runtime, order):
            until = runtime.objects.lock_of(stored).until
            assert until is not None
            assert until > runtime.clock() + timedelta(days=DAYS)
            with pytest.raises(HeldError):
                runtime.objects.remove(stored)


async def test_a_later_collection_locks_for_longer_what_an_earlier_one_brought(
    settings: Settings,
) -> None:
    clock = Clock()
    async with await Runtime.open(settings, clock=clock) as runtime:
        order = await collected(runtime)
        stored = await objects_of(runtime, order)
        before = runtime.objects.lock_of(stored[0])
        (first,) = await runtime.ledger.collections_of(order)
        await keeping.secure(runtime, order, await runtime.ledger.items(order), first.id)
        assert runtime.objects.lock_of(stored[0]) == before
        clock.ahead = timedelta(days=30)
        await keeping.secure(runtime, order, await runtime.ledger.items(order), "a later one")
        for name in stored:
            until = runtime.objects.lock_of(name).until
            assert until is not None
            assert until > clock() + timedelta(days=DAYS, minutes=-1)


async def test_a_longer_retention_reaches_what_was_locked_before_it(settings: Settings) -> None:
    async with await Runtime.open(settings) as runtime:
        order = await collected(runtime)
        stored = await objects_of(runtime, order)
    longer = replace(settings, retention=RetentionSettings(days=10 * DAYS))
    async with await Runtime.open(longer) as runtime:
        await keeping.secure(runtime, order, await runtime.ledger.items(order), "a later one")
        for name in stored:
            until = runtime.objects.lock_of(name).until
            assert until is not None
            assert until > runtime.clock() + timedelta(days=10 * DAYS, minutes=-1)


async def test_a_hold_is_on_every_object_and_on_those_that_come_later(settings: Settings) -> None:
    async with await Runtime.open(settings) as runtime:
        order = await collected(runtime)
        await runtime.hold(order, reason="case 7")
        stored = await objects_of(runtime, order)
        assert all(runtime.objects.lock_of(name).held for name in stored)
        lock = await runtime.shelf(order, "").locking.lock()
        assert lock.held
        await runtime.release(order)
        assert not any(runtime.objects.lock_of(name).held for name in stored)


async def test_an_erased_orders_objects_stay_for_who_audits(settings: Settings) -> None:
    nothing = replace(settings, retention=RetentionSettings(days=0))
    async with await Runtime.open(nothing) as runtime:
        order = await collected(runtime)
        stored = await objects_of(runtime, order)
        done = await erase(runtime, TENANT, REF, reason=REASON, by=BY)
        assert all(b"".join(runtime.objects.raw(name)) for name in stored)
        assert b"".join(runtime.objects.raw(done.erasure.stored))
