"""The newest sealed manifest and its statement, byte for byte as they were signed."""

from __future__ import annotations

from aiohttp import web

from evidence.canonical import digest
from evidence.custody import Act
from evidence.orders import OrderRef
from service.api.asking import account_of, not_sealed, note, ref_of
from service.api.sending import send_bytes
from service.contract import Given, Handler


async def get_manifest(request: web.Request, given: Given) -> web.StreamResponse:
    ref = ref_of(given)
    account = await account_of(request, ref)
    return await _envelope(request, ref, Act.MANIFEST, account.manifest_envelope)


async def get_statement(request: web.Request, given: Given) -> web.StreamResponse:
    ref = ref_of(given)
    account = await account_of(request, ref)
    return await _envelope(request, ref, Act.STATEMENT, account.statement_envelope)


async def _envelope(
    request: web.Request, ref: OrderRef, act: Act, envelope: bytes | None
) -> web.StreamResponse:
    if envelope is None:
        raise not_sealed()
    await note(request, ref, act, sha256=digest(envelope))
    return send_bytes(
        request, envelope, etag=f'"{digest(envelope)}"', media_type="application/json"
    )


OPERATIONS: dict[str, Handler] = {"getManifest": get_manifest, "getStatement": get_statement}
