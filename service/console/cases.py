"""Cases: each by what is due next; and one of them, in the order in which its appeal is written."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import hdrs, web
from aiohttp.web_request import FileField

from evidence.cases import Step
from evidence.times import parse_rfc3339
from service.api import cases
from service.api.asking import by_of
from service.api.ports import EVIDENCE
from service.cases.evidenced import ref_of as order_named
from service.console.order import ref_of, whose
from service.console.places import case_page, order_page
from service.console.visit import Visit
from service.console.worklist import utc
from service.http.contract import Given
from service.http.problems import BODY_TEXTS

MAX_LISTED = 300
# Each is a sealed account to read: of more, the report on gaps tells.
MAX_ORDERS = 40
MAX_EVENTS = 300
_FAR = datetime.max.replace(tzinfo=UTC)
# What a form can record; the others take more than one sends.
_RECORDED = frozenset(Step) - {
    Step.OPEN, Step.FREEZE, Step.PROFILE, Step.METRIC, Step.PROVE, Step.RECUR,
}  # fmt: skip
_SAID = ("channel", "recipient", "platform_case_id", "outcome")
# Steps whose text is said of them; that of any other is a paper that came with it.
_NOTED = (Step.COLLECT, Step.READY, Step.WATCH, Step.CLOSE, Step.PROMISE)
_ANSWERS = ("deny", "win", "review", "reply")
# What lies with the platform, what it refused, what it granted: colour and sign, never alone.
_TONES = {"denied": "fail", "won": "pass", "watched": "pass", "closed": "not_applicable"}


@dataclass(frozen=True, slots=True)
class Line:
    """A case as the list has it. `order` is the page of the one order that it is about."""

    case: Mapping[str, Any]
    next_at: datetime | None
    page: str
    number: str
    order: str


async def show_all(visit: Visit) -> web.StreamResponse:
    asked = visit.request.query
    found, more = await visit.request.app[EVIDENCE].cases.listed(
        whose(visit), before=None, limit=MAX_LISTED, due=None
    )
    lines = _lines(found)
    state, store = asked.get("state", ""), asked.get("store", "")
    return visit.page(
        "cases.html",
        lines=[
            line
            for line in lines
            if state in ("", line.case["state"]) and store in ("", line.case["store"])
        ],
        in_all=len(lines),
        more=more is not None,
        state=state,
        store=store,
        states=list(dict.fromkeys(line.case["state"] for line in lines)),
        stores=sorted({line.case["store"] for line in lines}),
        tone=tone_of,
    )


def _lines(found: Iterable[Mapping[str, Any]]) -> list[Line]:
    """What somebody should have looked at comes first, what waits for nothing last."""
    lines = [_line(case) for case in found]
    return sorted(lines, key=lambda line: line.next_at or _FAR)


def _line(case: Mapping[str, Any]) -> Line:
    at = None if case["next_at"] is None else parse_rfc3339(case["next_at"])
    number, page = "", ""
    if case["order"] is not None:
        ref = order_named(case["order"])
        number, page = ref.id, order_page(ref)
    return Line(case, at, case_page(case["id"]), number, page)


def tone_of(state: str) -> str:
    return _TONES.get(state, "inconclusive")


async def show(visit: Visit) -> web.StreamResponse:
    id = visit.request.match_info["case_id"]
    said = await visit.request.app[EVIDENCE].cases.glance(
        whose(visit), id, by_of(visit.request), most_orders=MAX_ORDERS
    )
    case = said["case"]
    events: Sequence[Mapping[str, Any]] = case["events"]
    newest = events[:0:-1]
    return visit.page(
        "case.html",
        case=case,
        gaps=said["gaps"],
        measures=said["measures"],
        sealed=said["sealed"],
        tone=tone_of(case["state"]),
        orders={ref.id: order_page(ref) for ref in map(order_named, case["orders"][:MAX_ORDERS])},
        orders_in_all=len(case["orders"]),
        opened=events[0]["said"],
        answers=[event for event in newest if event["step"] in _ANSWERS],
        submissions=[event for event in newest if event["step"] == "submit"],
        drafts=[event for event in newest if event["step"] == "draft"],
        papers=[(event, paper) for event in events for paper in event["papers"]],
        events=events[-MAX_EVENTS:],
        steps=[step for step in case["may"] if step in _RECORDED],
        channels=said["channels"],
        below=lambda rest: case_page(id, rest),
    )


async def open_case(visit: Visit) -> web.StreamResponse:
    """A case about the order of the page, or the open one about the same."""
    ref = ref_of(visit)
    fields = await visit.request.post()
    body = {
        "platform": str(ref.platform),
        "site": ref.site,
        "orders": [ref.id],
        "kinds": [str(fields.get("kind", "")).strip()],
        "store": str(fields.get("store", "")),
        "noticed_at": str(fields.get("noticed_at", "")) or utc(str(fields.get("noticed", ""))),
    }
    port = visit.request.app[EVIDENCE].cases
    made, _ = await port.open(whose(visit), body, by_of(visit.request))
    return visit.goes(case_page(made["id"]))


async def record(visit: Visit) -> web.StreamResponse:
    """A step that a person has taken. What it needs, and whether it may be, the desk decides."""
    id = visit.request.match_info["case_id"]
    fields = await visit.request.post()
    said = {name: str(fields.get(name, "")).strip() for name in _SAID}
    step = str(fields.get("step", ""))
    # The name of a step is a word of ours: a refusal may say it.
    visit.request[BODY_TEXTS] = [each for each in visit.request[BODY_TEXTS] if each != step]
    body: dict[str, Any] = {name: text for name, text in said.items() if text}
    body |= {"step": step, "confirm": "confirm" in fields}
    if due := utc(str(fields.get("due", ""))):
        body["due"] = due
    # A form writes every end of line as CRLF.
    text = str(fields.get("text", "")).replace("\r\n", "\n").strip()
    file = fields.get("file")
    papers: list[dict[str, str]] = []
    if text and step in _NOTED:
        body["note" if step != Step.PROMISE else "text"] = text
    elif text:
        papers.append({"text": text})
    if isinstance(file, FileField) and (data := await asyncio.to_thread(file.file.read)):
        held = base64.b64encode(data).decode()
        papers.append({"base64": held, "name": file.filename, "media_type": file.content_type})
    body["papers"] = papers
    await visit.request.app[EVIDENCE].cases.step(whose(visit), id, body, by_of(visit.request))
    return visit.goes(case_page(id))


async def seal(visit: Visit) -> web.StreamResponse:
    """All that the case has, under one manifest and one statement; then there is a bundle."""
    id = visit.request.match_info["case_id"]
    await visit.request.app[EVIDENCE].cases.seal(whose(visit), id, by_of(visit.request))
    return visit.goes(case_page(id))


async def bundle(visit: Visit) -> web.StreamResponse:
    return await cases.get_case_bundle(visit.request, _given(visit))


async def paper(visit: Visit) -> web.StreamResponse:
    """As it came, to save: a browser never shows it."""
    answer = await cases.get_paper(visit.request, _given(visit))
    sha256 = visit.request.match_info["sha256"]
    answer.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{sha256[:12]}"'
    return answer


def _given(visit: Visit) -> Given:
    return Given(dict(visit.request.match_info), {}, {})
