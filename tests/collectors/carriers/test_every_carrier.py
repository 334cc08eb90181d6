"""What holds of every carrier, in the story that each of them has something to tell of."""

import json
from dataclasses import replace

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.carriers.asking import NUMBER
from collectors.carriers.relayed import LEFT_TO_THEMSELVES
from collectors.collector import Collector
from collectors.registry import all_collectors
from evidence.errors import AccessError, EvidenceError, OutageError, RequestError, ShapeError
from evidence.items import Provenance, Role
from evidence.tracking_numbers import CARRIERS, Likeness, identify, likeness
from service.sandbox.app import make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import everyone
from tests.collectors.carriers.story import asked_at, histories, questions, told
from tests.collectors.http_bench import NOW
from tests.collectors.reading import answer, assert_said

CARRYING = [
    one for one in all_collectors() if type(one).__module__.startswith("collectors.carriers.")
]
each_carrier = pytest.mark.parametrize("carrier", CARRYING, ids=lambda carrier: carrier.name)
AGGREGATORS = frozenset({"17track", "aftership", "easypost"})
# Said in our words of what the answer shows.
DERIVED = frozenset(
    {"delivery.signature", "delivery.photo", "delivery.document", "shipment.weight"}
)


def sandbox(*faults: Fault) -> web.Application:
    return make_sandbox(replace(everyone(), faults=faults), clock=lambda: NOW)


def number_of(carrier: Collector) -> str:
    """The number of the parcel that the sandbox's story gives to the carrier."""
    numbers = [one.tracking_number for one in everyone().parcels if one.carrier == carrier.name]
    assert numbers, f"everyone.toml has no parcel of {carrier.name}"
    return numbers[0]


@each_carrier
async def test_a_delivered_parcel_is_told_with_every_word_at_its_place(carrier: Collector) -> None:
    number = number_of(carrier)
    items = await told(sandbox(), carrier, number)
    names = set()
    for item in histories(items):
        assert item.about == {NUMBER: number} and item.exchange
        facts = carrier.read(item)
        names |= {fact.name for fact in facts}
        if item.media_type.endswith("json"):
            assert_said(facts, json.loads(item.content.read(1 << 20)), derived=DERIVED)
    assert {"scan.delivered", "scan.delivered.at", NUMBER} <= names
    assert names & {"scan.accepted.at", "scan.transit.at"}
    assert "field.unread" not in names
    assert {item.role for item in items} <= carrier.roles
    assert {item.provenance for item in items} <= {Provenance.API, Provenance.RELAYED}


@each_carrier
async def test_what_is_brought_twice_has_the_same_keys(carrier: Collector) -> None:
    async with served(sandbox()) as url:
        first, second = [
            await asked_at(f"{url}/{carrier.name}", carrier, number_of(carrier)) for _ in range(2)
        ]
    assert [item.key for item in first] == [item.key for item in second]
    assert len({item.key for item in first}) == len(first)


@each_carrier
async def test_a_number_that_cannot_be_the_carriers_is_not_asked_for(carrier: Collector) -> None:
    app = sandbox()
    strange = "NOT/A-NUMBER?"
    assert await told(app, carrier, strange) == []
    assert questions(app) == []
    if carrier.name in CARRIERS:
        assert likeness(number_of(carrier), carrier.name) is not Likeness.NO


@each_carrier
def test_an_aggregator_leaves_a_carriers_numbers_to_its_own_source(carrier: Collector) -> None:
    if carrier.name not in AGGREGATORS:
        possible = {one.carrier for one in identify(number_of(carrier)).possible}
        assert possible & LEFT_TO_THEMSELVES, f"relayed.py does not name {carrier.name}"


@each_carrier
async def test_an_answer_in_another_shape_is_brought_and_only_reading_it_complains(
    carrier: Collector,
) -> None:
    (item, *_) = await told(sandbox(Fault(kind="garbage")), carrier, number_of(carrier))
    assert item.role is Role.TRACKING_HISTORY
    with pytest.raises(ShapeError):
        carrier.read(item)


@each_carrier
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="status", status=500, times=0), OutageError),
        (Fault(kind="status", status=429, retry_after="600"), OutageError),
        (Fault(kind="status", status=403), AccessError),
        (Fault(kind="status", status=422), RequestError),
        (Fault(kind="truncate", times=0), OutageError),
        (Fault(kind="redirect", location="http://192.0.2.1/latest/meta-data/"), RequestError),
    ],
    ids=["500", "429", "403", "422", "cut off", "sent elsewhere"],
)
async def test_a_source_that_fails_says_whose_matter_it_is(
    carrier: Collector, fault: Fault, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await told(sandbox(fault), carrier, number_of(carrier))


@each_carrier
@pytest.mark.parametrize("kind", ["gzip", "skew"])
async def test_what_does_not_hinder_the_answer_changes_nothing_in_it(
    carrier: Collector, kind: str
) -> None:
    async with served(sandbox(Fault(kind=kind, seconds=-90_000))) as url:
        spoilt, plain = [
            await asked_at(f"{url}/{carrier.name}", carrier, number_of(carrier)) for _ in range(2)
        ]
    assert [item.sha256 for item in spoilt] == [item.sha256 for item in plain]


@each_carrier
@settings(max_examples=50)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(carrier: Collector, data: bytes) -> None:
    try:
        carrier.read(answer(carrier, data))
    except EvidenceError:
        pass


@each_carrier
async def test_nothing_secret_is_in_what_is_brought(carrier: Collector) -> None:
    app = sandbox()
    for item in await told(app, carrier, number_of(carrier)):
        whole = item.content.read(1 << 22) + repr(item).encode()
        assert b"sandbox-secret" not in whole
