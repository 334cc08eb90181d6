"""Whose a number can be: what is certain, what stays open, what is nobody's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evidence.errors import FormatError
from evidence.tracking_numbers import (
    CARRIERS,
    Candidate,
    Form,
    Likeness,
    asked_as,
    checks,
    identify,
    likeness,
    normalize,
)
from evidence.tracking_numbers.answers import KINDS
from evidence.tracking_numbers.posts import POSTS
from evidence.tracking_numbers.s10 import SERVICES

CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"


def carriers(number: str) -> list[str]:
    return [one.carrier for one in identify(number).possible]


# Numbers from UPS's own documents: Tracking.yaml (inquiryNumber), UPSTrackAlert.yaml (example).
@pytest.mark.parametrize("number", ["1Z023E2X0214323462", "1Z204W4R0308071865"])
def test_a_number_with_its_own_shape_and_its_check_digit_is_certain(number: str) -> None:
    assert likeness(number, "ups") is Likeness.CERTAIN
    assert carriers(number) == ["ups"]
    assert likeness(number, "fedex") is Likeness.NO


@given(st.text(DIGITS + CAPITALS, min_size=15, max_size=15))
def test_every_1z_number_with_its_check_digit_is_ups(body: str) -> None:
    assert likeness(f"1Z{body}{checks.ups(body)}", "ups") is Likeness.CERTAIN


@given(st.text(DIGITS, min_size=11, max_size=11))
def test_twelve_digits_stay_open_even_if_a_check_digit_fits(body: str) -> None:
    number = body + checks.fedex(body)
    assert likeness(number, "fedex") is Likeness.AMBIGUOUS
    assert {"fedex", "ups", "sf_express"} <= set(carriers(number))
    assert identify(number).candidates[0].check_digit is True


@pytest.mark.parametrize(
    "number", ["T1234567890", "123456789", "92419900000033499522966220", "１２３４５６７８９"]
)
def test_a_number_that_others_use_too_is_ambiguous(number: str) -> None:
    assert likeness(number, "ups") is Likeness.AMBIGUOUS


@pytest.mark.parametrize(
    "number",
    ["", "12", "RR473124829FR", "1Z", "1Z/../x", "x" * 900, "1Z023E2X0214323463", "é" * 18],
)
def test_what_is_not_of_upss_shape_is_not_ups(number: str) -> None:
    assert likeness(number, "ups") is Likeness.NO


def test_a_wrong_check_digit_is_told_and_stands_last() -> None:
    (only,) = identify("1Z023E2X0214323463").candidates
    assert (only.carrier, only.check_digit) == ("ups", False)
    found = identify("986578788856")
    assert found.candidates[-1].check_digit is False
    checked = [one.check_digit is False for one in found.candidates]
    assert checked == sorted(checked)
    assert identify("1Z023E2X0214323463").possible == ()


def test_a_carrier_that_no_table_has_is_an_error_not_a_no() -> None:
    with pytest.raises(FormatError):
        likeness("1Z023E2X0214323462", "norrpost")


# UPU S10-12, section 5: the example item identifier.
def test_a_postal_item_is_the_issuing_posts_and_any_post_may_be_asked() -> None:
    item = identify("RR 473 124 829 GB").candidates[0]
    assert (item.carrier, item.country) == ("royal_mail", "GB")
    assert item.check_digit is True
    assert item.service == "letter post, registered"
    assert likeness("RR473124829GB", "royal_mail") is Likeness.CERTAIN
    assert likeness("RR473124829GB", "usps") is Likeness.AMBIGUOUS
    assert likeness("RR473124829GB", "fedex") is Likeness.NO
    assert likeness("RR473124828GB", "usps") is Likeness.NO


@pytest.mark.parametrize(
    ("number", "houses", "service"),
    [
        ("RR473124829GB", [("royal_mail", "Royal Mail")], "letter post, registered"),
        ("FQ473124829GB", [("royal_mail", "Royal Mail")], ""),
        ("GA473124829US", [("usps", "USPS")], "domestic, bilateral or multilateral use"),
        ("RR473124829CN", [("china_post", "China Post")], "letter post, registered"),
        ("EE473124829CN", [("china_post", "China Post"), ("china_ems", "China Post EMS")], "EMS"),
        ("RR473124829DE", [("deutsche_post", "Deutsche Post"), ("dhl", "DHL")],
         "letter post, registered"),
    ],
)  # fmt: skip
def test_a_postal_item_is_read_for_each_carrier_of_its_posts_house(
    number: str, houses: list[tuple[str, str]], service: str
) -> None:
    form = Form.OWN if service else Form.SHARED
    assert identify(number).candidates == tuple(
        Candidate(
            carrier=carrier, kind="s10", title=f"{called}, postal item", number=number, form=form,
            published=True, check_digit=True, service=service, country=number[-2:],
            parts={"service": number[:2], "serial": "47312482"},
        )
        for carrier, called in houses
    )  # fmt: skip


@given(
    service=st.text(CAPITALS, min_size=2, max_size=2),
    serial=st.text(DIGITS, min_size=8, max_size=8),
    country=st.sampled_from(sorted(POSTS)),
)
def test_every_post_knows_its_items(service: str, serial: str, country: str) -> None:
    number = f"{service}{serial}{checks.s10(serial)}{country}"
    known = service[0] in SERVICES or service in ("GA", "GD")
    own = Likeness.CERTAIN if known else Likeness.AMBIGUOUS
    assert likeness(number, POSTS[country][0]) is own


def test_a_country_without_a_post_has_no_items() -> None:
    assert identify("RR473124829ZZ").candidates == ()


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("1z 999-AA1\u00a00123", "1Z999AA10123"),
        ("１Ｚ９９９ＡＡ１", "1Z999AA1"),
        ("Tracking number: 1Z 999", "1Z999"),
        ("Tracking no.: 1Z999", "1Z999"),
        ("USPS Tracking #9400 1000", "94001000"),
        ("Waybill 1Z999", "1Z999"),
        ("运单号：SF1234567890123", "SF1234567890123"),
        ("快递单号: YT2001221266041234", "YT2001221266041234"),
        ("UPS 1Z999", "1Z999"),
        ("SF 1234567890123", "SF1234567890123"),
        ("DHL: JJD0099999999", "JJD0099999999"),
        ("]C1(420)94110(92)05590164917312751089", "420941109205590164917312751089"),
        ("%008182709980000020033350276C", "008182709980000020033350276C"),
        ("RR\u200b473124829\u2011GB", "RR473124829GB"),
        ("1Z999/AA", "1Z999/AA"),
        ("1zß", "1Zß"),
    ],
)
def test_what_people_and_scanners_put_around_a_number_goes(typed: str, plain: str) -> None:
    assert normalize(typed) == plain


@given(st.text(max_size=150))
def test_any_text_has_an_answer_and_a_plain_one_stays_as_it_is(text: str) -> None:
    found = identify(text)
    assert all(one.carrier in CARRIERS for one in found.candidates)
    assert identify(found.normalized).candidates == found.candidates or not found.candidates


def test_a_zip_code_in_front_is_no_part_of_the_number() -> None:
    bare = "9205590164917312751089"
    for number in (bare, f"42094110{bare}", f"420941101234{bare}"):
        assert identify(number).candidates[0].number == bare
        assert identify(number).candidates[0].check_digit is True
        assert likeness(number, "usps") is Likeness.CERTAIN
    assert asked_as([f"42094110{bare}", bare, "1Z1", "RR473124829GB"], "usps") == [
        bare,
        "RR473124829GB",
    ]


@pytest.mark.parametrize("each", KINDS, ids=lambda each: f"{each.carrier}/{each.name}")
def test_a_kind_has_a_known_carrier_and_a_name_of_its_own(each: Any) -> None:
    assert each.carrier in CARRIERS
    alike = [other for other in KINDS if (other.carrier, other.name) == (each.carrier, each.name)]
    assert alike == [each]
    groups = set(each.shape.groupindex)
    assert (each.check is not None) == ({"body", "check"} <= groups)


@pytest.mark.parametrize("each", KINDS, ids=lambda each: f"{each.carrier}/{each.name}")
@settings(max_examples=25)
@given(data=st.data())
def test_a_number_made_to_a_kinds_shape_is_its_carriers(each: Any, data: st.DataObject) -> None:
    made = data.draw(st.from_regex(each.shape, fullmatch=True))
    match = each.shape.fullmatch(made)
    if each.countries:
        start, end = match.span("country")
        made = made[:start] + data.draw(st.sampled_from(sorted(each.countries))) + made[end:]
        match = each.shape.fullmatch(made)
    if each.check is not None:
        at = match.start("check")
        made = made[:at] + each.check(match["body"]) + made[at + 1 :]
    assume(each.shape.fullmatch(made) and not (each.unless and each.unless.fullmatch(made)))
    own = [one for one in identify(made).candidates if one.kind == each.name]
    assert any(
        one.carrier == each.carrier and one.check_digit is (True if each.check else None)
        for one in own
    )
    if each.form is Form.OWN:
        assert likeness(made, each.carrier) is Likeness.CERTAIN


@pytest.mark.needs_shared
def test_every_vector_is_judged_as_it_says(shared: Path) -> None:
    folder = shared / "contracts" / "tracking_numbers"
    judged = 0
    for file in sorted(folder.glob("*.json")):
        courier = json.loads(file.read_text("utf-8"))
        for told in courier.get("tracking_numbers", ()):
            fits = True if "checksum" in told["validation"] else None
            for number in told["test_numbers"]["valid"]:
                assert any(
                    one.carrier == courier["courier_code"] and one.check_digit is fits
                    for one in identify(number).candidates
                ), number
                judged += 1
            for number in told["test_numbers"]["invalid"]:
                assert courier["courier_code"] not in carriers(number), number
                judged += 1
    assert judged > 100
