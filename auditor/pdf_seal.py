"""The signature inside a PDF of ours: over the whole file, by which key?

Only what `orderproof report --sign` makes is read: one CMS SignedData (RFC 5652) with one signer,
ECDSA P-256 with SHA-256, over every byte but the signature's own place (ISO 32000-1, 12.8.1).
A PDF that was signed by other means, or added to afterwards, is not called ours.

What CMS carries beside signature and signed attributes, such as the certificate, is not signed: the
key decides whose it is, and is pinned. So a bit of that may differ and the report is still ours.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from evidence.errors import FormatError

# DER, as our signer writes it: 1.2.840.113549.1.9.4, the digest of what is signed.
_MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_HEX = re.compile(rb"<([0-9A-F]{2,65536})>")
_WHAT = "the PDF's signature"
SEQUENCE, SET, OCTETS, FIRST = 0x30, 0x31, 0x04, 0xA0


@dataclass(frozen=True, slots=True)
class PdfSeal:
    """What a key must have signed: `attributes`, which hold the file's digest.

    unaltered   whether the file still has that digest
    """

    attributes: bytes
    signature: bytes
    unaltered: bool


def seal_of(data: bytes) -> PdfSeal | None:
    """The signature of a PDF, None if there is none. FormatError if it is not one of ours."""
    ranges = list(_RANGE.finditer(data))
    if not ranges:
        return None
    if len(ranges) > 1:
        raise _wrong("it has several")
    start, before, begin, after = map(int, ranges[0].groups())
    held = _HEX.fullmatch(data, before, begin) if before < begin else None
    if start != 0 or held is None or begin + after != len(data):
        raise _wrong("it does not cover the whole file: something was added, or cut off")
    attributes, signature = _signer(bytes.fromhex(held[1].decode("ascii")))
    digest = hashlib.sha256(data[:before])
    digest.update(data[begin:])
    return PdfSeal(attributes, signature, _digest_in(attributes) == digest.digest())


def _signer(cms: bytes) -> tuple[bytes, bytes]:
    """The signed attributes as they were signed, and the signature."""
    if any(cms[_size(cms, 0) :]):  # what is left of the place that was kept for it is zeros
        raise _wrong("something stands behind it")
    info = _parts(_value(cms[: _size(cms, 0)], SEQUENCE), least=2)
    if info[0] != _SIGNED_DATA:
        raise _wrong("it is no SignedData")
    (signed,) = _parts(_value(info[1], FIRST), least=1)[:1]
    signers = _parts(_value(_parts(_value(signed, SEQUENCE), least=4)[-1], SET), least=1)
    if len(signers) != 1:
        raise _wrong("it has several signers")
    parts = _parts(_value(signers[0], SEQUENCE), least=5)
    attributes = next((part for part in parts if part[0] == FIRST), None)
    signature = next((part for part in parts if part[0] == OCTETS), None)
    if attributes is None or signature is None:
        raise _wrong("it has no signed attributes")
    # RFC 5652, 5.4: they are signed as a SET, whatever tag they are stored under.
    return bytes([SET]) + attributes[1:], _value(signature, OCTETS)


def _digest_in(attributes: bytes) -> bytes:
    """What the signed attributes say is the digest of the file."""
    pairs = [_parts(_value(each, SEQUENCE), least=2) for each in _parts(_value(attributes, SET))]
    found = [values for kind, values in (pair[:2] for pair in pairs) if kind == _MESSAGE_DIGEST]
    if len(found) != 1:
        raise _wrong("it does not say what it is over")
    (digest,) = _parts(_value(found[0], SET), least=1)[:1]
    return _value(digest, OCTETS)


def _parts(content: bytes, *, least: int = 0) -> list[bytes]:
    """The DER elements in `content`, each with its tag and length."""
    found, at = [], 0
    while at < len(content):
        end = at + _size(content, at)
        found.append(content[at:end])
        at = end
    if len(found) < least:
        raise _wrong("a part of it is missing")
    return found


def _size(data: bytes, at: int) -> int:
    """Of the whole element at `at`; nothing of ours has a length of more than four bytes."""
    if at + 2 > len(data):
        raise _wrong("it breaks off")
    head, size = 2, data[at + 1]
    if size & 0x80:
        head += size & 0x7F
        if not 3 <= head <= 6:
            raise _wrong("it is no DER")
        size = int.from_bytes(data[at + 2 : at + head], "big")
    if at + head + size > len(data):
        raise _wrong("it breaks off")
    return head + size


def _value(element: bytes, tag: int) -> bytes:
    """What is in an element with this tag."""
    if element[0] != tag:
        raise _wrong("a part of it is something else")
    return element[2 + (element[1] & 0x7F if element[1] & 0x80 else 0) :]


def _wrong(why: str) -> FormatError:
    return FormatError(what=_WHAT, why=why)
