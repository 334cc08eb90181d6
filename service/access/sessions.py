"""A browser's session: a cookie that only this service can read or write.

It holds what the sign-in gave, sealed (AES-256-GCM) under a key that the vault derives: an access
token, which is checked again at each request as if it came in the header, or who a provider said
it is. Nothing is kept on this side, so every process of the service knows every session; signing
out takes the cookie away, and revoking the token ends the session wherever it was copied to.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.access.callers import Caller, Role
from service.settings import Settings

LASTS = timedelta(hours=8)
_COOKIE = "orderproof"
_PLACE = b"orderproof-session-v1"
_NONCE_BYTES = 12
# Browsers keep 4,096 bytes of a cookie, its name and attributes among them (RFC 6265, 6.1).
MAX_COOKIE = 3_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a cookie says. `secret` is an access token, "" where `caller` says who it is.

    nonce   random; the tokens of its forms come from it
    """

    nonce: str
    until: datetime
    secret: str = field(default="", repr=False)
    caller: Caller | None = None

    @property
    def is_signed_in(self) -> bool:
        return bool(self.secret) or self.caller is not None


class Sessions:
    """key  32 bytes, the same in every process of the service"""

    def __init__(self, key: bytes, *, secure: bool) -> None:
        self._cipher = AESGCM(hashlib.sha256(_PLACE + key).digest())
        self._forms = hashlib.sha256(b"orderproof-forms-v1" + key).digest()
        self._secure = secure

    def new(
        self, now: datetime, *, secret: str = "", caller: Caller | None = None, s: float = 0
    ) -> Session:
        """A session that begins now; `s` seconds long, or as long as sessions are."""
        lasts = min(LASTS, timedelta(seconds=s)) if s else LASTS
        nonce = secrets.token_hex(16)
        return Session(nonce=nonce, until=now + lasts, secret=secret, caller=caller)

    def of(self, request: web.Request, now: datetime) -> Session | None:
        """The session of the request's cookie; None if there is none, or it is over or not ours."""
        said = request.cookies.get(self._name(request), "")
        if not 0 < len(said) <= MAX_COOKIE:
            return None
        value = self.open(said)
        try:
            found = _session(value) if value is not None else None
        except (KeyError, TypeError, ValueError):  # of another version of this program
            return None
        return found if found is not None and now < found.until else None

    def give(self, request: web.Request, response: web.StreamResponse, session: Session) -> None:
        """Set the cookie: no script reads it, and no other site's page sends it along."""
        response.set_cookie(
            self._name(request),
            self.seal(_json(session)),
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._is_secure(request),
        )

    def take(self, request: web.Request, response: web.StreamResponse) -> None:
        response.del_cookie(
            self._name(request),
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._is_secure(request),
        )

    def form_token(self, session: Session) -> str:
        """What each form of this session carries, and nobody else can make."""
        return hmac.new(self._forms, session.nonce.encode(), hashlib.sha256).hexdigest()

    def seal(self, value: Mapping[str, Any]) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, json.dumps(value).encode(), _PLACE)
        return base64.urlsafe_b64encode(sealed).decode()

    def open(self, text: str) -> dict[str, Any] | None:
        try:
            raw = base64.urlsafe_b64decode(text.encode("ascii"))
            plain = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _PLACE)
        except (binascii.Error, ValueError, InvalidTag):
            return None
        found = json.loads(plain)
        return found if isinstance(found, dict) else None

    def _is_secure(self, request: web.Request) -> bool:
        return self._secure or request.secure

    def _name(self, request: web.Request) -> str:
        # A name that begins so is refused by browsers unless it came over TLS, for this host alone.
        return f"__Host-{_COOKIE}" if self._is_secure(request) else _COOKIE


def _json(session: Session) -> dict[str, Any]:
    said: dict[str, Any] = {"n": session.nonce, "u": session.until.timestamp()}
    if session.secret:
        said["s"] = session.secret
    if (caller := session.caller) is not None:
        said["c"] = [caller.tenant, str(caller.role), caller.who, caller.rate]
    return said


def _session(value: Mapping[str, Any]) -> Session:
    caller = None
    if "c" in value:
        tenant, role, who, rate = value["c"]
        caller = Caller(tenant=tenant, role=Role(role), who=who, rate=rate)
    until = datetime.fromtimestamp(value["u"], UTC)
    return Session(nonce=value["n"], until=until, secret=value.get("s", ""), caller=caller)


def is_secure(settings: Settings) -> bool:
    """Whether browsers reach the service by TLS, though perhaps somebody before us ends it."""
    return settings.public_url.startswith("https://")


SESSIONS = web.AppKey("sessions", Sessions)
