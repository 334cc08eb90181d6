"""Receipts whose amounts add up as shops add them, and those whose total is no sum of its lines."""

from __future__ import annotations

import pytest

from evidence.facts import Facts
from evidence.locators import box
from evidence.verdicts import Verdict
from tests.verifiers.sayings import fact, kinds, saying
from verifiers.authenticity.tamper import contradictions_of, tamper_of

RECEIPT = ("Subtotal: $40.00", "Discount (SAVE10): -$4.00", "Shipping: $4.99", "Tax: $3.38")


@pytest.mark.parametrize(
    "lines",
    [
        (*RECEIPT, "Total: $44.37"),
        (*RECEIPT, "Total: $44.40"),  # rounded, as in cash
        (*RECEIPT, "Total: $40.99"),  # the tax is in it
        (*RECEIPT, "Grand Total  USD 44.37"),
        ("Subtotal", "$40.00", "Discount", "($4.00)", "Shipping", "Free", "Order total", "$36.00"),
        ("Zwischensumme 1.151,19 €", "Versand 3,90 €", "Gesamtbetrag 1.155,09 €", "MwSt. 184,42 €"),
        ("Sous-total 1\u202f151,19 €", "Livraison 3,90 €", "Total TTC 1\u202f155,09 €"),
        ("商品小计：¥100.00", "运费：¥10.00", "优惠：-¥5.00", "合计：¥105.00"),
    ],
)
def test_what_adds_up_in_any_of_shops_ways_is_not_told(lines: tuple[str, ...]) -> None:
    assert kinds(saying(*lines)) == []


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param((*RECEIPT, "Tip: $5.00", "Total: $49.37"), id="a line of another name"),
        pytest.param((*RECEIPT, "Points used 500", "Total: $39.37"), id="a line without an amount"),
        pytest.param((*RECEIPT, "Total: EUR 40.82"), id="another currency"),
        pytest.param(("Subtotal: $40.00", "Total: $44.99"), id="lines are left out"),
        pytest.param(
            ("Subtotal $10.00", "Subtotal $30.00", "Tax $4.00", "Total $44.00"), id="each article's"
        ),
        pytest.param(("Subtotal $0.00", "Shipping $0.00", "Total $44.37"), id="an empty template"),
        pytest.param((*RECEIPT, "Total items: 3"), id="no total"),
        pytest.param(("Shipping: $4.99", "Total: $44.37"), id="no subtotal"),
    ],
)  # fmt: skip
def test_what_is_not_wholly_known_is_not_added(lines: tuple[str, ...]) -> None:
    assert kinds(saying(*lines)) == []


@pytest.mark.parametrize(
    "lines",
    [
        (*RECEIPT, "Total: $54.37"),
        ("Subtotal", "$40.00", "Discount", "($4.00)", "Shipping", "Free", "Order total", "$46.00"),
        ("Zwischensumme 151,19 €", "Versand 3,90 €", "Gesamtbetrag 205,09 €"),
        ("商品小计：¥100.00", "运费：¥10.00", "合计：¥150.00"),
    ],
)
def test_a_total_that_is_no_sum_leaves_the_answer_open(lines: tuple[str, ...]) -> None:
    assert kinds(saying(*lines)) == ["sum"]
    judged = tamper_of(saying(*lines))
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert [one.code for one in judged.findings] == ["amounts-add-up-to-another"]


def test_in_a_picture_it_counts_for_little_for_figures_are_misread() -> None:
    def shown(confidence: float) -> Facts:
        rows = [("Subtotal", "$40.00"), ("Shipping", "$4.99"), ("Total", "$54.99")]
        return Facts(
            fact("document.text", cell, box(20 + 300 * column, 40 * row, 90, 20), confidence)
            for row, cells in enumerate(rows)
            for column, cell in enumerate(cells)
        )

    assert [one.weight > 0.5 for one in contradictions_of(shown(1.0))] == [True]
    assert [one.weight > 0.45 for one in contradictions_of(shown(0.98))] == [False]
