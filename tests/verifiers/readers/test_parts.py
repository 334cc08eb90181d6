"""What documents and pictures hold beside their pages and pixels."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms
from pypdf import PdfReader, PdfWriter

from evidence.facts import Fact
from tests.verifiers.documents import pdf, pdf_of_objects, picture, received
from tests.verifiers.evidence_of import NUMBER, ORDER
from tests.verifiers.readers.office_files import zipped
from tests.verifiers.readers.test_mail import named
from verifiers.readers import barcodes, pdf_parts
from verifiers.readers import pdf as pdf_reader
from verifiers.readers.registry import read


def facts_of(data: bytes) -> list[Fact]:
    facts = read(received(data))
    assert facts is not None
    return facts


CATALOG = b"<< /Type /Catalog /Pages 2 0 R %s >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] %s >>"


def form(*objects: bytes, fields: bytes, annots: bytes = b"") -> bytes:
    return pdf_of_objects(
        CATALOG % (b"/AcroForm << /Fields [%s] >>" % fields),
        PAGES,
        PAGE % (b"/Annots [%s]" % annots),
        *objects,
    )


def test_a_forms_values_are_facts_at_their_boxes_and_are_searched() -> None:
    data = form(
        b"<< /Subtype /Widget /FT /Tx /T (Tracking number) /V (%s) /Rect [40 700 240 720] >>"
        % NUMBER.encode(),
        b"<< /Subtype /Widget /Parent 6 0 R /Rect [40 600 240 620] >>",
        b"<< /FT /Tx /T (Order) /V (%s) /Kids [5 0 R] >>" % ORDER.id.encode(),
        b"<< /FT /Tx /T (unseen) /V (on no page) >>",
        fields=b"4 0 R 6 0 R 7 0 R",
        annots=b"4 0 R 5 0 R",
    )
    facts = facts_of(data)
    said = {fact.text: str(fact.locator) for fact in named(facts, "document.field")}
    assert said == {
        f"Tracking number: {NUMBER}": "page:1/box:40,80,200,20",
        f"Order: {ORDER.id}": "page:1/box:40,180,200,20",
        "unseen: on no page": "meta:field unseen",
    }
    (number,) = named(facts, "shipment.tracking_number")
    assert str(number.locator) == "page:1/box:40,80,200,20"
    assert [fact.text for fact in named(facts, "order.id")] == [ORDER.id]
    # By their text a folder finds the order's files.
    assert f"Order: {ORDER.id}" in pdf_reader.text_of(received(data))


def test_fields_that_are_their_own_parents_end() -> None:
    facts = facts_of(
        form(
            b"<< /Subtype /Widget /T (a) /Parent 4 0 R /Kids [4 0 R 4 0 R] /Rect [0 0 9 9] >>",
            fields=b"4 0 R",
            annots=b"4 0 R",
        )
    )
    assert not named(facts, "document.field")


def with_attachments(**files: bytes) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(["Cover"]))))
    for name, data in files.items():
        writer.add_attachment(name, data)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_attachments_are_read_as_files_inside_it() -> None:
    letter = pdf((f"Tracking Number: {NUMBER}",), info={"Producer": "other"})
    facts = facts_of(with_attachments(letter=letter, note=f"Order {ORDER.id}".encode()))
    (number,) = named(facts, "shipment.tracking_number")
    assert str(number.locator).startswith("attached:1/page:1/box:")
    assert [str(fact.locator) for fact in named(facts, "order.id")] == ["attached:2/line:1"]
    assert [fact.text for fact in named(facts, "document.pages")] == ["1"]
    assert [fact.text.partition(":")[0] for fact in named(facts, "file.inside")] == [
        "letter",
        "note",
    ]


def test_a_document_in_a_document_in_a_document_ends() -> None:
    data = pdf(["leaf"])
    for _ in range(8):
        data = with_attachments(again=data)
    why = [fact.text for fact in named(facts_of(data), "reading.failed")]
    assert len(why) == 1 and "files deep" in why[0]


def test_scripts_commands_and_addresses_are_named_and_left_alone() -> None:
    data = pdf_of_objects(
        CATALOG % b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>",
        PAGES,
        PAGE % b"/Annots [4 0 R 5 0 R]",
        b"<< /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (http://evil.example/) >> >>",
        b"<< /Subtype /Link /Rect [0 0 9 9] /A << /S /Launch /F (cmd.exe) >> >>",
    )
    facts = facts_of(data)
    programs = {fact.text for fact in named(facts, "file.program")}
    assert programs == {"a script: app.alert(1)", "a command that starts a program: cmd.exe"}
    assert [fact.text for fact in named(facts, "file.outside")] == ["URI: http://evil.example/"]


XMP = (
    b"<x:xmpmeta><rdf:RDF><rdf:Description xmp:CreatorTool='Editor 9'>"
    b"<xmp:CreateDate>2026-11-05T10:00:00Z</xmp:CreateDate></rdf:Description></rdf:RDF></x:xmpmeta>"
)


def test_xmp_is_told_of_documents_and_pictures() -> None:
    packed = zlib.compress(XMP)
    data = pdf_of_objects(
        CATALOG % b"/Metadata 4 0 R",
        PAGES,
        PAGE % b"",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
    )
    said = {fact.text for fact in named(facts_of(data), "document.property")}
    assert said == {"xmp:CreatorTool: Editor 9", "xmp:CreateDate: 2026-11-05T10:00:00Z"}
    out = io.BytesIO()
    Image.new("RGB", (32, 32)).save(out, "JPEG", xmp=XMP)
    said = {fact.text for fact in named(facts_of(out.getvalue()), "picture.property")}
    assert said == {"xmp:CreatorTool: Editor 9", "xmp:CreateDate: 2026-11-05T10:00:00Z"}


def test_a_pictures_profile_tables_and_thumbnail_are_facts() -> None:
    image = Image.fromarray(np.full((64, 64, 3), 90, dtype=np.uint8))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for quality in (20, 50, 85, 95):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, icc_profile=profile)
        facts = facts_of(out.getvalue())
        (tables,) = named(facts, "picture.quantisation")
        assert tables.text.startswith(f"the standard's at quality {quality}; 2 tables")
        assert "sRGB" in named(facts, "picture.profile")[0].text
    out = io.BytesIO()
    image.save(out, "JPEG", qtables=[[7] * 64, [9] * 64])
    assert named(facts_of(out.getvalue()), "picture.quantisation")[0].text.startswith(
        "an encoder's"
    )


def test_a_thumbnail_has_its_size_and_a_broken_one_a_sentence() -> None:
    small = picture(size=(16, 12))
    for data, said in ((small, "16 x 12"), (b"\xff" * 40, None)):
        exif = (
            b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00\x0e\x00\x00\x00"
            b"\x02\x00\x01\x02\x04\x00\x01\x00\x00\x00\x2c\x00\x00\x00"
            b"\x02\x02\x04\x00\x01\x00\x00\x00%s\x00\x00\x00\x00" % len(data).to_bytes(4, "little")
        )
        out = io.BytesIO()
        Image.new("RGB", (64, 48)).save(out, "JPEG", exif=exif + data)
        facts = facts_of(out.getvalue())
        found = [fact.text for fact in named(facts, "picture.thumbnail")]
        assert found == ([said] if said else [])
        broken = [f.text for f in named(facts, "reading.failed") if "IFD1" in f.text]
        assert bool(broken) == (said is None)


@pytest.mark.skipif(not barcodes.available(), reason="needs zxing-cpp (extra `ocr`)")
@pytest.mark.parametrize("wide", [280, 240, 220, 330])
def test_a_barcode_as_small_as_a_screen_shows_it_is_read_at_its_place(wide: int) -> None:
    """Bars of a pixel and a quarter to two; all but the last are read enlarged."""
    import zxingcpp

    code = zxingcpp.create_barcode("QA578115755GB", zxingcpp.BarcodeFormat.Code128)
    sheet = Image.new("RGB", (600, 300), "white")
    drawn = Image.fromarray(np.asarray(code.to_image(scale=3))).resize((wide, 50))
    sheet.paste(drawn, (40, 120))
    (found,) = barcodes.read_codes(np.asarray(sheet))
    x, y, width, height = found.box
    assert found.text == "QA578115755GB"
    assert 40 <= x and x + width <= 40 + wide and 115 <= y and y + height <= 175


@pytest.mark.skipif(not barcodes.available(), reason="needs zxing-cpp (extra `ocr`)")
def test_stripes_that_are_no_code_are_read_as_none() -> None:
    sheet = np.full((300, 600, 3), 255, dtype=np.uint8)
    sheet[100:160, 40:540:7] = 0
    assert barcodes.read_codes(sheet) == []
    assert barcodes.read_codes(sheet[:2]) == []


@pytest.mark.skipif(not barcodes.available(), reason="needs zxing-cpp (extra `ocr`)")
def test_a_barcode_on_a_page_with_text_is_read_and_is_the_number() -> None:
    import zxingcpp

    code = zxingcpp.create_barcode(NUMBER, zxingcpp.BarcodeFormat.Code128)
    pixels = np.asarray(code.to_image(scale=2))
    height, width = pixels.shape
    packed = zlib.compress(np.ascontiguousarray(pixels).tobytes())
    drawn = b"BT /F1 12 Tf 40 700 Td (Label) Tj ET q %d 0 0 60 40 400 cm /I Do Q" % width
    data = pdf_of_objects(
        CATALOG % b"",
        PAGES,
        PAGE % b"/Contents 4 0 R /Resources << /XObject << /I 5 0 R >> /Font << /F1 << /Type /Font"
        b" /Subtype /Type1 /BaseFont /Helvetica >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray"
        b" /BitsPerComponent 8 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream"
        % (width, height, len(packed), packed),
    )
    facts = facts_of(data)
    (barcode,) = named(facts, "document.barcode")
    assert barcode.text == NUMBER and str(barcode.locator).startswith("page:1/box:")
    assert [fact.text for fact in named(facts, "shipment.tracking_number")] == [NUMBER]


def test_what_can_be_opened_as_another_type_says_so() -> None:
    archive = zipped({"a.txt": "x"})
    assert [f.text for f in named(facts_of(picture() + archive), "file.also")] == [
        "application/zip"
    ]
    assert [f.text for f in named(facts_of(pdf(["x"]) + archive), "file.also")] == [
        "application/zip"
    ]
    both = b"<html>%PDF-1.7</html>"
    assert [f.text for f in named(facts_of(both), "file.also")] == ["application/pdf"]
    assert not named(facts_of(picture()), "file.also")
    assert not named(facts_of(archive), "file.also")


def test_no_part_of_a_damaged_document_costs_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[Fact]:
        raise ZeroDivisionError

    monkeypatch.setattr(pdf_parts, "_attachments", broken)
    facts = facts_of(pdf((f"Order {ORDER.id}",)))
    assert named(facts, "order.id")


@pytest.mark.parametrize(
    ("named_as", "told"),
    [
        (b"/T (f3)", NUMBER),
        (b"/T (form1[0].Text12[0])", NUMBER),
        (b"/T (f3) /TU (Tracking number)", f"Tracking number: {NUMBER}"),
        (b"/T (waybill) /TU (Tracking number)", f"Tracking number: {NUMBER}"),
        (b"/T (waybill)", f"waybill: {NUMBER}"),
    ],
)
def test_a_field_is_told_under_what_its_reader_is_shown(named_as: bytes, told: str) -> None:
    """A number that a program gave the field would stand before the value as a part of it."""
    data = form(
        b"<< /Subtype /Widget /FT /Tx %s /V (%s) /Rect [40 700 240 720] >>"
        % (named_as, NUMBER.encode()),
        fields=b"4 0 R",
        annots=b"4 0 R",
    )
    assert [fact.text for fact in named(facts_of(data), "document.field")] == [told]
