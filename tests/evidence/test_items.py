"""Bytes as received: known by their digest, quiet in logs, unchanging."""

import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import TooLargeError
from evidence.items import InMemory, Item, PartOf, Provenance, Role
from evidence.locators import pointer


def an_item(data: bytes = b"{}", **more: object) -> Item:
    fields: dict[str, object] = {
        "role": Role.TRACKING_HISTORY,
        "key": "GET /track",
        "content": InMemory(data),
        "media_type": "application/json",
        "collector": "ups/1",
        "origin": "ups",
        "provenance": Provenance.API,
        "collected_at": datetime(2026, 11, 22, tzinfo=UTC),
    }
    return Item(**(fields | more))  # type: ignore[arg-type]


@given(st.binary(max_size=50), st.integers(0, 60))
def test_content_is_known_by_its_digest_and_read_within_a_limit(data: bytes, limit: int) -> None:
    content = InMemory(data)
    assert content.sha256 == hashlib.sha256(data).hexdigest()
    assert content.size == len(data)
    assert b"".join(content.chunks()) == data
    if len(data) > limit:
        with pytest.raises(TooLargeError):
            content.read(limit)
    else:
        assert content.read(limit) == data


def test_chunks_are_a_megabyte_or_less() -> None:
    data = bytes(2_500_000)
    chunks = list(InMemory(data).chunks())
    assert b"".join(chunks) == data
    assert max(map(len, chunks)) == 1 << 20


def test_a_buffer_changed_later_does_not_change_the_item() -> None:
    buffer = bytearray(b"received")
    content = InMemory(buffer)  # type: ignore[arg-type]  # what a careless caller does
    buffer[:] = b"tampered"
    assert content.read(100) == b"received"
    assert content.sha256 == hashlib.sha256(b"received").hexdigest()


def test_printing_an_item_does_not_print_its_bytes() -> None:
    assert "letter" not in repr(an_item(b"a private letter"))


def test_a_part_is_an_item_of_its_own_that_names_where_it_was() -> None:
    whole = an_item(about={"shipment.tracking_number": "1Z"}, exchange="e" * 64)
    part = whole.part(
        Role.POD_SIGNATURE, b"GIF", at=pointer("image"), encoding="base64", media_type="image/gif"
    )
    assert (part.key, part.sha256) == ("GET /track#json:/image", hashlib.sha256(b"GIF").hexdigest())
    assert (part.exchange, part.about, part.origin) == (whole.exchange, whole.about, "ups")
    assert part.part_of == PartOf(whole.sha256, pointer("image"), "base64")
    letter = whole.part(
        Role.POD_DOCUMENT, b"%PDF", at=pointer("a"), encoding="base64",
        media_type="application/pdf", name="letter.pdf",
    )  # fmt: skip
    assert letter.name == "letter.pdf"
    assert part.provenance is Provenance.API and part.name is None
    assert part.source == "ups"


def test_grades_count_from_the_best() -> None:
    assert [grade.grade for grade in Provenance] == list(range(8))
    assert Provenance.DKIM_MAIL.grade < Provenance.RELAYED.grade < Provenance.CAPTURE.grade
    assert Provenance.API.grade < Provenance.SCREENSHOT.grade < Provenance.UNKNOWN.grade


def test_names_that_json_cannot_hold_are_made_writable() -> None:
    item = an_item(name="pod-\udce9.pdf", about={"order.id": "a\ud800"}, url="x\udc80")
    assert (item.name, item.url) == ("pod-\ufffd.pdf", "x\ufffd")
    assert item.about == {"order.id": "a\ufffd"}
    # Two halves of one character are the character.
    assert an_item(name="\ud83d\ude00").name == "\U0001f600"


def test_what_an_item_is_about_does_not_change_with_the_caller_s_table() -> None:
    table = {"order.id": "1"}
    item = an_item(about=table)
    table["order.id"] = "2"
    assert item.about == {"order.id": "1"}
