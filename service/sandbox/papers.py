"""Papers that carriers' stand-ins hand out: a proof of delivery as a one-page PDF with its text."""

from __future__ import annotations

import zlib

from service.sandbox.scenario import Parcel


def delivery_letter(parcel: Parcel, *, carrier: str, printed: str) -> bytes:
    """A letter that says what the scenario does of the delivery; times as a carrier prints them."""
    rows = [f"{carrier} proof of delivery", "Made by the orderproof sandbox, not by a carrier."]
    rows += [f"Printed: {printed}", f"Tracking number: {parcel.tracking_number}"]
    rows += [f"Reference: {reference}" for reference in parcel.references]
    rows.append(f"Service type: {parcel.service}")
    if parcel.weight:
        rows.append(f"Weight: {parcel.weight} {parcel.weight_unit}")
    if (delivered := parcel.delivered) is not None:
        where = ", ".join(filter(None, (delivered.city, delivered.state, delivered.country)))
        rows += ["Status: Delivered", f"Delivery date: {delivered.at:%b %d, %Y %H:%M}"]
        rows.append(f"Delivered to: {where}")
    signed = parcel.received_by if parcel.signature else "Signature not required"
    rows.append(f"Signed for by: {signed}")
    return pdf(rows)


def pdf(lines: list[str]) -> bytes:
    """One page of text, line under line; what Latin-1 has not is a question mark."""
    drawn = [b"BT /F1 11 Tf 15 TL 50 780 Td"]
    drawn += [b"(" + _escaped(line) + b") Tj T*" for line in lines]
    content = zlib.compress(b"\n".join([*drawn, b"ET"]))
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    return _file(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
        font,
    )


def _escaped(line: str) -> bytes:
    plain = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return plain.encode("latin-1", errors="replace")


def _file(*objects: bytes) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    out += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(out)
