"""What a person is shown of an item: lines with their places, pictures drawn anew."""

from __future__ import annotations

import base64
import gzip
import io
from dataclasses import replace

import pytest
from PIL import Image

from evidence.errors import EvidenceError, FormatError, RequestError
from evidence.items import InMemory, Item, Role
from evidence.locators import WHOLE, Locator
from service.reading.child import part_of, text_of
from service.reading.previews import MAX_CHARS, MAX_LINES, picture, shown
from tests.verifiers.documents import pdf, received
from tests.verifiers.documents import picture as drawn

MAIL = (
    b"From: a@a.test\r\nSubject: =?utf-8?q?Caf=C3=A9?=\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n"
    b"It came.\r\n--x\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"AAEC\r\n--x--\r\n"
)


def lines(data: bytes, **more: object) -> list[tuple[str, str]]:
    item: Item = replace(received(data), **more)  # type: ignore[arg-type]
    return [(place, said) for place, said in shown(item)["lines"]]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"one\ntwo\x07\n", [("line:1", "one")]),
        (b'{"a": {"b": "x"}}', [("json:/a/b", "b: x")]),
        (b"<?xml version='1.0'?><a><b>x</b></a>", [("xml:/a/b", "b: x")]),
        (b"<!doctype html><p>x</p><script>y</script>", [("line:1", "x")]),
        (MAIL, [("header:Subject", "Subject: Café")]),
        ("订单".encode("gb18030"), [("line:1", "订单")]),
    ],
    ids=["text", "json", "xml", "html", "mail", "a Chinese program's text"],
)
def test_text_is_shown_line_by_line_with_its_place(
    data: bytes, expected: list[tuple[str, str]]
) -> None:
    found = lines(data)
    assert {(place.lower(), said) for place, said in expected} <= {
        (place.lower(), said) for place, said in found
    }
    assert not any("y" == said for _, said in found)
    assert all(said.isprintable() for _, said in found)


def test_a_picture_is_drawn_anew_and_a_page_is_rendered() -> None:
    item = received(drawn("PNG", size=(40, 30)))
    found = shown(item)
    assert (found["sizes"], found["unit"]) == ([[40, 30]], "pixel")
    made = picture(item, 1)
    assert made.media_type == "image/jpeg" and Image.open(io.BytesIO(made.data)).size == (40, 30)
    with pytest.raises(RequestError, match="no such page"):
        picture(item, 2)
    with pytest.raises(RequestError, match="no such page"):
        picture(received(b"text"), 1)


def test_a_pdfs_pages_are_measured_in_points_and_its_lines_told() -> None:
    pytest.importorskip("pypdfium2")
    item = received(pdf(["Delivered"]))
    found = shown(item)
    assert found["unit"] == "point" and len(found["sizes"]) == 1
    assert any("Delivered" in said for _, said in found["lines"])
    assert picture(item, 1).media_type == "image/jpeg"
    with pytest.raises(EvidenceError):
        picture(item, 2)


def test_more_than_is_read_by_a_person_is_cut_and_said_to_be() -> None:
    many = received(b"x\n" * (MAX_LINES + 1))
    assert shown(many)["more"] and len(shown(many)["lines"]) == MAX_LINES
    assert not shown(received(b"x\n" * MAX_LINES))["more"]
    (long,) = lines(b"y" * (MAX_CHARS * 3))
    assert long[1].startswith("y" * MAX_CHARS) and len(long[1]) <= MAX_CHARS + 3


def test_an_exchange_is_shown_as_text_and_one_that_is_none_says_so() -> None:
    record = gzip.compress(b"WARC/1.1\r\nGET / HTTP/1.1")
    assert lines(record, role=Role.EXCHANGE)[1][1] == "GET / HTTP/1.1"
    with pytest.raises(RequestError, match="cannot be unpacked"):
        lines(b"no gzip", role=Role.EXCHANGE)


def test_a_part_is_taken_out_again_as_it_was_and_no_other_way() -> None:
    inside = base64.b64encode(b"picture").decode()
    page = received(b'{"a": "%s", "n": 7}' % inside.encode())
    place = Locator("json", "/a")
    assert part_of(page, place, "base64") == b"picture"
    assert part_of(page, place, "text") == inside.encode()
    xml = received(b"<a><b>%s</b></a>" % inside.encode())
    assert part_of(xml, Locator("xml", "/a/b"), "base64") == b"picture"
    assert part_of(received(gzip.compress(b"whole")), WHOLE, "gzip") == b"whole"
    mail = replace(received(MAIL), content=InMemory(MAIL))
    assert part_of(mail, Locator("part", "2"), "base64") == b"\0\1\2"
    for item, where, encoding in (
        (page, Locator("json", "/n"), "base64"), (page, place, "rot13"),
        (mail, Locator("part", "2"), "7bit"), (mail, Locator("part", "9"), "base64"),
        (received(b'{"a": "***"}'), place, "base64"), (page, Locator("line", "1"), "text"),
    ):  # fmt: skip
        with pytest.raises(FormatError):
            part_of(item, where, encoding)
    assert "It came." in text_of(mail) and text_of(received(b"\0\1")) == ""
