"""An order's number is the same one however it is written beside a sign or in capitals."""

import pytest

from verifiers.subjects import order_key


@pytest.mark.parametrize("written", ["#1001-ab", " #1001-AB ", "1001-Ab", "##1001-ab"])
def test_a_sign_in_front_and_capitals_make_no_other_order(written: str) -> None:
    assert order_key(written) == "1001-ab"


@pytest.mark.parametrize("other", ["10#01-ab", "1001-ab#", "1001 ab", "X1001-ab"])
def test_what_stands_in_the_number_itself_does(other: str) -> None:
    assert order_key(other) != "1001-ab"
