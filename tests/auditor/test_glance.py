"""The quick reading of a receipt says what the strict one says, of every line."""

import string
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.glance import glance
from evidence.errors import EvidenceError
from evidence.items import Role
from evidence.receipts import NO_RECEIPT, Receipt
from evidence.times import rfc3339

HASH = st.text("0123456789abcdef", min_size=64, max_size=64)
RECEIPTS = st.builds(
    Receipt,
    order=HASH,
    seq=st.integers(0, 2**53 - 1) | st.integers(0, 300),
    prev=HASH | st.just(NO_RECEIPT),
    role=st.sampled_from(Role),
    commitment=HASH,
    stored=HASH,
    size=st.integers(0, 2**53 - 1) | st.integers(0, 3000),
    media_type=st.text(string.printable + 'ü\u4e00\\"', max_size=30),
    collector=st.text(string.ascii_letters + "/ \u007f", max_size=20),
    collected_at=st.datetimes(
        min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 31), timezones=st.just(UTC)
    ),
)


def says(receipt: Receipt) -> tuple[object, ...]:
    return (
        rfc3339(receipt.collected_at), receipt.collector, receipt.commitment, receipt.media_type,
        receipt.order, receipt.prev, str(receipt.role), receipt.seq, receipt.size, receipt.stored,
    )  # fmt: skip


@given(RECEIPTS)
@settings(max_examples=300, deadline=None)
def test_a_glance_reads_what_the_strict_reading_reads(receipt: Receipt) -> None:
    assert tuple(glance(receipt.to_bytes())) == says(receipt)


@given(RECEIPTS, st.integers(0), st.integers(1, 255))
@settings(max_examples=500, deadline=None)
def test_a_changed_byte_is_refused_by_both_or_read_alike(
    receipt: Receipt, at: int, flip: int
) -> None:
    line = bytearray(receipt.to_bytes())
    line[at % len(line)] ^= flip
    try:
        strict = says(Receipt.from_bytes(bytes(line)))
    except EvidenceError:
        with pytest.raises(EvidenceError):
            glance(bytes(line))
    else:
        assert tuple(glance(bytes(line))) == strict


@pytest.mark.parametrize(
    ("what", "old", "new"),
    [
        ("no such day", b"2026-11-01T", b"2026-02-30T"),
        ("no such role", b"order.record", b"order.rumour"),
        ("a leading zero", b'"size":7', b'"size":07'),
        ("a space", b'"size":7', b'"size": 7'),
        ("another version", b'"v":1', b'"v":2'),
        ("upper-case hex", b"aaaa", b"AAAA"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_glance_is_as_strict(what: str, old: bytes, new: bytes) -> None:
    line = Receipt(
        order="a" * 64,
        seq=1,
        prev="b" * 64,
        role=Role.ORDER_RECORD,
        commitment="c" * 64,
        stored="d" * 64,
        size=7,
        media_type="text/csv",
        collector="erp/1",
        collected_at=datetime(2026, 11, 1, tzinfo=UTC),
    ).to_bytes()
    assert old in line
    with pytest.raises(EvidenceError):
        glance(line.replace(old, new))
