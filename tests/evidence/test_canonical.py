"""One way to write a value, and nothing else is read."""

import base64
import contextlib
import json
import math
import struct
from typing import Any

import pytest
import rfc8785 as library
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.canonical import (
    MAX_DEPTH,
    canonical,
    digest,
    from_base64,
    parse_canonical,
    parse_json,
    to_base64,
)
from evidence.errors import FormatError, RequestError, TooLargeError
from tests.vectors import rfc8785

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=15
)


def test_the_sample_of_the_standard_comes_out_as_printed_there() -> None:
    assert canonical(json.loads(rfc8785.SAMPLE)) == rfc8785.SAMPLE_CANONICAL


def test_keys_are_sorted_by_utf_16_code_units() -> None:
    pairs = dict(zip(rfc8785.SORTED_KEYS, rfc8785.SORTED_VALUES, strict=True))
    shuffled = dict(sorted(pairs.items()))
    assert list(shuffled) != rfc8785.SORTED_KEYS
    data = canonical(shuffled)
    assert list(json.loads(data)) == rfc8785.SORTED_KEYS
    assert parse_canonical(data) == pairs
    by_code_point = json.dumps(shuffled, ensure_ascii=False, separators=(",", ":"))
    with pytest.raises(FormatError, match="not canonical"):
        parse_canonical(by_code_point.encode())


@pytest.mark.parametrize(("bits", "text"), rfc8785.NUMBERS.items())
def test_a_number_has_one_form(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(number) == text.encode()
    assert parse_canonical(text.encode()) == number


@settings(deadline=None)
@given(values)
def test_what_is_written_is_read_back(value: Any) -> None:
    data = canonical(value)
    assert parse_canonical(data) == value
    assert canonical(parse_canonical(data)) == data


@settings(deadline=None)
@given(values, st.booleans(), st.booleans())
def test_other_layouts_of_the_same_value_are_refused(
    value: Any, ascii_only: bool, sort: bool
) -> None:
    written = json.dumps(value, ensure_ascii=ascii_only, sort_keys=sort).encode()
    if written == library.dumps(value):
        assert parse_canonical(written) == value
    else:
        with pytest.raises(FormatError):
            parse_canonical(written)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"a":1,"a":1}', "twice"),
        (b'{"a":{"b":1,"b":2}}', "twice"),
        (b"NaN", "not a JSON number"),
        (b"[Infinity]", "not a JSON number"),
        (b"-Infinity", "not a JSON number"),
        (b"1e999", "out of range"),
        (b"9" * 5000, "out of range"),
        (b"\xff", "UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        ('"a"'.encode("utf-16"), "UTF-8"),
        (b"", "not JSON"),
        (b"{} {}", "not JSON"),
        (b"[" * 100_000, "deep"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "deep"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "deep"),
    ],
)
def test_json_with_two_readings_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        parse_json(text)
    with pytest.raises(FormatError, match=why):
        parse_canonical(text)


@pytest.mark.parametrize(
    "text",
    [
        b"1.0",
        b"-0",
        b"1E3",
        b"[1, 2]",
        b"{}\n",
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud800"',
        b'[1.5,"\\ud800"]',
        b'{"b":1,"a":2}',
    ],
)
def test_json_that_we_would_have_written_otherwise_is_refused(text: bytes) -> None:
    parse_json(text)
    with pytest.raises(FormatError, match="not canonical"):
        parse_canonical(text)


def test_nesting_up_to_the_limit_is_fine() -> None:
    data = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert canonical(parse_canonical(data)) == data


def test_too_much_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLargeError):
        parse_canonical(b"[1,2,3]", limit=6)
    assert parse_canonical(b"[1,2,3]", limit=7) == [1, 2, 3]


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, 2**53, "\ud800", {"\ud800": 1}, {1: 2}, b"bytes", {1, 2}],
    ids=repr,
)
def test_a_value_without_a_json_form_is_refused(value: Any) -> None:
    with pytest.raises(RequestError):
        canonical(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(RequestError, match="deep"):
        canonical(loop)


@settings(deadline=None)
@given(st.binary(max_size=100))
def test_base64_has_one_text_for_each_value(data: bytes) -> None:
    assert from_base64(to_base64(data), what="x") == data


@given(st.text(alphabet="AQRg/+-_= \n", max_size=9))
def test_of_the_texts_of_one_value_only_its_own_is_read(text: str) -> None:
    try:
        data = from_base64(text, what="x")
    except FormatError:
        with contextlib.suppress(ValueError):
            assert to_base64(base64.b64decode(text, validate=True)) != text
    else:
        assert to_base64(data) == text


@pytest.mark.parametrize("text", ["QQ", "QR==", "Q Q==", "QQ==\n", "_-8=", "QQ===", "=", "é"])
def test_other_base64_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        from_base64(text, what="x")


def test_a_digest_is_lower_case_hex() -> None:
    assert digest(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
