"""What comes before a request can be read, over bare sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from service.http.app import make_app
from service.http.runner import Runner
from service.settings import Settings
from tests.service.standin import InMemoryEvidence


@pytest.fixture
async def port(held: InMemoryEvidence, settings: Settings) -> AsyncIterator[int]:
    runner = Runner(make_app(settings, opening=held.opening), shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def sent(port: int, raw: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    async with asyncio.timeout(60):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    "raw",
    [
        b"Bearer-Jane-Doe\r\n\r\n",
        b"GET / HTTP/1.1\r\nAuthorization: Bearer Jane-Doe\x00\r\n\r\n",
        b"GET /Jane-Doe" + b"a" * 10_000 + b" HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 8\r\n\r\nJane-Doe",
        b"\x16\x03\x01\x02\x00\x01\x00Jane-Doe\r\n\r\n",
    ],
    ids=["no method", "a NUL in a token", "a long line", "two lengths", "TLS"],
)
async def test_what_is_not_http_is_refused_without_quoting_it(
    port: int, raw: bytes, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    head, _, body = (await sent(port, raw)).partition(b"\r\n\r\n")
    assert head.split()[1] == b"400"
    assert b"application/problem+json" in head and b"aiohttp" not in head
    assert json.loads(body)["status"] == 400
    shown = capsys.readouterr()
    assert "Jane-Doe" not in body.decode() + caplog.text + shown.out + shown.err


async def test_a_connection_that_never_asks_is_not_kept(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.http.runner.HEAD_S", 0.2)
    assert await sent(port, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ") == b""


async def test_a_connection_that_asked_is_kept_for_its_answer(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.http.runner.HEAD_S", 0.8)  # less than it waits
    answer = await sent(
        port,
        b"POST /v1/orders/amazon/112-4872913-5531402/collections HTTP/1.1\r\nHost: localhost\r\n"
        b"Prefer: wait=1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 202")
