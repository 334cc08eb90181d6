"""What pages of TikTok Shop's Thai and Arabic countries say: dates, halves of the day, statuses."""

import pytest

from evidence.times import LocalTime
from tests.verifiers.sayings import kinds, saying, told
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import labels_in
from verifiers.readers.said.zones_said import stated_zone, zone_after

AT = "2026-07-25 14:03"


@pytest.mark.parametrize(
    ("line", "name", "when"),
    [
        ("25 ก.ค. 2569 14:03  จัดส่งสำเร็จ", "delivery.at", AT),
        ("จัดส่งสำเร็จเมื่อ 25 กรกฎาคม พ.ศ. 2569 เวลา 14.03 น.", "delivery.at", AT),
        ("นำจ่ายสำเร็จ วันเสาร์ที่ 25 ก.ค. 69 14:03 น.", "delivery.at", AT),
        ("วันที่ได้รับสินค้า: 25/07/2569", "delivery.at", "2026-07-25"),
        ("๒๕/๐๗/๒๕๖๙ ๑๔:๐๓ ผู้รับได้รับพัสดุแล้ว", "delivery.at", AT),
        # Thailand writes the day first: 10 December is 12/10 nowhere there.
        ("วันที่สั่งซื้อ: 10-12-2568", "order.placed.at", "2025-12-10"),
        ("25 ก.ค. 2569 14:03  พัสดุอยู่ระหว่างการนำส่ง", "scan.out_for_delivery.at", AT),
        ("25 ก.ค. 2569 14:03  รับพัสดุเข้าระบบ", "scan.accepted.at", AT),
        ("พิมพ์เมื่อ 25/07/2569 14:03", "document.captured.at", AT),
        ("تم التسليم 25 يوليو 2026 14:03", "delivery.at", AT),
        ("تم تسليم الشحنة بنجاح: السبت، ٢٥ يوليو ٢٠٢٦ ٢:٠٣ م", "delivery.at", AT),
        ("تاريخ التسليم: 25\u200f/7\u200f/2026، 2:03 مساءً", "delivery.at", AT),
        ("خرجت الشحنة للتوصيل 25/07/2026 14:03", "scan.out_for_delivery.at", AT),
        ("تم استلام الشحنة من البائع 25/07/2026 14:03", "scan.accepted.at", AT),
        ("تاريخ الطلب 25 أغسطس 2026", "order.placed.at", "2026-08-25"),
        ("تاريخ الطباعة: 25/07/2026 10:15 صباحًا", "document.captured.at", "2026-07-25 10:15"),
        ("配達完了 R8.7.25 14:03", "delivery.at", AT),
    ],
)
def test_a_line_dates_its_event(line: str, name: str, when: str) -> None:
    assert told(line) == {name: when}


@pytest.mark.parametrize(
    "line",
    [
        "25 ก.ค. 2569 14:03  จัดส่งไม่สำเร็จ",
        "25 ก.ค. 2569 ยังไม่ได้จัดส่งสำเร็จ",
        "คาดว่าจะได้รับสินค้า 26 ก.ค. 2569",
        "25/07/2026 لم يتم التسليم",
        "تعذر التوصيل 25/07/2026",
        "تاريخ التسليم المتوقع: 26 يوليو 2026",
        "سيتم التوصيل 26/07/2026",
    ],
)
def test_a_failed_or_promised_delivery_is_none(line: str) -> None:
    assert "delivery.at" not in told(line)


def test_a_year_that_two_eras_could_mean_is_not_made_up() -> None:
    """A Thai month tells the era of a year of two figures; figures alone do not."""
    assert not [fact for fact in saying("จัดส่งสำเร็จ 31/12/69") if fact.name == "delivery.at"]


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("หมายเลขพัสดุ: TH01234567890A", "shipment.tracking_number", "TH01234567890A"),
        ("หมายเลขคำสั่งซื้อ: 576812345678901234", "order.id", "576812345678901234"),
        ("رقم التتبع: 34567891234", "shipment.tracking_number", "34567891234"),
        ("رقم الشحنة: 34567891234", "shipment.tracking_number", "34567891234"),
        ("رقم الطلب: 576812345678901234", "order.id", "576812345678901234"),
    ],
)
def test_a_number_is_what_stands_before_it(line: str, name: str, value: str) -> None:
    assert value in [str(fact.value) for fact in saying(line) if fact.name == name]


@pytest.mark.parametrize(
    ("behind", "names"),
    [
        (" เวลาประเทศไทย", ("Asia/Bangkok",)),
        (" (بتوقيت السعودية)", ("Asia/Riyadh",)),
        (" بتوقيت دبي", ("Asia/Dubai",)),
        (" Gulf Standard Time", ("Asia/Dubai",)),
        (" (giờ Việt Nam)", ("Asia/Ho_Chi_Minh",)),
        (" เวลาท้องถิ่น", ()),
    ],
)
def test_a_zone_is_known_by_its_words(behind: str, names: tuple[str, ...]) -> None:
    found = zone_after(fold(f"14:15{behind}"), 5)
    assert found is not None and found.names == names


def test_a_sentence_states_the_zone_of_a_page() -> None:
    found = stated_zone(fold("جميع الأوقات بتوقيت السعودية"))
    assert found is not None and found.names == ("Asia/Riyadh",)
    (told,) = [
        fact
        for fact in saying("جميع الأوقات بتوقيت السعودية", "تم التسليم 25/07/2026 14:03")
        if fact.name == "delivery.at"
    ]
    assert isinstance(told.value, LocalTime)
    assert told.value.zones == ("Asia/Riyadh",)


def test_labels_keep_apart_what_begins_alike() -> None:
    def told(text: str) -> list[str]:
        return [str(label.told) for label in labels_in(fold(text))]

    assert told("วันที่จัดส่ง: ") == ["shipped"]
    assert told("วันที่จัดส่งสำเร็จ: ") == ["delivered"]
    assert told("تم الشحن") == ["shipped"]
    assert told("قيد الشحن") == ["in_transit"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("จัดส่งสำเร็จ วันเสาร์ที่ 25 กรกฎาคม 2569 14:03", []),
        ("จัดส่งสำเร็จ วันศุกร์ที่ 25 กรกฎาคม 2569 14:03", ["weekday"]),
        ("จัดส่งสำเร็จ วันศุกร์ที่ 25 ก.ค. 2569", ["weekday"]),
        ("31/02/2569 จัดส่งสำเร็จ", ["day"]),
        ("تم التسليم السبت 25 يوليو 2026", []),
        ("تم التسليم الجمعة 25 يوليو 2026", ["weekday"]),
        ("Đã giao hàng Thứ bảy, ngày 25 tháng 7 năm 2026", []),
        ("Đã giao hàng thứ sáu, 25 Thg 7, 2026", ["weekday"]),
        ("Paket terkirim Jumat, 25 Juli 2026", ["weekday"]),
    ],
)
def test_a_weekday_that_was_another_is_told(line: str, told: list[str]) -> None:
    assert kinds(saying(line)) == told
