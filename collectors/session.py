"""The only socket to a source over HTTP: recording, bounded, paced, retrying, guarded.

Every exchange that got an answer is recorded before anyone sees the answer, the failed ones too. A
Session belongs to one source and one order; the Pace and the Auth it is given belong to the source
and are shared.
"""

from __future__ import annotations

import json as json_lines
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote, unquote, urlencode

from yarl import URL

from collectors.answers import Answer, Bounds, Request, Unreached
from collectors.auth import Auth, NoAuth, TokenRequest
from collectors.bodies import release
from collectors.collector import Params
from collectors.guard import public_url
from collectors.pace import Pace, http_date, retry_after_s
from collectors.redaction import Redactor
from collectors.replies import AGAIN, error_for
from collectors.secrets import Secret
from collectors.wire import Recorder, Wire
from evidence.errors import AccessError, EvidenceError, OutageError, RequestError
from evidence.items import Spool

MAX_REDIRECTS = 3
# RFC 3986, 3.3, and the percent sign of what is encoded already.
_IN_A_PATH = "/%:@!$&'()*+,;=~-._"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Session:
    """Implements collectors.collector.Http. Use as an async context manager.

    base_url   where the source is; nothing else is asked, except through `fetch`
    collector  name and version, "ups/1"; the name stands in errors
    origin     who the answers' claims come from; the collector's name unless given
    spool      takes bodies as they stream in
    record     is awaited with the item of every exchange, before its answer is handed out
    ca         authorities of the operator's own, PEM, for the configured host
    secrets    further secrets that must not be written down, beside those of `auth`
    """

    def __init__(
        self,
        *,
        base_url: str,
        collector: str,
        spool: Spool,
        record: Recorder,
        clock: Callable[[], datetime],
        origin: str | None = None,
        auth: Auth | None = None,
        secrets: Iterable[Secret] = (),
        pace: Pace | None = None,
        ca: Path | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self._base = _base(base_url)
        self._source = collector.partition("/")[0]
        self._clock = clock
        self._auth: Auth = auth or NoAuth()
        self._secrets = tuple(secrets)
        self._pace = pace or Pace()
        self._wire = Wire(
            collector=collector,
            origin=origin or self._source,
            spool=spool,
            record=record,
            clock=clock,
            redactor=lambda: Redactor(
                (*self._auth.secrets, *self._secrets), headers=self._auth.secret_headers
            ),
            bounds=bounds or Bounds(),
            ca=ca,
        )

    async def __aenter__(self) -> Session:
        await self._wire.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._wire.__aexit__(kind, problem, at)

    async def get(
        self,
        path: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        answers: Collection[int] = (200,),
    ) -> Answer:
        """Ask for `path` under the base. A status outside `answers` becomes an error (replies.py).

        Raises RequestError, AccessError, OutageError, TooLargeError, ShapeError.
        """
        request = Request(method="GET", url=self._at(path, params), headers=headers or {})
        return await self._ask(request, answers)

    async def post(
        self,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        answers: Collection[int] = (200,),
        safe: bool = False,
    ) -> Answer:
        """Like `get`, with a JSON or a form body.

        Sent again only where nothing was done yet, or where it is `safe`: a query, not an act.
        """
        if form is not None:
            kind, body = "application/x-www-form-urlencoded", urlencode(form).encode()
        else:
            kind, body = "application/json", json_lines.dumps(json, ensure_ascii=False).encode()
        request = Request(
            method="POST",
            url=self._at(path, params),
            headers={"Content-Type": kind, **(headers or {})},
            body=body,
            safe=safe,
        )
        return await self._ask(request, answers)

    async def fetch(self, url: str, *, answers: Collection[int] = (200,)) -> Answer:
        """Get a URL that came out of an answer: without our credentials, public addresses only.

        What leads back to the configured host is asked like anything there, and may lead on from
        there to another: help desks hand out their attachments that way.
        """
        if self._inside(url):
            asked = Request(method="GET", url=URL(url), linked=True)
            return await self._ask(asked, answers)
        return await self._ask(Request(method="GET", url=public_url(url), ours=False), answers)

    async def bearer(self) -> Secret:
        """The access token by which a protocol other than HTTP signs in."""
        asked = Request(method="GET", url=self._base)
        signed = await self._auth.signed(asked, self._token, self._clock())
        scheme, _, token = signed.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise AccessError(source=self._source, why="it has no access token")
        return Secret("access_token", token)

    def _inside(self, url: str) -> bool:
        """Whether a URL leads to the very host and port that the operator configured."""
        try:
            target = URL(url)
            return target.origin() == self._base.origin() and target.user is None
        except ValueError:
            return False

    def _at(self, path: str, params: Params | None) -> URL:
        """The URL of a path, in which what stands for a value may be percent-encoded already."""
        if not path.startswith("/") or any(unquote(s) in (".", "..") for s in path.split("/")):
            raise RequestError(what=f"a path of {self._source}", why="it leaves the base")
        whole = self._base.raw_path.rstrip("/") + quote(path, safe=_IN_A_PATH)
        url = self._base.with_path(whole, encoded=True)
        return url.with_query(params) if params else url

    async def _ask(
        self,
        request: Request,
        answers: Collection[int],
        learn: Callable[[bytes], None] | None = None,
    ) -> Answer:
        """Ask until there is an answer, an error, or no attempt left."""
        attempt = 0
        renewed = request.token or not request.ours
        while True:
            problem: EvidenceError
            self._check_breaker(request)
            try:
                answer, sent = await self._follow(request, answers, learn)
                if answer.status in answers:
                    return answer
                release(answer.content)
                problem = self._problem(answer, request)
                again = answer.status in AGAIN["GET" if request.repeatable else "POST"]
                if answer.status == 401 and not renewed:
                    renewed = True
                    if self._auth.refused(sent):
                        continue
            except Unreached as broken:
                self._pace.breaker.failed()
                problem = broken.as_outage()
                again = request.repeatable or not broken.acted
            asked_s = problem.retry_after_s if isinstance(problem, OutageError) else None
            if asked_s is not None:
                await self._pace.pause(asked_s)
            attempt += 1
            wait_s = self._pace.wait_before(attempt, retry_after_s=asked_s) if again else None
            if wait_s is None:
                raise problem
            await self._pace.rest(wait_s)

    def _check_breaker(self, request: Request) -> None:
        """OutageError while the source is left alone; what it links to is another's matter."""
        if request.ours and (rest_s := self._pace.breaker.enter()) > 0:
            raise OutageError(
                source=self._source,
                why=f"it failed again and again, and is left alone for {rest_s:.0f} seconds",
            )

    def _count(self, answer: Answer) -> None:
        if answer.status >= 500:
            self._pace.breaker.failed()
        else:
            self._pace.breaker.answered()

    def _problem(self, answer: Answer, request: Request) -> EvidenceError:
        if request.token and answer.status in (400, 401, 403):
            # RFC 6749, 5.2: a client with wrong credentials is told 400 or 401.
            return AccessError(source=self._source, why=f"it gave no token ({answer.status})")
        said = http_date(answer.headers.get("Date", "")) or self._clock()
        return error_for(
            answer.status,
            source=self._source,
            what=f"a {request.method} to {self._source}",
            retry_after_s=retry_after_s(answer.headers.get("Retry-After"), now=said),
        )

    async def _follow(
        self,
        request: Request,
        answers: Collection[int],
        learn: Callable[[bytes], None] | None,
    ) -> tuple[Answer, Request]:
        """One attempt, with the redirects that stay where we may go; each is an exchange.

        The answer, and the request as it was last sent.
        """
        for _ in range(MAX_REDIRECTS + 1):
            sent = request
            if request.ours and not request.token:
                sent = await self._auth.signed(request, self._token, self._clock())
            async with self._pace.turn():
                answer = await self._wire.once(sent, answers, learn)
            if request.ours:
                self._count(answer)
            location = answer.headers.get("Location")
            if answer.status not in _REDIRECTS or answer.status in answers or not location:
                return answer, sent
            if request.method != "GET":
                raise self._no_redirect("it answers a POST")
            url = self._onward(request, location)
            ours = request.ours and url.origin() == self._base.origin()
            request = replace(request, url=url, ours=ours)
        raise self._no_redirect(f"it comes after {MAX_REDIRECTS} others")

    def _onward(self, request: Request, location: str) -> URL:
        try:
            target = request.url.join(URL(location))
            inside = target.origin() == self._base.origin()
        except ValueError:
            raise self._no_redirect("it is not a URL") from None
        if not request.ours or (request.linked and not inside):
            return public_url(str(target))
        if not inside or target.user is not None:
            raise self._no_redirect("it leads to another host than the one that is configured")
        return target

    def _no_redirect(self, why: str) -> RequestError:
        return RequestError(what=f"a redirect of {self._source}", why=why)

    async def _token(self, asked: TokenRequest, learn: Callable[[bytes], None]) -> None:
        """Send a token request; `learn` gets the answer, and nothing of it is written down."""
        url = _base(asked.url) if "://" in asked.url else self._at(asked.url, None)
        headers, body = dict(asked.headers), b""
        if asked.in_query:
            url = url.with_query(dict(asked.fields))
        elif asked.as_json:
            headers["Content-Type"] = "application/json"
            body = json_lines.dumps(dict(asked.fields)).encode()
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(asked.fields).encode()
        method = "GET" if asked.in_query else "POST"
        request = Request(method=method, url=url, headers=headers, body=body, token=True)
        await self._ask(request, (200,), learn)


def _base(text: str) -> URL:
    """The configured URL; RequestError unless it is plain http(s), without query or user."""
    try:
        url = URL(text)
        usual = url.scheme in ("http", "https") and bool(url.host) and url.user is None
        if usual and not url.query_string and not url.fragment:
            return url
    except ValueError:
        pass
    raise RequestError(
        what="the configured base_url", why="it is not of the form https://host/path"
    )
