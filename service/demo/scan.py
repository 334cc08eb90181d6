"""A scan of a proof of delivery, as a warehouse's scanner saves it: a picture of the page, and the
text the scanner recognised laid invisibly over it.
"""

from __future__ import annotations

import io
import zlib

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 612, 792  # US Letter in points


def scanned_pod(tracking: str, order: str) -> bytes:
    """A one-page PDF. Pure: the same arguments give the same bytes."""
    lines = (
        "UPS  Proof of Delivery",
        f"Tracking Number: {tracking}",
        "Service: UPS Ground",
        f"Reference Number: {order}",
        "Weight: 3.20 LBS",
        "Shipped / Billed On: 10/28/2026",
        "Delivered On: 11/03/2026 2:31 P.M.",
        "Delivered To: PORTLAND, OR, 97214, US",
        "Received By: DOE",
        "Left At: Front Door",
        "Tracking results provided by UPS: 11/07/2026 9:40 A.M. EST",
    )
    return _pdf(_picture(lines), _invisible_text(lines))


def _picture(lines: tuple[str, ...]) -> bytes:
    page = Image.new("L", (WIDTH * 2, HEIGHT * 2), 250)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(size=28)
    for number, text in enumerate(lines):
        draw.text((120, 140 + number * 64), text, font=font, fill=30)
    draw.rectangle((110, 120, 1100, 200), outline=90, width=3)
    out = io.BytesIO()
    page.rotate(0.4, fillcolor=250).save(out, "JPEG", quality=70)
    return out.getvalue()


def _invisible_text(lines: tuple[str, ...]) -> bytes:
    """Text render mode 3 (ISO 32000-1, 9.3.6): there to be found, not seen."""
    drawn = [b"BT /F1 14 Tf 3 Tr"]
    for number, text in enumerate(lines):
        escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        drawn.append(f"1 0 0 1 60 {HEIGHT - 85 - number * 32} Tm ({escaped}) Tj".encode("latin-1"))
    return b"q 612 0 0 792 0 0 cm /Im1 Do Q\n" + b"\n".join(drawn) + b"\nET"


def _pdf(jpeg: bytes, content: bytes) -> bytes:
    packed = zlib.compress(content)
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources "
        b"<< /Font << /F1 5 0 R >> /XObject << /Im1 6 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray "
        b"/BitsPerComponent 8 /Filter /DCTDecode /Length %d >>\nstream\n%s\nendstream"
        % (WIDTH * 2, HEIGHT * 2, len(jpeg), jpeg),
        b"<< /Producer (Warehouse scanner) /CreationDate (D:20261107224500+08'00') >>",
    )
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R /Info 7 0 R >>\n" % (len(objects) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % table)
    return out.getvalue()
