"""Amazon's static sandbox, replayed: the request and response pairs of its own descriptions."""

import json
import re
from collections import deque
from pathlib import Path
from typing import Any

from aiohttp import web

from service.sandbox.app import ASKED, Asked

# Says which parts are wanted, and each case wants others: not what a case is found by.
_NOT_MATCHED = frozenset({"includedData"})


def cases(shared: Path, model: str, operation: str) -> list[dict[str, Any]]:
    """Every case of an operation, in the order of the description."""
    path = shared / "contracts/market/spapi/sandbox-cases.json"
    found: list[dict[str, Any]] = json.loads(path.read_bytes())["cases"]
    return [one for one in found if (one["model"], one["operationId"]) == (model, operation)]


def replay(found: list[dict[str, Any]]) -> web.Application:
    """Answers each request with the case whose parameters are its own; 404 where there is none."""

    async def answer(request: web.Request) -> web.Response:
        request.app[ASKED].append(
            Asked(
                request.method,
                request.path,
                dict(request.query),
                dict(request.headers),
                await request.read(),
            )
        )
        body = await request.json() if request.can_read_body else {}
        for case in found:
            if case["method"] == request.method and _matches(case, request, body):
                return web.json_response(case.get("response"), status=case["status"])
        return web.json_response({"errors": [{"code": "NotFound", "message": "none"}]}, status=404)

    app = web.Application()
    app[ASKED] = deque()
    app.router.add_route("*", "/{tail:.*}", answer)
    return app


def _matches(case: dict[str, Any], request: web.Request, body: Any) -> bool:
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(case["path"]))
    path = re.fullmatch(pattern, request.path)
    if path is None:
        return False
    said = {**request.query, **path.groupdict(), "body": body}
    for name, one in case["request"].get("parameters", {}).items():
        if name not in _NOT_MATCHED and said.get(name) != one["value"]:
            return False
    return True
