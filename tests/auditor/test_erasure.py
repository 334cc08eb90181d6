"""The record of an erasure, checked by somebody who has nothing but it and a pinned key."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auditor.keys import Keys
from auditor.report import Report
from auditor.verify import verify_path
from evidence.canonical import canonical, digest
from evidence.checkpoint import Checkpoint
from evidence.dsse import EcdsaSigner
from evidence.erasure import ErasureReason, ErasureRecord
from evidence.errors import EvidenceError
from evidence.items import Role
from evidence.merkle import hash_leaf, root
from evidence.notes import Ed25519NoteSigner, sign_note
from evidence.proofs import LogProof
from evidence.receipts import NO_RECEIPT, Receipt, commit

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ORIGIN = "log.example/acme"
KEY = ec.derive_private_key(11, ec.SECP256R1())
LOG = Ed25519NoteSigner(ORIGIN, ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)))
PINNED = Keys(manifest=(KEY.public_key(),), log=(LOG.verifier,))
SALT = b"s" * 32
RECORD = ErasureRecord(
    origin=ORIGIN,
    order="ab" * 32,
    at=AT,
    reason=ErasureReason.SUBJECT_REQUEST,
    custody_size=0,
    custody_head=NO_RECEIPT,
)


@dataclass(frozen=True)
class Written:
    folder: Path

    @property
    def record(self) -> Path:
        return self.folder / "erasure.dsse.json"

    def file(self, end: str) -> Path:
        return self.folder / f"erasure.{end}"

    def verified(self, keys: Keys = PINNED) -> Report:
        return verify_path(self.record, key=keys)

    def states(self) -> dict[str, str]:
        return {check.name: str(check.state) for check in self.verified().checks}


def write(
    folder: Path, record: ErasureRecord = RECORD, *, role: Role = Role.ERASURE_RECORD
) -> None:
    envelope = record.signed_by(EcdsaSigner(KEY)).to_json()
    receipt = Receipt(
        order=RECORD.order,
        seq=4,
        prev="cd" * 32,
        role=role,
        commitment=commit(SALT, digest(envelope)),
        stored="ef" * 32,
        size=len(envelope),
        media_type="application/vnd.dsse+json",
        collector="orderproof/1",
        collected_at=AT,
    ).to_bytes()
    leaves = [hash_leaf(b"before"), hash_leaf(receipt)]
    note = sign_note(Checkpoint(origin=ORIGIN, size=2, root=root(leaves)).text, [LOG])
    folder.mkdir(exist_ok=True)
    (folder / "erasure.dsse.json").write_bytes(envelope)
    opening = canonical({"sha256": digest(envelope), "salt": SALT.hex()})
    (folder / "erasure.opening.json").write_bytes(opening)
    (folder / "erasure.receipt.json").write_bytes(receipt)
    proof = LogProof(index=1, path=(leaves[0],), checkpoint=note).to_bytes()
    (folder / "erasure.tlog-proof").write_bytes(proof)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    write(tmp_path / "record")
    return Written(tmp_path / "record")


def test_a_record_with_its_proof_says_that_the_order_was_erased(written: Written) -> None:
    report = written.verified()
    assert (report.ok, report.kind) == (True, "erasure")
    assert written.states() == {"erasure": "pass", "receipt": "pass", "inclusion": "pass"}
    assert RECORD.order in report.checks[0].what and "subject-request" in report.checks[0].what


def test_without_what_lies_beside_it_only_the_signature_is_checked(written: Written) -> None:
    written.file("tlog-proof").unlink()
    assert written.states()["inclusion"] == "inconclusive"
    written.file("receipt.json").unlink()
    assert written.states() == {"erasure": "pass", "receipt": "inconclusive"}


@pytest.mark.parametrize(
    ("end", "named"),
    [
        ("dsse.json", "erasure"),
        ("opening.json", "receipt"),
        ("receipt.json", "receipt"),
        ("tlog-proof", "inclusion"),
    ],
)
def test_every_changed_byte_is_noticed(written: Written, end: str, named: str) -> None:
    file = written.file(end)
    sound = file.read_bytes()
    for at in range(2, len(sound) - 2, 7):
        file.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
        try:
            report = written.verified()
        except EvidenceError as error:
            assert named == "erasure", error  # then it is no envelope at all, and says so
            continue
        failed = {check.name for check in report.checks if str(check.state) == "fail"}
        assert failed, at
    file.write_bytes(sound)
    assert written.verified().ok


def test_a_receipt_of_another_order_role_or_log_is_not_believed(tmp_path: Path) -> None:
    for number, changed in enumerate(
        (replace(RECORD, order="ba" * 32), replace(RECORD, origin="log.example/other"))
    ):
        write(tmp_path / str(number), changed)
        assert not Written(tmp_path / str(number)).verified().ok
    write(tmp_path / "role", role=Role.DOCUMENT)
    assert Written(tmp_path / "role").states()["receipt"] == "fail"


@pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "sha256sum", "openssl", "jq"))),
    reason="needs bash, sha256sum, openssl and jq",
)
def test_the_record_is_checked_by_hand_as_the_page_tells(written: Written) -> None:
    page = (Path(__file__).parents[2] / "docs" / "verifying.md").read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S)
    (block,) = [block for block in blocks if "erasure.pae" in block]
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (written.folder.parent / "seller.pem").write_bytes(pem)

    def ran() -> list[str]:
        asked = ["bash", "-c", block]
        done = subprocess.run(
            asked, cwd=written.folder, capture_output=True, text=True, check=False
        )
        return [line.removesuffix("  -") for line in done.stdout.splitlines()]

    answer, made, said = ran()
    assert (answer, made) == ("Verified OK", said)
    sound = written.record.read_bytes()
    written.record.write_bytes(sound.replace(b'"payload":"ey', b'"payload":"eY'))
    answer, made, said = ran()
    assert answer != "Verified OK" and made != said


def test_a_key_that_is_not_the_signers_fails(written: Written) -> None:
    stranger = ec.derive_private_key(12, ec.SECP256R1()).public_key()
    assert not written.verified(replace(PINNED, manifest=(stranger,))).ok
