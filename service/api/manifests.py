"""The newest sealed manifest and its statement, byte for byte as they were signed."""

from __future__ import annotations

from aiohttp import web

from evidence.custody import Act
from evidence.items import Role
from evidence.orders import OrderRef
from service.api.asking import (
    SEALED_ASKED,
    SealedAsked,
    by_of,
    no_order,
    not_sealed,
    ref_of,
    whose_of,
)
from service.api.ports import EVIDENCE
from service.api.sending import send_bytes
from service.http.contract import Given, Handler


async def get_manifest(request: web.Request, given: Given) -> web.StreamResponse:
    return await _envelope(request, ref_of(given), Act.MANIFEST, Role.MANIFEST)


async def get_statement(request: web.Request, given: Given) -> web.StreamResponse:
    return await _envelope(request, ref_of(given), Act.STATEMENT, Role.STATEMENT)


async def _envelope(
    request: web.Request, ref: OrderRef, act: Act, role: Role
) -> web.StreamResponse:
    found = await request.app[EVIDENCE].sealed(whose_of(request), ref, role, act, by_of(request))
    if found is None:
        raise no_order()
    sha256, envelope = found
    if not envelope:
        raise not_sealed()
    request[SEALED_ASKED] = SealedAsked(ref, role, act)
    return send_bytes(request, envelope, etag=f'"{sha256}"', media_type="application/json")


OPERATIONS: dict[str, Handler] = {"getManifest": get_manifest, "getStatement": get_statement}
