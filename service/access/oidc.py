"""People sign in elsewhere: an OpenID provider's JWT as bearer token.

Checked: the signature, by a key the provider publishes, of an algorithm that is not symmetric;
issuer, audience, times by the service's clock (a minute of tolerance). Its groups decide the role.
Keys are kept for an hour; an unknown key id has them fetched again, once a minute at most.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import jwt
import structlog

from evidence.errors import OutageError
from service.access.callers import Caller, Role
from service.access.provider import OidcSettings
from service.clock import Clock

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
LEEWAY_S = 60
MAX_TOKEN = 16 << 10
_MAX_ANSWER = 512 << 10
_KEPT_S, _AGAIN_S = 3600.0, 60.0
_STRONGEST = (Role.ADMIN, Role.OPERATOR, Role.APPEAL_TOOL, Role.AUDITOR)

log = structlog.get_logger("orderproof.http")


class Oidc:
    """One provider. A token must hold at `clock`'s time; `monotonic` tells how old keys are."""

    def __init__(
        self,
        settings: OidcSettings,
        *,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._monotonic = monotonic
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked: float | None = None
        self._one = asyncio.Lock()

    @property
    def settings(self) -> OidcSettings:
        return self._settings

    async def caller(self, token: str) -> Caller | None:
        """Whom the token lets in; None if it is none of this provider's, or gives no role.

        Raises OutageError if the provider's keys cannot be had.
        """
        claims = await self.claims(token, audience=self._settings.audience)
        return None if claims is None else self.caller_of(claims)

    async def claims(self, token: str, *, audience: str) -> dict[str, Any] | None:
        """What a token says that this provider signed for `audience` and that holds now."""
        if len(token) > MAX_TOKEN:
            return None
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            return None
        kid = header.get("kid")
        if header.get("alg") not in ALGORITHMS or not isinstance(kid, str) or "crit" in header:
            return None
        key = await self._key(kid)
        if key is None:
            return None
        try:
            claims = jwt.decode(
                token,
                key.key,
                # The key's own algorithm where it names one, or else what its kind of key signs by.
                algorithms=[key.algorithm_name],
                issuer=self._settings.issuer,
                audience=audience,
                # PyJWT would judge times by the machine's clock.
                options={
                    "require": ["exp", "iat", "iss", "aud", "sub"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except jwt.PyJWTError:
            return None
        return claims if _holds(claims, now_s=self._clock().timestamp()) else None

    def caller_of(self, claims: Mapping[str, Any]) -> Caller | None:
        said = claims.get(self._settings.role_claim)
        groups = said if isinstance(said, list) else [said]
        known = self._settings.roles
        roles = {Role(known[name]) for name in groups if isinstance(name, str) and name in known}
        tenant: Any = self._settings.tenant
        if self._settings.tenant_claim:
            tenant = claims.get(self._settings.tenant_claim)
        if not roles or not isinstance(tenant, str) or not tenant:
            return None
        sub = str(claims["sub"])[:200]
        role = next(role for role in _STRONGEST if role in roles)
        return Caller(tenant=tenant, role=role, who=f"user {sub}", rate=f"user:{sub}")

    async def _key(self, kid: str) -> jwt.PyJWK | None:
        async with self._one:
            now = self._monotonic()
            since = _KEPT_S if self._asked is None else now - self._asked
            if since >= _KEPT_S or (kid not in self._keys and since >= _AGAIN_S):
                self._keys = await self._fetched()
                self._asked = now
            return self._keys.get(kid)

    async def _fetched(self) -> dict[str, jwt.PyJWK]:
        timeout = aiohttp.ClientTimeout(total=10)
        try:
            async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
                url = self._settings.jwks
                if not url:
                    url = str((await discovered(session, self._settings)).get("jwks_uri", ""))
                answer = await json_of(session.get(url, allow_redirects=False))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            log.error("the sign-in's keys cannot be had", kind=type(error).__name__)
            raise OutageError(source="The sign-in", why="its keys cannot be fetched") from error
        return _usable(answer.get("keys", []))


def _holds(claims: Mapping[str, Any], *, now_s: float) -> bool:
    """Whether a token's times, seconds since 1970, hold now (RFC 7519, section 4.1.4 to 4.1.6)."""
    ends = claims["exp"]
    begins = [claims[name] for name in ("iat", "nbf") if name in claims]
    if not all(_is_time(each) for each in (ends, *begins)):
        return False
    return ends > now_s - LEEWAY_S and all(each <= now_s + LEEWAY_S for each in begins)


def _is_time(said: Any) -> bool:
    """A number that a clock can show; NaN is none."""
    return isinstance(said, int | float) and not isinstance(said, bool) and abs(said) < 1 << 53


def _usable(keys: Any) -> dict[str, jwt.PyJWK]:
    found = {}
    for said in keys if isinstance(keys, list) else ():
        if not isinstance(said, dict) or not isinstance(said.get("kid"), str):
            continue
        if said.get("use", "sig") != "sig" or said.get("kty") == "oct":
            continue
        try:
            key = jwt.PyJWK.from_dict(said)
        except jwt.PyJWTError:  # of a kind that we do not know; others may do
            continue
        if key.algorithm_name in ALGORITHMS:
            found[said["kid"]] = key
    return found


async def discovered(session: aiohttp.ClientSession, of: OidcSettings) -> dict[str, Any]:
    """The provider's discovery document; ValueError if it is another's."""
    url = f"{of.issuer.rstrip('/')}/.well-known/openid-configuration"
    found = await json_of(session.get(url, allow_redirects=False))
    if found.get("issuer") != of.issuer:
        raise ValueError("another issuer answers")
    return found


async def json_of(asked: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> dict[str, Any]:
    """The object that is answered; ValueError for another status, too much of it, or no object."""
    async with asked as answer:
        raw = bytearray()
        async for piece in answer.content.iter_chunked(1 << 16):
            raw += piece
            if len(raw) > _MAX_ANSWER:
                raise ValueError("its answer is too long")
        if answer.status != 200:
            raise ValueError(f"it answers {answer.status}")
    found = json.loads(raw)
    if not isinstance(found, dict):
        raise ValueError("it is not an object")
    return found
