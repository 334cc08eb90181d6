"""Signing in: by an access token, or at the configured provider; and out again."""

from __future__ import annotations

from aiohttp import web

from service.access.door import DOOR
from service.access.sessions import SESSIONS
from service.access.signing_in import address, caller_of_code, came_back, leave
from service.api.ports import EVIDENCE, SETTINGS
from service.console.routes import HOME, SIGN_IN
from service.console.visit import Visit
from service.http.problems import not_found

_BACK = "/console/oidc/back"
_LEFT = "orderproof-left"


async def ask(visit: Visit) -> web.StreamResponse:
    return _page(visit, to=_inside(visit.request.query.get("to", "")))


async def by_token(visit: Visit) -> web.StreamResponse:
    """The token is checked, sealed into the session's cookie, and shown to nobody again."""
    fields = await visit.request.post()
    secret, to = str(fields.get("token", "")).strip(), _inside(str(fields.get("to", "")))
    door = visit.request.app[DOOR]
    caller = await door.caller_of(secret) if 0 < len(secret) <= 2_000 else None
    if caller is None:
        await door.deny(visit.request, None, "unauthorized")
        return _page(visit, to=to, wrong=True, status=401)
    visit.session = visit.request.app[SESSIONS].new(visit.now, secret=secret)
    response = visit.goes(to)
    visit.request.app[SESSIONS].give(visit.request, response, visit.session)
    return response


async def out(visit: Visit) -> web.StreamResponse:
    response = visit.goes(SIGN_IN)
    visit.request.app[SESSIONS].take(visit.request, response)
    return response


async def to_provider(visit: Visit) -> web.StreamResponse:
    oidc = visit.request.app[DOOR].oidc
    if oidc is None or not oidc.settings.client_id:
        raise not_found("sign-in", "Sign in with an access token.")
    request = visit.request
    base = request.app[SETTINGS].public_url or str(request.url.origin())
    left = leave(back=base + _BACK, to=_inside(request.query.get("to", "")), now=visit.now)
    response = visit.goes(await address(oidc, left))
    sealed = request.app[SESSIONS].seal(left.to_json())
    response.set_cookie(_LEFT, sealed, path=_BACK, httponly=True, samesite="Lax", max_age=600)
    return response


async def from_provider(visit: Visit) -> web.StreamResponse:
    """A page that goes on by itself: the session's cookie is not sent along from elsewhere."""
    request = visit.request
    oidc, sessions = request.app[DOOR].oidc, request.app[SESSIONS]
    value = sessions.open(request.cookies.get(_LEFT, ""))
    left = came_back(value, state=request.query.get("state", ""), now=visit.now)
    code = request.query.get("code", "")
    found = (
        await caller_of_code(oidc, code, left, now=visit.now) if oidc and left and code else None
    )
    if found is None or not await request.app[EVIDENCE].has_tenant(found[0].tenant):
        await request.app[DOOR].deny(request, None, "unauthorized")
        return _page(visit, to=HOME, wrong=True, status=401)
    caller, lasts_s = found
    visit.session = sessions.new(visit.now, caller=caller, s=lasts_s)
    response = visit.page("signed_in.html", to=left.to if left else HOME)
    sessions.give(request, response, visit.session)
    response.del_cookie(_LEFT, path=_BACK)
    return response


def _page(visit: Visit, *, to: str, wrong: bool = False, status: int = 200) -> web.Response:
    oidc = visit.request.app[DOOR].oidc
    return visit.page(
        "sign_in.html",
        status=status,
        to=to,
        wrong=wrong,
        provider=oidc is not None and bool(oidc.settings.client_id),
    )


def _inside(to: str) -> str:
    """A page of the console, and nothing that a browser could take for another host."""
    fits = (
        to.startswith(("/console/", "/console?"))
        and len(to) < 2_000
        and not set(to) & set('\\\r\n\t"<>')
    )
    return to if fits else HOME
