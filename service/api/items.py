"""Items: the list, page by page, and the bytes as received."""

from __future__ import annotations

import base64
import binascii
import re

from aiohttp import web

from evidence.custody import Act
from service.api.asking import no_order, note, ref_of, whose_of
from service.api.ports import EVIDENCE
from service.api.sending import send_json, send_range, unchanged, wanted_range
from service.api.shapes import item_json
from service.custody import listed
from service.http.contract import Given, Handler
from service.http.problems import Violation, invalid, not_found

# What a source called the type goes out only if it is one; a parameter or a line break does not.
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")


async def list_items(request: web.Request, given: Given) -> web.StreamResponse:
    """A page. Items are only ever added at the end, so a place in the list is a lasting cursor."""
    ref = ref_of(given)
    start = _place(given.query["cursor"]) if "cursor" in given.query else 0
    stop = start + given.query["limit"]
    found = await request.app[EVIDENCE].items(whose_of(request), ref)
    if found is None:
        raise no_order()
    order, items = found
    page = items[start:stop]
    await note(request, ref, Act.ITEMS, order=order, **listed([item.sha256 for item in page]))
    return send_json(
        {
            "items": [item_json(item, ref) for item in page],
            "next": _cursor(stop) if stop < len(items) else None,
        }
    )


async def get_item(request: web.Request, given: Given) -> web.StreamResponse:
    """Always an attachment, never sniffed: what a stranger sent must not run in a browser here."""
    ref = ref_of(given)
    found = await request.app[EVIDENCE].content(whose_of(request), ref, given.path["sha256"])
    if found is None:
        raise not_found("item", "GET the order's items for those it has.")
    order, item, content = found
    etag = f'"{item.sha256}"'
    if (same := unchanged(request, etag)) is not None:
        return same
    part = wanted_range(request, size=content.size, etag=etag)
    start, stop = part or (0, content.size)
    media_type = item.media_type.partition(";")[0].strip().lower()
    served = f"{start}-{stop - 1}" if part else None
    await note(request, ref, Act.ITEM, order=order, sha256=item.sha256, range=served)
    response = web.StreamResponse(
        status=206 if part else 200,
        headers={
            "Content-Type": media_type
            if _MEDIA_TYPE.fullmatch(media_type)
            else "application/octet-stream",
            # Named by its digest: the name the source gave is untrusted, and is in the list.
            "Content-Disposition": f'attachment; filename="{item.sha256}"',
            "Accept-Ranges": "bytes",
            "ETag": etag,
        },
    )
    if part:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{content.size}"
    return await send_range(request, response, content.read_range, start=start, stop=stop)


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(f"item:{place}".encode()).decode().rstrip("=")


def _place(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    match = re.fullmatch(r"item:([0-9]{1,9})", text)
    if match is None:
        raise invalid(Violation("/query/cursor", "is not the `next` of a page"))
    return int(match[1])


OPERATIONS: dict[str, Handler] = {"listItems": list_items, "getItem": get_item}
