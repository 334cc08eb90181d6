"""Just enough DER (X.690) to write a time-stamp query, and the sandbox's answers.

Writing only: what comes from outside is read by rfc3161-client, which is strict.
"""

from __future__ import annotations

from datetime import UTC, datetime

SHA256 = "2.16.840.1.101.3.4.2.1"


def sequence(*parts: bytes) -> bytes:
    return wrapped(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    """DER wants the members of a SET OF in the order of their bytes (X.690, 11.6)."""
    return wrapped(0x31, *sorted(parts))


def octets(data: bytes) -> bytes:
    return wrapped(0x04, data)


def boolean(value: bool, /) -> bytes:
    return wrapped(0x01, b"\xff" if value else b"\x00")


def null() -> bytes:
    return wrapped(0x05)


def integer(value: int) -> bytes:
    """Two's complement in as few bytes as hold it; `value` is not negative here."""
    return wrapped(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """ValueError for text that is no object identifier."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    if not 0 <= first <= 2 or second < 0 or (first < 2 and second > 39) or min(rest, default=0) < 0:
        raise ValueError(f"{dotted} is not an object identifier")
    return wrapped(0x06, *(_base_128(arc) for arc in (first * 40 + second, *rest)))


def generalized_time(at: datetime) -> bytes:
    """Whole seconds, UTC (RFC 3161, 2.4.2)."""
    return wrapped(0x18, at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


def wrapped(tag: int, *parts: bytes) -> bytes:
    """Tag, length and contents. Context tag n, constructed, is 0xA0 + n."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def _base_128(arc: int) -> bytes:
    digits = [arc & 0x7F]
    while arc := arc >> 7:
        digits.append(0x80 | arc & 0x7F)
    return bytes(reversed(digits))


def sha256_algorithm() -> bytes:
    return sequence(oid(SHA256), null())


def time_query(digest: bytes, *, nonce: int, policy: str | None = None) -> bytes:
    """A TimeStampReq that asks for the certificate too (RFC 3161, 2.4.1).

    digest   SHA-256 of what is to be stamped, 32 bytes
    policy   the object identifier that the authority must stamp under, dotted
    """
    return sequence(
        integer(1),
        sequence(sha256_algorithm(), octets(digest)),
        oid(policy) if policy else b"",
        integer(nonce),
        boolean(True),
    )
