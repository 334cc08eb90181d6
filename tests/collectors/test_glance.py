"""What is found at a glance is what reading the whole page finds."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.glance import MOST_BYTES, Place, glanced
from evidence.errors import EvidenceError
from evidence.items import InMemory, Item, Provenance, Role
from evidence.pages import page_of

NAMES = st.sampled_from(["next", "data", "id", "a b", "größe", 'q"', "n\next"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
PLACES = st.lists(NAMES | st.integers(0, 2), max_size=3)


def found(data: bytes, *places: Place) -> list[list[Any]] | None:
    return glanced(InMemory(data), places)


def in_the_page(data: bytes, place: Place) -> list[Any]:
    item = Item(
        role=Role.ORDER_RECORD,
        key="k",
        content=InMemory(data),
        media_type="application/json",
        collector="rest/1",
        origin="erp",
        provenance=Provenance.API,
        collected_at=datetime(2026, 11, 29, tzinfo=UTC),
    )
    value = page_of(item).value
    for step in place:
        if isinstance(value, dict) and isinstance(step, str) and step in value:
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return []
    return [value]


@given(VALUES, st.lists(PLACES, min_size=1, max_size=3), st.booleans())
def test_it_is_what_the_whole_page_has(value: Any, places: list[Place], ascii_only: bool) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only).encode()
    glance = glanced(InMemory(data), places)
    assert glance is None or glance == [in_the_page(data, place) for place in places]


@given(st.binary(max_size=40) | st.text('{}[]":,x1 \\', max_size=40).map(str.encode))
def test_what_is_found_in_any_bytes_stands_in_the_page_too(data: bytes) -> None:
    glance = found(data, ["x"])
    # SQLite also takes what we refuse, such as another key twice: the reader says so later.
    with contextlib.suppress(EvidenceError):
        assert glance in (None, [in_the_page(data, ["x"])])


def test_numbers_keep_their_digits_and_absent_is_not_null() -> None:
    data = b'{"a":1.10,"b":null,"c":[{"id":"x"}],"d":123456789012345678901234567890}'
    places: tuple[Place, ...] = (["a"], ["b"], ["c", 0, "id"], ["d"], ["e"])
    assert found(data, *places) == [
        ["1.10"], [None], ["x"], ["123456789012345678901234567890"], []
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        b'{"n\\u0065xt":"1"}',
        b'{"next":"1","next":"2"}',
        b'{"other":{"next":"1"},"next":"2"}',
        b'{"next":"1"',
        b'{"next":NaN}',
        b'{"next":"\xff"}',
        '{"next":"1"}'.encode("utf-16"),
        b"",
        b"[" * 5000,
        b'{"next":"1","x":"' + b"y" * MOST_BYTES + b'"}',
    ],
)
def test_what_could_be_read_in_two_ways_is_left_to_the_page(data: bytes) -> None:
    assert found(data, ["next"]) is None


def test_a_name_that_means_something_to_sqlite_is_left_to_the_page() -> None:
    data = json.dumps({'a"': {"b": 1}, "a.b": 2}).encode()
    assert found(data, ['a"']) is None
    assert found(data, ["a.b"]) == [["2"]]
    assert found(data) is None
