"""People who sign in elsewhere: whose word is believed, and whose is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from yarl import URL

from evidence.errors import ConfigError, OutageError
from service.access.callers import Role
from service.access.oidc import Oidc
from service.access.provider import OidcSettings, read_oidc
from service.clock import machine
from service.settings import Settings
from tests.service.conftest import AskOf
from tests.service.standin import InMemoryEvidence

KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
STRANGER = ec.generate_private_key(ec.SECP256R1())


@dataclass(slots=True)
class Provider:
    settings: OidcSettings
    keys: list[dict[str, Any]]
    asked: int = 0
    broken: bool = False
    challenge: str = ""
    nonce: str = ""

    def token(self, *, key: Any = KEY, kid: str = "one", alg: str = "ES256", **claims: Any) -> str:
        now = int(time.time())
        said = {
            "iss": self.settings.issuer,
            "aud": "orderproof",
            "sub": "jane",
            "iat": now,
            "exp": now + 300,
            "groups": ["staff", "admins"],
        } | claims
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, key, algorithm=alg, headers={"kid": kid})


def jwk(kid: str, key: Any) -> dict[str, Any]:
    of = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    return {**json.loads(of.to_jwk(key.public_key())), "kid": kid, "use": "sig"}


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async def keys(_: web.Request) -> web.Response:
        here.asked += 1
        if here.broken:
            return web.Response(status=500)
        return web.json_response({"keys": here.keys})

    async def discovery(_: web.Request) -> web.Response:
        issuer = here.settings.issuer
        places = {"authorization_endpoint": f"{issuer}/ask", "token_endpoint": f"{issuer}/token"}
        return web.json_response({"issuer": issuer, "jwks_uri": f"{issuer}/keys", **places})

    async def exchange(request: web.Request) -> web.Response:
        said = dict(await request.post())
        verifier = str(said.get("code_verifier", ""))
        right = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode()
        if said.get("code") != "good" or right.rstrip("=") != here.challenge:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"id_token": here.token(aud="console", nonce=here.nonce)})

    app = web.Application()
    app.router.add_post("/token", exchange)
    app.router.add_get("/keys", keys)
    app.router.add_get("/.well-known/openid-configuration", discovery)
    server = TestServer(app)
    await server.start_server()
    issuer = str(server.make_url("")).rstrip("/")
    roles = {"admins": "admin", "readers": "auditor"}
    settings = OidcSettings(issuer=issuer, audience="orderproof", roles=roles)
    odd = [{"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}, {"kid": "none"}, "nonsense"]
    here = Provider(settings, [jwk("one", KEY), jwk("rsa", RSA_KEY), *odd])  # type: ignore[list-item]
    yield here
    await server.close()


async def test_a_person_has_the_strongest_role_of_their_groups(provider: Provider) -> None:
    oidc = Oidc(provider.settings, clock=machine)
    caller = await oidc.caller(provider.token(groups=["readers", "admins"]))
    assert caller is not None
    assert (caller.role, caller.tenant, caller.who) == (Role.ADMIN, "default", "user jane")
    token = provider.token(groups="readers", key=RSA_KEY, kid="rsa", alg="RS256")
    reader = await oidc.caller(token)
    assert reader is not None and reader.role is Role.AUDITOR
    assert provider.asked == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1_000_000_000},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
        {"iss": "https://other.example"},
        {"aud": "another"},
        {"aud": None},
        {"sub": None},
        {"exp": None},
        {"exp": "4000000000"},
        {"exp": True},
        {"exp": float("inf")},
        {"exp": 10**400},
        {"nbf": float("nan")},
        {"groups": ["staff"]},
        {"groups": None},
        {"groups": {"admins": True}},
        {"key": STRANGER},
        {"kid": "secret", "key": "secret" * 6, "alg": "HS256"},
        {"kid": "rsa"},
        {"key": None, "alg": "none"},
    ],
    ids=lambda changes: str(
        {k: "a stranger's" if v is STRANGER else v for k, v in changes.items()}
    ),
)
async def test_a_token_that_is_not_right_in_every_way_lets_nobody_in(
    provider: Provider, changes: dict[str, Any]
) -> None:
    assert await Oidc(provider.settings, clock=machine).caller(provider.token(**changes)) is None


async def test_a_token_holds_by_the_services_clock_give_or_take_a_minute(
    provider: Provider,
) -> None:
    now = datetime(2031, 5, 1, 12, tzinfo=UTC)
    at = int(now.timestamp())
    oidc = Oidc(provider.settings, clock=lambda: now)
    cases: list[tuple[dict[str, Any], bool]] = [
        ({"iat": at, "exp": at + 300}, True),
        ({"iat": at - 600, "exp": at - 59}, True),
        ({"iat": at - 600, "exp": at - 60}, False),
        ({"iat": at + 60, "nbf": at + 60, "exp": at + 300}, True),
        ({"iat": at + 61, "exp": at + 300}, False),
        ({"iat": at, "nbf": at + 61, "exp": at + 300}, False),
        ({}, False),  # of the machine's now, which is years ago
    ]
    for times, held in cases:
        caller = await oidc.caller(provider.token(**times))
        assert (caller is not None) == held, times


async def test_the_door_gives_the_sign_in_the_services_clock(
    provider: Provider, ask_of: AskOf, settings: Settings, held: InMemoryEvidence
) -> None:
    ask = await ask_of(replace(settings, oidc=provider.settings))
    headers = {"Authorization": f"Bearer {provider.token()}"}
    assert (await ask.get("/v1/caller", headers=headers)).status == 200
    held.clock = lambda: machine() + timedelta(days=1)
    assert (await ask.get("/v1/caller", headers=headers)).status == 401


async def test_a_public_key_is_no_shared_secret(provider: Provider) -> None:
    """The classic: HMAC with the provider's public key as its secret."""
    public = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    body = provider.token(key=RSA_KEY, kid="rsa", alg="RS256").split(".")[1]
    for alg in ("HS256", "hs256", "none"):
        forged = _part(json.dumps({"alg": alg, "kid": "rsa"}).encode()) + "." + body
        signed = f"{forged}.{_part(hmac.digest(public, forged.encode(), 'sha256'))}"
        assert await Oidc(provider.settings, clock=machine).caller(signed) is None


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize("text", ["", "a.b.c", "opt_x", "e30.e30.", "." * 9, "x" * 20_000])
async def test_what_is_no_token_is_none(provider: Provider, text: str) -> None:
    assert await Oidc(provider.settings, clock=machine).caller(text) is None


async def test_a_new_key_is_fetched_but_not_for_every_name_somebody_makes_up(
    provider: Provider,
) -> None:
    now = [0.0]
    oidc = Oidc(provider.settings, clock=machine, monotonic=lambda: now[0])
    assert await oidc.caller(provider.token()) is not None
    provider.keys.append(jwk("two", STRANGER))
    token = provider.token(key=STRANGER, kid="two")
    for _ in range(5):
        assert await oidc.caller(token) is None
    assert provider.asked == 1
    now[0] = 61.0
    assert await oidc.caller(token) is not None
    assert provider.asked == 2


async def test_a_provider_that_is_away_is_an_outage_and_no_denial(provider: Provider) -> None:
    provider.broken = True
    with pytest.raises(OutageError, match="keys"):
        await Oidc(provider.settings, clock=machine).caller(provider.token())


async def test_a_tenant_comes_out_of_a_claim_only_if_it_is_there(
    provider: Provider, ask_of: AskOf, settings: Settings
) -> None:
    ask = await ask_of(replace(settings, oidc=replace(provider.settings, tenant_claim="org")))
    for org, status in (("default", 200), ("../default", 401), ("rival", 401), (None, 401)):
        headers = {"Authorization": f"Bearer {provider.token(org=org)}"}
        assert (await ask.get("/v1/caller", headers=headers)).status == status, org
    assert (await ask.get("/v1/caller")).status == 401


@pytest.mark.parametrize(
    "table",
    [
        {"audience": "a", "roles": {"g": "admin"}},
        {"issuer": "https://i", "roles": {"g": "admin"}},
        {"issuer": "http://login.example", "audience": "a", "roles": {"g": "admin"}},
        {"issuer": "https://i", "audience": "a", "roles": {"g": "king"}},
        {"issuer": "https://i", "audience": "a", "roles": {}},
        {"issuer": "https://i", "audience": "a", "roles": {"g": "admin"}, "extra": 1},
        [],
    ],
    ids=str,
)
def test_a_provider_that_is_not_wholly_described_is_refused(table: Any) -> None:
    with pytest.raises(ConfigError):
        read_oidc(table, path=Path("orderproof.toml"))


async def test_people_sign_in_to_the_console_at_their_provider(
    provider: Provider, ask_of: AskOf, settings: Settings
) -> None:
    ask = await ask_of(replace(settings, oidc=replace(provider.settings, client_id="console")))
    client = ask.client

    async def left() -> dict[str, str]:
        path = "/console/oidc?to=/console/orders"
        async with client.get(path, allow_redirects=False) as answer:
            assert answer.status == 303
            url = URL(answer.headers["Location"])
        assert str(url).startswith(f"{provider.settings.issuer}/ask?")
        assert url.query["code_challenge_method"] == "S256"
        provider.challenge, provider.nonce = url.query["code_challenge"], url.query["nonce"]
        return dict(url.query)

    async def came_back(**query: str) -> tuple[int, str]:
        async with client.get("/console/oidc/back", params=query, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    asked = await left()
    assert (await came_back(code="good", state="another"))[0] == 401
    asked = await left()
    provider.nonce = "of another sign-in"
    assert (await came_back(code="good", state=asked["state"]))[0] == 401
    asked = await left()
    provider.challenge = "of another browser"
    assert (await came_back(code="good", state=asked["state"]))[0] == 503
    async with client.get("/console/orders", allow_redirects=False) as answer:
        assert answer.headers["Location"].startswith("/console/sign-in")
    asked = await left()
    status, page = await came_back(code="good", state=asked["state"])
    assert status == 200
    assert 'content="0; url=/console/orders"' in page
    jar = {one.key: one for one in client.session.cookie_jar}
    assert jar["orderproof"]["httponly"]
    assert jar["orderproof"]["samesite"] == "Strict"
    async with client.get("/console/operate", allow_redirects=False) as answer:
        assert answer.status != 303  # jane is an admin
