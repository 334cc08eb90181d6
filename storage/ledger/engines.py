"""How work reaches a database: SQLite in threads of our own, PostgreSQL on the event loop.

Work is a coroutine that waits for nothing but the transaction it is handed. So it can be run
through at one go where the database is: on SQLite in a thread, a hop there and back for the whole
transaction; on PostgreSQL in one greenlet, where SQLAlchemy would make one a statement.

Forcing a commit to the disk takes longer than most work: who waits together commits together.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from importlib.resources import as_file, files
from typing import Any, Protocol, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, CursorResult, Executable, Row, Select, Table

from storage.ledger.noting import Noting

Result = TypeVar("Result")

# The most that commit together.
GROUP = 64


class Reach(StrEnum):
    """Who looks across tenants, by design. Everything else names the one tenant it is about.

    A tenant's name never begins like these; see storage/ledger/rows.py.
    """

    HOUSE = "*house"  # all tenants by name; a new one's origin must be nobody else's
    DOOR = "*door"  # a token, a link or a notice is looked up before it is known whose it is
    WORKER = "*worker"  # collections, deliveries and messages of everybody that wait for a worker
    ERASURE = "*erasure"  # whatever was erased stays so, in every restored ledger
    AUDIT = "*audit"  # an object that no row of the tenant names may be another's
    MIGRATION = "*migration"  # the tables themselves, and a copy of all of them


class Turn(StrEnum):
    """What work waits in line for: it commits together with work of its own kind alone.

    What locks a row that everybody wants stands apart, so that no two lock in different orders.
    Work of custody has the end of the tenant's chain to itself from its beginning on.
    """

    ROWS = "rows"
    LOG = "log"
    CUSTODY = "custody"


Rows = Sequence[Mapping[str, Any]]


class Transaction(Protocol):
    """What work may ask the database for."""

    async def execute(
        self, statement: Executable, parameters: Any = None, /
    ) -> CursorResult[Any]: ...

    async def insert_many(self, table: Table, rows: Rows, /) -> None:
        """Insert rows that all have the same columns, in the same order."""
        ...

    async def insert_if(
        self,
        asked: Select[Any],
        parameters: Mapping[str, str],
        rows: Sequence[tuple[Table, Rows]],
        /,
        *,
        queue: Table,
    ) -> tuple[Row[Any] | None, bool]:
        """Insert into one table after the other, if `asked` gives a row, none of it NULL.

        queue   a table of stamps that wait: the numbers that the last table's rows were given go
                there too

        Gives the row, and whether that was done about `queue`: it is left to the caller where
        nobody else can write meanwhile, since they are the last.
        """
        ...


Work = Callable[[Transaction], Coroutine[Any, Any, Result]]


class LockLostError(Exception):
    """The session that held a lock is gone: somebody else may have it by now."""


class Held(Protocol):
    """A lock, for as long as its block runs."""

    async def check(self) -> None:
        """LockLostError if it is not ours any more."""
        ...


class Engine(Protocol):
    """One database. `whose` is a tenant's name or a Reach: other rows are not to be seen.

    notes_at_once   whether `note` can do anything
    """

    notes_at_once: bool

    async def read(self, whose: str, work: Work[Result]) -> Result: ...

    async def write(self, whose: str, work: Work[Result], turn: Turn) -> Result: ...

    async def note(self, noting: Noting) -> bool:
        """Lines of custody in one message, if the database can and all is as `noting` says."""
        ...

    async def migrate(self) -> None:
        """Bring the tables to the newest step, and see that nobody sees another's rows."""
        ...

    async def scrub(self, hidden: Sequence[bytes] | None) -> bool: ...

    async def count_on(self) -> None:
        """Rows were brought with their numbers: the next new one has a number beyond."""
        ...

    def holding(self, name: str) -> AbstractAsyncContextManager[Held]:
        """The lock of this name among all processes that use the database."""
        ...

    async def close(self) -> None: ...


class Waiting:
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


class Line:
    """Where work waits for the writer. All that waits when a transaction begins goes into it."""

    def __init__(self, together: Callable[[Sequence[Waiting]], Awaitable[None]]) -> None:
        """`together` answers each of a group, or fails it. It ends what it has begun."""
        self._together = together
        self.turn = asyncio.Lock()
        self._waiting: list[tuple[Waiting, asyncio.Future[None]]] = []
        self._running: asyncio.Task[None] | None = None

    @property
    def is_empty(self) -> bool:
        return not self._waiting and self._running is None

    async def write(self, work: Work[Result]) -> Result:
        mine, ended = Waiting(work), asyncio.get_running_loop().create_future()
        self._waiting.append((mine, ended))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError:
            if not mine.taken:  # cancelled before its turn
                self._waiting = [each for each in self._waiting if each[0] is not mine]
            else:
                await asyncio.wait([ended])  # what was begun ends first
            raise
        return mine.answer()  # type: ignore[no-any-return]

    async def _run(self) -> None:
        """Group by group, until nobody waits. Who is answered is so at once, all of a group."""
        try:
            while self._waiting:
                async with self.turn:
                    await self._next()
        except BaseException as error:  # the loop ends
            left, self._waiting = self._waiting, []
            self._end(left, error)
            raise
        finally:
            self._running = None

    async def _next(self) -> None:
        group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
        works = [waiting for waiting, _ in group]
        for each in works:
            each.taken = True
        try:
            if works:
                await self._together(works)
        except BaseException as error:
            all_failed(works, error)
            if not isinstance(error, Exception):
                raise
        finally:
            self._end(group)

    @staticmethod
    def _end(
        group: Sequence[tuple[Waiting, asyncio.Future[None]]], error: BaseException | None = None
    ) -> None:
        for waiting, ended in group:
            if error is not None:
                all_failed([waiting], error)
            if not ended.done():
                ended.set_result(None)


def all_failed(group: Sequence[Waiting], error: BaseException) -> None:
    for each in group:
        each.error = each.error or error


async def to_its_end(running: "asyncio.Future[Result]") -> Result:
    """Its answer. Should who waits be cancelled meanwhile, that comes after its end."""
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()
        raise


def run_through(work: Work[Result], transaction: Transaction) -> Result:
    """Run work whose every answer is there before anyone could wait for it."""
    running = work(transaction)
    try:
        running.send(None)
    except StopIteration as ended:
        answer: Result = ended.value
        return answer
    running.close()
    raise AssertionError("work on the ledger waited for something else")


def upgrade(connection: Connection) -> None:
    """All steps that are missing, in the transaction that is open."""
    with as_file(files("storage.ledger.migrations")) as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
