"""What reading a manifest is measured against: handlers that send the same bytes from memory.

python -m bench.bare FILE PORT
    to whoever asks
python -m bench.bare FILE PORT DATABASE HANDLE SHA256
    as every answer to a caller must: the digest of the token is compared, and the ledger is asked
    whether the order is still there
"""

from __future__ import annotations

import hashlib
import hmac
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
from aiohttp import hdrs, web

_OPEN = "SELECT key_wrapped IS NOT NULL FROM orders WHERE handle = $1"


def bare(body: bytes) -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.router.add_get("/", answer)
    return app


def checked(body: bytes, *, database: str, handle: str, sha256: str) -> web.Application:
    pool: asyncpg.Pool[asyncpg.Record]

    async def opened(app: web.Application) -> AsyncIterator[None]:
        nonlocal pool
        whose = {"orderproof.whose": "default"}
        url = database.replace("+asyncpg", "", 1)
        async with asyncpg.create_pool(url, min_size=10, server_settings=whose) as pool:
            yield

    async def answer(request: web.Request) -> web.Response:
        secret = request.headers[hdrs.AUTHORIZATION].removeprefix("Bearer ")
        if not hmac.compare_digest(hashlib.sha256(secret.encode()).hexdigest(), sha256):
            raise web.HTTPUnauthorized
        if not await pool.fetchval(_OPEN, handle):
            raise web.HTTPNotFound
        return web.Response(body=body, content_type="application/json")

    app = web.Application()
    app.cleanup_ctx.append(opened)
    app.router.add_get("/", answer)
    return app


def main(file: str, port: str, database: str = "", handle: str = "", sha256: str = "") -> None:
    body = Path(file).read_bytes()
    app = checked(body, database=database, handle=handle, sha256=sha256) if database else bare(body)
    web.run_app(app, host="127.0.0.1", port=int(port), access_log=None, print=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
