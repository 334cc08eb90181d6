"""What an item says that cannot be, and what honest items say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.facts import Facts
from evidence.locators import WHOLE, box, page_line
from evidence.times import parse_iso
from evidence.verdicts import Verdict
from tests.verifiers.evidence_of import NUMBER
from tests.verifiers.sayings import fact, kinds, saying
from verifiers.authenticity.days import written_days
from verifiers.authenticity.tamper import contradictions_of, tamper_of

# Weekdays and days. 5 November 2026 was a Thursday.


@pytest.mark.parametrize(
    "line",
    [
        "Delivered Thursday, November 5, 2026 at 2:32 PM",
        "Thu 11/05/2026",
        "Thu 05/11/2026",
        "Zugestellt am Donnerstag, 5. November 2026",
        "Do, 05.11.2026, 14:32 Uhr",
        "Livré le jeudi 5 novembre 2026",
        "Entregado el jueves, 5 de noviembre de 2026",
        "giovedì 5 novembre 2026",
        "2026年11月5日 星期四 14:32",
        "2026/11/05(木) 14:32",
        "2026-11-05 (Thu)",
        "we were there on 2026-11-05",
        "so 5 November 2026 it was",
        "See you on Monday. Delivered November 5, 2026",
        "02/29/2028 and 29.02.2028",
        "torsdag den 5 november 2026 kl. 14:32",
        "tors 5 november 2026",
        "torstaina 5.11.2026",
        "2026-11-05 (Do) 14:32",
        "2026-11-05 mo fabriek",  # two letters, and no mark that makes them a day
        "2026-11-05 lun. bleu",
    ],
)
def test_days_that_were_are_not_told(line: str) -> None:
    assert kinds(saying(line)) == []


@pytest.mark.parametrize(
    "line",
    [
        "Delivered Friday, November 5, 2026 at 2:32 PM",
        "Wed 11/05/2026",
        "Zugestellt am Dienstag, 5. November 2026",
        "Mo, 05.11.2026, 14:32 Uhr",
        "Livré le lundi 5 novembre 2026",
        "2026年11月5日 星期二 14:32",
        "2026/11/05(土) 14:32",
        "2026-11-05 (Mon)",
        "onsdag 5 november 2026 17:30",
        "fre 5 november 2026",
        "2026-11-05 (Mo) 14:32",
        "2026-11-05 weds",
        "2026-11-05 sáb",
        "Mo. 05.11.2026",
        "Entregue em seg, 5 de novembro de 2026",
        "pátek 5. listopadu 2026",
        "понедельник, 5 ноября 2026",
        "5 Kasım 2026 Cuma",
    ],
)
def test_a_wrong_weekday_is_told_in_many_languages(line: str) -> None:
    assert kinds(saying(line)) == ["weekday"]


def test_a_weekday_is_trusted_by_its_own_reading_and_not_by_its_rows() -> None:
    day = fact("document.text", "2025年12月01日星期四下午5:38", box(900, 10, 200, 20), 0.99)
    poor = fact("document.text", "菜鸟", box(20, 10, 60, 20), 0.6)
    ((_, weight),) = [(one.kind, one.weight) for one in contradictions_of(Facts([day, poor]))]
    assert weight > 0.8


@pytest.mark.parametrize(("weekday", "wrong"), [("Tuesday,", True), ("Thursday,", False)])
def test_a_weekday_that_ends_the_line_over_its_date_is_its_own(
    weekday: str, *, wrong: bool
) -> None:
    over = fact("document.text", f"5:07 pm on {weekday}", box(300, 85, 83, 10))
    under = fact("document.text", "November 5, 2026", box(300, 98, 82, 10))
    beside = fact("document.text", "November 6, 2026", box(20, 98, 82, 10))
    assert kinds(Facts([over, under, beside])) == ["weekday"] * wrong


def test_a_weekday_without_a_year_is_held_against_the_only_year_there_is() -> None:
    assert kinds(saying("Printed 2026-11-06", "Fri, Nov 5")) == ["weekday"]
    assert kinds(saying("Printed 2026-11-06 and 2025-01-01", "Fri, Nov 5")) == []
    # At the turn of the year the day may be of the year before.
    assert kinds(saying("Printed 2027-01-02", "Thu, Dec 31")) == []


@pytest.mark.parametrize(
    "line", ["November 31, 2026", "2026-02-30", "31/04/2026", "30. Februar 2026"]
)
def test_a_day_that_no_month_has_is_told(line: str) -> None:
    assert kinds(saying(line)) == ["day"]


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_every_real_day_is_read_as_itself(day: date) -> None:
    for form in ("%Y-%m-%d", "%B %d, %Y", "%d %b %Y", "%A, %d %B %Y", "%m/%d/%Y", "%d.%m.%Y"):
        (read,) = written_days(day.strftime(form))
        assert day in read.days()
        assert not read.weekdays or day.weekday() in read.weekdays


# Numbers


def test_a_number_that_no_carrier_gives_out_is_told() -> None:
    wrong = NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)
    assert kinds(saying(f"Tracking Number: {NUMBER}", "RR 473 124 829 GB")) == []
    assert kinds(saying(f"Tracking Number: {wrong}")) == ["check-digit"]
    assert kinds(saying("Sendungsnummer RR473124828GB")) == ["check-digit"]
    assert kinds(saying("FedEx", "Tracking number: 986578788855")) == []
    assert kinds(saying("FedEx", "Tracking number: 986578788854")) == ["check-digit"]
    assert kinds(saying("Canada Post", "Tracking ID", "2560 3157 5771 4437")) == ["check-digit"]
    assert kinds(saying("Canada Post", "Consignment", "2560 3157 5771 4437")) == ["check-digit"]
    assert kinds(saying("Canada Post", "Reference", "2560 3157 5771 4437")) == []
    # Twelve digits are many carriers', and an order's number is nobody's.
    assert kinds(saying("Tracking number: 986578788854")) == []
    assert kinds(saying("Order 123-1234567-1234567", "Phone 98657878885")) == []
    assert kinds(saying("Tracking number: 1Z12345E0291980793")) == []
    # Without a label of its own, as the readers found it: in groups, and below a heading.
    groups = ("Canada Post", "Shipment number  4720 8721 6869 5767")
    assert kinds(saying(*groups)) == ["check-digit"]
    assert kinds(saying("Evri", "Shipment number  4720 8721 6869 5767")) == []


def test_the_only_number_of_a_case_is_no_parcels() -> None:
    def read(line: str) -> list[str]:
        number = fact("shipment.tracking_number", "986578788854", page_line(1, 2))
        return kinds(Facts([*saying("FedEx", line), number]))

    assert read("Going out as 986578788854") == ["check-digit"]
    assert read("Customer reference 986578788854") == []
    # Beside the case's own it is the parcel's, whatever the line is called.
    assert read("Claim CLM204417733: 986578788854") == ["check-digit"]


def canada(number: str, *, code: str = "", twice: bool = False) -> Facts:
    """A picture of a Canada Post label with this number."""
    read = [
        fact("document.text", "Canada Post", box(0, 0, 200, 20), 0.98),
        fact("document.text", number, box(0, 90, 200, 20), 0.97),
        fact("shipment.tracking_number", number, box(0, 90, 200, 20), 0.95),
    ]
    if twice:
        read.append(fact("document.text", f"Ref {number}", box(0, 190, 200, 20), 0.97))
    if code:
        read.append(fact("document.barcode", code, box(0, 60, 200, 20)))
    return Facts(read)


def test_a_code_that_no_carrier_prints_was_misread() -> None:
    """In a blurred photograph, two pairs of its figures; the printed number's check digit fits."""

    def photo(number: str, code: str) -> list[str]:
        lines = ("DHL Express", f"Tracking Number: {number}")
        read = [
            fact("document.text", line, box(0, 30 * n, 200, 20), 0.97)
            for n, line in enumerate(lines)
        ]
        found = fact("shipment.tracking_number", number, box(0, 30, 200, 20), 0.95)
        return kinds(Facts([*read, found, fact("document.barcode", code, box(0, 60, 200, 20))]))

    assert photo("3702880683", "3735880683") == []
    # Another parcel's, and one with nothing in common.
    assert photo("3702880683", "3735880680") == ["barcode"]
    assert photo("3702880683", "5519274406") == ["barcode"]


def test_a_recognised_number_of_a_place_alone_is_doubted_only_where_it_stands_again() -> None:
    wrong, right = "2560315757714437", "2560315757714430"
    assert kinds(canada(right)) == []
    assert kinds(canada(wrong)) == []  # one figure may be misread
    assert kinds(canada(wrong, twice=True)) == ["check-digit"]
    assert kinds(canada(wrong, code=wrong)) == ["check-digit"]
    assert "check-digit" not in kinds(canada(wrong, twice=True, code=right))


def test_a_misread_digit_beside_the_right_number_is_no_contradiction() -> None:
    wrong = NUMBER.replace("567", "561")
    read = [
        fact("document.text", f"Tracking {NUMBER}", box(0, 0, 200, 20), 0.95),
        fact("document.text", wrong, box(0, 90, 200, 20), 0.95),
    ]
    assert kinds(Facts(read)) == []


def test_a_letter_among_the_figures_of_a_number_was_misread() -> None:
    assert kinds(saying("Tracking number: 1Z77VYNH0254798173")) == ["check-digit"]
    assert kinds(saying("Tracking number: 1Z77VYNH02547G8172")) == []


def test_a_letter_read_as_a_figure_is_no_contradiction_in_a_picture() -> None:
    letter, figure = "1ZPUZ07O0388237302", "1ZPUZ0700388237302"  # an account may have an O
    shown = fact("document.text", f"Tracking number: {figure}", box(0, 90, 400, 20), 0.97)
    code = fact("document.barcode", letter, box(0, 60, 200, 20))
    assert kinds(Facts([shown])) == []
    assert kinds(Facts([shown, code])) == []
    both = fact("document.text", "1Z0KNC000188585370", box(0, 90, 400, 20), 0.97)  # 1Z0KNCOO01…
    assert kinds(Facts([both])) == []
    assert kinds(saying(f"Tracking number: {figure}")) == ["check-digit"]  # text is not misread
    other = figure.replace("3730", "3930")
    altered = fact("document.text", f"Tracking number: {other}", box(0, 90, 400, 20), 0.97)
    assert kinds(Facts([altered, code])) != []


def test_a_barcode_is_held_against_the_print() -> None:
    def coded(payload: str, *lines: str) -> list[str]:
        return kinds(Facts([*saying(*lines), fact("document.barcode", payload, box(0, 0, 9, 9))]))

    other = "1Z999AA10123456784"
    assert coded(NUMBER, f"TRACKING #: {NUMBER[:2]} {NUMBER[2:5]} {NUMBER[5:]}") == []
    assert coded(f"https://track.example/?n={NUMBER}", f"Tracking {NUMBER}") == []
    assert coded(other, f"Tracking {NUMBER}") == ["barcode"]
    assert coded("9205582180756579868092", "USPS", "Tracking LZ251048949US") == ["barcode"]
    assert coded("42063101", f"Tracking {NUMBER}") == []  # a ZIP code's barcode
    code = fact("document.barcode", other, box(0, 0, 9, 9))
    printed = fact("document.text", NUMBER, box(0, 90, 400, 20))
    for page, line in ((saying(f"Tracking {NUMBER}"), f"Tracking {NUMBER}"), ([printed], NUMBER)):
        (found,) = contradictions_of(Facts([*page, code]))
        assert found.facts[0] == code and found.facts[1].text == line
    # Two makes of one carrier, and a carrier that publishes none.
    assert coded("4962022091241789", "Canada Post", "Tracking ID LM222499827CA") == ["barcode"]
    assert coded("LP0051502997865962", "Tracking number: CNG43401051467003") == ["barcode"]
    # Beside the parcel's own code, others are routes and goods; a printed one is told of.
    both = f"Tracking {NUMBER}, partner's LP0051502997865962"
    assert coded("LP0051502997865962", both) == []
    assert coded("INV-2026-000123", f"Tracking {NUMBER}") == []


def test_each_code_of_another_parcel_is_told() -> None:
    printed = fact("document.text", NUMBER, box(0, 90, 400, 20))
    codes = [
        fact("document.barcode", said, box(0, 30 * n, 200, 20))
        for n, said in enumerate(("1Z999AA10123456784", "1Z5R89390399999996"))
    ]
    found = list(contradictions_of(Facts([printed, *codes])))
    assert [one.kind for one in found] == ["barcode", "barcode"]
    assert [one.facts[0] for one in found] == codes


def test_a_second_code_beside_the_parcels_own_is_no_contradiction() -> None:
    codes = [fact("document.barcode", said, box(0, 0, 9, 9))
             for said in (NUMBER, "9205582180756579868092")]  # fmt: skip
    assert kinds(Facts([*saying(f"Tracking {NUMBER}"), *codes])) == []


def test_a_number_under_a_barcode_that_was_misread_is_no_contradiction() -> None:
    read = [
        *saying("Tracking number: CNG43401051467003"),
        fact("document.text", "LP00S15O2997865962", box(0, 90, 200, 20), 0.95),
        fact("document.barcode", "LP0051502997865962", box(0, 60, 200, 20)),
    ]
    assert kinds(Facts(read)) == []


# Events

STORY = (
    "Label created  November 1, 2026 09:00",
    "Shipped  November 2, 2026 18:00",
    "Out for delivery  November 5, 2026 08:10",
    "Delivered  November 5, 2026 14:32",
)


def test_a_story_in_its_order_is_not_told() -> None:
    assert kinds(saying("Delivered On: Thursday, November 5, 2026 2:32 PM", *STORY)) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        pytest.param("Delivered  November 1, 2026 14:32", ["order"], id="before it was shipped"),
        pytest.param("Delivered  November 5, 2026 06:32", ["order"], id="before it went out"),
        pytest.param("Delivered  November 6, 2026 06:32", [], id="a day later"),
        pytest.param("Estimated delivery  November 1, 2026", [], id="a promise"),
    ],
)
def test_a_delivery_before_the_way_there_is_told(line: str, told: Sequence[str]) -> None:
    assert kinds(saying(*STORY[:3], line)) == told


def test_a_heading_that_says_another_day_than_the_history_is_told() -> None:
    assert kinds(saying("Delivered On: November 6, 2026 14:32", *STORY)) == ["twice"]
    assert kinds(saying("Delivered On:", "November 7, 2026", *STORY)) == ["twice"]
    # Another column's label and day under a label are not its day.
    beside = ("Delivered To: Portland, OR", "Ship date: November 1, 2026")
    assert kinds(saying(*beside, *STORY[1:])) == []
    # The same moment, in another zone.
    assert kinds(saying("Delivered On: November 5, 2026 22:32 UTC", *STORY)) == []


def test_a_time_that_lost_its_half_of_the_day_is_of_either() -> None:
    """On a phone "PM" may stand in the cell's next line, and be read apart."""
    delivered = "Delivered  April 19, 2026 4:03"
    for half, told in ((" AM", []), ("", ["order"])):
        assert kinds(saying(delivered, f"Out for delivery  April 19, 2026 9:55{half}")) == told
    both = (f"{delivered} AM", "Out for delivery  April 19, 2026 9:55 AM")
    assert kinds(saying(*both)) == ["order"]
    assert kinds(saying(delivered, "Out for delivery  April 20, 2026 9:55 AM")) == ["order"]


def test_a_later_day_in_words_of_its_own_is_no_second_delivery() -> None:
    """It may be the day of the capture, in words that are not known, under "Signed for by"."""
    below = (*STORY, "Signed for by J. Doe", "Filed under November 7, 2026")
    assert tamper_of(saying(*below)).verdict is not Verdict.FAIL
    on = (*STORY, "Signed for by J. Doe", "on Saturday, November 7, 2026")
    assert tamper_of(saying(*on)).verdict is Verdict.FAIL
    # One that lies before the history's cannot be a capture's.
    before = (*STORY, "Signed for by J. Doe", "Filed under November 4, 2026")
    assert tamper_of(saying(*before)).verdict is Verdict.FAIL


def test_a_heading_is_held_against_a_way_that_is_drawn_from_left_to_right() -> None:
    def row(delivered: str) -> Facts:
        cells = ("Collected November 2, 2026 10:24", delivered)
        way = [fact("document.text", text, box(400 * at, 100, 300, 20), 0.97)
               for at, text in enumerate(cells)]  # fmt: skip
        times = [
            fact("scan.accepted.at", parse_iso("2026-11-02T10:24"), box(0, 100, 300, 20), 0.97),
            fact("delivery.at", parse_iso(delivered[-16:]), box(400, 100, 300, 20), 0.97),
        ]
        head = fact("document.text", "Handed over 2026-11-05 13:33", box(0, 10, 300, 20), 0.97)
        told = fact("delivery.at", parse_iso("2026-11-05T13:33"), box(0, 10, 300, 20), 0.97)
        return Facts([head, told, *way, *times])

    assert kinds(row("Handed over 2026-11-05T13:33")) == []
    assert kinds(row("Handed over 2026-11-03T14:19")) == ["twice"]


def way(*dates: str, head: str, confidence: float = 0.84) -> Facts:
    """A picture: a heading that dates the delivery, and a column of which the first row does, too.

    The words beside the rows are unknown; only the last one is known, as the parcel's collection.
    """
    read = [
        fact("document.text", f"Handed over  {head}", box(40, 20, 300, 20), confidence),
        fact("delivery.at", parse_iso(head), box(140, 20, 200, 20), confidence),
    ]
    names = ("delivery.at", *("document.printed.at",) * (len(dates) - 2), "scan.accepted.at")
    for row, (name, date_) in enumerate(zip(names, dates, strict=True)):
        at = box(40, 200 + 100 * row, 200, 20)
        read.append(fact("document.text", date_, at, confidence))
        read.append(fact(name, parse_iso(date_), at, confidence))
    return Facts(read)


COLUMN = ("2026-11-05T18:20", "2026-11-05T09:11", "2026-11-04T19:43", "2026-11-02T10:24")


def test_a_heading_is_held_against_a_column_of_scans_whose_words_are_unknown() -> None:
    assert tamper_of(way(*COLUMN, head="2026-11-07")).verdict is Verdict.FAIL
    assert kinds(way(*COLUMN, head="2026-11-05")) == []
    # A row of which words were lost, such as "out for", is no heading of the row under it.
    rows = [
        fact("delivery.at", parse_iso(day), box(40, 200 + 100 * row, 200, 20), 0.84)
        if row < 2
        else fact("document.printed.at", parse_iso(day), box(40, 200 + 100 * row, 200, 20), 0.84)
        for row, day in enumerate(("2026-11-05T18:20", "2026-11-05T09:11", *COLUMN[2:]))
    ]
    sent = fact("scan.transit.at", parse_iso("2026-11-03T10:00"), box(40, 600, 200, 20), 0.84)
    assert kinds(Facts([*rows, sent])) == []
    # A phone's rows are of days, with the hour under each.
    days = [moment[:10] for moment in COLUMN]
    assert kinds(way(*days, head="2026-11-07T14:32")) == ["twice"]
    assert kinds(way(*days, head="2026-11-05T14:32")) == []
    # One day beside another, as forms set them, is no way of a parcel.
    assert kinds(way(*COLUMN[:1], COLUMN[3][:10], head="2026-11-07")) == []
    assert kinds(way(days[0], *days[2:], head="2026-11-07T14:32")) == []


def test_a_year_that_was_misread_is_no_other_year() -> None:
    said = ("Collected on Wed 26 Aug 2026", "Date delivered Thursday 3 September 20Z6")
    assert kinds(saying(*said)) == []
    assert kinds(saying(said[0], "Date delivered Thursday 3 September 20")) == ["order"]


def test_what_one_misread_figure_explains_does_not_decide() -> None:
    assert tamper_of(way(*COLUMN, head="2026-11-08")).verdict is Verdict.INCONCLUSIVE  # 8 as 5
    assert tamper_of(way(*COLUMN, head="2026-11-08", confidence=0.6)).verdict is not Verdict.FAIL
    assert tamper_of(way(*COLUMN, head="2026-11-07", confidence=0.6)).verdict is not Verdict.FAIL
    assert tamper_of(way(*COLUMN, head="2026-11-08", confidence=0.95)).verdict is Verdict.FAIL
    timed = way(*COLUMN, head="2026-11-08T18:20")
    assert tamper_of(timed).verdict is Verdict.INCONCLUSIVE
    assert tamper_of(way(*COLUMN, head="2026-11-07T18:20")).verdict is Verdict.FAIL


def test_a_date_under_another_events_label_proves_no_delivery() -> None:
    """Two columns: the history's word stands in the row of the date that "Shipped" is over."""

    def columns(label: str, x: int = 400, y: int = 104) -> Facts:
        day = box(400, 120, 90, 12)
        out = box(40, 160, 300, 12)
        return Facts([
            fact("picture.size", "600 x 800", WHOLE),
            fact("document.text", label, box(x, y, 60, 12)),
            fact("document.text", "Delivered", box(40, 120, 90, 12)),
            fact("document.text", "2026-11-02", day),
            fact("delivery.at", parse_iso("2026-11-02"), day),
            fact("document.text", "Out for delivery 2026-11-05 08:10", out),
            fact("scan.out_for_delivery.at", parse_iso("2026-11-05T08:10"), out),
        ])  # fmt: skip

    assert tamper_of(columns("Shipped")).verdict is not Verdict.FAIL
    assert tamper_of(columns("Status")).verdict is Verdict.FAIL
    assert tamper_of(columns("Delivered on")).verdict is Verdict.FAIL
    assert tamper_of(columns("Shipped and delivered on")).verdict is Verdict.FAIL
    # A label may begin a little behind its date, reach over it, and stand two lines higher.
    for x, y, over in (
        (409, 104, True), (410, 104, False), (341, 104, True), (340, 104, False),
        (400, 94, True), (400, 93, False), (400, 119, True), (400, 120, False),
    ):  # fmt: skip
        assert (tamper_of(columns("Shipped", x, y)).verdict is not Verdict.FAIL) == over, (x, y)


def test_a_label_that_stands_in_one_piece_with_its_date_is_the_dates_own() -> None:
    """Lines of a letter: "Shipped: 6 November" over "Delivered: 2 November"."""

    def letter(line: str) -> Facts:
        sent, came = box(40, 100, 300, 12), box(40, 120, 300, 12)
        return Facts([
            fact("picture.size", "600 x 800", WHOLE),
            fact("document.text", "Shipped: 2026-11-06", sent),
            fact("shipment.shipped.at", parse_iso("2026-11-06"), sent),
            fact("document.text", line, came),
            fact("delivery.at", replace(parse_iso("2026-11-02"), text="2026-11-02"), came),
        ])  # fmt: skip

    assert tamper_of(letter("Delivered: 2026-11-02")).verdict is Verdict.FAIL
    assert tamper_of(letter("2026-11-02")).verdict is not Verdict.FAIL


def test_two_parcels_have_two_deliveries() -> None:
    two = ("Tracking LZ251048949US", "Delivered On: November 3, 2026",
           f"Tracking {NUMBER}", "Delivered On: November 6, 2026")  # fmt: skip
    assert kinds(saying(*two)) == []
    assert kinds(saying(*two[1:])) == ["twice"]


def test_a_weekday_of_the_next_cell_is_not_this_days() -> None:
    row = [
        fact("document.text", text, box(x, 100, 90, 20), 0.95)
        for x, text in ((0, "2025年05月22日 星期四"), (300, "2025年05月27日 星期二"))
    ]
    assert kinds(Facts(row)) == []


def test_people_who_talk_of_a_delivery_date_their_message_only() -> None:
    chat = (
        "11/06/2026 10:15 Buyer: it says delivered, where is my parcel?",
        "11/07/2026 09:00 Seller: I see it was delivered, please ask your neighbour",
        "[2026-11-08, 12:00] Li Wei: delivered today",
    )
    assert kinds(saying(*chat)) == []


def test_a_file_that_is_older_than_what_it_tells_is_told() -> None:
    delivered = "Delivered On: November 5, 2026 14:32"
    assert kinds(saying(delivered, created="2026-11-06T08:00:00Z")) == []
    assert kinds(saying(delivered, created="2026-11-05T08:00:00")) == []  # zones
    assert kinds(saying(delivered, created="2026-11-02T08:00:00Z")) == ["made-before"]
    assert (
        kinds(saying("Expected delivery: November 5, 2026", created="2026-11-02T08:00:00Z")) == []
    )


def test_a_form_that_was_filled_in_later_is_older_than_what_it_tells() -> None:
    facts = saying(
        "Delivered On: November 5, 2026",
        created="2024-01-02T08:00:00Z", modified="2026-11-06T08:00:00Z",
    )  # fmt: skip
    assert tamper_of(facts).verdict is not Verdict.FAIL


def test_a_part_of_a_number_that_is_read_whole_has_no_check_digit_of_its_own() -> None:
    """A recognition may take the blank between two groups for a point."""
    whole = "DHL", "Sendungsnummer 00340434598460448475"
    assert kinds(saying(*whole, "Shipment number 0034 0434 5984.6044 8475")) == []
    assert kinds(saying("DHL", "Shipment number 0034 0434 5984")) == ["check-digit"]
