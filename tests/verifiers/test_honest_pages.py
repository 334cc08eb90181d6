"""What honest pages say that looks like a contradiction, each beside a twin that is one."""

from __future__ import annotations

import pytest

from evidence.facts import Facts
from evidence.locators import box
from evidence.times import parse_iso
from evidence.verdicts import Verdict
from tests.verifiers.sayings import fact, kinds, saying
from verifiers.authenticity.tamper import tamper_of

# 5 November 2026 was a Thursday.


@pytest.mark.parametrize(
    "line",
    [
        "Mon - Fri, 11/05/2026",
        "Open Mon-Fri 2026-11-05",
        "Ouvert du lun au sam. 05/11/2026",
        "Jours de livraison : du lundi au vendredi, 5 novembre 2026",
        "Montag bis Freitag, 5. November 2026",
        "lunes a viernes, 5 de noviembre de 2026",
    ],
)
def test_opening_hours_before_a_date_are_not_its_weekday(line: str) -> None:
    assert kinds(saying(line)) == []


@pytest.mark.parametrize(
    "line", ["Depot 4 - Fri, 11/05/2026", "Livré à Vienne, vendredi 5 novembre 2026"]
)
def test_a_wrong_weekday_behind_other_words_is_told(line: str) -> None:
    assert kinds(saying(line)) == ["weekday"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Art. 31-04-20", []),
        ("Screws 30/02/25 mm", []),
        ("Lot 31-06-2026", []),
        ("Rev. 30.02.2024 B", []),
        ("31.09.26", []),
        ("31.09.2026", ["day"]),
        ("Delivered on 31.09.26", ["day"]),
        ("31/09/26 14:32", ["day"]),
        ("Wed 31/09/26", ["day"]),
    ],
)
def test_numbers_of_goods_are_no_days(line: str, told: list[str]) -> None:
    assert kinds(saying(line)) == told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        pytest.param(
            "shipped November 1 to December 31, 2026: free returns", [], id="a rule's span"
        ),
        pytest.param("Orders shipped in November 6, 2026 packaging", [], id="of all orders"),
        pytest.param("Return label created: November 9, 2026", [], id="a return's label"),
        pytest.param("Date of export: November 4, 2026", [], id="what customs ask"),
        pytest.param("Shipped: November 6, 2026", ["order"], id="this order"),
        pytest.param("Label created: November 9, 2026", ["order"], id="its label"),
        pytest.param("Exported on: November 4, 2026", ["order"], id="of the list"),
    ],
)
def test_what_is_dated_beside_a_delivery_may_be_of_something_else(
    line: str, told: list[str]
) -> None:
    assert kinds(saying("Delivered on: November 5, 2026", line)) == told


HISTORY = (
    "Out for delivery  Thursday, November 5, 2026 8:10 AM",
    "In transit  Wednesday, November 4, 2026 8:10 AM",
)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (("Status corrected by depot: delivered  November 6, 2026 4:32 PM",), Verdict.PASS),
        (("Status corrected by depot: delivered", "November 6, 2026 4:32 PM"), Verdict.PASS),
        (("November 6, 2026 4:32 PM", "Correction: delivered"), Verdict.PASS),
        (("Delivered  November 6, 2026 4:32 PM",), Verdict.FAIL),
    ],
)
def test_a_row_that_corrects_another_is_no_second_delivery(
    rows: tuple[str, ...], told: Verdict
) -> None:
    heading = "Delivered on: November 5, 2026 2:35 PM"
    assert tamper_of(saying(heading, *rows, *HISTORY)).verdict is told


@pytest.mark.parametrize(
    ("scanned", "told"),
    [("2026-11-05 23:57", []), ("2026-11-05 23:32", []), ("2026-11-05 22:48", ["twice"])],
)
def test_the_scan_may_follow_the_signature_by_minutes_and_zones(
    scanned: str, told: list[str]
) -> None:
    way = "Out for delivery  2026-11-05 08:10"
    assert kinds(saying("Delivered on: 2026-11-06 00:02", f"Delivered  {scanned}", way)) == told


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        pytest.param("livraison, Bordeaux", Verdict.PASS, id="out for delivery"),
        pytest.param("Bordeaux", Verdict.FAIL, id="no event's words"),
    ],
)
def test_words_that_go_on_in_the_next_line_say_whose_a_date_is(ends: str, told: Verdict) -> None:
    """The words over it, "livré, Bordeaux", end the row above."""
    lines = (
        "Date de livraison: 28/08/2026 09:29", "vendredi 28 août 2026, 09:29 — Votre colis est",
        "livré, Bordeaux", "vendredi 28 août 2026, 05:15 — En cours de", ends,
        "mercredi 26 août 2026, 18:40 — En transit,", "Bordeaux",
    )  # fmt: skip
    shown = [fact("document.text", line, box(40, 40 * n, 600, 20), 0.97)
             for n, line in enumerate(lines)]  # fmt: skip
    times = [
        fact("delivery.at", parse_iso(at), box(40, 40 * n, 600, 20), 0.95)
        for n, at in ((0, "2026-08-28T09:29"), (3, "2026-08-28T05:15"))
    ]
    way = fact("scan.transit.at", parse_iso("2026-08-26T18:40"), box(40, 200, 600, 20), 0.95)
    assert tamper_of(Facts([*shown, *times, way])).verdict is told


def test_of_two_places_that_tell_a_delivery_the_surer_is_held_against_the_capture() -> None:
    """Under another's heading a date may be that one's; in its history's row it is not."""
    doubted = ("Shipped on", "November 24, 2026")
    row, capture = "Delivered November 24, 2026", "Report generated: November 15, 2026"
    shown = [fact("document.text", line, box(40, 30 * n, 300, 20)) for n, line in
             enumerate((*doubted, row, capture))]  # fmt: skip
    times = [fact("delivery.at", parse_iso("2026-11-24"), box(40, 30 * n, 300, 20)) for n in (1, 2)]
    times.append(fact("document.captured.at", parse_iso("2026-11-15"), box(40, 90, 300, 20)))
    assert tamper_of(Facts([*shown, *times])).verdict is Verdict.FAIL
    assert tamper_of(Facts([*shown[:2], shown[3], times[0], times[2]])).verdict is not Verdict.FAIL


def test_a_page_that_writes_day_and_month_in_two_orders_is_no_contradiction() -> None:
    """A carrier's own heading over times that a script wrote in the browser's form."""

    def page(heading: str) -> Verdict:
        rows = ("06/09/2026 10:32  Delivered", "06/09/2026 07:26  Out for delivery",
                "05/09/2026 14:56  Picked up", "04/09/2026 15:35  Label created")  # fmt: skip
        return tamper_of(saying(f"Delivered On: {heading}", *rows)).verdict

    assert page("09/06/2026") is not Verdict.FAIL
    assert page("06/09/2026") is Verdict.PASS
    assert page("08/03/2026") is Verdict.FAIL


def test_numbers_of_other_things_have_no_carriers_check_digit() -> None:
    wrong = "986578788854"
    assert kinds(saying("FedEx", f"Tracking case ID: {wrong}")) == []
    assert kinds(saying("FedEx", f"Waybill invoice no. {wrong}")) == []
    assert kinds(saying("FedEx", "Tracking case", wrong)) == []
    assert kinds(saying("FedEx", "Tracking number", wrong)) == ["check-digit"]
    # A carrier that is only spoken of is not the parcel's.
    own = f"Tracking number: {wrong}"
    assert kinds(saying("Pronto Couriers", own, "We can also ship with FedEx.")) == []
    assert kinds(saying(own, "Shipped with FedEx")) == ["check-digit"]
