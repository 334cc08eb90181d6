"""Lines of custody written by one message of PostgreSQL: all where nothing changed, or none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from evidence.custody import Act, CustodyChain
from evidence.errors import NotFoundError
from evidence.orders import OrderRef, Platform
from storage.ledger.custody import StaleError
from storage.ledger.database import Transaction
from storage.ledger.models import orders
from storage.ledger.noting import Noting
from storage.ledger.outbox import Subscription, Told
from storage.ledger.records import OrderRecord, State
from tests.postgres import Postgres
from tests.storage.stage import TENANT, Stage, staged_at


@pytest.fixture
async def stages(postgres: Postgres, tmp_path: Path) -> AsyncIterator[tuple[Stage, Stage]]:
    """Two processes at one ledger, with the same keys."""
    with postgres.database() as name:
        async with staged_at(tmp_path, postgres.url(name)) as one:
            async with staged_at(tmp_path, postgres.url(name)) as other:
                yield one, other


async def an_order(stage: Stage, id: str = "7") -> OrderRecord:
    return await stage.ledger.order(TENANT, OrderRef(Platform.OTHER, id))


async def chain(stage: Stage) -> CustodyChain:
    judged = CustodyChain()
    for row in await stage.ledger.custody_page(TENANT, start=0):
        judged.add(row.body, sealed=row.sealed, erased=row.erased)
    return judged


async def by_message(stage: Stage, order: OrderRecord, *, newest: int | None = None) -> bool:
    """Whether a line at the end that the ledger has now is taken."""
    first, head = await stage.ledger.custody_end(TENANT)
    return await stage.ledger._database.note(a_line(TENANT, first, head, order, newest=newest))


def a_line(
    tenant: str, first: int, head: str, order: OrderRecord, *, newest: int | None = None
) -> Noting:
    return Noting(tenant, first, head, [order.handle], [newest], [""], [b"{}"], [b"x"])


async def test_processes_that_write_in_turns_make_one_chain(stages: tuple[Stage, Stage]) -> None:
    all_orders = [await an_order(stages[0], str(number)) for number in range(3)]
    for _ in range(3):
        for stage in stages:
            for order in all_orders:
                await stage.ledger.note(order, Act.MANIFEST, {"who": "one"}, newest=0)
    await asyncio.gather(
        *(
            stages[n % 2].ledger.note(all_orders[n % 3], Act.MANIFEST, {"who": str(n)}, newest=0)
            for n in range(40)
        )
    )
    judged = await chain(stages[0])
    assert (judged.holds, judged.size) == (True, 58), judged.wrong


async def test_a_line_goes_only_where_the_chain_ends(stages: tuple[Stage, Stage]) -> None:
    stage, _ = stages
    order = await an_order(stage)
    await stage.ledger.note(order, Act.MANIFEST, {"who": "one"})
    first, head = await stage.ledger.custody_end(TENANT)
    database = stage.ledger._database
    for tenant, start, last in (
        (TENANT, first + 1, head),
        (TENANT, first - 1, head),
        (TENANT, first, "0" * 64),
        ("other", first, head),
        ("*audit", first, head),
    ):
        assert not await database.note(a_line(tenant, start, last, order))
    assert (await stage.ledger.custody_end(TENANT)) == (first, head)
    assert await by_message(stage, order)
    assert (await stage.ledger.custody_end(TENANT))[0] == first + 1
    assert not await database.note(a_line(TENANT, first, head, order)), "another is there by now"
    assert (await stage.ledger.custody_end(TENANT))[0] == first + 1


async def test_what_another_process_sealed_or_was_asked_to_tell_is_seen(
    stages: tuple[Stage, Stage],
) -> None:
    stage, other = stages
    order = await an_order(stage)
    await stage.ledger.note(order, Act.MANIFEST, {"who": "one"}, newest=0)
    made = await other.collection(order)
    assert await by_message(stage, order, newest=0), "it is not sealed yet"
    await other.ledger.advance(TENANT, made.id, State.QUEUED, State.SEALED, complete=True)
    assert not await by_message(stage, order, newest=0)
    assert await by_message(stage, order, newest=None)
    with pytest.raises(StaleError):
        await stage.ledger.note(order, Act.MANIFEST, {"who": "one"}, newest=0)
    listening = Subscription(
        id="a" * 16,
        tenant=TENANT,
        url="https://seller.example/told",
        secret="s",
        events=frozenset({Told.ACCESSED}),
        stores=None,
        created_at=stage.ledger._clock(),
    )
    await other.ledger.add_subscription(listening)
    assert not await by_message(stage, order)


async def test_no_line_says_that_an_erased_order_was_handed_out(
    stages: tuple[Stage, Stage],
) -> None:
    stage, other = stages
    order, left = await an_order(stage), await an_order(stage, "8")
    await stage.ledger.note(order, Act.MANIFEST, {"who": "one"}, newest=0)
    shut = update(orders).where(orders.c.handle == order.handle).values(key_wrapped=None)

    async def erase(connection: Transaction) -> None:
        await connection.execute(shut)

    await other.ledger._database.write(TENANT, erase)
    assert not await by_message(stage, order)
    asked = (stage.ledger.note(each, Act.MANIFEST, {"who": "two"}) for each in (order, left))
    refused, noted = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(refused, NotFoundError)
    assert noted is None
    assert (await stage.ledger.custody_end(TENANT))[0] == 2
