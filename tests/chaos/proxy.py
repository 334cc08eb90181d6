"""A TCP proxy that breaks what goes through it, on request."""

from __future__ import annotations

import asyncio
import contextlib
import random
from enum import StrEnum

_UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
    b"Connection: close\r\n\r\n"
)


class Mode(StrEnum):
    PASS = "pass"
    CUT = "cut"  # nobody gets through, and whoever was through is cut off
    SLOW = "slow"  # each piece takes SLOW_S
    BUSY = "busy"  # an HTTP server that says 503
    CORRUPT = "corrupt"  # of each larger piece one bit is another


SLOW_S = 0.15
PIECE = 1 << 16
# Smaller ones are requests and headers, not what they carry.
LARGE = 700


class Proxy:
    """In front of one server for one process.

    hits      what was broken: connections cut off or refused, pieces held up or changed
    refused   of these, who tried to get through meanwhile
    """

    def __init__(self, name: str, target: int, dice: random.Random) -> None:
        self.name = name
        self.target = target
        self.mode = Mode.PASS
        self.hits = 0
        self.refused = 0
        self.port = 0
        self._dice = dice
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._abort()
        if self._server is not None:
            self._server.close()

    @property
    def connections(self) -> int:
        return len(self._open) // 2

    def set(self, mode: Mode) -> None:
        self.mode = mode
        if mode is Mode.CUT:
            self.hits += self.connections
            self._abort()

    def _abort(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode in (Mode.CUT, Mode.BUSY):
            self.hits += 1
            self.refused += 1
            if self.mode is Mode.BUSY:
                with contextlib.suppress(OSError, TimeoutError):
                    await asyncio.wait_for(reader.read(PIECE), 2)
                    writer.write(_UNAVAILABLE)
                    await writer.drain()
                    writer.close()
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, back}
        self._open |= both
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(reader, back))
                group.create_task(self._carry(there, writer))
        except* (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open -= both
            for each in both:
                each.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(PIECE):
            if self.mode is Mode.SLOW:
                self.hits += 1
                await asyncio.sleep(SLOW_S)
            elif self.mode is Mode.BUSY:  # on connections that were there before
                self.hits += 1
                raise ConnectionResetError
            elif self.mode is Mode.CORRUPT and len(data) > LARGE:
                self.hits += 1
                at = self._dice.randrange(LARGE // 2, len(data))
                data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.write_eof()
