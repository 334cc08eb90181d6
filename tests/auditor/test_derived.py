"""Copies in a bundle: each is tied to its original, and no way of bending that goes unseen."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bagit
import pytest

from auditor.keys import Keys
from auditor.report import Check, Report, State
from auditor.verify import verify_path
from evidence.bundle import BAG_INFO, PAYLOAD_MANIFEST, TAG_MANIFEST
from evidence.canonical import canonical, parse_json
from evidence.carried import CHECKPOINT, CONSISTENCY, OPENINGS, RECEIPTS
from evidence.derivatives import Change
from evidence.dsse import Envelope
from evidence.oms import MODEL_SIG
from evidence.orders import order_ref
from tests.auditor.bundles import (
    House,
    Made,
    failures,
    files_of,
    make,
    reviewers,
    verified,
    with_copies,
    zipped,
)

PICTURE = b"\x89PNG a picture with a black bar" * 10
RECORD = "proof/derived/0008.dsse.json"
COPY = "data/derived/0007-derived.redacted-of-0001.png"
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def made() -> Made:
    return with_copies(make(5), (1, PICTURE))


def test_a_report_is_tied_to_the_manifest_that_it_renders(tmp_path: Path) -> None:
    made = with_copies(make(5), (5, b"%PDF-1.4"), change=Change.RENDERED)
    report = verified(tmp_path, made.zip(), key=made.house.keys)
    assert failures(report) == []
    (tied,) = [check for check in said(report) if "report of" in check.what]
    assert "a report of this account (5)" in tied.what


def test_nothing_but_a_manifest_is_rendered(tmp_path: Path) -> None:
    def lie(payload: dict[str, Any]) -> dict[str, Any]:
        payload["predicate"]["original"] = {**payload["predicate"]["original"], "seq": 3}
        return payload

    made = with_copies(make(5), (5, b"%PDF-1.4"), change=Change.RENDERED, bend=lie)
    assert "not among the sealed" in " ".join(
        check.what for check in verified(tmp_path, made.zip()).checks
    )


def said(report: Report) -> list[Check]:
    return [check for check in report.checks if check.name == "derived"]


@pytest.mark.parametrize("full", [True, False], ids=["auditor's copy", "reviewer's copy"])
def test_a_copy_is_tied_to_its_original_whether_that_is_shown_or_not(
    made: Made, tmp_path: Path, full: bool
) -> None:
    copy = made if full else reviewers(made, withheld=[1])
    report = verified(tmp_path, copy.zip(), key=made.house.keys)
    assert failures(report) == []
    assert report.ok
    assert COPY in files_of(copy)
    (tied,) = [check for check in said(report) if check.where == COPY]
    assert tied.state is State.PASS
    assert "a redacted copy of item 1 (pod.document)" in tied.what


def test_a_bag_with_copies_is_a_bag(made: Made, tmp_path: Path) -> None:
    for path, raw in files_of(made).items():
        (tmp_path / "bag" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bag" / path).write_bytes(raw)
    assert bagit.Bag(str(tmp_path / "bag")).validate()
    assert verify_path(tmp_path / "bag", key=made.house.keys).ok


def test_copies_change_nothing_of_the_evidence(made: Made) -> None:
    plain = files_of(replace(made, derived={}))
    remade = {BAG_INFO, PAYLOAD_MANIFEST, TAG_MANIFEST, MODEL_SIG}
    assert {p: raw for p, raw in files_of(made).items() if p in plain.keys() - remade} == {
        p: raw for p, raw in plain.items() if p not in remade
    }


def test_many_copies_of_one_item_and_equal_ones_are_told_apart(tmp_path: Path) -> None:
    made = with_copies(make(3), (0, PICTURE), (1, PICTURE), (1, b"another"), (1, PICTURE))
    report = verified(tmp_path, made.zip(), key=made.house.keys)
    assert failures(report) == []
    tied = {check.where for check in said(report) if check.where.startswith("data/")}
    assert len(tied) == 4


def test_a_record_by_another_key_is_not_believed(made: Made, tmp_path: Path) -> None:
    thief = make(5, house=House(made.house.origin, log_key=made.house.log_key))
    forged = with_copies(thief, (1, PICTURE))
    files = files_of(made) | {p: raw for p, raw in files_of(forged).items() if "derived" in p}
    report = verified(tmp_path, zipped(files, by=made.house), key=made.house.keys)
    assert not report.ok
    assert any(RECORD in line for line in failures(report))


def test_a_record_by_a_revoked_key_holds_the_whole_back(made: Made, tmp_path: Path) -> None:
    told = made.house.keys_json
    told["manifest"][0]["revoked_since"] = "2026-11-01T14:00:00Z"
    report = verified(tmp_path, made.zip(), key=Keys.parse(canonical(told)))
    judged = {check.where: check.state for check in report.checks if check.name == "revocation"}
    assert judged[RECORD] is State.INCONCLUSIVE
    assert not report.ok


def _other_original(files: Files, made: Made) -> None:
    payload = parse_json(Envelope.from_json(files[RECORD]).payload)
    payload["predicate"]["original"]["seq"] = 2
    files[RECORD] = made.house.envelope(payload)


def _other_bytes(files: Files, made: Made) -> None:
    files[COPY] += b"!"


def _without(path: str) -> Callable[[Files, Made], None]:
    def bend(files: Files, made: Made) -> None:
        del files[path]

    return bend


def _added(path: str) -> Callable[[Files, Made], None]:
    def bend(files: Files, made: Made) -> None:
        files[path] = b"?"

    return bend


def _older_head(files: Files, made: Made) -> None:
    files[CHECKPOINT] = made.before_read.checkpoint


def _forked_head(files: Files, made: Made) -> None:
    house = made.house
    fork = House(house.origin, house.envelope_key, house.log_key, [bytes(32)] * 20)
    files[CHECKPOINT] = fork.head()


def _no_record(files: Files, made: Made) -> None:
    """The record's line, opening, file and proof are all gone, so the copy stands alone."""
    files[RECEIPTS] = files[RECEIPTS].split(b"\n")[0] + b"\n"
    value = parse_json(files[OPENINGS])
    value["openings"] = value["openings"][:1]
    files[OPENINGS] = canonical(value)
    del files[RECORD], files["proof/derived/inclusion/0008.tlog-proof"]


def _swapped(files: Files, made: Made) -> None:
    lines = files[RECEIPTS].splitlines()
    files[RECEIPTS] = b"".join(line + b"\n" for line in lines[::-1])


def _salt(files: Files, made: Made) -> None:
    value = parse_json(files[OPENINGS])
    value["openings"][0]["salt"] = "00" * 32
    files[OPENINGS] = canonical(value)


def _spare_word(files: Files, made: Made) -> None:
    value = parse_json(files[OPENINGS])
    value["openings"][0]["note"] = "unsigned"
    files[OPENINGS] = canonical(value)


def _not_evidence(files: Files, made: Made) -> None:
    lines = files[RECEIPTS].splitlines()
    files[RECEIPTS] = b"".join(line + b"\n" for line in [made.receipts[0], *lines])


BENT: list[tuple[Callable[[Files, Made], None], str]] = [
    (_other_original, RECORD),
    (_other_bytes, COPY),
    (_without(COPY), COPY),
    (_without(RECORD), RECORD),
    (_without(RECEIPTS), RECEIPTS),
    (_without(OPENINGS), OPENINGS),
    (_without(CHECKPOINT), CHECKPOINT),
    (_without(CONSISTENCY), CONSISTENCY),
    (_without("proof/derived/inclusion/0007.tlog-proof"), "inclusion/0007"),
    (_added("data/derived/0003-derived.redacted-of-0002.png"), "0003-derived"),
    (_added("data/derived/extra.exe"), "extra.exe"),
    (_added("proof/derived/0011.dsse.json"), "0011.dsse.json"),
    (_older_head, CHECKPOINT),
    (_forked_head, CONSISTENCY),
    (_no_record, "eceipt 7"),
    (_swapped, RECEIPTS),
    (_salt, "receipt 7"),
    (_spare_word, OPENINGS),
    (_not_evidence, RECEIPTS),
]


@pytest.mark.parametrize(
    ("bend", "named"), BENT, ids=[f"{n} {b.__name__}" for n, (b, _) in enumerate(BENT)]
)
def test_what_does_not_tie_is_named_even_where_the_sealer_signs_the_folder_again(
    made: Made, tmp_path: Path, bend: Callable[[Files, Made], None], named: str
) -> None:
    files = files_of(made)
    bend(files, made)
    report = verified(tmp_path, zipped(files, by=made.house), key=made.house.keys)
    assert not report.ok
    assert any(named in line for line in failures(report)), failures(report)


def _set(*path: str, to: object) -> Callable[[Any], Any]:
    def bend(payload: Any) -> Any:
        holder = payload
        for name in path[:-1]:
            holder = holder[name]
        holder[path[-1]] = to
        return payload

    return bend


@pytest.mark.parametrize(
    "bend",
    [
        _set("predicate", "change", to="shrunk"),
        _set("predicate", "original", "seq", to=2),
        _set("predicate", "original", "seq", to=5),
        _set("predicate", "original", "seq", to=99),
        _set("predicate", "original", "role", to="manifest"),
        _set("predicate", "original", "commitment", to="0" * 64),
        _set("predicate", "derivative", "receipt", to="0" * 64),
        _set("predicate", "derivative", "seq", to=8),
        _set("predicate", "transform", "name", to="../x"),
        _set("predicate", "transform", "parameters", to=[]),
        _set("predicate", "at", to="2026-11-01T14:00:00Z"),
        _set("predicate", "at", to="yesterday"),
        _set("predicate", "by", to=7),
        _set("predicate", "more", to=7),
        _set("predicateType", to="urn:orderproof:statement:v1"),
        _set("_type", to="https://in-toto.io/Statement/v0.1"),
        _set("subject", to=[]),
        _set("subject", to=[{"name": "another", "digest": {"sha256": "0" * 64}}]),
        _set("subject", to=[{"name": "derivative", "digest": {"sha256": "0" * 64}}]),
    ],
)
def test_a_signed_and_logged_record_of_nonsense_ties_nothing(
    tmp_path: Path, bend: Callable[[Any], Any]
) -> None:
    made = with_copies(make(5), (1, PICTURE), bend=bend)
    report = verified(tmp_path, made.zip(), key=made.house.keys)
    assert not report.ok
    assert {check.name for check in report.checks if check.state is State.FAIL} == {"derived"}


def test_a_copy_of_another_order_does_not_pass_for_one_of_this(made: Made, tmp_path: Path) -> None:
    other = make(5, house=made.house, order=order_ref("other", "B-2002"))
    theirs = files_of(with_copies(other, (1, PICTURE)))
    files = files_of(made) | {path: raw for path, raw in theirs.items() if "derived" in path}
    report = verified(tmp_path, zipped(files, by=made.house), key=made.house.keys)
    assert any("another order's" in line for line in failures(report)), failures(report)


def test_no_flipped_bit_of_what_ties_a_copy_is_accepted(made: Made, tmp_path: Path) -> None:
    """The bag made to fit and the folder signed again, so that only the tie itself can tell."""
    files = files_of(made)
    dice = random.Random(9)
    for path in sorted(path for path in files if "derived" in path):
        raw = files[path]
        for at in dice.sample(range(len(raw)), min(len(raw), 12)):
            bent = raw[:at] + bytes([raw[at] ^ 1 << dice.randrange(8)]) + raw[at + 1 :]
            report = verified(tmp_path, zipped(files | {path: bent}, by=made.house))
            assert not report.ok, (path, at)
