"""What bytes are, by how they begin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.media import HEAD, UNKNOWN, sniff


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\xff\xd8\xff\xe1", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x10\x00\x00\x00WAVE", UNKNOWN),
        (b"II*\x00", "image/tiff"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"\x00\x00\x00\x18ftyp????", UNKNOWN),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1f\x8b\x08", "application/gzip"),
        (b"  <!DOCTYPE HTML><p>", "text/html"),
        (b"<?xml version='1.0'?>", "text/xml"),
        ("订单".encode(), "text/plain"),
        ("订单".encode("utf-16"), "text/plain"),
        ("订单".encode() * 2000, "text/plain"),
        ("订单".encode("gb18030"), UNKNOWN),
        (b"", UNKNOWN),
        (b" \n ", UNKNOWN),
        (b"abc\x00def", UNKNOWN),
        (b" %PDF-1.7", "text/plain"),
    ],
)
def test_the_first_bytes_tell_what_it_is(head: bytes, media_type: str) -> None:
    assert sniff(head) == media_type


@given(st.binary(max_size=64))
def test_bytes_behind_the_head_change_nothing(head: bytes) -> None:
    start = head.ljust(HEAD, b"a")
    assert sniff(start) == sniff(start + b"\x00\xff")
