"""One entry, provably in the log: files of others, files of ours, and forgeries."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509 import load_der_x509_certificate
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.checkpoint import Checkpoint
from evidence.dsse import Envelope, verify
from evidence.errors import EvidenceError, FormatError, ProofError, RequestError, TooLargeError
from evidence.merkle import hash_leaf, inclusion_path, root
from evidence.notes import CosignatureSigner, Ed25519NoteSigner, NoteVerifier, sign_note
from evidence.proofs import MAX_PROOF_BYTES, LogProof, verify_proof

ENTRIES = [b"entry %d" % n for n in range(40)]
LEAVES = [hash_leaf(entry) for entry in ENTRIES]


def key(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


LOG = Ed25519NoteSigner("log.example", key(1))
WITNESSES = [CosignatureSigner(f"w{n}.example", key(10 + n), 1_767_226_200) for n in range(2)]
KEYS = [witness.verifier for witness in WITNESSES]


def proof_of(index: int, *, size: int) -> LogProof:
    head = Checkpoint(origin="log.example", size=size, root=root(LEAVES[:size]))
    return LogProof(
        index=index,
        path=tuple(inclusion_path(LEAVES, index=index, size=size)),
        checkpoint=sign_note(head.text, [LOG, *WITNESSES]),
    )


@pytest.mark.needs_shared
def test_every_shared_proof_is_judged_as_listed(shared: Path) -> None:
    folder = shared / "contracts/tlog"
    listed = json.loads((folder / "proofs/index.json").read_text())
    log = NoteVerifier.parse(listed["vkey"])
    witnesses = [NoteVerifier.parse(vkey) for vkey in listed["wkeys"]]
    assert [v["ok"] for v in listed["vectors"]].count(True) == 13
    assert [v["ok"] for v in listed["vectors"]].count(False) == 14
    for vector in listed["vectors"]:
        raw = (folder / vector["proof"]).read_bytes()
        entry = (folder / vector["entry"]).read_bytes()
        try:
            found = verify_proof(
                raw, entry=entry, log=log, witnesses=witnesses, quorum=listed["quorum"]
            )
        except (ProofError, FormatError) as error:
            assert not vector["ok"], (vector["proof"], str(error))
        else:
            assert vector["ok"], vector["proof"]
            assert found.size == vector["size"]
            proof = LogProof.parse(raw)
            assert proof.index == vector["index"]
            assert proof.to_bytes() == raw
            assert hash_leaf(entry) == base64.b64decode(vector["leaf_hash"])
            with pytest.raises(ProofError):
                verify_proof(raw, entry=entry + b" ", log=log, witnesses=witnesses, quorum=2)


@pytest.mark.needs_shared
def test_files_are_laid_out_like_the_shared_ones(shared: Path) -> None:
    listed = json.loads((shared / "contracts/tlog/proofs/index.json").read_text())
    assert len(listed["marshal"]) == 3
    for vector in listed["marshal"]:
        extra = vector.get("extra")
        proof = LogProof(
            index=vector["index"],
            path=tuple(base64.b64decode(text) for text in vector["hashes"]),
            checkpoint=vector["checkpoint"].encode(),
            extra=None if extra is None else base64.b64decode(extra),
        )
        assert proof.to_bytes() == vector["want"].encode()
        assert LogProof.parse(vector["want"].encode()) == proof


@pytest.mark.needs_shared
def test_a_real_entry_of_a_public_log_verifies_with_its_three_witnesses(shared: Path) -> None:
    folder = shared / "contracts/tlog/rekor-v2"
    keys = json.loads((folder / "keys.json").read_text())
    raw = (folder / "staging.tlog-proof").read_bytes()
    entry = (folder / "staging.entry").read_bytes()
    log = NoteVerifier.parse(keys["log_vkey"])
    witnesses = [NoteVerifier.parse(vkey) for vkey in keys["witness_vkeys"]]
    found = verify_proof(raw, entry=entry, log=log, witnesses=witnesses, quorum=3)
    assert (found.origin, found.size) == ("log2025-alpha3.rekor.sigstage.dev", 4_026_479)
    with pytest.raises(ProofError, match="2 of the 3"):
        verify_proof(raw, entry=entry, log=log, witnesses=witnesses[:2], quorum=3)


@pytest.mark.needs_shared
def test_a_real_sigstore_bundle_says_the_same_of_that_entry(shared: Path) -> None:
    """Its own form of envelope, entry and proof, without the files that were made of it."""
    folder = shared / "contracts/tlog/rekor-v2"
    bundle = json.loads((folder / "bundle.sigstore.json").read_text())
    (logged,) = bundle["verificationMaterial"]["tlogEntries"]
    entry = base64.b64decode(logged["canonicalizedBody"])
    assert entry == (folder / "staging.entry").read_bytes()
    told = logged["inclusionProof"]
    log = NoteVerifier.parse(json.loads((folder / "keys.json").read_text())["log_vkey"])
    proof = LogProof(
        index=int(told["logIndex"]),
        path=tuple(map(base64.b64decode, told["hashes"])),
        checkpoint=told["checkpoint"]["envelope"].encode(),
    )
    head = verify_proof(proof.to_bytes(), entry=entry, log=log)
    assert head.root == base64.b64decode(told["rootHash"])
    with pytest.raises(ProofError):
        verify_proof(proof.to_bytes(), entry=entry + b" ", log=log)
    # What is in the log is the digest of the envelope's message, its signature and its key.
    envelope = Envelope.from_value(bundle["dsseEnvelope"])
    spec = json.loads(entry)["spec"]["hashedRekordV002"]
    assert hashlib.sha256(envelope.message).digest() == base64.b64decode(spec["data"]["digest"])
    signed = spec["signature"]
    assert [s.sig for s in envelope.signatures] == [base64.b64decode(signed["content"])]
    raw = base64.b64decode(signed["verifier"]["x509Certificate"]["rawBytes"])
    key = load_der_x509_certificate(raw).public_key()
    assert isinstance(key, EllipticCurvePublicKey)
    assert verify(envelope, [key]) == envelope.payload


@pytest.mark.needs_shared
def test_every_folder_and_file_of_the_shared_vectors_is_read_by_some_test(shared: Path) -> None:
    about = {"FACTS.md", "SHA256SUMS"}
    names = {path.name for path in (shared / "contracts/tlog").iterdir()} - about
    tests = Path(__file__).parents[1]
    read = "\n".join(path.read_text("utf-8") for path in tests.rglob("test_*.py"))
    assert sorted(name for name in names if name not in read) == []


@settings(deadline=None, max_examples=60)
@given(st.integers(1, len(ENTRIES)), st.data())
def test_every_proof_we_make_verifies(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    raw = proof_of(index, size=size).to_bytes()
    found = verify_proof(raw, entry=ENTRIES[index], log=LOG.verifier, witnesses=KEYS, quorum=2)
    assert found.size == size
    assert LogProof.parse(raw).index == index


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_no_bit_of_a_proof_can_be_flipped(data: st.DataObject) -> None:
    raw = bytearray(proof_of(21, size=40).to_bytes())
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises((ProofError, FormatError)):
        verify_proof(bytes(raw), entry=ENTRIES[21], log=LOG.verifier, witnesses=KEYS, quorum=2)


@settings(deadline=None)
@given(st.binary(max_size=50))
def test_no_other_entry_is_proven(entry: bytes) -> None:
    raw = proof_of(21, size=40).to_bytes()
    with pytest.raises(ProofError):
        verify_proof(raw, entry=entry, log=LOG.verifier)


def test_an_inner_node_does_not_pass_for_an_entry() -> None:
    # The classic forgery: without the 00 and 01 prefixes, two hashes would be an entry.
    node = LEAVES[0] + LEAVES[1]
    proof = proof_of(0, size=2)
    forged = LogProof(index=0, path=(), checkpoint=proof.checkpoint)
    with pytest.raises(ProofError):
        verify_proof(forged.to_bytes(), entry=node, log=LOG.verifier)


def test_only_the_named_log_counts() -> None:
    raw = proof_of(3, size=9).to_bytes()
    other = Ed25519NoteSigner("other.example", key(1)).verifier
    namesake = Ed25519NoteSigner("log.example", key(2)).verifier
    for log in (other, namesake):
        with pytest.raises(ProofError):
            verify_proof(raw, entry=ENTRIES[3], log=log)


def test_a_key_of_the_wrong_kind_is_the_callers_mistake() -> None:
    raw = proof_of(3, size=9).to_bytes()
    with pytest.raises(RequestError):
        verify_proof(raw, entry=ENTRIES[3], log=KEYS[0])
    with pytest.raises(RequestError):
        verify_proof(raw, entry=ENTRIES[3], log=LOG.verifier, witnesses=[LOG.verifier])


def test_extra_bytes_travel_along() -> None:
    proof = proof_of(3, size=9)
    for extra in (b"", b"\x00\xff anything"):
        carrying = LogProof(index=3, path=proof.path, checkpoint=proof.checkpoint, extra=extra)
        raw = carrying.to_bytes()
        assert LogProof.parse(raw).extra == extra
        verify_proof(raw, entry=ENTRIES[3], log=LOG.verifier)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"index 3", b"index 03"),
        (b"index 3", b"index +3"),
        (b"index 3", b"index  3"),
        (b"index 3", b"index 9223372036854775807"),
        (b"index 3", b"index 3\nindex 3"),
        (b"index 3\n", b"index 3\nextra AAAA\n"),
        (b"index 3\n", b"extra AAAA\nextra AAAA\nindex 3\n"),
        (b"tlog-proof@v1", b"tlog-proof@v2"),
        (b"tlog-proof@v1\n", b"tlog-proof@v1\r\n"),
        (b"index", b"Index"),
        (b"c2sp", b"\xef\xbb\xbfc2sp"),
    ],
)
def test_another_way_to_write_it_is_refused(old: bytes, new: bytes) -> None:
    raw = proof_of(3, size=9).to_bytes()
    assert old in raw
    with pytest.raises(FormatError):
        LogProof.parse(raw.replace(old, new, 1))


def test_more_than_63_hashes_and_more_than_a_megabyte_are_refused() -> None:
    with pytest.raises(FormatError, match="64 hashes"):
        LogProof(index=0, path=(bytes(32),) * 64, checkpoint=b"")
    raw = LogProof(index=0, path=(bytes(32),) * 63, checkpoint=b"x\n").to_bytes()
    line = base64.b64encode(bytes(32)) + b"\n"
    with pytest.raises(FormatError, match="64 hashes"):
        LogProof.parse(raw.replace(b"index 0\n", b"index 0\n" + line))
    with pytest.raises(TooLargeError, match=f"The log proof is too large: {MAX_PROOF_BYTES + 1}"):
        LogProof.parse(bytes(MAX_PROOF_BYTES + 1))


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text().map(lambda t: f"c2sp.org/tlog-proof@v1\n{t}".encode()))
def test_rubbish_is_an_evidence_error_and_nothing_else(raw: bytes) -> None:
    with pytest.raises(EvidenceError):
        verify_proof(raw, entry=b"", log=LOG.verifier)
