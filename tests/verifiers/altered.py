"""PDF files as editors, signers and honest people leave them, not by what reads them.

Revisions are appended byte by byte; signatures are pyHanko's with a key made for the run.
"""

from __future__ import annotations

import datetime
import functools
import io
import re
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.verifiers.documents import pdf

# A page of `pdf()` has its content stream in object 3 and itself in object 4.
CONTENT, PAGE = 3, 4
HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
COURIER = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"
LETTER = (
    "Delivery Notification",
    "Tracking Number: 1Z5R89390357567127",
    "Shipped on: November 2, 2026",
    "Delivered On: November 5, 2026 14:32",
    "Received By: MCARTER",
    "Left At: Front Door",
    "Service: Ground, one parcel of 2.4 lbs",
    "Tracking results provided by UPS: November 6, 2026",
)


def letter(*lines: str, info: Mapping[str, str] | None = None) -> bytes:
    return pdf(lines or LETTER, info=info)


def appended(data: bytes, objects: Mapping[int, bytes]) -> bytes:
    """The file with a revision that gives these objects new bodies (ISO 32000-1, 7.5.6)."""
    found = re.findall(rb"startxref\s+(\d+)\s+%%EOF", data)
    last = int(found[-1])
    size = max(int(n) for n in re.findall(rb"/Size (\d+)", data))
    size = max(size, max(objects) + 1)
    out = io.BytesIO()
    out.write(data if data.endswith(b"\n") else data + b"\n")
    places = {}
    for number, body in sorted(objects.items()):
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 0\n")
    for number, place in sorted(places.items()):
        out.write(b"%d 1\n%010d 00000 n \n" % (number, place))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R /Prev %d >>\n" % (size, last))
    out.write(b"startxref\n%d\n%%%%EOF\n" % table)
    return out.getvalue()


def stream(drawn: str) -> bytes:
    body = drawn.encode("latin-1")
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body)


def page(contents: str, *, annots: str = "", fonts: bytes = b"") -> bytes:
    """Page 1 again, with other content streams or with annotations."""
    return (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents [%s] /Annots [%s]"
        b" /Resources << /Font << /F1 %s %s >> >> >>"
        % (contents.encode(), annots.encode(), HELVETICA, fonts)
    )


def y_of(row: int) -> int:
    """The baseline of a line of `letter()`, points from the bottom."""
    return 780 - 16 * row


def covered(row: int, text: str, *, size: float = 12.0, colour: str = "1 1 1") -> str:
    """Drawing that lays a box over a line of the letter and writes `text` upon it, if any."""
    box = f"q {colour} rg 38 {y_of(row) - 4} 320 15 re f Q\n"
    return box + (f"BT /F1 {size} Tf 0 g 40 {y_of(row)} Td ({text}) Tj ET\n" if text else "")


def signed(data: bytes, field: str = "Carrier", *, seen: bool = False) -> bytes:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    if seen:
        spec = fields.SigFieldSpec(field, box=(300, 60, 500, 120))
        fields.append_signature_field(writer, spec)
    out = signers.sign_pdf(writer, signers.PdfSignatureMetadata(field_name=field), signer=_signer())
    return bytes(out.getvalue())


@functools.cache
def _signer() -> Any:
    from asn1crypto import keys
    from asn1crypto import x509 as asn1_x509
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )
    from pyhanko.sign import signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Invented Carrier")])
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime.datetime(2026, 1, 1))
        .not_valid_after(datetime.datetime(2036, 1, 1))
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)),
        signing_key=keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
