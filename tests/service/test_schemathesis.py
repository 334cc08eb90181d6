"""Somebody else's reading of openapi.yaml, and requests that nobody thought of."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from collectors.secrets import Secret
from service.access.callers import Whose
from service.app import make_app
from service.runner import Runner
from service.settings import Settings
from tests.service.conftest import REF
from tests.service.standin import AnItem, InMemoryEvidence

ROOT = Path(__file__).parents[2]
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance,negative_data_rejection"
)


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_generated_requests_find_nothing_the_contract_does_not_say(
    settings: Settings, held: InMemoryEvidence, tmp_path: Path
) -> None:
    if importlib.util.find_spec("schemathesis") is None:
        pytest.skip("schemathesis is not installed")
    settings = replace(settings, api_token=Secret("api_token", "right-token"))
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
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "run", str(ROOT / "openapi.yaml")),
            *("--url", f"http://127.0.0.1:{runner.addresses[0][1]}"),
            *("--phases", "examples,coverage,fuzzing", "--max-examples", "15"),
            *("--checks", CHECKS, "--request-timeout", "10", "--seed", "17"),
            *("--header", "Authorization: Bearer right-token", "--no-color"),
            cwd=tmp_path,
            env=os.environ | {"PYTHONWARNINGS": "ignore"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()[-26000:]
    finally:
        ending.cancel()
        await runner.cleanup()


async def _end_every_collection(held: InMemoryEvidence) -> None:
    """So that following one comes to an end."""
    while True:
        await asyncio.sleep(0.05)
        for collection in await held.unfinished():
            held.move(collection.id, state="sealed", complete=True)
