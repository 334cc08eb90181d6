"""README is true: its configuration loads, its commands run as written, its excerpt is real."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from service.demo import story
from tests.ports import free_port

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PROGRAM = ".venv/bin/orderproof"
# All that a drawing of shapes needs: nothing that runs, loads or embeds.
DRAWN = frozenset(
    {"svg", "g", "defs", "path", "use", "symbol", "clipPath", "rect", "mask", "filter",
     "feColorMatrix", "linearGradient", "radialGradient", "stop", "line", "polyline", "circle"}
)  # fmt: skip


def block(language: str, *, holding: str) -> str:
    """The one fenced block that holds these words."""
    fenced = re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    (found,) = [text for text in fenced if holding in text]
    return str(found)


def commands(*, of: str) -> list[str]:
    """The indented lines that begin with `of`, without what follows a #."""
    lines = [line[4:] for line in README.splitlines() if line.startswith(f"    {of}")]
    return [line.partition(" #")[0].strip() for line in lines]


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Newcomer:
    """Somebody in a fresh folder, who put a sandbox where README has placeholders."""

    folder: Path
    environment: dict[str, str]
    port: int

    async def start(self, command: str) -> asyncio.subprocess.Process:
        words = command.replace("localhost:8321", f"localhost:{self.port}").split()
        if words[0] == PROGRAM:
            words = [sys.executable, "-m", "service.cli", *words[1:]]
        return await asyncio.create_subprocess_exec(
            *words,
            cwd=self.folder,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    async def run(self, command: str) -> Ran:
        process = await self.start(command)
        try:
            async with asyncio.timeout(100):
                out, err = await process.communicate()
        finally:
            await end(process)
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    @contextlib.asynccontextmanager
    async def background(self, command: str, *, says: bytes) -> AsyncIterator[str]:
        """Run it until the block ends; the line in which it said that it is ready."""
        process = await self.start(command)
        try:
            assert process.stderr is not None
            async with asyncio.timeout(60):
                while says not in (line := await process.stderr.readline()):
                    assert line, f"{command} ended"
            yield line.decode()
            process.terminate()
            async with asyncio.timeout(60):
                await process.communicate()
            assert process.returncode == 0
        finally:
            await end(process)


async def end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


@pytest.fixture
async def newcomer(tmp_path: Path) -> AsyncIterator[Newcomer]:
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ORDERPROOF_")} | {
        "PYTHONPATH": str(ROOT),
        "UPS_SECRET": "demo-secret",
        "ORDERPROOF_LISTEN": f"127.0.0.1:{port}",
        "NO_PROXY": "*",
    }
    someone = Newcomer(tmp_path, environment, port)
    story.write_story(tmp_path, sandbox_url="unused", data=tmp_path, keys=tmp_path)
    shutil.move(tmp_path / "erp", tmp_path / "exports")
    (sandbox,) = commands(of=f"{PROGRAM} sandbox")
    playing = sandbox.removesuffix("&") + f" --port {free_port()}"
    async with someone.background(playing, says=b"playing on") as line:
        (url,) = re.findall(r"http://\S+", line)
        text = block("toml", holding="[sources.ups]")
        text = text.replace("https://onlinetools.ups.com", url).replace('"…"', '"demo-client"')
        (tmp_path / "orderproof.toml").write_text(text, "utf-8")
        yield someone


async def test_the_commands_of_readme_work_as_written(newcomer: Newcomer) -> None:
    told = [line for line in commands(of=PROGRAM) if not line.endswith("&")]
    assert [line.split()[1] for line in told] == ["doctor", "collect", "bundle", "verify"]
    for line in told:
        ran = await newcomer.run(line)
        assert ran.code == 0, (line, ran)
    assert (newcomer.folder / "bundle.zip").is_file()
    again = await newcomer.run(told[2])
    assert again.code == 2
    assert "bundle.zip was refused: it is there already; name another file" in again.err


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
async def test_the_requests_of_readme_work_as_written(newcomer: Newcomer) -> None:
    (serve,) = commands(of=f"{PROGRAM} serve")
    post, events, manifest, bundle = commands(of="curl")
    async with newcomer.background(serve.removesuffix("&").strip(), says=b"listening on"):
        ran = await newcomer.run(post)
        assert " 202 " in ran.out.splitlines()[0], ran
        identity = json.loads(ran.out.rpartition("\r\n\r\n")[2])["id"]
        followed = await newcomer.run(events.replace("/ID/", f"/{identity}/"))
        assert "sealed" in followed.out, followed
        assert "payload" in json.loads((await newcomer.run(manifest)).out)
        assert (await newcomer.run(bundle)).code == 0
        checked = await newcomer.run(f"{PROGRAM} verify {bundle.split()[2]}")
        assert checked.code == 0, checked


def leveled(text: str) -> str:
    """The text on one line, without what differs from one run to the next."""
    text = " ".join(text.split())
    text = re.sub(r"\b[0-9a-f]{12} \d\d:\d\d:\d\d\b", "DIGEST TIME", text)
    text = re.sub(r"\b\d+\.\d s\b", "SECONDS", text)
    text = re.sub(r"\([\d,]+ bytes\)", "(BYTES)", text)
    # The first proof of delivery is flipped, whichever source was faster.
    text = re.sub(r"data/\d{4}-pod\.[\w.-]+", "data/POD", text)
    return re.sub(r"item \d+ \(", "item SEQ (", text)


async def test_the_excerpt_is_what_the_demo_says(newcomer: Newcomer) -> None:
    ran = await newcomer.run(f"{PROGRAM} demo")
    assert ran.code == 0, ran.err
    said = leveled(ran.out + ran.err)
    for line in block("", holding="1. Collect evidence").splitlines():
        wanted = re.sub(r"^\d+ (?=\w+\.\w+ )", "", leveled(line))
        assert wanted in said, line


def test_every_link_of_the_pages_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    assert len(pages) > 8
    for page in pages:
        text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)#\s]+)", text):
            if "://" not in target:
                assert (page.parent / target).exists(), (page.name, target)


def test_the_pictures_of_the_console_are_drawings_and_nothing_else() -> None:
    """If not: python -m tests.console.pictures docs"""
    names = re.findall(r"!\[[^\]]+\]\((docs/console-[a-z]+\.svg)\)", README)
    assert len(names) == 2
    for name in names:
        data = (ROOT / name).read_bytes()
        assert 10_000 < len(data) < 200_000, name
        assert data.startswith(b"<svg "), name
        shapes = 0
        for element in fromstring(data).iter():
            tag = element.tag.removeprefix("{http://www.w3.org/2000/svg}")
            assert tag in DRAWN, (name, tag)
            shapes += tag in ("path", "use", "rect")
            for key, value in element.items():
                assert not key.lower().startswith("on"), (name, key)
                if key.endswith("href") or "url(" in value:
                    assert value.startswith(("#", "url(#")), (name, value[:60])
        assert shapes > 300


def structure(text: str) -> list[str]:
    """What has to be alike in both languages: headings' levels, code, commands, links."""
    found, fenced = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
            found.append(line)
        elif fenced:
            found.append(line.partition("#")[0].rstrip())
        elif line.startswith("    make"):
            found.append(line[:13].rstrip())
        elif line.startswith("    "):
            found.append(line.partition(" #")[0].rstrip())
        elif line.startswith("#"):
            found.append(line.partition(" ")[0])
        else:
            links = re.findall(r"\]\(([^)]+)\)", line)
            found += sorted(link for link in links if not link.startswith("README"))
    return found


def test_the_chinese_readme_is_built_like_the_english_one() -> None:
    chinese = (ROOT / "README.zh-CN.md").read_text("utf-8")
    before, _, rest = README.partition("<!-- sources:")
    english = before + rest.partition("<!-- end of sources -->")[2]  # one table serves both
    assert structure(chinese) == structure(english)
