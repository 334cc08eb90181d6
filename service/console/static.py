"""Styles and scripts: files of ours, by a fixed list of names. The verifier is the bundle's own."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from aiohttp import web

from auditor.page import face_script
from evidence.canonical import digest
from service.access.pages import Page
from service.api.sending import send_bytes

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
NAMES = ("console.css", "console.js", "audit.js", "mark.svg", "verify.js")


def bind(app: web.Application) -> None:
    for name in NAMES:
        app.router.add_route("GET", f"/console/static/{name}", _sends(name))


@cache
def content(name: str) -> bytes:
    if name == "verify.js":
        return face_script().encode()
    return (files(__package__) / "static" / name).read_bytes()


def _sends(name: str):  # type: ignore[no-untyped-def]
    async def send(request: web.Request) -> web.StreamResponse:
        data = content(name)
        return send_bytes(
            request,
            data,
            etag=f'"{digest(data)}"',
            media_type=_TYPES[name.rpartition(".")[2]],
            headers={"Cache-Control": "no-cache"},
        )

    send.page = Page(method="GET", path=f"/console/static/{name}", public=True)  # type: ignore[attr-defined]
    return send
