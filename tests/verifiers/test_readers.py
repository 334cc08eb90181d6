"""Bytes to facts, each with its place; hostile bytes to a sentence, in bounded time."""

from __future__ import annotations

import io
import zlib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from evidence.facts import Fact
from evidence.times import Instant, LocalDate, LocalTime, ZoneBasis
from tests.counting import lines_run
from tests.verifiers.altered import HELVETICA, stream
from tests.verifiers.documents import pdf, pdf_of_objects, picture, received
from tests.verifiers.evidence_of import NEIGHBOUR, NUMBER, ORDER
from verifiers.readers import html as html_reader
from verifiers.readers import ocr, pdf_pages, registry
from verifiers.readers import pdf as pdf_reader
from verifiers.readers import picture as picture_reader
from verifiers.readers.registry import READERS, reader_for, reader_of

LETTER = (
    "Delivery Notification",
    f"Tracking Number: {NUMBER}",
    f"Reference Number(s): {ORDER.id}",
    "Shipped on: November 2, 2026",
    "Delivered On: 2026-11-05 14:32 UTC-8",
    "Received By: MCARTER",
    "Left At: Front Door",
    "Tracking results provided by UPS: Nov 06, 2026 06:41 AM Eastern Time (USA)",
)


def by_name(facts: list[Fact], name: str) -> list[Fact]:
    return [fact for fact in facts if fact.name == name]


def only(facts: list[Fact], name: str) -> Fact:
    (fact,) = by_name(facts, name)
    return fact


def test_a_letters_facts_point_at_page_and_line() -> None:
    facts = pdf_reader.read(received(pdf(["Cover"], LETTER)))
    number = only(facts, "shipment.tracking_number")
    assert (number.text, str(number.locator)) == (NUMBER, "page:2/box:40,25,221,14")
    assert only(facts, "order.id").text == ORDER.id
    assert only(facts, "delivery.received_by").text == "MCARTER"
    assert only(facts, "delivery.place").text == "Front Door"
    assert only(facts, "document.pages").text == "2"
    assert str(by_name(facts, "document.text")[0].locator).startswith("page:1/box:40,")


def test_without_the_extra_facts_point_at_page_and_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_pages, "available", lambda: False)
    facts = pdf_reader.read(received(pdf(["Cover"], LETTER)))
    number = only(facts, "shipment.tracking_number")
    assert (number.text, str(number.locator)) == (NUMBER, "page:2/line:2")
    assert str(by_name(facts, "document.text")[0].locator) == "page:1/line:1"


def test_a_ligature_does_not_part_a_word() -> None:
    """Its second letter stands where the first does: "Delivery at" is no delivery."""
    page = "BT /F1 12 Tf 60 700 Td [(2026-11-05 14:32 Delivery at) 850 (tempted, no access)] TJ ET"
    data = pdf_of_objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        stream(page),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 3 0 R /Resources "
        b"<< /Font << /F1 %s >> >> >>" % HELVETICA,
    )
    facts = pdf_reader.read(received(data))
    assert only(facts, "document.text").text.endswith("Delivery attempted, no access")
    assert by_name(facts, "scan.exception.at") and not by_name(facts, "delivery.at")


def test_a_letters_dates_are_as_wide_as_they_are_written() -> None:
    facts = pdf_reader.read(received(pdf(LETTER)))
    delivered = only(facts, "delivery.at").value
    assert isinstance(delivered, Instant)
    assert delivered.basis is ZoneBasis.STATED
    assert delivered.at.isoformat() == "2026-11-05T22:32:00+00:00"
    assert isinstance(only(facts, "shipment.shipped.at").value, LocalDate)
    printed = only(facts, "document.captured.at").value
    assert isinstance(printed, LocalTime)
    assert printed.zones == ("America/New_York",)
    assert printed.span.earliest.isoformat() == "2026-11-06T11:41:00+00:00"


def test_a_date_that_could_be_two_days_is_not_read_unless_something_decides() -> None:
    line = "Printed 04/05/2026 10:00"
    open_facts = pdf_reader.read(received(pdf([line])))
    assert not by_name(open_facts, "document.captured.at")
    assert only(open_facts, "document.date.open").text.endswith("2026-04-05 or 2026-05-04")
    decided = pdf_reader.read(received(pdf([line, "Shipped 04/25/2026"])))
    first = only(decided, "document.captured.at").value
    assert isinstance(first, LocalTime) and first.wall.month == 4
    hinted = pdf_reader.read(received(pdf([line]), hints={"date_order": "dmy"}))
    second = only(hinted, "document.captured.at").value
    assert isinstance(second, LocalTime) and second.wall.month == 5


def test_an_abbreviation_of_several_zones_leaves_them_all_possible() -> None:
    facts = pdf_reader.read(received(pdf(["Printed 2026-11-05 14:32 CST"])))
    printed = only(facts, "document.captured.at").value
    assert isinstance(printed, LocalTime)
    assert printed.zones == ("+08:00", "-06:00")


def test_a_declared_zone_is_used_and_said_to_be_declared() -> None:
    item = received(pdf(["Printed 2026-11-05 14:32"]), hints={"zone": "Asia/Shanghai"})
    moment = only(pdf_reader.read(item), "document.captured.at").value
    assert isinstance(moment, Instant) and moment.basis is ZoneBasis.DECLARED


@pytest.mark.parametrize(
    "promise", ["Estimated Delivery Date: 2026-11-05", "To be delivered on 2026-11-05"]
)
def test_a_promised_delivery_is_no_delivery(promise: str) -> None:
    facts = pdf_reader.read(received(pdf([promise])))
    assert not by_name(facts, "delivery.at")
    assert only(facts, "delivery.promised.at").confidence > 0.5


def test_a_number_with_a_wrong_check_digit_is_read_with_less_confidence() -> None:
    wrong = NUMBER[:-1] + "1"
    facts = pdf_reader.read(received(pdf([f"Number {NUMBER}", f"Number {wrong}"])))
    right, other = by_name(facts, "shipment.tracking_number")
    assert right.confidence > other.confidence


def test_metadata_times_keep_the_zone_they_state_and_no_other() -> None:
    info = {"Producer": "iText", "CreationDate": "D:20261105143200-08'00'", "ModDate": "D:20261106"}
    facts = pdf_reader.read(received(pdf(["x"], info=info)))
    assert only(facts, "document.producer").text == "iText"
    created = only(facts, "document.created.at").value
    assert isinstance(created, Instant) and created.at.hour == 22
    assert isinstance(only(facts, "document.modified.at").value, LocalDate)


def _failures(data: bytes) -> list[str]:
    return [fact.text for fact in by_name(pdf_reader.read(received(data)), "reading.failed")]


def test_a_page_without_text_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _failures(pdf([])) == ["it has no text layer; no text was recognised on it"]
    monkeypatch.setattr(ocr, "available", lambda: False)
    monkeypatch.setattr(pdf_pages, "available", lambda: False)
    (why,) = _failures(pdf([]))
    assert "OCR" in why


def test_a_password_is_not_guessed() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(LETTER))))
    writer.encrypt("secret", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    (why,) = _failures(out.getvalue())
    assert "password" in why


def test_a_document_protected_only_against_editing_is_read() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(LETTER))))
    writer.encrypt("", owner_password="owner", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    facts = pdf_reader.read(received(out.getvalue()))
    assert only(facts, "shipment.tracking_number").text == NUMBER


def _bomb() -> bytes:
    packed = zlib.compress(b"BT (x) Tj ET\n" * 6_000_000, 9)
    return pdf_of_objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
    )


HOSTILE = {
    "nothing": b"",
    "not a pdf": b"<html>" * 10,
    "a header and no more": b"%PDF-1.7\n",
    "cut in the middle": pdf(LETTER)[: len(pdf(LETTER)) // 2],
    "pages that hold themselves": pdf_of_objects(
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R] /Count 9 >>"
    ),
    "a billion pages": pdf_of_objects(
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 1000000000 >>"
    ),
    "an object that is itself": pdf_of_objects(b"<< /Type /Catalog /Pages 2 0 R >>", b"2 0 R"),
    "a stream that unpacks to 78 MB": _bomb(),
    "lists in lists": pdf_of_objects(
        b"<< /Type /Catalog /Pages " + b"[" * 20_000 + b"]" * 20_000 + b" >>"
    ),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_document_costs_one_sentence_and_little_work(data: bytes) -> None:
    facts, lines = lines_run(lambda: pdf_reader.read(received(data)))
    assert by_name(facts, "reading.failed")
    assert lines < 100_000
    assert isinstance(pdf_reader.text_of(received(data)), str)


def test_only_the_first_pages_of_a_long_document_are_read() -> None:
    facts = pdf_reader.read(received(pdf(*[[f"page {n}"] for n in range(60)])))
    assert only(facts, "document.pages").text == "60"
    assert "first 50" in only(facts, "reading.failed").text
    assert len(by_name(facts, "document.text")) == 50


@given(st.integers(0, 4_000), st.binary(min_size=1, max_size=8))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_bytes_changed_anywhere_never_make_the_reader_raise(place: int, other: bytes) -> None:
    data = bytearray(pdf(LETTER, info={"Producer": "x"}))
    place %= len(data)
    data[place : place + len(other)] = other
    pdf_reader.read(received(bytes(data)))


def test_a_pictures_capture_time_has_a_zone_only_if_it_states_one() -> None:
    fields = {0x9003: "2026:11:05 14:32:10", 0x131: "Photo Editor 3"}
    local = picture_reader.read(received(picture(exif=fields)))
    assert isinstance(only(local, "picture.taken.at").value, LocalTime)
    assert only(local, "picture.software").text == "Photo Editor 3"
    assert only(local, "picture.size").text == "64 x 48"
    zoned = picture_reader.read(received(picture(exif=fields | {0x9011: "+08:00"})))
    moment = only(zoned, "picture.taken.at").value
    assert isinstance(moment, Instant) and moment.at.hour == 6


def test_without_the_extra_a_picture_is_not_said_to_have_been_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ocr, "available", lambda: False)
    assert "OCR" in only(picture_reader.read(received(picture("PNG"))), "reading.failed").text


def _huge_png() -> bytes:
    small = bytearray(picture("PNG"))
    small[16:24] = (60_000).to_bytes(4, "big") * 2
    small[29:33] = zlib.crc32(small[12:29]).to_bytes(4, "big")
    return bytes(small)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG\r\n\x1a\n", picture()[:300], picture("PNG")[:-30], _huge_png(), b"GIF89a" * 9],
    ids=["nothing", "a signature", "half a JPEG", "a PNG cut short", "3.6 gigapixels", "no GIF"],
)
def test_a_hostile_picture_costs_one_sentence(data: bytes) -> None:
    facts = picture_reader.read(received(data))
    assert [fact for fact in by_name(facts, "reading.failed") if "OCR" not in fact.text]


def _page(text: str) -> list[Fact]:
    return html_reader.read(received(text.encode(), media_type="text/html"))


def test_a_pages_lines_are_those_a_person_sees() -> None:
    item = received(
        f"<!doctype html><title>Delivery</title><script>var a='{NEIGHBOUR}'</script>"
        f"<p>Order <b>{ORDER.id}</b></p><div>Delivered on: Nov 5, 2026 2:32 P.M.</div>".encode()
    )
    facts = html_reader.read(item)
    assert only(facts, "order.id").text == ORDER.id
    assert str(only(facts, "order.id").locator) == "line:2"
    assert html_reader.text_of(item).splitlines()[1] == f"Order {ORDER.id}"
    moment = only(facts, "delivery.at").value
    assert isinstance(moment, LocalTime) and (moment.wall.hour, moment.unit_s) == (14, 60.0)


@pytest.mark.parametrize(
    "hidden",
    ['<div style="display: none">{}</div>', "<p hidden>{}</p>", "<template><b>{}</b></template>",
     '<span style="font-size:0">{}</span>', "<!-- {} -->"],
)  # fmt: skip
def test_text_that_nobody_sees_says_nothing(hidden: str) -> None:
    """Forgery: the right order number is on the page, invisibly."""
    facts = _page(f"<html><p>Order {NEIGHBOUR}</p>{hidden.format(ORDER.id)}</html>")
    assert [fact.text for fact in by_name(facts, "order.id")] == [NEIGHBOUR]


def test_a_chinese_page_is_read_in_the_encoding_it_declares() -> None:
    page = (
        "<html><meta charset=gb2312><p>签收时间：2026年11月5日 14:32</p><p>签收人：张伟</p></html>"
    )
    facts = html_reader.read(received(page.encode("gb18030")))
    assert only(facts, "delivery.received_by").text == "张伟"
    moment = only(facts, "delivery.at").value
    assert isinstance(moment, LocalTime) and moment.wall.day == 5


@pytest.mark.needs_shared
def test_the_carriers_own_letter_is_read(shared: Path) -> None:
    letter = shared / "contracts/carriers/ups/pod/pod_content_from_issue_76.html"
    facts = html_reader.read(received(letter.read_bytes()))
    printed = only(facts, "document.captured.at").value
    assert isinstance(printed, LocalTime)
    assert printed.zones == ("America/New_York",)


@given(st.text(alphabet="<>/!-a=\"' &;", max_size=300))
@settings(max_examples=60, deadline=None)
def test_no_page_makes_the_reader_raise(text: str) -> None:
    _page(text)


def test_readers_are_chosen_by_the_bytes_and_their_types_do_not_overlap() -> None:
    types = [kind for reader in READERS for kind in reader.media_types]
    assert len(types) == len(set(types))
    assert len({reader.name for reader in READERS}) == len(READERS)
    lying = received(pdf(LETTER), media_type="image/png")
    reader = reader_of(lying)
    assert reader is not None and reader.name == "pdf"
    assert reader_for("video/mp4") is None


def test_whatever_reads_has_a_version_to_be_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    here = registry.versions()
    assert {f"reader.{reader.name}" for reader in READERS} <= set(here)
    assert {"reader.said", "reader.traces", "library.rapidocr", "library.zxing-cpp"} <= set(here)
    assert here["library.pypdf"]

    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(registry, "version", absent)
    assert registry.versions()["library.rapidocr"] == ""
