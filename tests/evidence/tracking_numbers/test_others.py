"""What another library, that we did not write, makes of the same numbers.

`tracking-numbers` knows fewer carriers and names one for a number. Whenever it calls a number
valid, that carrier has to be among our candidates; of postal items both have to judge alike.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.tracking_numbers import checks, identify
from evidence.tracking_numbers.posts import POSTS

theirs = pytest.importorskip("tracking_numbers")

DIGITS = "0123456789"
CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text(DIGITS, min_size=count, max_size=count)


def _ended(check: Callable[[str], str], strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return strategy.map(lambda body: body + check(body))


FAMILIES = {
    "UPS, 1Z": st.text(DIGITS + CAPITALS, min_size=15, max_size=15).map(
        lambda body: f"1Z{body}{checks.ups(body)}"
    ),
    "FedEx, 12": _ended(checks.fedex, digits(11)),
    "FedEx Ground, 15": _ended(checks.gs1, digits(14)),
    "FedEx Ground, 96": st.tuples(digits(5), digits(14)).map(
        lambda two: f"96{two[0]}{two[1]}{checks.gs1(two[1])}"
    ),
    "USPS, 20": _ended(checks.gs1, digits(19)),
    "USPS, 22": _ended(checks.gs1, digits(19).map(lambda body: f"94{body}")),
    "DHL Express, 10": _ended(checks.mod7, digits(9)),
    "OnTrac": _ended(checks.ups, digits(13).map(lambda body: f"C{body}")),
    "Amazon": digits(12).map(lambda serial: f"TBA{serial}"),
}


def ours(number: str) -> set[str]:
    found = identify(number).possible
    return {"s10" if one.kind == "s10" else one.carrier for one in found}


@pytest.mark.parametrize("family", list(FAMILIES))
@given(data=st.data())
def test_what_the_other_library_calls_valid_is_a_candidate(
    family: str, data: st.DataObject
) -> None:
    number = data.draw(FAMILIES[family])
    other = theirs.get_tracking_number(number)
    if other is not None and other.valid:
        assert other.courier.code in ours(number)


@given(
    service=st.sampled_from(["RR", "CP", "EE", "LX", "UA"]),
    serial=digits(8),
    country=st.sampled_from(sorted(POSTS)),
    wrong=st.integers(0, 9),
)
def test_both_judge_a_postal_items_check_digit_alike(
    service: str, serial: str, country: str, wrong: int
) -> None:
    right = checks.s10(serial)
    number = f"{service}{serial}{wrong}{country}"
    other = theirs.get_tracking_number(number)
    if other is not None and other.courier.code == "s10":
        assert other.valid is (str(wrong) == right)
    if other is None and str(wrong) != right:
        assert "s10" not in ours(number)
