"""One running service for each file of rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from service.cli import main
from tests.scenarios.desk import Desk, desk

Command = Callable[..., Awaitable[tuple[int, str]]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[Desk]:
    """The service, with the vendors that the module names in VENDORS; ACCOUNTS is theirs."""
    folder = tmp_path_factory.mktemp("desk")
    vendors = getattr(request.module, "VENDORS", ())
    async with desk(folder, *vendors, accounts=getattr(request.module, "ACCOUNTS", None)) as opened:
        yield opened


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """`orderproof WORDS…` in a folder of the test's own: exit code, and what was printed."""
    monkeypatch.chdir(tmp_path)

    async def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = await asyncio.to_thread(main, list(words))
        return code, capsys.readouterr().out

    return run
