"""A bundle that is whole, and what each way of bending it makes the auditor say."""

import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import bagit
import pytest

from auditor.keys import Keys
from auditor.report import Report, State, Trust
from auditor.verify import verify_path
from evidence.bundle import (
    BAG_INFO,
    MANIFEST,
    PAYLOAD_MANIFEST,
    RECEIPTS,
    STATEMENT,
    TAG_MANIFEST,
    WITHHELD,
    Opening,
    Sealed,
    openings_bytes,
    withheld_text,
)
from evidence.canonical import canonical, parse_json, to_base64
from evidence.dsse import Envelope
from evidence.errors import EvidenceError, RequestError
from evidence.oms import MODEL_SIG
from evidence.orders import order_ref
from evidence.receipts import Receipt
from tests.auditor.bundles import (
    House,
    Made,
    failures,
    files_of,
    make,
    reviewers,
    verified,
    zipped,
)

# What zipped() puts back.
REMADE = {BAG_INFO, PAYLOAD_MANIFEST, TAG_MANIFEST, MODEL_SIG}


@pytest.fixture(scope="module")
def made() -> Made:
    return make(5)


def unpacked(made: Made, to: Path) -> Path:
    for entry in made.entries():
        path = to / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.content.read(1 << 20))
    return next(to.iterdir())


def says(report: Report, check: str, *parts: str) -> bool:
    """Whether some failed check of this name says all of these things."""
    return any(
        found.name == check
        and found.state is State.FAIL
        and all(part in f"{found.what} {found.where}" for part in parts)
        for found in report.checks
    )


def test_a_whole_bundle_holds_by_its_own_keys_and_says_that_it_is_only_these(
    made: Made, tmp_path: Path
) -> None:
    report = verified(tmp_path, made.zip())
    assert failures(report) == []
    assert (report.ok, report.answer, report.trust) == (True, "ok", Trust.BUNDLE)
    assert report.counts["receipts"] == 7
    assert report.counts["items"] == 5
    signed = next(check for check in report.checks if check.name == "statement")
    assert "only the bundle vouches" in signed.what


def test_the_same_bundle_holds_under_pinned_keys_and_as_a_folder(
    made: Made, tmp_path: Path
) -> None:
    folder = unpacked(made, tmp_path / "out").rename(tmp_path / "renamed as anyone likes")
    for path in (folder, tmp_path / "bundle.zip"):
        if not path.exists():
            path.write_bytes(made.zip())
        report = verify_path(path, key=made.house.keys)
        assert failures(report) == []
        assert (report.ok, report.trust) == (True, Trust.PINNED)


def test_a_bundle_forged_whole_agrees_with_itself_and_fails_under_the_pinned_key(
    made: Made, tmp_path: Path
) -> None:
    forged = make(5, house=House()).zip()
    assert verified(tmp_path, forged).ok
    report = verified(tmp_path, forged, key=made.house.keys)
    assert not report.ok
    assert says(report, "statement", STATEMENT, "pinned key")
    assert says(report, "manifest", MANIFEST, "pinned key")
    assert says(report, "checkpoints", "proof/sealed/checkpoint", "pinned log key")


@pytest.mark.parametrize("part", ["manifest", "log"])
def test_a_signature_of_a_kind_that_was_not_pinned_is_inconclusive(
    made: Made, tmp_path: Path, part: str
) -> None:
    pinned = Keys.parse(canonical({part: made.house.keys_json[part]}))
    report = verified(tmp_path, made.zip(), key=pinned)
    unsure = {check.name for check in report.checks if check.state is State.INCONCLUSIVE}
    assert report.ok
    assert (("checkpoints" in unsure), ("statement" in unsure)) == (
        (part == "manifest"),
        (part == "log"),
    )
    assert not verified(tmp_path, make(2, house=House()).zip(), key=pinned).ok


def test_bagit_securesystemslib_in_toto_and_openssl_agree(made: Made, tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(made.zip())
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "out")
    folder = next((tmp_path / "out").iterdir())
    assert bagit.Bag(str(folder)).validate()

    from google.protobuf.json_format import ParseDict
    from in_toto_attestation.v1.statement import Statement as InTotoStatement
    from in_toto_attestation.v1.statement_pb2 import Statement as Attested
    from securesystemslib.dsse import Envelope as Theirs
    from securesystemslib.signer._key import SSlibKey

    key = SSlibKey(
        made.house.signer.keyid,
        "ecdsa",
        "ecdsa-sha2-nistp256",
        {"public": made.house.pem},
    )
    for name in (STATEMENT, MANIFEST):
        raw = (folder / name).read_bytes()
        assert Theirs.from_dict(parse_json(raw)).verify([key], 1)
        envelope = Envelope.from_json(raw)
        attested = ParseDict(parse_json(envelope.payload), Attested())
        InTotoStatement.copy_from_pb(attested).validate()
        (tmp_path / "pae").write_bytes(envelope.message)
        (tmp_path / "sig").write_bytes(envelope.signatures[0].sig)
        (tmp_path / "pem").write_text(made.house.pem)
        command = ["openssl", "dgst", "-sha256", "-verify", "pem", "-signature", "sig", "pae"]
        try:
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        except FileNotFoundError:
            pytest.skip("openssl is not installed")
        assert done.stdout == b"Verified OK\n"


def test_a_reviewers_copy_opens_what_it_shows_and_names_what_it_withholds(
    made: Made, tmp_path: Path
) -> None:
    copy = reviewers(made, withheld=[1])
    report = verified(tmp_path, copy.zip(), key=made.house.keys)
    assert failures(report) == []
    assert report.ok
    unsure = {check.name: check.what for check in report.checks if check.state != State.PASS}
    assert "withheld from this copy" in unsure["manifest"]
    assert unsure["withheld"].startswith("2 of")
    text = files_of(copy)[WITHHELD].decode()
    assert "1 pod.document" in text
    assert not any("file-" in entry.name for entry in copy.entries()), "a source's file name leaks"


def test_a_reviewers_copy_that_shows_nothing_is_still_a_bag(made: Made, tmp_path: Path) -> None:
    folder = unpacked(reviewers(made, withheld=range(5)), tmp_path / "out")
    assert bagit.Bag(str(folder)).validate()
    assert verify_path(folder).ok


def test_another_file_in_place_of_an_opened_one_is_found(made: Made, tmp_path: Path) -> None:
    files = files_of(reviewers(made))
    path = next(path for path in files if path.startswith("data/0001"))
    files[path] += b"!"
    assert says(verified(tmp_path, zipped(files)), "openings", path, "receipt 1")


def test_an_altered_item_is_named_even_if_the_bag_was_made_to_fit(
    made: Made, tmp_path: Path
) -> None:
    files = files_of(made)
    path = next(path for path in files if path.startswith("data/0002"))
    files[path] = files[path].replace(b"item 2", b"item 9")
    assert says(verified(tmp_path, zipped(files, tidy=False)), "files", path, "altered")
    report = verified(tmp_path, zipped(files, by=made.house))
    assert not says(report, "files")
    assert says(report, "items", path, "item 2 (message.mail)")


@pytest.mark.parametrize("tidy", [False, True])
def test_each_file_that_is_taken_away_is_named(made: Made, tmp_path: Path, tidy: bool) -> None:
    files = files_of(made)
    for path in sorted(set(files) - {RECEIPTS, STATEMENT}):
        if tidy and path in REMADE:
            continue
        left = {name: raw for name, raw in files.items() if name != path}
        report = verified(tmp_path, zipped(left, tidy=tidy, by=made.house if tidy else None))
        if path == "proof/before-read/consistency" and tidy:
            assert report.ok  # then it is not proven that the log only grew, and it says so
            assert any(c.where == path and c.state is State.INCONCLUSIVE for c in report.checks)
            continue
        said = [check for check in report.checks if check.state is State.FAIL]
        seq = path.removeprefix("data/")[:4].lstrip("0") or "0"
        named = path if path.startswith("proof/") or not tidy else f"{seq}"
        if path == MANIFEST:
            named = "openings"
        assert any(named in f"{check.what} {check.where}" for check in said), (path, said)


@pytest.mark.parametrize("path", ["data/0000-extra.txt", "proof/extra", "extra.exe", "data/a/b"])
def test_a_file_that_was_added_is_named(made: Made, tmp_path: Path, path: str) -> None:
    files = files_of(made) | {path: b"?"}
    assert says(verified(tmp_path, zipped(files, tidy=False)), "files", path, "added")
    report = verified(tmp_path, zipped(files))
    assert says(report, "items" if path.startswith("data/") else "files", path)


def test_an_item_cannot_be_called_withheld_without_saying_so(made: Made, tmp_path: Path) -> None:
    files = files_of(made)
    path = next(path for path in files if path.startswith("data/0003"))
    del files[path]
    assert says(verified(tmp_path, zipped(files)), "withheld", "Item 3 (order.record)")
    chain = [Receipt.from_bytes(line) for line in made.receipts]
    files[WITHHELD] = withheld_text(chain, manifest_seq=5, shown=[0, 1, 2, 4], full=True)
    report = verified(tmp_path, zipped(files, by=made.house))
    assert report.ok
    assert any(c.name == "withheld" and c.state is State.INCONCLUSIVE for c in report.checks)
    files[WITHHELD] += b"9 nothing 0 0\n"
    assert says(verified(tmp_path, zipped(files)), "withheld", WITHHELD)


def rechained(lines: list[bytes]) -> list[bytes]:
    """What a forger does after touching a receipt: make the chain fit again."""
    prev, fixed = "0" * 64, []
    for seq, line in enumerate(lines):
        receipt = replace(Receipt.from_bytes(line), seq=seq, prev=prev)
        fixed.append(receipt.to_bytes())
        prev = receipt.sha256
    return fixed


def _swapped(lines: list[bytes]) -> list[bytes]:
    return [lines[1], lines[0], *lines[2:]]


def _dropped(lines: list[bytes]) -> list[bytes]:
    return [lines[0], *lines[2:]]


def _back_dated(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b"2026-11-01T12:", b"2026-10-01T12:"), *lines[2:]]


def _cut(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


@pytest.mark.parametrize("bend", [_swapped, _dropped, _back_dated, _cut])
@pytest.mark.parametrize("fitted", [False, True], ids=["as it is", "chained anew"])
def test_receipts_that_were_reordered_dropped_or_back_dated_are_named(
    made: Made, tmp_path: Path, bend: Any, fitted: bool
) -> None:
    lines = bend(made.receipts)
    lines = rechained(lines) if fitted else lines
    assert lines != made.receipts
    files = files_of(made) | {RECEIPTS: b"".join(line + b"\n" for line in lines)}
    report = verified(tmp_path, zipped(files))
    if fitted and bend is _back_dated:
        assert says(report, "statement-root", RECEIPTS)
        assert says(report, "inclusion", "proof/inclusion/0001.tlog-proof", "receipt 1")
        assert says(report, "manifest-receipts", "Item 1", "collected_at")
        return
    # Back-dated without more, it is the next one that no longer holds its hash.
    named = {_swapped: "eceipt 0", _dropped: "eceipt 1", _back_dated: "Receipt 2", _cut: "(5)"}[
        bend
    ]
    said = says(report, "receipts", named) or says(report, "statement-root", named)
    assert said, failures(report)


def test_files_of_another_order_do_not_pass_for_this_ones(tmp_path: Path) -> None:
    made = make(5)
    mine = files_of(made)
    other = files_of(make(5, house=made.house, order=order_ref("other", "B-2002")))
    for path in sorted(set(mine) & set(other)):
        if mine[path] == other[path] or path in REMADE:
            continue
        report = verified(
            tmp_path, zipped(mine | {path: other[path]}, by=made.house), key=made.house.keys
        )
        assert not report.ok, path
        seq = path.rpartition("/")[2][:4].lstrip("0") or "0"
        named = {STATEMENT: "statement", MANIFEST: "manifest", RECEIPTS: "receipt"}.get(path, path)
        assert any(named in line or f"eceipt {seq}" in line for line in failures(report)), (
            path,
            failures(report),
        )


def test_a_replaced_key_is_noticed_even_without_a_pin(made: Made, tmp_path: Path) -> None:
    files = files_of(made) | {"proof/keys.json": canonical(House().keys_json)}
    report = verified(tmp_path, zipped(files))
    assert says(report, "statement", STATEMENT, "a key of proof/keys.json")
    assert says(report, "checkpoints", "proof/sealed/checkpoint")


def test_a_statement_that_says_otherwise_than_the_manifest_is_refused(
    made: Made, tmp_path: Path
) -> None:
    """Signed by the right key, logged and opened: a seller who embellishes his own statement."""
    payload = parse_json(Envelope.from_json(made.statement.envelope).payload)
    payload["predicate"]["verdicts"][0]["verdict"] = "pass"
    envelope = made.house.envelope(payload)
    files = files_of(made) | {STATEMENT: envelope}
    report = verified(tmp_path, zipped(files), key=made.house.keys)
    assert says(report, "verdicts", "numbers/1")
    assert says(report, "openings", STATEMENT, "receipt 6 (statement)")


def test_a_fact_that_rests_on_nothing_is_refused(made: Made, tmp_path: Path) -> None:
    assert made.manifest is not None
    payload = parse_json(Envelope.from_json(made.manifest.envelope).payload)
    payload["predicate"]["facts"][0]["item"] = "ab" * 32
    payload["predicate"]["verdicts"][0]["findings"][0]["rests_on"][0]["item"] = "ab" * 32
    path = tmp_path / "manifest.dsse.json"
    path.write_bytes(made.house.envelope(payload))
    report = verify_path(path, key=made.house.keys)
    assert says(report, "facts", "Fact 0 (shipment.tracking_number)")
    assert says(report, "facts", "A finding (numbers, number-seen)")


def test_a_receipt_that_the_manifest_leaves_out_is_named(made: Made, tmp_path: Path) -> None:
    assert made.manifest is not None
    payload = parse_json(Envelope.from_json(made.manifest.envelope).payload)
    del payload["predicate"]["items"][2]
    del payload["subject"][2]
    envelope = made.house.envelope(payload)
    files = files_of(made) | {MANIFEST: envelope}
    report = verified(tmp_path, zipped(files), key=made.house.keys)
    assert says(report, "manifest-receipts", "Receipt 2 (message.mail)", "no item")


def test_receipts_that_the_sealer_calls_lost_are_told_and_fail_nothing(tmp_path: Path) -> None:
    made = make(5, lost=[1, 3])
    report = verified(tmp_path, made.zip(), key=made.house.keys)
    assert failures(report) == []
    assert report.ok
    (told,) = [check for check in report.checks if check.name == "lost"]
    assert told.state is State.INCONCLUSIVE
    assert "1 (pod.document), 3 (order.record)" in told.what
    assert "1 pod.document" in files_of(made)[WITHHELD].decode()
    payload = parse_json(Envelope.from_json(files_of(made)[MANIFEST]).payload)
    for lost, named in (([0, 1, 3], "0"), ([3, 1], "order"), ([1, 3, 5], "5"), ([1, 3, 99], "99")):
        payload["predicate"]["lost"] = lost
        files = files_of(made) | {MANIFEST: made.house.envelope(payload)}
        report = verified(tmp_path, zipped(files, by=made.house), key=made.house.keys)
        assert says(report, "lost", named), failures(report)
    payload["predicate"]["lost"] = []
    files = files_of(made) | {MANIFEST: made.house.envelope(payload)}
    assert says(verified(tmp_path, zipped(files)), "manifest-receipts", "Receipt 1")


def test_an_envelope_with_spare_fields_is_not_the_one_that_was_logged(
    made: Made, tmp_path: Path
) -> None:
    value = parse_json(made.statement.envelope)
    files = files_of(made) | {STATEMENT: canonical(value | {"note": "unsigned words"})}
    report = verified(tmp_path, zipped(files), key=made.house.keys)
    assert says(report, "openings", STATEMENT)


def test_a_well_signed_document_of_nonsense_fails_and_does_not_crash(
    made: Made, tmp_path: Path
) -> None:
    assert made.manifest is not None
    payload = parse_json(Envelope.from_json(made.manifest.envelope).payload)
    for field, value in [
        ("items", 7),
        ("items", [{}]),
        ("facts", None),
        ("order", []),
        ("policy", {"toml": 3}),
        ("before_read", {"a": 1}),
        ("verdicts", [None]),
        ("coverage", [{"items": [[1]], "level": 0, "state": 1, "why": 2, "requirement": 3}]),
    ]:
        predicate = payload["predicate"] | {field: value}
        files = files_of(made) | {
            MANIFEST: made.house.envelope({**payload, "predicate": predicate})
        }
        assert not verified(tmp_path, zipped(files, by=made.house)).ok, field
    statement = parse_json(Envelope.from_json(made.statement.envelope).payload)
    bent: list[tuple[str, object]] = [
        ("lines", [1]),
        ("receipts", "5"),
        ("manifest_seq", None),
        ("manifest_seq", -1),
        ("log", 3),
        ("root", 4),
        ("trusted_time", 0),
        ("verdicts", {}),
    ]
    for field, wrong in bent:
        predicate = statement["predicate"] | {field: wrong}
        files = files_of(made) | {
            STATEMENT: made.house.envelope({**statement, "predicate": predicate})
        }
        assert not verified(tmp_path, zipped(files, by=made.house)).ok, field


def test_a_manifest_alone_is_checked_under_a_pinned_key_only(made: Made, tmp_path: Path) -> None:
    assert made.manifest is not None
    path = tmp_path / "manifest.dsse.json"
    path.write_bytes(made.manifest.envelope)
    with pytest.raises(RequestError, match="--key"):
        verify_path(path)
    report = verify_path(path, key=made.house.keys)
    assert (report.ok, report.kind) == (True, "manifest")
    assert any(c.name == "receipts" and c.state is State.INCONCLUSIVE for c in report.checks)
    assert not verify_path(path, key=House().keys).ok
    path.write_bytes(made.statement.envelope)
    assert verify_path(path, key=made.house.keys).kind == "statement"


def test_a_saved_checkpoint_shows_a_fork(made: Made, tmp_path: Path) -> None:
    data = made.zip()

    def said(saved: bytes) -> tuple[State, str]:
        report = verified(tmp_path, data, checkpoint=saved)
        found = next(check for check in report.checks if check.name == "saved-checkpoint")
        return found.state, found.what

    assert said(made.sealed.checkpoint)[0] is State.PASS
    assert said(made.before_read.checkpoint)[0] is State.INCONCLUSIVE
    fork = House(
        origin=made.house.origin,
        envelope_key=made.house.envelope_key,
        log_key=made.house.log_key,
        leaves=[bytes(32)] * len(made.house.leaves),
    )
    state, what = said(fork.head())
    assert state is State.FAIL
    assert "two different heads" in what
    assert said(House().head())[0] is State.FAIL


def test_a_log_that_was_rewritten_between_the_checkpoints_is_found(tmp_path: Path) -> None:
    made = make(3)
    house = made.house
    fork = House(
        origin=house.origin,
        envelope_key=house.envelope_key,
        log_key=house.log_key,
        leaves=[bytes(32)] * 4,
    )
    files = files_of(made) | {"proof/before-read/checkpoint": fork.head()}
    report = verified(tmp_path, zipped(files), key=house.keys)
    assert says(report, "before-read", "proof/before-read/consistency", "only grew")
    assert says(report, "before-read", "not the checkpoint in the manifest")


def test_an_item_logged_after_reading_began_is_named(tmp_path: Path) -> None:
    early = House()
    head = early.head()
    late = make(3, house=House(early.origin, early.envelope_key, early.log_key))
    files = files_of(late) | {"proof/before-read/checkpoint": head}
    report = verified(tmp_path, zipped(files))
    assert says(report, "read-after-stored", "Receipt 0 (tracking.history)")


def test_above_a_thousand_receipts_the_head_of_the_chain_is_proven(tmp_path: Path) -> None:
    made = make([f"item {number}".encode() for number in range(1_200)])
    assert list(made.proofs) == [1_201]
    report = verified(tmp_path, made.zip(), key=made.house.keys)
    assert report.ok
    assert any("head of 1202 receipts" in check.what for check in report.checks)


def test_the_same_bytes_brought_twice_lie_there_once(tmp_path: Path) -> None:
    made = make([b"same", b"other", b"third", b"fourth", b"same"])
    report = verified(tmp_path, made.zip())
    assert report.ok
    assert report.counts["items"] == 4


def test_a_copy_that_shows_one_of_two_same_items_does_not_tell_of_the_other(tmp_path: Path) -> None:
    made = make([b"same", b"other", b"same"])
    for shown, hidden in ((0, 2), (2, 0)):
        copy = reviewers(made, withheld=[1, hidden])
        report = verified(tmp_path, copy.zip(), key=made.house.keys)
        assert report.ok, failures(report)
        data = [path for path in files_of(copy) if path.startswith("data/0")]
        assert [path[:9] for path in data] == [f"data/{shown:04d}"]
        assert f"\n{hidden} " in files_of(copy)[WITHHELD].decode()


def test_openings_give_away_nothing_that_is_withheld(made: Made) -> None:
    openings = Opening.read_all(files_of(reviewers(made, withheld=[1, 2]))["proof/openings.json"])
    assert [opening.seq for opening in openings] == [0, 3, 4, 6]


def test_more_receipts_than_any_order_has_are_not_read(made: Made, tmp_path: Path) -> None:
    files = files_of(made)
    last = made.receipts[-1] + b"\n"
    files[RECEIPTS] = b"\n" * 100_000 + last
    assert says(verified(tmp_path, zipped(files)), "receipts", RECEIPTS, "more than 100000")


def test_an_opening_of_something_that_is_not_an_item_is_refused(made: Made, tmp_path: Path) -> None:
    files = files_of(made)
    openings = Opening.read_all(files["proof/openings.json"])
    extra = replace(openings[0], seq=99, path="data/x")
    files["proof/openings.json"] = openings_bytes([*openings, extra])
    assert says(verified(tmp_path, zipped(files)), "openings", "receipt 99")


def test_what_is_no_bundle_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_bytes(b"hello")
    (tmp_path / "nothing").write_bytes(b"")
    (tmp_path / "object.json").write_bytes(b"{}")
    for name in ("empty", "text", "nothing", "object.json", "absent"):
        with pytest.raises(EvidenceError):
            verify_path(tmp_path / name, key=House().keys)


def test_a_report_is_json_and_lines(made: Made, tmp_path: Path) -> None:
    report = verified(tmp_path, made.zip())
    value = report.to_json()
    assert parse_json(canonical(value)) == value
    assert value["answer"] == "ok"
    assert report.lines()[-1].startswith("ok, trust: bundle")


def test_a_key_file_is_json_pem_or_vkeys(made: Made) -> None:
    house = made.house
    text = f"# both kinds\n{house.pem}\n{house.log_signer.verifier.vkey}\n".encode()
    assert Keys.parse(text) == Keys.parse(text.replace(b"\n", b"\r\n"))
    assert Keys.parse(text).log == house.keys.log
    assert len(Keys.parse(text).manifest) == 1
    for bad in (b"", b"{}", b'{"log": 3}', b"-----BEGIN PUBLIC KEY-----\n", b"\xff", b"nonsense"):
        with pytest.raises(EvidenceError):
            Keys.parse(bad)
    assert "salt" not in repr(Sealed(envelope=b"", salt=to_base64(b"x").encode()))
