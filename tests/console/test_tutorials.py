"""docs/tutorials/ as they stand: every command is run, and what they name stands on its page."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
from html import unescape
from pathlib import Path

import pytest

from service.access.callers import Role
from service.demo import story
from tests.console.conftest import Visitor
from tests.console.stage import Stage
from tests.ports import free_port

pytestmark = pytest.mark.asyncio(loop_scope="package")

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "tutorials"
CHINESE = "appeal-tool.zh-CN.md"
SERVICE, SANDBOX = 8321, 8322


def commands(name: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (FOLDER / name).read_text("utf-8"), re.M | re.S)


async def done(folder: Path, name: str, **environment: str) -> str:
    """All that the tutorial's commands say, once bash has run every one of them without a fault.

    The two ports that a tutorial names are others here; what it starts beside itself ends with it.
    """
    for tool in ("bash", "curl", "jq", "openssl"):
        if shutil.which(tool) is None:
            pytest.skip(f"THE TUTORIALS ARE UNCHECKED: {tool} is not installed")
    text = "\n".join(commands(name))
    service, sandbox = free_port(), free_port()
    text = text.replace(f":{SERVICE}", f":{service}").replace(f":{SANDBOX}", f":{sandbox}")
    text = text.replace("orderproof sandbox &", f"orderproof sandbox --port {sandbox} &")
    moved = f"cd out/seller\nsed -i 's/:{SANDBOX}/:{sandbox}/' orderproof.toml\n"
    text = text.replace("cd out/seller\n", moved)
    command = folder / "orderproof"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m service.cli "$@"\n')
    command.chmod(0o755)
    heard = folder / "heard.txt"
    with heard.open("wb") as out:  # no pipe: what goes on beside would hold it open
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", text),
            cwd=folder,
            env={
                "PATH": f"{folder}:{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "HOME": str(folder),
                "NO_PROXY": "*",
                "ORDERPROOF_LISTEN": f"127.0.0.1:{service}",
                **environment,
            },
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(200):
            await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    said = heard.read_text("utf-8", "replace")
    assert process.returncode == 0, said
    return said


@pytest.mark.timeout(240)
async def test_the_appeal_writers_tutorial_does_what_it_says(here: Stage, tmp_path: Path) -> None:
    token = here.tokens[Role.APPEAL_TOOL]
    said = await done(tmp_path, "appeal-tool.md", ORDERPROOF=here.url, TOKEN=token)
    assert "16 hours apart" in said
    assert "helpful, weak: Messages in which the buyer acknowledges receipt" in said
    assert "sendable: true\nadvice: 'Maybe'" in said
    assert re.search(r"^order 112-4832917-2201845: .*proof of delivery is missing", said, re.M)
    assert "The second attempt is to be ready by then." in said
    assert "events lead to the state denied" in said


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_the_auditors_tutorial_does_what_it_says(tmp_path: Path) -> None:
    said = await done(tmp_path, "auditor.md")
    assert "\nok, trust: pinned" in said
    assert "\nnot ok, trust: pinned" in said
    assert "exit code 1" in said
    assert "Verified OK" in said


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_the_operators_tutorial_does_what_it_says(tmp_path: Path) -> None:
    said = await done(tmp_path, "operator.md")
    assert "\nsealed\n" in said


@pytest.mark.parametrize(
    ("name", "role", "words"),
    [
        ("appeal-tool.md", Role.APPEAL_TOOL, "en"),
        (CHINESE, Role.APPEAL_TOOL, "zh"),
        ("auditor.md", Role.AUDITOR, "en"),
        ("operator.md", Role.OPERATOR, "en"),
    ],
)
async def test_what_a_tutorial_names_stands_on_the_page(
    here: Stage, visitor: Visitor, name: str, role: Role, words: str
) -> None:
    """What is bold after a page was named, up to the next heading, is on that page."""
    await visitor.sign_in(here.tokens[role])
    seen, page = 0, ""
    for block in re.split(r"\n\n+", (FOLDER / name).read_text("utf-8")):
        if block.startswith("#"):
            page = ""
        if paths := re.findall(r"`(/console/[\w/-]+)`", block):
            shown = await visitor.get(f"{paths[-1]}?words={words}")
            assert shown.status == 200, paths
            page = flat(unescape(re.sub(r"<[^>]+>", "", shown.text)))
        if page:
            for bold in re.findall(r"\*\*(.+?)\*\*", flat(block)):
                assert bold in page, bold
                seen += 1
    assert seen >= 2


def flat(text: str) -> str:
    return " ".join(text.split())


async def test_the_chinese_tutorial_has_the_commands_of_the_english_one() -> None:
    assert commands(CHINESE) == commands("appeal-tool.md")
    assert len(commands(CHINESE)) == 9
    assert story.ORDER.id in (FOLDER / CHINESE).read_text("utf-8")
