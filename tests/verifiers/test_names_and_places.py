"""Names, places and weights, compared by themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verifiers.matching.names import same_name
from verifiers.matching.places import (
    mass_g,
    same_city,
    same_postal_code,
    same_region,
    same_weight,
)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("Jane Doe", "JANE DOE", True),
        ("Jane Doe", "Doe, Jane", True),
        ("Jane Q. Doe", "Jane Doe", True),
        ("J*** D.", "Jane Doe", True),
        ("J*** D**", "Jane Doe", True),
        ("J. Doe", "Jane Doe", True),
        ("J**e Doe", "Jane Doe", True),
        ("J**n Doe", "Jane Doe", None),
        ("J*a*e Doe", "Jane Doe", True),  # only its ends are known
        ("Ja** Doe", "J*** Doe", True),
        ("Ja** Doe", "Jo** Doe", None),
        ("Jane Doe", "Jane Doe Smith", True),
        ("Jane Doe", "Jane", None),
        ("Müller", "MULLER", True),
        ("Jon Smith", "John Smith", True),
        ("J*** D.", "Robert Doe", False),
        ("M*** S.", "Jane Doe", False),
        ("Jane Doe", "Robert Miller", False),
        ("Jane Doe", "John Doe", None),
        ("J", "Jane", None),
        ("张伟", "Zhang Wei", True),
        ("张伟", "Cheung Wai", None),
        ("张", "Zhang Wei", None),
        ("张伟", "Zhang W", True),
        ("张伟", "Li Wei", None),
        ("张伟", "張偉", None),
        ("张伟", "李明", False),
        ("张伟", "张伟", True),
        ("张*", "张伟", None),
        ("李*", "张伟", False),
        ("张伟*", "张伟明", True),
        ("张伟*", "张三明", False),
        ("", "Jane", None),
        ("***", "Jane Doe", None),
        ("___", "Jane Doe", None),  # a form's blank
        ("Wei Li", "Na Li", None),  # two letters are a surname too
        ("Dr. Doe", "Doe", True),
        ("Dr", "Doe", False),  # a name that is one of the words for a title
        ("Anna Zoe Doe", "Doe, Zoe", True),
        ("Ja*ne Doe", "Jane Doe", True),  # a mask may hide nothing
        ("Jan*ne Doe", "Jane Doe", None),  # and shows no letter twice
        ("张*", "张伟明", None),
        ("张 伟", "张伟", True),
        ("J John Doe", "John Jacqueline-Antoinette Doe", True),  # an initial leaves whole words
    ],
)
def test_names(first: str, second: str, *, expected: bool | None) -> None:
    assert same_name(first, second) is expected
    assert same_name(second, first) is expected


@given(st.text(max_size=30), st.text(max_size=30))
def test_names_are_compared_alike_from_both_sides(first: str, second: str) -> None:
    assert same_name(first, second) == same_name(second, first)


@pytest.mark.parametrize(
    ("same", "first", "second", "expected"),
    [
        (same_postal_code, "63101", "63101-1234", True),
        (same_postal_code, "63101", "63102", False),
        (same_postal_code, "SW1A 1AA", "SW1A", True),
        (same_postal_code, "SW1A 1AA", "EC1", False),
        (same_postal_code, "631**", "63101", True),
        (same_postal_code, "***", "63101", None),
        (same_postal_code, "sw1a 1aa", "SW1A-1AA", True),
        (same_postal_code, "631xx*", "63101", True),
        (same_postal_code, "6", "63101", None),
        (same_postal_code, "6", "73101", None),
        (same_postal_code, "63", "63101", None),
        (same_postal_code, "63", "73101", False),
        (same_postal_code, "631", "63101", True),
        (same_postal_code, "", "63101", None),
        (same_region, "NY", "New York", True),
        (same_region, "", "NY", None),
        (same_region, "NY", "New Yorkshire", None),
        (same_region, "NY", "NJ", False),
        (same_region, "广东", "Guangdong", None),
        (same_region, "Bavaria", "Bayern", None),
        (same_city, "St. Louis", "Saint Louis", True),
        (same_city, "Bath", "Bath Spa Green", True),
        (same_city, "Ely", "Ely Saint Mary", False),
        (same_city, "New York City", "NEW YORK", True),
        (same_city, "Springfeild", "Springfield", True),
        (same_city, "München", "MUNCHEN", True),
        (same_city, "深圳", "Shenzhen", None),
        (same_city, "Dallas", "Houston", False),
        (same_city, "Rome", "Romeville", True),
        (same_city, "B***", "Boston", None),
        (same_city, "B***", "Dallas", False),
        (same_city, "", "Dallas", None),
        (same_city, "N. Platte", "North Platte", True),
        (same_city, "City", "city", True),
        (same_city, "Abcdefghij", "Abcdefghxy", False),  # four in five are alike
        (same_city, "Abcdefghijklmn", "Abcdefghijklxy", True),  # six in seven
        (same_weight, "1 kg", "2.2 lbs", True),
        (same_weight, "1 kg", "9 kg", False),
        (same_weight, "1", "9 kg", None),
        (same_weight, "100 g", "350 g", True),
        (same_weight, "100 g", "350.5 g", False),
        (same_weight, "2 kg", "3 kg", True),
        (same_weight, "2 kg", "3.001 kg", False),
        (same_weight, "0 kg", "1 g", None),
    ],
)
def test_places_and_weights(
    same: object, first: str, second: str, *, expected: bool | None
) -> None:
    assert callable(same)
    assert same(first, second) is expected
    assert same(second, first) is expected


def test_a_weight_without_a_unit_is_no_weight() -> None:
    assert mass_g("1.2") is None
    assert mass_g("1,2 kg") == 1200
