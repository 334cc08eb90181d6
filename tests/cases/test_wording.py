"""How right the word lists are, on sentences that were written apart from them (`wording/`).

`pytest tests/cases/test_wording.py -s` prints precision and recall. No quotation is ever flagged.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.items import Role
from evidence.wording import slips_by
from verifiers.playbook import playbook_for

SENTENCES = Path(__file__).parent / "wording"
HOUSE = playbook_for("house").phrases
FAMILY = {"v": "vague", "b": "blame", "e": "emotive", "p": "promise", "r": "review"}


def sentences(language: str) -> list[tuple[str, str]]:
    lines = (SENTENCES / f"{language}.txt").read_text("utf-8").splitlines()
    return [(line[0], line[2:]) for line in lines if line and not line.startswith("#")]


def families(text: str) -> set[str]:
    return {slip.rule.id.rpartition(".")[2].partition("-")[0] for slip in slips_by(HOUSE, text)}


def measured(name: str) -> tuple[float, float]:
    """Precision and recall on a file's sentences; both are printed, with what went wrong."""
    said = sentences(name)
    flagged = [(label, text) for label, text in said if families(text)]
    right = [label for label, _ in flagged if label in FAMILY]
    wrong = [text for label, text in flagged if label not in FAMILY]
    asked = [text for label, text in said if label in FAMILY]
    missed = [text for label, text in said if label in FAMILY and not families(text)]
    of_family = sum(FAMILY[label] in families(text) for label, text in said if label in FAMILY)
    precision, recall = len(right) / len(flagged), len(right) / len(asked)
    print(
        f"\n{name}: {len(said)} sentences, {len(asked)} to flag; precision {precision:.3f}, "
        f"recall {recall:.3f}, right family {of_family / len(asked):.3f}"
    )
    for text in missed:
        print(f"  missed: {text}")
    for text in wrong:
        print(f"  wrongly: {text}")
    return precision, recall


@pytest.mark.parametrize("language", ["en", "zh"])
def test_precision_and_recall_on_two_hundred_sentences(language: str) -> None:
    assert len(sentences(language)) >= 200
    precision, recall = measured(language)
    assert precision >= 0.95
    assert recall >= 0.80


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("later", ["later", "third"])
def test_what_the_sets_after_it_showed_is_still_found(later: str, language: str) -> None:
    """docs/cases.md says what each set measured, and when."""
    assert len(sentences(f"{later}.{language}")) >= 60
    precision, recall = measured(f"{later}.{language}")
    assert precision >= 0.95
    assert recall >= 0.80


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_quoted_is_never_flagged(language: str) -> None:
    quoted = [text for label, text in sentences(language) if label == "q"]
    assert len(quoted) >= 20
    assert [text for text in quoted if families(text)] == []


PAIRS = ['""', "“”", "„“", "«»", "「」", "『』", "‘’"]


@given(
    st.sampled_from([word for rule in HOUSE for word in rule.words]),
    st.sampled_from(PAIRS),
    st.sampled_from(["", "\n", " and then, ", "，"]),
)
def test_no_word_of_any_list_is_flagged_where_it_is_quoted(
    word: str, marks: str, between: str
) -> None:
    quote = f"{marks[0]}yes{between}{word} {marks[1]}"
    assert not slips_by(HOUSE, f"The buyer wrote {quote} on 5 November.")
    assert slips_by(HOUSE, f"We say {word} ourselves.") or not word.isascii()


def test_a_stray_mark_hides_no_more_than_its_paragraph() -> None:
    assert families('The screen is 5" wide.\n\nIt was maybe broken.') == {"vague"}


def test_an_accusation_may_stand_beside_its_ruling() -> None:
    text = "The buyer lied about the delivery."
    assert slips_by(HOUSE, text)
    assert not slips_by(HOUSE, text, roles={Role.DEFECT_NOTICE})
