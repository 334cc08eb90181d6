"""Aggregators: which numbers they are asked about, and whose words they pass on."""

from typing import Any

import pytest

from collectors.carriers.asking import NUMBER
from collectors.carriers.relayed import numbers_for, origin_of
from collectors.carriers.seventeen_track import SeventeenTrack
from evidence.errors import ConfigError
from tests.collectors.http_bench import bench, context

UPS = "1Z023E2X0214323462"
YUN = "YT2630100700123456"
CHINA = "RR473124829CN"
AMBIGUOUS = "776094337676"  # FedEx's, UPS's or SF's
NOBODYS = "LGS-17 0042 ABCD"


async def asked(*numbers: str, **settings: Any) -> list[str]:
    async with bench("http://127.0.0.1:1") as b:
        return numbers_for(context(b.session, {NUMBER: numbers}, settings=settings))


async def test_what_a_source_of_our_own_can_answer_is_left_to_it() -> None:
    assert await asked(UPS, YUN, CHINA) == [YUN, CHINA]


async def test_an_ambiguous_number_is_asked_about() -> None:
    assert await asked(AMBIGUOUS) == [AMBIGUOUS]


async def test_a_number_of_no_known_shape_may_be_a_carriers_that_no_table_has() -> None:
    assert await asked(NOBODYS, "n/a", "12", "REFUND") == ["LGS170042ABCD"]


async def test_a_number_whose_check_digit_is_wrong_is_asked_about_nowhere() -> None:
    assert await asked("RR473124828CN") == []


async def test_an_operator_can_say_whose_numbers_are_asked_about() -> None:
    assert await asked(UPS, YUN, AMBIGUOUS, NOBODYS, carriers=["ups"]) == [UPS, AMBIGUOUS]


@pytest.mark.parametrize("carriers", ["ups", ["ups", "no such carrier"], [5]])
async def test_a_list_of_carriers_that_is_none_is_refused(carriers: Any) -> None:
    with pytest.raises(ConfigError, match="carriers"):
        await asked(YUN, carriers=carriers)


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("China Post", "china_post"),
        ("USPS", "usps"),
        ("YunExpress", "yunexpress"),
        ("Yanwen", "yanwen"),
        ("4PX", "4px"),
        ("SF Express", "sf_express"),
        ("Royal Mail", "royal_mail"),
        ("DHLExpress", "dhl"),
        ("Some Courier (East)", "some_courier_east"),
        ("顺丰", "17track"),
        ("", "17track"),
        (None, "17track"),
    ],
)
def test_a_carrier_is_one_witness_however_it_is_called(name: str | None, origin: str) -> None:
    assert origin_of(name, otherwise=SeventeenTrack.name) == origin
