"""Verify: somebody's bundle in, the auditor's report out. Nothing of it is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import hdrs, web

from auditor.verify import verify_path
from evidence.errors import EvidenceError
from service.api.ports import SETTINGS
from service.api.scratch import SCRATCH
from service.api.sending import send_json
from service.http.contract import Given, Handler
from service.http.problems import Problem

# A sender that is silent for so long is gone; one that trickles has this long for all of it.
SILENCE_S = 30.0
UPLOAD_S = 600.0
PIECE = 1 << 18
MAX_AT_ONCE = 4

AT_ONCE = web.AppKey("verify_at_once", asyncio.Semaphore)


async def verify_bundle(request: web.Request, given: Given) -> web.StreamResponse:
    """Take the upload to disk, then check it in a thread. A bundle that fails is a good answer."""
    limit = request.app[SETTINGS].limits.upload_bytes
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    turns = request.app[AT_ONCE]
    if turns.locked():
        raise Problem(
            503,
            "outage",
            "As many bundles as we check at once are being checked. Send it again soon.",
            headers={"Retry-After": "10"},
        )
    async with turns:
        with request.app[SCRATCH].folder() as folder:
            file = folder / "upload"
            async with asyncio.timeout(UPLOAD_S):
                await _take(request, file, limit=limit)
            try:
                report = await asyncio.to_thread(verify_path, file)
            except EvidenceError as error:
                # Its sentence may quote what stands in the upload.
                raise Problem(
                    422,
                    "refused",
                    "The upload is not a bundle: send the ZIP that `orderproof bundle` writes.",
                ) from error
    return send_json(report.to_json())


async def _take(request: web.Request, file: Path, *, limit: int) -> None:
    size = 0
    with await asyncio.to_thread(file.open, "xb") as upload:
        while True:
            async with asyncio.timeout(SILENCE_S):
                piece = await request.content.read(PIECE)
            if not piece:
                break
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
            await asyncio.to_thread(upload.write, piece)
    if size == 0:
        raise Problem(400, "invalid-request", "The body is empty. Send a bundle.")


def _too_large(limit: int) -> Problem:
    return Problem(
        413,
        "too-large",
        f"The upload is over {limit >> 20} MB. Check it where it is: `orderproof verify FILE`.",
        headers={hdrs.CONNECTION: "close"},
    )


OPERATIONS: dict[str, Handler] = {"verifyBundle": verify_bundle}
