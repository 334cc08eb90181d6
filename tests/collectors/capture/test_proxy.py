"""The browser's way out: what it lets through, and what it does not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from collectors.capture.proxy import GuardedProxy
from tests.collectors.http_bench import server


async def said(proxy: GuardedProxy, request: str) -> bytes:
    host, port = proxy.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request.encode())
    try:
        return await asyncio.wait_for(reader.read(), 60)
    finally:
        writer.close()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@asynccontextmanager
async def page() -> AsyncIterator[tuple[str, list[Any]]]:
    """A server on loopback, as host:port, and the headers it was asked with."""
    asked: list[Any] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(dict(request.headers))
        return web.Response(text="a page", headers={"X-Path": request.path_qs})

    async with server(web.get("/{any:.*}", answer)) as url:
        yield url.removeprefix("http://"), asked


async def test_a_configured_host_is_reached_wherever_it_is() -> None:
    async with page() as (host, asked), GuardedProxy(trusted={host}) as proxy:
        head = f"GET http://{host}/x?y=1 HTTP/1.1\r\nHost: {host}\r\n"
        answer = await said(proxy, f"{head}Proxy-Connection: keep-alive\r\n\r\n")
    assert status(answer) == 200 and answer.endswith(b"a page")
    assert b"X-Path: /x?y=1" in answer
    assert "Proxy-Connection" not in asked[0] and asked[0]["Connection"] == "close"
    assert proxy.addresses == {"127.0.0.1": "127.0.0.1"}


async def test_a_tunnel_carries_bytes_as_they_are() -> None:
    async with page() as (host, _), GuardedProxy(trusted={host}) as proxy:
        address, port = proxy.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(address, int(port))
        writer.write(f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        writer.write(f"GET /t HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert (await asyncio.wait_for(reader.read(), 60)).endswith(b"a page")
        writer.close()


# None of these is connected to: the guard looks at the address first.
@pytest.mark.parametrize(
    "target",
    [
        "127.0.0.1:{port}",
        "localhost:{port}",
        "[::1]:443",
        "0.0.0.0:80",
        "0x7f000001:80",
        "2130706433:80",
        "[::ffff:127.0.0.1]:443",
        "127.0.0.1:80",
        "metadata.invalid:80",
    ],
)
@pytest.mark.parametrize(
    "way", ["CONNECT {0} HTTP/1.1\r\n\r\n", "GET http://{0}/ HTTP/1.1\r\n\r\n"]
)
async def test_this_machine_is_never_reached_by_a_page(target: str, way: str) -> None:
    async with page() as (host, asked), GuardedProxy() as proxy:
        name = target.format(port=host.rpartition(":")[2])
        answer = await said(proxy, way.format(name))
        assert answer == b"" or status(answer) in (400, 403)
    assert asked == [] and proxy.addresses == {}


async def test_a_name_that_leads_outside_and_inside_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def both(host: str, port: int, **_: object) -> list[Any]:
        return [(0, 0, 0, "", ("93.184.215.14", port)), (0, 0, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both)
    async with GuardedProxy() as proxy:
        assert await proxy._address("rebinding.example", 443) is None


@pytest.mark.parametrize(
    "request_text",
    [
        "\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "CONNECT nothing HTTP/1.1\r\n\r\n",
        "GET ftp://example.invalid/ HTTP/1.1\r\n\r\n",
        "GET http://[::/ HTTP/1.1\r\n\r\n",
        "CONNECT host.invalid:99999 HTTP/1.1\r\n\r\n",
        "X" * (80 << 10),
    ],
)
async def test_a_request_that_is_none_ends_the_connection(request_text: str) -> None:
    async with GuardedProxy() as proxy:
        answer = await said(proxy, request_text)
    assert answer == b"" or status(answer) in (400, 403)


async def test_more_than_the_limit_is_broken_off() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(200):
            await answer.write(b"x" * 10_000)
        return answer

    async with server(web.get("/x", endless)) as url:
        host = url.removeprefix("http://")
        async with GuardedProxy(trusted={host}, max_bytes=100_000) as proxy:
            answer = await said(proxy, f"GET {url}/x HTTP/1.1\r\nHost: {host}\r\n\r\n")
    assert len(answer) <= 100_000 + (64 << 10)
