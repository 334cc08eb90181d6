"""A row of a carrier's table: what it takes for its own, and what it says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from evidence.tracking_numbers.kind import Candidate, Form, Kind, kind


def row(shape: str = r"NP[0-9]{4}", **more: Any) -> Kind:
    return kind("norrpost", "np", "Norrpost parcel", shape, Form.OWN, **more)


def read(made: Kind, text: str) -> Candidate | None:
    return next(made.read(text), None)


def test_a_row_is_read_with_what_it_leaves_out() -> None:
    found = read(row(), "NP1234")
    assert found == Candidate(
        carrier="norrpost", kind="np", title="Norrpost parcel", number="NP1234", form=Form.OWN,
        published=True, check_digit=None, service="", country="", parts={},
    )  # fmt: skip
    for other in ("NP123", "NP12345", "np1234", "XNP1234", "NP１２３４"):
        assert read(row(), other) is None


def test_a_row_says_all_that_is_written_in_it() -> None:
    made = row(
        r"(?P<service>[A-Z])(?P<body>[0-9]{3})(?P<check>[0-9])(?P<country>[A-Z]{2})(?P<_x>z?)",
        unless=r"B.*", check=lambda body: str(sum(map(int, body)) % 10),
        services={"A": "letter"}, countries={"SE": "Sweden", "NO": "Norway"}, country="nowhere",
        published=False,
    )  # fmt: skip
    found = read(made, "A1236SE")
    assert found is not None
    assert (found.check_digit, found.service, found.country) == (True, "letter", "Sweden")
    assert (found.published, found.number, found.form) == (False, "A1236SE", Form.OWN)
    assert found.parts == {"service": "A", "country": "SE"}
    wrong = read(made, "C1235NO")
    assert wrong is not None
    assert (wrong.check_digit, wrong.service, wrong.country) == (False, "", "Norway")
    assert read(made, "B1236SE") is None and read(made, "A1236DK") is None


@pytest.mark.parametrize(
    ("more", "country"), [({}, ""), ({"country": "SE"}, "SE")], ids=["none", "of the row"]
)
def test_a_country_is_the_rows_where_the_number_has_none(
    more: Mapping[str, str], country: str
) -> None:
    found = read(row(**more), "NP1234")
    assert found is not None and found.country == country


def test_the_core_is_the_number_that_the_carrier_goes_by() -> None:
    found = read(row(r"420[0-9]{5}(?P<core>NP[0-9]{4})"), "42063101NP1234")
    assert found is not None and (found.number, found.parts) == ("NP1234", {})


def test_a_digit_is_judged_only_if_its_rule_and_both_parts_are_known() -> None:
    shape = r"NP(?P<body>[0-9]{3})(?P<check>[0-9])"
    unjudged = read(row(shape), "NP1234")
    assert unjudged is not None and unjudged.check_digit is None
    half = read(row(r"NP(?P<body>[0-9]{4})", check=lambda body: "4"), "NP1234")
    assert half is not None and half.check_digit is None
