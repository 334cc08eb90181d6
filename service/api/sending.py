"""How answers go out: bytes with an ETag, and long ones in pieces."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import structlog
from aiohttp import hdrs, web

from service.http.problems import REQUEST_ID, Problem

PIECE = 1 << 20

_log = structlog.get_logger("orderproof.http")
_ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


def send_json(
    value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return web.Response(
        status=status, body=body, content_type="application/json", headers=dict(headers or {})
    )


def unchanged(request: web.Request, etag: str) -> web.Response | None:
    """304 if the caller has these bytes already (RFC 9110, 13.1.2)."""
    held = request.headers.get(hdrs.IF_NONE_MATCH, "")
    tags = {tag.strip().removeprefix("W/") for tag in held.split(",")}
    if etag in tags or tags == {"*"}:
        return web.Response(status=304, headers={"ETag": etag})
    return None


def send_bytes(
    request: web.Request,
    data: bytes,
    *,
    etag: str,
    media_type: str,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """Bytes that are small enough to hold, or 304."""
    return unchanged(request, etag) or web.Response(
        body=data, content_type=media_type, headers={"ETag": etag, **(headers or {})}
    )


def wanted_range(request: web.Request, *, size: int, etag: str) -> tuple[int, int] | None:
    """The part asked for, as start and stop, or None for all of it.

    Only a single range is honoured; any other wish may be answered with the whole (RFC 9110,
    14.2), which also costs us less than many small parts. Raises Problem 416.
    """
    said = request.headers.get(hdrs.RANGE)
    if said is None or request.headers.get(hdrs.IF_RANGE, etag) != etag:
        return None
    match = _ONE_RANGE.fullmatch(said.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first and last and int(last) < int(first):
        return None  # not a valid range at all, so there is none
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
    if start >= stop:
        raise Problem(
            416,
            "range",
            f"There are {size} bytes; ask for a range among them.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, stop


async def send_range(
    request: web.Request,
    response: web.StreamResponse,
    read: Callable[[int, int], bytes],
    *,
    start: int,
    stop: int,
) -> web.StreamResponse:
    """Send bytes `start` to `stop` as `read` brings them, off the event loop.

    The first piece is read before anything is sent, so that most failures are still a problem
    document. Once bytes are out, a failure cuts the connection: the caller sees that the length
    does not fit, and never takes a part for the whole.
    """
    response.content_length = stop - start
    if request.method == "HEAD":
        await response.prepare(request)
        return response
    piece = await asyncio.to_thread(read, start, min(stop, start + PIECE))
    await response.prepare(request)
    try:
        while piece:
            await response.write(piece)
            start += len(piece)
            piece = b""
            if start < stop:
                piece = await asyncio.to_thread(read, start, min(stop, start + PIECE))
        if start != stop:
            raise EOFError("the content ended early")
        await response.write_eof()
    except ConnectionError:
        pass  # the caller went away
    except Exception as error:
        _log.error("cut short", kind=type(error).__name__, request=request.get(REQUEST_ID))
        if request.transport is not None:
            request.transport.abort()
    return response


async def measure(file: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file, in a thread."""

    def measured() -> tuple[int, str]:
        with file.open("rb") as data:
            return file.stat().st_size, hashlib.file_digest(data, "sha256").hexdigest()

    return await asyncio.to_thread(measured)


async def send_archive(
    request: web.Request, file: Path, *, name: str, size: int, sha256: str
) -> web.StreamResponse:
    """A ZIP to be saved under this name, or the part of it that was asked for."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/zip",
            "Content-Disposition": f'attachment; filename="{name}"',
            "ETag": f'"{sha256}"',
        }
    )

    def read(start: int, stop: int) -> bytes:
        with file.open("rb") as archive:
            archive.seek(start)
            return archive.read(stop - start)

    return await send_range(request, response, read, start=0, stop=size)
