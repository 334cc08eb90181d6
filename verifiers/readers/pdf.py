"""A PDF: its text layer line by line, and what it says of itself.

A page without a text layer is a scan: it is rendered and its text recognised (extra `ocr`), or it
is said that it could not be, which is `reading.failed` and not an empty page. A password is never
guessed; the empty one is tried, since carriers protect their documents against editing with it.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
from collections.abc import Iterator
from datetime import datetime

from pypdf import Configuration, PdfReader, apply_configuration

from evidence.errors import EvidenceError, FormatError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import meta, page_line
from evidence.times import Time, parse_iso
from verifiers.readers import ocr, pdf_pages, pdf_parts
from verifiers.readers.lines import Line
from verifiers.readers.pdf_made import page_traits
from verifiers.readers.reader import CUT, MAX_BYTES, MAX_LINES, MAX_TEXT, fact, failed, why_not
from verifiers.readers.said.facts import facts_of_code, facts_of_lines
from verifiers.readers.said.layout import Size
from verifiers.readers.traits import told

MAX_PAGES = 50
_MAX_STREAM = 16 << 20  # bytes a stream may grow to when it is unpacked
_LIMITS = Configuration(
    maximum_declared_stream_length=64 << 20,
    array_based_stream_maximum_output_length=_MAX_STREAM,
    zlib_maximum_output_length=_MAX_STREAM,
    zlib_maximum_recovery_input_length=1 << 20,
    lzw_maximum_output_length=_MAX_STREAM,
    run_length_maximum_output_length=_MAX_STREAM,
    brotli_maximum_output_length=_MAX_STREAM,
    stream_decoding_work_maximum_length=4 * _MAX_STREAM,
    stream_parsing_work_maximum_count=300_000,
    page_tree_maximum_entries=5_000,
    page_tree_maximum_page_entries=20_000,
    page_tree_maximum_depth=50,
)
_META_TIMES = {
    "/CreationDate": "document.created.at",
    "/ModDate": "document.modified.at",
}

# pypdf warns about every oddity of a file; the facts say what matters.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read(item: Item) -> list[Fact]:
    """Pages, metadata, lines, numbers, dates and names; what failed, with a sentence each."""
    facts: list[Fact] = []
    try:
        with apply_configuration(_LIMITS):
            _read(item, facts)
    except EvidenceError as problem:
        facts.append(failed(item, f"{problem}"))
    except Exception as problem:
        facts.append(failed(item, why_not(problem, "it is damaged or not a PDF")))
    return facts


def text_of(item: Item) -> str:
    """Its text layer, a page after the other, and its form's fields; "" where there is none."""
    try:
        with apply_configuration(_LIMITS):
            reader, _ = _open(item)
            if reader is None:
                return ""
            lines = [line.text for line in _lines(reader, [])]
            with contextlib.suppress(Exception):  # as for read, which says so
                lines += [line.text for line in pdf_parts.fields_of(reader, MAX_PAGES)]
            return "\n".join(lines)[:MAX_TEXT]
    except Exception:
        return ""


def lines_of(item: Item) -> list[Line]:
    """The lines of its text layer, each with its place; none where it cannot be read."""
    try:
        with apply_configuration(_LIMITS):
            reader, _ = _open(item)
            return [] if reader is None else list(_lines(reader, []))
    except Exception:  # as for read, which says why
        return []


def _read(item: Item, facts: list[Fact]) -> None:
    reader, problem = _open(item)
    if reader is None:
        facts.append(failed(item, problem))
        return
    facts.extend(_metadata(item, reader))
    pages = len(reader.pages)
    facts.append(fact(item, "document.pages", str(pages)))
    if pages > MAX_PAGES:
        facts.append(failed(item, f"{CUT} the first {MAX_PAGES} of its {pages} pages were read"))
    troubles: list[str] = []
    sizes: dict[int, Size] = {}
    if pdf_pages.available():
        data = item.content.read(MAX_BYTES)
        layout = pdf_pages.read_layout(data, min(pages, MAX_PAGES))
        lines, sizes, troubles = layout.lines, layout.sizes, layout.troubles
        facts.extend(code for said, at in layout.codes for code in facts_of_code(item, said, at))
        facts.extend(fact(item, "picture.trait", said) for said in told(page_traits(data)))
        if layout.recognised:
            facts.append(fact(item, "reading.engine", ocr.engine_name()))
    else:
        lines = list(_lines(reader, troubles))
    try:
        fields = pdf_parts.fields_of(reader, MAX_PAGES)
    except Exception as problem:  # as for the whole; the pages are read already
        fields = []
        facts.append(failed(item, why_not(problem, "its form cannot be read")))
    facts.extend(fact(item, "document.field", line.text, line.locator) for line in fields)
    facts.extend(facts_of_lines(item, [*lines, *fields], sizes=sizes))
    facts.extend(pdf_parts.facts_of(item, reader))
    facts.extend(failed(item, trouble) for trouble in troubles[:10])
    if not troubles and not any(line.text.strip() for line in lines):
        found = "no text was recognised on it" if pdf_pages.available() else ocr.NEEDS_OCR
        facts.append(failed(item, f"it has no text layer; {found}"))


def _open(item: Item) -> tuple[PdfReader | None, str]:
    data = item.content.read(MAX_BYTES)
    reader = PdfReader(io.BytesIO(data), root_object_recovery_limit=1_000)
    if reader.is_encrypted and not reader.decrypt(""):
        return None, "it is protected by a password; ask its sender for a copy without one"
    return reader, ""


def _lines(reader: PdfReader, troubles: list[str]) -> Iterator[Line]:
    """Each line with its place; a page that cannot be read costs only itself."""
    told = 0
    for number in range(min(len(reader.pages), MAX_PAGES)):
        try:
            text = reader.pages[number].extract_text() or ""
        except Exception as problem:
            troubles.append(f"page {number + 1} could not be read ({type(problem).__name__})")
            continue
        for index, line in enumerate(text[:MAX_TEXT].splitlines(), start=1):
            if told >= MAX_LINES:
                return
            told += 1
            yield Line(line, page_line(number + 1, index), page=number + 1)


def _metadata(item: Item, reader: PdfReader) -> Iterator[Fact]:
    try:
        stated = reader.metadata
        if stated is None:
            return
        producer = str(stated.get("/Producer") or "").strip()
        creator = str(stated.get("/Creator") or "").strip()
        times = [(key, str(stated.get(key) or "")) for key in _META_TIMES]
    except Exception as problem:
        yield failed(item, f"its metadata is damaged ({type(problem).__name__})", meta("Info"))
        return
    if producer:
        yield fact(item, "document.producer", producer[:200], meta("Producer"))
    if creator:
        yield fact(item, "document.creator", creator[:200], meta("Creator"))
    for key, text in times:
        moment = _pdf_time(text)
        if moment is not None:
            yield fact(item, _META_TIMES[key], moment, meta(key[1:]))


_PDF_TIME = re.compile(
    r"(?:D:)?(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?\s*(?:(Z)|([+-])(\d{2})'?(\d{2})?)?'?.*"
)


def _pdf_time(text: str) -> Time | None:
    """A PDF date (ISO 32000-1, 7.9.4), with its zone only if it states one."""
    found = _PDF_TIME.fullmatch(text.strip()[:60])
    if found is None or found[3] is None:
        return None
    year, month, day, hour, minute, second, zulu, sign, zone_h, zone_m = found.groups()
    written = f"{year}-{month}-{day}"
    if hour and minute:
        written += f"T{hour}:{minute}" + (f":{second}" if second else "")
        written += "Z" if zulu else f"{sign}{zone_h}:{zone_m or '00'}" if sign else ""
    try:
        datetime(int(year), int(month), int(day))
        return parse_iso(written)
    except (FormatError, ValueError):
        return None
