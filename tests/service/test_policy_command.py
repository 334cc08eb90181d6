"""`orderproof policy`, through the command's own face; and an operator's own policies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence.wording import MAX_DRAFT
from service.cli import main
from service.runtime import Runtime
from service.settings import load_settings
from verifiers.rulebook import built_in, policies


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


def told_by(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["policy", *words])
    found = capsys.readouterr()
    return code, found.out + found.err


def test_a_draft_is_judged_in_json_and_what_is_no_text_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draft = tmp_path / "draft.txt"
    draft.write_text("Maybe late.\n", "utf-8")
    code, out = told_by(capsys, "text", "tiktok.odr", str(draft), "--json")
    found = json.loads(out)
    assert (code, found["characters"], found["most"]) == (1, 11, 200)
    assert [(one["begin"], one["end"], one["words"]) for one in found["phrases"]] == [
        (0, 5, "Maybe")
    ]
    draft.write_text("Delivered.", "utf-8")
    assert told_by(capsys, "text", "tiktok.odr", str(draft), "--json")[0] == 0
    assert told_by(capsys, "text", "tiktok.odr", str(draft)) == (
        0, "10 characters, and nothing to say\n",
    )  # fmt: skip
    draft.write_bytes(b"\xff")
    code, said = told_by(capsys, "text", "tiktok.odr", str(draft))
    assert code == 2 and "no text in UTF-8" in said
    draft.write_text("x" * (MAX_DRAFT + 1), "utf-8")
    code, said = told_by(capsys, "text", "tiktok.odr", str(draft))
    assert code == 2 and f"more than {MAX_DRAFT} characters" in said
    draft.write_text("x" * 201, "utf-8")
    assert (
        "201 characters; at most 200 are taken"
        in told_by(capsys, "text", "tiktok.odr", str(draft))[1]
    )


def test_a_file_that_is_no_policy_or_has_no_examples_is_told(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "broken.toml").write_text("id = ", "utf-8")
    (own / "ebay.inr.examples.toml").write_bytes((own / "examples/ebay.inr.toml").read_bytes())
    code, out = told_by(capsys, "lint", str(own), "--json")
    broken, kept = json.loads(out)
    assert code == 1 and broken["policy"].endswith("broken.toml") and broken["faults"]
    assert (kept["policy"], kept["faults"]) == ("ebay.inr", [])
    code, out = told_by(capsys, "test", str(own), "--json")
    assert code == 1 and [one["policy"] for one in json.loads(out) if one["differences"]] == [
        broken["policy"]
    ]
    (own / "broken.toml").unlink()
    assert told_by(capsys, "test", str(own))[0] == 0
    for beside in ("ebay.inr.examples.toml", "examples/ebay.inr.toml"):
        (own / beside).unlink()
    code, out = told_by(capsys, "test", str(own / "ebay.inr.toml"))
    assert code == 1 and "no examples lie beside it: examples/ID.toml" in out
    assert "no examples lie beside it" in told_by(capsys, "lint", str(own))[1]
    (own / "ebay.inr.toml").write_text("id = ", "utf-8")
    code, said = told_by(capsys, "explain", str(own / "ebay.inr.toml"))
    assert code == 2 and "ebay.inr.toml" in said


def test_policies_are_listed_and_explained_for_people_and_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out = told_by(capsys, "explain")
    assert code == 0 and [line.split()[0] for line in out.splitlines()] == list(policies())
    code, out = told_by(capsys, "explain", "visa.ce3", "--json")
    assert code == 0 and json.loads(out)["id"] == "visa.ce3"
    code, said = told_by(capsys, "explain", "visa.ce3", "--platform", "amazon")
    assert code == 2 and "a policy or a platform, not both" in said
    every = "".join(told_by(capsys, "explain", name)[1] for name in policies())
    for words in ("Taken only if", "Until when", "Limits", "Words that do not belong",
                  "a person must tell", "; for orders placed", "as stated:"):  # fmt: skip
        assert words in every


async def test_an_operators_own_policy_replaces_ours(own: Path, tmp_path: Path) -> None:
    edit(own / "ebay.inr.toml", 'version = "', 'version = "mine-')
    config = tmp_path / "orderproof.toml"
    config.write_text('policies = "policies"\n', "utf-8")
    async with await Runtime.open(load_settings(config, environment={})) as runtime:
        assert runtime.policy("ebay.inr").version.startswith("mine-")
        assert not runtime.policy("ebay.inad").version.startswith("mine-")
