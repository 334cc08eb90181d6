"""What the sources of TikTok Shop's Open API share: signing, tokens, answers that say `code`.

Every request is signed over its path, its query and its body; the token goes in a header of its own
and not into the signature. Source: TikTok Shop Partner Center, "Sign your API request" and "Refresh
access token", by way of two public clients that agree.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.answers import Request
from collectors.auth import Keeper, TokenAsk, TokenRequest, secret_of, setting_of, with_headers
from collectors.collector import Context, Reply
from collectors.secrets import Secret
from evidence.errors import AccessError, EvidenceError, RequestError, ShapeError
from evidence.items import Role
from evidence.pages import page_of

TOKEN_URL = "https://auth.tiktok-shops.com/api/v2/token/refresh"
TOKEN_HEADER = "x-tts-access-token"
_UNSIGNED = frozenset({"sign", "access_token"})
_EARLY = timedelta(minutes=5)
# The API's own part of a path, whatever a proxy put before it.
_PATH = re.compile(r"/[a-z_]+/20[0-9]{4}/.*")


def signature(secret: str, path: str, query: Mapping[str, str], body: bytes) -> str:
    """Lower-case hex HMAC-SHA256 over path, sorted query and body, between two secrets."""
    pairs = "".join(key + query[key] for key in sorted(query) if key not in _UNSIGNED)
    signed = f"{secret}{path}{pairs}".encode() + body + secret.encode()
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


@dataclass(slots=True)
class TikTokAuth:
    """One shop's credentials; tokens are bought with the refresh token, one at a time.

    TikTok may answer with a new refresh token. It is used from then on, and kept by `keeper` for
    other processes and the next start.
    """

    source: str
    app_key: str
    app_secret: Secret
    refresh: Secret
    shop_cipher: str
    token_url: str = TOKEN_URL
    keeper: Keeper | None = None
    _token: Secret | None = None
    _until: datetime | None = None
    _past: tuple[Secret, ...] = ()
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def keep_with(self, keeper_of: Callable[[Secret], Keeper]) -> None:
        self.keeper = keeper_of(self.refresh)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        now = () if self._token is None else (self._token,)
        return (self.app_secret, self.refresh, *now, *self._past)

    @property
    def secret_headers(self) -> tuple[str, ...]:
        return (TOKEN_HEADER,)

    async def signed(self, request: Request, ask: TokenAsk, now: datetime) -> Request:
        async with self._one_at_a_time:
            if self._token is None or self._until is None or now >= self._until:
                await self._renew(ask, now)
            assert self._token is not None  # _renew raises otherwise  # noqa: S101
            token = self._token.reveal()
        query = {
            **request.url.query,
            "app_key": self.app_key,
            "shop_cipher": self.shop_cipher,
            "timestamp": str(int(now.timestamp())),
        }
        found = _PATH.search(request.url.path)
        path = found[0] if found else request.url.path
        query["sign"] = signature(self.app_secret.reveal(), path, query, request.body)
        headers = {TOKEN_HEADER: token, "Content-Type": "application/json"}
        return with_headers(replace(request, url=request.url.with_query(query)), headers)

    def refused(self, request: Request) -> bool:
        """Drop the token that was refused, unless another request renewed it meanwhile."""
        if self._token is None:
            return False
        if request.headers.get(TOKEN_HEADER) == self._token.reveal():
            self._until = None
        return True

    async def _renew(self, ask: TokenAsk, now: datetime) -> None:
        if self.keeper is not None:
            self._renewed(await asyncio.to_thread(self.keeper.kept))
        before = self.refresh
        fields = {
            "app_key": self.app_key,
            "app_secret": self.app_secret.reveal(),
            "refresh_token": self.refresh.reveal(),
            "grant_type": "refresh_token",
        }
        asked = TokenRequest(self.token_url, fields, in_query=True)
        await ask(asked, lambda answer: self._learn(answer, now))
        if self.keeper is not None and self.refresh is not before:
            await asyncio.to_thread(self.keeper.keep, self.refresh)

    def _renewed(self, refresh: Secret) -> None:
        if refresh.reveal() != self.refresh.reveal():
            self._past = (self.refresh, *self._past)[:4]
            self.refresh = refresh

    def _learn(self, answer: bytes, now: datetime) -> None:
        try:
            said: Any = json.loads(answer)
        except (ValueError, RecursionError):
            raise self._misshapen("json:", "JSON") from None
        if not isinstance(said, dict) or type(said.get("code")) is not int:
            raise self._misshapen("json:/code", "a number")
        if said["code"] != 0:
            raise AccessError(source=self.source, why=f"it gave no token (code {said['code']})")
        data = said.get("data")
        if not isinstance(data, dict):
            raise self._misshapen("json:/data", "an object")
        token = data.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise self._misshapen("json:/data/access_token", "a token")
        ends = data.get("access_token_expire_in")
        if type(ends) is not int or not 0 < ends < 1 << 36:
            raise self._misshapen("json:/data/access_token_expire_in", "seconds since 1970")
        if self._token is not None and self._token.reveal() != token:
            self._past = (self._token, *self._past)[:4]
        self._token = Secret("tiktok_access_token", token)
        self._until = max(datetime.fromtimestamp(ends, UTC) - _EARLY, now + timedelta(seconds=1))
        following = data.get("refresh_token")
        if isinstance(following, str) and following:
            self._renewed(Secret(self.refresh.name, following))

    def _misshapen(self, pointer: str, expected: str) -> ShapeError:
        return ShapeError(
            source=self.source, pointer=pointer, expected=expected, got="something else"
        )


def tiktok_auth(
    options: Mapping[str, Any], secrets: Mapping[str, Secret], *, source: str
) -> TikTokAuth:
    """`app_key` and `shop_cipher`; the secrets `app_secret` and `refresh_token`."""
    return TikTokAuth(
        source=source,
        app_key=setting_of(options, secrets, "app_key", source=source),
        app_secret=secret_of(secrets, "app_secret", source=source),
        refresh=secret_of(secrets, "refresh_token", source=source),
        shop_cipher=setting_of(options, secrets, "shop_cipher", source=source),
        token_url=str(options.get("token_url") or TOKEN_URL),
    )


def refuse_failure(reply: Reply, context: Context, *, what: str) -> None:
    """An answer whose `code` is not 0 is an error, whatever its status. What is no answer passes:
    it is brought, and reading it says what is wrong with it.
    """
    try:
        code = page_of(reply.item(Role.EXCHANGE))["code"].text_or_none()
    except EvidenceError:
        return
    if code is None or code == "0":
        return
    if code.startswith("105"):
        raise AccessError(source=context.source, why=f"it answered code {code[:20]}")
    raise RequestError(what=what, why=f"{context.source} answered code {code[:20]}")
