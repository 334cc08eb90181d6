"""Collections: start one, look at it, follow it."""

from __future__ import annotations

import asyncio
import json
import re
import time

from aiohttp import web

from service.api.asking import collection_of, ref_of, whose_of
from service.api.ports import CLOSING, EVIDENCE, Collection
from service.api.sending import send_json
from service.api.shapes import ENDED, collection_json, collection_path
from service.http.contract import Given, Handler
from service.http.problems import Problem

MAX_WAIT_S = 60
HEARTBEAT_S = 15.0
# A client whose stream ends before its collection does connects again: EventSource does so itself.
MAX_STREAM_S = 1800.0
POLL_S = 0.1

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?([0-9]{1,6})\"?(?=$|[,;\s])", re.ASCII | re.I)


async def request_collection(request: web.Request, given: Given) -> web.StreamResponse:
    """Commit the wish; then, if asked to, wait for what comes of it."""
    body = given.body or {}
    evidence = request.app[EVIDENCE]
    ref = ref_of(given)
    if (busy := await evidence.busy(whose_of(request).tenant)) is not None:
        raise Problem(429, "too-much", busy.why, headers={"Retry-After": str(busy.retry_after_s)})
    collection, _ = await evidence.request_collection(
        ref,
        whose=whose_of(request),
        store=body.get("store"),
        policy=body.get("policy"),
        sources=body.get("sources"),
        defect=body.get("defect"),
        idempotency_key=given.headers.get("Idempotency-Key"),
    )
    headers = {"Location": collection_path(collection.id)}
    wait = _wait_s(given.headers.get("Prefer", ""))
    if wait:
        headers["Preference-Applied"] = f"wait={wait}"
        collection = await _ended(request, collection, within_s=wait)
    tasks = await evidence.tasks(collection)
    return send_json(
        collection_json(collection, tasks, ref),
        status=200 if collection.state in ENDED else 202,
        headers=headers,
    )


async def get_collection(request: web.Request, given: Given) -> web.StreamResponse:
    return send_json(json.loads(await _snapshot(request, await collection_of(request, given))))


async def watch_collection(request: web.Request, given: Given) -> web.StreamResponse:
    """Send the collection each time it changes, and a comment when it has not for a while."""
    collection = await collection_of(request, given)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    begun = spoken = time.monotonic()
    sent = b""
    try:
        await response.write(b"retry: 2000\n\n")
        while True:
            now = await _snapshot(request, collection)
            if now != sent:
                await response.write(b"event: collection\ndata: " + now + b"\n\n")
                sent, spoken = now, time.monotonic()
            if collection.state in ENDED or time.monotonic() - begun > MAX_STREAM_S:
                break
            if time.monotonic() - spoken > HEARTBEAT_S:
                await response.write(b": still here\n\n")
                spoken = time.monotonic()
            if await _closing(request, within_s=POLL_S * 2):
                break
            collection = await collection_of(request, given)
        await response.write_eof()
    except ConnectionError:
        pass
    return response


async def _snapshot(request: web.Request, collection: Collection) -> bytes:
    evidence = request.app[EVIDENCE]
    order = await evidence.order_of(collection)
    tasks = await evidence.tasks(collection)
    return json.dumps(collection_json(collection, tasks, order.ref), ensure_ascii=False).encode()


async def _ended(request: web.Request, collection: Collection, *, within_s: float) -> Collection:
    until = time.monotonic() + within_s
    while collection.state not in ENDED and time.monotonic() < until:
        if await _closing(request, within_s=POLL_S):
            break
        found = await request.app[EVIDENCE].collection(whose_of(request), collection.id)
        collection = found or collection
    return collection


async def _closing(request: web.Request, *, within_s: float) -> bool:
    """Sleep, but wake up and say so when the service is shutting down."""
    try:
        async with asyncio.timeout(within_s):
            return await request.app[CLOSING].wait()
    except TimeoutError:
        return False


def _wait_s(prefer: str) -> int:
    match = _WAIT.search(prefer)
    return min(MAX_WAIT_S, int(match[1])) if match else 0


OPERATIONS: dict[str, Handler] = {
    "requestCollection": request_collection,
    "getCollection": get_collection,
    "watchCollection": watch_collection,
}
