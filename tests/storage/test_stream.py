"""The encrypted form of items: against a reader made from the specification, and against Tink."""

import hmac
import io
import os
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import CorruptionError, RequestError
from storage.objects.stream import Decryptor, Encryptor, RowCipher, cipher_size, plain_size

KEY = bytes(range(32))
CONTEXT = b"order handle"
MIB = 1 << 20
FIRST, NEXT = MIB - 56, MIB - 16  # plaintext bytes of the first segment, and of each after it
EDGES = [0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + NEXT - 1, FIRST + NEXT, FIRST + NEXT + 1]


@cache
def noise(size: int) -> bytes:
    return os.urandom(size)


def encrypt(data: bytes, *, step: int = 1 << 16, context: bytes = CONTEXT) -> bytes:
    encryptor = Encryptor(KEY, context=context)
    out = [encryptor.header]
    for at in range(0, len(data), step):
        out += encryptor.update(data[at : at + step])
    return b"".join([*out, encryptor.finish()])


def open_(raw: bytes, *, key: bytes = KEY, context: bytes = CONTEXT) -> Decryptor:
    return Decryptor(lambda at, length: raw[at : at + length], len(raw), key, context=context)


def decrypt(raw: bytes, **how: bytes) -> bytes:
    return b"".join(open_(raw, **how).chunks())


def decrypt_by_the_book(raw: bytes) -> bytes:
    """Straight from Tink's description of the format, sharing nothing with the code."""
    assert raw[0] == 40
    salt, prefix = raw[1:33], raw[33:40]
    cipher = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=CONTEXT).derive(KEY))
    parts = [raw[40:MIB]] + [raw[at : at + MIB] for at in range(MIB, len(raw), MIB)]
    return b"".join(
        cipher.decrypt(
            prefix + number.to_bytes(4, "big") + (b"\1" if number == len(parts) - 1 else b"\0"),
            part,
            None,
        )
        for number, part in enumerate(parts)
    )


def tink(key: bytes) -> Any:
    """Tink's own primitive for the template AES256_GCM_HKDF_1MB, with our key."""
    pytest.importorskip("tink", reason="Tink is not installed: pip install tink")
    from tink import proto_keyset_format, secret_key_access, streaming_aead
    from tink.proto import aes_gcm_hkdf_streaming_pb2, tink_pb2

    streaming_aead.register()
    template = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
    form = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKeyFormat.FromString(template.value)
    ours = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(key_value=key, params=form.params)
    data = tink_pb2.KeyData(
        type_url=template.type_url,
        value=ours.SerializeToString(),
        key_material_type=tink_pb2.KeyData.SYMMETRIC,
    )
    entry = tink_pb2.Keyset.Key(
        key_data=data, status=tink_pb2.ENABLED, key_id=1, output_prefix_type=tink_pb2.RAW
    )
    keyset = tink_pb2.Keyset(primary_key_id=1, key=[entry])
    handle = proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


class Kept(io.BytesIO):
    """Tink closes what it writes to; the bytes are wanted afterwards."""

    def close(self) -> None:
        pass


@pytest.mark.parametrize("size", EDGES)
def test_what_we_write_a_reader_made_from_the_specification_opens(size: int) -> None:
    raw = encrypt(noise(size))
    assert decrypt_by_the_book(raw) == noise(size)
    assert decrypt(raw) == noise(size)
    assert (len(raw), plain_size(len(raw))) == (cipher_size(size), size)


@pytest.mark.parametrize("size", EDGES)
def test_tink_opens_what_we_write(size: int) -> None:
    primitive = tink(KEY)
    with primitive.new_decrypting_stream(io.BytesIO(encrypt(noise(size))), CONTEXT) as stream:
        assert stream.read() == noise(size)


@pytest.mark.parametrize("size", EDGES)
def test_we_open_what_tink_writes(size: int) -> None:
    out = Kept()
    with tink(KEY).new_encrypting_stream(out, CONTEXT) as stream:
        stream.write(noise(size))
    assert decrypt(out.getvalue()) == noise(size)


@settings(max_examples=15, deadline=None)
@given(size=st.integers(0, 3 * MIB), context=st.binary(max_size=40))
def test_tink_agrees_at_any_size_and_context(size: int, context: bytes) -> None:
    data = noise(3 * MIB)[:size]
    raw = encrypt(data, context=context)
    with tink(KEY).new_decrypting_stream(io.BytesIO(raw), context) as stream:
        assert stream.read() == data


LONG = noise(2 * MIB + 300_000)
SEALED = encrypt(LONG)


@settings(max_examples=60, deadline=None)
@given(start=st.integers(0, len(LONG) + 10), length=st.integers(0, 1_300_000))
def test_a_range_is_the_slice(start: int, length: int) -> None:
    stop = start + length
    assert open_(SEALED).read_range(start, stop) == LONG[start:stop]


@pytest.mark.parametrize("edge", [FIRST, FIRST + NEXT])
def test_a_range_across_segments_is_the_slice(edge: int) -> None:
    for start in range(edge - 2, edge + 2):
        for stop in range(start, edge + 3):
            assert open_(SEALED).read_range(start, stop) == LONG[start:stop]


def test_a_range_reads_only_the_segments_that_hold_it() -> None:
    asked: list[tuple[int, int]] = []

    def read_at(at: int, length: int) -> bytes:
        asked.append((at, length))
        return SEALED[at : at + length]

    Decryptor(read_at, len(SEALED), KEY, context=CONTEXT).read_range(FIRST + 5, FIRST + 9)
    assert asked == [(0, 40), (MIB, MIB)]


@pytest.mark.parametrize(("start", "stop"), [(-1, 5), (5, 4)])
def test_a_range_that_is_none_is_refused(start: int, stop: int) -> None:
    with pytest.raises(RequestError):
        open_(SEALED).read_range(start, stop)


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, len(SEALED) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_refused(at: int, bit: int) -> None:
    changed = bytearray(SEALED)
    changed[at] ^= 1 << bit
    with pytest.raises(CorruptionError):
        decrypt(bytes(changed))


@settings(max_examples=60, deadline=None)
@given(size=st.one_of(st.integers(0, len(SEALED) - 1), st.sampled_from([0, 40, 56, MIB, 2 * MIB])))
def test_a_cut_anywhere_is_refused(size: int) -> None:
    with pytest.raises(CorruptionError):
        decrypt(SEALED[:size])


def test_segments_swapped_repeated_dropped_or_added_are_refused() -> None:
    first, second, third = SEALED[:MIB], SEALED[MIB : 2 * MIB], SEALED[2 * MIB :]
    fourth = encrypt(noise(3 * MIB))[MIB : 2 * MIB]
    for wrong in (
        first + third,
        first + second + second,
        first + second + second + third,
        SEALED[:40] + second[40:] + first + third,
        first + fourth + third,
        SEALED + b"\0",
        SEALED + third,
        SEALED + bytes(16),
    ):
        with pytest.raises(CorruptionError):
            decrypt(wrong)


def test_another_key_or_context_is_refused() -> None:
    with pytest.raises(CorruptionError):
        decrypt(SEALED, context=b"another order")
    with pytest.raises(CorruptionError):
        decrypt(SEALED, key=bytes(32))


def test_the_same_bytes_are_encrypted_differently_each_time() -> None:
    assert encrypt(b"same") != encrypt(b"same")


@given(data=st.binary(max_size=300), place=st.text(max_size=30))
def test_a_ledger_column_opens_only_in_its_place(data: bytes, place: str) -> None:
    sealed = RowCipher(KEY).seal(data, place=place)
    assert RowCipher(KEY).open(sealed, place=place) == data
    for wrong in (sealed[:-1], sealed + b"\0", b"", b"\2" + sealed[1:], sealed[:5]):
        with pytest.raises(CorruptionError):
            RowCipher(KEY).open(wrong, place=place)
    with pytest.raises(CorruptionError):
        RowCipher(KEY).open(sealed, place=place + "x")
    with pytest.raises(CorruptionError):
        RowCipher(bytes(32)).open(sealed, place=place)


def test_a_lookup_within_an_order_says_nothing_in_another() -> None:
    one, other = RowCipher(KEY), RowCipher(bytes(32))
    assert one.lookup("content", "x") == RowCipher(KEY).lookup("content", "x")
    assert one.lookup("content", "x") != other.lookup("content", "x")
    assert one.lookup("content", "x") != one.lookup("ordinal", "x")
    assert one.lookup("a", "bc") != one.lookup("ab", "c")


def test_a_lookup_is_hmac_sha_256_under_a_derived_key() -> None:
    key = HKDF(SHA256(), 32, b"", b"orderproof-lookup-v1").derive(KEY)
    for kind, value in (("content", "x" * 300), ("ordinal", ""), ("é", "订单")):
        message = f"{len(kind.encode())}:{kind}{value}".encode()
        expected = hmac.digest(key, message, "sha256").hex()
        assert RowCipher(KEY).lookup(kind, value) == expected
