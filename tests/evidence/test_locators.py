"""A locator leads whoever looks to the place, or nowhere; never to another place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import FormatError
from evidence.locators import (
    FILE_NAME,
    WHOLE,
    Locator,
    attached,
    box,
    cell,
    header,
    inside,
    line,
    mail_part,
    meta,
    page_line,
    pointer,
    resolve_pointer,
)
from tests.evidence.strategies import locators

# RFC 6901, section 5.
RFC6901 = {
    "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6,
    " ": 7, "m~n": 8,
}  # fmt: skip


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("", RFC6901), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1),
        ("/c%d", 2), ("/e^f", 3), ("/g|h", 4), ("/i\\j", 5), ('/k"l', 6), ("/ ", 7), ("/m~0n", 8),
    ],
)  # fmt: skip
def test_the_pointers_of_rfc_6901_lead_where_it_says(place: str, value: Any) -> None:
    assert resolve_pointer(RFC6901, place) == value


@pytest.mark.parametrize(
    "place",
    ["foo", "x/foo", "/foo/2", "/foo/-1", "/foo/+1", "/foo/01", "/foo/ 1", "/foo/1_0", "/foo/٠",
     "/foo/-", "/foo/" + "9" * 5000, "/foo/0/0", "/nothing", "/m~n", "/m~2n", "/m~"],
    ids=lambda place: str(place)[:20],
)  # fmt: skip
def test_a_pointer_that_leads_nowhere_is_a_format_error(place: str) -> None:
    with pytest.raises(FormatError, match="leads nowhere") as refused:
        resolve_pointer(RFC6901, place)
    assert len(str(refused.value)) < 300


def nested() -> st.SearchStrategy[Any]:
    return st.recursive(
        st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text("ab/~0", max_size=4), inner, max_size=3)
        ),
        max_leaves=12,
    )


@given(nested(), st.data())
def test_a_pointer_made_of_steps_leads_back_to_the_value(document: Any, data: Any) -> None:
    value, steps = document, []
    while isinstance(value, dict | list) and value and data.draw(st.booleans()):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        step = data.draw(st.sampled_from(keys))
        value = value[step]
        steps.append(step)
    assert resolve_pointer(document, pointer(*steps).place) == value


@given(locators)
def test_a_locator_comes_back_from_its_text(locator: Locator) -> None:
    assert Locator.parse(str(locator)) == locator


def test_each_kind_is_written_as_the_module_says() -> None:
    made = [
        pointer("a", "b", 0), header("Date"), cell(12, "订单号"), line(7), mail_part("2.1"),
        mail_part("1", line=7), page_line(2, 7), box(1, 2, 3, 4), FILE_NAME, meta("Producer"),
        WHOLE,
    ]  # fmt: skip
    assert [str(locator) for locator in made] == [
        "json:/a/b/0", "header:Date", "cell:12/订单号", "line:7", "part:2.1", "part:1/line:7",
        "page:2/line:7", "pixel:1,2,3,4", "name:", "meta:Producer", "item:",
    ]  # fmt: skip
    assert [Locator.parse(str(locator)) for locator in made] == made


@pytest.mark.parametrize("text", ["", "a", "Json:/a", "xpath://a", " json:/a"])
def test_an_unknown_kind_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="kind is not known"):
        Locator.parse(text)


def test_a_place_that_json_cannot_hold_is_made_writable() -> None:
    assert header("X-\udce9").place == "X-\ufffd"


def test_a_place_inside_a_file_begins_with_where_the_file_stands() -> None:
    file = attached(3)
    assert str(file) == "attached:3"
    assert inside(file, WHOLE) == file
    assert str(inside(file, page_line(1, 2))) == "attached:3/page:1/line:2"
