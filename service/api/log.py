"""The transparency log as static files, with the cache headers of C2SP tlog-tiles."""

from __future__ import annotations

import asyncio
import re

from aiohttp import web

from evidence.canonical import digest
from evidence.errors import EvidenceError
from evidence.tiles import Tile
from service.api.ports import EVIDENCE, SETTINGS
from service.api.sending import send_bytes
from service.contract import Given, Handler
from service.problems import Violation, invalid, not_found

_FOR_EVER = "private, max-age=31536000, immutable"
# A tile's path is parsed, every other one is on this list: no path reaches the disk unchecked.
_NOTES = re.compile(r"checkpoint|log\.vkey|checkpoints/(?:0|[1-9][0-9]{0,18})", re.ASCII)


async def get_log_file(request: web.Request, given: Given) -> web.StreamResponse:
    path = given.path["path"]
    is_note = _NOTES.fullmatch(path) is not None
    if not is_note:
        try:
            Tile.parse(path)
        except EvidenceError as error:
            raise invalid(Violation("/path/path", "is no file of a log")) from error
    settings = request.app[SETTINGS]
    data = await asyncio.to_thread(request.app[EVIDENCE].log_file, settings.tenant, path)
    if data is None:
        raise not_found("file in the log", "`checkpoint` says how far the log goes.")
    # A partial tile is as lasting as a full one while it is there: its name holds its width.
    lasting = path not in {"checkpoint", "log.vkey"}
    return send_bytes(
        request,
        data,
        etag=f'"{digest(data)}"',
        media_type="text/plain" if is_note else "application/octet-stream",
        headers={"Cache-Control": _FOR_EVER if lasting else "no-cache"},
    )


OPERATIONS: dict[str, Handler] = {"getLogFile": get_log_file}
