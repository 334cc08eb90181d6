"""The parts of a mail: their numbers, their very bytes, their words, and what is refused."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import FormatError, TooLargeError
from evidence.mail import (
    MAX_DEPTH,
    MAX_HEAD,
    MAX_HEADER,
    MAX_MAIL,
    MAX_PARTS,
    MAX_TEXT,
    Mail,
    parse_mail,
)
from evidence.mail_html import text_of_html


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


NESTED = """\
From: a@example.org
Subject: hello
Content-Type: multipart/mixed; boundary="out"

a preamble nobody reads
--out
Content-Type: multipart/alternative; boundary=in

--in
Content-Type: text/plain

in words
--in
Content-Type: text/html

<p>in <b>marks</b></p>
--in--
--out
Content-Type: application/pdf; name="pod.pdf"
Content-Transfer-Encoding: base64

JVBERi0=
--out
Content-Type: text/plain
Content-Disposition: ATTACHMENT; filename=notes.txt

a note
--out
Content-Type: message/rfc822

Subject: inside

body
--out--
an epilogue
"""


def numbered(mail: Mail) -> dict[str, str]:
    return {part.number: part.media_type for part in mail.parts}


def raw_of(mail: Mail, number: str) -> bytes:
    (part,) = [part for part in mail.parts if part.number == number]
    return mail.data[part.start : part.stop]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_parts_are_numbered_as_imap_does_and_keep_their_very_bytes(ends: str) -> None:
    mail = parse_mail(NESTED.replace("\n", ends).encode())
    assert numbered(mail) == {
        "": "multipart/mixed", "1": "multipart/alternative", "1.1": "text/plain",
        "1.2": "text/html", "2": "application/pdf", "3": "text/plain", "4": "message/rfc822",
    }  # fmt: skip
    assert [part.depth for part in mail.parts] == [0, 1, 2, 2, 1, 1, 1]
    assert raw_of(mail, "1.1") == b"in words"
    assert raw_of(mail, "2") == b"JVBERi0="
    assert raw_of(mail, "4") == f"Subject: inside{ends}{ends}body".encode()
    assert mail.head is mail.parts[0] and mail.head.header("subject") == "hello"


def test_words_attachments_and_texts_are_told_apart() -> None:
    mail = parse_mail(crlf(NESTED))
    words = mail.words()
    assert words is not None and words.number == "1.1"
    assert mail.text_of(words) == "in words"
    assert [part.number for part in mail.attachments()] == ["2", "3", "4"]
    assert [part.number for part in mail.texts()] == ["1.1", "1.2", "3"]
    names = {part.number: part.file_name for part in mail.parts if part.file_name}
    assert names == {"2": "pod.pdf", "3": "notes.txt"}
    html = next(part for part in mail.parts if part.number == "1.2")
    assert (mail.text_of(html), mail.written_in(html)) == (
        "in marks", "<p>in <b>marks</b></p>",
    )  # fmt: skip
    only_html = parse_mail(b"Content-Type: text/html\n\n<p>hello</p>\n")
    assert only_html.words() is only_html.head
    assert parse_mail(b"Content-Type: image/png\n\nx").words() is None


@pytest.mark.parametrize(
    ("raw", "number", "body"),
    [
        (b"Subject: x\n\nbody\n", "1", b"body\n"),
        (b"Subject: x\r\n\r\nbody", "1", b"body"),
        (b"\nbody", "1", b"body"),
        (b"\r\nbody", "1", b"body"),
        (b"Subject: x", "1", b""),
        (b"", "1", b""),
        (b"\n", "1", b""),
    ],
)
def test_a_mail_of_one_part_is_part_one(raw: bytes, number: str, body: bytes) -> None:
    mail = parse_mail(raw)
    assert [part.number for part in mail.parts] == [number]
    assert raw_of(mail, number) == body and mail.head.stop == len(raw)


def multipart(body: str, boundary: str = "b") -> Mail:
    return parse_mail(f"Content-Type: multipart/mixed; boundary={boundary}\n\n{body}".encode())


@pytest.mark.parametrize(
    ("body", "bodies"),
    [
        ("--b\n\none\n--b\n\ntwo\n--b--\n", ["one", "two"]),
        ("--b\n\none\n--b\n\ntwo", ["one", "two"]),  # the mail was cut
        ("--b \t\n\none\n--b--", ["one"]),  # blanks may follow a delimiter
        ("--bc\n\none\n--b\n\ntwo\n--b--", ["two"]),  # a longer line is another boundary
        ("x--b\n\none\n--b\n\ntwo\n--b--", ["two"]),  # nor does one begin within a line
        ("--b\n\na --b b\n--b--", ["a --b b"]),
        ("--b\n\none\n--b--\n--b\n\ntwo\n--b--", ["one"]),  # nothing counts behind the end
        ("--b\n\n\n--b--", [""]),
        ("--b\n--b--", [""]),
        ("--b--\n", []),
        ("no delimiter at all", []),
        ("--b", []),
        ("--b\n\n" + "x" * 3000 + "\n--b--", ["x" * 3000]),
        ("--b" + " " * 1500 + "\n\none\n--b" + "\t" * 1500 + "\n\ntwo\n--b--", ["one", "two"]),
    ],
)
def test_parts_lie_between_delimiter_lines(body: str, bodies: list[str]) -> None:
    mail = multipart(body)
    found = [mail.data[part.start : part.stop].decode() for part in mail.parts[1:]]
    assert found == bodies
    assert [part.number for part in mail.parts[1:]] == [str(n + 1) for n in range(len(bodies))]


@pytest.mark.parametrize("boundary", ['""', "b" * 201, '"\xe9"'])
def test_a_boundary_that_is_none_leaves_one_part(boundary: str) -> None:
    mail = multipart(f"--{boundary}\n\none\n--{boundary}--", boundary)
    assert [part.number for part in mail.parts] == ["1"]


def test_a_boundary_of_two_hundred_characters_is_used() -> None:
    long = "b" * 200
    assert len(multipart(f"--{long}\n\none\n--{long}--", long).parts) == 2


def nest(depth: int) -> str:
    inner = "\nx\n"
    for number in range(depth):
        inner = (
            f"Content-Type: multipart/mixed; boundary=n{number}\n\n"
            f"--n{number}\n{inner}\n--n{number}--\n"
        )
    return inner


def test_bounds_are_reached_and_not_crossed() -> None:
    assert len(parse_mail(nest(MAX_DEPTH).encode()).parts) == MAX_DEPTH + 1
    with pytest.raises(FormatError, match="more parts, or parts within parts"):
        parse_mail(nest(MAX_DEPTH + 1).encode())
    assert len(multipart("--b\n\nx\n" * (MAX_PARTS - 1)).parts) == MAX_PARTS
    with pytest.raises(FormatError, match="more parts, or parts within parts"):
        multipart("--b\n\nx\n" * MAX_PARTS)
    head = b"X: " + b"y" * (MAX_HEAD - 3)
    assert parse_mail(head).head.start == MAX_HEAD
    assert parse_mail(head + b"\n\nbody").head.start == MAX_HEAD + 2
    with pytest.raises(TooLargeError, match="header block"):
        parse_mail(head + b"y" * 5 + b"\n\nbody")
    with pytest.raises(TooLargeError, match="the mail is too large"):
        parse_mail(bytes(MAX_MAIL + 1))


# -- what a part's bytes are ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "body", "got"),
    [
        ("base64", b"aGVsbG8=", (b"hello", "base64")),
        ("BASE64", b"aGVs\nbG8=\n", (b"hello", "base64")),
        ("base64", b"aGVsbG8", (b"aGVsbG8", "undecoded")),
        ("quoted-printable", b"a=3Db=\n c", (b"a=b c", "quoted-printable")),
        ("7bit", b"x", (b"x", "identity")),
        ("8bit", b"\xff", (b"\xff", "identity")),
        (" Binary ", b"\x00", (b"\x00", "identity")),
        ("x-uuencode", b"x", (b"x", "undecoded")),
    ],
)
def test_an_encoding_is_taken_off_or_named_as_kept(
    encoding: str, body: bytes, got: tuple[bytes, str]
) -> None:
    mail = parse_mail(f"Content-Transfer-Encoding: {encoding}\n\n".encode() + body)
    assert mail.body_of(mail.head) == got


def test_without_an_encoding_bytes_are_as_they_came() -> None:
    mail = parse_mail(b"\n=41")
    assert mail.body_of(mail.head) == (b"=41", "identity")
    assert mail.head.encoding == "7bit"


@given(st.binary(max_size=200))
def test_whatever_was_encoded_comes_back(data: bytes) -> None:
    for encoding, body in (
        ("base64", base64.encodebytes(data)),
        ("quoted-printable", quopri.encodestring(data, quotetabs=True)),
    ):
        mail = parse_mail(f"Content-Transfer-Encoding: {encoding}\n\n".encode() + body)
        got, named = mail.body_of(mail.head)
        assert named == encoding
        assert got == data or (encoding == "quoted-printable" and got.rstrip() == data.rstrip())


@pytest.mark.parametrize(
    ("charset", "words"),
    [
        ("utf-8", "订单 é"), ("UTF8", "订单 é"), ("us-ascii", "plain"), ("iso-8859-1", "é"),
        ("latin1", "é"), ("windows-1252", "€"), ("cp1251", "ж"), ("gb2312", "订单"),
        ("gb2312", "訂單"), ("gbk", "订单"), ("gb18030", "订单"), ("hz-gb-2312", "订单"),
        ("big5", "訂單"), ("shift_jis", "注文"), ("iso-2022-jp", "注文"), ("euc-kr", "주문"),
        ("koi8-r", "заказ"), ("utf-16", "订单"), ("macintosh", "é"), ("tis-620", "ก"),
    ],
)  # fmt: skip
def test_text_is_read_in_the_charset_it_names(charset: str, words: str) -> None:
    python = {"gb2312": "gb18030", "hz-gb-2312": "hz", "macintosh": "mac-roman"}
    body = words.encode(python.get(charset, charset))
    mail = parse_mail(f"Content-Type: text/plain; charset={charset}\n\n".encode() + body)
    assert mail.text_of(mail.head) == words


@pytest.mark.parametrize(
    "charset", ["us-ascii", "ascii", "x-unknown", "rot13", "unicode_escape", "idna"]
)
def test_what_claims_another_charset_is_utf_8_or_refused(charset: str) -> None:
    head = f"Content-Type: text/plain; charset={charset}\n\n".encode()
    good = parse_mail(head + "é\\x41".encode())
    assert good.text_of(good.head) == "é\\x41"
    bad = parse_mail(head + b"\xe9")
    with pytest.raises(FormatError, match="text of part 1"):
        bad.text_of(bad.head)


def test_text_without_a_charset_is_utf_8() -> None:
    mail = parse_mail(b"\n" + "é".encode())
    assert mail.text_of(mail.head) == "é"
    with pytest.raises(FormatError, match="it is not the utf-8 it claims"):
        parse_mail(b"\n\xff").text_of(parse_mail(b"\n\xff").head)
    long = parse_mail(b"Content-Type: text/plain; charset=gb18030\n\n\xff\xff")
    with pytest.raises(FormatError, match="it is not the gb18030 it claims"):
        long.text_of(long.head)


def test_a_character_that_the_bound_cuts_in_two_is_left_out() -> None:
    """Three bytes a sign, and one before them: the last is cut."""
    for lead in ("a", "ab"):
        mail = parse_mail(b"\n" + lead.encode() + "订".encode() * (MAX_TEXT // 3 + 2))
        text = mail.text_of(mail.head)
        assert set(text[len(lead) :]) == {"订"}
        assert MAX_TEXT - 3 < len(text.encode()) <= MAX_TEXT


# -- headers -------------------------------------------------------------------------------------


def test_headers_are_told_as_written_and_as_meant() -> None:
    mail = parse_mail(
        b"Subject: =?utf-8?q?caf=C3=A9?=\n  and more\nX-A: 1\nx-a: 2\nX-B: caf\xc3\xa9\n"
        b"From: a@example.org\n\n"
    )
    head = mail.head
    assert head.header("subject") == "café and more"
    assert head.raw_headers("Subject") == ["=?utf-8?q?caf=C3=A9?= and more"]
    assert (head.header("X-A"), head.raw_headers("X-A")) == ("1", ["1", "2"])
    assert head.header("x-b") == "café" and head.header("nothing") == ""
    assert dict(head.decoded_items()) == {"Subject": "café and more", "X-B": "café"}
    assert [name for name, _ in head.raw_items()] == ["Subject", "X-A", "x-a", "X-B", "From"]


def test_a_header_is_cut_at_its_bound_and_many_are_too() -> None:
    mail = parse_mail(b"X: " + b"y" * (MAX_HEADER + 50) + b"\n\n")
    assert mail.head.header("X") == "y" * MAX_HEADER
    many = parse_mail("".join(f"X-{n}: é{n}\n" for n in range(310)).encode() + b"\n")
    assert len(list(many.head.decoded_items())) == 300


@pytest.mark.parametrize(
    ("headers", "attached"),
    [
        ("Content-Type: text/plain", False),
        ("Content-Type: text/html", False),
        ("Content-Type: text/plain\nContent-Disposition: inline", False),
        ("Content-Type: text/plain\nContent-Disposition: attachment", True),
        ("Content-Type: text/plain\nContent-Disposition: inline; filename=a.txt", True),
        ("Content-Type: text/csv", True),
        ("Content-Type: image/png", True),
        ("Content-Type: multipart/mixed; boundary=b\nContent-Disposition: attachment", False),
    ],
)
def test_an_attachment_is_what_is_not_the_words(headers: str, *, attached: bool) -> None:
    assert parse_mail(f"{headers}\n\nx".encode()).head.is_attachment is attached


@given(st.binary(max_size=300))
def test_any_bytes_are_a_mail_whose_parts_lie_within_it(data: bytes) -> None:
    for raw in (data, b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + data):
        mail = parse_mail(raw)
        for part in mail.parts:
            assert 0 <= part.start <= part.stop <= len(raw)
            assert mail.body_of(part)[1] in {"identity", "base64", "quoted-printable", "undecoded"}
            for name in ("Subject", "Content-Disposition"):
                part.header(name).encode()


# -- the words of HTML ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain", "plain"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("a<br>b<BR/>c", "a\nb\nc"),
        ("a <b>bold</b> word", "a bold word"),
        ("a \t  b\u00a0c", "a b c"),
        ("x<!-- <p>hidden</p> -->y", "xy"),
        ("x<!-- never closed <p>y", "x"),
        ("x<!doctype html>y<?php z?>w", "xyw"),
        ("a<script>alert('<p>')</script>b", "ab"),
        ("a<SCRIPT>x</ScRiPt >b", "ab"),
        ("a<style>p{}</style>b<head><title>t</title></head>c", "abc"),
        ("a<script>never closed", "a"),
        ("a</script>b", "ab"),
        ("1 < 2 <3 &lt;p&gt; &amp; &eacute;", "1 < 2 <3 <p> & é"),
        ("a<b", "a"),
        ("<td>a</td><td>b</td>", "a\nb"),
        ("<blink>a</blink>b", "ab"),
        ("<template>x</template>y", "y"),
        ("", ""),
        ("<p> </p>\n\n<p>a</p>", "a"),
        ("İ<p>a</p><script>b</script>c", "İ\na\nc"),
        ("<h1>t</h1>x<scripted>y", "t\nxy"),
    ],
)
def test_the_words_of_html_are_its_text_line_by_line(markup: str, text: str) -> None:
    assert text_of_html(markup) == text


@given(st.text("<>/!-?&;ab pscriptSCRIPT\n", max_size=80))
def test_any_markup_has_words_without_blank_lines(markup: str) -> None:
    lines = text_of_html(markup).split("\n")
    assert lines == [""] or all(line == line.strip() and line for line in lines)
