"""An object from outside has exactly the fields asked for, each of its type."""

from enum import StrEnum
from typing import Any

import pytest

from evidence.errors import FormatError
from evidence.fields import Fields
from evidence.times import parse_rfc3339
from tests.evidence.strategies import STRANGE


class Colour(StrEnum):
    RED = "red"


def one(value: Any) -> Fields:
    return Fields({"field": value}, ("field",), what="a thing")


@pytest.mark.parametrize("value", STRANGE, ids=repr)
def test_each_type_takes_its_own_and_refuses_the_rest_naming_the_field(value: Any) -> None:
    plain = value is None or isinstance(value, str | int | list | dict)
    takes = {
        "text": isinstance(value, str) and value != "\ud800",
        "text_or_none": value is None or (isinstance(value, str) and value != "\ud800"),
        "texts": value in ([], ["x"]) and not isinstance(value, dict),
        "table": value == {},
        "list": isinstance(value, list),
        "number": type(value) is int and 0 <= value < 2**53,
        "flag": value is True or value is False,
    }
    for method, fits in takes.items():
        if fits:
            assert plain
            getattr(one(value), method)("field")
        else:
            with pytest.raises(FormatError, match="a thing is malformed: its field"):
                getattr(one(value), method)("field")


def test_fields_too_many_and_too_few_are_named_and_clipped() -> None:
    with pytest.raises(FormatError, match="it lacks b"):
        Fields({"a": 1}, ("a", "b"), what="a thing")
    with pytest.raises(FormatError, match=r"nobody reads: 'x+'") as refused:
        Fields({"a": 1, "x" * 9999: 2}, ("a",), what="a thing")
    assert len(str(refused.value)) < 300
    nothings: tuple[object, ...] = (None, [], "a", 1)
    for value in nothings:
        with pytest.raises(FormatError, match="not an object"):
            Fields(value, (), what="a thing")


@pytest.mark.parametrize(
    "text", ["A" * 64, "a" * 63, "a" * 65, " " + "a" * 63, "a" * 64 + "\n", "٣" * 64, "g" * 64]
)
def test_hex_has_one_spelling(text: str) -> None:
    assert one("0f" * 32).hex("field") == "0f" * 32
    with pytest.raises(FormatError, match="lower-case hex"):
        one(text).hex("field")


def test_a_choice_is_one_of_the_words_and_a_parser_s_refusal_names_the_field() -> None:
    assert one("red").choice("field", Colour) is Colour.RED
    with pytest.raises(FormatError, match="its field is not one of red"):
        one("blue").choice("field", Colour)
    with pytest.raises(FormatError, match="a thing is malformed: its field is not a time"):
        one("noon").parsed("field", parse_rfc3339, expected="a time")
    with pytest.raises(FormatError, match="between 0 and 9"):
        one(10).number("field", most=9)


def test_of_a_strangers_names_an_error_repeats_no_more_than_it_takes() -> None:
    more = {"x" * 1000: 1, "y" * 41: 1, "a": 1, "b": 1}
    with pytest.raises(FormatError) as refused:
        Fields(more, (), what="a thing")
    assert str(refused.value).count("x") == 40
    assert f"nobody reads: 'a', 'b', '{'x' * 40}'." in str(refused.value)
