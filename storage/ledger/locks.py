"""Locks of PostgreSQL that a session holds until it lets go, or dies.

One connection holds them all, apart from the pool: so a holder cannot wait for a connection that
another holder has. The server lets go of a dead session's locks when it notices: at once if the
process died, after half a minute if its machine or network did.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from asyncpg import Connection as Driver
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from evidence.errors import OutageError
from storage.ledger.engines import LockLostError

_PATIENCE_S = 60.0
_FIRST_PAUSE_S = 0.005
_LONGEST_PAUSE_S = 0.1


class Locks:
    """Which are ours. A session may take a lock twice, so in this process one has it at a time."""

    def __init__(self, engine: AsyncEngine) -> None:
        """`engine` gives a connection that lasts until it is closed."""
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._driver: Driver[Any] | None = None
        self._talking = asyncio.Lock()
        self._ours: dict[int, asyncio.Lock] = {}

    @asynccontextmanager
    async def holding(self, name: str) -> AsyncIterator["HeldLock"]:
        """OutageError if another session has it for a minute, or the server is away."""
        number = _number(name)
        ours = self._ours.setdefault(number, asyncio.Lock())
        async with ours:
            driver = await self._taken(number)
            try:
                yield HeldLock(self, driver)
            finally:
                # A session that is gone has let go already.
                with suppress(Exception):
                    await asyncio.shield(self.ask(driver, "SELECT pg_advisory_unlock($1)", number))

    async def ask(self, driver: "Driver[Any]", statement: str, *values: int) -> Any:
        async with self._talking:
            return await driver.fetchval(statement, *values)

    async def close(self) -> None:
        if self._connection is not None:
            with suppress(Exception):
                await self._connection.close()
        await self._engine.dispose()

    async def _taken(self, number: int) -> "Driver[Any]":
        pause = _FIRST_PAUSE_S
        until = asyncio.get_running_loop().time() + _PATIENCE_S
        while True:
            driver = await self._connected()
            # To wait at the server would keep the connection from everybody else.
            if await self.ask(driver, "SELECT pg_try_advisory_lock($1)", number):
                return driver
            if asyncio.get_running_loop().time() > until:
                why = "another process has been sequencing the same log for too long"
                raise OutageError(source="The log", why=why)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    async def _connected(self) -> "Driver[Any]":
        async with self._talking:
            if self._driver is None or self._driver.is_closed():
                if self._connection is not None:
                    with suppress(Exception):
                        await self._connection.invalidate()
                        await self._connection.close()
                self._driver = self._connection = None
                self._connection = await self._engine.connect()
                raw = await self._connection.get_raw_connection()
                self._driver = raw.driver_connection
            return self._driver  # type: ignore[return-value]


class HeldLock:
    """A lock that was taken by one session of the server."""

    def __init__(self, locks: Locks, driver: "Driver[Any]") -> None:
        self._locks = locks
        self._driver = driver

    async def check(self) -> None:
        """The session lives, and so has the lock. LockLostError if not."""
        try:
            await self._locks.ask(self._driver, "SELECT 1")
        except Exception as error:
            raise LockLostError from error


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
