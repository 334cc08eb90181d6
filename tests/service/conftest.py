"""The application over a stand-in, and a client that holds each answer to openapi.yaml."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDictProxy

from collectors.secrets import Secret
from evidence.orders import OrderRef, Platform
from service.http.app import make_app
from service.http.contract import CONTRACT, Operation
from service.settings import Settings
from tests.service.standin import InMemoryEvidence

REF = OrderRef(Platform.AMAZON, "112-4872913-5531402")
ORDER = f"/v1/orders/amazon/{REF.id}"


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Checked:
    """Asks the application, and fails on an answer that openapi.yaml does not describe."""

    def __init__(self, client: TestClient[web.Request, web.Application]) -> None:
        self.client = client
        assert client.app is not None
        self._operations = client.app[CONTRACT].operations

    async def get(self, path: str, **more: Any) -> Answered:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, **more: Any) -> Answered:
        return await self.ask("POST", path, **more)

    async def ask(self, method: str, path: str, **more: Any) -> Answered:
        async with self.client.request(method, path, **more) as reply:
            answered = Answered(reply.status, reply.headers, await reply.read())
            media_type = reply.content_type
        operation = self._operation(method, path.partition("?")[0])
        if operation is None:
            assert answered.status in {404, 405}
        else:
            wrong = operation.check_answer(
                status=answered.status,
                headers=dict(answered.headers),
                media_type=media_type,
                body=answered.body,
            )
            assert not wrong, (operation.id, wrong, answered.body[:400])
        assert answered.headers["Server"] == "orderproof"
        assert answered.headers["X-Content-Type-Options"] == "nosniff"
        if answered.status >= 400 and media_type != "application/json":
            assert media_type == "application/problem+json"
            assert answered.json["instance"].endswith(answered.headers["X-Request-Id"])
        return answered

    def _operation(self, method: str, path: str) -> Operation | None:
        parts = path.strip("/").split("/")
        fits = [
            operation
            for operation in self._operations.values()
            if operation.method == method and _fits(operation.path.strip("/").split("/"), parts)
        ]
        return max(fits, key=lambda o: o.path.count("/") - o.path.count("{"), default=None)


def _fits(template: list[str], parts: list[str]) -> bool:
    if template[-1] == "{path}":
        parts = [*parts[: len(template) - 1], "/".join(parts[len(template) - 1 :])]
    return len(template) == len(parts) and all(
        said == part or said.startswith("{") for said, part in zip(template, parts, strict=True)
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", keys=tmp_path / "keys")


@pytest.fixture
def held() -> InMemoryEvidence:
    return InMemoryEvidence()


AskOf = Callable[[Settings], Awaitable[Checked]]


@pytest.fixture
async def ask_of(held: InMemoryEvidence) -> AsyncIterator[AskOf]:
    """Start the application with these settings and hand back its client."""
    clients = []

    async def start(settings: Settings) -> Checked:
        client = TestClient(TestServer(make_app(settings, opening=held.opening)))
        await client.start_server()
        clients.append(client)
        return Checked(client)

    yield start
    for client in clients:
        await client.close()


@pytest.fixture
async def ask(ask_of: AskOf, settings: Settings) -> Checked:
    return await ask_of(settings)


@pytest.fixture
async def guarded(ask_of: AskOf, settings: Settings) -> Checked:
    """The application with an access token."""
    return await ask_of(replace(settings, api_token=Secret("api_token", "right-token")))
