"""Statements that PostgreSQL keeps: under names, with plans that do not outlive what they fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from evidence.custody import Act
from evidence.orders import OrderRef, Platform
from storage.ledger.database import Database, Reach, Transaction
from tests.postgres import Postgres
from tests.storage.stage import TENANT, an_item, staged_at

_KEPT = text("SELECT name, statement FROM pg_prepared_statements")
_ONE = text("SELECT words FROM grown WHERE number = :number")
_UNNAMED = "?prepared_statement_cache_size=0"


async def _kept(database: Database) -> dict[str, str]:
    """The statements that the one session of the database keeps, by name."""

    async def work(connection: Transaction) -> dict[str, str]:
        return {row.name: row.statement for row in await connection.execute(_KEPT)}

    return await database.read("nobody", work)


async def _read_one(database: Database) -> None:
    async def work(connection: Transaction) -> None:
        await connection.execute(_ONE, {"number": 7})

    await database.read("nobody", work)


@pytest.mark.parametrize(("asked", "named"), [("", True), (_UNNAMED, False)])
async def test_a_statement_is_kept_once_under_a_name_unless_the_address_says_none(
    postgres: Postgres, asked: str, *, named: bool
) -> None:
    with postgres.database() as name:
        database = await Database.open(postgres.url(name) + asked, connections=1)
        try:
            await _make(database, rows=10)
            for _ in range(3):
                await _read_one(database)
            kept = await _kept(database)
        finally:
            await database.close()
    assert sum(said.startswith("SELECT words") for said in kept.values()) == (1 if named else 0)
    assert bool(kept) == named


async def test_a_plan_is_made_anew_once_its_table_has_grown(postgres: Postgres) -> None:
    with postgres.database() as name:
        database = await Database.open(postgres.url(name), connections=1)
        try:
            await _make(database, rows=10)
            for _ in range(10):
                await _read_one(database)
            assert "Seq Scan" in await _plan(database)
            await _add(database, first=11, last=20_000)
            for _ in range(60):
                await _read_one(database)
            assert "Index Scan" in await _plan(database)
        finally:
            await database.close()


async def test_a_ledger_works_without_names(postgres: Postgres, tmp_path: Path) -> None:
    with postgres.database() as name:
        async with staged_at(tmp_path, postgres.url(name) + _UNNAMED) as stage:
            order = await stage.ledger.order(TENANT, OrderRef(Platform.OTHER, "7"))
            collection = await stage.collection(order)
            for key in ("a", "b"):
                item = stage.stored(order, an_item(key, key.encode()))
                await stage.ledger.keep(order, collection.id, "erp", [item])
                await stage.sequencer.sequence(TENANT)
                await stage.ledger.note(order, Act.EVIDENCE, {"who": "auditor"}, newest=0)
            assert [seq for seq, _ in await stage.ledger.receipts(order)] == [0, 1]
            assert (await stage.ledger.custody_end(TENANT))[0] == 2


async def _make(database: Database, *, rows: int) -> None:
    """A table that only we analyse, with so many rows."""

    async def work(connection: Transaction) -> None:
        await connection.execute(
            text(
                "CREATE TABLE grown (number bigint PRIMARY KEY, words text)"
                " WITH (autovacuum_enabled = false)"
            )
        )

    await database.write(Reach.MIGRATION, work)
    await _add(database, first=1, last=rows)

    async def analyse(connection: Transaction) -> None:
        await connection.execute(text("ANALYZE grown"))

    await database.write(Reach.MIGRATION, analyse)


async def _add(database: Database, *, first: int, last: int) -> None:
    async def work(connection: Transaction) -> None:
        added = (
            f"INSERT INTO grown SELECT n, repeat('x', 100) FROM generate_series({first}, {last}) n"
        )
        await connection.execute(text(added))

    await database.write(Reach.MIGRATION, work)


async def _plan(database: Database) -> str:
    """What the server would do for `_ONE` now, by the plan that it keeps if it does."""
    (name,) = [n for n, said in (await _kept(database)).items() if said.startswith("SELECT words")]

    async def work(connection: Transaction) -> str:
        rows = await connection.execute(text(f"EXPLAIN EXECUTE {name}(7)"))
        return "\n".join(rows.scalars())

    return await database.read("nobody", work)
