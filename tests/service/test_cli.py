"""The command line, run as a person would: exit codes, what is on stdout and what on stderr."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from service.cli import COMMANDS, main
from service.cli.progress import Progress
from service.cli.terminal import plain, size_of

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str


def orderproof(*words: str, cwd: Path, **environment: str) -> Said:
    ended = subprocess.run(
        [sys.executable, "-m", "service.cli", *words],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return Said(ended.returncode, ended.stdout, ended.stderr)


def one_sentence(said: Said) -> bool:
    return (
        said.err.startswith("orderproof: ")
        and said.err.count("\n") == 1
        and "Traceback" not in said.err
    )


def test_the_demos_invented_order_never_gets_among_the_houses_evidence(tmp_path: Path) -> None:
    """As in a container, whose environment names its volumes."""
    data, keys = tmp_path / "data", tmp_path / "keys"
    house = {"ORDERPROOF_DATA": str(data), "ORDERPROOF_KEYS": str(keys)}
    said = orderproof("demo", "--keep", "demo", "--json", cwd=tmp_path, **house)
    assert said.code == 0, said.err
    assert not data.exists() and not keys.exists()
    assert (tmp_path / "demo" / "bundle.zip").is_file()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: orderproof {command}" in capsys.readouterr().out


def test_no_command_at_all_shows_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert all(command in capsys.readouterr().out for command in ["verify"])


def test_verify_imports_nothing_of_the_service(tmp_path: Path) -> None:
    """A stranger's check must not need, nor wait for, what only the service needs."""
    program = (
        "import sys; from service.cli import main; main(['verify', '/nowhere']);"
        "print(sorted({m.partition('.')[0] for m in sys.modules}"
        " & {'aiohttp', 'arq', 'boto3', 'jsonschema_rs', 'pypdf', 'redis', 'rich', 'sqlalchemy',"
        " 'structlog', 'yaml', 'PIL', 'collectors', 'storage', 'verifiers'}))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout == "[]\n"


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "not-there.zip"),
        ("verify", "text.txt"),
        ("verify", "."),
        ("verify", "text.txt", "--key", "not-there.pem"),
        ("verify", "text.txt", "--key", "text.txt"),
        ("--config", "not-there.toml", "manifest", "112-4872913-5531402"),
        ("--config", "text.txt", "doctor"),
        ("manifest", "12345678"),
        ("manifest", "amazon:12345678"),
        ("manifest", "112-4872913-5531402", "--site", "USA"),
        ("collect", "112-4872913-5531402", "--noticed-at", "2026-01-01T00:00:00Z"),
        ("bundle", "112-4872913-5531402", "-o", "text.txt"),
        ("sandbox", "--port", "99999"),
        ("sandbox", "--scenario", "not-there.toml"),
    ],
    ids=" ".join,
)
def test_what_could_not_be_asked_is_one_sentence_and_exit_2(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "text.txt").write_text("plain text\n")
    said = orderproof(*words, cwd=tmp_path)
    assert (said.code, said.out) == (2, "")
    assert one_sentence(said), said.err


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_settings_are_named_before_the_command_or_after_it(tmp_path: Path, first: bool) -> None:
    named, command = ("--config", "elsewhere.toml"), ("manifest", "112-4872913-5531402")
    said = orderproof(*(named + command if first else command + named), cwd=tmp_path)
    assert said.code == 2
    assert "elsewhere.toml" in said.err


def test_debug_shows_where_an_error_comes_from(tmp_path: Path) -> None:
    said = orderproof("verify", "not-there.zip", "--debug", cwd=tmp_path)
    assert said.code == 2
    assert "Traceback" in said.err


def test_a_command_that_is_none_is_exit_2(tmp_path: Path) -> None:
    said = orderproof("improve", cwd=tmp_path)
    assert (said.code, said.out) == (2, "")


def test_a_bundle_that_does_not_hold_is_exit_1_and_json_says_why(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "false.zip", "w") as bundle:
        bundle.writestr("bag/bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    said = orderproof("verify", "false.zip", "--json", cwd=tmp_path)
    assert (said.code, said.err) == (1, "")
    report = json.loads(said.out)
    assert report["answer"] == "not ok"
    assert "fail" in {check["state"] for check in report["checks"]}
    assert orderproof("verify", "false.zip", cwd=tmp_path).out.endswith("\n")


def test_progress_is_plain_lines_where_nobody_looks() -> None:
    said = io.StringIO()

    async def walk() -> None:
        with Progress(Console(file=said, width=80), total=2) as progress:
            for step, words in [
                ("ups", "asking"),
                ("folder", "asking"),
                ("folder", "brought"),
                ("ups", "it answered 500 \x1b[2J"),
                ("read", "3 items"),
                ("verify", "9 facts"),
                ("seal", "sealed, incomplete"),
            ]:
                await progress.watch(step, words)

    asyncio.run(walk())
    lines = said.getvalue().splitlines()
    assert len(lines) == 7
    assert "\x1b" not in said.getvalue()
    assert "ups: it answered 500 \\x1b[2J" in lines[3]


def test_progress_is_a_bar_that_fills_where_somebody_looks() -> None:
    said = io.StringIO()

    async def walk() -> None:
        console = Console(file=said, force_terminal=True, width=80)
        with Progress(console, total=1) as progress:
            await progress.watch("ups", "asking")
            await progress.watch("ups", "brought")
            await progress.watch("seal", "sealed, complete")

    asyncio.run(walk())
    assert "4/4" in said.getvalue()


def test_text_from_outside_cannot_steer_a_terminal() -> None:
    assert plain("a\x1b[2Jb\u202ec\n") == "a\\x1b[2Jb\\u202ec\n"
    assert plain("签收.pdf") == "签收.pdf"


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (2 * 10**9, "2.0 GB")]
)
def test_sizes_are_said_for_people(size: int, text: str) -> None:
    assert size_of(size) == text


def test_a_log_line_says_where_an_error_was_raised_and_nothing_it_held(tmp_path: Path) -> None:
    program = (
        "import structlog; from service.cli.logs import set_up; set_up()\n"
        "secret = 'Jane ' + 'Doe'\n"
        "try: int(secret)\n"
        "except ValueError: structlog.get_logger().exception('failed', collection='c1')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    line = json.loads(ended.stderr)
    assert (line["event"], line["kind"], line["where"]) == ("failed", "ValueError", ["<string>:3"])
    assert "Jane" not in ended.stdout + ended.stderr
