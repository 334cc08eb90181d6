"""The quick way to write canonical JSON gives what the slow, published one gives."""

from enum import StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from evidence.canonical import canonical
from evidence.errors import RequestError

# Every character, those that sort differently in UTF-16 and those that are escaped above all.
TEXT = st.text(
    st.characters(codec="utf-8") | st.sampled_from('\x00\x1f"\\/\x7f\ud7ff\ufffe\U00010000')
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(TEXT, inner),
    max_leaves=12,
)


@given(VALUES)
@example({"\ufb33": 1, "\U0001f600": 2, "\u20ac": 3, "": 4})
@example([2**53 - 1, -(2**53) + 1, True, None, "", {}, []])
def test_both_ways_write_the_same_bytes_or_refuse(value: Any) -> None:
    try:
        right = rfc8785.dumps(value)
    except ValueError:
        with pytest.raises(RequestError):
            canonical(value)
    else:
        assert canonical(value) == right


class Word(StrEnum):
    ONE = "one"


def _circle() -> list[Any]:
    circle: list[Any] = []
    circle.append(circle)
    return circle


@pytest.mark.parametrize(
    "value", [{1: "a"}, {None: 1}, "\ud800", {"\udfff": 1}, [2**53], b"x", {1, 2}, _circle()]
)
def test_what_has_no_canonical_form_is_refused_by_both(value: Any) -> None:
    with pytest.raises(RequestError):
        canonical(value)


def test_words_of_a_vocabulary_are_written_as_the_slow_way_writes_them() -> None:
    assert canonical({"a": Word.ONE}) == rfc8785.dumps({"a": Word.ONE})
