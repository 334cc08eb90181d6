"""One visit to one page: who it is, in which words, with which session; and how a page is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jinja2
from aiohttp import hdrs, web
from markupsafe import Markup

from evidence.times import parse_rfc3339, rfc3339
from service.access.callers import CALLER, Caller, Role
from service.access.sessions import SESSIONS, Session
from service.api.ports import EVIDENCE, SETTINGS
from service.console import words
from service.console.words import Words

# Scripts and styles are files of ours and nothing else; no text ever becomes markup in a browser.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # A form of ours must say where it comes from, and a page elsewhere must not learn our paths.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
FORM_TOKEN = "form"


@dataclass(slots=True)
class Visit:
    """`session` is there on every page: it holds what a form's token comes from."""

    request: web.Request
    caller: Caller | None
    session: Session
    words: Words
    now: datetime

    @classmethod
    def of(cls, request: web.Request) -> Visit:
        now = request.app[EVIDENCE].clock()
        sessions = request.app[SESSIONS]
        return cls(
            request=request,
            caller=request.get(CALLER),
            session=sessions.of(request, now) or sessions.new(now),
            words=Words(words.language_of(request)),
            now=now,
        )

    @property
    def role(self) -> Role | None:
        return self.caller.role if self.caller else None

    def may(self, *roles: str) -> bool:
        """Whether to show a button: the door decides when it is pressed."""
        return self.role is not None and str(self.role) in roles

    def reaches(self, tag: str) -> bool:
        """Whether the token was narrowed to other things than these; `tag` as in openapi.yaml."""
        scopes = self.caller.scopes if self.caller else frozenset[str]()
        return scopes is None or tag in scopes

    @property
    def sees_all(self) -> bool:
        """Whether this is about the service as a whole: for those who run it."""
        caller = self.caller
        house = self.request.app[SETTINGS].tenant
        return caller is not None and caller.tenant == house and self.may("operator", "admin")

    def page(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """Make the page, and set the session's cookie if the browser has none that holds."""
        said = _environment().get_template(template)
        body = said.render(
            visit=self,
            t=self.words,
            form=self._form(),
            here=_other_words(self.request),
            time=time_said,
            **values,
        )
        response = web.Response(
            status=status, text=body, content_type="text/html", charset="utf-8", headers=HEADERS
        )
        # The size of a compressed page tells of its words, to whoever can have it made with some
        # words of theirs: what another site asked for is never compressed.
        if self.request.headers.get("Sec-Fetch-Site") in ("same-origin", "none"):
            response.enable_compression()
        self.keep(response)
        return response

    def keep(self, response: web.StreamResponse) -> None:
        sessions = self.request.app[SESSIONS]
        if sessions.of(self.request, self.now) is None:
            sessions.give(self.request, response, self.session)
        if self.request.query.get("words") in words.LANGUAGES:
            response.set_cookie(
                words.COOKIE, self.words.language, path="/console", samesite="Lax", max_age=31536000
            )

    def goes(self, path: str) -> web.Response:
        """See other: after a form, so that a reload sends nothing twice."""
        response = web.Response(status=303, headers={**HEADERS, hdrs.LOCATION: path})
        self.keep(response)
        return response

    def _form(self) -> Markup:
        token = self.request.app[SESSIONS].form_token(self.session)
        return Markup('<input type="hidden" name="{}" value="{}">').format(FORM_TOKEN, token)


def time_said(at: datetime | str, *, seconds: bool = False) -> Markup:
    """A UTC time, or an event's own text of one. A script adds what a clock on the viewer's wall
    shows (static/console.js)."""
    at = parse_rfc3339(at) if isinstance(at, str) else at
    form = "%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M"
    said = f"{at.astimezone(UTC):{form}} UTC"
    return Markup('<time datetime="{}">{}</time>').format(rfc3339(at, unit_s=1), said)


def _other_words(request: web.Request) -> Mapping[str, str]:
    """This page's address in each language."""
    url = request.rel_url if request.method == "GET" else request.rel_url.with_path("/console")
    return {each: str(url.update_query(words=each)) for each in words.LANGUAGES}


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("service.console"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["size"] = size_said
    made.filters["moment"] = parse_rfc3339
    made.filters["parted"] = parted
    return made


def parted(name: str) -> Markup:
    """A name of a fact, which a narrow column breaks where a dot is."""
    return Markup(".<wbr>").join(name.split("."))


def size_said(size: int) -> str:
    """Bytes as people read them."""
    if size < 1_000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1_000:.1f} kB"
    return f"{size / 1_000_000:.1f} MB"
