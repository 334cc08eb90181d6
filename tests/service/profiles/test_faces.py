"""Profiles through the command's and the API's own faces."""

from __future__ import annotations

import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from service.cli import main
from service.demo import story
from service.http.app import make_app
from service.runtime import Runtime
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import parse_scenario
from service.settings import load_settings
from tests.service.test_reviewer import SECRET
from verifiers.forms.lint import lint

pytestmark = pytest.mark.timeout(240)

ORDER = story.ORDER.id


@pytest.fixture
async def config(tmp_path: Path) -> AsyncIterator[Path]:
    """The demo's order, collected and sealed."""
    async with run_sandbox(parse_scenario(story.SCENARIO.encode())) as url:
        config = story.write_story(
            tmp_path / "seller", sandbox_url=url, data=tmp_path / "data", keys=tmp_path / "keys"
        )
        async with await Runtime.open(load_settings(config, environment=SECRET)) as opened:
            tenant = opened.settings.tenant
            made, _ = await opened.request_collection(
                story.ORDER, tenant=tenant, defect=story.DEFECT
            )
            assert await opened.walk(tenant, made.id) == "sealed"
        yield config


@pytest.mark.row("S3-14")
async def test_the_api_makes_a_bundle_or_says_every_reason_why_not(
    config: Path, tmp_path: Path
) -> None:
    settings = load_settings(config, environment=SECRET)
    async with TestClient(TestServer(make_app(settings))) as client:
        body = {"profile": "court", "orders": [{"platform": "amazon", "order_id": ORDER}]}
        async with client.post("/v1/bundles", json=body) as answer:
            assert answer.status == 200, await answer.text()
            assert answer.headers["Content-Type"] == "application/zip"
            (tmp_path / "court.zip").write_bytes(await answer.read())
        with (tmp_path / "court.zip").open("rb") as file:
            assert lint(file).ok
        body["profile"] = "tiktok"
        async with client.post("/v1/bundles", json=body) as answer:
            assert answer.status == 422
            problem = await answer.json()
        assert problem["type"] == "urn:orderproof:problem:not-taken"
        (why,) = problem["errors"]
        assert why["pointer"] == "/body/orders/0" and "orders of tiktok" in why["detail"]
        assert ORDER not in json.dumps(problem), "what a caller sent is never repeated"
        async with client.get(
            f"/v1/orders/amazon/{ORDER}/bundle", params={"profile": "nobody"}
        ) as answer:
            assert answer.status == 422
        unknown = {"profile": "court", "orders": [{"platform": "amazon", "order_id": "1"}]}
        async with client.post("/v1/bundles", json=unknown) as answer:
            assert (await answer.json())["errors"][0]["pointer"] == "/body/orders/0"


async def test_the_command_makes_a_bundle_or_says_every_reason_why_not(
    config: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import asyncio

    def orderproof(*words: str) -> int:
        return main(["--config", str(config), *words])

    monkeypatch.setenv("ORDERPROOF_DEMO_UPS_SECRET", SECRET["ORDERPROOF_DEMO_UPS_SECRET"])
    run = asyncio.to_thread
    to, audit = tmp_path / "court.zip", tmp_path / "audit"
    made = ["bundle", ORDER, "--profile", "court", "-o", str(to), "--audit", str(audit)]
    assert await run(orderproof, *made) == 0
    assert "orders 1" in capsys.readouterr().out
    assert await run(orderproof, "profile", "lint", str(to)) == 0
    (bag,) = audit.iterdir()
    assert await run(orderproof, "verify", str(bag)) == 0
    capsys.readouterr()
    wrong = ["bundle", ORDER, "--profile", "tiktok", "-o", str(tmp_path / "b.zip"), "--json"]
    assert await run(orderproof, *wrong) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["made"] is False and "is for orders of tiktok" in told["whys"][0]["says"]
    for odd in (
        ["--set", "x"], ["--leave-out", "a"], ["--link", "x"], ["--show", "3"],
        ["--link", f"{ORDER}=https://e.example/1,tomorrow"],
        ["--link", f"{ORDER}=https://e.example/1,2026-12-01T00:00:00"],
        ["--links-at", "https://e.example", "--links-last", "0"],
    ):  # fmt: skip
        assert await run(orderproof, *wrong, *odd) == 2, odd
    capsys.readouterr()
    two = [made[0], "112-4832917-2201846", *made[1:4], "--leave-out", "1", "-o", "b.zip"]
    assert await run(orderproof, *two) == 2 and "as ORDER=SEQ" in capsys.readouterr().err
    assert await run(orderproof, *wrong[:-1]) == 1  # to a person
    assert "why not: " in (said := capsys.readouterr().err) and "is for orders of tiktok" in said
    assert await run(orderproof, *made[:-2]) == 2
    assert "it is there already" in capsys.readouterr().err
    least = [*made[:4], "-o", str(tmp_path / "least.zip"), "--report", "none", "--json"]
    # What a person keeps back is never sent along in silence.
    assert await run(orderproof, *least, "--leave-out", f"{ORDER}=0,1", "--leave-out", "2") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["made"] is False and "nothing can be left out" in told["whys"][0]["says"]
    assert not (tmp_path / "least.zip").exists()
    assert await run(orderproof, *least) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["made"] is True and told["orders"] == 1
    assert told["size"] == (tmp_path / "least.zip").stat().st_size
    whole, less = (zipfile.ZipFile(file).namelist() for file in (to, tmp_path / "least.zip"))
    assert {Path(name).name for name in set(whole) ^ set(less)} <= {"report.pdf"}
