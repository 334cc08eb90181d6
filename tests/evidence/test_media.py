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
        (b"<!-- Saved from https://a.example -->\n<html lang=de>", "text/html"),
        (b"<!-- a note --> and no page", "text/plain"),
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


MAIL = "Received: by mx\nFrom: a@example.org\nSubject: hi\n\nwords"


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (MAIL, "message/rfc822"),
        (MAIL.replace("\n", "\r\n"), "message/rfc822"),
        (f"From a@example.org Mon\n{MAIL}", "message/rfc822"),  # a mailbox file
        ("From here on\nall is text", "text/plain"),
        ("Return-Path: <>\nMESSAGE-ID: <1>\n\n", "message/rfc822"),  # two that only mails have
        ("Return-Path: <>\nMESSAGE-ID : <1>\n\n", "text/plain"),
        ("Return-Path: <>\nFrom: a\n\n", "text/plain"),  # one of them, and two in all
        ("MIME-Version: 1.0\nFrom: a\nTo: b\n\n", "message/rfc822"),
        ("Content-Type: text/plain\nFrom: a\nTo: b\n\n", "message/rfc822"),
        ("MIME-Version: 1.0\nDate: today\nTo: b\n\n", "text/plain"),  # from nobody
        ("From: a\nTo: b\nSubject: c\nDate: d\n\n", "text/plain"),  # a form, or a note
        (" Received: by mx\nFrom: a\nMessage-ID: <1>\n\n", "text/plain"),
        ("Received: by mx\n  and more: words\nMessage-ID: <1>\n\n", "message/rfc822"),
        ("Received: by mx\nhello there\nMessage-ID: <1>\n\n", "text/plain"),
        ("Received: by mx\nhello there: x\nMessage-ID: <1>\n\n", "text/plain"),
        ("Received:by mx\nMessage-ID: <1>\n\n", "text/plain"),
        ("Received:\nMessage-ID:\t<1>\n\n", "message/rfc822"),
        ("Received: by mx\nMessage-ID: <1>", "message/rfc822"),
        ("Received: by mx\nMessage-ID: <1>\ncut", "message/rfc822"),  # its last line may go on
        ("Received: by mx\nMessage-ID: <1>\ncut\nX: y", "text/plain"),
        ("Received: by mx\n\nMessage-ID: <1>\n\n", "text/plain"),
        ("X" * 81 + ": x\nReceived: by mx\nMessage-ID: <1>\n\n", "text/plain"),
        ("X" * 80 + ": x\nReceived: by mx\nMessage-ID: <1>\n\n", "message/rfc822"),
        (
            "Snapshot-Content-Location: https://x.example\n"
            "Content-Type: Multipart/Related; boundary=b\n\n",
            "multipart/related",
        ),
        ("From: <Saved by Blink>\nContent-Type: multipart/related\n\n", "multipart/related"),
        ("From: <Saved by Blink>\nContent-Type: text/html\n\n", "text/plain"),
        ("From: a\nContent-Type: multipart/related\n\n", "text/plain"),
        ("", UNKNOWN),
    ],
)
def test_a_mail_begins_with_headers_that_only_mails_have(head: str, media_type: str) -> None:
    assert sniff(head.encode()) == media_type


def test_whatever_bytes_follow_a_mails_headers_it_is_one() -> None:
    assert sniff(MAIL.encode() + b"\xff\x00\x01") == "message/rfc822"
    assert sniff(b"Received: by mx\nMessage-ID: <1>\nX-A: \xe9\n\n") == "message/rfc822"


@pytest.mark.parametrize(
    ("text", "media_type"),
    [
        ('{"a": 1}', "application/json"), (' [ {"a"', "application/json"),
        ("[]", "application/json"),
        ("{}", "application/json"), ('["a"]', "application/json"), ("[[1]]", "application/json"),
        ("{a}", "text/plain"), ("[1, 2]", "text/plain"), ("[note]", "text/plain"),
        ("<html lang=en>", "text/html"), ("\n<HEAD>", "text/html"), ("<body>", "text/html"),
        ("<svg>", "text/xml"), ("<note>", "text/plain"), ("see <html>", "text/plain"),
        ("a\tb\x0c\x1b[0m\r\n", "text/plain"), ("a\x08", UNKNOWN), ("a\x0e", UNKNOWN),
        ("a\x1a", UNKNOWN), ("a\x1c", UNKNOWN), ("a\x1f", UNKNOWN), ("a\x0b", UNKNOWN),
    ],
)  # fmt: skip
def test_text_is_told_by_how_it_begins(text: str, media_type: str) -> None:
    assert sniff(text.encode()) == media_type
    assert sniff(b"\xef\xbb\xbf" + text.encode()) == media_type
    for codec in ("utf-16-le", "utf-16-be"):
        mark = "\ufeff".encode(codec)
        assert sniff(mark + text.encode(codec)) == media_type


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"GIF87a", "image/gif"), (b"GIF88a", "text/plain"), (b"MM\x00*", "image/tiff"),
        (b"PK\x05\x06", "application/zip"), (b"PK\x01\x02", UNKNOWN),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
        (b"\x00\x00\x00\x18ftypmif1", "image/heif"), (b"\x00\x00\x00\x18ftypheix", "image/heic"),
        (b"\x00\x00\x00\x18ftypavif", "image/avif"), (b"\x00\x00\x00\x18ftypisom", "video/mp4"),
        (b"\x00\x00\x00\x18ftypiso2", "video/mp4"), (b"\x00\x00\x00\x18ftypmp41", "video/mp4"),
        (b"\x00\x00\x00\x18ftypmp42", "video/mp4"),
        (b"\x00\x00\x00\x18ftypqt  ", "video/quicktime"),
        (b"RIFX\x10\x00\x00\x00WEBP", UNKNOWN),
    ],
)  # fmt: skip
def test_each_signature_is_known(head: bytes, media_type: str) -> None:
    assert sniff(head) == media_type


def test_only_the_head_is_looked_at() -> None:
    assert sniff(b"a" * HEAD + b"\x00") == "text/plain"
    assert sniff(b"a" * (HEAD - 1) + b"\x00") == UNKNOWN
