"""Subscriptions: who is told what happens here."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from evidence.errors import RequestError
from evidence.times import rfc3339
from service.access.callers import caller_of
from service.api.ports import EVIDENCE, SETTINGS
from service.api.sending import send_json
from service.http.contract import Given, Handler
from service.webhooks.sender import check_url, new_secret
from storage.ledger.outbox import Subscription


async def make_subscription(request: web.Request, given: Given) -> web.StreamResponse:
    """The signing secret is in this answer and nowhere else."""
    caller, body = caller_of(request), given.body
    trusted = frozenset(request.app[SETTINGS].outbound_hosts)
    made = Subscription(
        id=secrets.token_hex(8),
        tenant=caller.tenant,
        url=check_url(body["url"], trusted=trusted),
        secret=new_secret(),
        events=frozenset(body["events"]),
        stores=caller.stores,
        created_at=request.app[EVIDENCE].clock(),
    )
    await request.app[EVIDENCE].add_subscription(made)
    return send_json(_json(made) | {"secret": made.secret}, status=201)


async def list_subscriptions(request: web.Request, given: Given) -> web.StreamResponse:
    found = await request.app[EVIDENCE].subscriptions(caller_of(request).tenant)
    return send_json({"subscriptions": [_json(subscription) for subscription in found]})


async def remove_subscription(request: web.Request, given: Given) -> web.StreamResponse:
    tenant = caller_of(request).tenant
    await request.app[EVIDENCE].remove_subscription(tenant, given.path["subscription_id"])
    return send_json({"removed": True})


async def replay_subscription(request: web.Request, given: Given) -> web.StreamResponse:
    count = await request.app[EVIDENCE].replay(
        caller_of(request).tenant,
        given.path["subscription_id"],
        since=_since(given.body["since"]),
    )
    return send_json({"messages": count})


def _since(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        why = "it is no time that can be counted from; write it as 2026-11-03T22:31:07Z"
        raise RequestError(what="`since`", why=why) from None


def _json(subscription: Subscription) -> dict[str, Any]:
    disabled = subscription.disabled_at
    return {
        "id": subscription.id,
        "url": subscription.url,
        "events": sorted(subscription.events),
        "created_at": rfc3339(subscription.created_at),
        "disabled_at": rfc3339(disabled) if disabled else None,
        "disabled_why": subscription.disabled_why,
    }


OPERATIONS: dict[str, Handler] = {
    "makeSubscription": make_subscription,
    "listSubscriptions": list_subscriptions,
    "removeSubscription": remove_subscription,
    "replaySubscription": replay_subscription,
}
