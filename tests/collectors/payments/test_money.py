"""Amounts in a currency's smallest unit."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.payments.money import minor
from collectors.payments.stripe import Stripe
from evidence.facts import Fact
from evidence.items import Role
from evidence.pages import page_of
from tests.collectors.reading import answer


def read(amount: object, currency: object) -> list[Fact]:
    said = json.dumps({"amount": amount, "currency": currency}).encode()
    page = page_of(answer(Stripe(), said, role=Role.PAYMENT_RECORD))
    return list(minor("payment.amount", page["amount"], page["currency"]))


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (4890, "usd", "48.90 USD"),
        (5, "eur", "0.05 EUR"),
        (0, "eur", "0.00 EUR"),
        (-1234, "gbp", "-12.34 GBP"),
        (500, "jpy", "500 JPY"),
        (12345, "kwd", "12.345 KWD"),
        (10000, "isk", "100.00 ISK"),
        (10000, "ugx", "100.00 UGX"),
    ],
)
def test_a_count_of_the_smallest_unit_becomes_an_amount(
    amount: int, currency: str, shown: str
) -> None:
    assert [fact.text for fact in read(amount, currency)] == [shown]


@pytest.mark.parametrize(("amount", "currency"), [("12.5", "usd"), (100, "dollars"), (100, None)])
def test_what_is_no_such_count_is_told_as_it_stands(amount: object, currency: object) -> None:
    (fact,) = read(amount, currency)
    assert (fact.name, fact.text) == ("field.unread", str(amount))


@given(st.integers(-(10**12), 10**12))
def test_no_digit_is_lost(amount: int) -> None:
    (fact,) = read(amount, "usd")
    assert Decimal(fact.text.removesuffix(" USD")) * 100 == amount
