"""Cases: what a person pursues with a platform, recorded step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from evidence.canonical import parse_json
from evidence.custody import Act
from evidence.erasure import ErasureReason
from evidence.errors import EvidenceError
from service.api.asking import by_of, whose_of
from service.api.ports import EVIDENCE
from service.api.scratch import SCRATCH
from service.api.sending import measure, send_archive, send_json
from service.api.uploads import taken
from service.cases.given import time_of
from service.cases.opening import KindsError
from service.custody import bundled
from service.http.contract import Given, Handler
from service.http.problems import BODY_TEXTS, Violation, invalid
from service.steps.publish import BAGIT

MAX_PAPER = 32 << 20
MAX_HINTS = 20_000


async def open_case(request: web.Request, given: Given) -> web.StreamResponse:
    try:
        case, new = await request.app[EVIDENCE].cases.open(
            whose_of(request), given.body, by_of(request)
        )
    except KindsError as error:  # its words are ours, though they may hold some that were sent
        raise invalid(Violation("/body/kinds", error.why)) from error
    headers = {"Location": f"/v1/cases/{case['id']}"}
    return send_json(case, status=201 if new else 200, headers=headers)


async def list_cases(request: web.Request, given: Given) -> web.StreamResponse:
    found, after = await request.app[EVIDENCE].cases.listed(
        whose_of(request),
        before=given.query.get("before"),
        limit=given.query["limit"],
        due=time_of(given.query, "due_before"),
    )
    return send_json({"cases": found, "next": after})


async def get_case(request: web.Request, given: Given) -> web.StreamResponse:
    cases = request.app[EVIDENCE].cases
    return send_json(await cases.view(whose_of(request), given.path["case_id"], by_of(request)))


async def take_step(request: web.Request, given: Given) -> web.StreamResponse:
    # The name of a step is a word of ours: a refusal may say it.
    request[BODY_TEXTS] = [text for text in request[BODY_TEXTS] if text != given.body["step"]]
    case = await request.app[EVIDENCE].cases.step(
        whose_of(request), given.path["case_id"], given.body, by_of(request)
    )
    return send_json(case)


async def upload_paper(request: web.Request, given: Given) -> web.StreamResponse:
    """A file as it is, with a step that takes papers. What it is, its hints say."""
    query = given.query
    paper: dict[str, Any] = {
        "data": await taken(request, most=MAX_PAPER),
        "media_type": request.content_type,
        "hints": _hints(query.get("hints")),
    }
    paper |= {name: query[name] for name in ("role", "name") if name in query}
    body = {"step": query["step"], "papers": [paper]}
    body |= {name: query[name] for name in ("note", "measure", "channel") if name in query}
    case = await request.app[EVIDENCE].cases.step(
        whose_of(request), given.path["case_id"], body, by_of(request)
    )
    return send_json(case)


def _hints(said: str | None) -> Mapping[str, Any]:
    """An object, as JSON in a parameter; what it holds is checked as that of any paper."""
    if said is None:
        return {}
    try:
        found = parse_json(said.encode(), limit=MAX_HINTS, what="`hints`")
    except EvidenceError:
        found = None
    if not isinstance(found, dict):
        raise invalid(Violation("/query/hints", "is no JSON object"))
    return found


async def get_case_report(request: web.Request, given: Given) -> web.StreamResponse:
    report = await request.app[EVIDENCE].cases.report(
        whose_of(request), given.path["case_id"], given.path["report"], by_of(request), given.query
    )
    return send_json(report)


async def check_for_case(request: web.Request, given: Given) -> web.StreamResponse:
    found = await request.app[EVIDENCE].cases.check(
        whose_of(request), given.path["case_id"], given.body, by_of(request)
    )
    return send_json(found)


async def get_paper(request: web.Request, given: Given) -> web.StreamResponse:
    media_type, data = await request.app[EVIDENCE].cases.paper(
        whose_of(request), given.path["case_id"], given.path["sha256"], by_of(request)
    )
    # Whatever it claims to be, a browser only saves it.
    return web.Response(
        body=data,
        content_type="application/octet-stream",
        headers={"Content-Disposition": "attachment", "X-Media-Type": media_type},
    )


async def seal_case(request: web.Request, given: Given) -> web.StreamResponse:
    cases = request.app[EVIDENCE].cases
    return send_json(await cases.seal(whose_of(request), given.path["case_id"], by_of(request)))


async def get_case_bundle(request: web.Request, given: Given) -> web.StreamResponse:
    cases, whose, id = request.app[EVIDENCE].cases, whose_of(request), given.path["case_id"]
    with request.app[SCRATCH].folder() as folder:
        file = folder / "case.zip"
        shown = await cases.bundle(whose, id, to=file)
        size, sha256 = await measure(file)
        what = {"sha256": sha256, **bundled(shown, profile=BAGIT)}
        await cases.note(whose, id, Act.BUNDLE, by_of(request), **what)
        name = f"case-{id[:12]}.zip"
        return await send_archive(request, file, name=name, size=size, sha256=sha256)


async def erase_case(request: web.Request, given: Given) -> web.StreamResponse:
    done = await request.app[EVIDENCE].cases.erase(
        whose_of(request),
        given.path["case_id"],
        reason=ErasureReason(given.body["reason"]),
        by=by_of(request),
    )
    return send_json(done.opened())


OPERATIONS: dict[str, Handler] = {
    "openCase": open_case,
    "listCases": list_cases,
    "getCase": get_case,
    "takeStep": take_step,
    "uploadPaper": upload_paper,
    "getPaper": get_paper,
    "getCaseReport": get_case_report,
    "checkForCase": check_for_case,
    "sealCase": seal_case,
    "getCaseBundle": get_case_bundle,
    "eraseCase": erase_case,
}
