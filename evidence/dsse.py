"""Signed envelopes (DSSE) and what we put into them (in-toto Statement v1).

The signature is over the PAE of payload type and payload, so neither can be swapped.
`verify` returns the payload bytes; parse those, never anything read before.

We sign with ECDSA P-256, deterministic (RFC 6979), DER, with the key ID that
securesystemslib computes: the form that OpenSSL, securesystemslib, cosign and
model-signing all check. The raw r ‖ s form in DSSE's own example is refused, because
none of those would agree.

Sources: DSSE protocol.md and envelope.md 1.0.2, in-toto/attestation spec v1.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias, TypeGuard

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from evidence.canonical import (
    canonical,
    from_base64,
    parse_json,
    to_base64,
)
from evidence.errors import FormatError, ProofError, RequestError, TooLargeError

IN_TOTO = "application/vnd.in-toto+json"
STATEMENT_V1 = "https://in-toto.io/Statement/v1"

MAX_ENVELOPE_BYTES = 64 << 20
MAX_SIGNATURES = 64

PublicKey: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

_WHAT = "The DSSE envelope"
_BEFORE = b'{"payload":"'
_SHA256 = re.compile("[0-9a-f]{64}")


class Signer(Protocol):
    """Whoever can sign a message: a key in a file, or one that never leaves a KMS."""

    @property
    def keyid(self) -> str: ...

    def sign(self, message: bytes, /) -> bytes:
        """The signature over `message` itself; hashing it is the signer's part."""


@dataclass(frozen=True, slots=True)
class EcdsaSigner:
    """ECDSA over P-256 with a key held in memory.

    Raises RequestError for a key on another curve.
    """

    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        keyid_of(self.key.public_key())

    @property
    def keyid(self) -> str:
        return keyid_of(self.key.public_key())

    def sign(self, message: bytes, /) -> bytes:
        """DER, and the same for the same message: RFC 6979, so no dice are needed."""
        return self.key.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of an envelope.

    keyid   a hint, signed by nobody; empty if the envelope gave none
    """

    keyid: str
    sig: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Payload bytes, what they are, and who signed. Not checked by being read."""

    payload: bytes = field(repr=False)
    payload_type: str
    signatures: tuple[Signature, ...]

    @property
    def message(self) -> bytes:
        """What each signature is over."""
        return pae(self.payload_type, self.payload)

    @classmethod
    def from_json(cls, raw: bytes, *, limit: int = MAX_ENVELOPE_BYTES) -> "Envelope":
        """Read an envelope written by anyone: either base64 alphabet, keyid or none.

        Fields the standard does not know are passed over, as it asks.
        Raises FormatError, or TooLargeError for over `limit` bytes.
        """
        if len(raw) > limit:
            raise TooLargeError(what=_WHAT, size=len(raw), limit=limit)
        # A payload of many megabytes that stands first, as we write it, is neither read as JSON nor
        # copied: standard base64 has no backslash, so the next quote ends it.
        begin, end = len(_BEFORE), raw.find(b'"', len(_BEFORE))
        if end > begin and raw.startswith(_BEFORE):
            with suppress(FormatError):
                payload = from_base64(memoryview(raw)[begin:end], what=_WHAT)
                rest = parse_json(raw[:begin] + raw[end:], what=_WHAT)
                return replace(cls.from_value(rest), payload=payload)
        return cls.from_value(parse_json(raw, limit=limit, what=_WHAT))

    @classmethod
    def from_value(cls, value: object) -> "Envelope":
        """The same, of JSON that stood inside another document."""
        if not isinstance(value, dict):
            raise FormatError(what=_WHAT, why="it is not an object")
        signatures = value.get("signatures")
        if not isinstance(signatures, list):
            raise FormatError(what=_WHAT, why="it has no list of signatures")
        if len(signatures) > MAX_SIGNATURES:
            what = "The number of signatures on an envelope"
            raise TooLargeError(what=what, size=len(signatures), limit=MAX_SIGNATURES)
        return cls(
            payload=_either_base64(_text(value, "payload")),
            payload_type=_text(value, "payloadType"),
            signatures=tuple(map(_signature, signatures)),
        )

    def to_json(self) -> bytes:
        """Canonical JSON with standard base64, the same bytes for the same envelope."""
        return canonical(self.to_value())

    def to_value(self) -> dict[str, Any]:
        """What `to_json` writes, to stand inside another document."""
        return {
            "payload": to_base64(self.payload),
            "payloadType": self.payload_type,
            "signatures": [
                {"sig": to_base64(s.sig)} | ({"keyid": s.keyid} if s.keyid else {})
                for s in self.signatures
            ],
        }


def pae(payload_type: str, payload: bytes) -> bytes:
    """Pre-authentication encoding; the lengths count bytes, in decimal."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def public_key_from_pem(pem: bytes) -> PublicKey:
    """A key this module can verify with. Raises FormatError for any other text."""
    what = "The public key"
    try:
        key = load_pem_public_key(pem)
    except Exception as error:  # cryptography raises ValueError and several others
        raise FormatError(what=what, why="it is not a PEM public key") from error
    if isinstance(key, ed25519.Ed25519PublicKey) or _is_p256(key):
        return key
    raise FormatError(what=what, why="it is not P-256 or Ed25519")


def pem_of(key: PublicKeyTypes) -> str:
    """The one way to write it, which key IDs are computed from."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def keyid_of(key: PublicKeyTypes) -> str:
    """The key ID securesystemslib computes: 64 hex digits.

    Raises RequestError for a key that is neither P-256 nor Ed25519.
    """
    if isinstance(key, ed25519.Ed25519PublicKey):
        kind = scheme = "ed25519"
        public = key.public_bytes_raw().hex()
    elif _is_p256(key):
        kind, scheme = "ecdsa", "ecdsa-sha2-nistp256"
        public = pem_of(key)
    else:
        raise RequestError(what="A signing key", why="it is not P-256 or Ed25519")
    # The older "canonical JSON" of TUF, not RFC 8785: it writes newlines unescaped.
    text = f'{{"keytype":"{kind}","keyval":{{"public":"{public}"}},"scheme":"{scheme}"}}'
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def sign(payload: bytes, payload_type: str, signers: Sequence[Signer]) -> Envelope:
    """An envelope with one signature of each signer, in their order.

    Raises RequestError for no signer, or for two with one key ID.
    """
    keyids = [signer.keyid for signer in signers]
    if not signers or len(set(keyids)) != len(keyids) or len(keyids) > MAX_SIGNATURES:
        why = f"it needs 1 to {MAX_SIGNATURES} signers, each with a key of its own"
        raise RequestError(what="An envelope", why=why)
    message = pae(payload_type, payload)
    signatures = tuple(Signature(s.keyid, s.sign(message)) for s in signers)
    return Envelope(payload, payload_type, signatures)


def verify(envelope: Envelope, keys: Iterable[PublicKey], *, threshold: int = 1) -> bytes:
    """The payload, once `threshold` different keys of `keys` have signed it.

    A signature by a key not in `keys` is passed over. The payload's type is signed
    too, but whether it is the one you expect is yours to compare.

    Raises ProofError; RequestError if `threshold` can never or always be met.
    """
    trusted = _trusted(keys, threshold)
    message = envelope.message
    signed: set[str] = set()
    for signature in envelope.signatures[:MAX_SIGNATURES]:
        # The key ID is only a hint: it says whom to try first.
        for keyid in sorted(trusted, key=lambda k: k != signature.keyid):
            if verifies(trusted[keyid], signature.sig, message):
                signed.add(keyid)
                break
    _check_threshold(signed, threshold)
    return envelope.payload


def open_sealed(raw: bytes, keys: Iterable[PublicKey], *, threshold: int = 1) -> Envelope:
    """An envelope of ours: verified, and byte for byte what `to_json` writes.

    Stricter than `verify`, which must take what any tool writes: a signature counts
    only under the key ID of its key, so of a file that one key has signed no bit can
    change, not even in a hint.

    Raises FormatError, TooLargeError, ProofError; RequestError as `verify` does.
    """
    trusted = _trusted(keys, threshold)
    envelope = Envelope.from_json(raw)
    if envelope.to_json() != raw:
        raise FormatError(what=_WHAT, why="it is not written the one way we write it")
    signed = {
        signature.keyid
        for signature in envelope.signatures
        if signature.keyid in trusted
        and verifies(trusted[signature.keyid], signature.sig, envelope.message)
    }
    _check_threshold(signed, threshold)
    return envelope


def statement(
    subjects: Sequence[Mapping[str, object]],
    predicate_type: str,
    predicate: Mapping[str, Any],
) -> dict[str, Any]:
    """An in-toto Statement v1, whose canonical bytes are a payload of type IN_TOTO.

    subjects   each `{"name": …, "digest": {"sha256": 64 lower-case hex digits}}`;
               a verifier matches them by digest alone

    Raises RequestError without a subject, or for one without such a digest.
    """
    what = "An in-toto statement"
    if not subjects or not predicate_type:
        why = "it needs at least one subject and a predicate type"
        raise RequestError(what=what, why=why)
    for subject in subjects:
        match subject.get("digest"):
            case {"sha256": str(sha256)} if _SHA256.fullmatch(sha256):
                pass
            case _:
                why = "a subject has no sha256 of 64 lower-case hex digits"
                raise RequestError(what=what, why=why)
    return {
        "_type": STATEMENT_V1,
        "subject": [dict(subject) for subject in subjects],
        "predicateType": predicate_type,
        "predicate": dict(predicate),
    }


def _trusted(keys: Iterable[PublicKey], threshold: int) -> dict[str, PublicKey]:
    trusted = {keyid_of(key): key for key in keys}
    if not 1 <= threshold <= len(trusted):
        why = f"{threshold} signatures are asked of {len(trusted)} keys"
        raise RequestError(what="A signature threshold", why=why)
    return trusted


def _check_threshold(signed: Set[str], threshold: int) -> None:
    if len(signed) < threshold:
        why = f"{len(signed)} of the {threshold} required trusted keys have signed it"
        raise ProofError(what=_WHAT, why=why)


def _is_p256(key: PublicKeyTypes) -> TypeGuard[ec.EllipticCurvePublicKey]:
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


def verifies(key: PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether the key made this signature over exactly this message."""
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(SHA256()))
        else:
            key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _signature(value: Any) -> Signature:
    if not isinstance(value, dict):
        raise FormatError(what=_WHAT, why="a signature is not an object")
    keyid = value.get("keyid")
    if keyid is not None and not isinstance(keyid, str):
        raise FormatError(what=_WHAT, why="a keyid is not a string")
    return Signature(keyid or "", _either_base64(_text(value, "sig")))


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    if not isinstance(found, str):
        raise FormatError(what=_WHAT, why=f"{name} is missing or is not a string")
    try:
        found.encode("utf-8")
    except UnicodeEncodeError as error:  # "\ud800" is JSON, but no text
        raise FormatError(what=_WHAT, why=f"{name} is not Unicode text") from error
    return found


def _either_base64(text: str) -> bytes:
    """Standard or URL-safe, one of them throughout; padded, canonical."""
    if "-" in text or "_" in text:
        if "+" in text or "/" in text:
            raise FormatError(what=_WHAT, why="it mixes two base64 alphabets")
        text = text.replace("-", "+").replace("_", "/")
    return from_base64(text, what=_WHAT)
