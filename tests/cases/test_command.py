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


OPEN = ("open", "--platform", "amazon", "--kind", "a-to-z", ORDER)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (
            (*OPEN, "--noticed-at", "2026-11-20T11:00:00"),
            "`noticed_at` was refused: it has no time",
        ),
        ((*OPEN, "--noticed-at", "yesterday"), "it is no time; write it as"),
        ((*OPEN, "--noticed-at", "0001-01-01T00:00:00+14:00"), "it is no time; write it as"),
        ((*OPEN, "--placed-on", "20.11.2026"), "`placed_on` was refused: it is no day"),
        ((*OPEN, "--platform", "bazaar"), "`platform` was refused: it is none of amazon"),
        (OPEN[:-1], "a case is about one order, or with `account`"),
        ((*OPEN, "--notice", "empty.txt"), "a paper was refused: it is empty"),
    ],
    ids=["no zone", "no time", "no year", "no day", "no platform", "no order", "empty"],
)
async def test_a_case_that_is_opened_wrongly_is_none(
    at_home: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    (at_home / "empty.txt").touch()
    assert await asyncio.to_thread(main, ["case", *words]) == 2
    assert why.lower() in capsys.readouterr().err.lower()
    assert await asyncio.to_thread(main, ["case", "list"]) == 0
    assert "There is no case" in capsys.readouterr().err


async def test_a_step_that_is_told_wrongly_was_not_taken(
    at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(*words: str) -> tuple[int, str, str]:
        code = await asyncio.to_thread(main, ["case", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    id = json.loads((await run(*OPEN, "--json"))[1])["id"]
    for step in ("collect", "ready"):
        assert (await run("step", id, step))[0] == 0
    sent = ("step", id, "submit", "--set", "channel=console", "--set", "confirm=true")
    for words, why in [
        (("--paper", "text.txt"), "not written as ROLE=FILE"),
        (("--paper", "event=text.txt"), "a paper's `role`"),
        (("--set", "channel"), "not written as NAME=VALUE"),
        (("--hint", "kind"), "not written as NAME=VALUE"),
        (
            ("--set", f'evidence=["{"AB" * 32}"]'),
            "`evidence` was refused: an entry is not a SHA-256",
        ),
        (("--set", 'evidence=["ab"'), "`evidence` was refused: it is not a list"),
        (("--set", 'headers=["a"]'), "`headers` was refused: it is not an object"),
        (("--set", "sent_at=2026-11-20 11:00"), "`sent_at` was refused: it has no time zone"),
        (("--set", "channel=pigeon"), "`channel` was refused: it is none of"),
    ]:
        code, out, err = await run(*sent, *words)
        assert (code, out) == (2, "") and why.lower() in err.lower(), (words, err)
    headers = '{"X-Request-Id": "r-1", "Set-Cookie": "session=1", "X-Amz-Signature": "s"}'
    code, out, _ = await run(*sent, "--set", f"headers={headers}", "--json")
    events = json.loads(out)["events"]
    assert code == 0 and events[-1]["step"] == "submit"
    # What may open something is not kept.
    assert events[-1]["said"]["headers"] == {
        "x-request-id": "r-1", "set-cookie": "[removed]", "x-amz-signature": "[removed]",
    }  # fmt: skip
    code, out, _ = await run("report", id, "coverage")
    assert code == 1 and json.loads(out)["orders"][0]["state"] == "missing"
    code, out, _ = await run("check", id, "text.txt")
    assert code == 1 and all(line.startswith("must ") for line in out.splitlines()), out
