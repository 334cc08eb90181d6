"""Numbers, barcodes, days and stamps of one item held against each other: to the weight."""

from __future__ import annotations

import pytest

from evidence.facts import Fact, Facts
from evidence.locators import WHOLE, Locator, box, page_line
from evidence.times import Time
from tests.verifiers.evidence_of import NUMBER, sha_of
from verifiers.authenticity.tamper import contradictions_of

WRONG = NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)
OTHER = "1Z999AA10123456784"


def fact(name: str, value: str | Time, at: Locator = WHOLE, confidence: float = 1.0) -> Fact:
    return Fact(
        name=name, value=value, locator=at, item=sha_of("a"), origin="x", confidence=confidence
    )


def page(*lines: str) -> list[Fact]:
    return [fact("document.text", line, page_line(1, n)) for n, line in enumerate(lines, 1)]


def picture(*lines: str, confidence: float = 0.95) -> list[Fact]:
    return [
        fact("document.text", line, box(0, 60 * n, 400, 20), confidence)
        for n, line in enumerate(lines)
    ]


def code(payload: str) -> Fact:
    return fact("document.barcode", payload, box(0, 900, 200, 40))


def number(text: str) -> Fact:
    return fact("shipment.tracking_number", text)


def found(*facts: Fact) -> list[tuple[str, float]]:
    return [(one.kind, one.weight) for one in contradictions_of(Facts(facts))]


def said(*facts: Fact) -> str:
    (one,) = contradictions_of(Facts(facts))
    return one.said


# Check digits.


@pytest.mark.parametrize(
    ("confidence", "weight"), [(1.0, 0.97), (0.99, 0.85), (0.9, 0.85), (0.89, 0.5)]
)
def test_a_wrong_digit_weighs_by_how_surely_it_was_read(confidence: float, weight: float) -> None:
    line = f"Tracking number: {WRONG}"
    assert found(*picture(line, confidence=confidence)) == [("check-digit", weight)]
    assert found(*page(line)) == [("check-digit", 0.97)]
    assert said(*page(line)) == (
        f"the check digit of {WRONG} is wrong: no carrier gives out such a number"
    )
    assert found(*page(line, f"Again {WRONG}")) == [("check-digit", 0.97)]


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (f"{WRONG[:2]} {WRONG[2:5]} {WRONG[5:]}", True),
        (f"x{WRONG}", False),
        (f"{WRONG}9", False),
        ("RR 473 124 828 GB", True),
        ("RR 473 124 829 GB", False),
        ("9205 5901 6491 7312 7510 88", True),
        ("9205 5901 6491 7312 7510 89", False),
        ("Waybill No. RR473124828GB", True),
        ("运单号:RR473124828GB", True),
        ("Sendungsnummer # RR-473124828-GB", True),
        ("Track & Trace: RR473124828GB", True),
    ],
)
def test_a_number_is_found_however_it_is_printed(line: str, *, wrong: bool) -> None:
    assert [kind for kind, _ in found(*page(line))] == ["check-digit"] * wrong


def test_a_number_alone_on_its_line_counts_under_a_label() -> None:
    assert found(*page("FedEx", "Tracking number", "9865 7878 8854")) == [("check-digit", 0.97)]
    assert found(*page("FedEx", "Phone number", "9865 7878 8854")) == []
    assert found(*page("9865 7878 8854", "FedEx Tracking number")) == []
    assert found(*page("FedEx", "Numéro de suivi :", "986578788854")) != []


def test_a_right_number_beside_excuses_a_picture_and_no_text() -> None:
    near = NUMBER[:-3] + "9" + NUMBER[-2:]
    both = (f"Tracking number: {NUMBER}", f"Tracking number: {near}")
    assert found(*picture(*both)) == []
    assert found(*page(*both)) == [("check-digit", 0.97)]
    beside = found(*picture(f"Tracking number: {near}"), code(NUMBER))
    assert beside == [("barcode", 0.85)]  # which is told by itself
    far = OTHER[:-1] + "1"
    assert found(*picture(f"Tracking number: {NUMBER}", f"Tracking number: {far}")) == [
        ("check-digit", 0.85)
    ]


def test_a_test_number_of_the_carriers_documentation_is_no_forgery() -> None:
    assert found(*page("Tracking number: 1Z12345E0291980793")) == []


# Barcodes.


def test_a_barcode_of_one_make_says_another_number() -> None:
    line = f"Tracking {NUMBER}"
    assert found(*page(line), code(OTHER)) == [("barcode", 0.95)]
    assert found(*picture(line), code(OTHER)) == [("barcode", 0.85)]
    assert said(*page(line), code(OTHER)) == (
        f'the barcode says "{OTHER}" and "{NUMBER}" is printed'
    )
    assert found(*page(line), code(OTHER), code(NUMBER)) == []
    assert found(*page(line, f"Ref {OTHER}"), code(OTHER)) == []
    assert found(*page("nothing here"), code(OTHER)) == []


def test_one_sign_off_in_a_picture_is_a_misreading_unless_it_was_read_well() -> None:
    off = NUMBER[:-3] + "9" + NUMBER[-2:]
    line = f"Tracking {off}"
    assert [kind for kind, _ in found(*page(line), code(NUMBER))] == ["check-digit", "barcode"]
    assert ("barcode", 0.85) in found(*picture(line, confidence=0.9), code(NUMBER))
    assert found(*picture(line, confidence=0.89), code(NUMBER)) == []


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ("LP00515029978", True),  # a post's item by its form
        ("ABCDE00515029978659", False),
        ("LM222499827CA", True),
        ("42063101", False),
        ("INV-2026-000123", False),
        ("4012345678901", False),
    ],
)
def test_a_barcode_of_another_make_counts_if_it_is_surely_a_parcels(
    payload: str, *, told: bool
) -> None:
    facts = [*page(f"Tracking {NUMBER}"), number(NUMBER), code(payload)]
    assert found(*facts) == [("barcode", 0.9)] * told
    if told:
        assert said(*facts) == f'the barcode says "{payload}", and "{NUMBER}" is printed'
        seen = [*picture(f"Tracking {NUMBER}"), number(NUMBER), code(payload)]
        assert found(*seen) == [("barcode", 0.82)]
    assert found(*facts[:1], facts[2]) == []  # a number that no reader found is nobody's


def test_a_long_payload_is_cut_where_it_is_told() -> None:
    long = f"https://t.example/{'x' * 30}?n={OTHER}"
    assert said(*page(f"Tracking {NUMBER}"), code(long)).startswith(
        f'the barcode says "{long[:40]}" and'
    )


# Days of the week.


@pytest.mark.parametrize(
    ("confidence", "weight"), [(1.0, 0.95), (0.99, 0.85), (0.9, 0.85), (0.89, 0.51)]
)
def test_a_wrong_weekday_weighs_by_how_surely_it_was_read(confidence: float, weight: float) -> None:
    read = picture("Friday, November 5, 2026", confidence=confidence)
    assert [(kind, round(share, 2)) for kind, share in found(*read)] == [("weekday", weight)]
    assert said(*read).endswith('was a Thursday, and "Friday" stands beside it')
    never = picture("November 31, 2026", confidence=confidence)
    assert [(kind, round(share, 2)) for kind, share in found(*never)] == [("day", weight)]
    assert said(*never) == '"November 31, 2026" is no day of the calendar'


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("Friday, Jun 5", False), ("Thursday, Jun 5", True),  # of 2025
        ("Sunday, Oct 5", False), ("Friday, Sep 5", True),
        ("Friday, Mar 5", False), ("Monday, Apr 5", True),  # of 2027
        ("Saturday, Mar 5", True),
    ],
)  # fmt: skip
def test_without_a_year_the_pages_only_one_counts_and_its_neighbour_at_the_turn(
    line: str, *, wrong: bool
) -> None:
    """2026: 5 June is a Friday, 5 October a Monday, 5 March a Thursday."""
    assert found(*page("Printed 2026-06-05", line)) == [("weekday", 0.95)] * wrong
    assert found(*page("Printed 2026-06-05 and 2024-06-05", line)) == []
    assert found(*page(line)) == []
