"""Records that are signed or chained: each is read back as it was written, and no other way."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519

from evidence.canonical import canonical
from evidence.cases import Enclosed, Event, State, Step
from evidence.custody import Act, CustodyLine
from evidence.derivatives import Change, Tied, Transform, TransformRecord
from evidence.dsse import keyid_of
from evidence.erasure import ErasureReason, ErasureRecord
from evidence.errors import EvidenceError
from evidence.items import Role
from evidence.key_records import PAYLOAD_TYPE, Ed25519Signer, KeyEvent, KeyKind, KeyRecord

AT = datetime(2026, 11, 5, 14, 32, 7, 123456, tzinfo=UTC)
WHEN = "2026-11-05T14:32:07.123456Z"
A, B, C = ("a" * 64, "b" * 64, "c" * 64)


@dataclass(frozen=True)
class Written:
    """A record, the JSON that it must be, how it is read and written, and what errors call it."""

    record: Any
    json: Mapping[str, Any]
    read: Callable[[bytes], Any]
    called: str
    write: Callable[[], bytes]

    @property
    def data(self) -> bytes:
        return self.write()


def tied(seq: int, role: Role) -> dict[str, Any]:
    return {"seq": seq, "receipt": A, "role": str(role), "commitment": B}


KEY = KeyRecord(
    event=KeyEvent.ROTATED, kind=KeyKind.LOG, origin="log.example", old="o", new="n", at=AT
)
ERASED = ErasureRecord(
    origin="log.example", order=A, at=AT, reason=ErasureReason.RETENTION_OVER, custody_size=7,
    custody_head=B,
)  # fmt: skip
LINE = CustodyLine(seq=3, prev=A, at=AT, order="handle", act=Act.BUNDLE, details=B)
EVENT = Event(
    case="d" * 32, seq=1, prev=A, step=Step.COLLECT, before=State.NOTICED, state=State.COLLECTING,
    at=AT, by="me", items=(Enclosed("defect.notice", B, "notice.txt"),), said={"why": "x"},
)  # fmt: skip
TRANSFORM = TransformRecord(
    change=Change.REDACTED,
    original=Tied(seq=3, receipt=A, role=Role.POD_PHOTO, commitment=B),
    derivative=Tied(seq=9, receipt=A, role=Change.REDACTED.role, commitment=B),
    sha256=C,
    transform=Transform(name="redact", version="1", parameters={"box": "1,2"}),
    by="me",
    at=AT,
)

RECORDS = {
    "key record": Written(
        KEY,
        {"v": 1, "event": "rotated", "kind": "log", "origin": "log.example", "old": "o",
         "new": "n", "at": WHEN},
        KeyRecord.from_payload, "the key record", KEY.payload,
    ),
    "erasure record": Written(
        ERASED,
        {"v": 1, "event": "erased", "origin": "log.example", "order": A, "at": WHEN,
         "reason": "retention-over", "custody_size": 7, "custody_head": B},
        ErasureRecord.from_payload, "the erasure record", ERASED.payload,
    ),
    "line of custody": Written(
        LINE,
        {"v": 1, "seq": 3, "prev": A, "at": WHEN, "order": "handle", "act": "bundle",
         "details": B},
        CustodyLine.from_bytes, "a line of custody", LINE.to_bytes,
    ),
    "event": Written(
        EVENT,
        {"v": 1, "case": "d" * 32, "seq": 1, "prev": A, "step": "collect", "from": "noticed",
         "to": "collecting", "at": WHEN, "by": "me",
         "items": [{"role": "defect.notice", "sha256": B, "name": "notice.txt"}],
         "said": {"why": "x"}},
        Event.from_bytes, "an event of a case", EVENT.to_bytes,
    ),
    "transform record": Written(
        TRANSFORM,
        {"_type": "https://in-toto.io/Statement/v1",
         "subject": [{"name": "derivative", "digest": {"sha256": C}}],
         "predicateType": "urn:orderproof:transform:v1",
         "predicate": {
             "change": "redacted", "original": tied(3, Role.POD_PHOTO),
             "derivative": tied(9, Change.REDACTED.role),
             "transform": {"name": "redact", "version": "1", "parameters": {"box": "1,2"}},
             "by": "me", "at": WHEN,
         }},
        TransformRecord.from_payload, "the transform record", TRANSFORM.payload,
    ),
}  # fmt: skip

each_record = pytest.mark.parametrize("one", RECORDS.values(), ids=RECORDS.keys())


@each_record
def test_a_record_is_written_so_and_read_back_the_same(one: Written) -> None:
    assert json.loads(one.data) == one.json
    assert one.read(one.data) == one.record
    assert canonical(one.json) == one.data


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every field of the JSON, deep down."""
    keys = value if isinstance(value, dict) else range(len(value) if type(value) is list else 0)
    return [at for key in keys for at in ((*path, key), *places(value[key], (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], make: Callable[[Any, Any], None]) -> bytes:
    copy = json.loads(json.dumps(value))
    holder = copy
    for key in path[:-1]:
        holder = holder[key]
    make(holder, path[-1])
    return canonical(copy)


FREE = {"said", "parameters"}  # whatever stands in these is theirs


@each_record
def test_each_field_is_needed_and_of_its_type_and_the_error_names_the_record(one: Written) -> None:
    for path in places(one.json):
        if len(path) > 1 and path[-2] in FREE:
            continue
        broken = [changed(one.json, path, lambda holder, key: holder.__setitem__(key, 1.5))]
        if isinstance(path[-1], str):
            broken.append(changed(one.json, path, lambda holder, key: holder.pop(key)))
        for data in broken:
            with pytest.raises(EvidenceError) as refused:
                one.read(data)
            assert one.called in str(refused.value), path
            last = path[-1]
            if isinstance(last, str) and last not in {"digest", "name", "subject", "_type"}:
                assert last in str(refused.value) or last == "predicate", path


@each_record
def test_other_bytes_of_the_same_meaning_are_refused(one: Written) -> None:
    for data in (one.data + b"\n", json.dumps(one.json).encode(), b"", b"[]", b"\xff"):
        with pytest.raises(EvidenceError) as refused:
            one.read(data)
        assert one.called in str(refused.value)
    extra = canonical({**one.json, "more": 1})
    with pytest.raises(EvidenceError, match="fields nobody reads: 'more'"):
        one.read(extra)


@pytest.mark.parametrize("name", ["key record", "erasure record", "line of custody", "event"])
def test_another_version_is_refused(name: str) -> None:
    one = RECORDS[name]
    with pytest.raises(EvidenceError, match=f"{one.called}.*(version 1|v is not 1)"):
        one.read(canonical({**one.json, "v": 2}))


def test_an_erasure_is_told_by_its_event() -> None:
    one = RECORDS["erasure record"]
    with pytest.raises(EvidenceError, match="not of version 1"):
        one.read(canonical({**one.json, "event": "kept"}))


@each_record
def test_a_record_that_is_too_long_is_refused(one: Written) -> None:
    limits = {"key record": 10_000, "erasure record": 10_000, "line of custody": 4096,
              "event": 512 << 10, "transform record": 256 << 10}  # fmt: skip
    limit = limits[next(name for name, each in RECORDS.items() if each is one)]
    field = {"line of custody": "order", "event": "by"}.get(
        next(name for name, each in RECORDS.items() if each is one), "origin"
    )

    def filled(by: int) -> bytes:
        if one.called == "the transform record":
            return replace(TRANSFORM, by="x" * by).payload()
        return canonical({**one.json, field: "x" * by})

    room = limit - len(filled(0))
    assert len(filled(room)) == limit
    one.read(filled(room))
    with pytest.raises(EvidenceError, match=one.called):
        one.read(filled(room + 1))


def test_a_key_record_is_signed_by_the_old_key_and_the_new() -> None:
    keys = [ed25519.Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)]
    signers = [Ed25519Signer(key) for key in keys]
    signed = KEY.signed_by(signers)
    assert (signed.payload_type, signed.payload) == (PAYLOAD_TYPE, KEY.payload())
    assert [one.keyid for one in signers] == [keyid_of(key.public_key()) for key in keys]
    assert len({one.keyid for one in signers}) == 2
    for signer, key in zip(signers, keys, strict=True):
        key.public_key().verify(signer.sign(b"a head"), b"a head")
        with pytest.raises(InvalidSignature):
            key.public_key().verify(signer.sign(b"a head"), b"another")
