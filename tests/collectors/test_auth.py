"""Client credentials against the sandbox: one token at a time, renewed, never written down."""

import asyncio
import gzip
from datetime import timedelta

import pytest
from aiohttp import web
from yarl import URL

from collectors.answers import Request
from collectors.auth import ClientCredentials, TokenRequest
from collectors.secrets import Secret
from evidence.errors import AccessError, OutageError, ShapeError
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import Account, Scenario
from tests.collectors.http_bench import NOW, bench, server

CANARY = "c4n4ry-secret-77"
PATH = "/api/track/v1/details/1Z023E2X0214323462"
HEADERS = {"transId": "t", "transactionSrc": "s"}


def credentials(secret: str = CANARY) -> ClientCredentials:
    return ClientCredentials(
        source="ups",
        token_url="/security/v1/oauth/token",
        client_id="me",
        client_secret=Secret("client_secret", secret),
    )


def sandbox(*faults: Fault, lasts_s: int = 14399) -> web.Application:
    ups = Account(client_id="me", client_secret=CANARY, token_lasts_s=lasts_s)
    return make_sandbox(Scenario(accounts={"ups": ups}, faults=faults), clock=lambda: NOW)


def tokens_asked(app: web.Application) -> int:
    return sum(asked.path.endswith("/token") for asked in app[ASKED])


async def test_however_many_ask_one_token_is_fetched() -> None:
    app = sandbox()
    async with served(app) as url, bench(f"{url}/ups", auth=credentials()) as b:
        asks = (b.session.get(PATH, headers=HEADERS, answers={404}) for _ in range(12))
        await asyncio.gather(*asks)
    assert tokens_asked(app) == 1


async def test_a_token_serves_the_next_session_too() -> None:
    app, auth = sandbox(), credentials()
    async with served(app) as url:
        for _ in range(2):
            async with bench(f"{url}/ups", auth=auth) as b:
                await b.session.get(PATH, headers=HEADERS, answers={404})
    assert tokens_asked(app) == 1


async def test_a_token_that_was_refused_is_renewed_once() -> None:
    app = sandbox(Fault(kind="expired"))
    async with served(app) as url, bench(f"{url}/ups", auth=credentials()) as b:
        await b.session.get(PATH, headers=HEADERS, answers={404})
        assert b.statuses() == ["200", "401", "200", "404"]
    assert tokens_asked(app) == 2


async def test_a_source_that_refuses_every_token_is_left_after_two() -> None:
    app = sandbox(Fault(kind="expired", times=0))
    async with served(app) as url, bench(f"{url}/ups", auth=credentials()) as b:
        with pytest.raises(AccessError):
            await b.session.get(PATH, headers=HEADERS)
    assert tokens_asked(app) == 2


async def test_wrong_credentials_are_the_operators_matter() -> None:
    async with served(sandbox()) as url:
        async with bench(f"{url}/ups", auth=credentials("wrong-wrong")) as b:
            with pytest.raises(AccessError, match="gave no token"):
                await b.session.get(PATH, headers=HEADERS)
            assert b.statuses() == ["401"]


async def test_a_token_server_that_fails_is_asked_again() -> None:
    app = sandbox(Fault(kind="status", status=503, on="/token"))
    async with served(app) as url, bench(f"{url}/ups", auth=credentials()) as b:
        await b.session.get(PATH, headers=HEADERS, answers={404})
    failing = sandbox(Fault(kind="status", status=500, on="/token", times=0))
    async with served(failing) as url, bench(url, auth=credentials()) as b:
        with pytest.raises(OutageError):
            await b.session.get(PATH, headers=HEADERS)


async def test_neither_secret_nor_token_is_written_down() -> None:
    app, auth = sandbox(), credentials()
    async with served(app) as url, bench(f"{url}/ups", auth=auth) as b:
        await b.session.get(PATH, headers=HEADERS, answers={404})
        warcs = [gzip.decompress(item.content.read(1 << 20)).decode() for item in b.recorded]
    sent = [asked.headers["Authorization"] for asked in app[ASKED]]
    basic, token = (value.partition(" ")[2] for value in sent)
    assert len(token) > 40
    for text in [*warcs, repr(b.recorded), repr(auth)]:
        assert not any(secret in text for secret in (CANARY, basic, token))
    assert "[secret:token answer]" in warcs[0]
    assert "Authorization: Basic [secret:client_secret_basic]" in warcs[0]
    assert "Authorization: Bearer [secret:ups_access_token]" in warcs[1]


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        "[]",
        "{}",
        '{"access_token": 5}',
        '{"access_token": "a\\nb"}',
        '{"access_token": "abcdef", "expires_in": "soon"}',
        '{"access_token": "abcdef", "expires_in": 1e999}',
    ],
)
async def test_a_token_answer_of_another_shape_is_said_and_not_kept(body: str) -> None:
    async def token(_: web.Request) -> web.Response:
        return web.Response(text=body)

    async with (
        server(web.post("/security/v1/oauth/token", token)) as url,
        bench(url, auth=credentials()) as b,
    ):
        with pytest.raises(ShapeError):
            await b.session.get("/x")
        assert body not in gzip.decompress(b.recorded[0].content.read(1 << 20)).decode()


async def test_a_token_is_renewed_before_it_ends() -> None:
    asked = 0

    async def ask(request: TokenRequest, learn: object) -> None:
        nonlocal asked
        asked += 1
        assert callable(learn)
        learn(b'{"access_token": "abcdef-%d", "expires_in": "600"}' % asked)

    auth = credentials()
    for later_s, token in ((0, 1), (500, 1), (541, 2), (700, 2)):
        asked_for = Request(method="GET", url=URL("https://ups.example/x"))
        sent = await auth.signed(asked_for, ask, NOW + timedelta(seconds=later_s))
        assert sent.headers == {"Authorization": f"Bearer abcdef-{token}"}
    assert {secret.reveal() for secret in auth.secrets} >= {"abcdef-1", "abcdef-2", CANARY}
