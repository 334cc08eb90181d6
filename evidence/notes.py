"""Signed notes: a text and, below it, one line for each signature (C2SP signed-note).

    text, ending in a newline
    (empty line)
    — <key name> <base64 of 4-byte key ID ‖ signature>

A key is known by its name and its key ID together. `open_note` checks every signature
of a key it was given and ignores all others: one bad signature of a known key refuses
the whole note, and so does not knowing any of them. A key ID is short and can be made
to collide; that fools nobody, because the signature is then checked and fails.

Sources: C2SP signed-note v1.0.0, tlog-cosignature v1.0.1.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from evidence.canonical import from_base64, to_base64
from evidence.errors import FormatError, ProofError, RequestError, TooLargeError

# The type bytes of C2SP signed-note that are understood here. 06 (ML-DSA-44) is the
# next one to add; until then its signatures are those of an unknown key.
ED25519 = 0x01
ECDSA = 0x02
COSIGNATURE = 0x04

MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100  # signed-note asks for at least 16; Go stops at 100 as well

_WHAT = "The signed note"
_DASH = "— "
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line, not checked by being read.

    key_id      4 bytes
    signature   what the key made, without the key ID
    """

    name: str
    key_id: bytes
    signature: bytes = field(repr=False)

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A public key with a name and a type; its text form is a vkey.

    kind   ED25519, ECDSA or COSIGNATURE
    key    32 bytes for the Ed25519 kinds, the DER of a SubjectPublicKeyInfo for ECDSA

    Raises FormatError when built from a bad name, an unknown kind or a bad key.
    """

    name: str
    kind: int
    key: bytes

    def __post_init__(self) -> None:
        _check_name(self.name, what="The verifier key")
        _public_key(self.kind, self.key)

    @classmethod
    def parse(cls, vkey: str) -> "NoteVerifier":
        """Read `name+8 hex digits of the key ID+base64(type ‖ key)`."""
        what = "The verifier key"
        parts = vkey.split("+", 2)  # the base64 may hold more of them
        if len(parts) != 3:
            raise FormatError(what=what, why="it is not name+id+key")
        name, claimed, encoded = parts
        data = from_base64(encoded, what=what)
        verifier = cls(name, data[0] if data else -1, data[1:])
        if claimed != verifier.key_id.hex():
            right = verifier.key_id.hex()
            why = f"its key ID should be {right}, not {claimed[:16]!r}"
            raise FormatError(what=what, why=why)
        return verifier

    @property
    def key_id(self) -> bytes:
        """4 bytes. ECDSA is the exception of the standard: no name, no type in it."""
        if self.kind == ECDSA:
            return hashlib.sha256(self.key).digest()[:4]
        named = self.name.encode("utf-8") + b"\n" + bytes([self.kind])
        return hashlib.sha256(named + self.key).digest()[:4]

    @property
    def vkey(self) -> str:
        """The text form; `NoteVerifier.parse` reads it."""
        data = bytes([self.kind]) + self.key
        return f"{self.name}+{self.key_id.hex()}+{to_base64(data)}"

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """Whether this key made `signature` over the note text."""
        key = _public_key(self.kind, self.key)
        try:
            if isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, text, ec.ECDSA(SHA256()))
            elif self.kind == COSIGNATURE:
                message = cosigned_message(text, at_s=cosignature_time(signature))
                key.verify(signature[8:], message)
            else:
                key.verify(signature, text)
        except (InvalidSignature, FormatError):
            return False
        return True


class NoteSigner(Protocol):
    """Whoever can sign a note; a key in a file, or one that never leaves a KMS."""

    @property
    def name(self) -> str: ...

    @property
    def key_id(self) -> bytes: ...

    def sign(self, text: bytes, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Ed25519NoteSigner:
    """Signs notes with an Ed25519 key held in memory."""

    name: str
    key: ed25519.Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> NoteVerifier:
        return NoteVerifier(self.name, ED25519, self.key.public_key().public_bytes_raw())

    @property
    def key_id(self) -> bytes:
        return self.verifier.key_id

    def sign(self, text: bytes, /) -> bytes:
        return self.key.sign(text)


@dataclass(frozen=True, slots=True)
class CosignatureSigner:
    """Cosigns a checkpoint as a witness: "the largest consistent head I saw, at `at_s`".

    at_s   POSIX seconds, from the caller's clock
    """

    name: str
    key: ed25519.Ed25519PrivateKey = field(repr=False)
    at_s: int

    @property
    def verifier(self) -> NoteVerifier:
        key = self.key.public_key().public_bytes_raw()
        return NoteVerifier(self.name, COSIGNATURE, key)

    @property
    def key_id(self) -> bytes:
        return self.verifier.key_id

    def sign(self, text: bytes, /) -> bytes:
        message = cosigned_message(text, at_s=self.at_s)
        return self.at_s.to_bytes(8, "big") + self.key.sign(message)


@dataclass(frozen=True, slots=True)
class Note:
    """A note at least one of whose signatures was checked and holds.

    text         the signed bytes, with the final newline
    verified     signatures that hold, with the keys that say so, in the note's order
    unverified   signatures of keys nobody named; they say nothing
    """

    text: bytes
    verified: tuple[tuple[NoteVerifier, NoteSignature], ...]
    unverified: tuple[NoteSignature, ...]


def sign_note(text: bytes, signers: Sequence[NoteSigner]) -> bytes:
    """The note with one signature of each signer.

    Raises RequestError without a signer, FormatError if the text cannot be a note's.
    """
    if not signers:
        raise RequestError(what=_WHAT, why="no signer was given")
    _check_text(text)
    return _joined(text, [signature_by(signer, text) for signer in signers])


def signature_by(signer: NoteSigner, text: bytes) -> NoteSignature:
    """One signer's signature over a note text, for `add_signatures`."""
    _check_name(signer.name, what="The signer's name")
    return NoteSignature(signer.name, signer.key_id, signer.sign(text))


def add_signatures(raw: bytes, signatures: Iterable[NoteSignature]) -> bytes:
    """The same note with more signature lines below; what is there stays as it is.

    A line that is there already is not written twice. Nothing is verified here.
    Raises RequestError if the same key has signed already, with other bytes.
    """
    text, present = split_note(raw)
    added: list[NoteSignature] = []
    for new in signatures:
        same_key = [s for s in (*present, *added) if (s.name, s.key_id) == (new.name, new.key_id)]
        if any(s.signature != new.signature for s in same_key):
            why = f"the key {new.name}+{new.key_id.hex()} has signed it already"
            raise RequestError(what=_WHAT, why=why)
        if not same_key:
            added.append(new)
    return _joined(text, [*present, *added])


def open_note(raw: bytes, verifiers: Iterable[NoteVerifier]) -> Note:
    """Check every signature of a known key, and return the text they vouch for.

    Raises FormatError if `raw` is not a note, ProofError if a known key's signature
    fails or if no known key has signed. Of two signatures by one key the first counts.
    """
    known: dict[tuple[str, bytes], NoteVerifier] = {}
    for verifier in verifiers:
        at = (verifier.name, verifier.key_id)
        if known.setdefault(at, verifier) != verifier:
            why = f"two keys share the name and ID {verifier.name}+{at[1].hex()}"
            raise RequestError(what="A list of verifier keys", why=why)

    text, signatures = split_note(raw)
    verified: list[tuple[NoteVerifier, NoteSignature]] = []
    unverified: list[NoteSignature] = []
    seen: set[tuple[str, bytes]] = set()
    for signature in signatures:
        at = (signature.name, signature.key_id)
        known_as = known.get(at)
        if known_as is None:
            unverified.append(signature)
        elif at not in seen:
            seen.add(at)
            if not known_as.verifies(text, signature.signature):
                key = f"{signature.name}+{signature.key_id.hex()}"
                raise ProofError(what=_WHAT, why=f"the signature of {key} is wrong")
            verified.append((known_as, signature))
    if not verified:
        raise ProofError(what=_WHAT, why="no key that is trusted has signed it")
    return Note(text, tuple(verified), tuple(unverified))


def split_note(raw: bytes) -> tuple[bytes, tuple[NoteSignature, ...]]:
    """Text and signature lines of a note, read strictly but not verified."""
    if len(raw) > MAX_NOTE_BYTES:
        raise TooLargeError(what=_WHAT, size=len(raw), limit=MAX_NOTE_BYTES)
    _check_characters(raw)
    text, blank, lines = raw.rpartition(b"\n\n")
    if not blank:
        raise FormatError(what=_WHAT, why="no empty line stands before signatures")
    return text + b"\n", parse_signatures(lines)


def parse_signatures(lines: bytes) -> tuple[NoteSignature, ...]:
    """Signature lines without the note, as a witness answers them.

    Raises FormatError unless there is at least one and each is well formed, and
    TooLargeError for more than MAX_SIGNATURES.
    """
    if len(lines) > MAX_NOTE_BYTES:
        raise TooLargeError(what=_WHAT, size=len(lines), limit=MAX_NOTE_BYTES)
    text = _check_characters(lines)
    if not text.endswith("\n"):
        raise FormatError(what=_WHAT, why="it does not end in a signature line")
    found = text[:-1].split("\n")
    if len(found) > MAX_SIGNATURES:
        what = "The number of signatures on a note"
        raise TooLargeError(what=what, size=len(found), limit=MAX_SIGNATURES)
    return tuple(_signature(line) for line in found)


def cosigned_message(text: bytes, *, at_s: int) -> bytes:
    """What a witness signs: the time, then the whole note text (tlog-cosignature)."""
    if not 0 <= at_s < 1 << 63:
        raise FormatError(what="A cosignature", why="its time is out of range")
    return b"cosignature/v1\ntime %d\n%b" % (at_s, text)


def cosignature_time(signature: bytes) -> int:
    """POSIX seconds in a cosignature (8 bytes of time, 64 of Ed25519)."""
    if len(signature) != 72:
        why = f"it has {len(signature)} bytes, not 72"
        raise FormatError(what="A cosignature", why=why)
    at_s = int.from_bytes(signature[:8], "big")
    if at_s >= 1 << 63:
        raise FormatError(what="A cosignature", why="its time is out of range")
    return at_s


def _joined(text: bytes, signatures: Sequence[NoteSignature]) -> bytes:
    if len(signatures) > MAX_SIGNATURES:
        what = "The number of signatures on a note"
        raise TooLargeError(what=what, size=len(signatures), limit=MAX_SIGNATURES)
    return text + b"\n" + "".join(s.line for s in signatures).encode("utf-8")


def _signature(line: str) -> NoteSignature:
    if not line.startswith(_DASH):
        why = "a line below the empty line is not a signature"
        raise FormatError(what=_WHAT, why=why)
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    _check_name(name, what=_WHAT)
    data = from_base64(encoded, what="A signature on the note")
    if len(data) < 5:
        raise FormatError(what=_WHAT, why="a signature line holds no signature")
    return NoteSignature(name, data[:4], data[4:])


def _check_text(text: bytes) -> None:
    _check_characters(text)
    if not text.endswith(b"\n"):
        raise FormatError(what=_WHAT, why="its text does not end in a newline")


def _check_characters(raw: bytes) -> str:
    if re.search(rb"[\x00-\x09\x0b-\x1f]", raw):
        raise FormatError(what=_WHAT, why="it holds a control character")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(what=_WHAT, why="it is not UTF-8") from error


def _check_name(name: str, *, what: str) -> None:
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        why = "a key name is not empty and holds no space and no plus sign"
        raise FormatError(what=what, why=why)
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise FormatError(what=what, why="a key name is not UTF-8") from error


def _public_key(kind: int, key: bytes) -> ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey:
    what = "The verifier key"
    if kind in (ED25519, COSIGNATURE):
        if len(key) != 32:
            why = f"an Ed25519 key has 32 bytes, not {len(key)}"
            raise FormatError(what=what, why=why)
        return ed25519.Ed25519PublicKey.from_public_bytes(key)
    if kind != ECDSA:
        why = "its type is not 01 (Ed25519), 02 (ECDSA) or 04 (cosignature)"
        raise FormatError(what=what, why=why)
    try:
        loaded = load_der_public_key(key)
    except Exception as error:  # cryptography raises ValueError and several others
        raise FormatError(what=what, why="it holds no public key") from error
    if not isinstance(loaded, ec.EllipticCurvePublicKey) or not isinstance(loaded.curve, _CURVES):
        raise FormatError(what=what, why="it is not on P-256, P-384 or P-521")
    # The key ID is a hash of these bytes, so only one encoding of a key may count.
    if loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != key:
        raise FormatError(what=what, why="it is not the DER form of its key")
    return loaded
