"""The door: who is let in, by what, to which operation, how often; and the note of each denial."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import hmac
import ipaddress
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping

from aiohttp import hdrs, web
from yarl import URL

from evidence.errors import EvidenceError, RequestError
from service.access.callers import CALLER, Caller, DeniedError, Role
from service.access.denials import Denial, Denials, flushing
from service.access.oidc import Oidc
from service.access.pages import Page, Rule, page_of
from service.access.rates import Left, LocalRates, Rates
from service.access.sessions import SESSIONS
from service.access.tokens import TOKEN, caller_of_token, id_of
from service.api.asking import no_case, no_collection, no_order
from service.api.ports import EVIDENCE, SETTINGS, Evidence
from service.http.contract import CONTRACT
from service.http.problems import REQUEST_ID, Problem, route_of
from service.settings import Settings

# That a token is in use is written down once in this time, not at each request.
USED_EVERY_S = 3600.0


class Door:
    def __init__(self, settings: Settings, evidence: Evidence) -> None:
        self._settings = settings
        self._evidence = evidence
        self.oidc = Oidc(settings.oidc, clock=lambda: evidence.clock()) if settings.oidc else None
        self._rates: Rates = evidence.rates or LocalRates(settings.limits.requests_per_minute)
        self._used: dict[str, float] = {}
        self.denials = Denials(self._note)

    async def admit(self, request: web.Request, rule: Rule | None) -> Caller | None:
        """Who asks; None where nobody needs to say. Raises Problem: 401, 403, 421 or 429."""
        public = rule is not None and rule.public
        if self._settings.is_open:
            _refuse_strange_pages(request)
        if public:
            return None
        if isinstance(rule, Page):
            caller = await self._caller_of_session(request)
        else:
            caller = await self._caller(request)
        if caller is None:
            raise await self._denied(request, None, _unauthorized())
        if caller.rate:
            # One that goes the whole way after all was counted at once.
            left = None if _LEFT in request else await self._rates.take(caller.rate)
            if left is not None:
                request[_LEFT] = left.headers
            if left is not None and left.refused:
                problem = _too_often(left.reset_s)
                raise await self._denied(request, caller, problem)
        if rule is not None and (why := self._forbids(caller, rule)):
            raise await self._denied(request, caller, Problem(403, "forbidden", why))
        return caller

    def at_once(self, headers: Mapping[str, str], rule: Rule) -> Caller | None:
        """As `admit`, where that needs nobody's word: with a token of ours that is at hand. None,
        and nothing is denied, for all others. Not counted yet: see `counted_at_once`."""
        said = headers.get(hdrs.AUTHORIZATION, "")
        id = id_of(said[7:], TOKEN) if said[:7] == "Bearer " else None
        kept = self._evidence.token_at_hand(id) if id is not None else None
        if id is None or kept is None or self._use_is_due(id):
            return None
        if self._settings.is_open and _is_strange(headers):
            return None
        caller = caller_of_token(kept, said[7:], now=self._evidence.clock())
        return None if caller is None or self._forbids(caller, rule) else caller

    def counted_at_once(self, caller: Caller) -> Left | None:
        """What a caller far from the quota has left; None, and nothing is counted, for others."""
        return self._rates.take_at_once(caller.rate)

    @staticmethod
    def was_counted(request: web.Request, left: Left) -> None:
        """It goes the whole way after all, and is not counted again."""
        request[_LEFT] = left.headers

    @staticmethod
    def left_of(request: web.Request) -> Mapping[str, str]:
        """What the answer tells of a caller's quota."""
        left: Mapping[str, str] = request.get(_LEFT, {})
        return left

    async def _caller(self, request: web.Request) -> Caller | None:
        said = request.headers.get(hdrs.AUTHORIZATION)
        if said is None:
            if not self._settings.is_open:
                return None
            return Caller(tenant=self._settings.tenant, role=Role.ADMIN, who="local user")
        scheme, _, secret = said.partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            return None
        return await self.caller_of(secret)

    async def _caller_of_session(self, request: web.Request) -> Caller | None:
        """Who has the browser's session: a page is no place for tokens in headers."""
        session = request.app[SESSIONS].of(request, self._evidence.clock())
        if session is not None and session.secret:
            return await self.caller_of(session.secret)
        if session is not None and session.caller is not None:
            return session.caller
        if not self._settings.is_open:
            return None
        return Caller(tenant=self._settings.tenant, role=Role.ADMIN, who="local user")

    async def caller_of(self, secret: str) -> Caller | None:
        """Whom a token lets in, whichever kind it is; None if nobody."""
        ours = self._settings.api_token
        if ours is not None and hmac.compare_digest(_hash(secret), _hash(ours.reveal())):
            tenant = self._settings.tenant
            return Caller(tenant=tenant, role=Role.ADMIN, who="token api", rate="token:api")
        if (id := id_of(secret, TOKEN)) is not None:
            kept = await self._evidence.token(id)
            caller = caller_of_token(kept, secret, now=self._evidence.clock())
            if caller is not None:
                await self._note_use(id)
            return caller
        if self.oidc is None:
            return None
        caller = await self.oidc.caller(secret)
        known = caller is not None and await self._evidence.has_tenant(caller.tenant)
        return caller if known else None

    def _forbids(self, caller: Caller, rule: Rule) -> str:
        if caller.role not in rule.roles:
            return f"The role {caller.role} may not do this; it takes {_or(rule.roles)}."
        if caller.scopes is not None and not caller.scopes & set(rule.tags):
            return f"This token's scopes do not hold {_or(rule.tags)}."
        if rule.of_the_house and caller.tenant != self._settings.tenant:
            return "This is about the service as a whole; only those who run it may ask."
        return ""

    async def _note_use(self, id: str) -> None:
        if self._use_is_due(id):
            self._used[id] = time.monotonic()
            with contextlib.suppress(EvidenceError):
                await self._evidence.token_used(id)

    def _use_is_due(self, id: str) -> bool:
        return time.monotonic() - self._used.get(id, -USED_EVERY_S) >= USED_EVERY_S

    async def _denied(
        self, request: web.Request, caller: Caller | None, problem: Problem
    ) -> Problem:
        await self.deny(request, caller, problem.slug)
        return problem

    async def deny(self, request: web.Request, caller: Caller | None, why: str) -> None:
        """Note a denial, in the custody log of whoever asked; of nobody, in the service's own."""
        denial = Denial(
            tenant=caller.tenant if caller else self._settings.tenant,
            who=caller.who if caller else "nobody",
            way=f"{request.method if request.method in _METHODS else 'other'} {route_of(request)}",
            why=why,
        )
        await self.denials.add(denial, request.get(REQUEST_ID, ""))

    async def _note(self, denial: Denial, request: str, count: int) -> None:
        what = {"who": denial.who, "way": denial.way, "why": denial.why, "times": count}
        await self._evidence.note_denial(denial.tenant, {**what, "request": request})


DOOR: web.AppKey[Door] = web.AppKey("door", Door)
_LEFT = web.RequestKey("left", dict[str, str])
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"})


@web.middleware
async def admit(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    rule = request.app[CONTRACT].operation_of(request) or page_of(request)
    caller = await request.app[DOOR].admit(request, rule)
    if caller is not None:
        request[CALLER] = caller
    try:
        return await handler(request)
    except DeniedError as error:
        # Noted as what it is, told as what it looks like: nobody learns what others have.
        await request.app[DOOR].deny(request, caller, error.what)
        match error.what:
            case "order":
                raise no_order() from error
            case "collection":
                raise no_collection() from error
            case "case":
                raise no_case() from error
        detail = "This token is not for that store. Use one that is, or have an admin make one."
        raise Problem(403, "forbidden", detail) from error


async def add_left(request: web.Request, response: web.StreamResponse) -> None:
    """Tell every caller who is counted what is left."""
    for name, value in Door.left_of(request).items():
        response.headers[name] = value


async def opened(app: web.Application) -> AsyncIterator[None]:
    """The door stands as long as the evidence behind it."""
    door = Door(app[SETTINGS], app[EVIDENCE])
    app[DOOR] = door
    async with flushing(door.denials):
        yield


def refuse_exposure(settings: Settings) -> None:
    """Without a token, whoever can connect can read everything: then only this machine may."""
    if settings.is_open and not _is_loopback(settings.host):
        raise RequestError(
            what="listening beyond this machine",
            why='nobody would need a token; set ORDERPROOF_API_TOKEN, or `access` to "tokens", '
            "or listen on 127.0.0.1",
        )


def _refuse_strange_pages(request: web.Request) -> None:
    """Keep out web pages: one that is open in a browser on this machine could reach a loopback
    port through a name of its own (DNS rebinding), or blindly by a form."""
    if _is_strange(request.headers):
        raise Problem(
            421,
            "misdirected",
            "Without an access token this service answers only to the name of this machine: "
            "127.0.0.1 or localhost. Set ORDERPROOF_API_TOKEN to be reached by another.",
        )


def _is_strange(headers: Mapping[str, str]) -> bool:
    host, origin = headers.get(hdrs.HOST), headers.get(hdrs.ORIGIN)
    urls = (f"http://{host}" if host else None, origin)
    return not all(_is_this_machine(url) for url in urls if url is not None)


@functools.lru_cache(256)
def _is_this_machine(url: str) -> bool:
    try:
        return _is_loopback(URL(url).host or "")
    except ValueError:
        return False


def _unauthorized() -> Problem:
    return Problem(
        401,
        "unauthorized",
        "Send an access token that is valid now: `Authorization: Bearer TOKEN`.",
        headers={"WWW-Authenticate": 'Bearer realm="orderproof"'},
    )


def _too_often(reset_s: int) -> Problem:
    return Problem(
        429,
        "too-often",
        "This caller has asked as often as it may in a minute. Wait as long as Retry-After says.",
        headers={"Retry-After": str(reset_s)},
    )


def _or(names: Iterable[str]) -> str:
    return " or ".join(sorted(map(str, names)))


@functools.lru_cache(256)
def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
