"""The console's words: each in both languages, with the same gaps, and each of them used."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files

import pytest

from evidence.cases import State, Step
from evidence.items import Provenance, Role
from evidence.policy import Level
from evidence.verdicts import Judgement, Verdict
from service.cases.agenda import WHATS
from service.console.words import Words, table
from verifiers.registry import VERIFIERS
from verifiers.rulebook import policies

GAPS = re.compile(r"\{[a-z]+\}")
ROOT = files("service.console")
# Sections whose keys are names of something else, and are asked for by those.
NAMES = (
    "state", "headline", "act", "case_state", "case_said", "step", "agenda", "gap", "answered",
    "measure", "numbered", "paper", "due_step",
)  # fmt: skip


@pytest.mark.parametrize("key", sorted(table()))
def test_a_sentence_says_the_same_in_both_languages(key: str) -> None:
    english, chinese = table()[key]
    assert english.strip()
    assert chinese.strip()
    assert sorted(GAPS.findall(english)) == sorted(GAPS.findall(chinese))
    assert not re.search(r"[\u4e00-\u9fff]", english)
    if english not in ("orderproof", "SHA-256"):
        assert re.search(r"[\u4e00-\u9fff]", chinese)


def test_every_sentence_is_used_and_every_used_one_is_there() -> None:
    folder = [
        *(ROOT / "templates").iterdir(),
        *(p for p in ROOT.iterdir() if p.name.endswith("py")),
    ]
    source = "".join(path.read_text("utf-8") for path in folder if path.is_file())
    used = set(re.findall(r"""["']([a-z_]+\.[a-z0-9_]+)["']""", source)) & (
        set(table()) | set(re.findall(r"""\bt\(["']([a-z_]+\.[a-z0-9_]+)["']""", source))
    )
    used -= {"audit.proof_"}
    assert used <= set(table())
    apart = {key for key in table() if key.partition(".")[0] in NAMES}
    asked = {f"order.{name}" for name in ("bagit", "reviewer")}
    asked |= {key for key in table() if key.startswith("audit.proof_")}
    assert set(table()) - used - apart - asked == set()


def test_what_others_name_has_words() -> None:
    words = Words("zh")
    for section, names in (
        ("role", Role), ("grade", Provenance), ("verdict", Verdict), ("level", Level)
    ):  # fmt: skip
        told = {words.of(section, str(name)) for name in names}
        assert sum(bool(re.search(r"[\u4e00-\u9fff]", one)) for one in told) >= len(told) / 2
    papers = [role for role in Role if role.startswith("case.") and role != "case.event"]
    steps = {rule.step for policy in policies().values() for rule in policy.deadlines}
    whole: dict[str, Iterable[str]] = {
        "due_step": steps - {""},
        "case_state": State, "case_said": State, "step": Step, "agenda": WHATS, "paper": papers,
    }  # fmt: skip
    for section, named in whole.items():
        assert {f"{section}.{name}" for name in named} == {
            key for key in table() if key.startswith(f"{section}.")
        }
    for verifier in VERIFIERS:
        judged = Judgement(verifier.name, 1, verifier.question, Verdict.PASS)
        assert re.search(r"[\u4e00-\u9fff]", words.question(judged))


def test_what_fills_a_gap_is_escaped() -> None:
    said = Words("en")("order.title", id="<b>&")
    assert str(said) == "Order &lt;b&gt;&amp;"
