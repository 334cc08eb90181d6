"""The custody log's lines, and what its judge notices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import canonical, digest
from evidence.custody import NO_LINE, Act, CustodyChain, CustodyLine
from evidence.erasure import ErasureReason, ErasureRecord
from evidence.errors import FormatError
from evidence.times import rfc3339

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
Kept = list[tuple[bytes, bytes | None, bool]]


def kept(count: int = 5) -> Kept:
    """A sound log: (line, sealed details, whether its order was erased)."""
    found: Kept = []
    prev = NO_LINE
    for seq in range(count):
        sealed = b"sealed %d" % seq
        line = CustodyLine(
            seq=seq,
            prev=prev,
            at=NOW + timedelta(seconds=seq),
            order="ab" * 16,
            act=Act.ITEM,
            details=digest(sealed),
        )
        prev = line.sha256
        found.append((line.to_bytes(), sealed, False))
    return found


def judged(rows: Kept) -> CustodyChain:
    chain = CustodyChain()
    for body, sealed, erased in rows:
        chain.add(body, sealed=sealed, erased=erased)
    return chain


def test_a_sound_log_holds_and_its_head_is_the_last_lines_hash() -> None:
    rows = kept()
    chain = judged(rows)
    assert (chain.holds, chain.size, chain.head) == (True, 5, digest(rows[-1][0]))
    assert CustodyLine.from_bytes(rows[0][0]).to_bytes() == rows[0][0]


@given(
    st.integers(0, 2**53 - 1),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(Act),
    st.one_of(st.just(""), st.just("ab" * 16), st.text(st.characters(exclude_categories=["Cs"]))),
    st.binary(),
)
def test_a_line_is_written_as_canonical_json(
    seq: int, at: datetime, act: Act, order: str, sealed: bytes
) -> None:
    details = digest(sealed)
    line = CustodyLine(seq=seq, prev=NO_LINE, at=at, order=order, act=act, details=details)
    said = {"v": 1, "seq": seq, "prev": NO_LINE, "at": rfc3339(at), "order": order}
    assert line.to_bytes() == canonical({**said, "act": str(act), "details": details})


def test_what_is_wrong_with_a_line_is_said_of_it_and_of_the_next() -> None:
    rows = kept()
    assert judged(rows[1:2]).wrong == [
        "Line 0 calls itself number 1: lines are missing.",
        "Line 0 does not hold the hash of the line before it.",
    ]
    changed = rows[2][0].replace(b'"act":"item"', b'"act":"hold"')
    assert judged([*rows[:2], (changed, rows[2][1], False), *rows[3:]]).wrong == [
        "Line 3 does not hold the hash of the line before it."
    ]
    later = rows[2][0].replace(b'"v":1', b'"v":2')
    assert judged([*rows[:2], (later, b"", False)]).wrong == [
        "Line 2 cannot be read: its v is not 1."
    ]


@pytest.mark.parametrize("at", range(4))
def test_a_line_left_out_or_changed_is_noticed(at: int) -> None:
    rows = kept()
    assert not judged(rows[:at] + rows[at + 1 :]).holds
    body, sealed, _ = rows[at]
    changed = body.replace(b'"act":"item"', b'"act":"hold"')
    assert not judged([*rows[:at], (changed, sealed, False), *rows[at + 1 :]]).holds
    swapped = [*rows]
    swapped[at], swapped[at + 1] = swapped[at + 1], swapped[at]
    assert not judged(swapped).holds


def test_details_may_be_gone_only_with_their_order() -> None:
    rows = kept()
    body, _, _ = rows[2]
    assert judged([*rows[:2], (body, None, True), *rows[3:]]).holds
    assert judged([*rows[:2], (body, None, True), *rows[3:]]).unopened == 1
    assert judged([(line, None, True) for line, _, _ in rows]).unopened == 5
    lacking = judged([*rows[:2], (body, None, False), *rows[3:]])
    assert lacking.wrong == ["Line 2 has no details, and its order was not erased."]
    assert lacking.unopened == 1
    other = judged([*rows[:2], (body, b"other", False), *rows[3:]])
    assert other.wrong == ["Line 2 has other details than it was written with."]
    assert other.unopened == 0


def test_what_is_no_line_is_named_and_the_rest_is_judged_all_the_same() -> None:
    rows = kept(3)
    chain = judged([rows[0], (b"{}", b"", False), rows[2]])
    assert chain.size == 3 and len(chain.wrong) == 2
    assert chain.wrong[0].startswith("Line 1 cannot be read")
    with pytest.raises(FormatError):
        CustodyLine.from_bytes(rows[0][0].replace(b":0,", b": 0,"))


def test_an_erasure_record_reads_back_and_knows_only_codes() -> None:
    record = ErasureRecord(
        origin="log.example/acme",
        order="cd" * 32,
        at=NOW,
        reason=ErasureReason.SUBJECT_REQUEST,
        custody_size=3,
        custody_head="ef" * 32,
    )
    assert ErasureRecord.from_payload(record.payload()) == record
    for old, new in ((b"subject-request", b"because of Erika"), (b'"v":1', b'"v":2')):
        with pytest.raises(FormatError):
            ErasureRecord.from_payload(record.payload().replace(old, new))
