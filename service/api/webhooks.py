"""Inbound webhooks: believed, kept, answered; what they start comes after."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from aiohttp import web

from evidence.errors import EvidenceError
from service import tracing
from service.access.callers import caller_of
from service.access.door import DOOR
from service.api.ports import DOORKEEPER, EVIDENCE, SETTINGS
from service.api.sending import send_json
from service.http.contract import BODY_S, Given, Handler
from service.http.problems import Problem, not_found
from service.webhooks.events import read
from service.webhooks.hooks import HookSettings
from service.webhooks.intake import pack
from service.webhooks.signatures import Notice, SignatureError
from storage.ledger.deliveries import Delivery


async def receive_webhook(request: web.Request, given: Given) -> web.StreamResponse:
    """200 once the notice is on stable storage; a vendor that is told less sends it again."""
    hook = await _hook(request, given)
    async with asyncio.timeout(BODY_S):
        body = await request.read()
    now = request.app[EVIDENCE].clock()
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers.pop("traceparent", None)  # ours is kept, not a stranger's
    try:
        await request.app[DOORKEEPER].check(hook, Notice(headers, body, now.timestamp()))
    except SignatureError as error:
        await request.app[DOOR].deny(request, None, "signature")
        raise Problem(401, "unauthorized", f"This notice is not believed: {error}.") from error
    try:
        event = read(hook.vendor, headers, body)
    except EvidenceError as error:
        raise Problem(400, "invalid-request", "The notice is no JSON that can be read.") from error
    new = await request.app[EVIDENCE].receive(
        Delivery(
            tenant=hook.tenant or request.app[SETTINGS].tenant,
            store=hook.store,
            hook=hook.name,
            event=event.id,
            kind=event.kind,
            body=pack({**headers, **tracing.carried()}, body),
            received_at=now,
            keep_until=now + timedelta(days=hook.keep_days),
        )
    )
    return send_json({"received": True, "new": new})


async def answer_challenge(request: web.Request, given: Given) -> web.StreamResponse:
    """eBay asks once whether the endpoint is ours."""
    hook = await _hook(request, given)
    answer = hook.challenge(given.query["challenge_code"])
    if answer is None:
        raise not_found("question", "Only eBay asks one, of hooks with a verification token.")
    return send_json({"challengeResponse": answer})


async def list_webhooks(request: web.Request, given: Given) -> web.StreamResponse:
    whose, settings = caller_of(request).whose, request.app[SETTINGS]
    tenant = whose.tenant
    counts = await request.app[EVIDENCE].delivery_counts(tenant)
    found = [
        {
            "hook": hook.name,
            "vendor": hook.vendor,
            "store": hook.store,
            "counts": [
                {"kind": kind, "state": state, "count": count}
                for name, kind, state, count in counts
                if name == hook.name
            ],
        }
        for hook in settings.webhooks
        if (hook.tenant or settings.tenant) == tenant
        and caller_of(request).whose.covers(hook.store)
    ]
    return send_json({"webhooks": found})


async def _hook(request: web.Request, given: Given) -> HookSettings:
    for hook in request.app[SETTINGS].webhooks:
        if hook.name == given.path["hook"]:
            return hook
    await request.app[DOOR].deny(request, None, "hook")
    raise not_found("webhook", "Add a [webhooks.NAME] table to orderproof.toml.")


OPERATIONS: dict[str, Handler] = {
    "receiveWebhook": receive_webhook,
    "answerChallenge": answer_challenge,
    "listWebhooks": list_webhooks,
}
