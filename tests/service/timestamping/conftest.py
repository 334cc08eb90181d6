"""Time authorities on loopback, as real HTTP servers, some of which misbehave."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from service.sandbox.app import served
from service.sandbox.authority import PATH, SandboxAuthority
from service.settings import AuthoritySettings
from service.timestamping.authority import Authority, configured
from tests.storage.stage import Stage, staged

Handler = Callable[[bytes], Awaitable[web.StreamResponse]]


class Playing:
    """An authority that is served, and how often it was asked.

    behave   answers instead of the authority while it is set
    """

    def __init__(self, made: SandboxAuthority, folder: Path) -> None:
        self.made = made
        self.folder = folder
        self.queries: list[bytes] = []
        self.behave: Handler | None = None
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        query = await request.read()
        self.queries.append(query)
        if self.behave is not None:
            return await self.behave(query)
        return reply(self.made.reply(query))

    def settings(self, name: str = "here", **more: object) -> AuthoritySettings:
        tsa, root = self.made.leave(self.folder)
        fields: dict[str, object] = {"name": name, "url": self.url + PATH}
        fields |= {"certificate_file": tsa, "roots_file": root, "answer_s": 30.0} | more
        return AuthoritySettings(**fields)  # type: ignore[arg-type]

    def configured(self, name: str = "here", **more: object) -> Authority:
        return configured([self.settings(name, **more)])[0]


def reply(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/timestamp-reply")


Play = Callable[..., Awaitable[Playing]]


@pytest.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    """`await play()` serves one more authority; `made` gives it a certificate or a clock."""
    async with contextlib.AsyncExitStack() as stack:
        count = 0

        async def start(made: SandboxAuthority | None = None) -> Playing:
            nonlocal count
            count += 1
            playing = Playing(made or SandboxAuthority.make(), tmp_path / f"tsa-{count}")
            app = web.Application()
            app.router.add_post(PATH, playing.answer)
            playing.url = await stack.enter_async_context(served(app))
            return playing

        yield start


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "storage") as made:
        yield made
