"""How work reaches a database: SQLite in threads of our own, PostgreSQL on the event loop.

Work is a coroutine that waits for nothing but the transaction it is handed. On SQLite, whose calls
do not wait for a network, it is run through in a thread at one go: a hop to the thread and back for
the whole transaction, where a driver that is asynchronous call by call makes four a statement.
"""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Protocol, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Engine,
    Executable,
    Table,
    create_engine,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.files import make_folder
from storage.ledger.scrub import scrub

Result = TypeVar("Result")
_Answer = TypeVar("_Answer")

_BUSY_MS = 30_000
_TRIES = 8
_BEGINS = "orderproof_begins"
_MIGRATING = 0x6F70726F6F66  # the number of an advisory lock; any would do
_THREADS = 4
_GROUP = 64

# Parameters hold keyed hashes and ciphertext, yet no error needs to print them. Every transaction
# of ours ends by itself; resetting would roll back nothing, slowly.
_OPTIONS: dict[str, Any] = {"hide_parameters": True, "pool_reset_on_return": None}


class Transaction(Protocol):
    """What work may ask the database for."""

    async def execute(
        self, statement: Executable, parameters: Any = None, /
    ) -> CursorResult[Any]: ...

    async def insert_many(self, table: Table, rows: Sequence[Mapping[str, Any]], /) -> None:
        """Insert rows that all have the same columns, in the same order."""
        ...


Work = Callable[[Transaction], Coroutine[Any, Any, Result]]


class SqliteEngine:
    """One file. Any number of processes may use it; here writers go in one at a time."""

    def __init__(self, url: URL) -> None:
        """Raises an error of SQLAlchemy's for a URL that it does not take."""
        self._engine = create_engine(url.set(drivername="sqlite"), **_OPTIONS)
        self._file = Path(url.database) if url.database else None
        if self._file is not None:
            _private_file(self._file)
        event.listen(self._engine, "connect", _connected)
        event.listen(self._engine, "begin", _begins)
        self._writing = self._engine.execution_options(**{_BEGINS: "BEGIN IMMEDIATE"})
        self._bare = self._engine.execution_options(**{_BEGINS: None})
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="ledger")
        # SQLite lets writers in one at a time; to queue here is fairer than to poll its lock.
        self._turn = asyncio.Lock()
        self._waiting: list[_Waiting] = []

    async def read(self, work: Work[Result]) -> Result:
        return await self._in_thread(self._through, self._engine, work)

    async def write(self, work: Work[Result]) -> Result:
        # Forcing a commit to the disk takes longer than most work: who waits together commits so.
        mine = _Waiting(work)
        self._waiting.append(mine)
        try:
            async with self._turn:
                if not mine.taken:
                    group, self._waiting = self._waiting[:_GROUP], self._waiting[_GROUP:]
                    for each in group:
                        each.taken = True
                    try:
                        await self._in_thread(self._together, group)
                    except RuntimeError as error:  # closed: the threads take no more work
                        _failed(group, error)
        finally:
            if not mine.taken:  # cancelled before its turn
                self._waiting.remove(mine)
        return mine.answer()  # type: ignore[no-any-return]

    async def migrate(self) -> None:
        await self._in_thread(self._migrate)

    async def scrub(self, hidden: Sequence[bytes] | None) -> bool:
        if self._file is None:
            return True
        async with self._turn:
            return await self._in_thread(scrub, self._bare, self._file, hidden)

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    @staticmethod
    def _through(engine: Engine, work: Work[Result]) -> Result:
        with engine.begin() as connection:
            return _run(connection, work)

    def _together(self, group: Sequence["_Waiting"]) -> None:
        """One transaction for all of the group, in their order; each fails alone.

        Nobody is answered before the commit. If that fails, all have failed.
        """
        try:
            with self._writing.begin() as connection:
                for each in group:
                    connection.exec_driver_sql("SAVEPOINT work")
                    try:
                        each.value = _run(connection, each.work)
                    except BaseException as error:
                        each.error = error
                        connection.exec_driver_sql("ROLLBACK TO work")
                    connection.exec_driver_sql("RELEASE work")
        except BaseException as error:
            _failed(group, error)

    async def _in_thread(self, function: Callable[..., _Answer], *arguments: Any) -> _Answer:
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._threads, function, *arguments)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            # What a thread has begun it ends; the next writer's turn is after that.
            await asyncio.wait([running])
            running.exception()
            raise

    def _migrate(self) -> None:
        # WAL is a property of the file. Only the first to open it has to wait for others.
        for attempt in range(_TRIES):
            try:
                with self._bare.connect() as connection:
                    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                break
            except OperationalError:
                if attempt == _TRIES - 1:
                    raise
            time.sleep(0.02 * 2**attempt)
        with self._writing.begin() as connection:
            _upgrade(connection)


class PostgresEngine:
    """Any number of processes, on any number of machines."""

    def __init__(self, url: URL) -> None:
        """Raises an error of SQLAlchemy's, or ImportError, for a URL that it does not take."""
        self._engine: AsyncEngine = create_async_engine(url, **_OPTIONS)
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ")

    async def read(self, work: Work[Result]) -> Result:
        async with self._reading.begin() as connection:
            return await work(_OnLoop(connection))

    async def write(self, work: Work[Result]) -> Result:
        async with self._engine.begin() as connection:
            return await work(_OnLoop(connection))

    async def migrate(self) -> None:
        async with self._engine.begin() as connection:
            # One migrates; the others wait for it, and find it done.
            await connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
            await connection.run_sync(_upgrade)

    async def scrub(self, hidden: Sequence[bytes] | None) -> bool:
        """Nothing to do: PostgreSQL's operator has VACUUM and archives."""
        return True

    async def close(self) -> None:
        await self._engine.dispose()


class _Waiting:
    """Work that waits for its turn to write, and then its answer."""

    __slots__ = ("error", "taken", "value", "work")

    def __init__(self, work: Work[Any]) -> None:
        self.work = work
        self.taken = False
        self.value: Any = None
        self.error: BaseException | None = None

    def answer(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


def _failed(group: Sequence[_Waiting], error: BaseException) -> None:
    for each in group:
        each.error = each.error or error


def _run(connection: Connection, work: Work[Result]) -> Result:
    running = work(_Straight(connection))
    try:
        running.send(None)
    except StopIteration as ended:
        answer: Result = ended.value
        return answer
    running.close()
    raise AssertionError("work on the ledger waited for something else")


class _Straight:
    """A Transaction that has its answer before anyone could wait for it."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]:
        return self._connection.execute(statement, parameters)

    async def insert_many(self, table: Table, rows: Sequence[Mapping[str, Any]], /) -> None:
        # SQLAlchemy would look at each value of each row; ours are what sqlite3 takes.
        if rows:
            statement = _insertion(table.name, tuple(rows[0]))
            self._connection.exec_driver_sql(statement, [tuple(row.values()) for row in rows])


class _OnLoop:
    """A Transaction of an asynchronous driver."""

    __slots__ = ("_connection", "execute")

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.execute = connection.execute

    async def insert_many(self, table: Table, rows: Sequence[Mapping[str, Any]], /) -> None:
        if rows:
            await self._connection.execute(insert(table), rows)


@cache
def _insertion(table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our names


def _upgrade(connection: Connection) -> None:
    with as_file(files("storage.ledger.migrations")) as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _private_file(path: Path) -> None:
    """Made beforehand, because SQLite would let others read it; -wal and -shm follow its mode."""
    make_folder(path.parent)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def _connected(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=FULL")  # NORMAL may lose the last commits to a power cut
    cursor.execute("PRAGMA secure_delete=ON")  # what an erasure deletes is overwritten
    cursor.close()


def _begins(connection: Connection) -> None:
    statement = connection.get_execution_options().get(_BEGINS, "BEGIN")
    if statement is not None:
        connection.exec_driver_sql(statement)
