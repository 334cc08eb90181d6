"""A sealed document asked for again: the same answer, and every rule as at the first time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import ClientSession, web
from structlog.testing import LogCapture

from evidence.errors import OutageError
from service.access.callers import Role
from service.access.tokens import new_token
from service.api.opened import TOKEN_S, RuntimeEvidence
from service.api.ports import EVIDENCE, Evidence
from service.custody import By, report
from service.http.again import MOST_PATHS, Again
from service.http.app import make_app
from service.http.runner import Runner, _Server
from service.retention.erasure import erase
from service.runtime import Runtime
from service.settings import Settings
from tests.postgres import Postgres
from tests.service.mortal_erasure import settings_in
from tests.service.test_erasure import REASON, REF, TENANT
from tests.service.test_sealed_port import sealed

PATH = f"/v1/orders/{REF.platform}/{REF.id}/manifest"


@dataclass
class Served:
    """The service on a port. `whole` has the status of every answer that went the whole way.

    held   lines of custody that are written and not told
    """

    runner: Runner
    runtime: Runtime
    evidence: RuntimeEvidence
    http: ClientSession
    again: Again
    whole: list[int] = field(default_factory=list)
    now: list[float] = field(default_factory=lambda: [0.0])
    held: int = 0

    async def token(
        self, *, tenant: str = TENANT, role: Role = Role.ADMIN, stores: list[str] | None = None
    ) -> tuple[str, str]:
        """Its id and its secret."""
        kept, secret = new_token(
            tenant=tenant, name="n", role=role, made_by="", now=datetime.now(UTC), stores=stores
        )
        await self.runtime.ledger.add_access_token(kept)
        return kept.id, secret

    async def ask(
        self, secret: str, *, method: str = "GET", path: str = PATH, **headers: str
    ) -> tuple[int, bytes, Mapping[str, str]]:
        sent = {"Authorization": f"Bearer {secret}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, path, headers=sent) as answer:
            told = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, await answer.read(), told

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.runner.addresses[0][1])

    @property
    def connections(self) -> int:
        assert self.runner.server is not None
        return len(self.runner.server.connections)

    async def lines(self) -> int:
        return (await self.runtime.ledger.custody_end(TENANT))[0]


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Served]:
    now = [0.0]

    @asynccontextmanager
    async def opening(_: Settings) -> AsyncIterator[Evidence]:
        async with await Runtime.open(settings) as runtime:
            yield RuntimeEvidence(runtime, monotonic=lambda: now[0])

    app = make_app(settings, opening=opening)
    runner = Runner(app, shutdown_timeout=30)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    assert isinstance(runner.server, _Server)
    again = runner.server.again
    evidence = app[EVIDENCE]
    assert isinstance(evidence, RuntimeEvidence)
    whole, statuses = again._whole, list[int]()

    async def counted(request: web.Request) -> web.StreamResponse:
        answer: web.StreamResponse = await whole(request)
        statuses.append(answer.status)
        return answer

    again._whole = counted
    try:
        async with ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as http:
            yield Served(runner, evidence._runtime, evidence, http, again, statuses, now)
    finally:
        await runner.cleanup()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(settings_in(tmp_path), access="tokens")


async def test_the_answer_is_the_same_and_each_is_noted_and_counted(settings: Settings) -> None:
    async with served(settings) as here:
        await sealed(here.runtime, b"{}")
        _, secret = await here.token()
        first = await here.ask(secret)
        again = await here.ask(secret, X_Request_Id="asked-by-me")
        odd = await here.ask(secret, X_Request_Id="no id")
        assert [each[:2] for each in (first, again, odd)] == [(200, b"{}")] * 3
        assert here.whole == [200]
        same = set(first[2]) - {"x-request-id", "ratelimit", "date"}
        assert {name: again[2][name] for name in same} == {name: first[2][name] for name in same}
        assert set(again[2]) == set(first[2])
        assert again[2]["x-request-id"] == "asked-by-me" != odd[2]["x-request-id"]
        left = [int(each[2]["ratelimit"].split("r=")[1].split(";")[0]) for each in (first, odd)]
        assert left[0] - left[1] == 2
        found = await report(here.runtime, TENANT, REF)
        assert found.holds, found.wrong
        asked = [entry.details["request"] for entry in found.entries]
        assert asked == [each[2]["x-request-id"] for each in (first, again, odd)]
        assert len({(entry.details["who"], entry.details["way"]) for entry in found.entries}) == 1


async def test_whatever_is_not_a_plain_get_goes_the_whole_way(settings: Settings) -> None:
    async with served(settings) as here:
        await sealed(here.runtime, b"{}")
        _, secret = await here.token()
        _, _, headers = await here.ask(secret)
        assert (await here.ask(secret, If_None_Match=headers["etag"]))[:2] == (304, b"")
        status, body, told = await here.ask(secret, method="HEAD")
        assert (status, body, told["content-length"]) == (200, b"", "2")
        assert (await here.ask(secret, path=f"{PATH}?site=nowhere"))[0] == 422
        assert (await here.ask(secret, method="DELETE"))[0] == 405
        assert (await here.ask(secret, Connection="close"))[2]["connection"] == "close"
        assert here.whole == [200, 304, 200, 422, 405, 200]


async def test_a_connection_that_is_older_or_ends_is_answered_as_it_asks(
    settings: Settings,
) -> None:
    async with served(settings) as here:
        await sealed(here.runtime, b"{}")
        _, secret = await here.token()
        await here.ask(secret)
        for version, kept in (("1.1", True), ("1.0", False)):
            reader, writer = await here.raw()
            head = f"GET {PATH} HTTP/{version}\r\nHost: here\r\nAuthorization: Bearer {secret}"
            for _ in range(1 + kept):
                writer.write(f"{head}\r\n\r\n".encode())
                said = (await reader.readuntil(b"\r\n\r\n")).decode()
                assert said.startswith(f"HTTP/{version} 200 OK\r\n")
                assert "\r\nContent-Length: 2\r\n" in said
                assert await reader.readexactly(2) == b"{}"
            if not kept:
                assert await reader.read() == b""
            writer.close()
        assert here.whole == [200, 200]


def asked(secret: str, path: str = PATH) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {secret}\r\n\r\n".encode()


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not seen():
            await asyncio.sleep(0.01)


async def answer(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """The status line, and the body."""
    said = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(said.lower().partition("content-length: ")[2].partition("\r\n")[0])
    return said.partition("\r\n")[0], await reader.readexactly(length)


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> Callable[[Served], Callable[[], None]]:
    """Lines of custody are written, and told as written only once that is called."""

    def hold(here: Served) -> Callable[[], None]:
        ledger = here.runtime.ledger
        note, go = ledger.note, asyncio.Event()

        async def later(*said: Any, **more: Any) -> None:
            await note(*said, **more)
            here.held += 1
            await go.wait()

        monkeypatch.setattr(ledger, "note", lambda *a, **b: asyncio.ensure_future(later(*a, **b)))
        return go.set

    return hold


async def known(
    here: Served, held_up: Callable[[Served], Callable[[], None]]
) -> tuple[str, Callable[[], None]]:
    """A token whose document was asked for once; from now on its custody is held up."""
    await sealed(here.runtime, b"{}")
    _, secret = await here.token()
    await here.ask(secret)
    return secret, held_up(here)


async def test_one_connection_gets_its_answers_in_the_order_it_asked(
    settings: Settings, held_up: Callable[[Served], Callable[[], None]]
) -> None:
    async with served(settings) as here:
        secret, go = await known(here, held_up)
        reader, writer = await here.raw()
        writer.write(asked(secret))
        await until(lambda: here.held == 1)
        writer.write(asked(secret, "/nowhere") + asked(secret) * 3)
        await asyncio.sleep(0.1)
        go()
        found = [await answer(reader) for _ in range(5)]
        assert [status.split()[1] for status, _ in found] == ["200", "404", "200", "200", "200"]
        assert [body for status, body in found if "200" in status] == [b"{}"] * 4
        assert await here.lines() == 5
        writer.close()


async def test_what_was_begun_is_answered_before_the_service_ends(
    settings: Settings, held_up: Callable[[Served], Callable[[], None]]
) -> None:
    async with served(settings) as here:
        secret, go = await known(here, held_up)
        reader, writer = await here.raw()
        writer.write(asked(secret))
        await until(lambda: here.held == 1)
        ending = asyncio.create_task(here.runner.cleanup())
        await asyncio.sleep(0.1)
        assert not ending.done()
        go()
        assert await answer(reader) == ("HTTP/1.1 200 OK", b"{}")
        assert await reader.read() == b""
        await ending
        writer.close()
        assert here.whole == [200]


async def test_who_goes_away_meanwhile_gets_nothing_and_that_is_told(
    settings: Settings,
    held_up: Callable[[Served], Callable[[], None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = LogCapture()
    log = structlog.wrap_logger(None, processors=[heard], wrapper_class=structlog.BoundLogger)
    monkeypatch.setattr("service.http.again._log", log)
    async with served(settings) as here:
        secret, go = await known(here, held_up)
        _, writer = await here.raw()
        writer.write(asked(secret))
        await until(lambda: here.held == 1)
        writer.transport.abort()
        await until(lambda: here.connections == 1)  # the one that asked before
        go()
        await until(lambda: [one["event"] for one in heard.entries] == ["dropped"])
        assert await here.lines() == 2
        assert (await here.ask(secret))[0] == 200


async def test_who_reads_slowly_is_not_answered_ahead(settings: Settings) -> None:
    said = b"[" + b"1," * (4 << 20) + b"1]"
    async with served(settings) as here:
        await sealed(here.runtime, said)
        _, secret = await here.token()
        await here.ask(secret)
        before = await here.lines()
        reader, writer = await here.raw()
        for _ in range(5):
            writer.write(asked(secret))
            await asyncio.sleep(0.05)
        assert await here.lines() <= before + 2
        for _ in range(5):
            assert (await answer(reader))[1] == said
        assert await here.lines() == before + 5
        writer.close()


async def test_a_token_that_is_wrong_or_revoked_opens_nothing(settings: Settings) -> None:
    async with served(settings) as here, await Runtime.open(settings) as other:
        await sealed(here.runtime, b"{}")
        mine, theirs = await here.token(), await here.token()
        for _ in range(2):
            for _, secret in (mine, theirs):
                assert (await here.ask(secret))[0] == 200
        before = await here.lines()
        assert (await here.ask(mine[1] + "a"))[0] == 401
        await here.evidence.revoke_token(TENANT, mine[0])
        assert (await here.ask(mine[1]))[0] == 401
        await other.ledger.revoke_access_token(TENANT, theirs[0])
        here.now[0] += TOKEN_S
        status, _, told = await here.ask(theirs[1])
        assert (status, told["content-type"]) == (401, "application/problem+json")
        # One line for denials of a kind; none says that something was handed out.
        assert await here.lines() == before + 1
        assert len((await report(here.runtime, TENANT, REF)).entries) == before


async def test_what_another_process_erases_or_seals_holds_at_once(settings: Settings) -> None:
    async with served(settings) as here, await Runtime.open(settings) as other:
        await sealed(other, b"{}")
        _, secret = await here.token()
        assert [(await here.ask(secret))[1] for _ in range(2)] == [b"{}"] * 2
        await sealed(other, b"[]")
        assert (await here.ask(secret))[1] == b"[]"
        await erase(other, TENANT, REF, reason=REASON, by=By("local user erika", "a test"))
        status, body, _ = await here.ask(secret)
        assert status == 404
        assert b"[]" not in body
        await sealed(other, b"1")
        assert (await here.ask(secret))[:2] == (200, b"1")


async def test_nobody_gets_what_another_tenant_store_or_role_has(settings: Settings) -> None:
    async with served(settings) as here:
        await sealed(here.runtime, b"{}")
        await here.runtime.ledger.tenant("rival", origin="log.example/rival")
        _, mine = await here.token()
        for _ in range(2):
            assert (await here.ask(mine))[0] == 200
        _, rival = await here.token(tenant="rival")
        _, elsewhere = await here.token(stores=["elsewhere"])
        _, auditor = await here.token(role=Role.AUDITOR)
        for _ in range(2):
            assert (await here.ask(rival))[0] == 404
            assert (await here.ask(elsewhere))[0] == 404
            assert (await here.ask(auditor))[0] == 403
        assert (await here.ask(mine))[0] == 200
        await sealed(here.runtime, b"[]", tenant="rival")
        for _ in range(2):
            assert (await here.ask(mine))[1] == b"{}"
            assert (await here.ask(rival))[1] == b"[]"
        assert len((await report(here.runtime, TENANT, REF)).entries) == 5
        denied = await here.runtime.ledger.denials(TENANT, before=None, limit=10)
        assert len(denied) == 2  # the store's and the role's


async def test_a_page_under_a_strange_name_gets_nothing(settings: Settings) -> None:
    async with served(replace(settings, access="open")) as here:
        await sealed(here.runtime, b"{}")
        _, secret = await here.token()
        assert [(await here.ask(secret))[0] for _ in range(2)] == [200] * 2
        assert (await here.ask(secret, Host="elsewhere.example"))[0] == 421
        assert (await here.ask(secret, Origin="https://elsewhere.example"))[0] == 421
        assert here.whole == [200, 421, 421]


async def test_the_quota_is_what_it_is(settings: Settings) -> None:
    limits = replace(settings.limits, requests_per_minute=4)
    async with served(replace(settings, limits=limits)) as here:
        await sealed(here.runtime, b"{}")
        _, secret = await here.token()
        assert [(await here.ask(secret))[0] for _ in range(6)] == [200] * 4 + [429] * 2
        assert here.whole == [200, 429, 429]


async def test_without_the_ledger_nothing_goes_out_and_one_request_counts_once(
    settings: Settings,
) -> None:
    async with served(settings) as here:
        await sealed(here.runtime, b"{}")
        _, secret = await here.token()
        for _ in range(2):
            await here.ask(secret)
        ledger = here.runtime.ledger
        working = ledger.note

        def away(*_: object, **__: object) -> asyncio.Future[None]:
            failed = asyncio.get_running_loop().create_future()
            failed.set_exception(OutageError(source="The ledger", why="its database is away"))
            return failed

        ledger.note = away  # type: ignore[method-assign]
        status, _, told = await here.ask(secret)
        assert (status, told["content-type"]) == (503, "application/problem+json")
        ledger.note = working  # type: ignore[method-assign]
        assert (
            f"r={settings.limits.requests_per_minute - 4};"
            in (await here.ask(secret))[2]["ratelimit"]
        )
        assert await here.lines() == 3


async def test_while_postgresql_is_down_nothing_goes_out(
    settings: Settings, postgres: Postgres
) -> None:
    with postgres.database() as name:
        async with served(replace(settings, database=postgres.url(name))) as here:
            await sealed(here.runtime, b"{}")
            _, secret = await here.token()
            assert [(await here.ask(secret))[0] for _ in range(3)] == [200] * 3
            # Sessions that are broken are replaced, the one that notes among them.
            postgres.admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                           f" WHERE datname = '{name}'")  # fmt: skip
            assert (await here.ask(secret))[:2] == (200, b"{}")
            postgres.stop()
            try:
                status, body, told = await here.ask(secret)
            finally:
                await asyncio.to_thread(postgres.start)
            assert (status, told["content-type"]) == (503, "application/problem+json")
            assert b"{}" not in body
            assert [(await here.ask(secret))[:2] for _ in range(2)] == [(200, b"{}")] * 2
            found = await report(here.runtime, TENANT, REF)
            assert found.holds, found.wrong
            assert len(found.entries) == await here.lines() == 6


async def test_paths_that_are_known_are_so_many_at_most(settings: Settings) -> None:
    async with served(settings) as here:
        await sealed(here.runtime, b"{}")
        _, secret = await here.token()
        await here.ask(secret)
        (known,) = here.again._known.values()
        for number in range(MOST_PATHS - 1):
            here.again._known[f"/{number}"] = known
        await here.ask(secret, path=f"{PATH}?site=US")
        assert len(here.again._known) == MOST_PATHS
        assert PATH not in here.again._known
        assert (await here.ask(secret))[0] == 200
