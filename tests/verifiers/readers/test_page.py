"""docs/readers.md tells the bounds that the code has."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence import mail, pages
from verifiers.readers import (
    archive,
    html_lines,
    inside,
    json_text,
    mhtml,
    pdf,
    pdf_pages,
    pdf_parts,
    reader,
    records,
    sheets,
    tables,
    text,
    xml_text,
)

PAGE = (Path(__file__).parents[3] / "docs/readers.md").read_text("utf-8")
ROWS = {line.split("|")[1].strip(): line for line in PAGE.splitlines() if line.startswith("| ")}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("PDF", f"{pdf.MAX_PAGES} pages, {pdf_pages.MAX_PAGES} recognised"),
        ("PDF", f"{pdf_parts.MAX_FIELDS} fields; {pdf_parts.MAX_ATTACHED} attachments"),
        ("JPEG, PNG, GIF, TIFF, WebP, AVIF", f"{reader.MAX_PIXELS // 10**6} megapixels"),
        (
            "mail (`.eml`)",
            f"{mail.MAX_MAIL >> 20} MB, {mail.MAX_PARTS} parts, {mail.MAX_DEPTH} deep",
        ),
        (
            "MHTML, HTML",
            f"{html_lines.MAX_PAGE_BYTES >> 20} MB of markup, {mhtml.MAX_FRAMES} frames",
        ),
        (
            "XLSX, XLSM, ODS, XLS",
            f"{sheets.MAX_ROWS:,} rows, {sheets.MAX_CELLS:,} cells, {sheets.MAX_SHEETS} sheets",
        ),
        ("DOCX, PPTX, ODT", f"{archive.MAX_MEMBER >> 20} MB a part"),
        ("CSV, TSV", f"{text.MAX_TEXT_BYTES >> 20} MB, {tables.MAX_COLUMNS} columns"),
        ("JSON", f"{json_text.MAX_JSON >> 20} MB, {records.MAX_DEPTH} deep"),
        ("XML, SVG", f"{xml_text.MAX_XML >> 20} MB, {pages.MAX_DEPTH} deep"),
        ("ZIP", f"{archive.MAX_MEMBERS:,} members, {archive.MAX_UNPACKED >> 20} MB unpacked"),
    ],
)
def test_a_types_bounds_are_those_of_its_reader(row: str, told: str) -> None:
    assert told in ROWS[row]


def test_the_bounds_of_what_is_inside_are_those_of_the_code() -> None:
    told = f"{inside.MAX_DEPTH} levels, {inside.MAX_FILES} files, {inside.MAX_SIZE >> 20} MB"
    assert f"{told}, of which {inside.MAX_COSTLY} pictures" in PAGE
    much = f"{reader.MAX_LINES:,} lines of a file are searched, and {reader.MAX_FOUND} numbers"
    assert much in PAGE and f"list, {reader.MAX_FOUND_IN_ROWS:,}, first" in PAGE
