"""One honest file of every type that is read, small, written by the tests' own writers."""

from __future__ import annotations

import io
import json
from functools import cache

from PIL import Image
from pypdf import PdfReader, PdfWriter

from tests.verifiers.documents import pdf, picture
from tests.verifiers.evidence_of import NUMBER, ORDER
from tests.verifiers.readers.office_files import (
    docx,
    opendocument,
    paragraph,
    table,
    xls,
    xlsx,
    zipped,
)

_LETTER = ("Proof of delivery", f"Tracking Number: {NUMBER}", "Delivered On: 2026-11-05 14:32")
_ROWS = [["Order ID", "Tracking Number", "Delivered At"], [ORDER.id, NUMBER, "2026-11-05 14:32"]]
_HTML = (
    "<!doctype html><!-- saved from url=(0019)https://ups.example/ --><p style='color:red'>Order"
    f" <b>{ORDER.id}</b></p><table><tr><td>Delivered<td>2026-11-05 14:32</table>"
)  # fmt: skip


def _of_picture(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((40, 30)).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def _attached() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(_LETTER, info={"Producer": "x"}))))
    writer.add_attachment("note.txt", f"Order {ORDER.id}".encode())
    writer.add_attachment("letter.pdf", pdf(_LETTER))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _mail() -> bytes:
    head = (
        "Received: from a.example by b.example; Thu, 05 Nov 2026 14:32:20 -0800\r\n"
        "DKIM-Signature: v=1; a=rsa-sha256; d=ups.example; h=From:Date; bh=eA==; b=eA==\r\n"
        "Date: Thu, 05 Nov 2026 14:32:10 -0800\r\nFrom: =?utf-8?q?UPS?= <p@ups.example>\r\n"
        f"To: s@seller.example\r\nSubject: {NUMBER}\r\nMessage-ID: <1@ups.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="X"\r\n\r\n'
    )
    parts = (
        f"Content-Type: text/plain; charset=utf-8\r\n\r\nOrder {ORDER.id}\r\n",
        "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        f"{_HTML}\r\n",
        "Content-Type: application/json; name*0=a; name*1=b.json\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\neyJhIjogMX0=\r\n",
    )
    return (head + "".join(f"--X\r\n{part}" for part in parts) + "--X--\r\n").encode()


@cache
def samples() -> dict[str, bytes]:
    """Name and bytes; names are unique and plain."""
    page = (
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://ups.example/\r\n"
        "Date: Fri, 6 Nov 2026 09:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type:"
        ' multipart/related; boundary="X"\r\n\r\n--X\r\nContent-Type: text/html\r\n\r\n'
        f"{_HTML}\r\n--X--\r\n"
    )
    cells = "".join(f"<table:table-cell><text:p>{c}</text:p></table:table-cell>" for c in _ROWS[1])
    sheet = f"<table:table table:name='A'><table:table-row>{cells}</table:table-row></table:table>"
    records = {"order_id": ORDER.id, "parcels": [{"trackingNumber": NUMBER, "kg": 1.5}]}
    return {
        "pdf": pdf(_LETTER, ["second page"], info={"Producer": "x", "ModDate": "D:20261105"}),
        "pdf with attachments": _attached(),
        "jpeg": picture(size=(40, 30), exif={0x9003: "2026:11:05 14:32:10", 0x131: "Editor"}),
        "progressive jpeg": _of_picture("JPEG", progressive=True, quality=60),
        "png": _of_picture("PNG"),
        "gif": _of_picture("GIF"),
        "webp": _of_picture("WEBP"),
        "tiff": _of_picture("TIFF", compression="tiff_lzw"),
        "mail": _mail(),
        "mhtml": page.encode(),
        "html": _HTML.encode(),
        "json": json.dumps(records).encode(),
        "xml": f"<?xml version='1.0'?><r><n a='1'>{NUMBER}</n><o>{ORDER.id}</o></r>".encode(),
        "svg": f"<svg xmlns='http://www.w3.org/2000/svg'><text>{NUMBER}</text></svg>".encode(),
        "csv": "\n".join(",".join(row) for row in _ROWS).encode(),
        "text": "\n".join(_LETTER).encode(),
        "xlsx": xlsx({"A": _ROWS}),
        "xls": xls({"A": _ROWS}),
        "ods": opendocument("spreadsheet", sheet),
        "docx": docx(paragraph(f"Order {ORDER.id}") + table(*_ROWS)),
        "odt": opendocument("text", f"<text:p>Order {ORDER.id}</text:p>"),
        "zip": zipped({"a.txt": f"Order {ORDER.id}", "b.pdf": pdf(_LETTER)}),
    }
