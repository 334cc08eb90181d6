"""Links that open one order's bundle to whoever has them, until they expire."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from evidence.times import rfc3339
from service.access.callers import Whose
from service.access.door import DOOR
from service.api.asking import account_of, by_of, no_order, not_sealed, ref_of, whose_of
from service.api.bundles import send_bundle
from service.api.ports import EVIDENCE
from service.api.sending import send_json
from service.custody import By
from service.http.contract import Given, Handler
from service.http.problems import REQUEST_ID, Violation, invalid, not_found, route_of
from service.steps.publish import REVIEWER
from storage.ledger.access import Share


async def make_share(request: web.Request, given: Given) -> web.StreamResponse:
    """The secret is in this answer and nowhere else."""
    ref, body = ref_of(given), given.body
    show, copies = body.get("show", []), body.get("copies", [])
    if (show or copies) and body["profile"] != REVIEWER:
        raise invalid(Violation("/body/profile", "opens all; `show` and `copies` do not fit it"))
    account = await account_of(request, ref)
    if account.manifest_envelope is None:
        raise not_sealed()
    made = await request.app[EVIDENCE].add_share(
        whose_of(request),
        ref,
        profile=body["profile"],
        show=show,
        copies=copies,
        lasts=timedelta(seconds=body.get("expires_in_s", 7 * 86400)),
        by=by_of(request),
    )
    if made is None:
        raise no_order()
    share, secret = made
    url = f"/v1/shared/{secret}"
    return send_json(
        _json(share, share.created_at) | {"url": url}, status=201, headers={"Location": url}
    )


async def list_shares(request: web.Request, given: Given) -> web.StreamResponse:
    evidence = request.app[EVIDENCE]
    found = await evidence.shares_of(whose_of(request), ref_of(given))
    if found is None:
        raise no_order()
    now = evidence.clock()
    return send_json({"shares": [_json(share, now) for share in found]})


async def revoke_share(request: web.Request, given: Given) -> web.StreamResponse:
    evidence = request.app[EVIDENCE]
    share = await evidence.revoke_share(
        whose_of(request), ref_of(given), given.path["share_id"], by=by_of(request)
    )
    if share is None:
        raise not_found("link", "GET the order's shares for those it has.")
    return send_json(_json(share, evidence.clock()))


async def get_shared(request: web.Request, given: Given) -> web.StreamResponse:
    """What the link opens, as its maker chose it; the custody log names the link."""
    found = await request.app[EVIDENCE].shared(given.path["secret"])
    if found is None:
        await request.app[DOOR].deny(request, None, "share")
        raise not_found("link, or it opens nothing any more", "Ask whoever gave it to you.")
    share, ref = found
    by = By(
        who=f"share link {share.id}",
        way=f"{request.method} {route_of(request)}",
        request=request.get(REQUEST_ID, ""),
    )
    whose = Whose(share.tenant, frozenset({share.store}))
    return await send_bundle(request, whose, ref, by, share.profile, share.show, share.copies)


def _json(share: Share, now: datetime) -> dict[str, Any]:
    state = "open" if now < share.expires_at else "expired"
    return {
        "id": share.id,
        "state": "revoked" if share.revoked_at else state,
        "profile": share.profile,
        "show": list(share.show),
        "copies": list(share.copies),
        "created_at": rfc3339(share.created_at),
        "expires_at": rfc3339(share.expires_at),
    }


OPERATIONS: dict[str, Handler] = {
    "makeShare": make_share,
    "listShares": list_shares,
    "revokeShare": revoke_share,
    "getShared": get_shared,
}
