"""Receipts bind bytes and order without showing either, and any changed byte is found."""

import dataclasses
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import canonical
from evidence.errors import EvidenceError, FormatError, ProofError, RequestError
from evidence.items import Role
from evidence.orders import OrderRef, Platform
from evidence.receipts import (
    MAX_RECEIPT_BYTES,
    NO_RECEIPT,
    Receipt,
    Stamp,
    check_chain,
    commit,
    commit_order,
    plain_chain,
    plain_fields,
    receipt_line,
    receipt_of,
)
from tests.evidence.strategies import STRANGE, chains, mangled, salts, sha256s, stamps

SALT = bytes(range(32))
EMPTY = hashlib.sha256(b"").hexdigest()


def a_stamp(**more: Any) -> Stamp:
    fields: dict[str, Any] = {
        "collection": "c1",
        "source": "ups",
        "ordinal": "GET /track",
        "order": "0" * 64,
        "role": Role.POD_DOCUMENT,
        "sha256": EMPTY,
        "salt": SALT,
        "stored": "1" * 64,
        "size": 0,
        "media_type": "application/pdf",
        "collector": "ups/1",
        "collected_at": datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    }
    return Stamp(**(fields | more))


# Commitments


def test_a_commitment_is_the_hash_that_the_design_writes_down() -> None:
    plain = hashlib.sha256(b"orderproof-commit-v1" + SALT + hashlib.sha256(b"").digest())
    assert commit(SALT, EMPTY) == plain.hexdigest()
    order = OrderRef(Platform.AMAZON, "114-9876543-1234560", "US")
    text = b'{"id":"114-9876543-1234560","platform":"amazon","site":"US"}'
    plain = hashlib.sha256(b"orderproof-order-v1" + SALT + text)
    assert commit_order(SALT, order) == plain.hexdigest()


@given(salts, salts, sha256s, sha256s)
def test_a_commitment_opens_to_one_salt_and_one_digest(
    salt: bytes, other_salt: bytes, sha256: str, other: str
) -> None:
    same = (salt, sha256) == (other_salt, other)
    assert (commit(salt, sha256) == commit(other_salt, other)) == same


@pytest.mark.parametrize("sha256", ["", "a" * 63, "A" * 64, " " + "a" * 64, "a b" * 22, "g" * 64])
def test_only_a_digest_is_committed_to(sha256: str) -> None:
    with pytest.raises(FormatError, match="a digest"):
        commit(SALT, sha256)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_salt_has_thirty_two_bytes(size: int) -> None:
    with pytest.raises(FormatError, match="a salt"):
        commit(bytes(size), EMPTY)
    with pytest.raises(FormatError, match="a salt"):
        commit_order(bytes(size), OrderRef(Platform.OTHER, "1"))


# One receipt


def test_a_receipt_is_the_line_that_the_design_writes_down() -> None:
    receipt = a_stamp().receipt(seq=0, prev=NO_RECEIPT)
    assert receipt.to_bytes().decode() == (
        '{"collected_at":"2026-11-22T08:30:00.000000Z","collector":"ups/1","commitment":"'
        + commit(SALT, EMPTY)
        + '","media_type":"application/pdf","order":"'
        + "0" * 64
        + '","prev":"'
        + "0" * 64
        + '","role":"pod.document","seq":0,"size":0,"stored":"'
        + "1" * 64
        + '","v":1}'
    )
    assert receipt.sha256 == hashlib.sha256(receipt.to_bytes()).hexdigest()


_VALUES = st.text(max_size=6) | st.sampled_from(["\ud800", 'a"b', "\\", "\x7f\x00", "😀"])
_NUMBERS = st.integers(-1, 2**53) | st.booleans() | st.just(1.5)


@given(st.lists(_VALUES, min_size=8, max_size=8), _NUMBERS, _NUMBERS)
def test_a_receipt_is_written_as_canonical_json_is(texts: list[str], seq: Any, size: Any) -> None:
    names = "order prev role commitment stored media_type collector collected_at".split()
    fields = dict(zip(names, texts, strict=True))
    try:
        written = canonical({"v": 1, "seq": seq, "size": size, **fields})
    except RequestError:
        with pytest.raises(RequestError):
            receipt_line(seq=seq, size=size, **fields)
    else:
        assert receipt_line(seq=seq, size=size, **fields) == written


@given(stamps(), st.integers(0, 2**53 - 1), sha256s)
def test_a_receipt_comes_back_from_its_bytes(stamp: Stamp, seq: int, prev: str) -> None:
    receipt = stamp.receipt(seq=seq, prev=prev)
    assert Receipt.from_bytes(receipt.to_bytes()) == receipt


def test_a_receipt_shows_neither_digest_nor_salt_nor_what_the_item_is_called() -> None:
    receipt = a_stamp(ordinal="letter of Jane Roe").receipt(seq=0, prev=NO_RECEIPT)
    shown = receipt.to_bytes().decode() + repr(receipt)
    assert EMPTY not in shown and SALT.hex() not in shown and "Jane" not in shown


def test_printing_a_stamp_does_not_print_its_salt() -> None:
    assert repr(SALT) not in repr(a_stamp())


@given(st.data())
def test_a_mangled_receipt_is_refused(data: st.DataObject) -> None:
    receipt = data.draw(chains(max_size=1))[0]
    value = json.loads(receipt.to_bytes())
    changed = data.draw(mangled(value))
    raw = json.dumps(changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        read = Receipt.from_bytes(raw.encode("utf-8", "surrogatepass"))
    except FormatError:
        return
    assert json.loads(read.to_bytes()) == changed


@pytest.mark.parametrize("value", STRANGE, ids=repr)
@pytest.mark.parametrize("field", ["collected_at", "seq", "role", "order", "v", "media_type"])
def test_a_strange_value_in_any_field_is_a_format_error(field: str, value: Any) -> None:
    made = json.loads(a_stamp().receipt(seq=7, prev=NO_RECEIPT).to_bytes()) | {field: value}
    raw = json.dumps(made, sort_keys=True, separators=(",", ":")).encode()
    fits = (field == "seq" and value in (0, 1)) or (
        field == "media_type" and isinstance(value, str)
    )
    fits = fits or (field == "v" and value == 1)
    fits = fits or (field == "collected_at" and str(value)[:4] == "9999")
    if fits and not isinstance(value, bool) and value != "\ud800" and value != "٣":
        assert Receipt.from_bytes(raw).to_bytes() == raw
        return
    with pytest.raises(FormatError):
        Receipt.from_bytes(raw)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b"[]", b"null", b"1", b'"v"', b"\xff", b"[" * 4000, b" " * 5000,
     b'["v","order","seq"]', b"{" * 200],
    ids=lambda raw: repr(raw)[:20],
)  # fmt: skip
def test_what_is_no_receipt_at_all_is_a_format_error(raw: bytes) -> None:
    with pytest.raises(FormatError, match="receipt 5"):
        Receipt.from_bytes(raw, what="receipt 5")


def test_a_receipt_over_its_limit_is_a_format_error() -> None:
    receipt = a_stamp(media_type="x" * MAX_RECEIPT_BYTES).receipt(seq=0, prev=NO_RECEIPT)
    with pytest.raises(FormatError, match="too large"):
        Receipt.from_bytes(receipt.to_bytes())


# The chain


@given(chains())
def test_a_chain_comes_back_from_its_lines(chain: list[Receipt]) -> None:
    assert list(check_chain(receipt.to_bytes() for receipt in chain)) == chain
    assert check_chain([]) == []


@given(chains(), st.data())
def test_any_changed_byte_is_refused_naming_the_receipt_or_the_next(
    chain: list[Receipt], data: st.DataObject
) -> None:
    lines = [bytearray(receipt.to_bytes()) for receipt in chain]
    number = data.draw(st.integers(0, len(lines) - 1))
    at = data.draw(st.integers(0, len(lines[number]) - 1))
    lines[number][at] ^= data.draw(st.integers(1, 255))
    try:
        read = check_chain(map(bytes, lines))
    except (FormatError, ProofError) as problem:
        assert any(f"receipt {n} " in str(problem) for n in (number, number + 1))
        return
    # Only the last can change unseen here; then it is another receipt, with another hash.
    assert number == len(lines) - 1
    assert read[-1].sha256 != chain[-1].sha256


@given(chains(min_size=2), st.data())
def test_a_receipt_dropped_doubled_or_moved_is_refused(
    chain: list[Receipt], data: st.DataObject
) -> None:
    lines = [receipt.to_bytes() for receipt in chain]
    at = data.draw(st.integers(0, len(lines) - 2))
    for wrong in (
        lines[:at] + lines[at + 1 :],
        lines[: at + 1] + lines[at:],
        [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]],
    ):
        with pytest.raises(ProofError, match=r"receipt \d+ "):
            check_chain(wrong)


def test_a_receipt_of_another_order_is_refused_even_when_it_follows() -> None:
    first = a_stamp().receipt(seq=0, prev=NO_RECEIPT)
    second = a_stamp(order="2" * 64).receipt(seq=1, prev=first.sha256)
    with pytest.raises(ProofError, match=r"receipt 1 .*another order"):
        check_chain([first.to_bytes(), second.to_bytes()])


def test_a_plain_receipt_is_read_by_its_pattern_up_to_its_limit() -> None:
    receipt = a_stamp(collector="ups/1").receipt(seq=7, prev=NO_RECEIPT)
    fields = plain_fields(receipt.to_bytes())
    assert fields is not None and receipt_of(fields) == receipt
    assert (fields[1], fields[5], fields[7]) == ("ups/1", NO_RECEIPT, "7")
    room = MAX_RECEIPT_BYTES - len(receipt.to_bytes())
    for over in (0, 1):
        long = dataclasses.replace(receipt, collector="ups/1" + "x" * (room + over)).to_bytes()
        assert len(long) == MAX_RECEIPT_BYTES + over
        assert (plain_fields(long) is None) == bool(over)
    for old, new in ((b'"role":"', b'"role":"no.'), (b"-", b"-9"), (b'"v":1', b'"v":2')):
        assert plain_fields(receipt.to_bytes().replace(old, new, 1)) is None
    month = receipt.to_bytes().replace(receipt.to_bytes()[22:24], b"13", 1)
    assert plain_fields(month) is None


@given(chains(min_size=2), st.data())
def test_a_chain_of_plain_lines_is_read_at_once_and_a_broken_one_is_not(
    chain: list[Receipt], data: st.DataObject
) -> None:
    lines = [receipt.to_bytes() for receipt in chain]
    plain = [plain_fields(line) for line in lines]
    found = plain_chain(lines)
    assert found == (plain if None not in plain else None)
    assert found is None or [receipt_of(fields) for fields in found] == chain
    at = data.draw(st.integers(0, len(lines) - 2))
    other, later, loose = (
        dataclasses.replace(chain[-1], **change).to_bytes()
        for change in ({"order": "2" * 64}, {"seq": len(chain)}, {"prev": "3" * 64})
    )
    for wrong in (
        lines[:at] + lines[at + 1 :],
        lines[: at + 1] + lines[at:],
        [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]],
        [*lines[:-1], other],
        [*lines[:-1], later],
        [*lines[:-1], loose],
        [*lines, b"{}"],
    ):
        assert plain_chain(wrong) is None


def test_a_broken_line_is_named_by_its_place() -> None:
    first = a_stamp().receipt(seq=0, prev=NO_RECEIPT)
    with pytest.raises(EvidenceError, match="receipt 1 is malformed"):
        check_chain([first.to_bytes(), b"{}"])
