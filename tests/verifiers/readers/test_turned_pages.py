"""Pages of PDFs that are shown turned, or cut out of a larger sheet."""

from __future__ import annotations

import pytest

from evidence.facts import Facts
from tests.verifiers.documents import pdf_of_objects, received
from verifiers.readers.pdf_pages import available
from verifiers.readers.registry import read

pytestmark = pytest.mark.skipif(not available(), reason="needs the extra `ocr`")

# The matrix that sets upright text on a page that is shown turned clockwise by so many degrees.
_SET = {0: "1 0 0 1 0 0", 90: "0 1 -1 0 600 0", 180: "-1 0 0 -1 600 800", 270: "0 -1 1 0 0 800"}


def turned(degrees: int, *, at: int = 0) -> bytes:
    """A label over each value in two columns, on a sheet that begins at `at`, `at`."""
    cells = [("Delivered on", 40, 560), ("2026-11-05 14:32", 40, 546),
             ("Shipped on", 300, 560), ("2026-11-02 09:15", 300, 546)]  # fmt: skip
    drawn = "".join(f"BT /F1 10 Tf {x} {y} Td ({text}) Tj ET\n" for text, x, y in cells)
    stream = f"1 0 0 1 {at} {at} cm {_SET[degrees]} cm {drawn}".encode()
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    box = f"[{at} {at} {at + 600} {at + 800}]".encode()
    return pdf_of_objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Page /Parent 2 0 R /MediaBox %s /Rotate %d /Contents 3 0 R"
        b" /Resources << /Font << /F1 %s >> >> >>" % (box, degrees, font),
    )


@pytest.mark.parametrize("at", [0, 150])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_page_is_read_as_it_is_shown(degrees: int, at: int) -> None:
    facts = Facts(read(received(turned(degrees, at=at))) or ())
    assert [one.text for one in facts.named("delivery.at")] == ["2026-11-05 14:32"]
    assert [one.text for one in facts.named("shipment.shipped.at")] == ["2026-11-02 09:15"]
    x, y = next(
        map(int, str(one.locator).partition("box:")[2].split(",")[:2])
        for one in facts.named("document.text")
        if one.text == "Delivered on"
    )
    assert x == 40
    assert y == pytest.approx(({0: 800, 180: 800}.get(degrees, 600)) - 570, abs=6)
