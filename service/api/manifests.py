"""The newest sealed manifest and its statement, byte for byte as they were signed."""

from __future__ import annotations

from aiohttp import web

from evidence.canonical import digest
from service.api.asking import account_of, not_sealed, ref_of
from service.api.sending import send_bytes
from service.contract import Given, Handler


async def get_manifest(request: web.Request, given: Given) -> web.StreamResponse:
    account = await account_of(request, ref_of(given))
    return _envelope(request, account.manifest_envelope)


async def get_statement(request: web.Request, given: Given) -> web.StreamResponse:
    account = await account_of(request, ref_of(given))
    return _envelope(request, account.statement_envelope)


def _envelope(request: web.Request, envelope: bytes | None) -> web.StreamResponse:
    if envelope is None:
        raise not_sealed()
    return send_bytes(
        request, envelope, etag=f'"{digest(envelope)}"', media_type="application/json"
    )


OPERATIONS: dict[str, Handler] = {"getManifest": get_manifest, "getStatement": get_statement}
