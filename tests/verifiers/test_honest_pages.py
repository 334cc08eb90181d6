"""What honest pages say that looks like a contradiction, each beside a twin that is one."""

from __future__ import annotations

import pytest

from evidence.facts import Facts
from evidence.locators import Locator, box
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
        "02.11.–05.11.2026 Mo–Fr",
        "2026-11-05  周一至周日",
        "jue 5 de nov, 2026",
        "mar 3 de noviembre de 2026",
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
        pytest.param("Export licence issued November 4, 2026", [], id="a licence"),
        pytest.param("Payment captured on November 4, 2026", [], id="a payment"),
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


def test_a_partners_number_beside_the_carriers_own_is_not_held_to_its_check_digit() -> None:
    own, partners = "986578788855", "527685526243"
    both = ("FedEx", f"Tracking number: {own}", f"Partner tracking number: {partners}")
    assert kinds(saying(*both)) == []
    # An edit of one of two places leaves it nearly the other.
    near = ("FedEx", f"Tracking number: {own}", f"Tracking ID: {own[:-1]}4")
    assert kinds(saying(*near)) == ["check-digit"]
    assert kinds(saying("FedEx", f"Partner tracking number: {partners}")) == ["check-digit"]


def test_numbers_like_days_lend_no_year() -> None:
    days = ("Fax 31.11.22", "FR 31/02/21 AB", "8月8日 周六 13:16")
    assert kinds(saying(*days, "2026-08-09")) == []
    assert kinds(saying(*days[:2], "8月8日 周五 13:16", "2026-08-09")) == ["weekday"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Exchange delivered on: November 14, 2026", Verdict.PASS),
        ("换货签收时间 2026-11-14", Verdict.PASS),
        ("Delivered to access point: November 3, 2026", Verdict.PASS),
        ("Delivered on: November 14, 2026", Verdict.FAIL),
        ("Delivered to front door: November 3, 2026", Verdict.FAIL),
    ],
)
def test_what_is_exchanged_or_waits_in_a_shop_has_a_delivery_of_its_own(
    line: str, told: Verdict
) -> None:
    assert tamper_of(saying("Delivered on: November 5, 2026", line)).verdict is told


@pytest.mark.parametrize("zone", ["UTC", "Status"])
def test_columns_of_local_time_and_utc_are_hours_apart(zone: str) -> None:
    shown = [fact("document.text", line, box(40, 30 * n, 300, 20)) for n, line in enumerate((
        f"Event  Local time  {zone}", "Delivered  2026-11-05 10:20",
        "Out for delivery  2026-11-05 13:31",
    ))]  # fmt: skip
    times = [
        fact("delivery.at", parse_iso("2026-11-05T10:20"), box(40, 30, 300, 20)),
        fact("scan.out_for_delivery.at", parse_iso("2026-11-05T13:31"), box(40, 60, 300, 20)),
    ]
    assert kinds(Facts([*shown, *times])) == ["order"] * (zone != "UTC")


def test_a_row_under_a_label_that_has_its_date_is_no_second_delivery() -> None:
    def page(*lines: str, days: dict[int, str]) -> Verdict:
        shown = [fact("document.text", line, box(40, 30 * n, 300, 20)) for n, line in
                 enumerate(lines)]  # fmt: skip
        dated = [
            fact("delivery.at", parse_iso(day), box(40, 30 * n, 300, 20)) for n, day in days.items()
        ]
        way = fact("scan.transit.at", parse_iso("2026-11-04"), box(40, 300, 300, 20))
        return tamper_of(Facts([*shown, *dated, way])).verdict

    own = "Delivered on  November 5, 2026"
    under = page(own, "November 3, 2026  Order data", days={0: "2026-11-05", 1: "2026-11-03"})
    assert under is not Verdict.FAIL
    newest = page(own, "November 6, 2026  Order data", days={0: "2026-11-05", 1: "2026-11-06"})
    assert newest is Verdict.FAIL  # as the first row of a history, in words that are not known
    other = (own, "Received by J. Doe", "November 3, 2026  Delivered")
    assert page(*other, days={0: "2026-11-05", 2: "2026-11-03"}) is Verdict.FAIL


def test_a_row_that_is_read_as_several_deliveries_does_not_decide() -> None:
    """A list of orders in plain text, whose columns ran together."""
    row = "#88678   Nov 8, 2026   Nov 10, 2026   Nov 13, 2026"
    shown = [fact("document.text", row, box(40, 30, 500, 20))]
    days = ("2026-11-08", "2026-11-10", "2026-11-13")
    read = [fact("delivery.at", parse_iso(day), box(40, 30, 500, 20)) for day in days]
    sent = [fact("document.text", "Shipped Nov 10, 2026", box(40, 90, 500, 20)),
            fact("shipment.shipped.at", parse_iso("2026-11-10"), box(40, 90, 500, 20))]  # fmt: skip
    assert tamper_of(Facts([*shown, *read, *sent])).verdict is not Verdict.FAIL
    assert tamper_of(Facts([*shown, read[0], *sent])).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("created", "told"), [("2026-11-02", Verdict.FAIL), ("2021-11-02", Verdict.PASS)]
)
def test_a_file_that_is_years_older_than_what_it_tells_was_not_altered(
    created: str, told: Verdict
) -> None:
    """Its program's clock was wrong, or a number was read as a date."""
    made = fact("document.created.at", parse_iso(created), Locator("meta", "CreationDate"))
    assert tamper_of(Facts([*saying("Delivered on: November 5, 2026"), made])).verdict is told


@pytest.mark.parametrize(
    ("beside", "sure", "told"),
    [
        ("Hub scan, Thursday October 15, 2026", 0.94, []),
        ("Hub scan, Friday October 16, 2026", 0.94, ["weekday"]),
        ("Hub scan, Thursday October 22, 2026", 0.94, ["weekday"]),
        ("Hub scan, Thursday October 15, 2026", 1.0, ["weekday"]),
    ],
)
def test_a_date_that_lost_a_figure_in_a_picture_stands_whole_beside_it(
    beside: str, sure: float, told: list[str]
) -> None:
    lines = ("Hub scan, Thursday, October 5, 2026", beside)
    shown = (fact("document.text", line, box(40, 30 * n, 300, 12), sure)
             for n, line in enumerate(lines))  # fmt: skip
    assert kinds(Facts(shown)) == told
