"""What each attribute of two written people weighs, in bits, and where one weight ends."""

from __future__ import annotations

import pytest

from verifiers.matching.likeness import (
    MAX_TEXT,
    MAX_WORDS,
    NEIGHBOURS_BITS,
    Likeness,
    Party,
    likeness,
    words,
)


def bits(attribute: str, first: str, second: str) -> float:
    found = likeness(Party(**{attribute: first}), Party(**{attribute: second}))
    assert found == likeness(Party(**{attribute: first}), Party(**{attribute: second}))
    assert [reason.attribute for reason in found.reasons] in ([attribute], [])
    assert found.bits == sum(reason.bits for reason in found.reasons)
    return found.bits


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("Jane Doe", "Jane Doe", 12.0),
        ("Jane Doe", "DOE, JANE", 12.0),
        ("Jane Doe", "JaneDoe", 6.0),  # run together: one word of one side
        ("Jane Ann Doe", "jane ann doe", 12.0),  # no more than two words count
        ("Jane Doe", "Jane", 6.0),
        ("Jane Doe", "Jane Roe", 12.0),  # a slip in seven signs, run together
        ("Jane Doe", "Jane Smith", 3.0),
        ("Jane Doe", "Robert Miller", -6.0),
        ("Jane", "Robert Miller", -3.0),
        ("Jane Doe", "J D", 4.0),
        ("Jane Doe", "J. Doe", 8.0),
        ("J", "J", 6.0),
        ("Jane Doe", "J*** D***", 4.0),
        ("Jane Doe", "K D", -1.0),
        ("Jonathan", "Jonathon", 6.0),
        ("Jonathan Doe", "Jonathon Doe", 12.0),
        ("Jane", "***", 0.0),
        ("Jane Doe", " ", 0.0),
        ("张伟", "Zhang Wei", 12.0),
    ],
)
def test_a_name_weighs_word_by_word(first: str, second: str, expected: float) -> None:
    assert bits("name", first, second) == bits("name", second, first) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("abcdefghij", "abcdefghij", 6.0),
        ("abcdefghij", "abcdefghiX", 5.1),  # a slip in ten: a word with an error
        ("abcdefghij", "abcdefghXY", 3.58),  # between an error and another word
        ("abcdefghij", "abcdefgXYZ", 0.54),
        ("abcdefghij", "abcdefWXYZ", -2.5),
        ("abcdefghij", "badcefghij", 3.58),  # two swaps are two slips
        ("abcdefghij", "bacdefghij", 5.1),  # one swap is one
        ("Saint Louis", "St. Louis", 6.0),
        ("Springfield", "Dallas", -2.5),
    ],
)
def test_a_city_weighs_by_how_alike_it_is_written(first: str, second: str, expected: float) -> None:
    assert bits("city", first, second) == bits("city", second, first) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("742 Evergreen", "742 Evergreen", 9.0),
        ("742 Evergreen Terrace", "742 Evergreen Tce", 9.5),
        ("742 Evergreen Street Apt 3", "742 Evergreen St Unit 3", 10.0),
        ("742 North Evergreen Street Apt 3", "742 N Evergreen St Unit 3", 10.0),  # two at most
        ("742 Evergreen Street", "742 Evergreen Road", 9.0),  # no difference of common words
        ("742 Evergreen", "12 Evergreen", 3.0),
        ("742 Evergreen", "743 Evergreen", 5.0),  # one figure of three: says nothing
        ("742 Evergreen", "Evergreen", 5.0),
        ("742 Evergreen", "742 Main", 2.5),
        ("742 Evergreen", "12 Main", -3.5),
        ("742 Evergreen Hill", "742 Evergreen Main", 7.5),
        ("742", "742", 4.0),
        ("Street", "St", 0.5),
        ("Street", "Road", 0.0),
        ("742 12 Evergreen", "12 Evergreen", 9.0),
        ("E. 5th Street", "East 5th St", 5.0),
    ],
)
def test_a_street_weighs_by_number_words_and_what_streets_are_called(
    first: str, second: str, expected: float
) -> None:
    assert bits("street", first, second) == bits("street", second, first) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("63101", "63101", 7.0),
        ("63101", "63101-1234", 7.0),
        ("SW1A 1AA", "SW1A", 7.0),
        ("631", "63101", 7.0),
        ("63", "63101", -2.5),
        ("63101", "63110", 2.33),  # two figures swapped
        ("63101", "63102", 2.33),
        ("63101", "63012", -2.5),
        ("63101", "6310", 7.0),
        ("63101", "6320", -2.5),
        ("63101", "75201", -2.5),
    ],
)
def test_a_code_weighs_whole_or_as_its_beginning(first: str, second: str, expected: float) -> None:
    assert bits("postal_code", first, second) == bits("postal_code", second, first) == expected


@pytest.mark.parametrize(
    ("attribute", "same", "other"), [("region", 2.0, -1.5), ("country", 1.0, -6.0)]
)
def test_regions_and_countries_agree_or_differ(attribute: str, same: float, other: float) -> None:
    assert bits(attribute, "MO", "mo") == same
    assert bits(attribute, "MO", "MA") == other


def test_all_that_both_state_adds_up() -> None:
    one = Party(
        name="Jane Doe", street="742 Evergreen", city="Dallas", region="TX",
        postal_code="75201", country="US",
    )  # fmt: skip
    found = likeness(one, one)
    assert [(reason.attribute, reason.bits) for reason in found.reasons] == [
        ("name", 12.0), ("street", 9.0), ("city", 6.0), ("region", 2.0), ("postal_code", 7.0),
        ("country", 1.0),
    ]  # fmt: skip
    assert found.bits == 37.0
    assert (found.reasons[2].first, found.reasons[2].second) == ("Dallas", "Dallas")


def test_a_share_is_half_at_the_prior_and_bounded_far_from_it() -> None:
    assert Likeness(NEIGHBOURS_BITS, ()).share() == 0.5
    assert Likeness(NEIGHBOURS_BITS + 1, ()).share() == pytest.approx(2 / 3)
    assert Likeness(0.0, ()).share(1.0) == pytest.approx(1 / 3)
    assert Likeness(1e9, ()).share() == Likeness(NEIGHBOURS_BITS + 60, ()).share() <= 1.0
    assert Likeness(-1e9, ()).share() == Likeness(NEIGHBOURS_BITS - 60, ()).share() > 0.0
    assert Likeness(-1e9, ()).share() < 1e-15


def test_words_are_bounded() -> None:
    assert words("a " * 100) == ("a",) * MAX_WORDS
    assert words("a" * 500) == ("a" * MAX_TEXT,)
    assert words("Straße d. O'Brien_2") == ("st", "d", "o", "brien", "2")
