"""The browser's only way out: an HTTP proxy on loopback that refuses private addresses.

A browser resolves names by itself and follows whatever a page says. Behind this proxy it does
neither: names are resolved here, every address is checked before it is connected to, and that very
address is used. Hosts that the operator configured may be anywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Collection

from yarl import URL

from collectors.guard import may_connect

MAX_HEAD = 64 << 10
CONNECT_S = 15.0
_PORTS = frozenset({80, 443})
_REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_BAD = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_AWAY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class GuardedProxy:
    """Use as an async context manager; `url` is for the browser's --proxy-server.

    trusted    hosts an operator configured, with or without a port: anywhere, on any port
    max_bytes  what may come in, over all connections; more breaks them off

    `addresses` says which address each host was reached at, `refused` which hosts were not.
    """

    def __init__(self, *, trusted: Collection[str] = (), max_bytes: int = 256 << 20) -> None:
        self._trusted = frozenset(trusted)
        self._left = max_bytes
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self.addresses: dict[str, str] = {}
        self.refused: set[str] = set()

    @property
    def url(self) -> str:
        assert self._server is not None  # only inside its block  # noqa: S101
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    async def __aenter__(self) -> GuardedProxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=MAX_HEAD)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None  # noqa: S101
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        self._serving.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # a connection that breaks is the page's trouble
        finally:
            self._serving.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        words = line.decode("latin-1").split(" ")
        if len(words) != 3:
            writer.write(_BAD)
            return
        method, target, version = words
        url = URL(f"//{target}" if method == "CONNECT" else target)
        host, port = url.host, url.port
        if not host or port is None or (method != "CONNECT" and url.scheme != "http"):
            writer.write(_BAD)
            return
        address = await self._address(host, port)
        if address is None:
            self.refused.add(host)
            _deny(writer, method, _REFUSED)
            return
        try:
            async with asyncio.timeout(CONNECT_S):
                there, out = await asyncio.open_connection(address, port)
        except (OSError, TimeoutError):
            _deny(writer, method, _AWAY)
            return
        self.addresses[host] = address
        try:
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                # One request a connection: the next one could be for another host.
                path = url.raw_path_qs or "/"
                out.write(f"{method} {path} {version}\r\n".encode("latin-1"))
                out.write(_closing(rest))
            await self._relay(reader, writer, there, out)
        finally:
            out.close()

    async def _address(self, host: str, port: int) -> str | None:
        """An address of the host that may be connected to; None if there is none."""
        trusted = host in self._trusted or f"{host}:{port}" in self._trusted
        if not trusted and port not in _PORTS:
            return None
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
        except OSError:
            return None
        addresses = [str(entry[4][0]) for entry in found]
        allowed = [one for one in addresses if trusted or may_connect(one)]
        # A name that leads both outside and inside is playing games.
        return allowed[0] if allowed and len(allowed) == len(addresses) else None

    async def _relay(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        out: asyncio.StreamWriter,
    ) -> None:
        ways = (self._pump(reader, out, counted=False), self._pump(there, writer, counted=True))
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            # The answer may still be under way when the browser has said all.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(tasks[1]), 30)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counted: bool
    ) -> None:
        while data := await source.read(64 << 10):
            if counted:
                self._left -= len(data)
                if self._left < 0:
                    return
            sink.write(data)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()


def _deny(writer: asyncio.StreamWriter, method: str, answer: bytes) -> None:
    """Say no to a tunnel. To a plain request nothing is said: an answer would pass for the page."""
    if method == "CONNECT":
        writer.write(answer)


def _closing(headers: bytes) -> bytes:
    """The request's headers, without those meant for us, and asking the server to close."""
    kept = [
        line
        for line in headers.split(b"\r\n")
        if line and not line.lower().startswith((b"proxy-", b"connection:", b"keep-alive:"))
    ]
    return b"\r\n".join([*kept, b"Connection: close", b"", b""])
