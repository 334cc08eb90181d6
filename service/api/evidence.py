"""The evidence of an order at a glance."""

from __future__ import annotations

from aiohttp import web

from evidence.canonical import digest
from evidence.custody import Act
from service.api.asking import account_of, no_order, note, ref_of, whose_of
from service.api.ports import EVIDENCE
from service.api.sending import send_json
from service.api.shapes import collection_json, item_json, order_path, sealed_json
from service.http.contract import Given, Handler

FIRST_ITEMS = 100


async def get_evidence(request: web.Request, given: Given) -> web.StreamResponse:
    ref = ref_of(given)
    account = await account_of(request, ref)
    await note(request, ref, Act.EVIDENCE, order=account.order, items=len(account.items))
    links = {
        "self": order_path(ref),
        "items": order_path(ref, "/items"),
        "collections": order_path(ref, "/collections"),
    }
    sealed = None
    if account.manifest is not None and account.manifest_envelope is not None:
        sealed = sealed_json(account.manifest, sha256=digest(account.manifest_envelope))
        links |= {what: order_path(ref, f"/{what}") for what in ("manifest", "statement", "bundle")}
    return send_json(
        {
            "platform": str(ref.platform),
            "order_id": ref.id,
            "site": ref.site,
            "commitment": account.order.commitment,
            "collections": [
                collection_json(collection, account.tasks.get(collection.id, ()), ref)
                for collection in account.collections
            ],
            "items": [item_json(item, ref) for item in account.items[:FIRST_ITEMS]],
            "item_count": len(account.items),
            "sealed": sealed,
            "links": links,
        }
    )


async def get_summary(request: web.Request, given: Given) -> web.StreamResponse:
    """What is known so far, read at this moment; nothing is sealed by it."""
    ref = ref_of(given)
    found = await request.app[EVIDENCE].summary(whose_of(request), ref)
    if found is None:
        raise no_order()
    await note(request, ref, Act.EVIDENCE)
    who = {"platform": str(ref.platform), "order_id": ref.id, "site": ref.site}
    links = {"self": order_path(ref, "/summary"), "evidence": order_path(ref)}
    return send_json(who | dict(found) | {"links": links})


OPERATIONS: dict[str, Handler] = {"getEvidence": get_evidence, "getSummary": get_summary}
