"""SQLite: one file, a few threads, one writer at a time.

It knows no rows that are hidden from a tenant. Whoever may open the file has all of it, and that
is the service of one seller.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Executable,
    Row,
    Select,
    Table,
    create_engine,
    event,
)
from sqlalchemy.exc import OperationalError

from storage.files import make_folder
from storage.ledger.engines import (
    Line,
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
from storage.ledger.noting import Noting
from storage.ledger.scrub import scrub

_Answer = TypeVar("_Answer")

_BUSY_MS = 30_000
_TRIES = 8
_BEGINS = "orderproof_begins"
_THREADS = 4

# Parameters hold keyed hashes and ciphertext, yet no error needs to print them. Every transaction
# of ours ends by itself; resetting would roll back nothing, slowly.
_OPTIONS: dict[str, Any] = {"hide_parameters": True, "pool_reset_on_return": None}


class SqliteEngine:
    """One file. Any number of processes may use it; here writers go in one at a time."""

    notes_at_once = False

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
        self._line = Line(self._write)

    async def read(self, whose: str, work: Work[Result]) -> Result:
        return await self._in_thread(self._through, self._engine, work)

    async def write(self, whose: str, work: Work[Result], turn: Turn) -> Result:
        return await self._line.write(work)

    async def note(self, noting: Noting) -> bool:
        return False

    async def migrate(self) -> None:
        await self._in_thread(self._migrate)

    async def scrub(self, hidden: Sequence[bytes] | None) -> bool:
        if self._file is None:
            return True
        async with self._line.turn:
            return await self._in_thread(scrub, self._bare, self._file, hidden)

    async def count_on(self) -> None:
        """Nothing to do: SQLite looks at the greatest number that is there."""

    @asynccontextmanager
    async def holding(self, name: str) -> AsyncIterator["_Unlocked"]:
        """Nothing: the files of a log lie beside the ledger, and have a lock of their own."""
        yield _Unlocked()

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    @staticmethod
    def _through(engine: sqlalchemy.Engine, work: Work[Result]) -> Result:
        with engine.begin() as connection:
            return run_through(work, _Straight(connection))

    async def _write(self, group: Sequence[Waiting]) -> None:
        try:
            await self._in_thread(self._together, group)
        except RuntimeError as error:  # closed: the threads take no more work
            all_failed(group, error)

    def _together(self, group: Sequence[Waiting]) -> None:
        """One transaction for all of the group, in their order; each fails alone.

        Nobody is answered before the commit. If that fails, all have failed.
        """
        try:
            with self._writing.begin() as connection:
                for each in group:
                    connection.exec_driver_sql("SAVEPOINT work")
                    try:
                        each.value = run_through(each.work, _Straight(connection))
                    except BaseException as error:
                        each.error = error
                        connection.exec_driver_sql("ROLLBACK TO work")
                    connection.exec_driver_sql("RELEASE work")
        except BaseException as error:
            all_failed(group, error)

    async def _in_thread(self, function: Callable[..., _Answer], *arguments: Any) -> _Answer:
        loop = asyncio.get_running_loop()
        # What a thread has begun it ends; the next writer's turn is after that.
        return await to_its_end(loop.run_in_executor(self._threads, function, *arguments))

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
            upgrade(connection)


class _Unlocked:
    async def check(self) -> None:
        pass


class _Straight:
    """A Transaction that has its answer before anyone could wait for it."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, parameters: Any = None, /) -> CursorResult[Any]:
        return self._connection.execute(statement, parameters)

    async def insert_many(self, table: Table, rows: Rows, /) -> None:
        # SQLAlchemy would look at each value of each row; ours are what sqlite3 takes.
        if rows:
            statement = _insertion(table.name, tuple(rows[0]))
            self._connection.exec_driver_sql(statement, [tuple(row.values()) for row in rows])

    async def insert_if(
        self,
        asked: Select[Any],
        parameters: Mapping[str, str],
        rows: Sequence[tuple[Table, Rows]],
        /,
        *,
        queue: Table,
    ) -> tuple[Row[Any] | None, bool]:
        found = self._connection.execute(asked, parameters).one_or_none()
        if found is not None and None not in tuple(found):
            for table, each in rows:
                await self.insert_many(table, each)
        return found, False


@cache
def _insertion(table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our names


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
