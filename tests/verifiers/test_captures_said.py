"""Which moment is that of the capture: stamps, printed edges, days of papers, clocks of screens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evidence.facts import Facts
from evidence.locators import WHOLE
from evidence.times import LocalTime
from tests.verifiers.read_lines import CAPTURED, placed, recent, said, texts
from verifiers.readers.lines import Line
from verifiers.readers.said.facts import facts_of_lines


def test_a_photos_stamp_is_when_it_was_taken_wherever_its_block_stands() -> None:
    block = (
        ("14:31", 40, 500), ("2026.10.19 星期一", 40, 520), ("上海市・浦东新区", 40, 540),
        ("今日水印相机", 40, 560),
    )  # fmt: skip
    (one,) = placed(*block, photo=True).named(CAPTURED)
    assert isinstance(one.time, LocalTime) and one.time.wall == datetime(2026, 10, 19, 14, 31)
    assert not placed(*block).named(CAPTURED)  # a part of a page, as a program drew it
    labelled = (("Delivered", 40, 500), ("Nov 6, 2026 3:19 PM", 40, 520))
    assert not placed(*labelled, photo=True).named(CAPTURED)
    two = (("Nov 6, 2026", 40, 500), ("Nov 8, 2026", 40, 520), ("Austin TX 78745", 40, 540))
    assert not placed(*two, photo=True).named(CAPTURED)


def test_the_day_of_a_paper_is_its_own_if_it_is_later_than_all_that_it_tells() -> None:
    body = [(f"Row {number} of the list", 40, 300 + 20 * number) for number in range(10)]
    told = ("Zugestellt am 06.11.2026 15:19", 40, 200)
    for own in ("Datum: 18.11.2026", "Hamburg, den 18.11.2026", "Fait à Paris, le 18.11.2026"):
        assert texts(placed((own, 40, 100), told, *body), CAPTURED)
    assert not placed(("Datum: 06.11.2026", 40, 100), told, *body).named(CAPTURED)


def test_a_refund_that_was_issued_dates_no_capture() -> None:
    assert not said("Delivered Nov 6, 2026", "Refund issued on Nov 12, 2026").named(CAPTURED)
    assert said("Delivered Nov 6, 2026", "Issued on Nov 12, 2026").named(CAPTURED)


def test_the_clock_of_a_tablet_stands_over_a_history_and_is_none_of_it() -> None:
    facts = placed(
        ("07:58 7月19日周日", 12, 5), ("顺丰速运", 12, 36), ("已签收", 12, 126),
        ("2026年6月26日10:05", 35, 175), ("已签收,感谢使用顺丰", 35, 192),
        ("2026年6月26日06:04", 35, 232), ("快件交给张师傅，正在派送途中", 35, 252),
        ("2026年6月25日11:12", 35, 289), ("快件到达【上海浦东营业部】", 35, 309),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["2026年6月26日10:05"]
    assert texts(facts, CAPTURED) == ["07:58 7月19日"]


def test_an_hour_whose_day_was_not_read_takes_none_from_the_clock_over_the_page() -> None:
    facts = placed(
        ("9:48 PM Wed Sep 2", 12, 4), ("Mondial Relay", 12, 60), ("28 @#! 2026, 13:17", 34, 120),
        ("Colis livré au destinataire", 34, 136),
    )  # fmt: skip
    assert not any("9:48" in text for text in texts(facts, "delivery.at"))


def test_a_day_and_hour_at_the_foot_of_a_page_is_when_it_was_saved() -> None:
    page = [("DPD", 40, 40), ("Your delivery", 40, 60), ("Delivered", 40, 100),
            ("24 Jun 2026 13:44", 200, 100), ("Out for delivery", 40, 120),
            ("24 Jun 2026 07:44", 200, 120)]  # fmt: skip
    foot = ("Sunday, June 28, 2026 6:54 AM (UTC+8)", 40, 500)
    assert len(placed(*page, foot).named(CAPTURED)) == 1
    assert not placed(*page, ("June 20, 2026 6:54 AM", 40, 500)).named(CAPTURED)


def test_the_date_of_issue_is_a_papers_own() -> None:
    facts = said("Date of issue: 2026-09-01", "Your shipment was delivered on 2026-08-30")
    assert texts(facts, CAPTURED) == ["2026-09-01"]


def test_a_clock_far_over_a_history_is_none_of_it_though_their_edges_agree() -> None:
    facts = placed(
        ("6:42 PM Sat Oct 24", 34, 5), ("tracking.example", 60, 40), ("DPD", 34, 60),
        ("Paketnummer 07660434539416", 34, 80), ("Zugestellt", 34, 100), ("Details", 34, 120),
        ("24.10.2026 10:05", 34, 150), ("Zugestellt", 34, 166),
        ("24.10.2026 06:04", 34, 190), ("In Zustellung", 34, 206),
        ("23.10.2026 11:12", 34, 230), ("Unterwegs", 34, 246),
    )  # fmt: skip
    assert texts(facts, CAPTURED) == ["6:42 PM Sat Oct 24"]


def test_a_browsers_day_of_printing_is_in_no_column_of_fields() -> None:
    facts = placed(
        ("7/29/26, 7:24 PM", 24, 10), ("Seller central", 260, 10),
        ("Order date: 16 Jul 2026", 28, 60), ("Ship by: 17 Jul 2026", 28, 76),
        ("Carrier: La Poste", 28, 92), ("Ship date: 18 Jul 2026", 28, 108),
    )  # fmt: skip
    assert texts(facts, "document.captured.at") == ["7/29/26, 7:24 PM"]


@pytest.mark.parametrize(
    "line",
    ["Commande n° 3616 créée le 14/07/2026", "Bestellung erstellt am 14.07.2026",
     "Ordine creato il 14/07/2026"],
)  # fmt: skip
def test_when_an_order_was_made_is_no_capture(line: str) -> None:
    assert texts(said(line), CAPTURED) == []


def test_a_day_of_a_letter_stands_behind_its_place() -> None:
    facts = said(
        "Fecha de entrega: 23/07/2026", "Receptor: J. Ortega", "Madrid, a 26 de julio de 2026"
    )
    assert texts(facts, CAPTURED) == ["26 de julio de 2026"]


def test_the_last_row_of_a_history_in_unknown_words_is_no_capture() -> None:
    rows = ("Kézbesítve", "Útban önhöz", "Megjött a raktárba")
    made = [
        line
        for number, row in enumerate(rows)
        for line in (
            (row, 60, 100 + 60 * number),
            (f"2026. 07. 24. {13 - number}:05", 60, 120 + 60 * number),
        )
    ]
    assert texts(placed(("GLS", 40, 20), *made), CAPTURED) == []


@pytest.mark.parametrize("label", ["Consulta realizada el", "Abfrage vom", "Consultation du"])
def test_when_a_page_was_asked_is_its_capture(label: str) -> None:
    assert texts(said(f"{label} 26.07.2026 11:05"), CAPTURED) == ["26.07.2026 11:05"]


def test_a_value_under_a_fields_name_in_the_last_corner_is_no_trays_clock() -> None:
    rows = (
        ("DHL", 40, 20), ("Sendungsnummer", 40, 60), ("00340434557993931953", 40, 76),
        ("Zustellzeitpunkt", 40, 110), ("23.07.2026 14:02", 40, 126),
    )  # fmt: skip
    under = (*rows, ("Vorausverfügung", 460, 110), ("20.07.2026 17:30", 460, 126))
    assert texts(placed(*under), CAPTURED) == []
    apart = (*rows, ("14:02", 460, 600), ("29.07.2026", 460, 616))
    assert texts(placed(*apart), CAPTURED) == ["14:02 29.07.2026"]


def test_a_letters_day_may_have_its_weekday() -> None:
    facts = said("Sunday 15th November 2026", "Dear Customer,", "It was delivered 14 Nov 2026.")
    assert texts(facts, CAPTURED) == ["15th November 2026"]


def test_a_moment_behind_what_was_promised_is_a_capture_and_a_day_may_be_a_promise() -> None:
    way = ("Delivered: 13 Nov 2026 16:53", "Scheduled delivery: 13 Nov 2026")
    assert texts(said(*way, "Zkopirovano: 14 Nov 2026 21:12"), CAPTURED) == ["14 Nov 2026 21:12"]
    unknown = said("Vydano komusi", "13 Nov 2026 16:53", "Prijde asi: 19 Nov 2026")
    assert texts(unknown, CAPTURED) == []


@pytest.mark.parametrize("made", ["Label printed on", "Wygenerowano list", "Generated on"])
def test_a_row_of_a_history_that_says_something_was_made_is_no_capture(made: str) -> None:
    way = [("16.07.2026 18:24", "Delivered"), ("16.07.2026 06:19", "Out for delivery"),
           ("15.07.2026 15:23", "In transit"), ("12.07.2026 21:11", made)]  # fmt: skip
    facts = placed(*((f"{moment} {what}", 40, 40 + 24 * n) for n, (moment, what) in enumerate(way)))
    assert texts(facts, CAPTURED) == []


def test_the_status_of_the_last_scan_dates_no_capture() -> None:
    assert texts(said("Status as of last scan: 13 Nov 2026 10:49"), CAPTURED) == []
    assert texts(said("Status as of 13 Nov 2026 10:49"), CAPTURED) == ["13 Nov 2026 10:49"]


PAGE = [("Royal Mail", 40, 40), ("13 Nov 2026 15:13", 40, 80), ("Delivered", 200, 80),
        ("12 Nov 2026 06:31", 40, 104), ("Onboard", 200, 104),
        ("10 Nov 2026 10:58", 40, 128), ("Sorting", 200, 128)]  # fmt: skip


@pytest.mark.parametrize(
    "note",
    ["Extract-out date Sat, 14 Nov 2026 22:28 UTC", "Copia d'ecran du: Sat 14 Nov 2026 22:28"],
)  # fmt: skip
def test_a_page_ends_with_when_it_was_saved_in_any_words(note: str) -> None:
    (captured,) = texts(placed(*PAGE, (note, 40, 180)), CAPTURED)
    assert captured.startswith("14 Nov 2026 22:28")


def test_the_last_of_rows_that_begin_with_words_is_none() -> None:
    rows = [("Gone 12 Nov 2026 06:31", 40, 80), ("There 13 Nov 2026 15:13", 40, 104)]
    assert texts(placed(("Royal Mail", 40, 40), *rows), CAPTURED) == []


def test_a_short_year_is_these_years_whatever_custom_the_page_has() -> None:
    item = replace(recent(), collected_at=datetime(2026, 7, 20, tzinfo=UTC))
    lines = ("Delivered: 7/15/2026 3:49 PM", "Shipped: 7/12/2026", "Printed on 16.07.26, 22:33")
    facts = Facts(facts_of_lines(item, [Line(line, WHOLE) for line in lines]))
    (captured,) = facts.named(CAPTURED)
    assert isinstance(captured.time, LocalTime) and captured.time.wall.year == 2026
