"""The OMS signature: OpenSSF's own program accepts it, and nothing in the folder can change."""

import base64
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.report import Check, State
from evidence.bundle import KEYS, TAG_MANIFEST
from evidence.canonical import canonical, digest, from_base64, parse_json
from evidence.dsse import Envelope, public_key_from_pem, verify
from evidence.oms import MODEL_SIG, folder_payload, key_hint
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

Files = dict[str, bytes]


def unpack(made: Made, to: Path) -> Path:
    for entry in made.entries():
        path = to / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.content.read(1 << 20))
    (to / "key.pem").write_text(made.house.pem)
    return next(to.glob("orderproof-*"))


def model_signing(folder: Path) -> subprocess.CompletedProcess[str]:
    """The program as anyone would call it, with the key that lies beside the folder."""
    pytest.importorskip("model_signing")
    return subprocess.run(
        [sys.executable, "-m", "model_signing", "verify", "key", str(folder),
         "--signature", str(folder / MODEL_SIG), "--public_key", str(folder.parent / "key.pem")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def said(report: Any) -> list[Check]:
    return [check for check in report.checks if check.name == "model-signature"]


@pytest.mark.parametrize("withheld", [None, [1]], ids=["auditor's copy", "reviewer's copy"])
def test_model_signing_accepts_the_unpacked_bundle(
    tmp_path: Path, withheld: list[int] | None
) -> None:
    made = make(4) if withheld is None else reviewers(make(4), withheld=withheld)
    done = model_signing(unpack(made, tmp_path))
    assert (done.returncode, done.stdout.strip()) == (0, "Verification succeeded"), done.stderr


def _altered(folder: Path) -> None:
    path = next(folder.glob("data/0002*"))
    path.write_bytes(path.read_bytes() + b"!")


def _added(folder: Path) -> None:
    (folder / "report.pdf").write_bytes(b"%PDF-1.7")


def _taken(folder: Path) -> None:
    (folder / "README.txt").unlink()


def _signature(folder: Path) -> None:
    value = parse_json((folder / MODEL_SIG).read_bytes())
    value["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(b"no signature").decode()
    (folder / MODEL_SIG).write_bytes(canonical(value))


@pytest.mark.parametrize("bend", [_altered, _added, _taken, _signature])
def test_model_signing_refuses_a_folder_that_was_changed(
    tmp_path: Path, bend: Callable[[Path], None]
) -> None:
    folder = unpack(make(4), tmp_path)
    bend(folder)
    assert model_signing(folder).returncode == 1


@pytest.mark.needs_shared
def test_we_say_of_a_folder_what_model_signing_says(shared: Path) -> None:
    tlog = shared / "contracts" / "tlog"
    theirs = parse_json((tlog / "oms" / "files.oms.sigstore.json").read_bytes())
    envelope = Envelope.from_value(theirs["dsseEnvelope"])
    pem = (tlog / "oms" / "p256.pub.pem").read_text()
    assert verify(envelope, [public_key_from_pem(pem.encode())]) == envelope.payload
    assert theirs["verificationMaterial"]["publicKey"]["hint"] == key_hint(pem)
    root = tlog / "dsse" / "files"
    files = {
        str(path.relative_to(root)): digest(path.read_bytes())
        for path in root.rglob("*")
        if path.is_file()
    }
    ours, right = parse_json(folder_payload("files", files)), parse_json(envelope.payload)
    for value in (ours, right):
        del value["predicate"]["serialization"]["ignore_paths"]
    assert ours == right


def test_it_is_said_whose_it_is(tmp_path: Path) -> None:
    made = make(3)
    other = House()
    (check,) = said(verified(tmp_path, made.zip()))
    assert (check.state, "only the bundle" in check.what) == (State.PASS, True)
    (check,) = said(verified(tmp_path, made.zip(), key=made.house.keys))
    assert (check.state, "the pinned key" in check.what) == (State.PASS, True)
    # Written after the key was replaced: the reader has pinned the old one only.
    both = made.house.keys_json
    both["manifest"] += other.keys_json["manifest"]
    data = zipped(files_of(made) | {KEYS: canonical(both)}, by=other)
    report = verified(tmp_path, data, key=made.house.keys)
    (check,) = said(report)
    assert (check.state, "pin it" in check.what, report.ok) == (State.INCONCLUSIVE, True, True)


def test_one_by_a_revoked_key_shows_nothing(tmp_path: Path) -> None:
    made = make(3)
    told = made.house.keys_json
    told["manifest"][0]["revoked_since"] = "2026-11-01T14:00:00Z"
    report = verified(tmp_path, zipped(files_of(made) | {KEYS: canonical(told)}, by=made.house))
    (check,) = said(report)
    assert (check.state, "revoked" in check.what) == (State.INCONCLUSIVE, True)


def test_a_file_that_only_people_read_is_covered_too(tmp_path: Path) -> None:
    """Whoever swaps the page or the report, and mends the bag, is found by this signature only."""
    made = make(3)
    data = zipped(files_of(made) | {"verify.html": b"<p>All is well.</p>"})
    report = verified(tmp_path, data, key=made.house.keys)
    named = {check.where for check in said(report) if check.state is State.FAIL}
    assert named == {"verify.html", TAG_MANIFEST}
    assert {line.partition(":")[0] for line in failures(report)} == {"model-signature"}


def _strangers(made: Made) -> Files:
    return files_of(made) | {MODEL_SIG: files_of(make(3, house=House()))[MODEL_SIG]}


def _older(made: Made) -> Files:
    """A true signature, of the same house, over a copy with other files."""
    return files_of(made) | {MODEL_SIG: files_of(reviewers(made))[MODEL_SIG]}


def _hint(made: Made) -> Files:
    raw = files_of(made)[MODEL_SIG]
    return files_of(made) | {MODEL_SIG: raw.replace(key_hint(made.house.pem).encode(), b"0" * 64)}


def _spare_field(made: Made) -> Files:
    value = parse_json(files_of(made)[MODEL_SIG])
    return files_of(made) | {MODEL_SIG: canonical(value | {"note": "unsigned words"})}


def _unnamed(made: Made) -> Files:
    value = parse_json(files_of(made)[MODEL_SIG])
    del value["dsseEnvelope"]["signatures"][0]["keyid"]
    return files_of(made) | {MODEL_SIG: canonical(value)}


def _nonsense(made: Made) -> Files:
    return files_of(made) | {MODEL_SIG: b'{"dsseEnvelope":7}'}


@pytest.mark.parametrize("bend", [_strangers, _older, _hint, _spare_field, _unnamed, _nonsense])
def test_another_in_its_place_is_refused(tmp_path: Path, bend: Callable[[Made], Files]) -> None:
    made = make(3)
    report = verified(tmp_path, zipped(bend(made)), key=made.house.keys)
    assert not report.ok
    assert {line.partition(":")[0] for line in failures(report)} == {"model-signature"}


def test_one_that_is_well_signed_but_says_something_else_is_refused(tmp_path: Path) -> None:
    made = make(3)
    files = files_of(made)
    value = parse_json(files[MODEL_SIG])
    payload = parse_json(from_base64(value["dsseEnvelope"]["payload"], what="The payload"))
    payload["predicate"]["serialization"]["ignore_paths"] = ["data"]
    value["dsseEnvelope"] = parse_json(made.house.envelope(payload))
    report = verified(tmp_path, zipped(files | {MODEL_SIG: canonical(value)}))
    assert [(check.state, check.where) for check in said(report)] == [(State.FAIL, MODEL_SIG)]


def test_a_bundle_names_the_key_that_signs_it(tmp_path: Path) -> None:
    made = make(2)
    with pytest.raises(Exception, match="keys"):
        replace(made, house=_Lender(made.house)).entries()


class _Lender(House):
    """A house whose list of keys lacks the key it signs with."""

    def __init__(self, house: House) -> None:
        super().__init__(house.origin, house.envelope_key, house.log_key, house.leaves)

    @property
    def keys_json(self) -> dict[str, Any]:
        return House().keys_json
