"""What the HTTP tests share: a spool in memory, a recorder, a session against a local server."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from collectors.answers import Bounds
from collectors.auth import Auth
from collectors.breaker import Breaker
from collectors.collector import Context
from collectors.pace import LocalBucket, Pace
from collectors.secrets import Secret
from collectors.session import Session
from evidence.errors import TooLargeError
from evidence.items import Content, InMemory, Item
from service.sandbox.app import served

NOW = datetime(2026, 7, 25, 10, 0, tzinfo=UTC)


class MemoryWriter:
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.data = bytearray()
        self.discarded = False

    def write(self, chunk: bytes) -> None:
        assert not self.discarded, "a discarded item is not written to"
        if len(self.data) + len(chunk) > self.limit:
            raise TooLargeError(what="an item", size=len(self.data), limit=self.limit)
        self.data += chunk

    def close(self) -> Content:
        return InMemory(bytes(self.data))

    def discard(self) -> None:
        self.discarded = True


class MemorySpool:
    def open(self, *, limit: int) -> MemoryWriter:
        return MemoryWriter(limit)


@dataclass
class Counted:
    """A content of which only the digest is left."""

    sha256: str
    size: int

    def read(self, limit: int) -> bytes:
        raise AssertionError("nobody reads a large body whole")

    def chunks(self) -> Any:
        raise AssertionError("nobody copies a large body")


class CountingWriter:
    def __init__(self) -> None:
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self.digest.update(chunk)

    def close(self) -> Content:
        return Counted(self.digest.hexdigest(), self.size)

    def discard(self) -> None:
        pass


class CountingSpool:
    """Forgets what it is given: for bodies that no memory should hold."""

    def open(self, *, limit: int) -> CountingWriter:
        return CountingWriter()


@dataclass
class Sleeps:
    """A sleep that only remembers."""

    asked: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)


@dataclass
class Bench:
    session: Session
    recorded: list[Item]
    sleeps: Sleeps

    def statuses(self) -> list[str]:
        from collectors.exchanges import read_exchange

        return [
            fact.text
            for item in self.recorded
            for fact in read_exchange(item)
            if fact.name == "exchange.status"
        ]


@asynccontextmanager
async def bench(
    base_url: str,
    *,
    auth: Auth | None = None,
    secrets: Sequence[Secret] = (),
    bounds: Bounds | None = None,
    retries: int = 2,
    collector: str = "ups/1",
    breaker: Breaker | None = None,
    ca: Path | None = None,
) -> AsyncIterator[Bench]:
    recorded: list[Item] = []
    sleeps = Sleeps()

    async def record(item: Item) -> None:
        recorded.append(item)

    pace = Pace(
        retries=retries,
        sleep=sleeps,
        jitter=lambda: 1.0,
        bucket=LocalBucket(most=1000, seconds=1.0),
        breaker=breaker,
    )
    session = Session(
        base_url=base_url,
        collector=collector,
        spool=MemorySpool(),
        record=record,
        clock=lambda: NOW,
        auth=auth,
        secrets=secrets,
        pace=pace,
        bounds=bounds,
        ca=ca,
    )
    async with session:
        yield Bench(session, recorded, sleeps)


@asynccontextmanager
async def server(*routes: web.RouteDef) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes(routes)
    async with served(app) as url:
        yield url


async def no_text(item: Item) -> str:
    return ""


def context(
    session: Session,
    facts: Mapping[str, tuple[str, ...]],
    *,
    source: str = "ups",
    settings: Mapping[str, Any] | None = None,
) -> Context:
    return Context(
        source=source,
        version=1,
        facts=facts,
        settings=settings or {},
        now=lambda: NOW,
        spool=MemorySpool(),
        text_of=no_text,
        http=session,
    )
