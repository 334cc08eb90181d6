"""The page and docs/api.md say what openapi.yaml says, and their commands run."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from service.http.contract import Contract
from service.http.problems import TITLES
from service.http.reference import markdown, page
from tests.service.access.house import house
from tests.service.conftest import Checked

API = Path(__file__).parents[2] / "docs" / "api.md"


def test_the_list_of_calls_is_the_one_of_the_contract() -> None:
    """If not: python -m service.http.reference docs/api.md"""
    assert API.read_text("utf-8") == markdown(Contract.load())


def test_the_page_names_every_call_and_loads_nothing() -> None:
    shown = page(Contract.load()).decode()
    for id in Contract.load().operations:
        assert f'id="{id}"' in shown
    assert not re.findall(
        r"<(?:script|link|img|iframe)|@import|url\(|(?:src|href)=.?https?:", shown
    )


def test_every_problem_is_listed_and_nothing_else() -> None:
    listed = set(re.findall(r"^- `([a-z-]+)`$", API.read_text("utf-8"), re.M))
    assert listed == set(TITLES)


async def test_the_page_is_served_and_may_only_bring_its_style(ask: Checked) -> None:
    answer = await ask.get("/docs")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src")


async def test_every_command_of_the_list_is_one_that_the_service_understands(
    tmp_path: Path,
) -> None:
    """Of what they name nothing may be there; what they send must be right."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    commands = re.findall(r"^(curl .*)$", API.read_text("utf-8"), re.M)
    assert len(commands) == len(Contract.load().operations)
    async with house(tmp_path) as here:
        url = str(here.ask.client.make_url("")).rstrip("/")
        (tmp_path / "bundle.zip").write_bytes(b"PK")
        export = "order id,date,type\n112-4872913-5531402,2026-11-02,a-to-z\n"
        (tmp_path / "export.csv").write_text(export)
        environment = {
            "ORDERPROOF": url,
            "TOKEN": here.ours.tokens["admin"],
            "PATH": "/usr/bin:/bin",
        }
        for command in commands:
            process = await asyncio.create_subprocess_shell(
                f"{command} -m 60 -o out -D head".replace(" -OJ", ""),
                cwd=tmp_path,
                env=environment,
                stderr=asyncio.subprocess.DEVNULL,
            )
            await process.wait()
            status = int((tmp_path / "head").read_text().split()[1])
            # What is no bundle is refused (422) as it should be.
            fine = status < 300 or status in (404, 409) or "/v1/verify" in command
            assert fine or "/readyz" in command, (status, command, (tmp_path / "out").read_text())
