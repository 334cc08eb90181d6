"""A JSON answer is walked with a pointer in hand, and cannot be a bomb."""

import json
import sys
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import FormatError, ShapeError, TooLargeError
from evidence.locators import resolve_pointer
from evidence.pages import MAX_DEPTH, MAX_PAGE, MAX_VALUES, Node, page_of
from evidence.times import Instant, LocalTime
from tests.evidence.test_items import an_item

ROOT = {
    "number": "1Z",
    "weight": 1.10,
    "big": 576684019603311365,
    "flag": True,
    "null": None,
    "empty": "  ",
    "a/b~c": {"": ["x", {"deep": []}]},
    "at": "2026-01-01T10:00:00+01:00",
    "wall": "2026-01-01 10:00",
    "events": [{"code": "D"}, {"code": None}, 7],
}


def page(value: Any = ROOT) -> Node:
    return page_of(an_item(json.dumps(value).encode()))


def test_text_is_what_stands_there_numbers_with_their_digits() -> None:
    raw = b'{"a": 1.10, "b": 576684019603311365, "c": 1E400, "d": " x ", "e": -0}'
    read = page_of(an_item(raw))
    assert [read[key].text() for key in "abcde"] == [
        "1.10",
        "576684019603311365",
        "1E400",
        "x",
        "-0",
    ]
    assert type(read["a"].text()) is str


def test_absence_is_no_error_until_something_is_needed() -> None:
    read = page()
    for absent in (read["nothing"]["at"][3]["all"], read["null"], read["events"][99]):
        assert not absent.present
        assert absent.text_or_none() is None
        assert list(absent.each()) == []
        assert absent.facts("order.id") == []
    assert read["empty"].present and read["empty"].text_or_none() is None
    assert "number" in read and "null" not in read and "nothing" not in read


@pytest.mark.parametrize(
    ("steps", "ask", "pointer", "expected", "got"),
    [
        (("nothing",), "text", "json:/nothing", "text", "nothing"),
        (("empty",), "text", "json:/empty", "text", "empty text"),
        (("flag",), "text", "json:/flag", "text", "true or false"),
        (("a/b~c", ""), "text", "json:/a~1b~0c/", "text", "a list"),
        (("a/b~c",), "text_or_none", "json:/a~1b~0c", "text", "an object"),
        (("a/b~c",), "each", "json:/a~1b~0c", "a list", "an object"),
        (("number",), "each", "json:/number", "a list", "text"),
        (("weight",), "each", "json:/weight", "a list", "text"),
        (("number",), "time", "json:/number", "an ISO 8601 time", "another text"),
        (("big",), "time", "json:/big", "an ISO 8601 time", "another text"),
        (("events", 1, "code"), "time", "json:/events/1/code", "text", "nothing"),
        (("events", -1), "text", "json:/events/-1", "text", "nothing"),
    ],
    ids=str,
)
def test_every_shape_error_names_the_pointer(
    steps: tuple[str | int, ...], ask: str, pointer: str, expected: str, got: str
) -> None:
    node = page()
    for step in steps:
        node = node[step]
    with pytest.raises(ShapeError) as raised:
        list(getattr(node, ask)())
    error = raised.value
    assert (error.source, error.pointer, error.expected, error.got) == (
        "ups", pointer, expected, got,
    )  # fmt: skip
    assert pointer in str(error)


def values() -> st.SearchStrategy[Any]:
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text("ab/~", max_size=3), inner, max_size=3)
        ),
        max_leaves=10,
    )


@given(values())
def test_walking_gives_the_values_and_pointers_that_lead_to_them(value: Any) -> None:
    def walk(node: Node, plain: Any) -> None:
        assert resolve_pointer(value, node.locator.place) == plain
        if isinstance(plain, dict):
            for key, child in plain.items():
                walk(node[key], child)
        elif isinstance(plain, list):
            for index, child in enumerate(node.each()):
                walk(child, plain[index])
                assert node[index] == child
        elif isinstance(plain, int) and not isinstance(plain, bool):
            assert node.text() == str(plain)
        elif isinstance(plain, str):
            assert node.text_or_none() == (plain.strip() or None)

    walk(page(value), value)


def test_a_loop_over_a_node_is_refused_and_does_not_run_forever() -> None:
    with pytest.raises(TypeError):
        list(page()["events"])  # type: ignore[call-overload]


def test_a_fact_carries_item_origin_place_and_group() -> None:
    node = page()["number"]
    made = node.fact("shipment.tracking_number", group="parcel/0")
    assert (made.value, str(made.locator)) == ("1Z", "json:/number")
    assert (made.item, made.origin, made.group) == (node.item.sha256, "ups", "parcel/0")
    assert node.facts("shipment.tracking_number", group="parcel/0") == [made]


def test_times_keep_what_was_stated_and_take_only_what_was_declared() -> None:
    read = page()
    assert isinstance(read["at"].time(zone="Asia/Shanghai"), Instant)
    assert isinstance(read["wall"].time(), LocalTime)
    declared = read["wall"].time(zone="Asia/Shanghai")
    assert isinstance(declared, Instant) and declared.zone == "Asia/Shanghai"
    with pytest.raises(FormatError, match="the zone 'CST'"):  # the operator's mistake, not theirs
        read["wall"].time(zone="CST")


@pytest.mark.parametrize(
    ("raw", "got"),
    [
        (b"", "other bytes"),
        (b"<html>", "other bytes"),
        (b"\xff\xfe\xfd", "other bytes"),
        (b'{"a":1}{"b":2}', "other bytes"),
        (b'{"a":1,"a":2}', "an object with one key twice"),
        (b'[{"b":{"a":1,"a":1}}]', "an object with one key twice"),
        (b'{"a" :1,"a"\t:"b:c"}', "an object with one key twice"),
        ('{"\u3a22":1,"\u3a22":2}'.encode("utf-16-le"), "an object with one key twice"),
        (b'{"a":NaN}', "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"[" * 100_000, "JSON nested too deeply"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "JSON nested too deeply"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "JSON nested too deeply"),
        (b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), "JSON nested too deeply"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_is_not_one_plain_document_is_a_shape_error(raw: bytes, got: str) -> None:
    with pytest.raises(ShapeError) as raised:
        page_of(an_item(raw))
    assert raised.value.pointer == "json:" and raised.value.got.startswith(got)


# Texts and keys full of what ends a key, and the white space that may stand before a colon.
_TEXTS = st.text('a":\\ ', max_size=4)
_SPACES = st.sampled_from(["", " ", "\t", "\r\n"])


@st.composite
def _objects(draw: st.DrawFn, depth: int = 2) -> tuple[str, bool]:
    """An object as JSON, and whether one in it has a key twice."""
    names, written, twice = [], [], False
    for name in draw(st.lists(_TEXTS, max_size=3)):
        inner, inner_twice = json.dumps(draw(_TEXTS), ensure_ascii=draw(st.booleans())), False
        if depth and draw(st.booleans()):
            inner, inner_twice = draw(_objects(depth - 1))
        names.append(name)
        twice |= inner_twice
        key = json.dumps(name).replace("a", "\\u0061" if draw(st.booleans()) else "a")
        written.append(f"{key}{draw(_SPACES)}:{draw(_SPACES)}{inner}")
    return "{" + ",".join(written) + "}", twice or len({*names}) < len(names)


@given(_objects(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32-be"]))
def test_a_page_is_refused_just_if_an_object_has_a_key_twice(
    made: tuple[str, bool], encoding: str
) -> None:
    text, twice = made
    item = an_item(text.encode(encoding))
    if twice:
        with pytest.raises(ShapeError, match="one key twice"):
            page_of(item)
    else:
        assert page_of(item).value == json.loads(text)


def test_the_deepest_page_is_read_wherever_the_caller_stands() -> None:
    raw = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH

    def deep(levels: int) -> Node:
        return deep(levels - 1) if levels else page_of(an_item(raw))

    assert deep(0) == deep(sys.getrecursionlimit() // 2)


def test_a_page_of_too_many_bytes_or_values_costs_nothing() -> None:
    with pytest.raises(TooLargeError):
        page_of(an_item(bytes(MAX_PAGE + 1)))
    for piece in (b"[],", b"{},", b"1,"):
        bomb = b"[" + piece * MAX_VALUES + b"1]"
        item = an_item(bomb)
        tracemalloc.start()
        with pytest.raises(TooLargeError, match="number of values"):
            page_of(item)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1 << 20


def test_a_number_of_a_million_digits_stays_text() -> None:
    # Made a number and text again it takes minutes: the work is quadratic.
    item = an_item(b'{"n":' + b"9" * 1_000_000 + b"}")
    assert page_of(item)["n"].text() == "9" * 1_000_000


def test_the_sentence_says_the_type_and_never_the_value() -> None:
    with pytest.raises(ShapeError) as raised:
        page({"to": ["Jane Roe"]})["to"].text()
    assert "Jane" not in str(raised.value)
    with pytest.raises(ShapeError) as raised:
        page({"at": "Jane Roe"})["at"].time()
    assert "Jane" not in str(raised.value)


def test_half_a_character_in_an_escape_is_a_fact_that_can_be_sealed() -> None:
    read = page_of(an_item(b'{"a":"x\\ud800"}'))
    assert read["a"].fact("order.id").text == "x\ufffd"


_KEYS = st.sampled_from(["a", "b:", ":", "\\u003a", "\\u003A", "é", "\\u3a3a"])
_TEXTS = st.sampled_from(["", ":", "::", "\\u003a", "\\u003a\\u003A", "at 10:00", "\\\\u003a"])


def _written() -> st.SearchStrategy[str]:
    """JSON as text, whose objects have keys twice now and then, and colons wherever they can be."""
    leaves = _TEXTS.map(lambda text: f'"{text}"') | st.sampled_from(["1", "null", "[]", "{}"])
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4).map(lambda each: f"[{','.join(each)}]")
            | st.lists(st.tuples(_KEYS, inner), max_size=4).map(
                lambda pairs: "{" + ",".join(f'"{k}":{v}' for k, v in pairs) + "}"
            )
        ),
        max_leaves=12,
    )


@given(_written(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"]))
def test_a_key_that_comes_twice_is_found_however_colons_are_written(
    text: str, encoding: str
) -> None:
    def alone(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("twice")
        return dict(pairs)

    data = text.encode(encoding)
    try:
        expected = json.loads(data, object_pairs_hook=alone, parse_int=str)
    except ValueError:
        with pytest.raises(ShapeError, match="one key twice"):
            page_of(an_item(data))
    else:
        assert page_of(an_item(data)).value == expected


@pytest.mark.parametrize(
    ("value", "got"),
    [({}, "an object"), ([], "a list"), (True, "true or false"), (None, "nothing"),
     (" ", "empty text"), ("x", "text"), (7, "text")],
)  # fmt: skip
def test_what_stands_where_something_else_is_documented_is_said_in_words(
    value: Any, got: str
) -> None:
    assert page({"a": value})["a"].misshapen("a house").got == got
