"""All rows of one ledger into another, of whichever kind: again and again, until they are the same.

Rows are compared by their keys and then whole, page by page, so that a copy that died goes on, and
a row that changed since is changed there too. Nothing is written to the old ledger.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, literal, select, tuple_, update

from evidence.errors import RequestError
from storage.ledger.database import Database, Reach, Transaction
from storage.ledger.models import logs, metadata, tenants

PAGE = 500

Watch = Callable[[str, int], None]
"""Called with a table's name and how many of its rows were looked at so far."""


async def copy_rows(old: Database, new: Database, watch: Watch) -> None:
    """Make the tables of `new` hold what those of `old` do.

    Raises RequestError, and writes nothing, if `new` has what `old` has not: other tenants, or
    more of a log.
    """
    foreign = await _names(new) - await _names(old)
    if foreign:
        why = f"it holds others' evidence already, such as that of {sorted(foreign)[0]}"
        raise RequestError(what="The new ledger", why=why)
    sizes = await _sizes(old)
    for tenant, size in (await _sizes(new)).items():
        if size > sizes[tenant]:
            why = f"the log of {tenant} is longer there than here: it is in use already"
            raise RequestError(what="The new ledger", why=why)
    for table in metadata.sorted_tables:
        done = 0
        async for rows in _pages(old, table):
            await new.write(Reach.MIGRATION, _putting(table, rows))
            done += len(rows)
            watch(table.name, done)
    for table in reversed(metadata.sorted_tables):
        if await _count(new, table) > await _count(old, table):
            await _remove_others(old, new, table)
    await new.count_on()


async def count_rows(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    return {table.name: await _count(database, table) for table in metadata.sorted_tables}


async def _names(database: Database) -> set[str]:
    async def work(connection: Transaction) -> set[str]:
        return set((await connection.execute(select(tenants.c.tenant))).scalars())

    return await database.read(Reach.MIGRATION, work)


async def _sizes(database: Database) -> dict[str, int]:
    async def work(connection: Transaction) -> dict[str, int]:
        rows = await connection.execute(select(logs.c.tenant, logs.c.size))
        return {row.tenant: row.size for row in rows}

    return await database.read(Reach.MIGRATION, work)


async def _count(database: Database, table: Table) -> int:
    async def work(connection: Transaction) -> int:
        asked = select(func.count()).select_from(table)
        return int((await connection.execute(asked)).scalar_one())

    return await database.read(Reach.MIGRATION, work)


async def _pages(database: Database, table: Table) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    """Every row of the table, in the order of its key."""
    keys = list(table.primary_key.columns)
    after: tuple[Any, ...] | None = None
    while True:
        asked = select(table).order_by(*keys).limit(PAGE)
        if after is not None:
            last = [literal(value, key.type) for value, key in zip(after, keys, strict=True)]
            asked = asked.where(tuple_(*keys) > tuple_(*last))

        async def work(connection: Transaction, asked: Any = asked) -> Sequence[Any]:
            return (await connection.execute(asked)).mappings().all()

        rows = await database.read(Reach.MIGRATION, work)
        if rows:
            yield [dict(row) for row in rows]
        if len(rows) < PAGE:
            return
        after = _key(table, rows[-1])


def _putting(table: Table, rows: Sequence[Mapping[str, Any]]) -> Any:
    async def work(connection: Transaction) -> None:
        found = await connection.execute(select(table).where(_among(table, rows)))
        there = {_key(table, row): dict(row) for row in found.mappings()}
        missing = []
        for row in rows:
            present = there.get(_key(table, row))
            if present is None:
                missing.append(row)
            elif present != row:
                await connection.execute(update(table).where(_among(table, [row])).values(row))
        await connection.insert_many(table, missing)

    return work


async def _remove_others(old: Database, new: Database, table: Table) -> None:
    """What went from the old ledger after it had been copied."""
    async for rows in _pages(new, table):

        async def work(
            connection: Transaction, rows: Sequence[Mapping[str, Any]] = rows
        ) -> set[tuple[Any, ...]]:
            found = await connection.execute(select(table).where(_among(table, rows)))
            return {_key(table, row) for row in found.mappings()}

        known = await old.read(Reach.MIGRATION, work)
        gone = [row for row in rows if _key(table, row) not in known]
        if gone:
            await new.write(Reach.MIGRATION, _removing(table, gone))


def _removing(table: Table, rows: Sequence[Mapping[str, Any]]) -> Any:
    async def work(connection: Transaction) -> None:
        await connection.execute(delete(table).where(_among(table, rows)))

    return work


def _among(table: Table, rows: Sequence[Mapping[str, Any]]) -> ColumnElement[bool]:
    keys = list(table.primary_key.columns)
    if len(keys) == 1:
        return keys[0].in_([row[keys[0].name] for row in rows])
    return tuple_(*keys).in_([_key(table, row) for row in rows])


def _key(table: Table, row: Mapping[Any, Any]) -> tuple[Any, ...]:
    return tuple(row[key.name] for key in table.primary_key.columns)
