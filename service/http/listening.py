"""An address that a command answers at, for as long as it runs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from evidence.errors import RequestError


@contextlib.asynccontextmanager
async def listening(
    runner: web.AppRunner, host: str, port: int, *, option: str
) -> AsyncIterator[str]:
    """Answer there until the block ends; where that is, as a URL.

    RequestError naming the command's `option` if nobody can listen there.
    """
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            why = f"{error.strerror or error}; choose another address with {option}"
            raise RequestError(what=f"listening on {host}:{port}", why=why) from error
        host, port = runner.addresses[0][:2]
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        await runner.cleanup()
