"""Is this notice from whom it says? One function a scheme; each compares in constant time.

A scheme that signs a time refuses what is older than five minutes. One that does not cannot tell a
replay by its age: there the event's id does (the ledger has each event once).
Sources: Standard Webhooks 1.0; docs.stripe.com/webhooks; shopify.dev "Verify deliveries"; TikTok
Shop Partner Center "Webhooks overview"; 17TRACK API v2.2 "Webhook"; AfterShip "Webhook security";
EasyPost "Webhooks"; UPS Track Alert v2 (a key of ours that it sends back, no signature).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

TOLERANCE_S = 300


class SignatureError(Exception):
    """The notice is not believed. The message is ours and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What came. `headers` have lower-case names."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    now: float

    def header(self, name: str) -> str:
        found = self.headers.get(name.lower(), "")
        if not found:
            raise SignatureError(f"the header {name} is missing")
        return found


def standard(notice: Notice, secret: str) -> None:
    """`webhook-id`, `webhook-timestamp`, `webhook-signature: v1,… v1,…`."""
    said = notice.header("webhook-timestamp")
    _fresh(said, notice.now, both=True)
    key = _base64(secret.removeprefix("whsec_"))
    signed = b".".join([notice.header("webhook-id").encode(), said.encode(), notice.body])
    right = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    _one_of(notice.header("webhook-signature").split(" "), right)


def stripe(notice: Notice, secret: str) -> None:
    """`Stripe-Signature: t=…,v1=…`; the secret is used as it stands, with its prefix."""
    parts = [part.strip().partition("=") for part in notice.header("Stripe-Signature").split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1:
        raise SignatureError("its signature names no time, or several")
    _fresh(times[0], notice.now, both=False)
    signed = times[0].encode() + b"." + notice.body
    right = hmac.digest(secret.encode(), signed, "sha256").hex()
    _one_of([value for name, _, value in parts if name == "v1"], right)


def shopify(notice: Notice, secret: str) -> None:
    right = base64.b64encode(hmac.digest(secret.encode(), notice.body, "sha256")).decode()
    _one_of([notice.header("X-Shopify-Hmac-SHA256")], right)


def tiktok(notice: Notice, secret: str, *, app_key: str) -> None:
    right = hmac.digest(secret.encode(), app_key.encode() + notice.body, "sha256").hex()
    _one_of([notice.header("Authorization").lower()], right)


def seventeen_track(notice: Notice, secret: str) -> None:
    """A plain hash over body and key; not an HMAC."""
    right = hashlib.sha256(notice.body + b"/" + secret.encode()).hexdigest()
    _one_of([notice.header("sign").lower()], right)


def aftership(notice: Notice, secret: str) -> None:
    right = base64.b64encode(hmac.digest(secret.encode(), notice.body, "sha256")).decode()
    _one_of([notice.header("aftership-hmac-sha256")], right)


def easypost(notice: Notice, secret: str) -> None:
    key = unicodedata.normalize("NFKD", secret).encode()
    right = "hmac-sha256-hex=" + hmac.digest(key, notice.body, "sha256").hex()
    _one_of([notice.header("X-Hmac-Signature")], right)


def ups(notice: Notice, secret: str) -> None:
    """UPS sends the credential back that its subscription was given; the body is not signed."""
    scheme, _, sent = notice.header("Authorization").partition(" ")
    if scheme.lower() != "bearer":
        raise SignatureError("it carries no bearer token")
    _one_of([sent.strip()], secret)


# Of vendors whose secret is ours and their own; eBay's and PayPal's keys are fetched (keys.py).
SCHEMES: Mapping[str, Callable[[Notice, str], None]] = {
    "standard": standard,
    "stripe": stripe,
    "shopify": shopify,
    "17track": seventeen_track,
    "aftership": aftership,
    "easypost": easypost,
    "ups": ups,
}


def _fresh(said: str, now: float, *, both: bool) -> None:
    if not (said.isascii() and said.isdigit() and len(said) <= 12):
        raise SignatureError("its time is no number of seconds")
    age = now - int(said)
    if age > TOLERANCE_S or (both and age < -TOLERANCE_S):
        raise SignatureError(f"its time is more than {TOLERANCE_S} s off")


def _one_of(sent: Sequence[str], right: str) -> None:
    matches = [hmac.compare_digest(one.encode("utf-8", "replace"), right.encode()) for one in sent]
    if not any(matches):
        raise SignatureError("its signature is not the one of its body")


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise SignatureError("the secret configured for it is no base64") from error
