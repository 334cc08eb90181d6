"""`orderproof case`, as a person would run it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from service.cli import main
from tests import shape
from tests.cases.house import ORDER


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "drop").mkdir()
    config = tmp_path / "orderproof.toml"
    config.write_text('[sources.notes]\ncollector = "folder"\nfolder = "drop"\n', "utf-8")
    shape.configured(config)
    (tmp_path / "notice.txt").write_text(f"A claim was filed for order {ORDER}.", "utf-8")
    (tmp_path / "text.txt").write_text("The parcel was delivered on 14 November.", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_a_case_by_hand_from_the_notice_to_the_sealed_file(
    at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(*words: str) -> tuple[int, str]:
        code = await asyncio.to_thread(main, ["case", *words])
        return code, capsys.readouterr().out

    opening = ("open", "--platform", "amazon", "--kind", "a-to-z", "--notice", "notice.txt")
    when = ("--noticed-at", "2026-11-20T11:00:00Z", ORDER, "--json")
    code, out = await run(*opening, *when)
    case = json.loads(out)
    assert (code, case["state"], case["orders"]) == (0, "noticed", [f"amazon:{ORDER} (US)"])
    assert json.loads((await run(*opening, *when))[1])["id"] == case["id"]
    for step in ("collect", "ready"):
        assert (await run("step", case["id"], step))[0] == 0
    sent = ("--set", "channel=console", "--set", f'evidence=["{"ab" * 32}"]')
    unsaid = await run("step", case["id"], "submit", *sent, "--paper", "submission=text.txt")
    assert unsaid[0] == 2
    code, out = await run(
        "step", case["id"], "submit", *sent, "--set", "confirm=true", "--paper",
        "submission=text.txt",
    )  # fmt: skip
    assert code == 0 and "submit    -> submitted" in out and "quiet-over" in out
    code, out = await run("list", "--due-before", "2100-01-01T00:00:00Z")
    assert code == 0 and case["id"] in out
    assert (await run("show", "ab" * 16))[0] == 1
    code, out = await run("report", case["id"], "coverage", "--json")
    assert code == 1 and json.loads(out)["said"]["verdict"] == "fail"
    code, out = await run("check", case["id"], "text.txt", "--json")
    assert code == 1 and not json.loads(out)["said"]["sendable"]
    assert (await run("seal", case["id"], "-o", "case.zip"))[0] == 0
    code, out = await run("verify", "case.zip")
    assert code == 0 and "lead to the state submitted" in out
    spoilt = bytearray((at_home / "case.zip").read_bytes())
    spoilt[len(spoilt) // 3] ^= 1
    (at_home / "spoilt.zip").write_bytes(spoilt)
    assert (await run("verify", "spoilt.zip"))[0] == 1
