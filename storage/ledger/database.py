"""The connection to the database, and how transactions are made.

Several processes may use one ledger. On SQLite a writer takes the write lock when it begins, so
that what it read is still true when it writes. On PostgreSQL the unique constraints decide between
two writers; the loser's work is run again, and then finds what the winner wrote. So work that is
handed to `write` may run more than once, and must not have effects elsewhere.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, func, select
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from evidence.errors import CorruptionError, OutageError, RequestError
from storage.files import make_folder
from storage.ledger.scrub import scrub

Result = TypeVar("Result")
Work = Callable[[AsyncConnection], Awaitable[Result]]

_BUSY_MS = 30_000
_TRIES = 8
_BEGINS = "orderproof_begins"
_MIGRATING = 0x6F70726F6F66  # the number of an advisory lock; any would do


class OvertakenError(Exception):
    """Raised by work that finds its compare-and-set lost: `write` runs it again."""


class Database:
    """One engine. `read` and `write` are the only ways in."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(**{_BEGINS: "BEGIN IMMEDIATE"})
        self._reading = engine
        if engine.dialect.name == "postgresql":  # on SQLite any transaction sees one state
            self._reading = engine.execution_options(isolation_level="REPEATABLE READ")
        # SQLite lets writers in one at a time; to queue here is fairer than to poll its lock.
        self._turn = asyncio.Lock() if engine.dialect.name == "sqlite" else None

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Connect, and bring the tables to the newest step.

        Raises RequestError for a URL that names no database we know, OutageError if it is away.
        """
        try:
            # Parameters hold keyed hashes and ciphertext, yet no error needs to print them.
            # Every transaction of ours ends by itself; resetting would roll back nothing, slowly.
            engine = create_async_engine(url, hide_parameters=True, pool_reset_on_return=None)
        except Exception as error:  # ArgumentError, NoSuchModuleError, ImportError
            why = "it is not a URL such as sqlite+aiosqlite:////path/ledger.db"
            raise RequestError(what="The ledger's address", why=why) from error
        if engine.dialect.name == "sqlite":
            if engine.url.database:
                _private_file(Path(engine.url.database))
            event.listen(engine.sync_engine, "connect", _sqlite_connected)
            event.listen(engine.sync_engine, "begin", _sqlite_begins)
        database = cls(engine)
        try:
            async with _translated():
                await database._migrate()
        except BaseException:
            await engine.dispose()
            raise
        return database

    async def close(self) -> None:
        await self._engine.dispose()

    async def read(self, work: Work[Result]) -> Result:
        """Run `work` on one consistent view of the data."""
        async with _translated(), self._reading.begin() as connection:
            return await work(connection)

    async def write(self, work: Work[Result]) -> Result:
        """Run `work` in a transaction that is on stable storage once this returns.

        `work` runs again if another writer was faster, up to a few times; then OutageError.
        """
        for attempt in range(_TRIES):
            try:
                async with _translated(), self._turn or nullcontext():
                    async with self._writing.begin() as connection:
                        return await work(connection)
            except (IntegrityError, OvertakenError) as error:
                if attempt == _TRIES - 1:
                    raise OutageError(
                        source="The ledger", why="others wrote the same rows each time"
                    ) from error
            await asyncio.sleep(0.01 * 2**attempt)
        raise AssertionError("the loop above returns or raises")

    async def scrub(self, hidden: Sequence[bytes] | None) -> bool:
        """What was deleted is in none of the database's files; False if they were too busy.

        hidden   bytes to look for; None if nobody knows them any more
        Only SQLite's files are ours to look after: PostgreSQL's operator has VACUUM and archives.
        """
        file = self._engine.url.database
        if self._engine.dialect.name != "sqlite" or not file:
            return True
        bare = self._engine.execution_options(**{_BEGINS: None})
        async with _translated(), self._turn or nullcontext():
            return await scrub(bare, Path(file), hidden)

    async def _migrate(self) -> None:
        if self._engine.dialect.name == "sqlite":
            await self._to_wal()
        async with self._writing.begin() as connection:
            if self._engine.dialect.name == "postgresql":  # one migrates, the others then find it
                await connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
            await connection.run_sync(_upgrade)

    async def _to_wal(self) -> None:
        """WAL is a property of the file. Only the first to open it has to wait for others."""
        bare = self._engine.execution_options(**{_BEGINS: None})  # not inside a transaction
        for attempt in range(_TRIES):
            try:
                async with bare.connect() as connection:
                    await connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                return
            except OperationalError:
                if attempt == _TRIES - 1:
                    raise
            await asyncio.sleep(0.02 * 2**attempt)


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


def _sqlite_connected(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=FULL")  # NORMAL may lose the last commits to a power cut
    cursor.execute("PRAGMA secure_delete=ON")  # what an erasure deletes is overwritten
    cursor.close()


def _sqlite_begins(connection: Connection) -> None:
    statement = connection.get_execution_options().get(_BEGINS, "BEGIN")
    if statement is not None:
        connection.exec_driver_sql(statement)


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except (OperationalError, OSError) as error:
        raise _outage() from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _outage() from error
        if type(error) is DatabaseError:  # SQLite: "malformed", "not a database"
            why = "the database calls its own file damaged, or it is not a database"
            raise CorruptionError(what="The ledger's database", why=why) from error
        raise


def _outage() -> OutageError:
    return OutageError(source="The ledger", why="its database is locked, full or away")
