"""What pictures say in the words and layouts of many: stamps, wrapped cells, zones of labels."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from evidence.facts import Facts
from evidence.locators import WHOLE
from evidence.times import Instant, LocalDate, LocalTime
from tests.verifiers.read_lines import CAPTURED, numbers, placed, recent, said, texts
from verifiers.marks.carrier import carrier_of
from verifiers.readers.lines import Line
from verifiers.readers.said.facts import facts_of_lines


@pytest.mark.parametrize(
    "line",
    ["Parcel collected by customer", "Handed to a resident", "Posted through letterbox",
     "Left at front door", "Die Sendung wurde an einen Nachbarn übergeben",
     "Die Sendung wurde vom Empfänger in der Filiale abgeholt",
     "Votre colis a été remis au gardien",
     "Votre colis a été retiré par le destinataire", "Recogido por el destinatario",
     "Ritirata dal destinatario", "Opgehaald door de ontvanger", "Przesyłka odebrana z paczkomatu",
     "窓口でお渡し", "客户已取件"],
)  # fmt: skip
def test_into_the_recipients_hands_is_delivered(line: str) -> None:
    facts = placed((line, 40, 100), ("2026-11-06 15:19", 480, 100))
    assert texts(facts, "delivery.at") == ["2026-11-06 15:19"]


@pytest.mark.parametrize(
    "line",
    ["Das Paket wird voraussichtlich im Laufe des Tages zugestellt.", "Votre colis sera livré",
     "Il pacco verrà consegnato", "Je pakket wordt vandaag bezorgd",
     "Ready to be collected by customer"],
)  # fmt: skip
def test_what_will_be_delivered_is_not_yet(line: str) -> None:
    facts = placed((line, 40, 100), ("2026-11-06 06:42", 480, 100))
    assert not facts.named("delivery.at")


def test_out_for_delivery_today_is_what_a_carrier_calls_it_on_any_day() -> None:
    facts = said("Out For Delivery Today", "Captured 2026-11-20 09:00")
    assert not facts.named("scan.out_for_delivery.at")


def test_what_a_carrier_of_japan_sent_on_is_no_merchants_shipping() -> None:
    facts = placed(("発送", 40, 100), ("2026-11-06 15:19", 300, 100))
    assert not facts.named("shipment.shipped.at") and facts.named("scan.transit.at")


@pytest.mark.parametrize(
    ("line", "zone"),
    [
        ("Delivery time (UTC+8): 2026-11-06 15:19", "+08:00"),
        ("签收时间（北京时间）：2026-11-06 15:19", "Asia/Shanghai"),
        ("Delivered (UTC-8) 2026-11-06 15:19", "-08:00"),
        ("Delivered: 11/26/2026 08:22 AM (Pacific)", "America/Los_Angeles"),
    ],
)
def test_a_label_may_state_the_zone_of_its_moment(line: str, zone: str) -> None:
    facts = said(line, "Printed on 2026-11-07 10:00")
    (delivered,), (printed,) = facts.named("delivery.at"), facts.named(CAPTURED)
    named = delivered.time.zone if isinstance(delivered.time, Instant) else delivered.time.zones[0]
    assert named == zone
    assert isinstance(printed.time, LocalTime) and len(printed.time.zones) != 1


@pytest.mark.parametrize("heading", ["Date / Time (UTC+8)", "Tracking history (UTC+8)"])
def test_a_heading_states_the_zone_of_the_times_under_it(heading: str) -> None:
    facts = placed(
        (heading, 40, 100), ("Status", 300, 100),
        ("2026-11-06 15:19", 40, 130), ("Delivered", 300, 130),
    )  # fmt: skip
    (one,) = facts.named("delivery.at")
    assert isinstance(one.time, Instant) and one.time.zone == "+08:00"


@pytest.mark.parametrize(
    ("lines", "zone"),
    [
        (("Delivered Nov 6, 2026 3:19 PM CST", "HOUSTON, TX"), "-06:00"),
        (("Delivered Nov 6, 2026 3:19 PM CST",), None),
        (("Delivered Nov 6, 2026 3:19 PM CST", "HOUSTON, TX", "YunExpress"), None),
        (("Delivered Nov 6, 2026 3:19 PM CST", "Shenzhen, CN", "HOUSTON, TX"), None),
        (("Delivered Nov 6, 2026 3:19 PM CST", "YunExpress"), None),
        (("Delivered Nov 6, 2026 3:19 PM CST", "Shenzhen, CN", "YunExpress"), "+08:00"),
    ],
)  # fmt: skip
def test_an_abbreviation_of_two_is_the_one_of_the_documents_only_country(
    lines: tuple[str, ...], zone: str | None
) -> None:
    (one,) = said(*lines).named("delivery.at")
    assert (one.time.zone if isinstance(one.time, Instant) else None) == zone


def test_a_label_over_its_place_and_moment_is_not_the_next_ones() -> None:
    facts = placed(
        ("Delivered", 40, 80),
        ("Package delivered", 40, 120), ("AUSTIN, TX", 40, 138), ("2026-08-13 11:14", 40, 156),
        ("Out for delivery", 40, 178), ("AUSTIN, TX", 40, 196), ("2026-08-13 09:00", 40, 214),
        ("Accepted by carrier", 40, 236), ("Portland, OR", 40, 254), ("2026-08-10 05:46", 40, 272),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["2026-08-13 11:14"]
    assert texts(facts, "scan.out_for_delivery.at") == ["2026-08-13 09:00"]


def test_a_cut_history_whose_labels_stand_under_their_moments_keeps_them() -> None:
    facts = placed(
        ("2026-08-13 11:14", 40, 100), ("Package delivered", 40, 116),
        ("2026-08-13 09:00", 40, 150), ("Out for delivery", 40, 166),
        ("2026-08-10 05:46", 40, 200),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["2026-08-13 11:14"]
    assert texts(facts, "scan.out_for_delivery.at")[0] == "2026-08-13 09:00"


def test_a_time_of_day_under_its_labelled_day_is_of_it() -> None:
    alone = placed(("Delivered Friday, November 6, 2026", 40, 100), ("3:19 PM", 40, 116))
    assert texts(alone, "delivery.at") == ["November 6, 2026 3:19 PM"]
    columns = placed(
        ("Nov 6, 2026", 40, 100), ("Delivered", 200, 100),
        ("3:19 pm", 40, 116), ("Austin, TX", 200, 116),
    )  # fmt: skip
    assert texts(columns, "delivery.at") == ["Nov 6, 2026 3:19 pm"]


@pytest.mark.parametrize(
    ("line", "day"),
    [("Delivered 26/07/23 08:22", "2026-07-23"), ("Delivered 23-07-26 08:22", "2026-07-23")],
)
def test_a_year_of_two_figures_is_one_that_the_item_can_be_of(line: str, day: str) -> None:
    (one,) = Facts(facts_of_lines(recent(), [Line(line, WHOLE)])).named("delivery.at")
    assert isinstance(one.time, LocalTime) and one.time.wall.date().isoformat() == day


def test_an_hour_in_a_field_of_its_own_is_of_the_labelled_day_over_it() -> None:
    (one,) = placed(("Delivered on: 2026-07-23", 40, 100), ("Time: 08:22", 40, 116)).named(
        "delivery.at"
    )
    assert isinstance(one.time, LocalTime) and one.time.wall == datetime(2026, 7, 23, 8, 22)


def test_a_weekday_over_its_day_decides_it() -> None:
    facts = placed(("DELIVERED", 40, 80), ("Friday", 40, 100), ("11/6/26 at 3:19 PM", 40, 116))
    assert texts(facts, "delivery.at") == ["11/6/26 at 3:19 PM"]


def test_a_cell_that_is_wrapped_beside_its_moment_is_read_as_one() -> None:
    facts = placed(
        ("【已签", 300, 100), ("收】，他人", 300, 114), ("代收：家", 300, 128), ("人", 300, 142),
        ("2026-09-03 18:35", 40, 121),
        ("正在派件", 300, 190), ("2026-09-03 14:20", 40, 190),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["2026-09-03 18:35"]


@pytest.mark.parametrize(
    "line", ["배송완료 2026년 11월 6일 오후 3:19", "2026년11월6일 15:19 배달완료"]
)
def test_koreas_words_are_read(line: str) -> None:
    (one,) = said(line).named("delivery.at")
    assert isinstance(one.time, LocalTime) and one.time.wall == datetime(2026, 11, 6, 15, 19)


def test_voiced_kana_are_read() -> None:
    assert said("キャプチャ日時：2026/11/18 09:15").named(CAPTURED)
    facts = placed(
        ("タイムゾーン：日本時間", 40, 60), ("配達完了", 40, 100), ("2026/11/06 15:19", 200, 100),
    )  # fmt: skip
    delivered = facts.named("delivery.at")[0].time
    assert isinstance(delivered, LocalTime) and delivered.zones == ("Asia/Tokyo",)


def test_the_emperors_years_are_read() -> None:
    (one,) = said("令和8年11月6日 15時19分 配達完了").named("delivery.at")
    assert isinstance(one.time, LocalTime) and one.time.wall == datetime(2026, 11, 6, 15, 19)


@pytest.mark.parametrize(
    "line",
    ["Return window closes on December 6, 2026", "Refund issued on December 6, 2026",
     "Rückgabe bis 6. Dezember 2026", "Invoice date: December 6, 2026"],
)  # fmt: skip
def test_what_is_of_another_matter_is_no_delivery(line: str) -> None:
    facts = placed(("Delivered November 5, 2026", 40, 100), ("Left at front door", 40, 118),
                   (line, 40, 136))  # fmt: skip
    assert texts(facts, "delivery.at") == ["November 5, 2026"]


def test_two_whole_days_under_each_other_are_two() -> None:
    facts = placed(
        ("Jul 23", 40, 100), ("8:22 am", 200, 100), ("Delivered", 340, 100),
        ("Jul 20, 2026", 40, 118), ("9:00 am", 200, 118), ("Accepted", 340, 118),
    )  # fmt: skip
    (one,) = facts.named("delivery.at")
    assert isinstance(one.time, LocalTime) and one.time.wall == datetime(2026, 7, 23, 8, 22)


def test_a_line_that_begins_with_its_label_goes_on_with_nothing_over_it() -> None:
    facts = placed(
        ("Delivered Thu, Jul 23, 2026", 40, 100), ("Left in mailbox at 8:22 AM", 40, 116),
        ("Ordered Jul 15, 2026", 40, 132),
    )  # fmt: skip
    assert texts(facts, "order.placed.at") == ["Jul 15, 2026"]
    assert "Jul 15" not in " ".join(texts(facts, "delivery.at"))


def test_a_promise_does_not_take_the_delivery_under_it() -> None:
    facts = placed(
        ("Votre colis sera livré demain", 40, 100), ("26/11/2026 06:42", 400, 100),
        ("Livré", 40, 118), ("27/11/2026 10:00", 400, 118),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["27/11/2026 10:00"]


def test_days_alone_are_of_the_labels_under_them_as_hours_are() -> None:
    facts = placed(
        ("Colis livré", 40, 70), ("Vendredi 6 novembre 2026", 40, 100),
        ("Votre colis est livré dans votre boîte", 40, 116), ("Jeudi 5 novembre 2026", 40, 146),
        ("Votre colis est en transit", 40, 162),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["6 novembre 2026"]


def test_a_label_fills_its_cell_or_a_colon_makes_it_one() -> None:
    cells = placed(("Captured", 40, 100), ("2026-11-07 10:00", 200, 100))
    assert texts(cells, CAPTURED) == ["2026-11-07 10:00"]
    assert texts(said("POD: 06 Nov 2026 15:19"), "delivery.at") == ["06 Nov 2026 15:19"]


def test_the_steps_of_a_bar_are_read_column_by_column() -> None:
    facts = placed(
        ("Delivered", 40, 40),
        ("Received at origin", 40, 100), ("In transit", 240, 100), ("Out for delivery", 400, 100),
        ("Delivered", 560, 100),
        ("facility", 60, 116), ("2026-09-20 19:06", 230, 116), ("2026-09-22 09:49", 400, 116),
        ("2026-09-22 13:15", 545, 116), ("2026-09-19 21:04", 45, 132),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["2026-09-22 13:15"]
    assert texts(facts, "scan.out_for_delivery.at") == ["2026-09-22 09:49"]
    assert "2026-09-20 19:06" in texts(facts, "scan.transit.at")


def test_a_promise_ends_where_its_day_begins() -> None:
    facts = placed(("已签收", 40, 80), ("预计送达2026-06-03", 40, 110))
    assert texts(facts, "delivery.promised.at") == ["2026-06-03"]
    assert not facts.named("delivery.at")


def test_a_year_of_two_figures_stands_between_a_named_month_and_an_hour() -> None:
    facts = placed(("17-Jun-26 16:47 EDT", 40, 100), ("Delivered", 40, 116))
    (one,) = facts.named("delivery.at")
    assert one.time.span.earliest == datetime(2026, 6, 17, 20, 47, tzinfo=UTC)


def test_words_that_small_print_blurs_are_read() -> None:
    german = placed(("Zugestelt am", 40, 100), ("27.07.2026 16:11", 200, 100))
    assert texts(german, "delivery.at") == ["27.07.2026 16:11"]
    assert texts(said("Livré le 28 a0ût 2026 à 13:17"), "delivery.at")
    glued = placed(("AramexShipment Tracking", 40, 40), confidence=0.98)
    assert carrier_of(glued).name == "aramex"


def test_a_state_of_brazil_is_brazils() -> None:
    assert said("SAO PAULO/SP").values("document.country") == ["BR"]


def test_rows_that_say_nothing_of_a_moments_column_do_not_part_it_from_its_label() -> None:
    facts = placed(
        ("Picked up", 40, 100), ("Delivered.", 400, 100),
        ("Oct 09 2026 1:14 PM", 40, 118), ("Recipient: desk", 400, 118),
        ("Oct 13 2026 4:10 PM", 400, 136),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["Oct 13 2026 4:10 PM"]


def test_a_value_stands_beside_a_label_of_two_lines() -> None:
    facts = placed(
        ("Número de", 40, 100), ("PQJYGK6177242961123889Y", 240, 100), ("seguimiento", 40, 114),
        ("Enviado", 40, 150), ("15-09-2026 17:08", 240, 150),
    )  # fmt: skip
    assert numbers(facts) == ["PQJYGK6177242961123889Y"]


def test_an_hour_may_have_lost_its_blank_behind_a_year_of_two_figures() -> None:
    facts = said("Delivered 30-Sep-2617:45")
    (one,) = facts.named("delivery.at")
    assert isinstance(one.time, LocalTime) and one.time.wall == datetime(2026, 9, 30, 17, 45)


def test_a_year_may_stand_behind_its_hour() -> None:
    (one,) = placed(("Mon Sep 28 09:05:49 2026", 40, 300), photo=True).named(CAPTURED)
    assert isinstance(one.time, LocalTime) and one.time.wall == datetime(2026, 9, 28, 9, 5, 49)


def test_delivered_today_lends_its_day_to_nothing_under_a_dated_heading() -> None:
    facts = placed(
        ("Delivered today", 40, 60), ("Friday, November 6, 2026", 40, 100),
        ("3:19 PM", 40, 130), ("Package was left near the front door", 140, 130),
        ("9:10 AM", 40, 150), ("Out for delivery", 140, 150),
    )  # fmt: skip
    found = [one.time for one in facts.named("delivery.at") if isinstance(one.time, LocalTime)]
    assert [one.wall for one in found] == [datetime(2026, 11, 6, 15, 19)]


@pytest.mark.parametrize("label", ["Fecha entrega:", "Date livraison :", "Data entrega:"])
def test_the_name_of_a_field_may_leave_out_its_of(label: str) -> None:
    assert texts(said(f"{label} 26/11/2026 15:19"), "delivery.at") == ["26/11/2026 15:19"]


def test_a_weekday_before_a_day_is_no_word_of_its_own() -> None:
    facts = placed(
        ("Previsão de entrega: 28 de julho de 2026", 40, 60),
        ("domingo, 26 de julho de 2026, 18:30", 60, 100), ("Objeto entregue", 60, 116),
        ("domingo, 26 de julho de 2026, 15:04", 60, 150), ("Objeto saiu para entrega", 60, 166),
        ("sábado, 25 de julho de 2026, 17:07", 60, 200), ("Objeto em trânsito", 60, 216),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["26 de julho de 2026, 18:30"]


def test_a_cell_of_two_lines_stands_in_the_row_of_its_first_one() -> None:
    facts = placed(
        ("sexta-feira, 30 de outubro de 2026", 60, 100), ("Objeto entregue ao destino", 340, 100),
        ("18:35", 60, 114), ("Rio de Janeiro - RJ", 340, 114),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["30 de outubro de 2026 18:35"]


def test_a_comma_before_a_year_may_be_read_as_a_point() -> None:
    assert texts(said("Delivered Oct 3. 2026 - 1:47 pm"), "delivery.at") == [
        "Oct 3. 2026 - 1:47 pm"
    ]


def test_a_heading_that_a_list_says_again_is_over_no_moment_of_it() -> None:
    facts = placed(
        ("Your parcel has been delivered", 40, 60),
        ("Oct 3, 2026 - 1:47 pm (UTC+0)", 40, 90), ("Your parcel has been delivered", 40, 106),
        ("Oct 3, 2026 - 9:20 am (UTC+0)", 40, 130), ("Your parcel is out for delivery", 40, 146),
        ("Oct 1, 2026 - 4:02 am (UTC+0)", 40, 170), ("Your parcel is in transit", 40, 186),
        ("Sep 30, 2026 - 2:32 am (UTC+0)", 40, 210), ("Data recelved", 40, 226),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["Oct 3, 2026 - 1:47 pm (UTC+0)"]
    assert texts(facts, "scan.transit.at") == ["Oct 1, 2026 - 4:02 am (UTC+0)"]


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (("Placed", "Booked", "Dispatched", "Delivered"), {"shipment.shipped.at", "delivery.at"}),
        (("创建时间", "审核时间", "发货时间", "送达时间"), {"shipment.shipped.at", "delivery.at"}),
    ],
)
def test_unknown_words_that_head_a_column_leave_its_moment_to_itself(
    head: tuple[str, ...], told: set[str]
) -> None:
    columns = (40, 200, 360, 500)
    days = ("2026-07-17 08:22", "2026-07-17 08:23", "2026-07-18 16:40", "2026-07-22 12:03")
    facts = placed(
        ("Order 576380420342053230 Delivered", 40, 80),
        *((word, x, 110) for word, x in zip(head, columns, strict=True)),
        *((day, x, 130) for day, x in zip(days, columns, strict=True)),
    )
    assert {name for name in told if len(texts(facts, name)) == 1} == told
    assert texts(facts, "delivery.at") == [days[3]]


def test_a_zone_in_a_cell_of_its_own_is_that_of_the_time_in_its_row() -> None:
    facts = placed(
        ("2026-07-23 11:48:00", 40, 100), ("UTC+1", 240, 100), ("Delivered", 400, 100),
        ("2026-07-17 19:30:00", 40, 120), ("UTC+8", 240, 120), ("Picked up", 400, 120),
    )  # fmt: skip
    (delivered,) = facts.named("delivery.at")
    assert isinstance(delivered.time, Instant)
    assert delivered.time.at == datetime(2026, 7, 23, 10, 48, tzinfo=UTC)


def test_an_airport_in_a_cell_of_its_own_is_no_zone() -> None:
    facts = placed(
        ("2026-07-23 11:48:00", 40, 100), ("IST", 240, 100), ("Delivered", 400, 100),
    )  # fmt: skip
    (delivered,) = facts.named("delivery.at")
    assert isinstance(delivered.time, LocalTime)


@pytest.mark.parametrize(
    "line",
    ["送达日期：2026年7月20日 至 2026年7月27日", "Delivered: Mon, Jul 20, 2026 to Jul 24, 2026",
     "Lieferdatum: 20.07.2026 bis 24.07.2026"],
)  # fmt: skip
def test_the_first_and_last_of_several_days_are_a_promise(line: str) -> None:
    facts = said(line)
    assert texts(facts, "delivery.at") == []
    assert len(texts(facts, "delivery.promised.at")) == 2


def test_a_label_right_before_a_moment_is_not_that_of_one_far_before_it() -> None:
    facts = said("[24/07/2026, 10:15:40] Bright Lamps: Hello! It was delivered 20/07/2026 15:12")
    assert texts(facts, "delivery.at") == ["20/07/2026 15:12"]


@pytest.mark.parametrize(
    "line",
    ["显示签收了，可我没收到", "It says delivered but I have nothing",
     "Angeblich zugestellt, aber nicht erhalten", "Indiqué livré mais rien reçu"],
)  # fmt: skip
def test_who_denies_a_delivery_tells_of_no_moment_of_it(line: str) -> None:
    assert texts(placed(("2026-07-25 16:30", 200, 100), (line, 40, 120)), "delivery.at") == []


def test_days_under_each_other_in_a_column_are_no_day_together() -> None:
    facts = placed(
        ("Nov. 23", 40, 100), ("8:09 a.m.", 140, 100), ("Item out for delivery", 260, 100),
        ("Nov. 22", 40, 118), ("11:48 p.m.", 140, 118), ("Item processed", 260, 118),
        ("Nov. 18, 2026", 40, 136), ("5:12 p.m.", 140, 136), ("Item accepted", 260, 136),
    )  # fmt: skip
    assert texts(facts, "scan.out_for_delivery.at") == ["Nov. 23 8:09 a.m."]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Odebrana", "delivery.at"), ("Paket telah diterima oleh BUDI", "delivery.at"),
        ("Bei Ihrem Nachbarn abgegeben", "delivery.at"), ("由前台代签", "delivery.at"),
        ("Zásilka byla vydána příjemci", "delivery.at"), ("Giao hàng thành công", "delivery.at"),
        ("Paket telah diterima oleh J&T", "scan.accepted.at"),
        ("Odebrana od nadawcy", "scan.accepted.at"),
        ("Paket sedang diantar ke alamat", "scan.out_for_delivery.at"),
        ("Votre colis est prêt à être livré", "scan.out_for_delivery.at"),
        ("Die Zustellung erfolgt voraussichtlich", "delivery.promised.at"),
        ("Document created on", "document.captured.at"),
    ],
)  # fmt: skip
def test_what_carriers_of_other_tongues_say_of_a_moment(line: str, name: str) -> None:
    assert texts(said(f"{line} 2026-07-24 14:22"), name) == ["2026-07-24 14:22"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("À bord du véhicule FedEx pour livraison", "scan.out_for_delivery.at"),
        ("Im FedEx-Fahrzeug zur Zustellung", "scan.out_for_delivery.at"),
        ("Votre colis a été remis à son destinataire", "delivery.at"),
        ("Der Empfänger hat die Sendung erhalten", "delivery.at"),
        ("Last checked", "document.captured.at"),
        ("Créé le", "document.captured.at"),
        ("数据更新", "document.updated.at"),
    ],
)
def test_more_that_carriers_say_of_a_moment(line: str, name: str) -> None:
    assert texts(said(f"{line} 2026-07-24 14:22"), name) == ["2026-07-24 14:22"]


def test_who_refused_a_parcel_has_not_got_it() -> None:
    assert texts(said("Der Empfänger hat die Sendung am 24.07.2026 abgelehnt"), "delivery.at") == []


@pytest.mark.parametrize(
    ("line", "day", "clock"),
    [
        ("Kézbesítve 2026. 07. 24. 13:05", "2026-07-24", "13:05:00"),
        ("Kézbesítve 2026.07.24.13:05", "2026-07-24", "13:05:00"),
        ("已签收07-2418:20", "2026-07-24", "18:20:00"),
    ],
)
def test_a_clock_right_behind_a_day_is_read(line: str, day: str, clock: str) -> None:
    (delivered,) = Facts(facts_of_lines(recent(), [Line(line, WHOLE)])).named("delivery.at")
    assert isinstance(delivered.time, LocalTime)
    assert delivered.time.wall.isoformat() == f"{day}T{clock}"


def test_a_field_for_the_hour_goes_with_the_day_over_it_in_any_tongue() -> None:
    facts = said(
        "Fecha de entrega: lunes 20 de julio de 2026", "Hora: 13:15", "Firmado por: GARCIA"
    )
    (delivered,) = facts.named("delivery.at")
    assert isinstance(delivered.time, LocalTime)
    assert delivered.time.wall.isoformat() == "2026-07-20T13:15:00"


def test_an_hour_of_another_field_is_not_the_delivery_days() -> None:
    facts = said("Delivery date: July 20, 2026", "Depot opens: 13:15")
    assert not isinstance(facts.named("delivery.at")[0].time, LocalTime)


def test_a_day_that_a_bubble_broke_is_whole() -> None:
    facts = placed(("追跡番号は上の通り7月", 60, 100), ("20日15:12に配達完了です", 60, 116))
    (delivered,) = facts.named("delivery.at")
    assert isinstance(delivered.time, LocalTime)
    assert delivered.time.wall.isoformat()[4:] == "-07-20T15:12:00"


def test_a_fields_name_in_unknown_words_keeps_its_moment_from_a_status_under_it() -> None:
    facts = placed(
        ("Consignee's gate-out time", 40, 100), ("2026/07/21 08:00", 40, 114),
        ("Delivered", 40, 140), ("2026/07/24 14:22", 40, 154),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["2026/07/24 14:22"]
    assert texts(said("出库时间：2026/07/21"), "shipment.shipped.at") == ["2026/07/21"]


@pytest.mark.parametrize("name", ["Date", "Date and time", "Event time", "日期"])
def test_a_fields_name_that_says_nothing_leaves_its_moment_to_what_stands_around(name: str) -> None:
    facts = placed(
        ("Delivered", 40, 86), (name, 40, 100), ("2026/07/24 14:22", 40, 114),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["2026/07/24 14:22"]


def test_what_a_carrier_was_handed_is_not_delivered() -> None:
    line = "Handed to carrier 2026-07-18 17:40"
    assert texts(said(line), "delivery.at") == []
    assert texts(said(line), "scan.accepted.at") == ["2026-07-18 17:40"]


def test_a_blank_that_was_lost_before_a_month_is_put_back() -> None:
    facts = placed(("Delivery timeNov 22, 202512:03", 40, 100), confidence=0.9)
    assert texts(facts, "delivery.at") == ["Nov 22, 202512:03"]


def test_records_of_a_list_end_where_there_is_more_room() -> None:
    notes = (
        ("Status changed from Processing to Done.", 100, "July 21, 2026 at 3:15 pm"),
        ("Parcel 42 was delivered", 148, "July 21, 2026 at 3:11 pm"),
        ("Shipped with USPS", 196, "July 17, 2026 at 2:00 pm"),
    )
    over = placed(*((t, 40, y + d) for w, y, m in notes for t, d in ((w, 0), (m, 15))))
    assert texts(over, "delivery.at") == ["July 21, 2026 at 3:11 pm"]
    under = placed(*((t, 40, y + d) for w, y, m in notes for t, d in ((m, 0), (w, 15))))
    assert texts(under, "delivery.at") == ["July 21, 2026 at 3:11 pm"]


def test_what_a_page_asks_denies_nothing() -> None:
    facts = placed(("Delivered. Didn't get it? Tell us", 40, 100), ("2026-07-24 14:22", 40, 116))
    assert texts(facts, "delivery.at") == ["2026-07-24 14:22"]


def test_a_record_in_unknown_words_takes_no_label_of_the_one_over_it() -> None:
    facts = placed(
        ("2026-07-24 19:01", 40, 100), ("您的快件已签收，签收人在驿站", 40, 115), ("领取", 40, 130),
        ("2026-07-24 12:10", 40, 165), ("快件已存放至驿站，请及时领取", 40, 180),
        ("2026-07-23 21:40", 40, 215), ("快件离开【无锡转运中心】", 40, 230),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["2026-07-24 19:01"]


@pytest.mark.parametrize(
    ("line", "clock"),
    [("已递送 2026/07/24 2:14 下午", "14:14:00"), ("2026/07/24 9:02 上午 已递送", "09:02:00")],
)
def test_a_half_of_the_day_behind_its_hour_is_read(line: str, clock: str) -> None:
    (delivered,) = said(line).named("delivery.at")
    assert isinstance(delivered.time, LocalTime)
    assert delivered.time.wall.isoformat() == f"2026-07-24T{clock}"


def test_a_day_over_its_hour_begins_a_record() -> None:
    records = (("24.07.", "14:18", "Zugestellt"), ("24.07.", "09:50", "Auf Zustelltour"),
               ("23.07.", "21:07", "Gelangt nach Hamburg"))  # fmt: skip
    facts = placed(
        ("Zugestellt", 40, 40), ("24.07.2026 | 14:18 Uhr", 40, 56), ("Sendungs-ID", 40, 90),
        *((text, 40, 140 + 66 * at + 15 * line)
          for at, record in enumerate(records) for line, text in enumerate(record)),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["24.07.2026 | 14:18 Uhr", "24.07. 14:18"]
    assert texts(facts, "scan.out_for_delivery.at") == ["24.07. 09:50"]


@pytest.mark.parametrize(
    "line",
    ["DeliveredNov 13, 2026", "DeliveredFriday, November 13, 2026", "DeliveredFri 13 Nov 2026"],
)
def test_elements_that_only_a_style_sets_apart_are_words_of_their_own(line: str) -> None:
    """So a browser prints them: the text of the page has no blank between both."""
    (found,) = said(line).named("delivery.at")
    assert isinstance(found.value, LocalDate) and found.value.day == date(2026, 11, 13)
    (order,) = said("Order number12-09876-54321").named("order.id")
    assert order.text == "12-09876-54321"
    assert not said("SKUab12-09876-54321").named("order.id")


def test_an_offset_in_the_line_under_its_time_is_no_time() -> None:
    facts = placed(
        ("19 januari 2026", 40, 100), ("16:07", 200, 100), ("Paketet är levererat", 400, 100),
        ("+01:00", 200, 114),
    )  # fmt: skip
    assert {one.time.text for one in facts if one.name.endswith(".at")} <= {
        "19 januari 2026 16:07", "19 januari 2026 16:07 +01:00"
    }  # fmt: skip
    assert not said("Levererat 19 januari 2026", "+01:00").named("document.printed.at")
