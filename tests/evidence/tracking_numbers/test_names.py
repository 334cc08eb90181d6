"""Which carrier people mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.tracking_numbers import CARRIERS, carrier_named


@pytest.mark.parametrize(
    ("text", "carrier"),
    [
        ("UPS", "ups"),
        ("ups_ground", "ups"),
        ("UPS Mail Innovations", "ups"),
        ("DHL Express Worldwide", "dhl"),
        ("Fed-Ex", "fedex"),
        ("FedEx International Priority®", "fedex"),
        ("Royal Mail Tracked 48", "royal_mail"),
        ("USPS", "usps"),
        ("China Post EMS", "china_ems"),
        ("China Post", "china_post"),
        ("顺丰速运", "sf_express"),
        ("云途物流", "yunexpress"),
        ("燕文", "yanwen"),
        ("4PX", "4px"),
        ("Amazon Logistics", "amazon"),
        ("J&T Express", "jt_express"),
        ("EMS", None),
        ("Other", None),
        ("", None),
        ("my UPS", None),
    ],
)
def test_a_carrier_is_known_by_what_people_call_it(text: str, carrier: str | None) -> None:
    assert carrier_named(text) == carrier


@pytest.mark.parametrize("carrier", list(CARRIERS))
def test_a_carriers_own_name_and_ours_name_it(carrier: str) -> None:
    assert carrier_named(carrier) == carrier
    assert carrier_named(CARRIERS[carrier]) == carrier


@given(st.text(max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    assert carrier_named(text) in {None, *CARRIERS}
