"""Envelopes that securesystemslib and OpenSSL accept, and forgeries that nobody does."""

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib import dsse as theirs
from securesystemslib.signer import CryptoSigner, Key, SSlibKey  # type: ignore[attr-defined]

from evidence.canonical import canonical
from evidence.dsse import (
    IN_TOTO,
    EcdsaSigner,
    Envelope,
    PublicKey,
    Signature,
    keyid_of,
    open_sealed,
    pae,
    public_key_from_pem,
    sign,
    statement,
    verify,
)
from evidence.errors import EvidenceError, FormatError, ProofError, RequestError, TooLargeError
from tests.vectors import dsse_protocol

PAYLOAD = b'{"any":"bytes"}\x00\xff'


def private(number: int = 1) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(number, ec.SECP256R1())


class Ed25519Signer:
    def __init__(self, seed: int = 1) -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)

    @property
    def keyid(self) -> str:
        return keyid_of(self.key.public_key())

    def sign(self, message: bytes, /) -> bytes:
        return self.key.sign(message)


SIGNER = EcdsaSigner(private())
KEY = private().public_key()


def documented_key() -> ec.EllipticCurvePublicKey:
    key = private(dsse_protocol.D).public_key()
    assert key.public_numbers().x == dsse_protocol.X
    assert key.public_numbers().y == dsse_protocol.Y
    return key


def test_the_message_of_the_protocols_example_is_ours() -> None:
    assert pae(dsse_protocol.PAYLOAD_TYPE, dsse_protocol.PAYLOAD) == dsse_protocol.PAE
    assert pae("é", b"\x00\xff") == b"DSSEv1 2 \xc3\xa9 2 \x00\xff"


def test_the_signature_of_the_protocols_example_verifies_as_der_only() -> None:
    raw = base64.b64decode(dsse_protocol.RAW_SIGNATURE)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    der = encode_dss_signature(r, s)

    def signed(sig: bytes) -> Envelope:
        return Envelope(dsse_protocol.PAYLOAD, dsse_protocol.PAYLOAD_TYPE, (Signature("", sig),))

    assert verify(signed(der), [documented_key()]) == dsse_protocol.PAYLOAD
    with pytest.raises(ProofError):
        verify(signed(raw), [documented_key()])
    # It was made by RFC 6979, so we make the very same one.
    ours = sign(
        dsse_protocol.PAYLOAD, dsse_protocol.PAYLOAD_TYPE, [EcdsaSigner(private(dsse_protocol.D))]
    )
    assert ours.signatures[0].sig == der


@pytest.mark.needs_shared
def test_every_shared_message_and_key_id_is_ours(shared: Path) -> None:
    vectors = json.loads((shared / "contracts/tlog/dsse/dsse.json").read_text())
    for vector in vectors["pae"]:
        body = base64.b64decode(vector["body_b64"])
        assert pae(vector["type"], body) == base64.b64decode(vector["pae_b64"])
    keys = vectors["keys"]
    for name in ("ed25519", "p256"):
        key = public_key_from_pem(keys[f"{name}_pub_pem"].encode())
        assert keyid_of(key) == keys["securesystemslib_keyids"][name]


@pytest.mark.needs_shared
def test_every_shared_envelope_is_judged_as_listed(shared: Path) -> None:
    vectors = json.loads((shared / "contracts/tlog/dsse/dsse.json").read_text())
    pems = [vectors["keys"][name].encode() for name in ("ed25519_pub_pem", "p256_pub_pem")]
    keys: list[PublicKey] = [*map(public_key_from_pem, pems), documented_key()]
    assert len(vectors["envelopes"]) == 7
    for vector in vectors["envelopes"]:
        holds = envelope_holds(vector["envelope"], keys, vector.get("threshold", 1))
        if "der_b64" in vector:  # raw r and s; see evidence.dsse for why only DER counts
            assert not holds
            vector["envelope"]["signatures"][0]["sig"] = vector["der_b64"]
            holds = envelope_holds(vector["envelope"], keys, 1)
        assert holds == vector["ok"], vector["id"]


def envelope_holds(value: dict[str, Any], keys: list[PublicKey], threshold: int) -> bool:
    envelope = Envelope.from_json(json.dumps(value).encode())
    try:
        payload = verify(envelope, keys, threshold=threshold)
    except ProofError:
        return False
    listed: str = value["payload"].translate(str.maketrans("-_", "+/"))
    return base64.b64encode(payload).decode() == listed


@settings(deadline=None)
@given(st.binary(max_size=200), st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_signed_is_verified_and_written_one_way(payload: bytes, kind: str) -> None:
    envelope = sign(payload, kind, [SIGNER])
    raw = envelope.to_json()
    again = Envelope.from_json(raw)
    assert again == envelope
    assert again.payload_type == kind
    assert verify(again, [KEY]) == payload
    assert sign(payload, kind, [SIGNER]).to_json() == raw
    assert canonical(json.loads(raw)) == raw


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_no_bit_of_an_envelope_can_be_flipped_unnoticed(data: st.DataObject) -> None:
    raw = bytearray(sign(PAYLOAD, IN_TOTO, [SIGNER]).to_json())
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    try:
        envelope = Envelope.from_json(bytes(raw))
        payload = verify(envelope, [KEY])
    except (ProofError, FormatError):
        return
    # Only the key ID is not signed: it and its field's name are hints, and nothing rests on them.
    assert (payload, envelope.payload_type) == (PAYLOAD, IN_TOTO)
    assert envelope.signatures[0].keyid != SIGNER.keyid


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_no_bit_of_an_envelope_of_ours_can_be_flipped_at_all(data: st.DataObject) -> None:
    raw = bytearray(sign(PAYLOAD, IN_TOTO, [SIGNER]).to_json())
    assert open_sealed(bytes(raw), [KEY]).payload == PAYLOAD
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises((ProofError, FormatError)):
        open_sealed(bytes(raw), [KEY])


def test_an_envelope_of_ours_is_written_one_way() -> None:
    raw = sign(PAYLOAD, IN_TOTO, [SIGNER]).to_json()
    for other in (raw + b"\n", raw.replace(b'{"payload"', b'{ "payload"'), raw[:-1] + b',"x":1}'):
        assert verify(Envelope.from_json(other), [KEY]) == PAYLOAD
        with pytest.raises(FormatError):
            open_sealed(other, [KEY])
    with pytest.raises(ProofError):
        open_sealed(raw, [private(2).public_key()])
    both = sign(PAYLOAD, IN_TOTO, [SIGNER, EcdsaSigner(private(2))]).to_json()
    with pytest.raises(ProofError, match="1 of the 2"):
        open_sealed(both, [KEY, private(3).public_key()], threshold=2)


def test_securesystemslib_verifies_ours() -> None:
    ed25519 = Ed25519Signer()
    envelope = sign(PAYLOAD, IN_TOTO, [SIGNER, ed25519])
    other = theirs.Envelope.from_dict(json.loads(envelope.to_json()))
    keys: list[Key] = [SSlibKey.from_crypto(KEY), SSlibKey.from_crypto(ed25519.key.public_key())]
    assert set(other.verify(keys, 2)) == {SIGNER.keyid, ed25519.keyid}
    assert other.pae() == envelope.message


def test_we_verify_securesystemslibs() -> None:
    envelope = theirs.Envelope(PAYLOAD, IN_TOTO, {})
    ed25519 = Ed25519Signer().key
    for key in (private(), ed25519):
        envelope.sign(CryptoSigner(key))
    ours = Envelope.from_json(json.dumps(envelope.to_dict(), indent=1).encode())
    assert verify(ours, [KEY, ed25519.public_key()], threshold=2) == PAYLOAD
    assert [s.keyid for s in ours.signatures] == [keyid_of(KEY), keyid_of(ed25519.public_key())]


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 2**200), st.binary(min_size=32, max_size=32))
def test_key_ids_are_securesystemslibs(number: int, seed: bytes) -> None:
    for key in (
        private(number).public_key(),
        Ed25519PrivateKey.from_private_bytes(seed).public_key(),
    ):
        assert keyid_of(key) == SSlibKey.from_crypto(key).keyid


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_ours(tmp_path: Path) -> None:
    envelope = sign(PAYLOAD, IN_TOTO, [SIGNER])
    pem = KEY.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "sig").write_bytes(envelope.signatures[0].sig)

    def openssl(message: bytes) -> subprocess.CompletedProcess[bytes]:
        (tmp_path / "message").write_bytes(message)
        command = ["openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "sig"]
        return subprocess.run(
            [*command, "message"], cwd=tmp_path, capture_output=True, timeout=60, check=False
        )

    assert openssl(envelope.message).returncode == 0
    assert openssl(envelope.message + b" ").returncode != 0


def test_a_threshold_counts_keys_and_not_signatures() -> None:
    one, two = EcdsaSigner(private(1)), EcdsaSigner(private(2))
    keys = [private(n).public_key() for n in (1, 2)]
    once = sign(PAYLOAD, IN_TOTO, [one])
    # Renamed, repeated, and signed anew (ECDSA has many signatures by one key): still one key.
    (sig,) = once.signatures
    twice = Envelope(PAYLOAD, IN_TOTO, (sig, sig, Signature(two.keyid, sig.sig)))
    assert verify(twice, keys) == PAYLOAD
    with pytest.raises(ProofError, match="1 of the 2"):
        verify(twice, keys, threshold=2)
    assert verify(sign(PAYLOAD, IN_TOTO, [one, two]), keys, threshold=2) == PAYLOAD


@pytest.mark.parametrize("threshold", [0, -1, 2, 3])
def test_a_threshold_that_is_never_or_always_met_is_the_callers_mistake(threshold: int) -> None:
    with pytest.raises(RequestError):
        verify(sign(PAYLOAD, IN_TOTO, [SIGNER]), [KEY, KEY], threshold=threshold)


def test_a_key_id_is_a_hint_and_no_more() -> None:
    (sig,) = sign(PAYLOAD, IN_TOTO, [SIGNER]).signatures
    for keyid in ("", "0" * 64, "not even hex"):
        assert verify(Envelope(PAYLOAD, IN_TOTO, (Signature(keyid, sig.sig),)), [KEY]) == PAYLOAD
    with pytest.raises(ProofError):  # the right name on another key's signature
        verify(sign(PAYLOAD, IN_TOTO, [SIGNER]), [private(2).public_key()])


def test_a_payload_does_not_pass_under_another_type() -> None:
    (sig,) = sign(b"2 b", "a", [SIGNER]).signatures
    for payload, kind in [(b"2 b", "b"), (b"b", "a 2"), (b"", "a 3 2 b")]:
        with pytest.raises(ProofError):
            verify(Envelope(payload, kind, (sig,)), [KEY])


def test_strangers_signatures_are_passed_over() -> None:
    envelope = sign(PAYLOAD, IN_TOTO, [Ed25519Signer(9), SIGNER])
    junk = (Signature("", b""), Signature("x", b"\x30\x00"), *envelope.signatures)
    assert verify(Envelope(PAYLOAD, IN_TOTO, junk), [KEY]) == PAYLOAD


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"payload":"","payloadType":"","signatures":{}}',
        '{"payload":1,"payloadType":"","signatures":[]}',
        '{"payload":"","payloadType":null,"signatures":[]}',
        '{"payload":"","payloadType":"","signatures":[1]}',
        '{"payload":"","payloadType":"","signatures":[{}]}',
        '{"payload":"","payloadType":"","signatures":[{"keyid":1,"sig":""}]}',
        '{"payload":"QQ","payloadType":"","signatures":[]}',
        '{"payload":"QR==","payloadType":"","signatures":[]}',
        '{"payload":"+_8=","payloadType":"","signatures":[]}',
        '{"payload":"QQ==\\n","payloadType":"","signatures":[]}',
        '{"payload":"","payload":"QQ==","payloadType":"","signatures":[]}',
        '{"payload":"","payloadType":"\\ud800","signatures":[]}',
    ],
)
def test_what_is_no_envelope_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        Envelope.from_json(text.encode())


def test_unknown_fields_and_both_alphabets_are_read() -> None:
    text = '{"payload":"-_8=","payloadType":"t","signatures":[{"sig":"+/8=","cert":1}],"more":2}'
    envelope = Envelope.from_json(text.encode())
    assert envelope.payload == b"\xfb\xff"
    assert envelope.signatures == (Signature("", b"\xfb\xff"),)
    assert Envelope.from_json(envelope.to_json()) == envelope


@pytest.mark.parametrize(
    ("text", "read"),
    [("--8=", b"\xfb\xef"), ("__8=", b"\xff\xff"), ("++8=", b"\xfb\xef"), ("-+8=", None),
     ("_/8=", None), ("/-8=", None)],
)  # fmt: skip
def test_one_alphabet_is_read_throughout(text: str, read: bytes | None) -> None:
    written = {"payload": "", "payloadType": "t", "signatures": [{"sig": text}]}
    data = json.dumps(written).encode()
    if read is None:
        with pytest.raises(FormatError):
            Envelope.from_json(data)
    else:
        assert Envelope.from_json(data).signatures == (Signature("", read),)


def test_as_much_as_is_allowed_is_read_and_a_key_id_of_nobody_is_not_written() -> None:
    most = Envelope(b"", "t", (Signature("", b"s"),) * 64)
    written = most.to_json()
    assert b"keyid" not in written
    assert Envelope.from_json(written, limit=len(written)) == most
    with pytest.raises(TooLargeError):
        Envelope.from_json(written, limit=len(written) - 1)


def test_a_flood_is_refused() -> None:
    with pytest.raises(TooLargeError):
        Envelope.from_json(b" " * 101, limit=100)
    many = {"payload": "", "payloadType": "", "signatures": [{"sig": ""}] * 65}
    with pytest.raises(TooLargeError):
        Envelope.from_json(json.dumps(many).encode())


def test_keys_of_other_kinds_are_refused() -> None:
    other: Any = ec.derive_private_key(1, ec.SECP384R1())
    with pytest.raises(RequestError):
        EcdsaSigner(other)
    rsa_key = rsa.generate_private_key(65537, 2048).public_key()
    for key in (rsa_key, other.public_key()):
        with pytest.raises(FormatError):
            public_key_from_pem(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(FormatError):
        public_key_from_pem(b"-----BEGIN PUBLIC KEY-----\n")


def test_an_envelope_needs_signers_that_differ() -> None:
    for signers in ([], [SIGNER, EcdsaSigner(private())]):
        with pytest.raises(RequestError):
            sign(PAYLOAD, IN_TOTO, signers)


def test_a_statement_is_an_in_toto_statement() -> None:
    subject = {"name": "receipts", "digest": {"sha256": "a" * 64}}
    made = statement([subject], "https://example.com/t/v1", {"complete": True})
    assert made == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject],
        "predicateType": "https://example.com/t/v1",
        "predicate": {"complete": True},
    }
    assert verify(sign(canonical(made), IN_TOTO, [SIGNER]), [KEY]) == canonical(made)


@pytest.mark.parametrize(
    "digest", [None, {}, {"sha256": "A" * 64}, {"sha256": "a" * 63}, {"sha1": "a" * 40}]
)
def test_a_subject_without_a_digest_is_refused(digest: object) -> None:
    with pytest.raises(RequestError):
        statement([{"name": "x", "digest": digest}], "t", {})
    with pytest.raises(RequestError):
        statement([], "t", {})


def test_a_private_key_does_not_show() -> None:
    assert repr(SIGNER) == "EcdsaSigner()"


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_rubbish_is_an_evidence_error_and_nothing_else(raw: bytes) -> None:
    with pytest.raises(EvidenceError):
        Envelope.from_json(raw)
