"""What lines say: numbers under their labels, whose mark it is, when it was captured."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import pytest

from evidence.facts import Fact, Facts
from evidence.locators import WHOLE
from evidence.times import LocalDate, LocalTime
from evidence.verdicts import Verdict
from tests.verifiers.evidence_of import ORDER
from tests.verifiers.evidence_of import item as sealed
from tests.verifiers.read_lines import ITEM, placed, said
from verifiers.marks.carrier import carrier_of
from verifiers.matching import asked
from verifiers.readers.lines import Line
from verifiers.readers.reader import fact
from verifiers.readers.said.days import days_in
from verifiers.readers.said.facts import facts_of_lines
from verifiers.readers.said.fold import fold


def orders(facts: Facts) -> list[str]:
    return [one.text for one in facts.named("order.id", "order.alias")]


@pytest.mark.parametrize(
    "label",
    ["Reference:", "Customer reference", "Riferimento:", "Referencia", "Référence client",
     "参考号:", "Referenz:", "Kundenreferenz", "お客様管理番号", "Order", "Pedido n.º",
     "订单编号:", "销售单号:"],
)  # fmt: skip
def test_a_shops_own_number_is_an_order_under_any_label(label: str) -> None:
    assert orders(placed((label, 40, 100), ("#EU91683", 240, 100))) == ["EU91683"]
    assert orders(placed((label, 40, 100), ("#15565", 40, 118))) == ["15565"]


@pytest.mark.parametrize(
    "line",
    ["Reference: 1234567", "Ticket #15565", "Reference: #12", "Suite #4410", "Ref. INV-2026"],
)
def test_what_is_not_written_like_a_shops_number_is_no_order(line: str) -> None:
    assert orders(said(line)) == []


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("Order #: 203-4565362-9031372Thursday, March 19, 2026", "203-4565362-9031372"),
        ("参考号171-9595675-5999853", "171-9595675-5999853"),
        ("Order PO-211-01234567890123456", "PO-211-01234567890123456"),
        ("订单号576463487016395404", "576463487016395404"),
    ],
)
def test_a_number_ends_where_another_word_begins(line: str, number: str) -> None:
    assert orders(said(line)) == [number]


def test_a_number_is_not_built_out_of_two_cells() -> None:
    found = placed(("Order ID", 40, 100), ("576522487527328703", 40, 118), ("2025032", 200, 118))
    assert orders(found) == ["576522487527328703"]
    longer = "5765224875273287032025032"
    assert "576522487527328703" not in orders(said(f"No {longer}"))


def test_a_number_broken_at_its_dash_is_one() -> None:
    found = placed(("订单号", 40, 100), ("404-1797979-", 40, 118), ("9560596", 40, 132))
    assert orders(found) == ["404-1797979-9560596"]


@pytest.mark.parametrize(
    "label",
    ["Tracking results provided on:", "Results provided by UPS on", "1-800-555-8216As of:",
     "©2026 Poste Stampato il:", "Acct 682-630照会日時:", "0800667 4029打印时间:", "Imprimé le:"],
)  # fmt: skip
def test_a_capture_is_dated_by_its_label_whatever_stands_in_front(label: str) -> None:
    found = said("Carrier", f"{label}2026-09-01 18:03")
    (captured,) = found.named("document.captured.at")
    assert isinstance(captured.value, LocalTime) and captured.value.wall.day == 1


@pytest.mark.parametrize(
    "line",
    [
        "Page captured May 7, 2026 16:20",
        "Printed Thursday, 7 May 2026",
        "Generated Thu, May 7, 2026",
    ],
)  # fmt: skip
def test_a_capture_is_dated_without_a_colon_before_a_day_in_words(line: str) -> None:
    found = said("Delivered", "May 5, 2026 11:02", "Signed for by J. Doe", line)
    assert len(found.named("document.captured.at")) == len(found.named("delivery.at")) == 1


def test_a_slashed_day_right_behind_a_colon_is_read() -> None:
    (captured,) = said("Stampato il:19/02/2026 03:06").named("document.captured.at")
    assert isinstance(captured.value, LocalTime) and captured.value.wall.month == 2


def test_the_last_day_of_a_history_is_no_stamp_though_it_stands_at_the_edge() -> None:
    history = [(f"2026-09-0{day} 10:00", 40, 790 - 60 * day) for day in (1, 2, 3, 4)]
    assert not placed(*history).named("document.captured.at")
    alone = placed(("Delivered on: 2026-09-04 10:00", 40, 200), ("9/6/2026 17:02", 480, 785))
    (stamp,) = alone.named("document.captured.at", "document.date.open")
    assert stamp.name == "document.date.open" or isinstance(stamp.value, LocalTime)


def test_a_time_before_its_day_belongs_to_its_own_row() -> None:
    found = placed(
        ("Shipped on:", 40, 100), ("Mon 05 May 2025", 240, 100),
        ("Delivered on:", 40, 119), ("2:53 pm on 12 May 2025", 240, 119),
    )  # fmt: skip
    (delivered,) = found.named("delivery.at")
    (shipped,) = found.named("shipment.shipped.at")
    assert isinstance(delivered.value, LocalTime) and delivered.value.wall.day == 12
    assert isinstance(shipped.value, LocalDate) and shipped.value.day.day == 5


@pytest.mark.parametrize("label", ["Actual delivery", "Actual delivery date", "实际签收时间"])
def test_an_actual_delivery_is_one(label: str) -> None:
    found = placed((label, 40, 100), ("2026-06-22 19:27", 240, 100))
    assert len(found.named("delivery.at")) == 1


@pytest.mark.parametrize(
    ("line", "days"),
    [("3.2. Options", 0), ("dealt with in 4 and 8.1. (New)", 0), ("3.2. 14:05 Zugestellt", 1),
     ("Zugestellt am 3.2.", 1), ("03.02. Zugestellt", 1), ("13.2. Zugestellt", 1)],
)  # fmt: skip
def test_the_number_of_a_section_is_no_day(line: str, days: int) -> None:
    assert len(days_in(fold(line))) == days


def test_ems_is_chinas_only_if_the_number_is() -> None:
    assert carrier_of(said("EMS", "Tracking number: EA577877376CN")).name == "china_ems"
    assert carrier_of(said("EMS", "Tracking number: EM123456785JP")).name == "japan_post"


def _asked(facts: Iterable[Fact], **about: str) -> tuple[Verdict, set[str]]:
    from dataclasses import replace

    names = {"order": "order.id", "number": "shipment.tracking_number", "site": "order.site"}
    line = replace(
        sealed("x", ITEM.role, about={names[key]: value for key, value in about.items()}),
        sha256=ITEM.sha256,
    )
    verdict, findings = asked.verify(items=[line], facts=Facts(facts), order=ORDER)
    return verdict, {finding.code for finding in findings}


def test_a_letter_taken_for_a_digit_makes_no_other_order() -> None:
    engine = fact(ITEM, "reading.engine", "recognised")
    misread = list(said("Ordine n.: #S086810"))
    assert _asked(misread, order="#SO86810")[0] is Verdict.FAIL  # as it stands in the file
    assert _asked([engine, *misread], order="#SO86810")[0] is Verdict.PASS
    assert _asked([engine, *misread], order="#SO86811")[0] is Verdict.FAIL


def test_a_number_that_was_cut_off_is_not_another_parcels() -> None:
    cut = said("Tracking number: 4PX583140230")
    assert _asked(cut, number="4PX5831402303921CN")[1] == {"asked-number-absent"}
    assert _asked(cut, number="4PX9831402303921CN")[1] == {"asked-number-differs"}


def test_where_it_went_says_more_than_whose_page_it_is() -> None:
    page = said("https://www.amazon.com/progress-tracker", "Ship to: 50667 Köln, Germany")
    assert _asked(page, site="DE")[0] is Verdict.PASS
    assert _asked(page, site="US")[0] is Verdict.FAIL
    host = said("https://sellercentral-europe.amazon.com/orders-v3/order/1")
    assert _asked(host, site="DE")[1] == {"asked-site-open"}


@pytest.mark.parametrize(
    ("site", "went", "verdict"),
    [("FR", "10115 Berlin, Germany", Verdict.FAIL),
     ("DE", "1010 Wien, Austria", Verdict.INCONCLUSIVE),
     ("US", "10115 Berlin, Germany", Verdict.FAIL), ("DE", "10115 Berlin, Germany", Verdict.PASS)],
)  # fmt: skip
def test_another_country_with_a_site_of_its_own_is_another_site(
    site: str, went: str, verdict: Verdict
) -> None:
    assert _asked(said(f"Ship to: {went}"), site=site)[0] is verdict


def test_a_sale_across_a_border_of_the_single_market_is_told_where_the_item_is_tied() -> None:
    numbers = ("Order 171-9595675-5999853", "Tracking number: RR473124829DE")
    about = {"order": "171-9595675-5999853", "number": "RR473124829DE"}
    both = said(*numbers, "Ship to: 69003 Lyon, France")
    assert _asked(both, **about, site="DE") == (
        Verdict.INCONCLUSIVE, {"asked-order-named", "asked-number-named", "asked-site-abroad"}
    )  # fmt: skip
    # One of them alone is also on a page of a parcel that was mistaken for this order's.
    one = said(numbers[1], "Ship to: 69003 Lyon, France")
    assert _asked(one, **about, site="DE")[0] is Verdict.FAIL
    # No rule of a marketplace lets it go there.
    assert _asked(both, **about, site="US")[0] is Verdict.FAIL


def test_a_year_before_a_name_is_no_dutch_postcode() -> None:
    assert not said("© 2025 SF Express").named("document.country")
    assert said("Ship to: 2011 SF Haarlem").values("delivery.country") == ["NL"]


@pytest.mark.parametrize("phone", ["1-800-555-8559", "+1-800-555-8559", "800-555-8559"])
def test_a_telephone_number_is_no_parcels(phone: str) -> None:
    assert not said(f"©2025 4PX {phone}", f"Tracking: {phone}").named("shipment.tracking_number")


def test_a_service_that_promises_an_hour_delivers_nothing_at_it() -> None:
    found = said("28 June 2025", "Delivered", "Special Delivery Guaranteed by 1pm")
    assert all(isinstance(one.value, LocalDate) for one in found.named("delivery.at"))


def test_half_of_the_day_may_stand_in_the_next_line() -> None:
    found = placed(("Delivered: Thursday, June 11, 2026, 3:20", 40, 100), ("pm", 40, 114))
    (delivered,) = found.named("delivery.at")
    assert isinstance(delivered.value, LocalTime) and delivered.value.wall.hour == 15


def test_a_desktops_clock_ends_a_photographed_page() -> None:
    body = [(f"Line {n} of a page that was photographed", 100, 100 + 30 * n) for n in range(8)]
    found = placed(*body, ("15:46", 420, 600), ("28/07/2025", 385, 614))
    assert len(found.named("document.captured.at")) == 1


def days_of(facts: Facts, name: str) -> list[str]:
    return [one.text for one in facts.named(name)]


def test_the_name_of_a_field_is_not_of_the_moment_before_it() -> None:
    """Two columns of labels over their values, a row apart."""
    found = placed(
        ("下单时间", 40, 100), ("2025-04-12", 40, 118), ("发货日期", 300, 118),
        ("2025-04-13", 300, 136), ("状态", 300, 154), ("已妥投", 300, 172),
    )  # fmt: skip
    assert days_of(found, "order.placed.at") == ["2025-04-12"]
    assert days_of(found, "shipment.shipped.at") == ["2025-04-13"]
    assert not found.named("delivery.at")


def test_a_time_of_day_keeps_the_label_of_its_row_under_the_days_heading() -> None:
    found = placed(
        ("May 13, 2026", 40, 100), ("8:10 PM", 40, 120), ("Delivered", 140, 120),
        ("6:34 PM", 40, 150), ("Out for delivery", 140, 150),
    )  # fmt: skip
    assert days_of(found, "delivery.at") == ["May 13, 2026 8:10 PM"]


def test_a_label_with_a_moment_under_it_is_not_of_the_one_over_it() -> None:
    """The label of the upper day was cropped off."""
    found = placed(
        ("March 28, 2026", 40, 100), ("Package delivered", 40, 124),
        ("March 29, 2026 18:17", 40, 148),
    )  # fmt: skip
    assert days_of(found, "delivery.at") == ["March 29, 2026 18:17"]


def test_the_time_of_a_message_is_not_the_other_half_of_a_day_further_down() -> None:
    found = placed(
        ("已签收,请查收", 40, 100), ("07:42", 40, 118), ("快递单号", 40, 160),
        ("送达时间: 2025/04/22", 40, 190),
    )  # fmt: skip
    assert days_of(found, "delivery.at") == ["2025/04/22"]


def test_an_hour_may_have_lost_its_blank() -> None:
    found = said("照会日時:2025/07/2600時31分")
    assert days_of(found, "document.captured.at") == ["2025/07/2600時31分"]


def test_the_hour_of_a_capture_borrows_no_day_from_the_history() -> None:
    """The day of the capture was cut off at the picture's edge."""
    found = placed(
        ("Apr 7, 2025 7:11 AM", 40, 100), ("Label created", 240, 100),
        ("Page captured: A", 40, 140), ("7:29 PM", 40, 156),
    )  # fmt: skip
    assert not found.named("document.captured.at")


def test_a_day_may_be_broken_at_its_dash_in_a_narrow_column() -> None:
    """A phone's history: each row is two lines high, and each cell of it wraps by itself."""
    facts = placed(
        ("2026-", 20, 100), ("16:51", 120, 100), ("Parcel is", 320, 100),
        ("11-05", 20, 116), ("(GMT+2)", 120, 116), ("delivered", 320, 116),
        ("2026-", 20, 160), ("08:11", 120, 160), ("Out for", 320, 160),
        ("11-05", 20, 176), ("(GMT+2)", 120, 176), ("delivery", 320, 176),
        ("2026-", 20, 220), ("09:30", 120, 220), ("Accepted by", 320, 220),
        ("11-02", 20, 236), ("(GMT+2)", 120, 236), ("carrier", 320, 236),
    )  # fmt: skip
    assert days_of(facts, "delivery.at") == ["2026- 11-05 16:51 (GMT+2)"]
    assert days_of(facts, "scan.accepted.at") == ["2026- 11-02 09:30 (GMT+2)"]
    # A number that ends in a dash is no day, and a year alone is not half of one.
    assert days_of(placed(("INV-2026-", 20, 100), ("Delivered", 20, 116)), "delivery.at") == []


def test_a_day_may_be_broken_before_its_month() -> None:
    found = placed(
        ("Impreso el: domingo, 14 de", 40, 100),
        ("septiembre de 2025 a las 17:04 UTC+08:00", 40, 115),
    )
    (captured,) = found.named("document.captured.at")
    assert captured.text == "14 de septiembre de 2025 a las 17:04 UTC+08:00"


@pytest.mark.parametrize("words", ["Estratto il", "Näytetty", "Something in no known words"])
def test_the_last_moment_of_a_page_behind_unknown_words_and_a_colon_is_its_capture(
    words: str,
) -> None:
    page = [("Delivered on: 2026-02-08 18:58", 40, 100), ("Service: Crono", 40, 140)]
    found = placed(*page, (f"{words}: 2026-02-24 15:02", 40, 400))
    (captured,) = found.named("document.captured.at")
    assert isinstance(captured.value, LocalTime) and captured.value.wall.day == 24


@pytest.mark.parametrize(
    "last",
    ["2026-02-24 15:02", "Something: 2026-02-01 15:02", "Label created: 2026-02-24 15:02"],
    ids=["no words", "earlier than another", "words that say what it is"],
)
def test_not_every_last_moment_is_a_capture(last: str) -> None:
    page = [("Delivered on: 2026-02-08 18:58", 40, 100), ("Service: Crono", 40, 140)]
    assert not placed(*page, (last, 40, 400)).named("document.captured.at")


def test_a_moment_with_a_page_of_text_behind_it_is_no_capture() -> None:
    page = [("Delivered on: 2026-02-08 18:58", 40, 100), ("Something: 2026-02-24 15:02", 40, 140)]
    rest = [(f"line {number} of the rest", 40, 160 + 20 * number) for number in range(6)]
    assert not placed(*page, *rest).named("document.captured.at")


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("Date delivered: 2026-03-27,1:32 pm", datetime(2026, 3, 27, 13, 32)),
        ("Delivered: Fri 27 Mar 2026,14:05", datetime(2026, 3, 27, 14, 5)),
    ],
)
def test_a_comma_behind_a_day_may_have_lost_its_blank(line: str, at: datetime) -> None:
    (delivered,) = said(line).named("delivery.at")
    assert isinstance(delivered.value, LocalTime) and delivered.value.wall == at


def test_a_day_behind_a_month_of_two_figures_has_two() -> None:
    """Recognised without the blank and without a figure of the hour: which hour is not guessed."""
    (delivered,) = said("Delivered: 2025-09-119:23:44").named("delivery.at")
    assert isinstance(delivered.value, LocalDate) and delivered.value.day == date(2025, 9, 11)
    (glued,) = said("Delivered: 2025-09-1119:23:44").named("delivery.at")
    assert isinstance(glued.value, LocalTime) and glued.value.wall.hour == 19


def test_a_year_that_was_wrapped_under_its_day_is_its_year() -> None:
    facts = placed(("Delivered On: 9:04 pm on Tuesday 26 May", 40, 100), ("2026", 40, 114))
    (delivered,) = facts.named("delivery.at")
    assert isinstance(delivered.value, LocalTime)
    assert delivered.value.wall == datetime(2026, 5, 26, 21, 4)


def test_a_day_is_read_behind_a_line_that_ends_in_its_on() -> None:
    facts = placed(("Results provided on: 1:29 pm on", 40, 100), ("Monday 8 June 2026", 40, 114))
    (captured,) = facts.named("document.captured.at")
    assert isinstance(captured.value, LocalTime)
    assert captured.value.wall == datetime(2026, 6, 8, 13, 29)


@pytest.mark.parametrize("asked_for", ["Any proof this was delivered?", "请问已送达？"])
def test_a_question_whether_it_was_delivered_is_no_delivery(asked_for: str) -> None:
    facts = placed((asked_for, 40, 100), ("16:56 2026-05-17", 40, 118))
    assert not list(facts.named("delivery.at"))


def numbers(*lines: str, sure: float = 0.98) -> list[str]:
    made = [Line(line, WHOLE, confidence=sure) for line in lines]
    return [one.text for one in Facts(facts_of_lines(ITEM, made)).named("shipment.tracking_number")]


@pytest.mark.parametrize("line", ["Tracking number: 1Z59XZ070201303980", "1Z59XZ070201303980"])
def test_a_nought_of_an_account_in_a_picture_is_the_letter_that_its_check_digit_asks_for(
    line: str,
) -> None:
    assert numbers(line) == ["1Z59XZO70201303980"]
    assert numbers(line, sure=1.0) == ["1Z59XZ070201303980"]


def test_letters_and_figures_that_fill_a_line_are_a_number_on_a_carriers_page() -> None:
    page = ("Yanwen", "YW252506970154", "Your parcel was delivered")
    assert numbers(*page) == ["YW252506970154"]
    assert numbers(*page[1:]) == []  # nobody's page
    assert numbers("Yanwen", "Ref YW252506970154") == []
    announced = numbers(*page, "Tracking number: UF171225524YP")
    assert announced == ["UF171225524YP"]


def test_a_consignment_with_a_colon_announces_its_number() -> None:
    assert numbers("Consignment: YW053923989848") == ["YW053923989848"]


def test_a_day_is_not_of_a_label_beside_it_that_has_its_own_behind_it() -> None:
    """A letter in two columns, whose sentence on the right is two lines high."""
    facts = placed(
        ("Dispatched", 40, 100), ("Delivered Monday, June 30, 2025 at 7:19", 320, 105),
        ("Saturday, June 28, 2025", 40, 117), ("p.m.", 320, 121),
    )  # fmt: skip
    assert days_of(facts, "delivery.at") == ["June 30, 2025 at 7:19 p.m."]
    assert days_of(facts, "shipment.shipped.at") == ["June 28, 2025"]


def test_a_day_under_its_label_is_not_of_the_history_beside_it() -> None:
    facts = placed(
        ("Shipped", 400, 86), ("Delivered", 40, 103), ("30.09.2025", 410, 102),
        ("Kraków · 02.10.2025, 12:26", 40, 122), ("Signed by", 400, 118),
        ("Out for delivery", 40, 150), ("T. KUBACKI", 410, 134),
        ("Kraków · 02.10.2025, 09:31", 40, 168),
    )  # fmt: skip
    assert days_of(facts, "delivery.at") == ["02.10.2025, 12:26"]
    assert days_of(facts, "shipment.shipped.at") == ["30.09.2025"]


def test_a_number_in_groups_may_go_on_in_the_next_line() -> None:
    facts = placed(
        ("Numer listu przewozowego", 390, 83), ("6378 3148 1164 8991 8947", 390, 98),
        ("6423", 390, 114), ("Wysłano", 390, 144), ("30.09.2025", 390, 160),
    )  # fmt: skip
    (number,) = facts.named("shipment.tracking_number")
    assert number.text == "637831481164899189476423"


def test_the_number_of_an_order_with_a_day_behind_it_is_no_parcels() -> None:
    line = "订单号:026-1995447-7353794 2025年5月6日 12:44:02"
    assert numbers(line) == [] and orders(said(line)) == ["026-1995447-7353794"]
    assert numbers("单号: YW489024978444") == ["YW489024978444"]


def test_a_check_digit_that_fits_by_chance_cuts_no_number_short() -> None:
    """Of these six groups the first five pass for a number of FedEx."""
    whole = "696511439705726038818517"
    for page in (
        ("Numer listu: 1", "Numer przesyłki: 6965 1143 9705 7260 3881 8517"),
        ("InPost", "Numer przesyłki 6965 1143 9705 7260 3881 8517 2026-11-05 14:32"),
    ):
        assert numbers(*page) == [whole]
    assert numbers("FedEx", "6965 1143 9705 7260 3881 8517") != ["69651143970572603881"]


def test_a_number_may_be_broken_wherever_its_column_ended() -> None:
    for upper, lower, whole in (
        ("69651143970572603881", "8517", "696511439705726038818517"),
        ("1Z59XZO702", "01303980", "1Z59XZO70201303980"),
    ):
        facts = placed(("Tracking number", 40, 83), (upper, 40, 98), (lower, 40, 112))
        assert [one.text for one in facts.named("shipment.tracking_number")] == [whole]
    apart = placed(
        ("DPD", 40, 60), ("Tracking number", 40, 83), ("42177734041787", 40, 98), ("33", 40, 112)
    )
    assert [one.text for one in apart.named("shipment.tracking_number")] == ["42177734041787"]


@pytest.mark.parametrize(
    "label", ["Référence colis", "Paketkennung", "Ref. de envío", "Codice spedizione"]
)
def test_a_parcels_reference_is_its_number(label: str) -> None:
    assert numbers(f"{label}: 42177734041787") == ["42177734041787"]


@pytest.mark.parametrize(
    "line", ["42177734041787", "Pakiw: 42177734041787", "Pakiw 42177734041787 is here"]
)
def test_the_only_number_of_a_carriers_page_is_its_parcels_whatever_announces_it(line: str) -> None:
    assert numbers("DPD", line) == ["42177734041787"]
    assert numbers(line) == []  # nobody's page
    assert numbers("DPD", line, "Sztuka 09446203129988") == []  # or that one


@pytest.mark.parametrize(
    "line",
    ["Konto: 42177734041787", "Tel. 42177734041787", "+42177734041787", "Invoice 42177734041787",
     "Bestellung 42177734041787", "0221 555 0123 456", "2026-11-05 14:32:00"],
)  # fmt: skip
def test_what_is_called_something_else_is_no_parcels(line: str) -> None:
    assert numbers("DPD", line) == []


def test_the_day_of_a_collection_is_no_delivery() -> None:
    facts = placed(
        ("集荷日", 400, 100), ("2025/04/03", 400, 118), ("配送履歴", 400, 140),
        ("お届け完了", 400, 154), ("配完日時", 400, 176), ("2025/04/04 20:04", 400, 192),
    )  # fmt: skip
    assert days_of(facts, "delivery.at") == ["2025/04/04 20:04"]
    assert days_of(facts, "scan.accepted.at") == ["2025/04/03"]
    assert days_of(said("Date d'enlèvement: 13/12/2024"), "scan.accepted.at") == ["13/12/2024"]


@pytest.mark.parametrize(
    ("line", "number"),
    [("订单编号: #EU82130 2026年09月18日 星期五", "EU82130"),
     ("订单号:13-42788-569952025年05月28日星期三04:37", "13-42788-56995"),
     ("Order no: 4711-22 2026-09-18", "4711-22")],
)  # fmt: skip
def test_a_day_behind_an_orders_number_is_none_of_it(line: str, number: str) -> None:
    assert orders(said(line)) == [number]


def test_words_of_east_asia_are_broken_without_a_blank() -> None:
    facts = placed(("销售", 40, 100), ("#EU82130", 200, 106), ("单号", 40, 114), ("买家", 40, 150))
    assert orders(facts) == ["EU82130"]


def test_a_misread_heading_keeps_a_day_from_the_label_under_it() -> None:
    facts = placed(
        ("Purchase date", 40, 50), ("Thursday 5 March 2026", 40, 64), ("Shp date", 400, 100),
        ("Saturday 7 March 2026", 400, 114), ("Delivered", 400, 140), ("Delivery date", 400, 170),
        ("Monday 16 March 2026", 400, 184),
    )  # fmt: skip
    assert days_of(facts, "delivery.at") == ["16 March 2026"]


def test_a_page_says_completed_of_its_delivery() -> None:
    facts = said("Denver, CO: Completed (Aug 20, 2025 at 8:45 a.m.)")
    assert days_of(facts, "delivery.at") == ["Aug 20, 2025 at 8:45 a.m."]
    assert days_of(said("Payment completed (Aug 20, 2025)"), "delivery.at") == []


def test_what_a_depot_received_is_not_delivered() -> None:
    facts = placed(
        ("14-11-2026 18:57", 40, 100), ("Delivered by Enfield South DO", 260, 100),
        ("13-11-2026 15:57", 40, 140), ("Item received at Enfield South DO", 260, 140),
    )  # fmt: skip
    assert days_of(facts, "delivery.at") == ["14-11-2026 18:57"]
    assert days_of(facts, "scan.accepted.at") == ["13-11-2026 15:57"]


def test_a_month_with_a_comma_before_its_day_is_a_day_and_no_number() -> None:
    facts = placed(
        ("DHL", 40, 60), ("Tracking Code: 8792853311", 40, 80),
        ("November, 06 2026 11:21 Local time Delivered", 40, 120),
    )  # fmt: skip
    assert days_of(facts, "delivery.at") == ["November, 06 2026 11:21 Local time"]
    assert days_of(facts, "shipment.tracking_number") == ["8792853311"]


def test_half_a_day_keeps_its_half_where_a_blank_was_lost() -> None:
    facts = placed(("November 11, 2026", 40, 100), ("3:19 PMPackage was delivered.", 40, 114))
    assert days_of(facts, "delivery.at") == ["November 11, 2026 3:19 PM"]
    assert isinstance(time := facts.first("delivery.at").time, LocalTime)  # type: ignore[union-attr]
    assert time.wall.hour == 15
    assert not facts.named("delivery.at") == placed(("3:19 Amsterdam", 40, 100)).named(
        "delivery.at"
    )


def test_a_clock_beside_a_page_does_not_turn_the_pages_days_round() -> None:
    facts = placed(
        ("Delivery date: 02/08/2025, 10:35 am", 40, 100),
        ("Sat, Feb 8, 2025 at 10:35 a.m. Delivered", 40, 140),
        ("Fri, Feb 7, 2025 at 11:20 a.m. In transit", 40, 180), ("26/02/2025", 500, 780),
    )  # fmt: skip
    days = {one.time.day for one in facts.named("delivery.at") if isinstance(one.time, LocalDate)}
    walls = {
        one.time.wall.date()
        for one in facts.named("delivery.at")
        if isinstance(one.time, LocalTime)
    }
    assert days | walls == {date(2025, 2, 8)}


@pytest.mark.parametrize(
    "salutation", ["Dear Customer,", "Sehr geehrte Damen und Herren,", "尊敬的客户"]
)
def test_a_letters_own_day_is_when_it_was_made(salutation: str) -> None:
    letter = placed(
        ("November 12, 2026", 40, 60), (salutation, 40, 100),
        ("The following is the proof of delivery for 9400 1118 9922 3197 4284 97.", 40, 130),
        ("Delivered on November 10, 2026, 2:34 pm", 40, 160),
    )  # fmt: skip
    assert days_of(letter, "document.captured.at") == ["November 12, 2026"]
    assert days_of(letter, "delivery.at") == ["November 10, 2026, 2:34 pm"]


def test_a_day_over_other_words_or_a_second_stamp_is_no_letters_own() -> None:
    assert not days_of(placed(("November 12, 2026", 40, 60), ("Dearborn, MI", 40, 100)), _MADE)
    both = placed(
        ("November 12, 2026", 40, 60), ("Dear Customer,", 40, 100),
        ("Printed on November 13, 2026", 40, 300),
    )  # fmt: skip
    assert days_of(both, _MADE) == ["November 13, 2026"]


_MADE = "document.captured.at"
