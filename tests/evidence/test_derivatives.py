"""A transform record says one thing in one way, and tells nothing of the original's bytes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import canonical, digest, parse_json
from evidence.derivatives import (
    MAX_RECORD_BYTES,
    Change,
    Tied,
    Transform,
    TransformRecord,
)
from evidence.dsse import IN_TOTO, EcdsaSigner, verify
from evidence.errors import FormatError, RequestError
from evidence.items import DERIVED_ROLES, OWN_ROLES, Role
from evidence.receipts import NO_RECEIPT, Receipt, commit

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())


def receipt(seq: int, role: Role, data: bytes) -> Receipt:
    return Receipt(
        order="0" * 64,
        seq=seq,
        prev=NO_RECEIPT,
        role=role,
        commitment=commit(bytes([seq]) * 32, digest(data)),
        stored="1" * 64,
        size=len(data),
        media_type="image/png",
        collector="test/1",
        collected_at=NOON,
    )


def record(
    change: Change = Change.REDACTED, parameters: Mapping[str, str] | None = None
) -> TransformRecord:
    made_of = Role.MANIFEST if change is Change.RENDERED else Role.POD_PHOTO
    return TransformRecord(
        change=change,
        original=Tied.to(receipt(3, made_of, b"original")),
        derivative=Tied.to(receipt(9, change.role, b"derivative")),
        sha256=digest(b"derivative"),
        transform=Transform(name="picture.redact", version="1", parameters=parameters or {}),
        by="local user test",
        at=NOON,
    )


@given(st.sampled_from(Change), st.dictionaries(st.text(max_size=9), st.text(max_size=30)))
def test_a_record_comes_back_as_it_was_written(change: Change, parameters: dict[str, str]) -> None:
    try:
        payload = record(change, parameters).payload()
    except RequestError:  # text that JSON cannot hold
        return
    assert TransformRecord.from_payload(payload) == record(change, parameters)


def test_it_is_signed_like_a_manifest_and_about_the_derivative() -> None:
    envelope = record().signed_by(EcdsaSigner(KEY))
    assert envelope.payload_type == IN_TOTO
    said = parse_json(verify(envelope, [KEY.public_key()]))
    assert said["subject"] == [{"name": "derivative", "digest": {"sha256": digest(b"derivative")}}]


def test_nobody_can_try_what_the_original_was() -> None:
    """Neither its digest nor its salt: a short text under a bar could be found by trying."""
    payload = record().payload().decode()
    assert digest(b"original") not in payload
    assert (bytes([3]) * 32).hex() not in payload
    assert record().original.commitment in payload


def test_every_change_has_a_role_and_the_manifest_lists_none_of_them() -> None:
    assert {change.role for change in Change} == DERIVED_ROLES
    assert DERIVED_ROLES | {Role.TRANSFORM_RECORD} < OWN_ROLES


def test_a_copy_of_a_copy_and_one_of_another_kind_are_refused() -> None:
    good = record()
    with pytest.raises(FormatError, match="our own work"):
        replace(good, original=replace(good.original, role=Role.DERIVED_SHRUNK))
    with pytest.raises(FormatError, match="our own work"):
        replace(good, original=replace(good.original, role=Role.MANIFEST))
    with pytest.raises(FormatError, match="only a manifest"):
        report = record(Change.RENDERED)
        replace(report, original=replace(report.original, role=Role.POD_PHOTO))
    with pytest.raises(FormatError, match=r"derived\.redacted"):
        replace(good, derivative=replace(good.derivative, role=Role.DERIVED_SHRUNK))
    with pytest.raises(FormatError, match="plain word"):
        Transform(name="rm -rf", version="", parameters={})


def test_a_record_that_is_written_otherwise_is_refused() -> None:
    value = parse_json(record().payload())
    predicate = value["predicate"]
    for bent in (
        {"more": 1},
        {"subject": value["subject"] * 2},
        {"subject": [value["subject"][0] | {"uri": "x"}]},
        {"predicateType": "urn:orderproof:manifest:v1"},
        {"predicate": predicate | {"at": "2026-11-01T12:00:00Z"}},
        {"predicate": predicate | {"change": "improved"}},
    ):
        with pytest.raises(FormatError):
            TransformRecord.from_payload(canonical(value | bent))
    with pytest.raises(FormatError, match="canonical"):
        TransformRecord.from_payload(record().payload() + b" ")


def test_a_record_has_a_largest_size() -> None:
    large = record(parameters={"note": "x" * MAX_RECORD_BYTES})
    with pytest.raises(RequestError, match="more than"):
        large.signed_by(EcdsaSigner(KEY))
    with pytest.raises(FormatError, match="more than"):
        TransformRecord.from_payload(large.payload())
