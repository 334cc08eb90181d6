"""An answer with its reasons, and nothing that could be read as another answer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import canonical, parse_canonical
from evidence.errors import FormatError
from evidence.verdicts import Finding, Judgement, Severity, Verdict
from tests.evidence.strategies import STRANGE, findings, judgements, mangled
from tests.evidence.test_facts import fact


@given(judgements())
def test_every_judgement_comes_back_from_its_sealed_form(made: Judgement) -> None:
    assert Judgement.from_json(parse_canonical(canonical(made.to_json()))) == made


@given(findings())
def test_every_finding_comes_back_from_its_sealed_form(made: Finding) -> None:
    assert Finding.from_json(parse_canonical(canonical(made.to_json()))) == made


@given(st.data())
def test_a_mangled_judgement_is_refused_or_says_the_same(data: st.DataObject) -> None:
    value = data.draw(judgements().map(Judgement.to_json).flatmap(mangled))
    try:
        read = Judgement.from_json(value)
    except FormatError:
        return
    assert read.to_json() == value


@pytest.mark.parametrize("value", STRANGE, ids=repr)
def test_what_is_no_verdict_at_all_is_a_format_error(value: Any) -> None:
    for read in (Judgement.from_json, Finding.from_json):
        with pytest.raises(FormatError):
            read(value)


@pytest.mark.parametrize(
    "verifier",
    ["timestamps", "timestamps/", "/1", "a/b/1", "a/-1", "a/+1", "a/01", "a/ 1", "a/1_0", "a/١",
     "a/" + "9" * 5000],
    ids=lambda text: str(text)[:16],
)  # fmt: skip
def test_a_sealed_verifier_is_a_name_and_a_version_written_one_way(verifier: str) -> None:
    sealed = Judgement("a", 1, "?", Verdict.PASS).to_json() | {"verifier": verifier}
    with pytest.raises(FormatError, match="its verifier is not"):
        Judgement.from_json(sealed)


@pytest.mark.parametrize("code", ["", "Late", "late_scan", "late--scan", "-late", "late ", "späte"])
def test_a_sealed_code_is_words_joined_by_hyphens(code: str) -> None:
    with pytest.raises(FormatError, match="its code is not"):
        Finding.from_json(Finding(code, Severity.NOTE, "").to_json())


def test_a_finding_says_its_sentence_and_points_at_each_place_once() -> None:
    template = Finding.grave("scan-before-packing", do="Compare.")
    here, there = fact("order.id", "1"), fact("order.id", "2", item="b" * 64)
    said = template.saying("Packed after the scan.", here, there, here)
    assert said.rests == (("a" * 64, "item:"), ("b" * 64, "item:"))
    assert (said.code, said.severity, said.do) == (template.code, Severity.GRAVE, "Compare.")
    assert template.sentence == "" and template.rests == ()
    assert Finding.note("x", do="y").severity is Severity.NOTE
    assert (Finding.good("x").severity, Finding.good("x").do) == (Severity.GOOD, "")
