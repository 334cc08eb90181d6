"""Tokens on the way of an order: shared, carried, missing with a reason, and believed by others."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from auditor.keys import Keys
from auditor.report import State as Answer
from auditor.verify import verify_path
from evidence.canonical import canonical
from evidence.trusted_time import stamped_in
from service.demo import story
from service.health import health_of
from service.runtime import Account, Runtime
from service.sandbox.app import served
from service.sandbox.authority import PATH, SandboxAuthority
from service.settings import Settings
from service.timestamping.skew import ClockError
from storage.ledger.records import State
from tests.journeys.conftest import ENVIRONMENT, ORDER_PATH, Seller
from tests.journeys.processes import ask, sealed, serving, start


class Tsa:
    """The seller's time authority. `shut` makes it answer 503; `held` makes it wait."""

    def __init__(self) -> None:
        self.made = SandboxAuthority.make()
        self.asked = 0
        self.shut = False
        self.held = asyncio.Event()
        self.held.set()

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        query = await request.read()
        await self.held.wait()
        if self.shut:
            return web.Response(status=503)
        body = self.made.reply(query)
        return web.Response(body=body, content_type="application/timestamp-reply")


@pytest.fixture
async def tsa(seller: Seller) -> AsyncIterator[Tsa]:
    playing = Tsa()
    app = web.Application()
    app.router.add_post(PATH, playing.answer)
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(served(app))
        playing.made.leave(seller.folder / "trust")
        with seller.config.open("a", encoding="utf-8") as config:
            config.write(
                f'\n[[authority]]\nname = "tsa"\nurl = "{url}{PATH}"\nanswer_s = 60\n'
                f'certificate_file = "{seller.folder}/trust/tsa.pem"\n'
                f'roots_file = "{seller.folder}/trust/root.pem"\n'
            )
        yield playing


async def walked(runtime: Runtime, settings: Settings) -> Account:
    collection, _ = await runtime.request_collection(story.ORDER, tenant=settings.tenant)
    assert await runtime.walk(settings.tenant, collection.id) is State.SEALED
    return await runtime.account(settings.tenant, story.ORDER)


async def bundled(runtime: Runtime, tsa: Tsa, to: Path) -> list[tuple[Answer, str]]:
    """Write the bundle; what an auditor who pinned all keys says of its times. It must hold."""
    settings = runtime.settings
    await runtime.bundle(settings.tenant, story.ORDER, profile="bagit", to=to)
    own = runtime.vault.public_keys(settings.tenant, settings.origin_of(settings.tenant))
    keys = Keys.parse(canonical({**own, "tsa": [tsa.made.pin]}))
    report = verify_path(to, key=keys)
    assert report.ok, report.lines()
    return [(check.state, check.what) for check in report.checks if check.name == "time"]


async def test_a_bundle_carries_both_tokens_and_openssl_believes_them(
    seller: Seller, tsa: Tsa, tmp_path: Path
) -> None:
    settings = seller.settings()
    async with await Runtime.open(settings) as runtime:
        account = await walked(runtime, settings)
        times = await bundled(runtime, tsa, tmp_path / "bundle.zip")
        first = (tmp_path / "bundle.zip").read_bytes()
        await bundled(runtime, tsa, tmp_path / "again.zip")
    assert [state for state, _ in times] == [Answer.PASS, Answer.PASS]
    assert tsa.asked == 2
    assert (tmp_path / "again.zip").read_bytes() == first
    assert account.statement is not None
    told = stamped_in(account.statement.trusted_time)
    assert told is not None
    assert (told.authority, told.size) == ("tsa", account.statement.log["size"])
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: nobody else judged the bundle's tokens here")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        archive.extractall(tmp_path / "bag")
    (bag,) = (tmp_path / "bag").iterdir()
    for folder in ("before-read", "sealed"):
        proof, trust = bag / "proof" / folder, seller.folder / "trust"
        for about in (["-data", str(proof / "checkpoint")], ["-queryfile", f"{proof}/query.tsq"]):
            subprocess.run(
                ["openssl", "ts", "-verify", *about, "-in", str(proof / "token.tsr"),
                 "-CAfile", str(trust / "root.pem"), "-untrusted", str(trust / "tsa.pem")],
                check=True, capture_output=True,
            )  # fmt: skip


async def test_reading_does_not_wait_for_the_token_and_the_seal_does(
    seller: Seller, tsa: Tsa
) -> None:
    tsa.held.clear()
    settings = seller.settings()
    steps: list[str] = []

    async def watch(step: str, _: str) -> None:
        steps.append(step)
        if step == "time":  # everything was read and judged by now
            assert {"read", "verify"} <= set(steps)
            assert tsa.asked == 1
            tsa.held.set()

    async with await Runtime.open(settings) as runtime:
        collection, _ = await runtime.request_collection(story.ORDER, tenant=settings.tenant)
        assert await runtime.walk(settings.tenant, collection.id, watch) is State.SEALED
        account = await runtime.account(settings.tenant, story.ORDER)
    assert steps.index("time") < steps.index("seal")
    assert account.statement is not None
    assert stamped_in(account.statement.trusted_time) is not None


async def test_without_an_answer_the_order_is_sealed_honestly_and_a_later_bundle_has_a_token(
    seller: Seller, tsa: Tsa, tmp_path: Path
) -> None:
    tsa.shut = True
    settings = seller.settings()
    async with await Runtime.open(settings) as runtime:
        account = await walked(runtime, settings)
        times = await bundled(runtime, tsa, tmp_path / "early.zip")
    assert account.statement is not None
    said = account.statement.trusted_time
    assert said.startswith("missing: no token came before the seal (tsa: it answered HTTP 503)")
    assert {state for state, _ in times} == {Answer.INCONCLUSIVE}
    tsa.shut = False
    async with await Runtime.open(settings) as runtime:
        times = await bundled(runtime, tsa, tmp_path / "late.zip")
    assert [state for state, _ in times] == [Answer.INCONCLUSIVE, Answer.PASS]


async def test_orders_that_share_a_checkpoint_share_its_token(seller: Seller, tsa: Tsa) -> None:
    settings = seller.settings()
    async with await Runtime.open(settings) as runtime:
        orders = [story.ORDER, type(story.ORDER)(story.ORDER.platform, story.NEIGHBOUR, "US")]
        asked = [
            (await runtime.request_collection(order, tenant=settings.tenant, sources=["erp"]))[0]
            for order in orders
        ]
        await asyncio.gather(*(runtime.walk(settings.tenant, each.id) for each in asked))
        sizes = set()
        for order in orders:
            account = await runtime.account(settings.tenant, order)
            assert account.statement is not None
            told = stamped_in(account.statement.trusted_time)
            assert told is not None
            sizes.add(told.size)
            for line in account.items:
                if line.role == "statement" and line.log_index is not None:
                    note = await runtime.ledger.first_checkpoint_covering(
                        settings.tenant, line.log_index
                    )
                    sizes.add(int(note.split(b"\n")[1]))
    assert tsa.asked == len(sizes)  # one question a checkpoint, whoever it serves


async def test_a_service_killed_between_checkpoint_and_token_asks_again_and_seals(
    seller: Seller, tsa: Tsa, tmp_path: Path
) -> None:
    tsa.held.clear()
    server = await start(seller.config, ENVIRONMENT, tmp_path / "log")
    try:
        _, headers, _ = await ask("POST", f"{server.url}{ORDER_PATH}/collections", {})
        async with asyncio.timeout(60):
            while not tsa.asked:  # the checkpoint stands, its token is under way
                await asyncio.sleep(0.02)
    finally:
        await server.kill()
    tsa.held.set()
    async with serving(seller.config, ENVIRONMENT, tmp_path / "log2") as server:
        done = await sealed(server.url + headers["Location"])
        assert (done["state"], done["complete"]) == ("sealed", True)
    async with await Runtime.open(seller.settings()) as runtime:
        times = await bundled(runtime, tsa, tmp_path / "bundle.zip")
        account = await runtime.account(runtime.settings.tenant, story.ORDER)
    assert [state for state, _ in times] == [Answer.PASS, Answer.PASS]
    roles = [str(item.role) for item in account.items]
    assert roles.count("manifest") == roles.count("statement") == 1


async def test_a_clock_an_hour_off_seals_nothing_until_it_is_right(
    seller: Seller, tsa: Tsa, tmp_path: Path
) -> None:
    settings = seller.settings()
    wrong = timedelta(hours=2)
    async with await Runtime.open(settings, clock=lambda: datetime.now(UTC) + wrong) as runtime:
        collection, _ = await runtime.request_collection(story.ORDER, tenant=settings.tenant)
        for _ in range(2):  # the second time, no source is asked any more
            with pytest.raises(ClockError, match="ahead of the time authority tsa"):
                await runtime.walk(settings.tenant, collection.id)
        account = await runtime.account(settings.tenant, story.ORDER)
        assert account.collections[0].state is State.VERIFYING
        assert account.statement is None
        health = {part.part: part for part in await health_of(runtime)}
        assert not health["clock"].ok
        before = len(await seller.asked())
        other = type(story.ORDER)(story.ORDER.platform, story.NEIGHBOUR, "US")
        second, _ = await runtime.request_collection(other, tenant=settings.tenant)
        with pytest.raises(ClockError):
            await runtime.walk(settings.tenant, second.id)
        assert len(await seller.asked()) == before
    async with await Runtime.open(settings) as runtime:
        assert await runtime.walk(settings.tenant, collection.id) is State.SEALED
        times = await bundled(runtime, tsa, tmp_path / "bundle.zip")
    assert any("off by as much" in what for _, what in times)
    assert any("claims a time after" in what for _, what in times)


@pytest.fixture(autouse=True)
def _no_config_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
