"""Signing in with a browser at an OpenID provider: the code flow with PKCE.

Sources: OpenID Connect Core 1.0, 3.1 (code, nonce, ID token); RFC 7636 (PKCE, S256); RFC 9207 is
not needed with one provider. What is remembered between leaving and coming back is sealed in a
cookie of ten minutes, which must be `Lax`: the provider's page sends the browser back to us.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import structlog

from evidence.errors import OutageError
from service.access.callers import Caller
from service.access.oidc import Oidc, discovered, json_of

WITHIN = timedelta(minutes=10)
_TIMEOUT = aiohttp.ClientTimeout(total=10)

log = structlog.get_logger("orderproof.http")


@dataclass(frozen=True, slots=True)
class Leaving:
    """What a browser takes along and brings back."""

    state: str
    nonce: str
    verifier: str
    back: str
    to: str
    until: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def leave(*, back: str, to: str, now: datetime) -> Leaving:
    """back  our address that the provider sends the browser to;  to  where it goes then"""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Leaving(state, nonce, verifier, back, to, (now + WITHIN).timestamp())


def came_back(value: dict[str, Any] | None, *, state: str, now: datetime) -> Leaving | None:
    """What was taken along, if this is the browser that left, in time."""
    try:
        left = Leaving(**value) if value is not None else None
    except TypeError:
        return None
    if left is None or now.timestamp() > left.until:
        return None
    return left if hmac.compare_digest(left.state.encode(), state.encode()) else None


async def address(oidc: Oidc, left: Leaving) -> str:
    """Where to send the browser. OutageError if the provider does not answer."""
    found = (await _discovered(oidc))["authorization_endpoint"]
    challenge = hashlib.sha256(left.verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": oidc.settings.client_id,
        "redirect_uri": left.back,
        "scope": "openid profile",
        "state": left.state,
        "nonce": left.nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    return f"{found}{'&' if '?' in found else '?'}{urlencode(asked)}"


async def caller_of_code(
    oidc: Oidc, code: str, left: Leaving, *, now: datetime
) -> tuple[Caller, float] | None:
    """Who signed in, and for how many seconds that holds; None if nobody who may come in.

    OutageError if the provider does not answer, or answers something else than a token.
    """
    endpoint = (await _discovered(oidc))["token_endpoint"]
    settings = oidc.settings
    said = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": left.back,
        "client_id": settings.client_id,
        "code_verifier": left.verifier,
    }
    if settings.client_secret is not None:
        said["client_secret"] = settings.client_secret.reveal()
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False) as session:
            answer = await json_of(session.post(endpoint, data=said, allow_redirects=False))
        token = answer["id_token"]
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError) as error:
        raise _outage(error) from error
    claims = await oidc.claims(str(token), audience=settings.client_id)
    if claims is None or not hmac.compare_digest(
        str(claims.get("nonce", "")).encode(), left.nonce.encode()
    ):
        return None
    caller = oidc.caller_of(claims)
    left_s = float(claims["exp"]) - now.timestamp()
    return None if caller is None or left_s <= 0 else (caller, left_s)


async def _discovered(oidc: Oidc) -> dict[str, str]:
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False) as session:
            found = await discovered(session, oidc.settings)
        places = {name: str(found[name]) for name in ("authorization_endpoint", "token_endpoint")}
        if not all(place.startswith(("https://", "http://")) for place in places.values()):
            raise ValueError("an endpoint is no address")
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError) as error:
        raise _outage(error) from error
    return places


def _outage(error: Exception) -> OutageError:
    log.error("the sign-in does not answer", kind=type(error).__name__)
    return OutageError(source="The sign-in", why="it does not answer as an OpenID provider does")
