"""Signed notes: who signed, and every way not to have."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import EvidenceError, FormatError, ProofError, RequestError, TooLargeError
from evidence.notes import (
    COSIGNATURE,
    ECDSA,
    ED25519,
    MAX_NOTE_BYTES,
    CosignatureSigner,
    Ed25519NoteSigner,
    NoteSignature,
    NoteVerifier,
    add_signatures,
    cosignature_time,
    cosigned_message,
    open_note,
    parse_signatures,
    sign_note,
    signature_by,
    split_note,
)
from tests.vectors import signed_note

TEXT = b"two lines\n\nand one more\n"


def signer(name: str = "log.example", seed: int = 1) -> Ed25519NoteSigner:
    return Ed25519NoteSigner(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def witness(name: str = "w.example", seed: int = 2, at_s: int = 1_767_226_200) -> CosignatureSigner:
    return CosignatureSigner(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32), at_s)


def test_the_example_of_the_standard_verifies() -> None:
    verifier = NoteVerifier.parse(signed_note.VKEY)
    note = open_note(signed_note.NOTE, [verifier])
    assert note.text == b"This is an example message.\n"
    assert [key.name for key, _ in note.verified] == ["example.com/foo"]
    assert verifier.vkey == signed_note.VKEY


@pytest.mark.needs_shared
def test_every_shared_note_is_judged_as_it_should_be(shared: Path) -> None:
    vectors = json.loads((shared / "contracts/tlog/notes.json").read_text())
    assert len(vectors) == 16
    for vector in vectors:
        found, names = judged(vector)
        assert (vector["id"], found) == (vector["id"], vector["want"])
        assert names == vector["verified"]


def judged(vector: dict[str, Any]) -> tuple[str, list[str]]:
    raw = base64.b64decode(vector["note_b64"])
    keys = [NoteVerifier.parse(vkey) for vkey in vector["vkeys"]]
    try:
        note = open_note(raw, keys)
    except (FormatError, TooLargeError):
        return "malformed", []
    except ProofError as error:
        return ("unverified" if "no key" in error.why else "invalid"), []
    assert add_signatures(raw, ()) == raw or vector["id"] == "go-duplicate-sig-ignored"
    return "ok", [key.name for key, _ in note.verified]


@pytest.mark.needs_shared
def test_every_shared_verifier_key_is_read_or_refused(shared: Path) -> None:
    vectors = json.loads((shared / "contracts/tlog/vkeys.json").read_text())["vkeys"]
    assert {v["type"] for v in vectors if v["ok"]} == {ED25519, ECDSA, COSIGNATURE}
    for vector in vectors:
        if vector["ok"]:
            verifier = NoteVerifier.parse(vector["vkey"])
            assert verifier.kind == vector["type"]
            assert verifier.vkey == vector["vkey"]
        else:
            with pytest.raises(FormatError):
                NoteVerifier.parse(vector["vkey"])


@pytest.mark.needs_shared
def test_our_witness_signs_the_shared_cosignature_byte_for_byte(shared: Path) -> None:
    vectors = json.loads((shared / "contracts/tlog/cosignature.json").read_text())
    for vector in vectors["vectors"]:
        text = vector["checkpoint_body"].encode()
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vector["seed_hex"]))
        cosigner = CosignatureSigner(vector["name"], key, vector["timestamp"])
        assert cosigner.verifier.vkey == vector["vkey"]
        assert cosigned_message(text, at_s=vector["timestamp"]) == vector["signed_message"].encode()
        assert signature_by(cosigner, text).line == vector["line"]
        (read,) = parse_signatures(vector["line"].encode())
        assert cosignature_time(read.signature) == vector["timestamp"]
        assert cosigner.verifier.verifies(text, read.signature)
    for vector in vectors["timestamp_of_line"]:
        assert cosignature_time(base64.b64decode(vector["base64"])[4:]) == vector["timestamp"]
    for vector in vectors["not_cosignatures"]:
        with pytest.raises(FormatError):
            cosignature_time(base64.b64decode(vector["base64"])[4:])


def test_a_note_opens_with_any_of_its_keys_and_keeps_the_others_apart() -> None:
    one, two = signer(seed=1), signer("other.example", seed=2)
    raw = sign_note(TEXT, [one, two])
    note = open_note(raw, [two.verifier])
    assert note.text == TEXT
    assert [key for key, _ in note.verified] == [two.verifier]
    assert [s.name for s in note.unverified] == ["log.example"]


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_an_ecdsa_key_verifies_whatever_its_name_is(curve: ec.EllipticCurve) -> None:
    key = ec.derive_private_key(12345, curve)
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    verifier = NoteVerifier("rekor.example", ECDSA, der)
    assert verifier.key_id == NoteVerifier("another.example", ECDSA, der).key_id
    assert NoteVerifier.parse(verifier.vkey) == verifier
    signature = key.sign(TEXT, ec.ECDSA(hashes.SHA256()))
    raw = add_signatures(
        sign_note(TEXT, [signer()]), [NoteSignature(verifier.name, verifier.key_id, signature)]
    )
    assert len(open_note(raw, [verifier]).verified) == 1
    with pytest.raises(ProofError):
        open_note(raw.replace(b"two", b"ten"), [verifier])


def test_an_ecdsa_key_has_one_encoding() -> None:
    # A key's ID is a hash of its bytes: the same point, compressed, would be another key.
    public = ec.derive_private_key(12345, ec.SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    header = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    with pytest.raises(FormatError, match="DER form"):
        NoteVerifier("rekor.example", ECDSA, header + point)


def test_one_wrong_signature_of_a_known_key_refuses_the_note() -> None:
    good, bad = signer(seed=1), signer("other.example", seed=2)
    forged = NoteSignature(bad.name, bad.key_id, bytes(64))
    raw = add_signatures(sign_note(TEXT, [good]), [forged])
    assert open_note(raw, [good.verifier]).unverified == (forged,)
    with pytest.raises(ProofError, match=r"other\.example"):
        open_note(raw, [good.verifier, bad.verifier])


def test_the_first_of_two_signatures_by_one_key_counts() -> None:
    good = signer()
    line = signature_by(good, TEXT).line.encode()
    forged = NoteSignature(good.name, good.key_id, bytes(64)).line.encode()
    assert len(open_note(TEXT + b"\n" + line + forged, [good.verifier]).verified) == 1
    with pytest.raises(ProofError, match="wrong"):
        open_note(TEXT + b"\n" + forged + line, [good.verifier])


def test_a_name_or_an_id_alone_is_not_the_key() -> None:
    real = signer()
    same_name = NoteSignature(real.name, b"\0\0\0\1", signature_by(real, TEXT).signature)
    same_id = NoteSignature("else.example", real.key_id, signature_by(real, TEXT).signature)
    raw = TEXT + b"\n" + (same_name.line + same_id.line).encode()
    with pytest.raises(ProofError, match="no key"):
        open_note(raw, [real.verifier])


def test_two_keys_behind_one_name_and_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # Making real ones collide takes minutes of hashing; an ID cut to nothing does it at once.
    one, two = signer(seed=1).verifier, signer(seed=2).verifier
    raw = sign_note(TEXT, [signer(seed=1)])
    assert len(open_note(raw, [one, one, two]).verified) == 1
    monkeypatch.setattr(NoteVerifier, "key_id", one.key_id)
    with pytest.raises(RequestError, match="share"):
        open_note(raw, [one, two])


def test_a_cosignature_is_not_a_signature_nor_the_other_way_round() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    plain, cosigning = Ed25519NoteSigner("x", key), CosignatureSigner("x", key, 7)
    assert plain.key_id != cosigning.key_id
    assert not plain.verifier.verifies(TEXT, cosigning.sign(TEXT))
    assert not plain.verifier.verifies(TEXT, cosigning.sign(TEXT)[8:])
    assert not cosigning.verifier.verifies(TEXT, plain.sign(TEXT))


def test_the_time_of_a_cosignature_is_signed() -> None:
    sig = witness().sign(TEXT)
    assert witness().verifier.verifies(TEXT, sig)
    later = (cosignature_time(sig) + 1).to_bytes(8, "big") + sig[8:]
    beyond = (1 << 63).to_bytes(8, "big") + sig[8:]
    assert not witness().verifier.verifies(TEXT, later)
    assert not witness().verifier.verifies(TEXT, beyond)
    with pytest.raises(FormatError):
        cosignature_time(beyond)
    for at_s in (-1, 1 << 63):
        with pytest.raises(FormatError):
            cosigned_message(TEXT, at_s=at_s)


def test_adding_a_signature_leaves_every_byte_before_it() -> None:
    raw = sign_note(TEXT, [signer()])
    more = add_signatures(raw, [signature_by(witness(), TEXT)])
    assert more.startswith(raw)
    assert add_signatures(more, [signature_by(witness(), TEXT)]) == more
    with pytest.raises(RequestError, match="signed it already"):
        add_signatures(more, [signature_by(witness(at_s=9), TEXT)])


def test_a_note_is_split_at_its_last_empty_line() -> None:
    # A signature inside the text is text.
    inner = sign_note(b"inner\n", [signer("inner.example")])
    raw = sign_note(inner, [signer()])
    assert open_note(raw, [signer().verifier]).text == inner
    with pytest.raises(ProofError, match="no key"):
        open_note(raw, [signer("inner.example").verifier])


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_bit_of_a_signed_note_can_be_flipped(data: st.DataObject) -> None:
    raw = sign_note(TEXT, [signer()])
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    forged = bytearray(raw)
    forged[bit // 8] ^= 1 << bit % 8
    with pytest.raises((ProofError, FormatError)):
        open_note(bytes(forged), [signer().verifier])


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text().map(lambda t: f"{t}\n\n— a {t}\n".encode()))
def test_rubbish_is_an_evidence_error_and_nothing_else(raw: bytes) -> None:
    with pytest.raises(EvidenceError):
        open_note(raw, [signer().verifier])


@settings(deadline=None)
@given(st.text())
def test_a_rubbish_verifier_key_is_a_format_error(text: str) -> None:
    for vkey in (text, f"name+00000000+{text}", f"{text}+00000000+AQ=="):
        with pytest.raises(FormatError):
            NoteVerifier.parse(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\nb", "a\x01"])
def test_a_name_with_a_space_or_a_plus_is_no_key_name(name: str) -> None:
    with pytest.raises(FormatError):
        NoteVerifier(name, ED25519, bytes(32))
    with pytest.raises(FormatError):
        sign_note(TEXT, [signer(name)])


@pytest.mark.parametrize(
    "text", [b"", b"no newline", b"bell\x07\n", b"tab\t\n", b"cr\r\n", b"\xff\n"]
)
def test_a_text_that_cannot_be_a_note_is_not_signed(text: bytes) -> None:
    with pytest.raises(FormatError):
        sign_note(text, [signer()])


def test_a_note_without_a_signer_is_not_made() -> None:
    with pytest.raises(RequestError):
        sign_note(TEXT, [])


def test_a_flood_is_refused() -> None:
    line = signature_by(signer(), TEXT).line.encode()
    assert len(split_note(TEXT + b"\n" + line * 100)[1]) == 100
    with pytest.raises(TooLargeError):
        split_note(TEXT + b"\n" + line * 101)
    with pytest.raises(TooLargeError):
        open_note(bytes(MAX_NOTE_BYTES + 1), [signer().verifier])


def test_a_private_key_does_not_show() -> None:
    assert "key" not in repr(signer()).lower().replace("keysigner", "")


def test_a_hundred_signatures_are_the_most_that_are_written_and_read() -> None:
    many = [signature_by(signer(f"s{n}.example", 1 + n % 200), TEXT) for n in range(101)]
    full = add_signatures(sign_note(TEXT, [signer("first.example")]), many[:99])
    assert len(split_note(full)[1]) == 100
    with pytest.raises(TooLargeError, match=r"number of signatures on a note.*101.*limit of 100"):
        add_signatures(full, many[99:100])
    assert len(split_note(sign_note(TEXT, [signer(f"s{n}.example") for n in range(100)]))[1]) == 100
    with pytest.raises(TooLargeError, match="number of signatures"):
        sign_note(TEXT, [signer(f"s{n}.example") for n in range(101)])
    lines = "".join(each.line for each in many)
    assert len(parse_signatures("".join(each.line for each in many[:100]).encode())) == 100
    with pytest.raises(TooLargeError, match="number of signatures"):
        parse_signatures(lines.encode())


def test_a_note_of_the_most_bytes_is_read_and_one_more_is_not() -> None:
    tail = sign_note(b"x\n", [signer()])[2:]
    whole = b"x" * (MAX_NOTE_BYTES - len(tail) - 1) + b"\n" + tail
    assert len(whole) == MAX_NOTE_BYTES and len(split_note(whole)[1]) == 1
    with pytest.raises(TooLargeError, match=f"signed note.*{MAX_NOTE_BYTES + 1}"):
        split_note(b"x" + whole)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"text\n", "no empty line stands before signatures"),
        (b"text\n\n", "does not end in a signature line"),
        (b"text\n\n\xe2\x80\x94 a AAAA", "does not end in a signature line"),
        (b"text\n\n- a AAAAAAAA\n", "a line below the empty line is not a signature"),
        (b"text\n\n\xe2\x80\x94 a AAAA\n", "a signature line holds no signature"),
        (b"text\n\n\xe2\x80\x94 a AAAAAA==\n", "a signature line holds no signature"),
        (b"text\n\n\xe2\x80\x94 a AAA\n", "A signature on the note.*not standard base64"),
        (b"text\n\n\xe2\x80\x94  AAAAAAAA\n", "a key name is not empty"),
        (b"te\tt\n\n\xe2\x80\x94 a AAAAAAAA\n", "it holds a control character"),
        (b"te\x1ft\n\n\xe2\x80\x94 a AAAAAAAA\n", "it holds a control character"),
        (b"te\xfft\n\n\xe2\x80\x94 a AAAAAAAA\n", "it is not UTF-8"),
    ],
)
def test_what_is_no_note_is_refused_with_the_reason(raw: bytes, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        split_note(raw)


def test_the_shortest_signature_is_read() -> None:
    (one,) = parse_signatures(b"\xe2\x80\x94 a AAAAAAE=\n")
    assert one == NoteSignature("a", bytes(4), b"\x01")
    assert one.line == "\N{EM DASH} a AAAAAAE=\n"


@pytest.mark.parametrize(
    ("vkey", "says"),
    [
        ("a", "it is not name\\+id\\+key"),
        ("a+00000000", "it is not name\\+id\\+key"),
        ("a+00000000+", "its type is not 01"),
        ("a+00000000+BQ==", "its type is not 01"),
        ("a+00000000+AQ==", "an Ed25519 key has 32 bytes, not 0"),
        ("a+00000000+Ag==", "it holds no public key"),
        ("a b+00000000+AQ==", "a key name is not empty"),
        ("+00000000+AQ==", "a key name is not empty"),
    ],
)
def test_a_verifier_key_is_refused_with_the_reason(vkey: str, says: str) -> None:
    with pytest.raises(FormatError, match=f"The verifier key.*{says}"):
        NoteVerifier.parse(vkey)
    good = signer().verifier
    assert NoteVerifier.parse(good.vkey) == good
    name, key_id, key = good.vkey.split("+", 2)
    with pytest.raises(FormatError, match=f"its key ID should be {key_id}, not '00000000'"):
        NoteVerifier.parse(f"{name}+00000000+{key}")


def test_the_time_of_a_cosignature_is_within_what_eight_bytes_say() -> None:
    last = (1 << 63) - 1
    assert cosigned_message(b"t\n", at_s=last).endswith(b"time %d\nt\n" % last)
    assert cosignature_time(last.to_bytes(8, "big") + bytes(64)) == last
    for at_s in (-1, 1 << 63):
        with pytest.raises(FormatError, match=r"A cosignature.*time is out of range"):
            cosigned_message(b"t\n", at_s=at_s)
    with pytest.raises(FormatError, match=r"A cosignature.*time is out of range"):
        cosignature_time((1 << 63).to_bytes(8, "big") + bytes(64))
    for size in (71, 73):
        with pytest.raises(FormatError, match=f"it has {size} bytes, not 72"):
            cosignature_time(bytes(size))


def test_a_key_that_signed_already_signs_the_same_again_and_nothing_else() -> None:
    note = sign_note(TEXT, [signer()])
    assert add_signatures(note, [signature_by(signer(), TEXT)]) == note
    other = NoteSignature(signer().name, signer().key_id, b"other")
    with pytest.raises(RequestError, match="has signed it already"):
        add_signatures(note, [other])
    with pytest.raises(RequestError, match="has signed it already"):
        add_signatures(sign_note(TEXT, [witness()]), [signature_by(signer(), TEXT), other])
