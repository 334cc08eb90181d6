"""Rows and sentences with more than one moment, or with words around them."""

import pytest

from evidence.times import LocalTime
from tests.verifiers.sayings import kinds, saying, told


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # What is expected was not delivered, and when a scan says so it is not the promise.
        ("2026-07-25 14:03 预计2026-07-26送达", {"delivery.promised.at": "2026-07-26"}),
        (
            "Delivered early: Fri, Jul 24, 2026 2:03 PM (expected Sat, Jul 25, 2026)",
            {"delivery.at": "2026-07-24 14:03", "delivery.promised.at": "2026-07-25"},
        ),
        (
            "Was due 26 July 2026; delivered 25 July 2026 at 14:03",
            {"delivery.promised.at": "2026-07-26", "delivery.at": "2026-07-25 14:03"},
        ),
        (
            "Out for Delivery, Expected Delivery by 9:00pm, July 25, 2026, 7:10 am",
            {"scan.out_for_delivery.at": "2026-07-25 07:10"},
        ),
        (
            "预计送达时间：2026-07-26 实际送达时间：2026-07-25 14:03",
            {"delivery.promised.at": "2026-07-26", "delivery.at": "2026-07-25 14:03"},
        ),
        (
            "Scheduled: 07/26/2026 Delivered: 07/25/2026",
            {"delivery.promised.at": "2026-07-26", "delivery.at": "2026-07-25"},
        ),
        (
            "07/25/2026 8:10 A.M. Los Angeles, CA, US Out For Delivery Today",
            {"scan.out_for_delivery.at": "2026-07-25 08:10"},
        ),
        # Of which day that speaks nothing says, and the message's hour is not the delivery's.
        ("[25/07/2026, 15:04:40] Seller: it was delivered today at 14:03", {}),
        # Words that are not known date a moment of their own.
        (
            "Claim opened 28 July 2026, order delivered 25 July 2026",
            {"delivery.at": "2026-07-25"},
        ),
        (
            "Message sent 28 July 2026 10:11: It was delivered on 25 July 2026",
            {"delivery.at": "2026-07-25"},
        ),
        (
            "Ship Date: 7/20/26 Deliver Date: 7/25/26",
            {"shipment.shipped.at": "2026-07-20", "delivery.at": "2026-07-25"},
        ),
        # Two days whose years have two figures decide for each other which figures these are.
        (
            "Item dispatched 20/07/26, delivered 25/07/26",
            {"shipment.shipped.at": "2026-07-20", "delivery.at": "2026-07-25"},
        ),
        (
            "出荷日 26/07/20 配達完了 26/07/25",
            {"shipment.shipped.at": "2026-07-20", "delivery.at": "2026-07-25"},
        ),
    ],
)
def test_each_moment_has_its_own_words(line: str, expected: dict[str, str]) -> None:
    assert told(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "2026-07-25 14:03 快件已投递至信箱",
        "2026-07-25 14:03 已投妥",
        "2026-07-25 14:03 配送成功",
        "2026-07-25 14:03 您的快件已由丰巢智能柜代收",
        "2026-07-25 14:03 货物已由收件人签收",
        "Package was left on 25 July 2026 at 14:03 with a neighbour",
        "Left with individual at address, 2:03 pm, July 25, 2026, PORTLAND, OR 97205",
        "Shipment received by consignee 25.07.2026 14:03",
        "Delivered: 07/25/26 2:03P",
        "POD 25JUL2026 14:03",
        "签收 2026年7月25日 星期六,14:03",
        "AUSLIEFERDATUM 25.07.2026, 14:03",
        "Die Sendung wurde am Sa, 25.07.26 14:03 dem Empfänger übergeben",
        "In der Filiale abgeholt am 25.07.2026 14:03",
        "荷物は2026年7月25日 14時03分に配達されました",
        "2026年7月25日14時03分 投函",
        "お客様へのお届けが完了しました 2026/07/25 14:03",
        "ご指定の宅配ボックスに配達 2026/07/25 14:03",
        "Successful delivery 25 July 2026 14:03",
        "Delivered, Individual Picked Up at Post Office, July 25, 2026, 2:03 pm",
    ],
)
def test_a_delivery_in_other_words(line: str) -> None:
    assert told(line) == {"delivery.at": "2026-07-25 14:03"}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Could not be delivered on 25 July 2026 14:03", "scan.exception.at"),
        ("2026-07-25 14:03 首次派送未成功", "scan.exception.at"),
        ("Return delivered to seller 25 July 2026 14:03", "scan.exception.at"),
        ("Delivered to warehouse 25 July 2026 14:03", "scan.transit.at"),
        ("Insured: No Shipped: 25 July 2026 14:03", "shipment.shipped.at"),
        ("Delivered to the local post office 25 July 2026 14:03", "scan.transit.at"),
        ("Handed over to delivery partner 25 July 2026 14:03", "scan.accepted.at"),
        ("배송 출발 2026.07.25 14:03", "scan.out_for_delivery.at"),
        ("배송예정 2026.07.25 14:03", "delivery.promised.at"),
    ],
)
def test_words_that_hold_a_delivery_and_mean_none(line: str, name: str) -> None:
    assert told(line) == {name: "2026-07-25 14:03"}


def test_a_letter_about_a_delivery_dates_itself() -> None:
    assert told("Delivery confirmation sent 26 July 2026 08:00") == {}


@pytest.mark.parametrize(
    ("line", "when"),
    [
        ("导出于 2026-07-27 09:15:00 (UTC+08:00)", "2026-07-27 01:15Z"),
        ("Accessed Jul 27 2026, 9:15 AM GMT+8", "2026-07-27 01:15Z"),
        ("Date Produced: 07/27/2026", "2026-07-27"),
    ],
)
def test_a_capture_in_other_words(line: str, when: str) -> None:
    assert told(line) == {"document.captured.at": when}


def test_brazils_time_is_a_zone() -> None:
    (found,) = [
        fact
        for fact in saying("Entregue em 25/07/2026 às 14:03 (horário de Brasília)")
        if fact.name == "delivery.at"
    ]
    assert isinstance(found.value, LocalTime) and found.value.zones == ("America/Sao_Paulo",)


def test_an_hour_whose_half_stands_under_it_contradicts_nothing() -> None:
    """A phone breaks "at 7:07 p.m." before its half: 14:29 may be before that."""
    page = ("Delivered: Sunday, April 26, 2026 at 7:07", "p.m.",
            "Apr 26, 2026 14:29 Out for delivery")  # fmt: skip
    assert kinds(saying(*page)) == []
    assert kinds(saying(page[0], page[2])) == ["order"]


@pytest.mark.parametrize(
    "line",
    [
        "Parcel has not arrived 25 July 2026 14:03",
        "not yet shipped 25 July 2026 14:03",
        "Noch nicht versandt 25.07.2026 14:03",
        "2026-07-25 14:03 未发货",
        # Of something else than the parcel.
        "Claim received on 25 July 2026",
        "Your enquiry was received on 25 July 2026",
        "Return received on 25 July 2026",
        "Case completed on 25 July 2026",
        "Message delivered 25 July 2026 14:03",
        "Review posted 25 July 2026",
    ],
)
def test_what_has_not_happened_to_the_parcel_is_told_of_no_moment(line: str) -> None:
    assert told(line) == {}


@pytest.mark.parametrize(
    "clock",
    ["alle ore 15.40", "alle 15.40", "ore 15.40", "a las 15.40 h", "godz. 15.40", "kl. 15.40",
     "15.40 Uhr"],
)  # fmt: skip
def test_a_time_of_day_with_a_point_is_known_by_the_words_beside_it(clock: str) -> None:
    assert told(f"Consegnata il 12.11.2026 {clock}") == {"delivery.at": "2026-11-12 15:40"}
