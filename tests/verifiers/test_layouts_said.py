"""Where things stand on a page: leaves of a calendar, cards, bars, bubbles, wide tables."""

from __future__ import annotations

import pytest

from evidence.facts import Facts
from evidence.locators import WHOLE
from evidence.times import Instant, LocalTime
from tests.verifiers.read_lines import CAPTURED, ITEM, numbers, placed, said, texts
from verifiers.readers.lines import Line
from verifiers.readers.said.facts import facts_of_lines
from verifiers.readers.said.layout import Size


def test_a_number_over_its_month_is_the_day_of_what_stands_beside_it() -> None:
    found = placed(
        ("17", 52, 100), ("Jul 2026", 36, 116),
        ("Parcel delivered", 140, 102), ("10:21", 500, 109), ("Leeds", 140, 118),
        ("16", 52, 160), ("Jul 2026", 36, 176),
        ("Out for delivery", 140, 162), ("07:05", 500, 169), ("Leeds", 140, 178),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["17 Jul 2026 10:21"]
    assert texts(found, "scan.out_for_delivery.at") == ["16 Jul 2026 07:05"]


def test_a_month_over_its_day_is_that_of_the_line_beside_it() -> None:
    found = placed(("JUL", 40, 100), ("17", 44, 114), ("Delivered", 140, 101), ("Leeds", 140, 120))
    assert texts(found, "delivery.at") == ["17 JUL"]


def test_a_number_that_stands_over_other_words_is_no_day() -> None:
    assert texts(placed(("17", 40, 100), ("Delivered", 40, 114)), "delivery.at") == []


def test_steps_whose_names_were_read_as_one_line_have_their_own_moments() -> None:
    found = placed(
        ("Label created", 40, 100), ("Out for delivery Delivered", 240, 100),
        ("10.07. 13:19", 45, 116), ("13.07. 07:28", 250, 116), ("13.07. 11:54", 345, 116),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["13.07. 11:54"]
    assert texts(found, "scan.out_for_delivery.at") == ["13.07. 07:28"]


def test_a_head_that_was_joined_with_its_neighbour_heads_its_own_column() -> None:
    found = placed(
        ("Order date", 40, 100), ("Expected delivery Delivered on", 180, 100), ("Status", 440, 100),
        ("07/11/2026", 40, 130), ("07/17/2026", 180, 130), ("07/15/2026", 310, 130),
        ("Delivered", 440, 130),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["07/15/2026"]
    assert texts(found, "delivery.promised.at") == ["07/17/2026"]


@pytest.mark.parametrize(
    ("plan", "came"),
    [
        ("Planned", "Actual"),
        ("Geplant", "Tatsächlich"),
        ("计划时间", "实际时间"),
        ("Prévu", "Réel"),
    ],
)
def test_what_was_planned_beside_what_came_is_no_delivery(plan: str, came: str) -> None:
    found = placed(
        ("Milestone", 40, 100), (plan, 200, 100), (came, 360, 100),
        ("Picked up", 40, 124), ("2026-07-03 11:00", 200, 124), ("2026-07-03 11:59", 360, 124),
        ("Delivered", 40, 148), ("2026-07-05 15:00", 200, 148), ("2026-07-05 18:52", 360, 148),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["2026-07-05 18:52"]


def test_names_that_stand_under_their_values_head_no_column_of_the_next_card() -> None:
    found = placed(
        ("788087504763", 40, 100), ("FedEx", 240, 100), ("Delivered", 440, 100),
        ("Parcel number", 40, 116), ("Carrier", 240, 116), ("Status", 440, 116),
        ("07/19/2026", 40, 200), ("07/21/2026 11:10", 240, 200), ("07/20/2026", 440, 200),
        ("Dispatched", 40, 216), ("Delivery date", 240, 216), ("Scheduled delivery", 440, 216),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["07/21/2026 11:10"]
    assert texts(found, "delivery.promised.at") == ["07/20/2026"]


def test_an_order_number_may_stand_over_its_name() -> None:
    found = placed(
        ("2.4 kg", 40, 100), ("#7747", 240, 100), ("Weight", 40, 116), ("Order #", 240, 116)
    )
    assert found.values("order.alias") == ["7747"]


def test_what_stands_far_over_an_empty_field_is_not_its_value() -> None:
    assert placed(("#7747", 40, 100), ("Order #", 40, 160)).values("order.alias") == []


@pytest.mark.parametrize(
    ("first", "rest", "order"),
    [("57669149222780334", "0?", "576691492227803340"), ("5765083677574", "80026", None)],
)
def test_an_order_number_that_a_bubble_broke_is_one(
    first: str, rest: str, order: str | None
) -> None:
    found = placed(
        ("Hi, where is", 40, 100), ("my order", 40, 115), (first, 40, 130),
        (rest + (" I miss it" if order else "123"), 40, 145),
    )  # fmt: skip
    whole = found.values("order.id", "order.alias")
    assert (whole == [order]) if order else "576508367757480026" not in whole


def test_a_parcels_number_under_the_word_that_announces_it_is_read() -> None:
    found = placed(
        ("Hello! Your parcel", 40, 100), ("T00B779276928493 was", 40, 115),
        ("delivered on 18 March 2026 at", 40, 130), ("16:42 and left at the door.", 40, 145),
    )  # fmt: skip
    assert numbers(found) == ["T00B779276928493"]
    (delivered,) = found.named("delivery.at")
    assert isinstance(delivered.value, LocalTime) and delivered.value.wall.minute == 42


def test_a_bubbles_own_hour_is_no_second_delivery() -> None:
    found = placed(
        ("Su paquete PC608977751ES fue entregado", 40, 100),
        ("el 27/07/2026 a las 14:37.", 40, 115),
        ("16:25", 280, 132),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["27/07/2026 a las 14:37"]


def test_a_status_of_two_lines_is_that_of_the_day_and_hour_centred_beside_it() -> None:
    found = placed(
        ("In Zustellung", 40, 100), ("6. Mai", 350, 100), ("07:18", 450, 100),
        ("Die Sendung wurde erfolgreich", 40, 130), ("zugestellt.", 40, 146),
        ("6. Mai", 350, 138), ("10:12", 450, 138),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["6. Mai 10:12"]
    assert texts(found, "scan.out_for_delivery.at") == ["6. Mai 07:18"]


def test_an_hour_under_its_day_is_of_the_words_that_were_wrapped_beside_both() -> None:
    found = placed(
        ("09/06", 65, 100), ("Leeds: Your parcel has been", 140, 100),
        ("2:25pm", 58, 116), ("delivered", 140, 116),
        ("09/06", 65, 150), ("Leeds: Out for delivery", 140, 150), ("5:12am", 58, 166),
        ("08/06", 65, 200), ("Bristol: in transit", 140, 200), ("1:02am", 58, 216),
        ("13/05", 65, 250), ("Bristol: collected", 140, 250), ("1:02am", 58, 266),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["09/06 2:25pm"]


def test_a_day_over_the_hours_of_its_group_is_not_joined_with_the_first() -> None:
    found = placed(
        ("6 November 2026", 40, 100), ("Leeds", 240, 100),
        ("14:53", 40, 116), ("Delivered", 240, 116),
        ("07:10", 40, 132), ("Out for delivery", 240, 132),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["6 November 2026 14:53"]
    assert texts(found, "scan.out_for_delivery.at") == ["6 November 2026 07:10"]


def test_a_moment_between_a_status_and_its_place_is_of_that_status() -> None:
    found = placed(
        ("Out for delivery", 40, 100), ("20 May 2026 07:20", 400, 107), ("Leeds", 40, 115),
        ("Delivered", 40, 145), ("20 May 2026 13:02", 400, 152), ("Leeds", 40, 160),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["20 May 2026 13:02"]


def test_a_short_day_beside_an_hour_with_its_half_is_read() -> None:
    found = placed(
        ("Out for delivery", 40, 100), ("3/23", 240, 100), ("6:10 AM", 320, 100),
        ("Delivered", 40, 120), ("3/23", 240, 120), ("6:10 PM", 320, 120),
    )  # fmt: skip
    (delivered,) = found.named("delivery.at")
    assert isinstance(delivered.value, LocalTime) and delivered.value.wall.hour == 18


def test_a_carriers_name_behind_its_number_is_none_of_it() -> None:
    assert numbers(said("4PX3949449595401CN 4PX")) == ["4PX3949449595401CN"]


def test_three_days_of_a_month_are_not_one_day_of_three_months() -> None:
    found = said("In transit 07/03/2026", "Out for delivery 07/04/2026", "Delivered 07/05/2026")
    assert [one.time.span.earliest.month for one in found.named("delivery.at")] == [7]


def test_a_capture_is_not_before_what_it_shows() -> None:
    found = said(
        "Printed: 9/8/26, 8:03 PM", "Delivered Tuesday, September 8, 2026 18:03", "Leeds Depot"
    )
    (captured,) = found.named(CAPTURED)
    assert isinstance(captured.value, LocalTime) and captured.value.wall.month == 9


def test_moments_side_by_side_over_their_steps_are_no_desktops_clock() -> None:
    found = placed(
        ("Commande: 304-1523269-8031315", 40, 30),
        ("16/10/2026 18:03", 40, 50), ("18/10/2026 09:11", 240, 50), ("19/10/2026 10:24", 440, 50),
        ("Préparation", 40, 70), ("Arrivé au site", 240, 70), ("Livré", 440, 70),
        ("Colissimo", 40, 120),
    )  # fmt: skip
    assert texts(found, CAPTURED) == []
    assert texts(found, "delivery.at") == ["19/10/2026 10:24"]


def test_a_table_has_a_row_of_days_and_one_of_hours() -> None:
    found = placed(
        ("Picked up", 140, 100), ("Out for delivery", 260, 100), ("Delivered", 420, 100),
        ("Date", 40, 130), ("09/19/2026", 140, 130), ("09/22/2026", 260, 130),
        ("09/22/2026", 420, 130),
        ("Time", 40, 160), ("5:51am", 140, 160), ("5:24am", 260, 160), ("5:22pm", 420, 160),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["09/22/2026 5:22pm"]
    assert texts(found, "scan.accepted.at") == ["09/19/2026 5:51am"]


def test_a_label_is_of_the_day_under_it_though_another_list_has_one_in_its_row() -> None:
    found = placed(
        ("Shipped", 40, 100), ("Order number", 300, 100),
        ("24 June", 40, 116), ("22-04723-85972", 300, 116),
        ("Ordered on", 300, 136),
        ("Delivered", 40, 152), ("23 June 2026", 300, 152),
        ("27 June", 40, 168),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["27 June"]
    assert texts(found, "order.placed.at") == ["23 June 2026"]


@pytest.mark.parametrize(
    ("receiver", "day", "hour"),
    [("Received in good order by", "Date", "Time"), ("Firmado por", "Fecha", "Hora"),
     ("Empfangen in gutem Zustand von", "Datum", "Uhrzeit"),
     ("Reçu en bon état par", "Date", "Heure")],
)  # fmt: skip
def test_the_day_that_stands_beside_who_signed_is_the_deliverys(
    receiver: str, day: str, hour: str
) -> None:
    grid = placed(
        ("Ship date", 40, 60), ("20.09.2026", 40, 76),
        (receiver, 40, 120), (day, 300, 120), (hour, 420, 120),
        ("MILLER", 40, 136), ("22.09.2026", 300, 136), ("11:29", 420, 136),
    )  # fmt: skip
    assert texts(grid, "delivery.at") == ["22.09.2026 11:29"]
    text = said("Ship date", "20.09.2026", receiver, "MILLER", day, "22.09.2026", hour, "11:29")
    assert texts(text, "delivery.at") == ["22.09.2026 11:29"]


def test_a_day_beside_no_receiver_is_nobodys() -> None:
    found = placed(
        ("Weight", 40, 120), ("Date", 300, 120), ("2 kg", 40, 136), ("22.09.2026", 300, 136)
    )
    assert texts(found, "delivery.at") == []


def test_a_fields_name_dates_a_capture_though_moments_stand_over_it() -> None:
    found = placed(
        ("Ship time", 40, 100), ("2026-10-22 04:12:46", 300, 100),
        ("Order time", 40, 130), ("2026-10-21 11:09:46", 300, 130),
        ("Delivered time", 40, 160), ("2026-10-24 11:09:46", 300, 160),
        ("Print Time", 40, 190), ("2026-10-24 12:09:46", 300, 190),
    )  # fmt: skip
    assert texts(found, CAPTURED) == ["2026-10-24 12:09:46"]


def test_a_value_is_centred_beside_a_name_in_two_tongues() -> None:
    found = placed(("Order No.", 40, 100), ("#5403", 260, 107), ("订单号", 40, 115))
    assert found.values("order.alias") == ["5403"]


@pytest.mark.parametrize("leaders", [" ..............", " ...............", "…………"])
def test_dots_lead_to_a_value(leaders: str) -> None:
    assert placed((f"Order number{leaders}", 40, 100), ("#2194", 480, 100)).values(
        "order.alias"
    ) == ["2194"]
    assert said(f"Order number {leaders}#2194").values("order.alias") == ["2194"]


@pytest.mark.parametrize(
    "line",
    [
        "hiermit bestätigen wir, dass die am 13. Mai 2026 eingelieferte Sendung am 15. Mai 2026 um"
        " 19:03 Uhr zugestellt wurde",
        "Bestellt 12. Mai 2026 | Versandt 13. Mai 2026 | Zugestellt 15. Mai 2026 19:03",
        "Ordinato 12/05/2026 • Spedito 13/05/2026 • Consegnato 15/05/2026 19:03",
    ],
)
def test_a_label_is_of_its_own_day_among_several(line: str) -> None:
    (delivered,) = said(line).named("delivery.at")
    assert isinstance(delivered.value, LocalTime) and delivered.value.wall.day == 15


def test_a_sentence_goes_on_in_the_next_line() -> None:
    found = placed(
        ("This letter confirms that the item 9400129520256888269749, posted on", 40, 100),
        ("October 7, 2026, was delivered to the addressee on October 9, 2026 at", 40, 116),
        ("6:49 P.M. and signed for by J. Miller. Your reference: order 03-58050-", 40, 132),
        ("39222.", 40, 148),
    )  # fmt: skip
    assert [one.time.span.earliest.day for one in found.named("delivery.at")] == [9]
    assert found.values("order.id", "order.alias") == ["03-58050-39222"]


def test_a_messages_hour_is_not_that_of_what_it_tells_in_its_next_line() -> None:
    found = placed(
        ("[02/06/2026, 14:35:30] Shop: Suivi 6A15488878713 : livré", 40, 100),
        ("02/06/2026 13:08", 40, 116),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["02/06/2026 13:08"]


def test_words_that_nobody_knows_over_the_first_moment_put_no_label_under_it() -> None:
    found = placed(
        ("Erzeugt", 40, 100), ("19/05/2026 23:10:38", 40, 112),
        ("Versandt", 40, 140), ("21/05/2026 02:24:38", 40, 152),
        ("Zugestellt", 40, 180), ("22/05/2026 19:25:38", 40, 192),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["22/05/2026 19:25:38"]
    assert texts(found, "shipment.shipped.at") == ["21/05/2026 02:24:38"]


def test_a_head_is_found_over_a_row_whose_cells_are_not_at_one_height() -> None:
    found = placed(
        ("Dispatched", 240, 100), ("Delivered on", 400, 100), ("Status", 560, 100),
        ("4PX9864143362854", 40, 124),
        ("05/19/2026 2:49am", 240, 131), ("05/21/2026 5:50pm", 400, 131), ("Delivered", 560, 131),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["05/21/2026 5:50pm"]


def test_a_title_beside_the_day_of_printing_says_nothing_of_it() -> None:
    found = placed(
        ("05/09/2026, 12:35", 40, 10), ("Gmail - Delivered: your package PC212873479ES", 240, 10),
        ("Delivered: your package PC212873479ES", 40, 60),
        ("From: Correos", 40, 90), ("To: shop@example.com", 40, 106),
        ("Date: Friday 4 September 2026 09:07", 40, 122),
        ("Delivered on", 40, 150), ("Friday 4 September 2026 08:35", 40, 166),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["4 September 2026 08:35"]
    assert [one.time.text for one in found.named(CAPTURED)] == ["05/09/2026, 12:35"]


def test_two_lists_side_by_side_share_rows_by_chance_labels_under_their_moments() -> None:
    found = placed(
        ("11.03.2026 19:34", 40, 100), ("09.03.2026 15:39", 300, 100),
        ("Zugestellt", 40, 115), ("Die Sendung wurde bearbeitet", 300, 115),
        ("11.03.2026 06:26", 40, 142),
        ("In Zustellung", 40, 157), ("08.03.2026 22:56", 300, 157),
        ("Die Sendung wurde abgeholt", 300, 172),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["11.03.2026 19:34"]
    assert texts(found, "scan.out_for_delivery.at") == ["11.03.2026 06:26"]
    assert "08.03.2026 22:56" in texts(found, "scan.accepted.at")


def test_named_days_without_a_year_decide_a_slashed_one() -> None:
    found = said(
        "Captured: 07/04/2026 11:10 A.M.", "Today", "10:10 A.M. Delivered", "July 2",
        "2:17 A.M. Accepted at facility",
    )  # fmt: skip
    (captured,) = found.named(CAPTURED)
    assert isinstance(captured.value, LocalTime) and captured.value.wall.month == 7


def test_each_row_under_a_head_has_its_own_tracking_number() -> None:
    found = placed(
        ("Order no.", 40, 100), ("Parcel number", 200, 100), ("Dispatched", 340, 100),
        ("576400996006367466", 40, 124), ("786385625447", 200, 124), ("10/09/2026", 340, 124),
        ("#4891", 40, 148), ("713277824862", 200, 148), ("05/12/2026", 340, 148),
        ("#5264", 40, 172), ("711089225515", 200, 172), ("07/13/2026", 340, 172),
    )  # fmt: skip
    assert sorted(numbers(found)) == ["711089225515", "713277824862", "786385625447"]


def test_a_cell_of_one_line_stands_beside_days_over_their_hours() -> None:
    found = placed(
        ("Shipped at", 240, 60), ("Delivered at", 340, 60), ("Status", 480, 60),
        ("22-73616-", 40, 100), ("2026-07-23", 240, 100), ("2026-07-25", 340, 100),
        ("55126", 40, 114), ("18:19:39", 240, 114), ("17:50:39", 340, 114),
        ("Delivered", 480, 108),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["2026-07-25 17:50:39"]
    assert texts(found, "shipment.shipped.at") == ["2026-07-23 18:19:39"]


def test_a_zone_at_the_end_of_a_heading_is_that_of_the_list_under_it() -> None:
    found = placed(
        ("Destination - United States", 40, 100), ("GMT-5", 400, 100),
        ("Delivered", 40, 124), ("2026-07-25 17:50", 40, 140),
        ("Captured: 2026-07-26 10:00", 40, 200),
    )  # fmt: skip
    (delivered,), (captured,) = found.named("delivery.at"), found.named(CAPTURED)
    assert isinstance(delivered.value, Instant) and delivered.value.at.hour == 22
    assert isinstance(captured.value, LocalTime)


def test_a_list_that_ends_with_a_place_has_its_labels_over_their_moments() -> None:
    lines = ["Rótulo emitido", "02/03/2026 20:24", "Coimbra", "Postado", "13/03/2026 00:33",
             "Coimbra", "Em distribuição", "15/03/2026 06:27", "Lisboa", "Entregue",
             "15/03/2026 14:49", "Lisboa"]  # fmt: skip
    found = placed(*((line, 40, 40 + 16 * at) for at, line in enumerate(lines)))
    assert texts(found, "delivery.at") == ["15/03/2026 14:49"]


def test_a_field_with_its_own_moment_keeps_no_label_from_the_list_beside_it() -> None:
    found = placed(
        ("Data ordine: 12 giugno 2026", 40, 100), ("Consegnata", 400, 100),
        ("15 giugno 2026, 14:56", 400, 116),
        ("In consegna", 400, 140), ("15 giugno 2026, 05:35", 400, 156),
        ("Recensione del 16 giugno 2026", 40, 180), ("Arrivata al centro", 400, 180),
        ("14 giugno 2026, 10:48", 400, 196),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["15 giugno 2026, 14:56"]
    assert texts(found, "scan.transit.at") == ["14 giugno 2026, 10:48"]


def test_a_row_of_a_table_of_names_takes_no_label_of_the_value_over_it() -> None:
    found = placed(
        ("Dossier ouvert le", 40, 100), ("25/06/2026", 300, 100),
        ("Date et heure de livraison", 40, 124), ("23/06/2026 09:51", 300, 124),
        ("Résultat", 40, 148), ("Livré à l'adresse", 300, 148),
        ("Répondu le", 40, 172), ("26/06/2026", 300, 172),
    )  # fmt: skip
    assert texts(found, "delivery.at") == ["23/06/2026 09:51"]


def test_a_label_is_over_a_day_and_its_hour_in_cells_of_their_own() -> None:
    found = placed(
        ("Date de dépôt", 40, 100), ("Date de livraison", 300, 100),
        ("20 / 10 / 2026", 40, 116), ("01:52", 160, 116),
        ("22 / 10 / 2026", 300, 116), ("15:44", 420, 116),
    )  # fmt: skip
    assert [one.time.span.earliest.day for one in found.named("delivery.at")] == [22]


def test_days_over_the_steps_and_hours_under_them_are_one_moment_each() -> None:
    found = placed(
        ("07.05.2026", 40, 100), ("09.05.2026", 200, 100), ("10.05.2026", 360, 100),
        ("Picked up", 40, 116), ("Out for delivery", 200, 116), ("Delivered", 360, 116),
        ("5:32", 60, 132), ("6:07", 220, 132), ("16:05", 380, 132),
    )  # fmt: skip
    assert texts(found, "scan.accepted.at") == ["07.05.2026 5:32"]
    assert texts(found, "scan.out_for_delivery.at") == ["09.05.2026 6:07"]
    assert texts(found, "delivery.at") == ["10.05.2026 16:05"]


def test_a_day_that_is_one_by_either_custom_counts_among_several() -> None:
    found = said("Picked up 07/07/2026", "In transit 08/07/2026", "Delivered 09/07/2026")
    assert [one.time.span.latest.month for one in found.named("delivery.at")] == [7]


def test_a_word_behind_a_number_is_none_of_it() -> None:
    assert numbers(said("Your parcel 4PX2353749812107CN was delivered")) == ["4PX2353749812107CN"]


def test_groups_go_on_in_the_next_line_where_only_all_of_them_check() -> None:
    found = placed(
        ("Tracking Number", 40, 100), ("5681 6051 6207", 240, 100), ("344", 240, 115),
        ("FedEx", 40, 200),
    )  # fmt: skip
    assert numbers(found) == ["568160516207344"]


def test_a_telephone_number_behind_a_carriers_name_is_no_parcels() -> None:
    assert numbers(said("©2025递四方4PX0800 668 9386")) == []


@pytest.mark.parametrize("clock", ["19h35Lyon", "19:35Lyon"])
def test_a_blank_that_was_lost_behind_an_hour_is_put_back(clock: str) -> None:
    found = placed((f"dimanche 20 avril 2025 à {clock}, Livré", 40, 100), confidence=0.9)
    assert [one.time.span.earliest.day for one in found.named("delivery.at")] == [20]
    assert all(isinstance(one.value, LocalTime) for one in found.named("delivery.at"))


def test_what_a_carrier_was_handed_in_german_is_not_delivered() -> None:
    assert not said("An Versanddienst übergeben 07.05.2026 18:02").named("delivery.at")
    assert said("An Nachbarn übergeben 07.05.2026 18:02").named("delivery.at")


def test_steps_that_were_not_yet_gone_have_no_moment() -> None:
    found = placed(
        ("Estimated delivery: Friday, 8 May", 40, 60),
        ("Label created", 40, 100), ("In transit", 200, 100), ("Out for delivery", 360, 100),
        ("Delivered", 520, 100), ("05/05/2026", 40, 116), ("06/05/2026", 200, 116),
    )  # fmt: skip
    assert texts(found, "delivery.at") == texts(found, "scan.out_for_delivery.at") == []


def _askew(slope: float, page: int = 1) -> Facts:
    """A letter of names at the left edge and values far to the right, as a scan's text layer has
    it: turned by `slope`, each line's box level."""
    rows = [("Proof of delivery", ""), ("Tracking number", "VB385993475GB"), ("Service", "Letter"),
            ("Weight", "0.21 kg"), ("Ship date", "10 February 2026"),
            ("Actual delivery", "13 February 2026, 11:37"), ("Ship to", "Leeds"),
            ("Signed for by", "T. BRANNIGAN"), ("Reference", "88")]  # fmt: skip
    made = []
    for at, row in enumerate(rows):
        for text, x in zip(row, (70, 340), strict=True):
            left, top = x - slope * (100 + 26 * at), 100 + 26 * at + slope * x
            made.append(Line(text, WHOLE, (left, top, 6 * len(text), 12), page))
    return Facts(facts_of_lines(ITEM, made, sizes={page: Size(600, 800)}))


@pytest.mark.parametrize("slope", [0.0, 0.03, 0.05, -0.04])
def test_a_page_that_was_scanned_askew_has_its_rows(slope: float) -> None:
    found = _askew(slope)
    assert texts(found, "delivery.at") == ["13 February 2026, 11:37"]
    assert texts(found, "shipment.shipped.at") == ["10 February 2026"]
