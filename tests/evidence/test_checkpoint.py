"""Heads of logs: read strictly, and believed only from the log itself."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.checkpoint import Checkpoint, open_checkpoint
from evidence.errors import EvidenceError, FormatError, ProofError, RequestError
from evidence.merkle import EMPTY_ROOT, consistency_path, hash_leaf, root, verify_consistency
from evidence.notes import (
    CosignatureSigner,
    Ed25519NoteSigner,
    NoteVerifier,
    add_signatures,
    sign_note,
    signature_by,
)

HEAD = Checkpoint(origin="log.example", size=3, root=bytes(range(32)))


def key(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


LOG = Ed25519NoteSigner("log.example", key(1))
WITNESSES = [CosignatureSigner(f"w{n}.example", key(10 + n), 1_767_226_200) for n in range(3)]


@pytest.mark.needs_shared
def test_every_shared_checkpoint_body_is_read_or_refused(shared: Path) -> None:
    vectors = json.loads((shared / "contracts/tlog/checkpoints.json").read_text())
    for vector in vectors["checkpoints"]:
        body = vector["body"].encode()
        if vector["ok"]:
            assert Checkpoint.parse(body).text == body
        else:
            with pytest.raises(FormatError):
                Checkpoint.parse(body)


@pytest.mark.needs_shared
@pytest.mark.parametrize("log", ["exhibit-log", "tessera-log"])
def test_every_head_of_the_shared_logs_opens(shared: Path, log: str) -> None:
    folder = shared / "contracts/tlog" / log
    keys = json.loads((folder / "keys.json").read_text())
    verifiers = [
        NoteVerifier.parse(vkey) for vkey in (keys["log_vkey"], *keys.get("witness_vkeys", ()))
    ]
    heads = sorted(folder.glob("checkpoint*"))
    assert len(heads) in (10, 17)
    for path in heads:
        quorum = len(verifiers) - 1
        checkpoint, note = open_checkpoint(path.read_bytes(), verifiers, quorum=quorum)
        assert checkpoint.origin == verifiers[0].name
        assert len(note.verified) == len(verifiers)
        if path.suffix:
            assert path.suffix == f".{checkpoint.size}"


@pytest.mark.needs_shared
def test_the_shared_consistency_proofs_hold_and_are_the_ones_we_make(shared: Path) -> None:
    folder = shared / "contracts/tlog"
    vkey = json.loads((folder / "exhibit-log/keys.json").read_text())["log_vkey"]
    bundles = [folder / "exhibit-log/tile/0" / name for name in ("000", "001", "002.p/88")]
    data = b"".join(path.read_bytes() for path in bundles)
    leaves = [data[at : at + 32] for at in range(0, len(data), 32)]
    for vector in json.loads((folder / "consistency/index.json").read_text()):
        lines = (folder / vector["file"]).read_text().split()
        path = [base64.b64decode(line) for line in lines]
        heads = [
            open_checkpoint(
                (folder / f"exhibit-log/checkpoint.{size}").read_bytes(), [NoteVerifier.parse(vkey)]
            )[0]
            for size in (vector["old"], vector["new"])
        ]
        old, new = heads
        verify_consistency(
            old_size=old.size, old_root=old.root, new_size=new.size, new_root=new.root, path=path
        )
        assert path == consistency_path(leaves, old_size=old.size, new_size=new.size)


@settings(deadline=None)
@given(
    st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1),
    st.integers(1, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_a_checkpoint_is_read_as_it_was_written(origin: str, size: int, head: bytes) -> None:
    checkpoint = Checkpoint(origin=origin, size=size, root=head)
    assert Checkpoint.parse(checkpoint.text) == checkpoint


def test_the_text_is_three_lines() -> None:
    empty = Checkpoint(origin="log.example", size=0, root=EMPTY_ROOT)
    assert empty.text == b"log.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"


@pytest.mark.parametrize(
    ("size", "head"),
    [(0, bytes(32)), (-1, bytes(32)), (2**63, bytes(32)), (1, bytes(31)), (1, bytes(64))],
    ids=["empty tree, other root", "negative", "beyond 63 bits", "short root", "long root"],
)
def test_a_head_that_cannot_be_is_not_made(size: int, head: bytes) -> None:
    with pytest.raises(FormatError):
        Checkpoint(origin="log.example", size=size, root=head)


@pytest.mark.parametrize("size", ["٣", "1_0", " 1", "1 ", "1.", "0x1", "1" * 5000, ""])
def test_a_size_is_plain_ascii_digits(size: str) -> None:
    text = f"log.example\n{size}\n{base64.b64encode(bytes(32)).decode()}\n"
    with pytest.raises(FormatError):
        Checkpoint.parse(text.encode())


def test_a_head_signed_by_its_log_opens() -> None:
    checkpoint, note = open_checkpoint(sign_note(HEAD.text, [LOG]), [LOG.verifier])
    assert checkpoint == HEAD
    assert note.text == HEAD.text


def test_a_witness_alone_does_not_make_a_head() -> None:
    raw = sign_note(HEAD.text, [LOG, WITNESSES[0]])
    with pytest.raises(ProofError, match="no trusted key of the log"):
        open_checkpoint(raw, [WITNESSES[0].verifier])


def test_a_witness_named_like_the_log_is_still_a_witness() -> None:
    namesake = CosignatureSigner("log.example", key(1), 5)
    with pytest.raises(ProofError, match="no trusted key of the log"):
        open_checkpoint(sign_note(HEAD.text, [namesake]), [namesake.verifier])


def test_another_logs_key_does_not_make_a_head() -> None:
    other = Ed25519NoteSigner("other.example", key(9))
    raw = sign_note(HEAD.text, [other])
    with pytest.raises(ProofError, match="no trusted key of the log"):
        open_checkpoint(raw, [LOG.verifier, other.verifier])


def test_the_quorum_counts_keys_and_not_names() -> None:
    raw = sign_note(HEAD.text, [LOG])
    twins = [CosignatureSigner(name, key(11), 5) for name in ("w.example", "again.example")]
    raw = add_signatures(raw, [signature_by(w, HEAD.text) for w in twins])
    verifiers = [LOG.verifier, *(w.verifier for w in twins)]
    open_checkpoint(raw, verifiers, quorum=1)
    with pytest.raises(ProofError, match="1 of the 2"):
        open_checkpoint(raw, verifiers, quorum=2)


def test_a_log_is_not_its_own_witness() -> None:
    itself = CosignatureSigner("w.example", key(1), 5)
    raw = sign_note(HEAD.text, [LOG, itself])
    with pytest.raises(ProofError, match="0 of the 1"):
        open_checkpoint(raw, [LOG.verifier, itself.verifier], quorum=1)


def test_enough_witnesses_are_enough() -> None:
    raw = sign_note(HEAD.text, [LOG, *WITNESSES])
    verifiers = [LOG.verifier, *(w.verifier for w in WITNESSES)]
    assert open_checkpoint(raw, verifiers, quorum=3)[0] == HEAD
    with pytest.raises(ProofError):
        open_checkpoint(raw, verifiers[:3], quorum=3)
    with pytest.raises(RequestError):
        open_checkpoint(raw, verifiers, quorum=-1)


def test_a_signed_text_that_is_no_head_is_refused() -> None:
    raw = sign_note(b"log.example\nmany\n", [LOG])
    with pytest.raises(FormatError):
        open_checkpoint(raw, [LOG.verifier])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_rubbish_is_an_evidence_error_and_nothing_else(raw: bytes) -> None:
    with pytest.raises(EvidenceError):
        Checkpoint.parse(raw)


def test_the_root_in_a_head_is_that_of_its_leaves() -> None:
    leaves = [hash_leaf(b"%d" % n) for n in range(3)]
    head = Checkpoint(origin="log.example", size=3, root=root(leaves))
    assert Checkpoint.parse(head.text).root == root(leaves)
