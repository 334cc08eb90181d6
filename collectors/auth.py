"""How a source knows us. An Auth belongs to a source: share one between its sessions, so that the
token it caches serves every order.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from collectors.answers import Request
from collectors.secrets import Secret
from evidence.errors import ConfigError, RequestError, ShapeError

# A token answer is a few hundred bytes, some with a JWT a few thousand.
MAX_TOKEN_ANSWER = 64 << 10
# Asked anew this long before it ends, so that a request under way does not lose its token.
_EARLY = timedelta(seconds=60)
_SHORTEST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Where and how a token is asked for; the session sends it and keeps the answer to itself.

    url      absolute, or a path under the session's base
    fields   what is sent: as a form, as JSON (`as_json`), in the query of a GET (`in_query`)
    """

    url: str
    fields: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    as_json: bool = False
    in_query: bool = False


# Sends a token request; hands `learn` the answer's bytes before anything of it is recorded.
TokenAsk = Callable[[TokenRequest, Callable[[bytes], None]], Awaitable[None]]


class Auth(Protocol):
    """Signs requests, and knows all secrets that may appear in one."""

    @property
    def secrets(self) -> tuple[Secret, ...]: ...

    @property
    def secret_headers(self) -> tuple[str, ...]: ...

    async def signed(self, request: Request, ask: TokenAsk, now: datetime) -> Request:
        """The request as it may be sent: with a token, a key, or a signature over all of it.

        Called anew for each attempt and each redirect, with what the collector asked for.
        """
        ...

    def refused(self, request: Request) -> bool:
        """A 401 came for this signed request; True if asking again, signed anew, can help."""
        ...


class Keeper(Protocol):
    """Keeps what a configured secret became, where a vendor renews it; both may touch the disk."""

    def kept(self) -> Secret:
        """The newest; the configured one if none was kept."""
        ...

    def keep(self, newest: Secret) -> None: ...


@runtime_checkable
class Renews(Protocol):
    """An Auth with a secret that its vendor renews; without a keeper it is known until the end of
    the process."""

    def keep_with(self, keeper_of: Callable[[Secret], Keeper]) -> None: ...


def with_headers(request: Request, headers: Mapping[str, str]) -> Request:
    """The request with further headers."""
    return replace(request, headers={**request.headers, **headers})


@dataclass(frozen=True, slots=True)
class NoAuth:
    secrets: tuple[Secret, ...] = ()
    secret_headers: tuple[str, ...] = ()

    async def signed(self, request: Request, ask: TokenAsk, now: datetime) -> Request:
        return request

    def refused(self, request: Request) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in a header of its own, such as `DHL-API-Key`.

    prefix   before it, as in "Bearer "
    others   headers that go with it and are no secrets, such as the client's name
    """

    header: str
    key: Secret
    prefix: str = ""
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        return (self.key,)

    @property
    def secret_headers(self) -> tuple[str, ...]:
        return (self.header,)

    async def signed(self, request: Request, ask: TokenAsk, now: datetime) -> Request:
        key = {self.header: f"{self.prefix}{self.key.reveal()}"}
        return with_headers(request, {**self.others, **key})

    def refused(self, request: Request) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Basic:
    """HTTP Basic (RFC 7617), UTF-8."""

    user: str
    password: Secret

    @property
    def secrets(self) -> tuple[Secret, ...]:
        return (self.password, Secret(f"{self.password.name}_basic", self._token))

    @property
    def secret_headers(self) -> tuple[str, ...]:
        return ()

    async def signed(self, request: Request, ask: TokenAsk, now: datetime) -> Request:
        return with_headers(request, {"Authorization": f"Basic {self._token}"})

    def refused(self, request: Request) -> bool:
        return False

    @property
    def _token(self) -> str:
        return base64.b64encode(f"{self.user}:{self.password.reveal()}".encode()).decode()


@dataclass(slots=True)
class ClientCredentials:
    """OAuth 2.0 client credentials (RFC 6749, section 4.4), or a refresh token (section 6).

    source     the vendor, for errors and for the token's name
    token_url  absolute, or a path under the session's base
    in_form    the client names itself among the fields instead of by HTTP Basic
    as_json    the fields are sent as JSON instead of a form
    refresh    a refresh token that a seller's consent gave us, if the source wants one
    extra      further fields, such as scope
    header, scheme   where the token goes in a request, and the word before it

    However many requests wait, one token is asked for at a time.
    """

    source: str
    token_url: str
    client_id: str
    client_secret: Secret
    in_form: bool = False
    as_json: bool = False
    refresh: Secret | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    extra_headers: Mapping[str, str] = field(default_factory=dict)
    header: str = "Authorization"
    scheme: str = "Bearer "
    _token: Secret | None = None
    _until: datetime | None = None
    _past: tuple[Secret, ...] = ()
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        basic = Secret(f"{self.client_secret.name}_basic", self._basic)
        now = () if self._token is None else (self._token,)
        asked_with = () if self.refresh is None else (self.refresh,)
        return (self.client_secret, basic, *asked_with, *now, *self._past)

    @property
    def secret_headers(self) -> tuple[str, ...]:
        return (self.header,)

    async def signed(self, request: Request, ask: TokenAsk, now: datetime) -> Request:
        async with self._one_at_a_time:
            if self._token is None or self._until is None or now >= self._until:
                await self._renew(ask, now)
            assert self._token is not None  # _renew raises otherwise  # noqa: S101
            return with_headers(request, {self.header: self.scheme + self._token.reveal()})

    def refused(self, request: Request) -> bool:
        """Drop the token that was refused, unless another request renewed it meanwhile."""
        if self._token is not None:
            if request.headers.get(self.header) == self.scheme + self._token.reveal():
                self._until = None
            return True
        return False

    async def _renew(self, ask: TokenAsk, now: datetime) -> None:
        fields = {"grant_type": "client_credentials", **self.extra}
        headers = {"Accept": "application/json", **self.extra_headers}
        if self.refresh is not None:
            fields |= {"grant_type": "refresh_token", "refresh_token": self.refresh.reveal()}
        if self.in_form:
            fields |= {"client_id": self.client_id, "client_secret": self.client_secret.reveal()}
        else:
            headers["Authorization"] = f"Basic {self._basic}"
        asked = TokenRequest(self.token_url, fields, headers, as_json=self.as_json)
        await ask(asked, lambda answer: self._learn(answer, now))

    def _learn(self, answer: bytes, now: datetime) -> None:
        try:
            said: Any = json.loads(answer)
        except (ValueError, RecursionError):
            raise self._misshapen("json:", "JSON", "other bytes") from None
        token = said.get("access_token") if isinstance(said, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise self._misshapen("json:/access_token", "a token", f"a {type(token).__name__}")
        try:
            # UPS writes the seconds as text, others as a number.
            lasts = timedelta(seconds=float(said.get("expires_in", 300)))
        except (TypeError, ValueError, OverflowError):
            raise self._misshapen("json:/expires_in", "seconds", "something else") from None
        if self._token is not None and self._token.reveal() != token:
            # Still under way in other requests perhaps: it stays a secret a little longer.
            self._past = (self._token, *self._past)[:4]
        self._token = Secret(f"{self.source}_access_token", token)
        self._until = now + max(lasts - min(_EARLY, lasts / 10), _SHORTEST)

    @property
    def _basic(self) -> str:
        # RFC 6749, 2.3.1 asks for form-encoding first; servers in use compare what they gave out.
        pair = f"{self.client_id}:{self.client_secret.reveal()}"
        return base64.b64encode(pair.encode()).decode()

    def _misshapen(self, pointer: str, expected: str, got: str) -> ShapeError:
        return ShapeError(source=self.source, pointer=pointer, expected=expected, got=got)


def secret_of(secrets: Mapping[str, Secret], name: str, *, source: str) -> Secret:
    """The secret configured under `name`; RequestError saying how to configure it."""
    if name not in secrets:
        raise RequestError(
            what=f"asking {source}",
            why=f"no {name} is configured (set {name}_env or {name}_file in its table)",
        )
    return secrets[name]


def setting_of(
    options: Mapping[str, Any], secrets: Mapping[str, Secret], name: str, *, source: str
) -> str:
    """A setting that is needed and that some operators keep as a secret, such as a client's id.

    ConfigError naming it where it is missing.
    """
    value = options.get(name) or (secrets[name].reveal() if name in secrets else "")
    if not isinstance(value, str) or not value:
        why = f"no {name} is configured (set {name}, {name}_env or {name}_file in its table)"
        raise ConfigError(what=f"the source {source}", why=why)
    return value
