"""The connection to the database, and how transactions are made.

Several processes may use one ledger. On SQLite a writer takes the write lock when it begins, so
that what it read is still true when it writes. On PostgreSQL the unique constraints decide between
two writers; the loser's work is run again, and then finds what the winner wrote. So work that is
handed to `write` may run more than once, and must not have effects elsewhere; nor may it wait for
anything but its transaction.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy import make_url
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError, OperationalError

from evidence.errors import CorruptionError, OutageError, RequestError
from storage.ledger.engines import PostgresEngine, SqliteEngine, Transaction, Work

__all__ = ["Database", "OvertakenError", "Transaction", "Work"]

Result = TypeVar("Result")

_TRIES = 8


class OvertakenError(Exception):
    """Raised by work that finds its compare-and-set lost: `write` runs it again."""


class Database:
    """One engine. `read` and `write` are the only ways in."""

    def __init__(self, engine: SqliteEngine | PostgresEngine) -> None:
        self._engine = engine

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Connect, and bring the tables to the newest step.

        url   such as sqlite:////path/ledger.db or postgresql+asyncpg://…; SQLite's may name any
              driver

        Raises RequestError for a URL that names no database we know, OutageError if it is away.
        """
        try:
            parsed = make_url(url)
            made = SqliteEngine if parsed.get_backend_name() == "sqlite" else PostgresEngine
            engine = made(parsed)
        except OSError as error:
            raise _outage() from error
        except Exception as error:  # ArgumentError, NoSuchModuleError, ImportError
            why = "it is not a URL such as sqlite:////path/ledger.db"
            raise RequestError(what="The ledger's address", why=why) from error
        database = cls(engine)
        try:
            async with _translated():
                await engine.migrate()
        except BaseException:
            await engine.close()
            raise
        return database

    async def close(self) -> None:
        await self._engine.close()

    async def read(self, work: Work[Result]) -> Result:
        """Run `work` on one consistent view of the data."""
        async with _translated():
            return await self._engine.read(work)

    async def write(self, work: Work[Result]) -> Result:
        """Run `work` in a transaction that is on stable storage once this returns.

        `work` runs again if another writer was faster, up to a few times; then OutageError.
        """
        for attempt in range(_TRIES):
            try:
                async with _translated():
                    return await self._engine.write(work)
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
        async with _translated():
            return await self._engine.scrub(hidden)


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
