"""Tracking numbers: shapes and check digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.carriers.numbers import Likeness, is_s10, plain, ups_check_digit, ups_likeness

# Numbers from UPS's own documents: Tracking.yaml (inquiryNumber), UPSTrackAlert.yaml (example).
PUBLISHED = ("1Z023E2X0214323462", "1Z204W4R0308071865")


@pytest.mark.parametrize("number", PUBLISHED)
def test_a_published_number_is_certain(number: str) -> None:
    assert ups_likeness(number) is Likeness.CERTAIN
    assert ups_likeness(f" {number[:2]} {number[2:8].lower()}-{number[8:]} ") is Likeness.CERTAIN


@pytest.mark.parametrize("number", PUBLISHED)
@given(place=st.integers(2, 17), digit=st.sampled_from("0123456789"))
def test_a_wrong_digit_is_found_save_one_that_is_five_off_at_a_doubled_place(
    number: str, place: int, digit: str
) -> None:
    changed = number[:place] + digit + number[place + 1 :]
    if number[place].isdigit() and digit != number[place]:
        unseen = place % 2 == 1 and place < 17 and abs(int(digit) - int(number[place])) == 5
        assert ups_likeness(changed) is (Likeness.CERTAIN if unseen else Likeness.NO)


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=15, max_size=15))
def test_a_number_with_its_check_digit_is_certain(body: str) -> None:
    assert ups_likeness(f"1Z{body}{ups_check_digit(body)}") is Likeness.CERTAIN


@pytest.mark.parametrize("number", ["T1234567890", "123456789", "92419900000033499522966220"])
def test_a_number_that_others_use_too_is_ambiguous(number: str) -> None:
    assert ups_likeness(number) is Likeness.AMBIGUOUS


@pytest.mark.parametrize(
    "number", ["", "12", "RR473124829GB", "1Z", "1Z/../x", "１２３４５６７８９", "x" * 90]
)
def test_what_has_no_shape_of_ups_is_not_asked_for(number: str) -> None:
    assert ups_likeness(number) is Likeness.NO


# UPU S10-12, section 5: the example item identifier.
def test_a_postal_item_number_has_its_check_digit() -> None:
    assert is_s10("RR 473 124 829 GB")
    assert not is_s10("RR473124828GB")
    assert not is_s10("473124829")


def test_people_write_spaces_and_hyphens() -> None:
    assert plain("1z 999-AA1\u00a00123") == "1Z999AA10123"
