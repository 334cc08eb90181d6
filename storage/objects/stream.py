"""Encryption of items and of ledger columns, each under a key of the order's own.

Items are encrypted in Tink's streaming format AES256_GCM_HKDF_1MB, so that an archive can be
opened without this program, and so that any range can be read without the rest:

    header    1 byte 40 ‖ 32 bytes salt ‖ 7 bytes nonce prefix
    segments  1 MiB of ciphertext each, the first 40 bytes less for the header, the last shorter

The key of a file is HKDF-SHA-256(order's key, salt, info = associated data). The nonce of a
segment is prefix ‖ number as uint32 ‖ 1 if it is the last, else 0; its tag is its last 16 bytes.
So segments cannot be cut off, swapped, repeated or moved to another file or order.

Source: Tink wire format, "Streaming AEAD", AES-GCM-HKDF; Hoang and others, "Online authenticated
encryption and its nonce-reuse misuse-resistance" (CRYPTO 2015), the STREAM construction.
"""

import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from evidence.errors import CorruptionError, FormatError, RequestError

KEY_BYTES = 32
SEGMENT_BYTES = 1 << 20
HEADER_BYTES = 40
TAG_BYTES = 16
_SALT_BYTES = 32
_PREFIX_BYTES = 7
FIRST_PLAIN = SEGMENT_BYTES - HEADER_BYTES - TAG_BYTES
_PLAIN = SEGMENT_BYTES - TAG_BYTES
_NONCE_BYTES = 12
_ROW = b"\x01"
_HMAC_BLOCK = 64  # bytes that SHA-256 takes at a time

ReadAt: TypeAlias = Callable[[int, int], bytes]
"""(offset, length) -> that many bytes of ciphertext, or fewer at its end."""


class Encryptor:
    """Turns a stream of plaintext into one of ciphertext, holding at most one segment."""

    def __init__(self, key: bytes, *, context: bytes) -> None:
        """`context` is the associated data: the order's random handle."""
        salt, self._prefix = os.urandom(_SALT_BYTES), os.urandom(_PREFIX_BYTES)
        self._cipher = _file_cipher(key, salt, context)
        self.header = bytes([HEADER_BYTES]) + salt + self._prefix
        self._held = bytearray()
        self._number = 0

    def update(self, chunk: bytes) -> Iterator[bytes]:
        """The segments that are certain not to be the last. Take all that it yields."""
        rest = memoryview(chunk)
        while rest:
            room = self._width() - len(self._held)
            if not room:
                yield self._seal_held(last=False)
                continue
            self._held += rest[:room]
            rest = rest[room:]

    def finish(self) -> bytes:
        """The last segment. Nothing may follow."""
        return self._seal_held(last=True)

    def whole(self, data: bytes) -> bytes:
        """The only segment, of FIRST_PLAIN bytes at most. Nothing may precede or follow."""
        if self._number or self._held or len(data) > FIRST_PLAIN:
            raise RequestError(what="A segment", why=f"{len(data)} bytes are not one by themselves")
        return self._seal(data, last=True)

    def _width(self) -> int:
        return _PLAIN if self._number else FIRST_PLAIN

    def _seal_held(self, *, last: bool) -> bytes:
        sealed = self._seal(self._held, last=last)
        self._held.clear()
        return sealed

    def _seal(self, plain: bytes | bytearray, *, last: bool) -> bytes:
        nonce = _segment_nonce(self._prefix, self._number, last=last)
        sealed = self._cipher.encrypt(nonce, plain, None)
        self._number += 1
        return sealed


class Decryptor:
    """Reads ciphertext at any place. Each byte it gives was authenticated.

    Raises CorruptionError, on the spot or while reading, for ciphertext that this key and context
    did not write, byte for byte.
    """

    def __init__(self, read_at: ReadAt, size: int, key: bytes, *, context: bytes) -> None:
        """`size` is that of the ciphertext, header and all, in bytes."""
        self.size = plain_size(size)
        self._read_at = read_at
        self._total = size
        self._segments = -(-size // SEGMENT_BYTES)
        header = read_at(0, HEADER_BYTES)
        if len(header) != HEADER_BYTES or header[0] != HEADER_BYTES:
            raise _broken("its header is not that of an encrypted object")
        self._prefix = header[1 + _SALT_BYTES :]
        self._cipher = _file_cipher(key, header[1 : 1 + _SALT_BYTES], context)

    def chunks(self) -> Iterator[bytes]:
        """All plaintext, a segment at a time."""
        for number in range(self._segments):
            if segment := self._open(number):
                yield segment

    def read_range(self, start: int, stop: int) -> bytes:
        """Plaintext bytes start to stop, stop not included, cut at the end as slices are."""
        if start < 0 or stop < start:
            raise RequestError(what="A range", why=f"{start} to {stop} is not a range")
        stop = min(stop, self.size)
        if start >= stop:
            return b""
        first, last = _segment_of(start), _segment_of(stop - 1)
        plain = b"".join(self._open(number) for number in range(first, last + 1))
        offset = _starts_at(first)
        return plain[start - offset : stop - offset]

    def _open(self, number: int) -> bytes:
        begin = number * SEGMENT_BYTES or HEADER_BYTES
        end = min((number + 1) * SEGMENT_BYTES, self._total)
        sealed = self._read_at(begin, end - begin)
        last = number == self._segments - 1
        try:
            if len(sealed) != end - begin:
                raise InvalidTag
            return self._cipher.decrypt(
                _segment_nonce(self._prefix, number, last=last), sealed, None
            )
        except InvalidTag as error:
            raise _broken(f"its segment {number} does not decrypt") from error


class RowCipher:
    """Seals ledger columns, and hashes what is looked up among the rows of one order.

    Its keys are derived from the order's key, so that they go when that is destroyed.
    """

    __slots__ = ("_cipher", "_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(_derive(key, b"", b"orderproof-row-v1"))
        # HMAC-SHA-256 (RFC 2104) with its two keyed blocks hashed once: many values, one key.
        block = _derive(key, b"", b"orderproof-lookup-v1").ljust(_HMAC_BLOCK, b"\x00")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in block))

    def seal(self, data: bytes, *, place: str) -> bytes:
        """`place` names table, column and row: a value moved elsewhere does not open."""
        nonce = os.urandom(_NONCE_BYTES)
        return _ROW + nonce + self._cipher.encrypt(nonce, data, place.encode())

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """The inverse of `seal`; CorruptionError for other bytes or another place."""
        nonce = sealed[1 : 1 + _NONCE_BYTES]
        try:
            if sealed[:1] != _ROW:
                raise InvalidTag
            return self._cipher.decrypt(nonce, sealed[1 + _NONCE_BYTES :], place.encode())
        except (InvalidTag, ValueError) as error:
            what = f"The ledger's {place.partition(':')[0]}"
            raise CorruptionError(what=what, why="it does not decrypt") from error

    def lookup(self, kind: str, value: str) -> str:
        """64 hex digits, the same for the same value within the order, and only there."""
        message = f"{len(kind.encode())}:{kind}{value}".encode()
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.hexdigest()


def plain_size(size: int) -> int:
    """Bytes of plaintext in `size` bytes of ciphertext; FormatError if there is no such size."""
    segments = -(-size // SEGMENT_BYTES)
    plain = size - HEADER_BYTES - segments * TAG_BYTES
    tail = size - (segments - 1) * SEGMENT_BYTES - (HEADER_BYTES if segments == 1 else 0)
    # A segment after the first is never empty: the one before it would have been the last.
    if plain < 0 or tail < TAG_BYTES + (segments > 1):
        raise FormatError(what="An encrypted object", why=f"none has {size} bytes")
    return plain


def cipher_size(size: int) -> int:
    """Bytes of ciphertext for `size` bytes of plaintext."""
    segments = 1 if size <= FIRST_PLAIN else 1 + -(-(size - FIRST_PLAIN) // _PLAIN)
    return HEADER_BYTES + size + segments * TAG_BYTES


def _segment_of(offset: int) -> int:
    return 0 if offset < FIRST_PLAIN else 1 + (offset - FIRST_PLAIN) // _PLAIN


def _starts_at(number: int) -> int:
    return 0 if number == 0 else FIRST_PLAIN + (number - 1) * _PLAIN


def _segment_nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def _file_cipher(key: bytes, salt: bytes, context: bytes) -> AESGCM:
    return AESGCM(_derive(key, salt, context))


def _derive(key: bytes, salt: bytes, info: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise FormatError(what="An order's key", why=f"it has {len(key)} bytes, not {KEY_BYTES}")
    return HKDF(SHA256(), KEY_BYTES, salt, info).derive(key)


def _broken(why: str) -> CorruptionError:
    return CorruptionError(what="An encrypted object", why=why)
