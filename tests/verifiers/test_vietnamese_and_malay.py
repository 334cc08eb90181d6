"""What pages of TikTok Shop's Vietnam, Malaysia and Indonesia say: dates, statuses, numbers."""

import pytest

from tests.verifiers.sayings import saying, told
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import labels_in

AT = "2026-07-25 14:03"


@pytest.mark.parametrize(
    ("line", "name", "when"),
    [
        ("Giao hàng thành công 14:03 25-07-2026", "delivery.at", AT),
        ("Đã giao hàng lúc 14:03 ngày 25 tháng 7 năm 2026", "delivery.at", AT),
        ("ĐÃ GIAO THÀNH CÔNG: Thứ bảy, 25 Thg 7, 2026 14:03", "delivery.at", AT),
        ("Đang giao hàng 25/07/2026 14:03", "scan.out_for_delivery.at", AT),
        ("Bưu tá đã lấy hàng 25/07/2026 14:03", "scan.accepted.at", AT),
        ("Đã giao cho đơn vị vận chuyển 25/07/2026 14:03", "shipment.shipped.at", AT),
        ("Ngày đặt hàng: 25/07/2026", "order.placed.at", "2026-07-25"),
        ("In lúc 25/07/2026 14:03", "document.captured.at", AT),
        ("Pesanan tiba di tujuan, Sabtu 25 Juli 2026 pukul 14.03", "delivery.at", AT),
        ("Paket telah diterima oleh penerima 25 Jul 2026 14:03", "delivery.at", AT),
        ("Tanggal pemesanan: 5 Agustus 2026", "order.placed.at", "2026-08-05"),
        ("Penghantaran berjaya 25 Julai 2026 2:03 ptg", "delivery.at", AT),
        ("Dicetak pada 25 Disember 2026 10:15 pagi", "document.captured.at", "2026-12-25 10:15"),
        ("Delivered Jul-25-2026 14:03", "delivery.at", AT),
        ("Delivered 2026-Jul-25 14:03", "delivery.at", AT),
    ],
)
def test_a_line_dates_its_event(line: str, name: str, when: str) -> None:
    assert told(line) == {name: when}


def test_indonesia_has_three_zones() -> None:
    assert told("Paket terkirim 25 Juli 2026 14.03 WITA") == {"delivery.at": "2026-07-25 06:03Z"}


@pytest.mark.parametrize(
    "line",
    [
        "Giao hàng không thành công 25/07/2026",
        "Dự kiến giao hàng 26/07/2026",
        "Chưa giao hàng 25/07/2026",
        "Gagal dikirim 25 Juli 2026",
        "Estimasi tiba 26 Juli 2026",
        "Belum terkirim 25 Juli 2026",
        "Dijangka tiba 26 Julai 2026",
    ],
)
def test_a_failed_or_promised_delivery_is_none(line: str) -> None:
    assert "delivery.at" not in told(line)


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("Mã vận đơn: SPXVN012345678901", "shipment.tracking_number", "SPXVN012345678901"),
        ("Mã đơn hàng: 576812345678901234", "order.id", "576812345678901234"),
        ("Nomor resi: JP1234567890", "shipment.tracking_number", "JP1234567890"),
        ("No. Pesanan: 576812345678901234", "order.id", "576812345678901234"),
    ],
)
def test_a_number_is_what_stands_before_it(line: str, name: str, value: str) -> None:
    assert value in [str(fact.value) for fact in saying(line) if fact.name == name]


def test_a_malay_word_for_sending_and_bringing_dates_neither() -> None:
    assert labels_in(fold("Tarikh penghantaran: ")) == []


@pytest.mark.parametrize(
    ("line", "carrier"),
    [
        ("Giao Hàng Tiết Kiệm", "ghtk"),
        ("GIAO HÀNG NHANH - ghn.vn", "ghn"),
        ("KEX Express (Thailand)", "kerry_express"),
        ("ناقل إكسبريس", "naqel"),
        ("City-Link Express", "city_link_malaysia"),
        ("2GO Express", "two_go"),
    ],
)
def test_a_carrier_of_these_countries_is_known_by_its_name(line: str, carrier: str) -> None:
    assert carrier in [str(fact.value) for fact in saying(line) if fact.name == "document.mark"]


def test_large_letters_fold_like_small_ones() -> None:
    assert fold("ĐŁØ") == fold("đłø") == "dlo"
