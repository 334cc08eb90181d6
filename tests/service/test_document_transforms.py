"""What we do to PDFs ourselves: show a page, or make the pictures in it smaller."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from evidence.errors import RequestError
from service.demo.scan import scanned_pod
from service.derivatives.pictures import can_draw_pages
from service.derivatives.transforms import apply

SMALL = {"longest": "400", "quality": "40"}
SCAN = scanned_pod("1Z84A7V90344127810", "112-4832917-2201845")


def test_a_page_becomes_a_jpeg_of_that_size_the_same_each_time() -> None:
    if not can_draw_pages():
        pytest.skip("pdfium comes with the extras forensics and ocr")
    made = apply("document.page", {"page": "1"} | SMALL, SCAN)
    assert made == apply("document.page", {"page": "1"} | SMALL, SCAN)
    with Image.open(io.BytesIO(made.data)) as shown:
        assert (shown.format, max(shown.size)) == ("JPEG", 400)


def test_a_document_becomes_smaller_and_says_what_it_said() -> None:
    made = apply("document.shrink", SMALL, SCAN)
    assert made == apply("document.shrink", SMALL, SCAN)
    assert made.media_type == "application/pdf" and len(made.data) < len(SCAN) / 2
    said = PdfReader(io.BytesIO(SCAN)).pages[0].extract_text()
    assert PdfReader(io.BytesIO(made.data)).pages[0].extract_text() == said


def test_a_page_that_is_not_there_is_told_with_how_many_there_are() -> None:
    if not can_draw_pages():
        pytest.skip("pdfium comes with the extras forensics and ocr")
    with pytest.raises(RequestError, match="it has 1 pages, and page 2"):
        apply("document.page", {"page": "2"} | SMALL, SCAN)


def locked() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(SCAN)))
    writer.encrypt("x")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("name", ["document.page", "document.shrink"])
@pytest.mark.parametrize(
    "data",
    [b"", b"no PDF", b"%PDF-1.7\n", SCAN[: len(SCAN) // 2][:900], locked()],
    ids=["empty", "text", "a beginning", "cut short", "locked"],
)
def test_what_is_no_whole_open_pdf_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(RequestError):
        apply(name, {"page": "1"} | SMALL, data)


@pytest.mark.parametrize("wrong", ["", "0", "-1", "1e3", "99999999", "²"])
def test_a_page_is_a_plain_number(wrong: str) -> None:
    with pytest.raises(RequestError, match="The parameter page"):
        apply("document.page", {"page": wrong} | SMALL, SCAN)
