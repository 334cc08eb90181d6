"""The console's routes: each with its rule, and with forms that only its own pages can send."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import quote

import structlog
from aiohttp import hdrs, web
from yarl import URL

from evidence.errors import CorruptionError, EvidenceError, ShapeError
from service.access.pages import Page, page_of
from service.access.sessions import SESSIONS, Sessions, is_secure
from service.api.ports import EVIDENCE, SETTINGS
from service.console import static
from service.console.visit import FORM_TOKEN, HEADERS, Visit
from service.http.problems import BODY_TEXTS, REQUEST_ID, TITLES, Problem, problem_of

Handler = Callable[[Visit], Awaitable[web.StreamResponse]]
HOME = "/console"
SIGN_IN = "/console/sign-in"
_log = structlog.get_logger("orderproof.http")


def bind(app: web.Application, pages: dict[Page, Handler]) -> None:
    """Add the routes. LookupError for a page that says neither who may nor that all may."""
    for page, handler in pages.items():
        if page.public == bool(page.roles):
            raise LookupError(f"{page.path} says neither who may open it nor that all may")
        app.router.add_route(page.method, page.path, _checked(page, handler))
    static.bind(app)


async def opened(app: web.Application) -> AsyncIterator[None]:
    """Sessions, sealed under a key of the vault."""
    key = app[EVIDENCE].session_key()
    app[SESSIONS] = Sessions(key, secure=is_secure(app[SETTINGS]))
    yield


def _checked(
    page: Page, handler: Handler
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def checked(request: web.Request) -> web.StreamResponse:
        visit = Visit.of(request)
        if page.is_action:
            await _refuse_strange_forms(visit)
        return await handler(visit)

    checked.page = page  # type: ignore[attr-defined]
    return checked


async def _refuse_strange_forms(visit: Visit) -> None:
    """A form counts only if a page of ours made it, for this very session."""
    request = visit.request
    origin, site = request.headers.get(hdrs.ORIGIN), request.headers.get("Sec-Fetch-Site")
    strange = site not in (None, "same-origin") or (
        origin is not None and _authority(origin) != request.headers.get(hdrs.HOST, "").lower()
    )
    try:
        fields = await request.post()
    except web.HTTPRequestEntityTooLarge as raised:
        raise Problem(
            413,
            "too-large",
            "A form takes at most 1 MB, its file included; nothing of it was kept. Hand a larger "
            "paper to its case by `orderproof case step` or POST /v1/cases/{case_id}/papers, and a "
            "larger export by `orderproof defects`.",
        ) from raised
    request[BODY_TEXTS] = [value for value in fields.values() if isinstance(value, str)]
    said = str(fields.get(FORM_TOKEN, ""))
    right = request.app[SESSIONS].form_token(visit.session)
    if strange or not hmac.compare_digest(said.encode(), right.encode()):
        raise Problem(
            403,
            "forbidden",
            "This form is not one of this session's pages, or the session is over. "
            "Open the page again, then send it.",
        )


def _authority(origin: str) -> str:
    try:
        return URL(origin).authority.lower()
    except ValueError:
        return ""


@web.middleware
async def shown(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Errors of pages as pages: whoever is not signed in is asked to, the others are told."""
    if page_of(request) is None:
        return await handler(request)
    try:
        return await handler(request)
    except Problem as problem:
        return _page_of(request, problem)
    except EvidenceError as error:
        if isinstance(error, CorruptionError | ShapeError):
            _log.error("evidence", kind=type(error).__name__, error=str(error))
        sent = [*request.match_info.values(), *request.get(BODY_TEXTS, [])]
        return _page_of(request, problem_of(error, sent=sent))


def _page_of(request: web.Request, problem: Problem) -> web.Response:
    visit = Visit.of(request)
    if problem.status == 401:
        asked = request.method == "GET" and request.headers.get("Sec-Fetch-Dest", "") in (
            "", "document"
        )  # fmt: skip
        to = f"?to={quote(request.rel_url.raw_path_qs, safe='')}" if asked else ""
        return visit.goes(SIGN_IN + to)
    response = visit.page(
        "problem.html",
        status=problem.status,
        title=TITLES[problem.slug],
        problem=problem,
        reference=request.get(REQUEST_ID, ""),
    )
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response


__all__ = ["HEADERS", "HOME", "SIGN_IN", "Handler", "bind", "opened", "shown"]
