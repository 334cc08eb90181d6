"""Small files that ask for much: of memory, of time, of depth, of numbers.

Each with words of the sentence that it must cost; "" where it may also be read, within bounds.
"""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image
from pypdf import PdfReader, PdfWriter

from tests.verifiers.documents import pdf, pdf_of_objects, picture
from tests.verifiers.readers.office_files import docx, opendocument, zipped

_CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
_PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
_LAUGHS = (
    "<?xml version='1.0'?><!DOCTYPE l [<!ENTITY a 'hahahahaha'>"
    + "".join(
        f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)


def _stream(data: bytes, more: bytes = b"", *, layers: int = 1) -> bytes:
    for _ in range(layers):
        data = zlib.compress(data, 9)
    filters = b"/FlateDecode " * layers
    return b"<< /Length %d /Filter [%s] %s >>\nstream\n%s\nendstream" % (
        len(data), filters, more, data,
    )  # fmt: skip


def _page(contents: bytes, *more: bytes, box: bytes = b"0 0 600 800", with_: bytes = b"") -> bytes:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] /Contents 4 0 R /Resources << %s >> >>"
    return pdf_of_objects(_CATALOG, _PAGES, page % (box, with_), contents, *more)


def _forms_in_forms(depth: int, times: int) -> bytes:
    """Each draws the next `times` times: times ** depth drawings."""
    forms = []
    for level in range(depth):
        inner = b"/F Do " * times if level < depth - 1 else b"0 0 9 9 re f "
        names = b"/Resources << /XObject << /F %d 0 R >> >>" % (6 + level)
        forms.append(_stream(inner, b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] " + names))
    return _page(_stream(b"/F Do"), *forms, with_=b"/XObject << /F 5 0 R >>")


def _image_of(width: int, height: int) -> bytes:
    packed = zlib.compress(bytes(16_000_000), 9)
    image = (
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB"
        b" /BitsPerComponent 8 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream"
        % (width, height, len(packed), packed)
    )
    drawn = _stream(b"q 600 0 0 800 0 0 cm /I Do Q")
    return _page(drawn, image, with_=b"/XObject << /I 5 0 R >>")


def _png(width: int, height: int, *, rows: int | None = None, extra: bytes = b"") -> bytes:
    """A PNG of one bit a pixel, all black."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    row = bytes(1 + (width + 7) // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height if rows is None else rows))
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = chunk(b"IDAT", packed + packer.flush())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + body + chunk(b"IEND", b"")


def _text_chunk() -> bytes:
    data = b"Comment\0\0" + zlib.compress(bytes(20_000_000), 9)
    body = b"zTXt" + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def _jpeg_of(width: int, height: int) -> bytes:
    data = bytearray(picture())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def _scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    out = io.BytesIO()
    Image.new("RGB", (800, 800)).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * count + b"\xff\xd9"


def _gif(width: int, height: int) -> bytes:
    data = bytearray(picture("GIF"))
    data[6:10] = struct.pack("<HH", width, height)
    return bytes(data)


def _tiff_loop() -> bytes:
    """A directory that names itself as the next one, of a strip that is not there."""
    entries = ((256, 4, 1, 30_000), (257, 4, 1, 3_000), (258, 3, 1, 1), (262, 3, 1, 1),
               (273, 4, 1, 0xFFFFFF), (278, 4, 1, 3_000), (279, 4, 1, 0x7FFFFFFF))  # fmt: skip
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", len(entries)) + body + b"\x08\0\0\0"


def _locked() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(["x"]))))
    writer.encrypt("secret", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _locked_zip() -> bytes:
    data = bytearray(zipped({"a.txt": "x"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    return bytes(data)


def _mail(head: str, body: str = "") -> bytes:
    start = (
        "Date: Thu, 05 Nov 2026 14:32:10 -0800\r\nFrom: a@b.example\r\nTo: c@d.example\r\n"
        "Message-ID: <1@b.example>\r\nMIME-Version: 1.0\r\n"
    )
    return f"{start}{head}\r\n\r\n{body}".encode()


def _parts_in_parts(depth: int) -> bytes:
    body = "".join(
        f"--{n}\r\nContent-Type: multipart/mixed; boundary={n + 1}\r\n\r\n" for n in range(depth)
    )
    return _mail("Content-Type: multipart/mixed; boundary=0", body)


def _mails_in_mails(depth: int) -> bytes:
    data = _mail("Content-Type: text/plain", "the innermost").decode()
    for n in range(depth):
        head = f'Content-Type: multipart/mixed; boundary="b{n}"'
        inner = f"--b{n}\r\nContent-Type: message/rfc822\r\n\r\n{data}\r\n--b{n}--\r\n"
        data = _mail(head, inner).decode()
    return data.encode()


def _attached_to(depth: int) -> bytes:
    data = pdf(["leaf"])
    for _ in range(depth):
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(["x"]))))
        for name in ("a", "b"):
            writer.add_attachment(name, data)
        out = io.BytesIO()
        writer.write(out)
        data = out.getvalue()
    return data


def _zips_in_zips(depth: int, width: int) -> bytes:
    data = zipped({"leaf": bytes(1_000_000)})
    for _ in range(depth):
        data = zipped({f"{n}.zip": data for n in range(width)})
    return data


def bombs() -> dict[str, tuple[bytes, str]]:
    """By name: the bytes, and words of the sentence it costs."""
    sheet = _LAUGHS + "<worksheet><sheetData>&i;</sheetData></worksheet>"
    return {
        "pdf: a stream that unpacks to 60 MB": (_page(_stream(bytes(60_000_000))), ""),
        "pdf: a stream packed twice": (_page(_stream(bytes(60_000_000), layers=2)), ""),
        "pdf: forms in forms, a trillion": (_forms_in_forms(12, 10), "The library"),
        "pdf: a form that draws itself": (_forms_in_forms(1, 1).replace(b"6 0 R", b"5 0 R"), ""),
        "pdf: a picture of 4 gigapixels": (_image_of(65_000, 65_000), ""),
        "pdf: a page as wide as the sky": (_page(_stream(b"0 0 9 9 re f"), box=b"0 0 1e9 1e9"), ""),
        "pdf: a page of no size": (_page(_stream(b"BT ET"), box=b"0 0 0 0"), ""),
        "pdf: a password": (_locked(), "password"),
        "pdf: documents in documents": (_attached_to(7), "are read"),
        "pdf: lists in lists": (
            pdf_of_objects(b"<< /Type /Catalog /Pages " + b"[" * 100_000 + b" >>"), "damaged"),
        "pdf: 100,000 operators": (_page(_stream(b"0 0 m 9 9 l S\n" * 100_000)), ""),
        "png: 3.6 gigapixels, said only": (_png(60_000, 60_000, rows=1), "pixels"),
        "png: 196 megapixels, packed": (_png(14_000, 14_000), "pixels"),
        "png: 98 megapixels": (_png(9_900, 9_900), ""),
        "png: a comment of 20 MB": (_png(8, 8, extra=_text_chunk()), "unpacks to more"),
        "png: one row of 30 million": (_png(30_000_000, 1), "memory"),
        "jpeg: 4 gigapixels, said only": (_jpeg_of(65_500, 65_500), "pixels"),
        "jpeg: 300 scans": (_scans(300), ""),
        "gif: 4 gigapixels, said only": (_gif(65_500, 65_500), "pixels"),
        "tiff: a directory after itself": (_tiff_loop(), "damaged"),
        "docx: a billion laughs": (
            zipped({"[Content_Types].xml": "", "word/document.xml": f"{_LAUGHS}<l>&i;</l>"}),
            "document type"),
        "xlsx: a billion laughs": (
            zipped({"[Content_Types].xml": "", "xl/workbook.xml": "<w/>",
                    "xl/worksheets/sheet1.xml": sheet}), "document type"),
        "odt: a billion laughs": (
            opendocument("text", "", {"content.xml": f"{_LAUGHS}<l>&i;</l>"}), "document type"),
        "svg: a billion laughs": (f"{_LAUGHS}<svg>&i;</svg>".encode(), "document type"),
        "xml: elements in elements": (b"<?xml version='1.0'?>" + b"<a>" * 500_000, "deeply"),
        "docx: 100,000 paragraphs": (docx("<w:p/>" * 100_000), "no text"),
        "zip: archives in archives": (_zips_in_zips(6, 8), "are read"),
        "zip: 200 MB of nothing": (
            zipped({str(n): bytes(10_000_000) for n in range(20)}), "too large"),
        "zip: a password": (_locked_zip(), "encrypted"),
        "mail: parts in parts": (_parts_in_parts(2_000), "parts within parts"),
        "mail: mails in mails": (_mails_in_mails(40), "files deep"),
        "mail: a thousand parts": (
            _mail('Content-Type: multipart/mixed; boundary="b"', "--b\r\n\r\nx\r\n" * 1_000),
            "more parts"),
        "mail: a header of a megabyte": (_mail("X-Long: " + "a" * 1_000_000), "too large"),
        "json: lists in lists": (b"[" * 1_000_000, "nested too deeply"),
        "json: 200,000 numbers": (b"[[" + b"1," * 200_000 + b"1]]", "were searched"),
        "html: 100,000 elements": (b"<html>" + b"<div>" * 100_000, "no visible text"),
        "html: half a megabyte of <": (b"<html>" + b"<" * 500_000, ""),
        "html: comments without an end": (b"<html>" + b"<!--" * 900_000, ""),
        "csv: a million columns": (b"a,b,c\n" + b"1," * 1_000_000, ""),
        "text: one line of four megabytes": (b"1Z999AA1" * 500_000, ""),
        "text: 25,000 dates": (b"Delivered on 2026-11-05 14:32\n" * 25_000, "were searched"),
        "text: digits and blanks": (b"Tracking number: " + b"1 " * 1_000_000, ""),
        "nothing": (b"", "no reader knows"),
    }  # fmt: skip
