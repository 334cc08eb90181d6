"""Who may ask: access tokens, stores, who I am, and what was denied."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from evidence.errors import RequestError
from evidence.orders import Platform
from evidence.times import rfc3339
from service.access.callers import Caller, DeniedError, Role, caller_of
from service.access.tokens import USUAL, new_token
from service.api.ports import EVIDENCE
from service.api.sending import send_json
from service.defects.days import Days
from service.http.contract import Given, Handler
from service.http.problems import Problem
from service.separation import normal, report
from storage.ledger.access import AccessToken, Store
from storage.ledger.separation import Declaration, Dimension


async def get_caller(request: web.Request, given: Given) -> web.StreamResponse:
    caller = caller_of(request)
    return send_json(
        {
            "tenant": caller.tenant,
            "role": str(caller.role),
            "who": caller.who,
            "stores": _sorted(caller.stores),
            "scopes": _sorted(caller.scopes),
        }
    )


async def make_token(request: web.Request, given: Given) -> web.StreamResponse:
    """The secret is in this answer and nowhere else. No token opens more than its maker's."""
    caller, body = caller_of(request), given.body
    stores = _within(caller, "stores", body.get("stores"), caller.stores)
    scopes = _within(caller, "scopes", body.get("scopes"), caller.scopes)
    token, secret = new_token(
        tenant=caller.tenant,
        name=body["name"],
        role=Role(body["role"]),
        made_by=caller.who,
        now=request.app[EVIDENCE].clock(),
        lasts=timedelta(days=body["days"]) if "days" in body else USUAL,
        stores=stores,
        scopes=scopes,
    )
    await request.app[EVIDENCE].add_token(token)
    return send_json(token_json(token, token.created_at) | {"secret": secret}, status=201)


def _within(
    caller: Caller, what: str, asked: list[str] | None, most: frozenset[str] | None
) -> frozenset[str] | None:
    wanted = most if asked is None else frozenset(asked)
    if most is not None and (wanted is None or not wanted <= most):
        raise Problem(403, "forbidden", f"Your own token does not cover these {what}.")
    return wanted


async def list_tokens(request: web.Request, given: Given) -> web.StreamResponse:
    evidence = request.app[EVIDENCE]
    found = await evidence.tokens(caller_of(request).tenant)
    now = evidence.clock()
    return send_json({"tokens": [token_json(token, now) for token in found]})


async def revoke_token(request: web.Request, given: Given) -> web.StreamResponse:
    tenant = caller_of(request).tenant
    evidence = request.app[EVIDENCE]
    token = await evidence.revoke_token(tenant, given.path["token_id"])
    return send_json(token_json(token, evidence.clock()))


async def list_stores(request: web.Request, given: Given) -> web.StreamResponse:
    caller = caller_of(request)
    found = await request.app[EVIDENCE].stores(caller.tenant)
    return send_json({"stores": [store_json(s) for s in found if caller.whose.covers(s.name)]})


async def put_store(request: web.Request, given: Given) -> web.StreamResponse:
    caller, body, name = caller_of(request), given.body, given.path["store"]
    if not caller.whose.covers(name):
        raise Problem(403, "forbidden", "Your token does not cover this store.")
    store = Store(
        tenant=caller.tenant,
        name=name,
        platform=Platform(body["platform"]),
        seller=body["seller"],
        site=body["site"].upper(),
    )
    await request.app[EVIDENCE].put_store(store)
    return send_json(store_json(store))


async def list_denials(request: web.Request, given: Given) -> web.StreamResponse:
    tenant, limit = caller_of(request).tenant, given.query["limit"]
    found = await request.app[EVIDENCE].denials(
        tenant, before=given.query.get("before"), limit=limit
    )
    denials = [
        {
            "seq": line.seq,
            "at": rfc3339(line.at),
            **{key: said.get(key) for key in ("who", "way", "why", "times", "request")},
        }
        for line, said in found
    ]
    last = found[-1][0].seq if len(found) == limit else None
    return send_json({"denials": denials, "next": last})


def token_json(token: AccessToken, now: datetime) -> dict[str, Any]:
    """All that is known of a token but its hash."""
    state = "valid" if now < token.expires_at else "expired"
    return {
        "id": token.id,
        "state": "revoked" if token.revoked_at else state,
        "name": token.name,
        "role": token.role,
        "stores": _sorted(token.stores),
        "scopes": _sorted(token.scopes),
        "made_by": token.made_by,
        "created_at": rfc3339(token.created_at),
        "expires_at": rfc3339(token.expires_at),
        "used_at": rfc3339(token.used_at) if token.used_at else None,
    }


def store_json(store: Store) -> dict[str, Any]:
    return {
        "store": store.name,
        "platform": str(store.platform),
        "seller": store.seller,
        "site": store.site,
    }


def _sorted(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


async def declare_separation(request: web.Request, given: Given) -> web.StreamResponse:
    """What was declared before stays; this counts from now on."""
    caller, store, body = caller_of(request), given.path["store"], given.body
    if not caller.whose.covers(store):
        raise DeniedError("store")
    dimension = Dimension(given.path["dimension"])
    document = None
    if "document" in body:
        try:
            document = base64.b64decode(body["document"], validate=True)
        except ValueError as error:
            raise RequestError(what="`document`", why="it is no base64") from error
    await request.app[EVIDENCE].declare(
        Declaration(
            tenant=caller.tenant,
            store=store,
            dimension=dimension,
            value=normal(dimension, body["value"]),
            source=body["source"],
            as_of=Days(None).day(body["as_of"], "`as_of`"),
            document=document,
        )
    )
    return await get_separation(request, given)


async def get_separation(request: web.Request, given: Given) -> web.StreamResponse:
    caller, store = caller_of(request), given.path["store"]
    if not caller.whose.covers(store):
        raise DeniedError("store")
    declared = await request.app[EVIDENCE].declared(caller.tenant, store)
    return send_json(report(store, declared, seen=caller.whose.covers))


OPERATIONS: dict[str, Handler] = {
    "getCaller": get_caller,
    "makeToken": make_token,
    "listTokens": list_tokens,
    "revokeToken": revoke_token,
    "listStores": list_stores,
    "putStore": put_store,
    "declareSeparation": declare_separation,
    "getSeparation": get_separation,
    "listDenials": list_denials,
}
