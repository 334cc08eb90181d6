"""Numbers of parcels and orders, and whose they are, as pictures print them."""

from __future__ import annotations

import pytest

from tests.verifiers.read_lines import numbers, placed, said
from verifiers.marks.carrier import carrier_of


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ((("Suivi de votre colis", 40, 100), ("Numéro de colis", 40, 114),
          ("XY230397688FR", 40, 128)), "XY230397688FR"),
        ((("LT n° XY701349202FR", 40, 100),), "XY701349202FR"),
        ((("GLS", 40, 60), ("Track ID", 40, 100), ("ZXY12ABC", 40, 114)), "ZXY12ABC"),
        ((("DPD", 40, 60), ("Paketnummer : 0054 128 708", 40, 100), ("3881", 40, 114)),
         "00541287083881"),
        ((("Consignment 0398 338 122 4511", 40, 100), ("DPD", 40, 60)), "03983381224511"),
        ((("Numéro d'expédition : 79086049", 40, 100),), "79086049"),
        ((("您的快件SF1234567890123已于2026年07月23日由本人签收", 40, 100),), "SF1234567890123"),
        ((("Codice spedizioneRA614833561IT", 40, 100),), "RA614833561IT"),
    ],
)  # fmt: skip
def test_a_parcels_number_is_read(lines: tuple[tuple[str, int, int], ...], number: str) -> None:
    assert numbers(placed(*lines)) == [number]


def test_the_letters_of_a_posts_number_may_be_misread_as_figures_in_a_picture() -> None:
    line = ("Reference Number: 0A287058554GB", 40, 100)
    assert numbers(placed(line, confidence=0.97)) == ["OA287058554GB"]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("PO # 2000118-90273338", "2000118-90273338"), ("PO Number: 4501234567", "4501234567"),
        ("Sales order SO-10492", "SO-10492"), ("Order 10492 confirmed", "10492"),
        ("P.O. Box 12345", None), ("Order 2026 catalogue", None), ("Order 1000 or more", None),
    ],
)  # fmt: skip
def test_an_orders_number_is_read(line: str, number: str | None) -> None:
    assert [f.text for f in said(line).named("order.id", "order.alias")] == [number] * bool(number)


@pytest.mark.parametrize(
    ("heading", "carrier"),
    [("中通快递", "zto"), ("Aramex", "aramex"), ("Colis Privé", "colis_prive"),
     ("La Poste Colissimo", "colissimo"), ("La Poste", "la_poste"), ("京东物流", "jd_logistics")],
)  # fmt: skip
def test_more_carriers_are_known_by_their_names(heading: str, carrier: str) -> None:
    assert carrier_of(placed((heading, 40, 40))).name == carrier


def test_a_consignment_over_its_number_is_announced() -> None:
    facts = placed(("DPD", 40, 40), ("Consignment", 40, 100), ("0484 342 769 1868", 40, 116))
    assert numbers(facts) == ["04843427691868"]


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ((("佐川急便302665901871", 40, 100),), "302665901871"),
        ((("ヤマト運輸クロネコヤマト4365-", 40, 100), ("2076-0701", 40, 114)), "436520760701"),
        ((("USPS.COM 9205 5045 0657", 40, 100), ("4841 1305 40", 40, 114)),
         "9205504506574841130540"),
        ((("DPD 0879 137 990 6350", 40, 100),), "08791379906350"),
        ((("Correos", 40, 60), ("PQRVFR2168521364164058W", 40, 100)), "PQRVFR2168521364164058W"),
    ],
)  # fmt: skip
def test_a_number_stands_behind_its_carriers_name(
    lines: tuple[tuple[str, int, int], ...], number: str
) -> None:
    assert numbers(placed(*lines)) == [number]


def test_a_heading_that_names_two_of_one_house_is_the_first_ones() -> None:
    facts = placed(
        ("Hello", 40, 20), ("Bubble", 40, 40), ("More words", 40, 60), ("Again words", 40, 80),
        ("EMS 中国邮政速递物流", 40, 100), ("EA723843370CN", 40, 120),
    )  # fmt: skip
    assert carrier_of(facts).name == "china_ems"


def test_the_last_word_of_a_label_is_no_part_of_a_number_that_lost_its_blank() -> None:
    for line in ("CONSIGNMENT NOTELM315517046CA", "Consignment noteLM315517046CA"):
        assert said(line).values("shipment.tracking_number") == ["LM315517046CA"]


@pytest.mark.parametrize(
    ("label", "number"),
    [("Tracking ID", "NVSG40166896486"), ("Tracking Number", "SPXLAX363598530186"),
     ("Zásilka", "Z5775712346"), ("ID de seguimiento:", "PK6XXX09475840682848422R")],
)  # fmt: skip
def test_a_number_of_letters_that_nobody_told_us_of_is_whole(label: str, number: str) -> None:
    assert numbers(said(f"{label} {number}")) == [number]


def test_a_label_that_lost_its_blank_is_cut_from_a_posts_number() -> None:
    assert numbers(said("TRACKING NOTELM315517046CA")) == ["LM315517046CA"]


def test_a_shops_heading_is_its_orders_number() -> None:
    facts = placed(
        ("shopify", 40, 20), ("#10482", 40, 60), ("Paid", 140, 60),
        ("Fulfilled (1) #10482-F1", 40, 100),
    )  # fmt: skip
    assert [one.text for one in facts.named("order.alias")] == ["10482"]
    assert not placed(("Etsy", 40, 20), ("#10482", 40, 60)).named("order.alias")


def test_a_temu_order_with_a_misread_letter_is_known() -> None:
    facts = said("Order ID P0-211-35757391393857133")
    assert facts.values("order.id") == ["PO-211-35757391393857133"]


def test_who_numbers_a_parcel_carries_it_though_another_brought_it() -> None:
    facts = placed(
        ("YunExpress", 40, 20), ("Waybill number: YT8617750438677867", 40, 60),
        ("Last-mile carrier: USPS", 40, 80),
    )  # fmt: skip
    assert carrier_of(facts).name == "yunexpress"


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("Tracking: Evri H02B9K6580735546", "H02B9K6580735546"),
        ("Tracking: GLS 51234567890", "51234567890"),
        ("Tracking number: UPS 1ZE8C92X3813732530", "1ZE8C92X3813732530"),
        ("单号 YW121332905997|状态：妥投", "YW121332905997"),
    ],
)
def test_a_name_in_front_of_a_number_is_none_of_it(line: str, number: str) -> None:
    assert numbers(said(line)) == [number]


@pytest.mark.parametrize(
    "line",
    ["4PX 4PX2705509592545CN", "Tracking: SF SF1234567890123", "单号：4PX 4PX2705509592545CN"],
)
def test_letters_in_front_of_a_number_that_begins_with_them_are_none_of_it(line: str) -> None:
    assert numbers(said(line)) == [line.split()[-1]]


def test_a_case_with_hyphens_is_no_parcels_number() -> None:
    facts = said("Purolator", "Case PP-D-788664809", "Tracking number: 334434990530")
    assert numbers(facts) == ["334434990530"]


def test_a_part_of_a_number_in_groups_is_no_number() -> None:
    number = "33 CX 33 66 78 04 01 45 56 58 01 9"
    assert numbers(said("Australia Post", f"Waybill No.: {number}")) == [number.replace(" ", "")]
    assert numbers(said("Australia Post", f"See {number}")) == []


def test_what_stands_under_a_label_whose_value_is_beside_it_is_anothers() -> None:
    facts = placed(
        ("UPS", 40, 40), ("Tracking number:", 40, 100), ("UA968529921AT", 200, 100),
        ("Reference 574955880201855339", 40, 116),
    )  # fmt: skip
    assert numbers(facts) == ["UA968529921AT"]


@pytest.mark.parametrize(
    "label", ["Purchase order", "Uw bestelling", "Encomenda n.º", "Číslo objednávky"]
)
def test_an_orders_number_stands_beside_its_label(label: str) -> None:
    facts = placed((label, 40, 100), ("200069673764170", 300, 100))
    assert facts.values("order.alias") == ["200069673764170"]


def test_swiss_post_calls_itself_the_post() -> None:
    assert said("Die Post", "Sendungsnummer").values("document.mark") == ["swiss_post"]
    assert said("Heute bringt die Post alles").values("document.mark") == []


def test_a_registered_sign_is_no_part_of_a_label() -> None:
    line = "USPS Tracking® 9405511899223817301234"
    assert numbers(placed((line, 40, 100))) == ["9405511899223817301234"]


def test_a_part_of_an_orders_number_is_no_parcels_though_its_check_digit_fits() -> None:
    facts = said(
        "DPD", "Zugestellt", "Paketnummer: 08684199832878", "Bestellung", "200055602663419"
    )
    assert numbers(facts) == ["08684199832878"]
    assert facts.values("order.alias") == ["200055602663419"]


@pytest.mark.parametrize("day", ["21.02.2026", "21/02/2026", "2026-02-21", "2026年2月21日"])
def test_a_day_that_lost_the_space_before_it_is_no_part_of_an_order_number(day: str) -> None:
    (found,) = said(f"Order 113-0038541-5466076{day}").named("order.id")
    assert found.text == "113-0038541-5466076"
