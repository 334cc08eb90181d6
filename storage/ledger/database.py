"""The connection to the database, and how transactions are made.

Several processes may use one ledger. On SQLite a writer takes the write lock when it begins, so
that what it read is still true when it writes. On PostgreSQL the unique constraints decide between
two writers; the loser's work is run again, and then finds what the winner wrote. So work that is
handed to `write` may run more than once, and must not have effects elsewhere; nor may it wait for
anything but its transaction.

Each transaction says whose rows it is about. On PostgreSQL it sees no others.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from sqlalchemy import URL, make_url
from sqlalchemy.exc import IntegrityError

from evidence.errors import ConfigError, EvidenceError, OutageError, RequestError
from storage.ledger.engines import Engine, Held, LockLostError, Reach, Transaction, Turn, Work
from storage.ledger.errors import is_overtaken, translated
from storage.ledger.noting import Noting
from storage.ledger.sqlite import SqliteEngine

__all__ = [
    "Database",
    "Held",
    "LockLostError",
    "OvertakenError",
    "Reach",
    "Transaction",
    "Turn",
    "Work",
]

Result = TypeVar("Result")

_TRIES = 8
CONNECTIONS = 10


class OvertakenError(Exception):
    """Raised by work that finds its compare-and-set lost: `write` runs it again."""


class Database:
    """One engine. `read` and `write` are the only ways in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    async def open(cls, url: str, *, connections: int = CONNECTIONS) -> "Database":
        """Connect, and bring the tables to the newest step.

        url           such as sqlite:////path/ledger.db or postgresql://role@host/name; which driver
                      it names does not matter
        connections   the most that this process has open at once; SQLite's are not counted

        Raises RequestError for a URL that names no database we know, ConfigError for a PostgreSQL
        without its driver or with a role that stands above row security, OutageError if it is away.
        """
        try:
            engine = _engine(make_url(url), connections)
        except OSError as error:
            raise _outage(error) from error
        except EvidenceError:
            raise
        except Exception as error:  # ArgumentError, NoSuchModuleError
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

    async def read(self, whose: str, work: Work[Result]) -> Result:
        """Run `work` on one consistent view of the rows of this tenant, or as far as a Reach goes.

        It can change nothing.
        """
        for attempt in range(_TRIES):
            try:
                async with _translated():
                    return await self._engine.read(whose, work)
            except OvertakenError:
                if attempt == _TRIES - 1:
                    raise _overtaken() from None
        raise AssertionError("the loop above returns or raises")

    async def write(self, whose: str, work: Work[Result], *, turn: Turn = Turn.ROWS) -> Result:
        """Run `work` in a transaction that is on stable storage once this returns.

        `work` runs again if another writer was faster, up to a few times; then OutageError.
        """
        for attempt in range(_TRIES):
            try:
                async with _translated():
                    return await self._engine.write(whose, work, turn)
            except (IntegrityError, OvertakenError) as error:
                if attempt == _TRIES - 1:
                    raise _overtaken() from error
            await asyncio.sleep(0.01 * 2**attempt)
        raise AssertionError("the loop above returns or raises")

    @property
    def notes_at_once(self) -> bool:
        """Whether `note` is worth asking."""
        return self._engine.notes_at_once

    async def note(self, noting: Noting) -> bool:
        """Write lines of custody by one message, durably, if that can be done; whether it was.

        An error may come after they were written: the chain is to be looked at again.
        """
        async with _translated():
            return await self._engine.note(noting)

    async def count_on(self) -> None:
        """Rows were brought with their numbers: the next new one has a number beyond."""
        async with _translated():
            await self._engine.count_on()

    @asynccontextmanager
    async def holding(self, name: str) -> AsyncIterator[Held]:
        """Nobody else holds the lock of this name meanwhile, in whichever process.

        A holder that dies lets go; one that is cut off finds that out by `check`. On SQLite it is
        nobody's, for what it would guard has a lock of its own.
        """
        async with AsyncExitStack() as stack:
            async with _translated():
                held = await stack.enter_async_context(self._engine.holding(name))
            yield held

    async def scrub(self, hidden: Sequence[bytes] | None) -> bool:
        """What was deleted is in none of the database's files; False if they were too busy.

        hidden   bytes to look for; None if nobody knows them any more
        Only SQLite's files are ours to look after: PostgreSQL's operator has VACUUM and archives.
        """
        async with _translated():
            return await self._engine.scrub(hidden)


def _engine(url: URL, connections: int) -> Engine:
    kind = url.get_backend_name()
    if kind == "sqlite":
        return SqliteEngine(url)
    if kind != "postgresql":
        raise ValueError(kind)
    try:
        from storage.ledger.postgres import PostgresEngine
    except ImportError as error:
        why = "asyncpg is not installed: pip install 'orderproof[scaled]'"
        raise ConfigError(what="The ledger on PostgreSQL", why=why) from error
    return PostgresEngine(url, connections=connections)


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except EvidenceError:
        raise
    except IntegrityError:
        raise
    except Exception as error:
        if is_overtaken(error):
            raise OvertakenError from error
        ours = translated(error)
        if ours is None:
            raise
        raise ours from error


def _outage(error: OSError) -> EvidenceError:
    return translated(error) or OutageError(source="The ledger", why="its database is away")


def _overtaken() -> OutageError:
    return OutageError(source="The ledger", why="others wrote the same rows each time")
