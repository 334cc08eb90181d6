"""The ledger on PostgreSQL: whose rows a session sees, and what the server says in our words."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, text, update
from sqlalchemy.ext.asyncio import create_async_engine

from evidence.custody import Act
from evidence.errors import (
    AccessError,
    ConfigError,
    CorruptionError,
    EvidenceError,
    OutageError,
    RequestError,
)
from evidence.orders import Alias, OrderRef, Platform
from storage.ledger.access import Store
from storage.ledger.database import Database, Reach, Transaction
from storage.ledger.models import metadata, orders, tenants
from storage.ledger.rows import POLICY, tables_of_tenants
from tests.postgres import Postgres
from tests.storage.stage import TENANT, Stage, an_item, check_storage, staged_at

OTHER = "other"


@pytest.fixture
async def stage(postgres: Postgres, tmp_path: Path) -> AsyncIterator[Stage]:
    with postgres.database() as name:
        async with staged_at(tmp_path, postgres.url(name)) as made:
            yield made


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    with postgres.database() as name:
        opened = await Database.open(postgres.url(name), connections=3)
        try:
            yield opened
        finally:
            await opened.close()


async def _one_of_each(stage: Stage, tenant: str) -> None:
    """Rows of this tenant in most tables."""
    ledger = stage.ledger
    await ledger.tenant(tenant, origin=f"log.example/{tenant}")
    order = await ledger.order(tenant, OrderRef(Platform.OTHER, "7"))
    await ledger.add_alias(order, Alias("erp", "7"))
    collection = await stage.collection(order)
    item = stage.stored(order, an_item("k", b"1"))
    await ledger.keep(order, collection.id, "erp", [item])
    await ledger.put_store(
        Store(tenant=tenant, name="shop", platform=Platform.EBAY, seller="s", site="US")
    )
    await ledger.hold(order, reason="a dispute")
    await ledger.note(order, Act.EVIDENCE, {"who": "auditor"})
    await stage.sequencer.sequence(TENANT)


async def test_a_tenants_session_sees_nothing_of_another_even_by_raw_sql(stage: Stage) -> None:
    await _one_of_each(stage, TENANT)
    await _one_of_each(stage, OTHER)
    seen: dict[str, set[str]] = {}

    async def look(connection: Transaction) -> None:
        for table in tables_of_tenants():
            rows = await connection.execute(text(f"SELECT DISTINCT tenant FROM {table}"))
            seen[table] = set(rows.scalars())

    everything = stage.ledger._database
    await everything.read(Reach.AUDIT, look)
    filled = {table for table, whose in seen.items() if OTHER in whose}
    assert {"orders", "aliases", "collections", "tasks", "items", "stamps", "waiting"} <= filled
    assert {"tenants", "logs", "checkpoints", "custody", "holds", "stores"} <= filled
    for whose, expected in ((TENANT, {TENANT}), ("nobody", set()), ("*audit", set()), ("", set())):
        await everything.read(whose, look)
        assert set.union(*seen.values()) == expected, whose
    await everything.read(f"x' OR tenant='{OTHER}", look)
    assert set.union(*seen.values()) == set()


async def test_a_tenants_session_changes_nothing_of_another(stage: Stage) -> None:
    await _one_of_each(stage, OTHER)
    database = stage.ledger._database

    async def change(connection: Transaction) -> list[int]:
        changed = []
        for table in tables_of_tenants():
            done = await connection.execute(text(f"UPDATE {table} SET tenant = tenant"))
            changed.append(done.rowcount)
        done = await connection.execute(text("DELETE FROM waiting"))
        return [*changed, done.rowcount]

    await database.write(OTHER, change)
    assert set(await database.write("nobody", change)) == {0}

    async def give_away(connection: Transaction) -> None:
        await connection.execute(update(orders).values(tenant=TENANT))

    async def bring_in(connection: Transaction) -> None:
        row = {"handle": "f" * 32, "tenant": OTHER, "store": "", "commitment": "0" * 64}
        await connection.execute(insert(orders).values(**row, created_at="2026"))

    for whose, work in ((OTHER, give_away), (TENANT, bring_in)):
        with pytest.raises(AccessError, match="another tenant"):
            await database.write(whose, work)


async def test_what_reads_can_change_nothing(database: Database) -> None:
    async def work(connection: Transaction) -> None:
        await connection.execute(text("DELETE FROM orders"))

    with pytest.raises(OutageError, match="read-only"):
        await database.read(Reach.HOUSE, work)


async def test_every_table_that_is_somebodys_is_secured_and_none_was_forgotten(
    postgres: Postgres,
) -> None:
    with postgres.database() as name:
        said = postgres.admin(
            "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, p.polname"
            " FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid"
            " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace",
            database=name,
        )
        found = {line.split("|")[0]: line.split("|")[1:] for line in said.splitlines()}
        assert found.pop("alembic_version") == ["f", "f", ""]
        assert set(found) == {table.name for table in metadata.sorted_tables}
        assert {name for name, how in found.items() if how == ["t", "t", POLICY]} == set(found)
        # Of another role nobody is meant, and of ours nobody until a transaction says who.
        postgres.admin("INSERT INTO tenants VALUES ('acme', 'log', '2026')", database=name)
        for role in ("", "SET ROLE orderproof"):
            setting = [role] if role else []
            rows = postgres.admin(*setting, "SELECT count(*) FROM tenants", database=name)
            assert rows == ("0" if role else "1")


async def test_the_steps_make_the_tables_of_the_models_here_too(postgres: Postgres) -> None:
    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found: list[Any] = compare_metadata(context, metadata)
        return found

    with postgres.database() as name:
        engine = create_async_engine(postgres.url(name))
        async with engine.connect() as connection:
            assert await connection.run_sync(compare) == []
        await engine.dispose()


async def test_a_policy_that_somebody_took_away_is_there_again_at_the_next_start(
    postgres: Postgres,
) -> None:
    asked = "SELECT count(*) FROM pg_policy"
    with postgres.database() as name:
        before = postgres.admin(asked, database=name)
        postgres.admin(
            f"DROP POLICY {POLICY} ON orders",
            "ALTER TABLE items DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE stamps NO FORCE ROW LEVEL SECURITY",
            database=name,
        )
        await (await Database.open(postgres.url(name))).close()
        assert postgres.admin(asked, database=name) == before
        bare = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND NOT relforcerowsecurity"
        assert postgres.admin(f"{bare} AND relname IN ('items', 'stamps')", database=name) == "0"


async def test_a_role_that_stands_above_row_security_is_refused(postgres: Postgres) -> None:
    with postgres.database(migrated=False) as name:
        with pytest.raises(ConfigError, match="a role of its own"):
            await Database.open(postgres.url(name, role="postgres"))


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("08006", OutageError, "broke off"),
        ("53300", OutageError, "no room left"),
        ("57P01", OutageError, "restarting"),
        ("57014", OutageError, "too long to answer"),
        ("55P03", OutageError, "holds the rows"),
        ("25P03", OutageError, "took too long"),
        ("58030", OutageError, "its own files"),
        ("40001", OutageError, "others wrote"),
        ("40P01", OutageError, "others wrote"),
        ("28000", AccessError, "role and password"),
        ("42501", AccessError, "privilege"),
        ("22001", RequestError, "longer than its column"),
        ("22021", RequestError, "character"),
        ("XX001", CorruptionError, "damaged"),
    ],
)
async def test_each_error_of_the_server_says_who_has_to_act(
    database: Database, code: str, error: type[EvidenceError], words: str
) -> None:
    runs = 0

    async def work(connection: Transaction) -> None:
        nonlocal runs
        runs += 1
        raised = f"RAISE EXCEPTION 'of Erika' USING ERRCODE = '{code}'"
        await connection.execute(text(f"DO $$ BEGIN {raised}; END $$"))

    with pytest.raises(error, match=words) as said:
        await database.write(TENANT, work)
    assert "Erika" not in str(said.value)
    assert (runs > 1) == code.startswith("40")
    assert await database.read(TENANT, _answer) == 1


async def _answer(connection: Transaction) -> int:
    return int((await connection.execute(text("SELECT 1"))).scalar_one())


async def test_who_was_overtaken_once_is_run_again(database: Database) -> None:
    runs = 0

    async def work(connection: Transaction) -> int:
        nonlocal runs
        runs += 1
        if runs == 1:
            raised = "RAISE EXCEPTION USING ERRCODE = '40P01'"
            await connection.execute(text(f"DO $$ BEGIN {raised}; END $$"))
        return await _answer(connection)

    assert (await database.write(TENANT, work), runs) == (1, 2)


async def test_connections_that_died_while_idle_are_replaced_unnoticed(
    postgres: Postgres, database: Database
) -> None:
    # Of one tenant they would share a transaction, and so a connection.
    await asyncio.gather(*(database.read(f"{TENANT}{n}", _answer) for n in range(20)))
    await asyncio.to_thread(postgres.kill)
    with pytest.raises(OutageError):
        await database.read(TENANT, _answer)
    await asyncio.to_thread(postgres.start)
    answers = await asyncio.gather(
        *(database.read(f"{TENANT}{n}", _answer) for n in range(20)),
    )
    assert answers == [1] * 20


async def test_a_connection_that_breaks_within_a_transaction_is_an_outage_and_no_answer(
    database: Database,
) -> None:
    async def work(connection: Transaction) -> None:
        await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    for _ in range(5):
        with pytest.raises(OutageError):
            await database.write(TENANT, work)
    assert await database.read(TENANT, _answer) == 1


async def test_work_that_is_cancelled_leaves_its_connection_clean(database: Database) -> None:
    async def work(connection: Transaction) -> None:
        await connection.execute(text("SELECT pg_sleep(60)"))

    for _ in range(4):  # more than there are connections
        reading = asyncio.create_task(database.read(TENANT, work))
        await asyncio.sleep(0.05)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert await database.read(TENANT, _answer) == 1


async def test_who_reads_of_one_tenant_at_once_shares_a_transaction_and_no_mishap(
    database: Database,
) -> None:
    async def which(connection: Transaction) -> tuple[int, Any, str]:
        asked = "SELECT pg_backend_pid(), now(), current_setting('orderproof.whose')"
        return tuple((await connection.execute(text(asked))).one())

    async def breaks(connection: Transaction) -> None:
        await connection.execute(text("SELECT 1 / 0"))

    async def sleeps(connection: Transaction) -> None:
        await connection.execute(text("SELECT pg_sleep(0.2)"))

    mine = [database.read(TENANT, which) for _ in range(5)]
    *mine_too, other = await asyncio.gather(*mine, database.read(OTHER, which))
    assert len(set(mine_too)) == 1 and mine_too[0][2] == TENANT
    assert other[:2] != mine_too[0][:2] and other[2] == OTHER

    before, broken, after = await asyncio.gather(
        database.read(TENANT, which),
        database.read(TENANT, breaks),
        database.read(TENANT, which),
        return_exceptions=True,
    )
    assert isinstance(broken, Exception)
    assert isinstance(before, tuple) and isinstance(after, tuple)

    leaving = asyncio.create_task(database.read(TENANT, sleeps))
    staying = asyncio.create_task(database.read(TENANT, which))
    await asyncio.sleep(0.05)
    leaving.cancel()
    assert (await staying)[2] == TENANT
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_what_was_written_before_a_reader_asked_is_seen_by_it(database: Database) -> None:
    """However many join a transaction that is about to begin."""

    async def put(number: int) -> None:
        async def work(connection: Transaction) -> None:
            row = {"tenant": f"t{number}", "origin": f"log.example/{number}", "created_at": "2026"}
            await connection.execute(insert(tenants).values(row))

        async def count(connection: Transaction) -> int:
            asked = text("SELECT count(*) FROM tenants WHERE tenant = :name")
            return int((await connection.execute(asked, {"name": f"t{number}"})).scalar_one())

        await database.write(Reach.HOUSE, work)
        assert await database.read(Reach.HOUSE, count) == 1

    await asyncio.gather(*(put(number) for number in range(40)))


async def test_a_database_that_is_not_there_is_told_from_one_that_is_away(
    postgres: Postgres, tmp_path: Path
) -> None:
    with pytest.raises(AccessError, match="no database of this name"):
        await Database.open(postgres.url("nowhere"))
    with pytest.raises(OutageError):
        await Database.open(postgres.url("nowhere", port=1))


async def test_two_that_make_one_tenant_at_once_both_have_it(
    postgres: Postgres, tmp_path: Path
) -> None:
    with postgres.database() as name:
        async with (
            staged_at(tmp_path, postgres.url(name)) as one,
            staged_at(tmp_path, postgres.url(name)) as two,
        ):
            for number in range(60):
                tenant, origin = f"t{number}", f"log.example/t{number}"
                made = await asyncio.gather(
                    one.ledger.tenant(tenant, origin=origin),
                    two.ledger.tenant(tenant, origin=origin),
                )
                assert made[0] == made[1]
            with pytest.raises(RequestError, match="another tenant"):
                await two.ledger.tenant("other", origin="log.example/t7")


async def test_two_that_bring_for_one_source_at_once_leave_each_stamp_waiting_once(
    postgres: Postgres, tmp_path: Path
) -> None:
    with postgres.database() as name:
        async with staged_at(tmp_path, postgres.url(name)) as one:
            order = await one.order()
            collection = await one.collection(order)
            async with staged_at(tmp_path, postgres.url(name)) as two:
                for start in range(0, 60, 6):
                    keys = [f"k{start + n}" for n in range(9)]
                    await asyncio.gather(
                        one.bring(order, collection, keys),
                        two.bring(order, collection, list(reversed(keys))),
                        one.sequencer.sequence(TENANT),
                        two.sequencer.sequence(TENANT),
                    )
            await one.sequencer.sequence(TENANT)
            head = await check_storage(one, [order])
            assert head.size == 63
