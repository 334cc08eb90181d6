"""Check digits against published numbers, and what each must catch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.tracking_numbers import checks

DIGITS = "0123456789"
Check = Callable[[str], str]

# Somebody else's answers, each typed in from where it was published.
PUBLISHED: dict[str, tuple[Check, tuple[str, ...]]] = {
    "GS1 General Specifications, 7.9.1: GTIN-13": (checks.gs1, ("6291041500213",)),
    "UPU S10-12, annex A": (checks.s10, ("473124829",)),
    "UPS, Tracking.yaml and UPSTrackAlert.yaml": (
        checks.ups,
        ("023E2X0214323462", "204W4R0308071865"),
    ),
    "UPS, Guide to Labeling: 1Z 999 AA1 01 2345 6784": (checks.ups, ("999AA10123456784",)),
    "FedEx's worked example: 0123 4567 8983": (checks.fedex, ("012345678983",)),
    "DHL, MyDHL and unified tracking API: sample answers": (
        checks.mod7,
        ("9356579890", "7777777770"),
    ),
    "Deutsche Post, parcel tracking: sample answers": (
        checks.identcode,
        ("423475729485", "422891590640"),
    ),
    "ISO/IEC 7812-1, as Luhn's algorithm is usually shown: 7992739871 3": (
        checks.luhn,
        ("79927398713",),
    ),
    "Purolator, E-Ship web services: sample answer": (checks.luhn, ("329014521622",)),
    "ISO/IEC 7064, MOD 37,36: A12425GABC1234002M": (checks.mod37, ("A12425GABC1234002M",)),
}


@pytest.mark.parametrize("source", list(PUBLISHED))
def test_a_published_number_has_its_check_digit(source: str) -> None:
    check, numbers = PUBLISHED[source]
    for number in numbers:
        assert check(number[:-1]) == number[-1]


# Every digit gives another product at its place, so that no single wrong digit stays unseen.
@pytest.mark.parametrize(
    "check", [checks.gs1, checks.luhn, checks.mod37], ids=lambda check: check.__name__
)
@given(body=st.text(DIGITS, min_size=8, max_size=21), data=st.data())
def test_a_single_wrong_digit_is_always_seen(check: Check, body: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(body) - 1))
    digit = data.draw(st.sampled_from([d for d in DIGITS if d != body[place]]))
    assert check(body) != check(body[:place] + digit + body[place + 1 :])


# By 11 and 7 the remainders are more, or fewer, than there are digits, so that two remainders share
# a digit, or two digits a remainder; and UPS's weight 2 makes two digits that are 5 apart alike.
@given(body=st.text(DIGITS, min_size=8, max_size=8), data=st.data())
def test_s10_overlooks_a_wrong_digit_only_at_5_which_two_remainders_share(
    body: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, 7))
    digit = data.draw(st.sampled_from([d for d in DIGITS if d != body[place]]))
    changed = body[:place] + digit + body[place + 1 :]
    if checks.s10(body) != "5":
        assert checks.s10(changed) != checks.s10(body)


@given(body=st.text(DIGITS, min_size=11, max_size=11), data=st.data())
def test_fedex_overlooks_a_wrong_digit_only_at_0(body: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, 10))
    digit = data.draw(st.sampled_from([d for d in DIGITS if d != body[place]]))
    if checks.fedex(body) != "0":
        assert checks.fedex(body[:place] + digit + body[place + 1 :]) != checks.fedex(body)


@given(body=st.text(DIGITS, min_size=9, max_size=10), data=st.data())
def test_mod7_overlooks_a_wrong_digit_only_if_it_is_seven_off(
    body: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(body) - 1))
    digit = data.draw(st.sampled_from([d for d in DIGITS if d != body[place]]))
    same = checks.mod7(body[:place] + digit + body[place + 1 :]) == checks.mod7(body)
    assert same is (abs(int(digit) - int(body[place])) == 7)


@given(
    body=st.text(DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=15, max_size=15), data=st.data()
)
def test_ups_overlooks_a_wrong_digit_only_if_it_is_five_off_at_a_doubled_place(
    body: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, 14))
    digit = data.draw(st.sampled_from(DIGITS))
    if body[place].isdigit() and digit != body[place]:
        same = checks.ups(body[:place] + digit + body[place + 1 :]) == checks.ups(body)
        assert same is (place % 2 == 1 and abs(int(digit) - int(body[place])) == 5)


@given(body=st.text(DIGITS, min_size=11, max_size=11), data=st.data())
def test_identcode_overlooks_a_wrong_digit_only_if_it_is_five_off_at_a_place_of_weight_4(
    body: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, 10))
    digit = data.draw(st.sampled_from([d for d in DIGITS if d != body[place]]))
    same = checks.identcode(body[:place] + digit + body[place + 1 :]) == checks.identcode(body)
    assert same is (place % 2 == 0 and abs(int(digit) - int(body[place])) == 5)
