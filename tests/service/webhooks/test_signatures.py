"""Each scheme takes what the vendor's own code signs, where there is any, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import easypost.util
import pytest
import standardwebhooks
import stripe
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from collectors.secrets import Secret
from evidence.errors import ConfigError, OutageError
from service.webhooks.hooks import Doorkeeper, HookSettings, read_hooks
from service.webhooks.signatures import TOLERANCE_S, Notice, SignatureError

BODY = '{"id":"evt_1","type":"x","note":"签收 ✓"}'.encode()
NOW = 1_790_000_000
KEY = "whsec_" + base64.b64encode(b"k" * 24).decode()


def hook(vendor: str, secret: str = "s3cret", **options: Any) -> HookSettings:
    secrets = {"secret": Secret("secret", secret)}
    return HookSettings(name="h", vendor=vendor, platform="other", options=options, secrets=secrets)


def _stripe(secret: str, at: int, body: bytes) -> Mapping[str, str]:
    signed = f"{at}.{body.decode()}"
    right = stripe.WebhookSignature._compute_signature(signed, secret)
    return {"stripe-signature": f"t={at},v0=abc,v1={'0' * 64},v1={right}"}


def _standard(secret: str, at: int, body: bytes) -> Mapping[str, str]:
    when = datetime.fromtimestamp(at, UTC)
    right = standardwebhooks.Webhook(secret).sign("msg_1", when, body.decode())
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1a,other v1,AAAA {right}",
    }


def _b64(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


SIGN: Mapping[str, tuple[str, Callable[[str, int, bytes], Mapping[str, str]]]] = {
    "stripe": ("whsec_live", _stripe),
    "standard": (KEY, _standard),
    "shopify": ("hush", lambda s, at, b: {"x-shopify-hmac-sha256": _b64(s, b)}),
    "aftership": ("hush", lambda s, at, b: {"aftership-hmac-sha256": _b64(s, b)}),
    "tiktok": (
        "app-secret",
        lambda s, at, b: {
            "authorization": hmac.new(s.encode(), b"app-key" + b, hashlib.sha256).hexdigest()
        },
    ),
    "17track": (
        "key",
        lambda s, at, b: {"sign": hashlib.sha256(b + b"/" + s.encode()).hexdigest()},
    ),
    "easypost": (
        "sécret",
        lambda s, at, b: {
            "x-hmac-signature": "hmac-sha256-hex="
            + hmac.new(
                __import__("unicodedata").normalize("NFKD", s).encode(), b, hashlib.sha256
            ).hexdigest()
        },
    ),
    "ups": ("credential", lambda s, at, b: {"authorization": f"Bearer {s}"}),
}
OTHER = {"standard": "whsec_" + base64.b64encode(b"x" * 24).decode()}


def of(vendor: str, secret: str) -> HookSettings:
    return hook(vendor, secret, app_key="app-key")


@pytest.mark.parametrize("vendor", SIGN)
async def test_a_notice_is_believed_as_signed_and_in_no_other_way(vendor: str) -> None:
    secret, sign = SIGN[vendor]
    door, headers = Doorkeeper(), dict(sign(secret, NOW, BODY))
    await door.check(of(vendor, secret), Notice(headers, BODY, NOW))
    refused = [
        (of(vendor, OTHER.get(vendor, "other")), Notice(headers, BODY, NOW)),
        (of(vendor, secret), Notice({}, BODY, NOW)),
        *((of(vendor, secret), Notice({n: ""}, BODY, NOW)) for n in headers),
        *(
            (of(vendor, secret), Notice(headers | {n: value[:-1]}, BODY, NOW))
            for n, value in headers.items()
            if n not in ("webhook-id",)
        ),
    ]
    if vendor != "ups":  # it signs no body; the credential is all there is
        refused += [
            (of(vendor, secret), Notice(headers, BODY + b" ", NOW)),
            (of(vendor, secret), Notice(headers, BODY.replace(b"1", b"2"), NOW)),
            (of(vendor, secret), Notice(headers, b"", NOW)),
        ]
    for settings, notice in refused:
        with pytest.raises(SignatureError) as said:
            await door.check(settings, notice)
        assert secret not in str(said.value)


@pytest.mark.parametrize("vendor", ["stripe", "standard"])
async def test_an_old_notice_is_a_replay(vendor: str) -> None:
    secret, sign = SIGN[vendor]
    for late, believed in ((TOLERANCE_S, True), (TOLERANCE_S + 1, False)):
        notice = Notice(sign(secret, NOW, BODY), BODY, NOW + late)
        if believed:
            await Doorkeeper().check(of(vendor, secret), notice)
        else:
            with pytest.raises(SignatureError, match="off"):
                await Doorkeeper().check(of(vendor, secret), notice)
    early = Notice(sign(KEY, NOW, BODY), BODY, NOW - TOLERANCE_S - 1)
    if vendor == "standard":
        with pytest.raises(SignatureError, match="off"):
            await Doorkeeper().check(of(vendor, KEY), early)


def test_the_vendors_own_code_believes_what_we_sign_alike() -> None:
    now = int(time.time())
    stripe.WebhookSignature.verify_header(
        BODY.decode(), _stripe("whsec_live", now, BODY)["stripe-signature"], "whsec_live", 300
    )
    standardwebhooks.Webhook(KEY).verify(BODY, dict(_standard(KEY, now, BODY)))
    headers = {"X-Hmac-Signature": SIGN["easypost"][1]("sécret", now, BODY)["x-hmac-signature"]}
    assert easypost.util.validate_webhook(BODY, headers, "sécret")["id"] == "evt_1"


async def test_the_old_secret_goes_on_for_as_long_as_it_is_configured() -> None:
    secret, sign = SIGN["shopify"]
    new = of("shopify", "new")
    notice = Notice(sign(secret, NOW, BODY), BODY, NOW)
    with pytest.raises(SignatureError):
        await Doorkeeper().check(new, notice)
    both = replace(new, secrets={**new.secrets, "old_secret": Secret("old_secret", secret)})
    await Doorkeeper().check(both, notice)


# -- eBay and PayPal, whose keys are fetched -------------------------------------------------

EBAY_KEY = ec.generate_private_key(ec.SECP256R1())
PAYPAL_KEY = rsa.generate_private_key(65537, 2048)


def certificate(*, ends: datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "messageverification")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    made = made.public_key(PAYPAL_KEY.public_key()).not_valid_before(ends - timedelta(days=900))
    return made.not_valid_after(ends).sign(PAYPAL_KEY, SHA256()).public_bytes(Encoding.PEM)


class Vendor:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.away = False
        self.certificate = certificate(ends=datetime.fromtimestamp(NOW + 86_400, UTC))
        pem = EBAY_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.ebay_key = pem.decode().replace("\n", "")
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if self.away:
            return web.Response(status=503)
        if request.path.endswith("/token"):
            return web.json_response({"access_token": "t"})
        if "/public_key/" in request.path:
            assert request.headers["Authorization"] == "Bearer t"
            return web.json_response({"key": self.ebay_key, "digest": "SHA1"})
        return web.Response(body=self.certificate)


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    here = Vendor()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", here.answer)
    server = TestServer(app)
    await server.start_server()
    here.url = str(server.make_url("")).rstrip("/")
    yield here
    await server.close()


def ebay_notice(body: bytes = BODY, *, kid: str = "kid-1", key: Any = EBAY_KEY) -> Notice:
    signature = base64.b64encode(key.sign(body, ec.ECDSA(SHA1()))).decode()
    said = {"alg": "ecdsa", "kid": kid, "signature": signature, "digest": "SHA1"}
    header = base64.b64encode(json.dumps(said).encode()).decode()
    return Notice({"x-ebay-signature": header}, body, NOW)


async def test_ebays_key_is_fetched_once_and_judges_the_body(vendor: Vendor) -> None:
    settings = hook("ebay", client_id="me", endpoint="https://e", base_url=vendor.url)
    door = Doorkeeper()
    for _ in range(3):
        await door.check(settings, ebay_notice())
    assert len(vendor.asked) == 2  # a token and the key
    stranger = ec.generate_private_key(ec.SECP256R1())
    wrong = [
        replace(ebay_notice(), body=BODY + b" "),
        ebay_notice(key=stranger),
        ebay_notice(kid="../../x"),
        Notice({"x-ebay-signature": "nonsense"}, BODY, NOW),
        Notice({"x-ebay-signature": base64.b64encode(b"[]").decode()}, BODY, NOW),
        Notice({}, BODY, NOW),
    ]
    for notice in wrong:
        with pytest.raises(SignatureError):
            await door.check(settings, notice)
    vendor.away = True
    with pytest.raises(OutageError):
        await door.check(settings, ebay_notice(kid="kid-2"))


def test_ebays_question_is_answered_as_its_documentation_says() -> None:
    settings = hook("ebay", client_id="me", endpoint="https://e/hook")
    assert settings.challenge("code") is None
    token = {"verification_token": Secret("verification_token", "token")}
    settings = replace(settings, secrets={**settings.secrets, **token})
    assert settings.challenge("code") == hashlib.sha256(b"codetokenhttps://e/hook").hexdigest()


@pytest.mark.needs_shared
async def test_what_ebay_published_as_signed_is_believed(vendor: Vendor, shared: Path) -> None:
    found = json.loads(
        (shared / "contracts/market/ebay/notification-signature-vectors.json").read_text()
    )["VALID"]
    vendor.ebay_key = found["response"]["key"]
    settings = hook("ebay", client_id="me", endpoint="https://e", base_url=vendor.url)
    body = json.dumps(found["message"], separators=(",", ":"), ensure_ascii=False).encode()
    await Doorkeeper().check(settings, Notice({"x-ebay-signature": found["signature"]}, body, NOW))


def paypal_notice(vendor: Vendor, body: bytes = BODY, *, at: int = NOW, **changes: str) -> Notice:
    sent = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    signed = f"tid|{sent}|WH-1|{zlib.crc32(body)}".encode()
    signature = PAYPAL_KEY.sign(signed, padding.PKCS1v15(), SHA256())
    headers = {
        "paypal-transmission-id": "tid",
        "paypal-transmission-time": sent,
        "paypal-transmission-sig": base64.b64encode(signature).decode(),
        "paypal-cert-url": f"{vendor.url}/cert",
        "paypal-auth-algo": "SHA256withRSA",
    }
    return Notice(headers | {n.replace("_", "-"): v for n, v in changes.items()}, body, NOW)


async def test_paypals_certificate_is_taken_from_its_own_hosts_only(vendor: Vendor) -> None:
    settings = hook("paypal", webhook_id="WH-1", cert_hosts=[vendor.url])
    door = Doorkeeper()
    await door.check(settings, paypal_notice(vendor))
    await door.check(settings, paypal_notice(vendor, at=NOW - 3 * 86_400))
    assert vendor.asked == ["/cert"]
    wrong = [
        replace(paypal_notice(vendor), body=BODY + b" "),
        paypal_notice(vendor, at=NOW - 5 * 86_400),
        paypal_notice(vendor, at=NOW + 3600),
        paypal_notice(vendor, paypal_cert_url="https://evil.example/cert"),
        paypal_notice(vendor, paypal_cert_url=f"{vendor.url}.evil.example/cert"),
        paypal_notice(vendor, paypal_cert_url="not a url"),
        paypal_notice(vendor, paypal_auth_algo="none"),
        paypal_notice(vendor, paypal_transmission_id="other"),
        paypal_notice(vendor, paypal_transmission_time="yesterday"),
    ]
    for notice in wrong:
        with pytest.raises(SignatureError):
            await door.check(settings, notice)
    with pytest.raises(SignatureError):
        other = hook("paypal", webhook_id="WH-2", cert_hosts=[vendor.url])
        await door.check(other, paypal_notice(vendor))
    vendor.certificate = certificate(ends=datetime.fromtimestamp(NOW - 1, UTC))
    with pytest.raises(SignatureError, match="not valid"):
        await Doorkeeper().check(settings, paypal_notice(vendor))


@pytest.mark.parametrize(
    "table",
    [
        [],
        {"x": 1},
        {"x": {"vendor": "nobody", "secret_env": "S"}},
        {"stripe": {}},
        {"stripe": {"secret_env": "S", "extra": 1}},
        {"stripe": {"secret_env": "S", "platform": "bazaar"}},
        {"stripe": {"secret_env": "S", "keep_days": -1}},
        {"stripe": {"secret_env": "S", "store": 1}},
        {"tiktok": {"secret_env": "S"}},
        {"paypal": {}},
        {"ebay": {"secret_env": "S", "client_id": "c"}},
    ],
    ids=str,
)
def test_a_hook_that_is_not_wholly_described_is_refused(table: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="webhooks"):
        read_hooks(table, base=tmp_path, env={"S": "secret"}, path=Path("orderproof.toml"))


@pytest.mark.parametrize(
    "named", [{"secret_env": "NOT_THERE"}, {"secret_file": "not-there"}], ids=str
)
def test_a_hook_whose_secret_is_not_there_opens_to_nobody(
    named: dict[str, str], tmp_path: Path
) -> None:
    (hook,) = read_hooks({"stripe": named}, base=tmp_path, env={}, path=Path("orderproof.toml"))
    with pytest.raises(ConfigError, match=r"webhooks\.stripe\.secret_.*(NOT_THERE|not-there)"):
        hook.secrets["secret"].reveal()
