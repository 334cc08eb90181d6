"""PDF files: plainly written, printed by Chromium, signed, filled in; same dice, same bytes."""

from __future__ import annotations

import datetime
import functools
import io
import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageFont

from bench.eval.browser import Box, Mark
from bench.eval.fonts import font_file

# Programs that write letters and slips of their own; (producer, creator).
WRITERS = (
    ("iText 5.5.13.3", "JasperReports 6.20"), ("Apache FOP Version 2.8", "CarrierDocs"),
    ("PDFsharp 1.50.5147", "WMS Print Service"), ("Crystal Reports", "Crystal Reports"),
)  # fmt: skip
UNSEEN_WRITERS = (
    ("OpenPDF 1.3.30", "label-service"), ("mPDF 8.1.6", "mPDF"), ("TCPDF 6.6.2", "ERP export"),
    ("FPDF 1.86", "Dispatch"), ("Prince 15.1", "Prince 15.1"),
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of a plain page: points from the left and from the top to its baseline."""

    x: float
    y: float
    text: str
    size: float = 11
    bold: bool = False
    name: str = ""


def plain_pdf(
    lines: Sequence[Line], *, font: str, producer: str, creator: str, made: datetime.datetime,
    bars: Sequence[tuple[float, float, float, float, str]] = (), pad: str = "",
) -> bytes:  # fmt: skip
    """One Letter page in a standard font (WinAnsi); `bars` are filled boxes in "r g b" colours."""
    bold = {"Helvetica": "Helvetica-Bold", "Times-Roman": "Times-Bold", "Courier": "Courier-Bold"}[
        font
    ]
    drawn = "".join(
        f"q {colour} rg {x:g} {792 - y - h:g} {w:g} {h:g} re f Q\n" for x, y, w, h, colour in bars
    )
    drawn += "".join(
        f"BT /{'F2' if line.bold else 'F1'} {line.size:g} Tf {line.x:g} {792 - line.y:g} Td "
        f"({escaped(line.text)}) Tj ET\n"
        for line in lines
    )
    body = drawn.encode("cp1252", "replace")
    when = pdf_time(made)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 3 0 R /Resources "
        b"<< /Font << /F1 5 0 R /F2 6 0 R >> >> >>",
        *(
            b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>"
            % face.encode()
            for face in (font, bold)
        ),
        f"<< /Producer ({producer}) /Creator ({creator}) /CreationDate ({when}) /ModDate ({when}) "
        f">>{pad}".encode(),
    ]
    out = io.BytesIO(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, text in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, text))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R /Info 7 0 R >>\n" % (len(objects) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % table)
    return out.getvalue()


def marks_of(lines: Sequence[Line]) -> tuple[Mark, ...]:
    """Where the named lines stand, in points from the top left; widths are those of Helvetica."""
    found = []
    for line in lines:
        if line.name:
            width = _width(line.text, line.size)
            box = (line.x, line.y - line.size, line.x + width, line.y + line.size * 0.3)
            found.append(Mark(line.name, line.text, box, (), line.size, (0, 0, 0), line.bold))
    return tuple(found)


def escaped(text: str) -> str:
    return re.sub(r"([\\()])", r"\\\1", text)


def pdf_time(when: datetime.datetime) -> str:
    offset = when.utcoffset() or datetime.timedelta()
    minutes = round(offset.total_seconds() / 60)
    sign, (hours, rest) = "+-"[minutes < 0], divmod(abs(minutes), 60)
    return f"D:{when:%Y%m%d%H%M%S}{sign}{hours:02}'{rest:02}'"


def printed_at(data: bytes, when: datetime.datetime) -> bytes:
    """A file of Chromium's with its times set, and its parts numbered from one.

    Chromium goes on counting from page to page; all is as long as before, so nothing moves.
    """
    stamp = when.astimezone(datetime.UTC).strftime("D:%Y%m%d%H%M%S+00'00'").encode()
    data = re.sub(rb"D:\d{14}\+00'00'", stamp, data)
    names: dict[bytes, bytes] = {}
    return re.sub(
        rb"node\d{8}", lambda one: names.setdefault(one[0], b"node%08d" % (len(names) + 1)), data
    )


def picture_pdf(image: Image.Image, *, dpi: int, made: datetime.datetime, producer: str) -> bytes:
    """A page that is nothing but a picture, as scanners write it."""
    out = io.BytesIO()
    when = made.timetuple()
    image.save(
        out, "PDF", resolution=dpi, producer=producer, creationDate=when, modDate=when, quality=80
    )
    return out.getvalue()


def signed(data: bytes, dice: random.Random, when: datetime.datetime, *, field: str) -> bytes:
    """The file with a visible or invisible signature in a revision of its own."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    class Timed(signers.PdfSigner):
        """Signs at the story's time, not at ours."""

        def init_signing_session(self, *args: Any, **options: Any) -> Any:
            session = super().init_signing_session(*args, **options)
            session.system_time = when
            return session

    class Quiet(IncrementalPdfFileWriter):
        """Leaves the document's information alone: it would get our time."""

        def _update_meta(self) -> None:
            pass

    writer = Quiet(io.BytesIO(data))
    parts = [generic.ByteStringObject(dice.randbytes(16)) for _ in range(2)]
    writer._document_id = generic.ArrayObject(parts)
    if dice.random() < 0.5:
        low = dice.randint(40, 90)
        spec = fields.SigFieldSpec(field, box=(380, low, 560, low + 50))
        fields.append_signature_field(writer, spec)
    meta = signers.PdfSignatureMetadata(field_name=field, location="Operations")
    out = Timed(meta, signer=_signer()).sign_pdf(writer)
    return bytes(out.getvalue())


def resaved(data: bytes, when: datetime.datetime) -> bytes:
    """The file as a viewer saves it again: a revision with nothing new but the time and a title."""
    from pypdf import PdfWriter

    writer = PdfWriter(io.BytesIO(data), incremental=True)
    writer.add_metadata({"/ModDate": pdf_time(when), "/Title": "Delivery"})
    return written(writer)


def filled_in(data: bytes, text: str, when: datetime.datetime) -> bytes:
    """The file with a form field and what somebody wrote into it, in a revision of its own."""
    from pypdf import PdfWriter
    from pypdf.generic import (
        ArrayObject,
        DictionaryObject,
        FloatObject,
        NameObject,
        TextStringObject,
    )

    writer = PdfWriter(io.BytesIO(data), incremental=True)
    page = writer.pages[0]
    high = float(page.mediabox.height)
    field = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Widget"),
            NameObject("/FT"): NameObject("/Tx"),
            NameObject("/T"): TextStringObject("remarks"),
            NameObject("/V"): TextStringObject(text),
            NameObject("/DA"): TextStringObject("/Helv 10 Tf 0 g"),
            NameObject("/F"): FloatObject(4),
            NameObject("/Rect"): ArrayObject(
                FloatObject(edge) for edge in (60, high * 0.06, 320, high * 0.06 + 18)
            ),
        }
    )
    reference = writer._add_object(field)
    page[NameObject("/Annots")] = ArrayObject([*page.get("/Annots", []), reference])
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject(
        {
            NameObject("/Fields"): ArrayObject([reference]),
            NameObject("/DA"): TextStringObject("/Helv 10 Tf 0 g"),
        }
    )
    writer.add_metadata({"/ModDate": pdf_time(when)})
    return written(writer)


def written(writer: Any) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _font() -> Any:
    from pypdf.generic import DictionaryObject, NameObject

    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
        }
    )


def drawn_upon(writer: Any, content: str) -> None:
    """Content upon the first page, as a stream of its own; what was there is fenced in q and Q."""
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject, StreamObject

    page = writer.pages[0]
    resources = page["/Resources"].get_object()
    fonts = resources.get("/Font", DictionaryObject()).get_object()
    fonts[NameObject("/FEd")] = writer._add_object(_font())
    resources[NameObject("/Font")] = fonts
    page[NameObject("/Resources")] = resources
    streams = []
    for body in (b"q\n", f"Q\n{content}".encode("cp1252", "replace")):
        stream = StreamObject()
        stream.set_data(body)
        streams.append(writer._add_object(stream))
    old = page.raw_get("/Contents")
    inner = list(old.get_object()) if isinstance(old.get_object(), ArrayObject) else [old]
    page[NameObject("/Contents")] = ArrayObject([streams[0], *inner, streams[1]])


def draw_over(box: Box, text: str, *, high: float, size: float, cover: str = "1 1 1") -> str:
    """Content that covers a box (points from the top left) and writes `text` there in /FEd."""
    left, top, right, bottom = box
    width = max(right - left, _width(text, size)) + 4
    base = high - bottom + (bottom - top - size) / 2 + size * 0.22
    return (
        f"q {cover} rg {left - 2:g} {high - bottom - 1:g} {width:g} {bottom - top + 2:g} re f Q\n"
        f"BT 0 g /FEd {size:g} Tf {left:g} {base:g} Td ({escaped(text)}) Tj ET\n"
    )


@functools.cache
def _face(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_file("Liberation Sans"), size)


def _width(text: str, size: float) -> float:
    return _face(100).getlength(text) * size / 100


@functools.cache
def _signer() -> Any:
    """An invented carrier's signer; always the same key, which protects nothing."""
    from asn1crypto import keys
    from asn1crypto import x509 as asn1_x509
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import NameOID
    from pyhanko.sign import signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    key = _rsa_key(random.Random("a key that protects nothing"))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Carrier Documents (invented)")])
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(11)
        .not_valid_before(datetime.datetime(2024, 1, 1))
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


def _rsa_key(dice: random.Random) -> Any:
    """A 2048-bit key out of dice, so that a seed gives the same signed files each time."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    p, q = _prime(dice), _prime(dice)
    if p < q:
        p, q = q, p
    e = 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(e, p * q)
    ).private_key()


def _prime(dice: random.Random, bits: int = 1024) -> int:
    while True:
        number = dice.getrandbits(bits) | (3 << (bits - 2)) | 1
        if (number - 1) % 65537 and _is_prime(number, dice):
            return number


_SMALL = math.prod(range(3, 2000, 2))


def _is_prime(number: int, dice: random.Random) -> bool:
    """Miller and Rabin, 16 rounds."""
    if math.gcd(number, _SMALL) > 1:
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(16):
        x = pow(dice.randrange(2, number - 1), odd, number)
        if x in (1, number - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % number
            if x == number - 1:
                break
        else:
            return False
    return True
