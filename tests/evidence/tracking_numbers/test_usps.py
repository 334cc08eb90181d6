"""USPS's numbers by the constructs of Publications 199 and 91, whoever prints them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.tracking_numbers import Candidate, Form, asked_as, identify


def _gs1(body: str) -> str:
    """GS1 General Specifications, 7.9, worked out from the right as a table of weights."""
    weights = (3, 1) * len(body)
    total = sum(int(figure) * weight for figure, weight in zip(body[::-1], weights, strict=False))
    return str((10 - total % 10) % 10)


def usps(number: str, kind: str, title: str = "USPS package", **more: object) -> Candidate:
    said = Candidate(
        carrier="usps", kind=kind, title=title, number=number, form=Form.OWN, published=True,
        check_digit=True, country="US",
    )  # fmt: skip
    return replace(said, **more)  # type: ignore[arg-type]


def brought(number: str, channel: str, service: str) -> list[Candidate]:
    """Whose parcels USPS delivers under its numbers of channels 92 and 93."""
    parts = {"channel": channel, "service": service}
    title = "{}, delivered by USPS"
    return [
        usps(number, f"usps-{len(number)}", title.format(called), carrier=carrier,
             form=Form.SHARED, published=published, parts=parts)
        for carrier, called, published in (
            ("ups", "UPS SurePost or Mail Innovations", True),
            ("fedex", "FedEx Ground Economy", True),
            ("dhl", "DHL eCommerce", False),
        )
    ]  # fmt: skip


# Channel, service, and of a mailer's own number his id and serial.
CONSTRUCTS = [
    ("impb", ("94", "001"), "1234567890123456", None, "USPS Tracking"),
    ("impb", ("95", "073"), "1234567890123456", None, "Certified Mail"),
    ("impb-22-9", ("92", "055"), "912345678", "1234567", "Priority Mail"),
    ("impb-22-6", ("93", "021"), "123456", "1234567890", "Signature Confirmation"),
    ("impb-26-9", ("92", "748"), "912345678", "12345678901", ""),
    ("impb-26-6", ("93", "701"), "823456", "12345678901234", "Priority Mail Express"),
]


@pytest.mark.parametrize(
    ("kind", "begins", "shipper", "serial", "service"),
    CONSTRUCTS,
    ids=lambda part: part if isinstance(part, str) else None,
)
def test_a_package_is_read_by_its_construct(
    kind: str, begins: tuple[str, str], shipper: str, serial: str | None, service: str
) -> None:
    body = "".join(begins) + shipper + (serial or "")
    number = body + _gs1(body)
    parts = dict(zip(("channel", "service"), begins, strict=True))
    own = parts | ({"shipper": shipper, "serial": serial} if serial else {})
    expected = [usps(number, kind, parts=own, service=service)]
    if serial is not None:
        expected += brought(number, *begins)
    assert list(identify(number).possible) == expected
    wrong = body + str((int(number[-1]) + 1) % 10)
    assert not [one for one in identify(wrong).possible if one.kind == kind]
    for code in ("94110", "941101234"):
        (first, *_) = identify(f"420{code}{number}").possible
        assert first == replace(expected[0], parts={"zip": code, **own})
        assert asked_as([f"420{code}{number}"], "usps") == [number]


def test_what_another_carrier_could_read_otherwise_is_asked_as_usps_writes_it() -> None:
    """FedEx's barcode of 34 digits holds another number than the one behind the ZIP code."""
    text = "4209411012349205591234567812345674"
    fedex = next(one for one in identify(text).possible if one.kind == "express-34")
    assert fedex.number != "9205591234567812345674"
    assert asked_as([text], "usps") == ["9205591234567812345674"]


def test_a_longer_package_than_published_may_be_one() -> None:
    body = "9" + "5" + "1" * 23
    number = body + _gs1(body)
    assert list(identify(number).possible) == [
        usps(number, "impb-26", "USPS package, longer than Publication 199 has it",
             form=Form.SHARED, published=False, parts={"channel": "95", "service": "111"})
    ]  # fmt: skip


def test_a_confirmation_number_may_stand_without_its_91() -> None:
    parts = {"service": "03", "shipper": "123456789", "serial": "12345678"}
    body = "".join(parts.values())
    whole, bare = f"91{body}" + _gs1(f"91{body}"), body + _gs1(f"91{body}")
    assert list(identify(whole).possible) == [
        usps(whole, "confirmation", "USPS confirmation number under AI 91", parts=parts)
    ]
    assert list(identify(bare).possible) == [
        usps(bare, "pic-91", "USPS confirmation number, its AI 91 left out",
             form=Form.BARE, parts=parts)
    ]  # fmt: skip
    own = body + _gs1(body)
    assert list(identify(own).possible) == [
        usps(own, "pic", "USPS package identification code",
             form=Form.BARE, parts=parts, service="Delivery Confirmation")
    ]  # fmt: skip


def test_a_ground_economy_number_may_stand_without_its_92() -> None:
    body = "612" + "9" * 16
    number = body + _gs1(f"92{body}")
    assert list(identify(number).possible) == [
        usps(number, "ground-economy-20", "FedEx Ground Economy, its AI 92 left out",
             carrier="fedex", form=Form.BARE, parts={"service": "612"})
    ]  # fmt: skip
