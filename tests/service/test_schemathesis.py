"""Somebody else's reading of openapi.yaml, and requests that nobody thought of.

Once over a small service in memory, where everything can be asked for; then over a real one with
two tenants, as three roles and as nobody: nothing of the other tenant may be in any answer.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from collectors.secrets import Secret
from service.access.callers import Whose
from service.http.app import make_app
from service.http.runner import Runner
from service.settings import Limits, Settings
from tests.service.access.house import house
from tests.service.conftest import REF
from tests.service.standin import InMemoryEvidence
from tests.service.standin_parts import AnItem

ROOT = Path(__file__).parents[2]
# Not that data of the right shape is accepted: an order's number has a shape of its platform's.
LEFT_OUT = "positive_data_acceptance"
MANY = Limits(requests_per_minute=10**9)
# What the four runs over a real service must have made; ORDERPROOF_CASES=200 asks for 20,000.
LEAST = 2_000


async def _run(cwd: Path, url: str, *words: str, environment: Mapping[str, str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", str(ROOT / "openapi.yaml")),
        *("--url", url, "--request-timeout", "60", "--seed", "17", "--no-color"),
        *("--checks", "all", "--exclude-checks", LEFT_OUT, *words),
        cwd=cwd,
        env=os.environ | {"PYTHONWARNINGS": "ignore", "PYTHONPATH": str(ROOT)} | dict(environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_generated_requests_find_nothing_the_contract_does_not_say(
    settings: Settings, held: InMemoryEvidence, tmp_path: Path
) -> None:
    if importlib.util.find_spec("schemathesis") is None:
        pytest.skip("schemathesis is not installed")
    settings = replace(settings, api_token=Secret("api_token", "right-token"), limits=MANY)
    runner = Runner(make_app(settings, opening=held.opening), shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await held.request_collection(
        REF,
        whose=Whose("default"),
        store="default",
        policy=None,
        sources=None,
        defect=None,
        idempotency_key=None,
    )
    held.move("c0000001", state="sealed", complete=True)
    account = held.accounts["default", REF]
    account.items = [AnItem(b"%PDF-1.7", 0, account.order.commitment)]
    held.seal("default", REF)
    ending = asyncio.create_task(_end_every_collection(held))
    try:
        code, said = await _run(
            tmp_path,
            f"http://127.0.0.1:{runner.addresses[0][1]}",
            *("--phases", "examples,coverage", "--header", "Authorization: Bearer right-token"),
            environment={},
        )
        assert code == 0, said[-26000:]
    finally:
        ending.cancel()
        await runner.cleanup()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_no_role_and_nobody_gets_anything_of_another_tenant(tmp_path: Path) -> None:
    if importlib.util.find_spec("schemathesis") is None:
        pytest.skip("schemathesis is not installed")
    examples = os.environ.get("ORDERPROOF_CASES", "17")
    roles = os.environ.get("ORDERPROOF_ROLES", "admin auditor appeal-tool nobody").split()
    async with house(tmp_path, limits=MANY) as here:
        url = str(here.ask.client.make_url("")).rstrip("/")
        seeded = {
            "ours": here.ours.names,
            "theirs": here.theirs.names,
            "traces": [t for t in here.theirs.traces if t != here.theirs.ref.id],
        }
        environment = {
            "SCHEMATHESIS_HOOKS": "tests.service.access.hooks",
            "ORDERPROOF_SEEDED": json.dumps(seeded),
        }
        asked = 0
        for role in roles:
            words = ["--phases", "fuzzing,stateful", "--max-examples", examples]
            words += ["--exclude-operation-id", "watchCollection"]
            if role != "nobody":
                words += ["--header", f"Authorization: Bearer {here.ours.tokens[role]}"]
            (folder := tmp_path / f"as-{role}").mkdir()
            code, said = await _run(folder, url, *words, environment=environment)
            assert code == 0, f"as {role}: {said[-20000:]}"
            asked += sum(map(int, re.findall(r"(\d+) generated", said)))
        print(f"{asked} cases")  # what a long run by hand is for
        assert asked >= LEAST * len(roles) / 4


async def _end_every_collection(held: InMemoryEvidence) -> None:
    """So that following one comes to an end."""
    while True:
        await asyncio.sleep(0.05)
        for collection in held.unfinished():
            held.move(collection.id, state="sealed", complete=True)
