"""eBay and PayPal sign with keys that have to be fetched: kept for an hour, asked for seldom.

eBay    X-EBAY-SIGNATURE: base64 of {alg, kid, signature, digest}; ECDSA P-256 with SHA-1 over the
        body. Its key is asked for with a token of the application (Notification API).
PayPal  PAYPAL-TRANSMISSION-SIG: RSA, SHA-256, over id|time|webhook id|crc32 of the body. The
        certificate is at PAYPAL-CERT-URL, which has to be one of PayPal's own hosts. Retries go on
        for three days with the first time, so older ones are refused.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from evidence.errors import OutageError
from service.webhooks.signatures import Notice, SignatureError

if TYPE_CHECKING:
    import aiohttp

PAYPAL_HOSTS = ("https://api.paypal.com", "https://api.sandbox.paypal.com")
EBAY_URL = "https://api.ebay.com"
_KEPT_S, _MOST_KEYS, _MOST_BYTES = 3600.0, 100, 64 << 10
_PAYPAL_AGE_S = 3 * 86_400 + 3600
_KID = re.compile(r"[A-Za-z0-9-]{1,64}")
_SCOPE = "https://api.ebay.com/oauth/api_scope"


class Keys:
    """What was fetched of one vendor. An outage is an OutageError: the vendor sends again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, bytes]] = {}

    async def ebay(self, notice: Notice, *, url: str, client_id: str, secret: str) -> None:
        try:
            said = json.loads(base64.b64decode(notice.header("X-EBAY-SIGNATURE"), validate=True))
            kid, signature = said["kid"], base64.b64decode(said["signature"], validate=True)
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            raise SignatureError("its signature cannot be read") from error
        if not isinstance(kid, str) or not _KID.fullmatch(kid):
            raise SignatureError("its key has no decent name")

        async def fetch(session: aiohttp.ClientSession) -> bytes:
            from aiohttp import encode_basic_auth

            signed_in = {"Authorization": encode_basic_auth(client_id, secret)}
            asked = {"grant_type": "client_credentials", "scope": _SCOPE}
            token_url = f"{url}/identity/v1/oauth2/token"
            async with session.post(token_url, data=asked, headers=signed_in) as answer:
                token = json.loads(await _bounded(answer))["access_token"]
            key_url = f"{url}/commerce/notification/v1/public_key/{kid}"
            headers = {"Authorization": f"Bearer {token}"}
            async with session.get(key_url, headers=headers, allow_redirects=False) as answer:
                return str(json.loads(await _bounded(answer))["key"]).encode()

        pem = await self._kept_or(f"{url} {kid}", fetch)
        # eBay writes the PEM in one line, which no reader takes.
        inside = re.sub(rb"-----(?:BEGIN|END) PUBLIC KEY-----|\s", b"", pem)
        whole = b"-----BEGIN PUBLIC KEY-----\n" + inside + b"\n-----END PUBLIC KEY-----\n"
        try:
            key = load_pem_public_key(whole)
            if not isinstance(key, ec.EllipticCurvePublicKey):
                raise SignatureError("its key is none of an elliptic curve")
            key.verify(signature, notice.body, ec.ECDSA(SHA1()))  # noqa: S303 - eBay's choice
        except (InvalidSignature, ValueError) as error:
            raise SignatureError("its signature is not the one of its body") from error

    async def paypal(
        self, notice: Notice, *, webhook_id: str, hosts: tuple[str, ...] = PAYPAL_HOSTS
    ) -> None:
        from yarl import URL

        sent = notice.header("PAYPAL-TRANSMISSION-TIME")
        try:
            age = notice.now - datetime.fromisoformat(sent).timestamp()
            signature = base64.b64decode(notice.header("PAYPAL-TRANSMISSION-SIG"), validate=True)
            origin = str(URL(notice.header("PAYPAL-CERT-URL")).origin())
        except (ValueError, binascii.Error) as error:
            raise SignatureError("its signature cannot be read") from error
        if not -300 <= age <= _PAYPAL_AGE_S:
            raise SignatureError("it was signed too long ago")
        if notice.header("PAYPAL-AUTH-ALGO") != "SHA256withRSA" or origin not in hosts:
            raise SignatureError("its certificate lies elsewhere than at PayPal")
        cert_url = notice.header("PAYPAL-CERT-URL")

        async def fetch(session: aiohttp.ClientSession) -> bytes:
            async with session.get(cert_url, allow_redirects=False) as answer:
                return await _bounded(answer)

        pem = await self._kept_or(cert_url, fetch)
        crc = zlib.crc32(notice.body)
        signed = f"{notice.header('PAYPAL-TRANSMISSION-ID')}|{sent}|{webhook_id}|{crc}".encode()
        try:
            certificate = x509.load_pem_x509_certificate(pem)
            key = certificate.public_key()
            at = datetime.fromtimestamp(notice.now, UTC)
            if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
                raise SignatureError("its certificate is not valid now")
            if not isinstance(key, rsa.RSAPublicKey):
                raise SignatureError("its certificate is for no RSA key")
            key.verify(signature, signed, padding.PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError) as error:
            raise SignatureError("its signature is not the one of its body") from error

    async def _kept_or(self, name: str, fetch: Any) -> bytes:
        import aiohttp  # each command reads the settings of webhooks, and few fetch a key

        now = self._clock()
        at, kept = self._kept.get(name, (0.0, b""))
        if kept and now - at < _KEPT_S:
            return kept
        timeout = aiohttp.ClientTimeout(total=10)
        try:
            async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
                found: bytes = await fetch(session)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError) as error:
            raise OutageError(source="The notice's sender", why="its key cannot be had") from error
        while len(self._kept) >= _MOST_KEYS:
            del self._kept[next(iter(self._kept))]
        self._kept[name] = (now, found)
        return found


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    found = bytearray()
    async for piece in answer.content.iter_chunked(1 << 14):
        found += piece
        if len(found) > _MOST_BYTES:
            raise ValueError("its answer is too long")
    if answer.status != 200:
        raise ValueError(f"it answers {answer.status}")
    return bytes(found)
