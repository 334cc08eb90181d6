"""Which words a moment belongs to: in lists, forms, tables, mails that were passed on."""

from __future__ import annotations

import pytest

from evidence.facts import Facts
from evidence.locators import page_box
from tests.verifiers.read_lines import placed
from tests.verifiers.sayings import document, kinds, saying
from verifiers.readers.lines import Line
from verifiers.readers.said.facts import facts_of_lines
from verifiers.readers.said.layout import Size

WAY = [
    ("Label created", "10 Nov 2026 09:01"),
    ("Picked up", "11 Nov 2026 10:02"),
    ("Out for delivery", "12 Nov 2026 08:03"),
    ("Delivered", "12 Nov 2026 14:04"),
]


def told(facts: Facts, name: str) -> list[str]:
    return [one.text for one in facts.named(name)]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("over", [True, False], ids=["label first", "moment first"])
def test_the_ends_of_a_list_tell_on_which_side_of_its_moment_a_label_stands(
    *, over: bool, newest_first: bool
) -> None:
    records = WAY[::-1] if newest_first else WAY
    lines = [
        line
        for label, moment in records
        for line in ((label, "Leeds", moment) if over else (moment, "Leeds", label))
    ]
    facts = saying("Tracking history", *lines, "Thank you")
    assert told(facts, "delivery.at") == ["12 Nov 2026 14:04"]
    assert told(facts, "scan.out_for_delivery.at") == ["12 Nov 2026 08:03"]
    assert told(facts, "shipment.label.at") == ["10 Nov 2026 09:01"]
    assert kinds(facts) == []


def test_a_record_in_unknown_words_takes_no_neighbours_label() -> None:
    records = [*WAY[:2], ("Gone out with Sam", "12 Nov 2026 08:03"), WAY[3]]
    lines = [line for label, moment in records for line in (label, "Leeds", moment)]
    facts = saying("Tracking history", *lines)
    assert told(facts, "delivery.at") == ["12 Nov 2026 14:04"]
    assert told(facts, "scan.accepted.at") == ["11 Nov 2026 10:02"]


def test_a_name_with_a_colon_is_a_moments_own() -> None:
    facts = saying("status: delivered", "created at: 2026-11-10 09:00", "updated by hand")
    assert told(facts, "delivery.at") == []
    assert told(saying("status: delivered", "date: 2026-11-10 09:00"), "delivery.at")


def test_a_row_among_rows_that_name_their_own_takes_no_other_label() -> None:
    facts = saying(
        "Delivered - Leeds - 12 Nov 2026 14:04",
        "Seen by Sam - Leeds - 12 Nov 2026 08:03",
        "Picked up - Leeds - 11 Nov 2026 10:02",
    )
    assert told(facts, "delivery.at") == ["12 Nov 2026 14:04"]


def test_a_field_over_a_date_asks_for_it_whatever_stands_under_it() -> None:
    facts = saying(
        "Delivered on", "12 Nov 2026 14:04", "Shipped on", "10 Nov 2026", "Delivered to", "Leeds",
        "History", "12 Nov 2026 14:04", "Leeds Delivered", "12 Nov 2026 08:03",
        "Leeds Out for delivery", "11 Nov 2026 10:02", "Leeds Picked up",
    )  # fmt: skip
    assert told(facts, "shipment.shipped.at") == ["10 Nov 2026"]
    assert told(facts, "delivery.at") == ["12 Nov 2026 14:04"] * 2
    assert kinds(facts) == []


def test_what_heads_a_dates_column_says_what_it_is_of() -> None:
    """A status in the row of values is a value, and no label of the dates beside it."""
    head = ("Tracking number", "Status", "Delivered on", "Shipped on", "Booked in")
    row = ("1Z999AA10123456784", "Delivered", "12 Nov 2026", "10 Nov 2026", "9 Nov 2026")
    cells = [(text, 40 + 160 * at, 100) for at, text in enumerate(head)]
    cells += [(text, 40 + 160 * at, 120) for at, text in enumerate(row)]
    facts = placed(*cells)
    assert told(facts, "delivery.at") == ["12 Nov 2026"]
    assert told(facts, "shipment.shipped.at") == ["10 Nov 2026"]


def test_heads_stand_over_cells_that_are_wrapped() -> None:
    facts = placed(
        ("Delivery", 156, 160), ("Ship date", 260, 167), ("Status", 380, 167),
        ("location", 156, 174), ("Dubai,", 156, 194), ("United", 156, 208),
        ("2025-12-19", 260, 215), ("Delivered", 380, 215), ("Arab", 156, 222),
    )  # fmt: skip
    assert told(facts, "delivery.at") == []
    assert told(facts, "shipment.shipped.at") == ["2025-12-19"]


def test_the_words_of_a_history_stay_those_of_its_rows() -> None:
    rows = [("Date", "Time", "Status"), ("12.11.2026", "14:04", "Delivered"),
            ("12.11.2026", "08:03", "Out for delivery")]  # fmt: skip
    facts = placed(
        *((text, 40 + 160 * at, 100 + 20 * y) for y, row in enumerate(rows)
          for at, text in enumerate(row))
    )  # fmt: skip
    assert told(facts, "delivery.at") == ["12.11.2026 14:04"]
    assert told(facts, "scan.out_for_delivery.at") == ["12.11.2026 08:03"]


@pytest.mark.parametrize("quote", ["", "> "])
@pytest.mark.parametrize(
    "head",
    [
        ("From: UPS", "Date: Thu, Nov 12, 2026 at 2:09 PM", "Subject: Delivered", "To: us"),
        ("Von: UPS", "Gesendet: 12. November 2026 14:09", "Betreff: Zugestellt", "An: uns"),
        ("发件人：UPS", "发送时间：2026-11-12 14:09", "主题：已签收"),
    ],
)
def test_the_head_of_a_mail_that_was_passed_on_dates_the_mail(
    head: tuple[str, ...], quote: str
) -> None:
    lines = [*head, "", "Delivered on: 12 Nov 2026 14:04"]
    facts = saying("See below.", *(quote + line for line in lines))
    assert told(facts, "delivery.at") == ["12 Nov 2026 14:04"]


def test_an_hour_in_a_services_name_is_no_moment() -> None:
    facts = saying("Status: Delivered", "Express 12:00", "Delivered on: 12 Nov 2026")
    assert told(facts, "delivery.at") == ["12 Nov 2026"]


def test_an_estimate_is_no_delivery() -> None:
    facts = saying("status: delivered", "est delivery date: 2026-11-14T10:00:00Z")
    assert told(facts, "delivery.at") == []
    assert told(facts, "delivery.promised.at")


@pytest.mark.parametrize("label", ["签收人", "签收地点", "签收凭证"])
def test_who_took_it_and_where_is_no_day(label: str) -> None:
    facts = saying("揽收时间", "2026/11/10", label, "深圳", "签收时刻: 2026/11/12 14:04")
    assert told(facts, "scan.accepted.at") == ["2026/11/10"]
    assert told(facts, "delivery.at") == ["2026/11/12 14:04"]


@pytest.mark.parametrize(
    ("line", "zone"),
    [("签收时间：北京时间 2026-11-12 14:04", "Asia/Shanghai"),
     ("Delivered 2:04 pm, 12 Nov 2026 (UTC+8)", "+08:00"),
     ("Delivered on: UTC+8 2026-11-12 14:04", "+08:00"),
     ("Delivered on: 2026-11-12 14:04", None)],
)  # fmt: skip
def test_a_zone_may_stand_before_its_time(line: str, zone: str | None) -> None:
    (delivered,) = saying(line).named("delivery.at")
    named = [getattr(delivered.value, "zone", None), *getattr(delivered.value, "zones", ())]
    assert [one for one in named if one] == ([zone] if zone else [])


@pytest.mark.parametrize(
    ("line", "day"),
    [("Livré le 09/11/2026 à 20:46", "2026-11-09"), ("Zugestellt am 09/11/2026", "2026-11-09"),
     ("Delivered on 09/11/2026", None)],
)  # fmt: skip
def test_a_language_whose_readers_write_the_day_first_decides(line: str, day: str | None) -> None:
    (found,) = saying(line).named("delivery.at", "document.date.open")
    assert (found.name == "delivery.at") == (day is not None)
    assert day is None or found.time.span.earliest.date().isoformat() <= day


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("Votre colis 331098677365 a été livré", "331098677365"),
        ("Your parcel (LP38964256200402) was delivered", "LP38964256200402"),
        ("Tracking number: 1UWBC9X6MHNB1", "1UWBC9X6MHNB1"),
        ("Item number: RN123456785GB", "RN123456785GB"),
        ("The tracking LP83528946529848 says delivered", "LP83528946529848"),
        ("Item ID: 110039555364", None),
        ("Item number: 110039555364", None),
        ("Parcel 2 of 3", None),
        ("Your parcel of 12 Nov 2026", None),
    ],
)
def test_a_parcels_number_may_be_called_so_in_a_sentence(line: str, number: str | None) -> None:
    found = told(saying("Hello,", line), "shipment.tracking_number")
    assert found == ([number] if number else [])


@pytest.mark.parametrize("carrier", ["中通快递", "申通快递", "韵达快递", "京东物流", "Aramex"])
def test_more_carriers_are_known_by_name(carrier: str) -> None:
    assert len(told(saying(carrier), "document.mark")) == 1


@pytest.mark.parametrize(
    ("mark", "line", "number"),
    [("Colissimo", "Votre Colissimo 6A26906500352 est livré", "6A26906500352"),
     ("Australia Post", "33AXY1387498", "33AXY1387498"),
     ("Australia Post", "INV1234567", None),
     ("UPS", "Ihr Beleg 6A26906500352", None)],
)  # fmt: skip
def test_a_shape_that_carriers_share_is_that_of_the_page(
    mark: str, line: str, number: str | None
) -> None:
    found = told(saying(mark, line), "shipment.tracking_number")
    assert found == ([number] if number else [])


def test_a_shops_export_calls_the_orders_number_its_name() -> None:
    assert told(saying("Name: #37833"), "order.alias") == ["37833"]
    assert told(saying("Name: John Smith 37833"), "order.alias") == []


def test_a_label_over_another_fields_name_is_not_one_label_with_it() -> None:
    """ "…date order…" would be one."""
    facts = placed(
        ("Delivery date", 60, 100), ("Nov 10, 2026 2:25 p.m.", 240, 100),
        ("Order number", 60, 115), ("200013906410809", 240, 115),
    )  # fmt: skip
    assert told(facts, "delivery.at") == ["Nov 10, 2026 2:25 p.m."]
    assert told(facts, "order.alias") == ["200013906410809"]


def test_the_printers_date_beside_a_title_is_no_delivery() -> None:
    made = [
        ("11/29/26, 4:52 PM", 24, 15), ("Acme Delivery confirmation", 250, 15),
        ("Status", 40, 136), ("Delivered", 40, 150), ("Delivered on", 240, 136),
        ("Saturday 15-11-2025", 240, 150), ("https://acme.example/t", 24, 780), ("1/1", 560, 780),
    ]  # fmt: skip
    lines = [
        Line(text, page_box(1, x, y, 7 * len(text), 12), (x, y, 7 * len(text), 12), 1)
        for text, x, y in made
    ]
    facts = Facts(facts_of_lines(document(), lines, sizes={1: Size(600, 800)}))
    assert told(facts, "delivery.at") == ["15-11-2025"]
    assert told(facts, "document.captured.at") == ["11/29/26, 4:52 PM"]


def test_a_value_may_be_set_in_under_its_label() -> None:
    facts = placed(
        ("注文番号", 46, 246), ("574988449150441757", 84, 262),
        ("出荷日", 46, 278), ("2025/12/18", 84, 294),
    )  # fmt: skip
    assert told(facts, "order.alias") == ["574988449150441757"]
    assert told(facts, "shipment.shipped.at") == ["2025/12/18"]


@pytest.mark.parametrize(
    "line", ["Toutes les heures sont indiquées en UTC+1", "Todas las horas son mostradas en UTC+1"]
)
def test_a_sentence_gives_the_zone_of_all_times(line: str) -> None:
    (one,) = saying("Livré le 12 novembre 2026 14:04", line).named("delivery.at")
    assert getattr(one.value, "zone", "") == "+01:00"


@pytest.mark.parametrize("label", ["Sendungsnr", "Tracking", "Sendungsverfolgungsnumme0r"])
def test_the_end_of_a_number_that_is_glued_to_its_label_is_no_number_of_its_own(label: str) -> None:
    assert kinds(saying("DHL", f"{label}00340434200729760593")) == []
    # Alone it would be one of DHL's with a wrong check digit.
    assert kinds(saying("DHL", "Sendungsnr: 0729760593")) == ["check-digit"]
