"""A body that is a file: taken as it comes, of bounded size."""

from __future__ import annotations

import asyncio

from aiohttp import web

from evidence.errors import RequestError, TooLargeError
from service.http.contract import BODY_S

PIECE = 1 << 18


async def taken(request: web.Request, *, most: int) -> bytes:
    """The bytes. RequestError if there is none, TooLargeError if there are too many."""
    data = bytearray()
    async with asyncio.timeout(BODY_S):
        while piece := await request.content.read(PIECE):
            data += piece
            if len(data) > most:
                raise TooLargeError(what="the upload", size=len(data), limit=most)
    if not data:
        raise RequestError(what="the upload", why="it is empty")
    return bytes(data)
