"""PostgreSQL: any number of processes, on any number of machines. Its driver is in `scaled`.

BEGIN and whose rows are meant go to the server in one message, and COMMIT in another; SQLAlchemy
runs what is between on a connection that it takes to be in autocommit. A pooled connection that
died while it lay idle shows at BEGIN, where nothing has happened yet, and another one is taken: so
no ping is needed.

Statements are prepared under names, so that a session reads and plans each of them once. A plan
that is kept was made for the tables as they were then: one made while they were young may go
through all of a table, and would go on when it has grown. The server makes plans anew when it has
analysed a table; a session's are made anew as well after some of its transactions, and then after
twice as many each time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import cache
from itertools import count
from typing import Any, NamedTuple

from asyncpg import Connection as Driver
from asyncpg import IntegrityConstraintViolationError
from asyncpg.prepared_stmt import PreparedStatement
from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Connection,
    CursorResult,
    Executable,
    Integer,
    LargeBinary,
    Row,
    Select,
    Table,
)
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from storage.ledger.engines import (
    GROUP,
    Line,
    Reach,
    Result,
    Rows,
    Turn,
    Waiting,
    Work,
    all_failed,
    run_through,
    to_its_end,
    upgrade,
)
from storage.ledger.errors import is_away
from storage.ledger.locks import HeldLock, Locks
from storage.ledger.models import metadata
from storage.ledger.noting import CALL, Noting, add_function
from storage.ledger.rows import beginning, secure

CONNECTIONS = 10
_MIGRATING = 0x6F70726F6F66  # the number of an advisory lock; any would do
_POOL_S = 30.0
_CONNECT_S = 10.0
_ROLLBACK_S = 5.0
# An old connection may lead to a server that is no longer the first one.
_OLD_S = 1800
# What a server has to end by itself. A statement of ours takes milliseconds, a page of an audit a
# second; whoever waits longer for a row's lock waits for something that hangs.
_LIMITS = {
    "application_name": "orderproof",
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}
# The driver's own patience, where nothing of the server is heard any more.
_COMMAND_S = 90.0
# So that the server notices in half a minute that nobody is there any more, and lets go of locks.
_WATCHED = {
    "application_name": "orderproof locks",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_OPTIONS: dict[str, Any] = {
    "isolation_level": "AUTOCOMMIT",  # BEGIN and COMMIT are ours
    "hide_parameters": True,
    "pool_reset_on_return": None,
}
# After so many transactions a session makes its plans anew, and then after twice as many each time
# up to the most. A table has not grown to much more than twice what its plans were made for.
_FIRST_PLANS = 50
_LAST_PLANS = 1600
_PLANS = "plans"  # among what the pool knows of a session
_NUMBERS = count(1)  # of statements: no two sessions of a process use the same name
_DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
_IF_FOUND = " WHERE (SELECT found IS NOT NULL FROM found)"  # none of its columns is NULL
_COUNT_ON = (
    "SELECT setval(pg_get_serial_sequence('{table}', 'number'),"
    " (SELECT coalesce(max(number), 0) + 1 FROM {table}), false)"
)
_NO_LIMITS = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '5min'"


class _Readers:
    """Who reads in one transaction; more may join until it has begun."""

    __slots__ = ("group", "left", "running")

    def __init__(self) -> None:
        self.group: list[Waiting] = []
        self.left = 0
        self.running: asyncio.Task[None]


class _Plans:
    """How many transactions more a session's plans are kept for."""

    __slots__ = ("_left", "_span")

    def __init__(self) -> None:
        self._left = self._span = _FIRST_PLANS

    def are_old(self) -> bool:
        """Asked before each transaction: whether its plans are to be made anew."""
        if self._left:
            self._left -= 1
            return False
        self._span = min(2 * self._span, _LAST_PLANS)
        self._left = self._span - 1
        return True


class _Noter(NamedTuple):
    """A connection with the prepared call that writes lines of custody, until it is too old."""

    connection: AsyncConnection
    call: PreparedStatement[Any]
    until: float


class PostgresEngine:
    """A pool of connections, and a line of writers for each tenant.

    Who wants to read of one tenant while a transaction for that is about to begin reads in it:
    BEGIN and COMMIT cost more than most of what is read. All that was committed before is seen.
    """

    notes_at_once = True

    def __init__(self, url: URL, *, connections: int = CONNECTIONS) -> None:
        """`prepared_statement_cache_size=0` in the URL: statements have no names, for a pool in
        between that knows none.

        Raises an error of SQLAlchemy's for a URL that it does not take.
        """
        self._connections = connections
        self._named = url.query.get("prepared_statement_cache_size") != "0"
        url = url.set(drivername="postgresql+asyncpg")
        self._engine = create_async_engine(
            url,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=_POOL_S,
            pool_recycle=_OLD_S,
            pool_use_lifo=True,  # a session that worked a moment ago has at hand what it needs
            connect_args=_arguments(_LIMITS, named=self._named),
            **_OPTIONS,
        )
        self._locks = Locks(
            create_async_engine(
                url,
                poolclass=NullPool,
                connect_args=_arguments(_LIMITS | _WATCHED, named=False),
                **_OPTIONS,
            )
        )
        self._lines: dict[tuple[str, Turn], Line] = {}
        self._readers: dict[str, _Readers] = {}
        self._reading: set[asyncio.Task[None]] = set()
        self._noters: list[_Noter] = []  # one at most, which nobody uses now

    async def read(self, whose: str, work: Work[Result]) -> Result:
        begin = beginning(whose, reading=True)
        readers = self._readers.get(begin)
        if readers is None or len(readers.group) == GROUP:
            readers = self._readers[begin] = _Readers()
            readers.running = asyncio.create_task(self._read(begin, readers))
            self._reading.add(readers.running)
            readers.running.add_done_callback(self._reading.discard)
        mine = Waiting(work)
        readers.group.append(mine)
        try:
            await asyncio.shield(readers.running)
        except asyncio.CancelledError:
            readers.left += 1
            if readers.left == len(readers.group):  # nobody waits for it any more
                self._is_full(begin, readers)
                readers.running.cancel()
            raise
        return mine.answer()  # type: ignore[no-any-return]

    async def _read(self, begin: str, readers: _Readers) -> None:
        try:
            await self._together(begin, readers.group, begun=lambda: self._is_full(begin, readers))
        finally:
            self._is_full(begin, readers)

    def _is_full(self, begin: str, readers: _Readers) -> None:
        """Nobody may join any more."""
        if self._readers.get(begin) is readers:
            del self._readers[begin]

    async def write(self, whose: str, work: Work[Result], turn: Turn) -> Result:
        key = (str(whose), turn)
        line = self._lines.get(key)
        if line is None:
            begin = beginning(whose, reading=False, turn=turn)
            line = self._lines[key] = Line(lambda group: self._write(begin, group))
        try:
            return await line.write(work)
        finally:
            if line.is_empty and self._lines.get(key) is line:  # not one that came after it
                del self._lines[key]

    async def note(self, noting: Noting) -> bool:
        """By the driver itself, on a connection that is kept for it: what is done around a call
        would take longer than the call."""
        noter = self._noters.pop() if self._noters else None
        if noter is None or time.monotonic() > noter.until:
            if noter is not None:
                await asyncio.shield(_closed(noter.connection))
            noter = await self._new_noter()
        try:
            done = await noter.call.fetchval(*noting.asked) is True
        except IntegrityConstraintViolationError:  # others wrote where these were to go
            done = False
        except BaseException:
            await asyncio.shield(_closed(noter.connection))
            raise
        if not self._noters and self._connections > 1:
            self._noters.append(noter)
        else:  # several tenants note at once
            await asyncio.shield(noter.connection.close())
        return done

    async def _new_noter(self) -> _Noter:
        connection = await self._engine.connect()
        try:
            raw = await connection.get_raw_connection()
            driver: Driver[Any] = raw.driver_connection  # type: ignore[assignment]
            call = raw.info.get(CALL)
            if call is None:
                name = _name() if self._named else None
                call = raw.info[CALL] = await driver.prepare(CALL, name=name)
            return _Noter(connection, call, time.monotonic() + _OLD_S)
        except BaseException:
            await asyncio.shield(_closed(connection))
            raise

    async def migrate(self) -> None:
        begin = f"{beginning(Reach.MIGRATION, reading=False)}; {_NO_LIMITS}"
        async with self._begun(begin) as connection:
            # One migrates; the others wait for it, and find it done.
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATING})")
            await connection.run_sync(upgrade)
            await connection.run_sync(secure)
            await connection.run_sync(add_function)

    async def scrub(self, hidden: Sequence[bytes] | None) -> bool:
        """Nothing to do: PostgreSQL's operator has VACUUM and archives."""
        return True

    async def count_on(self) -> None:
        async with self._begun(beginning(Reach.MIGRATION, reading=False)) as connection:
            for table in metadata.sorted_tables:
                if "number" in table.c:
                    await connection.exec_driver_sql(_COUNT_ON.format(table=table.name))

    def holding(self, name: str) -> AbstractAsyncContextManager[HeldLock]:
        return self._locks.holding(name)

    async def close(self) -> None:
        await asyncio.gather(*self._reading, return_exceptions=True)
        await self._locks.close()
        for noter in self._noters:
            await noter.connection.close()
        await self._engine.dispose()

    async def _write(self, begin: str, group: Sequence[Waiting]) -> None:
        await to_its_end(asyncio.create_task(self._together(begin, group)))

    async def _together(
        self, begin: str, group: Sequence[Waiting], *, begun: Callable[[], None] = lambda: None
    ) -> None:
        """One transaction for all of the group. Should one fail, each is run again, by itself.

        begun   is called before the first of them is run
        """
        try:
            async with self._begun(begin) as connection:
                begun()
                await connection.run_sync(_run_all, group)
        except BaseException as error:
            begun()
            if len(group) == 1 or is_away(error) or isinstance(error, asyncio.CancelledError):
                all_failed(group, error)
                return
            for each in group:
                await self._together(begin, [each])

    @asynccontextmanager
    async def _begun(self, begin: str) -> AsyncIterator[AsyncConnection]:
        """A connection within a transaction, which is committed, or rolled back for an error."""
        connection, driver = await self._beginning(begin)
        try:
            try:
                yield connection
                if await driver.execute("COMMIT") != "COMMIT":
                    raise AssertionError("the server rolled back what was to be committed")
            except BaseException:
                await asyncio.shield(_rolled_back(connection, driver))
                raise
        finally:
            await asyncio.shield(connection.close())

    async def _beginning(self, begin: str) -> tuple[AsyncConnection, Driver[Any]]:
        for attempt in range(self._connections + 1):
            connection = await self._engine.connect()
            try:
                raw = await connection.get_raw_connection()
                driver: Driver[Any] = raw.driver_connection  # type: ignore[assignment]
                if raw.info.setdefault(_PLANS, _Plans()).are_old():
                    await driver.execute("DISCARD PLANS")
                await driver.execute(begin)
                return connection, driver
            except BaseException as error:
                await asyncio.shield(_closed(connection))
                if attempt == self._connections or not is_away(error):
                    raise
        raise AssertionError("the loop above returns or raises")


def _arguments(settings: Mapping[str, str], *, named: bool) -> dict[str, Any]:
    """What asyncpg and SQLAlchemy are told of a connection.

    named   statements have names, by which the server keeps them
    """
    names = {"prepared_statement_name_func": _name} if named else {}
    return names | {
        "timeout": _CONNECT_S,
        "command_timeout": _COMMAND_S,
        "server_settings": dict(settings),
        "prepared_statement_cache_size": 500,
        "statement_cache_size": 0,  # SQLAlchemy keeps them already
    }


def _name() -> str:
    return f"orderproof_{next(_NUMBERS)}"


async def _closed(connection: AsyncConnection) -> None:
    """Into no pool: nobody knows what state it is in."""
    await connection.invalidate()
    await connection.close()


async def _rolled_back(connection: AsyncConnection, driver: Driver[Any]) -> None:
    if not driver.is_closed():
        with suppress(Exception):
            await driver.execute("ROLLBACK", timeout=_ROLLBACK_S)
            return
    if not connection.invalidated:
        with suppress(Exception):
            await connection.invalidate()


def _run_all(connection: Connection, group: Sequence[Waiting]) -> None:
    for each in group:
        each.value = run_through(each.work, _Pooled(connection))


class _Pooled:
    """A Transaction inside of a greenlet, where nothing has to be waited for."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]:
        return self._connection.execute(statement, parameters)

    async def insert_many(self, table: Table, rows: Rows, /) -> None:
        if rows:
            columns = tuple(rows[0])
            self._connection.exec_driver_sql(_insertion(table, columns), _arrays(columns, rows))

    async def insert_if(
        self,
        asked: Select[Any],
        parameters: Mapping[str, str],
        rows: Sequence[tuple[Table, Rows]],
        /,
        *,
        queue: Table,
    ) -> tuple[Row[Any] | None, bool]:
        filled = [(table, tuple(each[0]), each) for table, each in rows if each]
        text, names = _insertion_if(asked, tuple((t, columns) for t, columns, _ in filled), queue)
        values = [parameters[name] for name in names]
        for _, columns, each in filled:
            values += _arrays(columns, each)
        return self._connection.exec_driver_sql(text, tuple(values)).one_or_none(), True


def _arrays(columns: Sequence[str], rows: Rows) -> tuple[Any, ...]:
    return tuple([row[name] for row in rows] for name in columns)


@cache
def _insertion(table: Table, columns: tuple[str, ...], first: int = 1) -> str:
    """One statement and one array a column; COPY is refused where rows are secured."""
    arrays = [f"${n}::{_array(table, name)}" for n, name in enumerate(columns, start=first)]
    return (
        f"INSERT INTO {table.name} ({', '.join(columns)})"  # noqa: S608 - our names
        f" SELECT * FROM unnest({', '.join(arrays)})"
    )


@cache
def _insertion_if(
    asked: Select[Any], inserts: tuple[tuple[Table, tuple[str, ...]], ...], queue: Table
) -> tuple[str, Sequence[str]]:
    """All in one message, and the names of the parameters that come first in it."""
    compiled = asked.compile(dialect=_DIALECT)
    names = compiled.positiontup or ()
    parts = [f"found AS ({compiled})"]
    first = len(names) + 1
    for number, (table, columns) in enumerate(inserts):
        insertion = _insertion(table, columns, first) + _IF_FOUND
        if number + 1 == len(inserts):
            insertion += " RETURNING number, tenant, store"
        parts.append(f"made_{number} AS ({insertion})")
        first += len(columns)
    if inserts:
        parts.append(
            f"queued AS (INSERT INTO {queue.name} (stamp, tenant, store)"  # noqa: S608
            f" SELECT number, tenant, store FROM made_{len(inserts) - 1})"
        )
    return f"WITH {', '.join(parts)} SELECT * FROM found", names  # noqa: S608


def _array(table: Table, column: str) -> str:
    kind = table.c[column].type
    if isinstance(kind, LargeBinary):
        return "bytea[]"
    if isinstance(kind, Boolean):
        return "boolean[]"
    return "bigint[]" if isinstance(kind, BigInteger | Integer) else "text[]"
