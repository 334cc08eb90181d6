"""Office files and archives, written part by part."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

import openpyxl
import xlwt

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>"
_RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def docx(body: str, more: Mapping[str, str | bytes] | None = None) -> bytes:
    """A Word document; `body` is what stands in w:body."""
    document = f"<?xml version='1.0'?><w:document {_W}><w:body>{body}</w:body></w:document>"
    return zipped({"[Content_Types].xml": _TYPES, "word/document.xml": document, **(more or {})})


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def table(*rows: Sequence[str]) -> str:
    cells = (
        "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows
    )  # fmt: skip
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def relationships(**targets: str) -> str:
    """Relationships to the outside, by their type."""
    inner = "".join(
        f"<Relationship Id='r{n}' Type='{_RELS}/{kind}' Target='{target}' TargetMode='External'/>"
        for n, (kind, target) in enumerate(targets.items())
    )
    return f"<Relationships xmlns='x'>{inner}</Relationships>"


def xlsx(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """An old workbook; datetimes get a date's format."""
    book = xlwt.Workbook()
    dates = xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for y, row in enumerate(rows):
            for x, value in enumerate(row):
                sheet.write(y, x, value, *([dates] if hasattr(value, "year") else []))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


_O = "urn:oasis:names:tc:opendocument:xmlns"


def opendocument(kind: str, body: str, more: Mapping[str, str | bytes] | None = None) -> bytes:
    """`kind` is "text" or "spreadsheet"; `body` stands in office:text or office:spreadsheet."""
    content = (more or {}).get("content.xml") or (
        f"<office:document-content xmlns:office='{_O}:office:1.0' xmlns:text='{_O}:text:1.0'"
        f" xmlns:table='{_O}:table:1.0' xmlns:xlink='http://www.w3.org/1999/xlink'>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    return zipped({"mimetype": mimetype, **(more or {}), "content.xml": content})
