"""The queue, for whoever runs the service: what waits, who works, what was put aside."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from evidence.times import rfc3339
from service.access.callers import caller_of
from service.api.asking import whose_of
from service.api.ports import EVIDENCE
from service.api.sending import send_json
from service.api.shapes import collection_path
from service.http.contract import Given, Handler
from service.queue.operating import PutAside, QueueState


async def get_queue(request: web.Request, given: Given) -> web.StreamResponse:
    """The caller's tenant only; workers are everybody's."""
    state = await request.app[EVIDENCE].queue()
    return send_json(queue_json(state, caller_of(request).tenant))


async def list_parked(request: web.Request, given: Given) -> web.StreamResponse:
    found = await request.app[EVIDENCE].parked(whose_of(request))
    return send_json({"parked": [parked_json(each) for each in found]})


async def retry_parked(request: web.Request, given: Given) -> web.StreamResponse:
    id = given.path["collection_id"]
    new = await request.app[EVIDENCE].retry_parked(whose_of(request), id)
    path = collection_path(new.id)
    return send_json({"collection": new.id}, status=202, headers={"Location": path})


async def drop_parked(request: web.Request, given: Given) -> web.StreamResponse:
    await request.app[EVIDENCE].drop_parked(whose_of(request), given.path["collection_id"])
    return web.Response(status=204)


def queue_json(state: QueueState, tenant: str) -> dict[str, Any]:
    mine = [each for each in state.backlog if each.tenant == tenant]
    return {
        "under_way": [
            {
                "state": str(each.state),
                "bulk": each.bulk,
                "count": each.count,
                "oldest": rfc3339(each.oldest),
                "due": rfc3339(each.due),
            }
            for each in mine
        ],
        "parked": state.parked.get(tenant, 0),
        "workers": [
            {key: worker.get(key) for key in ("worker", "since", "hands", "walking", "stopping")}
            for worker in state.workers
        ],
    }


def parked_json(each: PutAside) -> dict[str, Any]:
    return {
        "collection": each.parked.collection,
        "store": each.parked.store,
        "parked_at": rfc3339(each.parked.parked_at),
        "why": each.why,
    }


OPERATIONS: dict[str, Handler] = {
    "getQueue": get_queue,
    "listParked": list_parked,
    "retryParked": retry_parked,
    "dropParked": drop_parked,
}
