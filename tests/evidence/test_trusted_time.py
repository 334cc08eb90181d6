"""The sentence about trusted time is written and read the same way."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import FormatError
from evidence.trusted_time import NO_AUTHORITY, Stamped, is_none, missing, stamped_in

_MOMENTS = st.datetimes(
    datetime(1970, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)
)  # fmt: skip


@given(
    st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,62}", fullmatch=True),
    st.integers(0, 10**15),
    _MOMENTS,
    _MOMENTS,
    st.binary(min_size=32, max_size=32),
)
def test_a_sentence_is_read_back(
    authority: str, size: int, at: datetime, ours: datetime, token: bytes
) -> None:
    made = Stamped(
        authority=authority,
        size=size,
        at=at.replace(microsecond=0),
        ours=ours,
        token=token.hex(),
    )
    assert stamped_in(str(made)) == made


def test_no_token_is_said_in_words_and_read_as_none() -> None:
    assert is_none(NO_AUTHORITY)
    said = missing("here: it took more than 10 s")
    assert not is_none(said)
    assert stamped_in(said) is stamped_in(NO_AUTHORITY) is stamped_in("") is None
    assert "10 s" in said
    assert len(missing("x" * 10_000)) < 500


@given(st.text())
def test_a_claim_that_names_no_token_is_malformed(text: str) -> None:
    with pytest.raises(FormatError):
        stamped_in(f"rfc3161{text}")
