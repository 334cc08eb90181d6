"""The transparency log as static files, with the cache headers of C2SP tlog-tiles."""

from __future__ import annotations

import asyncio

from aiohttp import web

from evidence.canonical import digest
from evidence.errors import EvidenceError
from evidence.tiles import Tile
from service.access.callers import caller_of
from service.api.ports import EVIDENCE
from service.api.sending import send_bytes
from service.http.contract import Given, Handler
from service.http.problems import Violation, invalid, not_found
from storage.log.log import NOTES

_FOR_EVER = "private, max-age=31536000, immutable"


async def get_log_file(request: web.Request, given: Given) -> web.StreamResponse:
    path = given.path["path"]
    is_note = NOTES.fullmatch(path) is not None
    if not is_note:
        try:
            Tile.parse(path)
        except EvidenceError as error:
            raise invalid(Violation("/path/path", "is no file of a log")) from error
    tenant = caller_of(request).tenant
    data = await asyncio.to_thread(request.app[EVIDENCE].log_file, tenant, path)
    if data is None:
        raise not_found("file in the log", "`checkpoint` says how far the log goes.")
    # A partial tile is as lasting as a full one while it is there: its name holds its width.
    lasting = path.startswith(("tile/", "checkpoints/"))
    return send_bytes(
        request,
        data,
        etag=f'"{digest(data)}"',
        media_type=_media_type(path, is_note=is_note),
        headers={"Cache-Control": _FOR_EVER if lasting else "no-cache"},
    )


def _media_type(path: str, *, is_note: bool) -> str:
    if path.endswith(".json"):
        return "application/json"
    return "text/plain" if is_note else "application/octet-stream"


OPERATIONS: dict[str, Handler] = {"getLogFile": get_log_file}
