"""`orderproof policy`, through the command's own face; and an operator's own policies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.cli import main
from service.runtime import Runtime
from service.settings import load_settings
from verifiers.rulebook import built_in


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """An operator's copy of a policy, with its examples beside it."""
    folder = tmp_path / "policies"
    (folder / "examples").mkdir(parents=True)
    for name in ("ebay.inr.toml", "examples/ebay.inr.toml"):
        (folder / name).write_text((built_in() / name).read_text("utf-8"), "utf-8")
    return folder


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_all_that_come_with_the_program_hold_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "lint"]) == 0
    assert main(["policy", "test"]) == 0
    assert "examples are judged as written" in capsys.readouterr().out


def test_an_edited_rule_is_judged_without_a_line_of_python(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "test", str(own)]) == 0
    edit(own / "ebay.inr.toml", "order.total >= 750 USD", "order.total >= 800 USD")
    assert main(["policy", "test", str(own), "--json"]) == 1
    answers = json.loads(capsys.readouterr().out.partition("\n")[2])
    wrong = {answer["example"] for answer in answers if answer["differences"]}
    assert "at 750.00 one is" in wrong


def test_a_mistyped_rule_is_named(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(own / "ebay.inr.toml", "business_days", "work_days")
    assert main(["policy", "lint", str(own)]) == 1
    assert "EBY-INR-01.reply" in capsys.readouterr().out


def test_what_is_asked_for_is_told_with_who_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "explain", "--platform", "amazon", "--defect", "A-to-z"]) == 0
    told = capsys.readouterr().out
    for words in ("only if order.site is one of GB, UK", "contradicted, see CG-01", "<- held to"):
        assert words in told
    held = next(line for line in told.splitlines() if "<- held to" in line and "odr.window" in line)
    assert "90 days" in held


@pytest.mark.parametrize("name", ["no.such", "missing/file.toml"])
def test_a_policy_that_is_not_there_is_said_to_be_so(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["policy", "explain", name]) == 2
    assert "no id, file or folder" in capsys.readouterr().err


def test_a_draft_is_counted_and_looked_through(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = tmp_path / "draft.txt"
    draft.write_text("快" * 200, "utf-8")
    assert main(["policy", "text", "tiktok.odr", str(draft)]) == 0
    draft.write_text("快" * 201, "utf-8")
    assert main(["policy", "text", "tiktok.odr", str(draft)]) == 1
    draft.write_text("Delivered.\nMaybe late.", "utf-8")
    assert main(["policy", "text", "tiktok.odr", str(draft)]) == 1
    assert "line 2: “Maybe”" in capsys.readouterr().out


async def test_an_operators_own_policy_replaces_ours(own: Path, tmp_path: Path) -> None:
    edit(own / "ebay.inr.toml", 'version = "', 'version = "mine-')
    config = tmp_path / "orderproof.toml"
    config.write_text('policies = "policies"\n', "utf-8")
    async with await Runtime.open(load_settings(config, environment={})) as runtime:
        assert runtime.policy("ebay.inr").version.startswith("mine-")
        assert not runtime.policy("ebay.inad").version.startswith("mine-")
