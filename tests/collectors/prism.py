"""Vendors' own descriptions, served by a mock server that we did not write (Stoplight's Prism).

Prism refuses a request that its description does not allow; whatever it sends is out of the
description. Its place is ORDERPROOF_PRISM, or where .ci/run installs it, or the PATH.
"""

import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from service.sandbox.app import served
from tests.ports import free_port

INSTALLED = Path.home() / ".cache/orderproof/prism/node_modules/.bin/prism"
_STARTS_WITHIN_S = 60.0
_ENDS_WITHIN_S = 5.0


def prism() -> str:
    """The program; skips, and says what to install, where it is not."""
    said = os.environ.get("ORDERPROOF_PRISM")
    found = said or (str(INSTALLED) if INSTALLED.exists() else shutil.which("prism"))
    if not found or shutil.which("node") is None:
        pytest.skip("Prism is not here: .ci/run installs it (npm install @stoplight/prism-cli)")
    return found


@contextmanager
def mocked(description: Path, log: Path) -> Iterator[str]:
    """Serve a description until the block ends; the server's URL, without the base path.

    log   a file of its own, which it writes its output into
    """
    port = free_port()
    command = [prism(), "mock", "--host", "127.0.0.1", "--port", str(port), str(description)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + _STARTS_WITHIN_S
        while b"listening" not in log.read_bytes():
            assert process.poll() is None and time.monotonic() < until, log.read_text("utf-8")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Front:
    """Between a collector and Prism: takes the base path off and says which example is meant.

    mocks     Prism's URL, by the beginning of a path as the collector asks for it; the base path
              that is taken off
    prefer    what `Prefer` says, by the end of a path
    asked     method and path of each request that Prism found fit
    """

    def __init__(self, mocks: Mapping[str, tuple[str, str]], prefer: Mapping[str, str]) -> None:
        self._mocks = mocks
        self._prefer = prefer
        self.asked: list[tuple[str, str]] = []
        self.unfit: list[str] = []

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._forward)
        async with served(app) as url:
            yield url

    async def _forward(self, request: web.Request) -> web.Response:
        start = max((one for one in self._mocks if request.path.startswith(one)), key=len)
        mock, base = self._mocks[start]
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in ("host", "content-length", "accept-encoding")
        }
        for end, said in self._prefer.items():
            if request.path.endswith(end):
                headers["Prefer"] = said
        url = mock + request.path_qs.removeprefix(base)
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method, url, headers=headers, data=await request.read()
            ) as answer,
        ):
            body = await answer.read()
        violations = answer.headers.get("sl-violations", "")
        if '"location":["request"' in violations or b"stoplight.io/prism/errors" in body:
            self.unfit.append(f"{request.method} {request.path_qs}: {violations} {body[:300]!r}")
        self.asked.append((request.method, request.path))
        return web.Response(
            body=body, status=answer.status, content_type=answer.content_type or "text/plain"
        )
