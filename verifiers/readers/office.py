"""Office files: text documents, workbooks, slides; and archives, whose members are read as files.

Macros, scripts and commands are named and never run; what a file refers to outside itself is named
and never fetched. Pictures in a document are read as files inside it.

Sources: ECMA-376 part 2 (packages, relationships), part 1, 11 to 15; OpenDocument 1.3 part 2, 3
(packages), 4.3 (meta.xml); [MS-OVBA] 2.2 (vbaProject.bin).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import attached, meta
from evidence.times import parse_iso
from verifiers.readers import sheets
from verifiers.readers.archive import Archive
from verifiers.readers.flow_text import Flow, flow_of
from verifiers.readers.inside import facts_inside
from verifiers.readers.reader import MAX_BYTES, MAX_TEXT, fact, failed
from verifiers.readers.tables import facts_of_rows
from verifiers.readers.xml_walk import walk

MAX_LINKS = 50
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
_MAIN_PART = {
    "xl/workbook.xml": "xlsx",
    "xl/workbook.bin": "xlsb",
    "word/document.xml": "docx",
    "ppt/presentation.xml": "pptx",
}
_TEXTS = re.compile(
    r"word/(document|header\d*|footer\d*|footnotes|endnotes)\.xml|ppt/slides/slide\d+\.xml"
)
_PROGRAM = re.compile(
    r"(.*/)?vbaProject\.bin|xl/macrosheets/.+|.*/activeX/.+\.bin|Basic/.+\.x[dlm]+|Scripts/.+",
    re.IGNORECASE,
)
_PICTURE = re.compile(
    r"(word|xl|ppt)/media/.+\.(png|jpe?g|gif|tiff?|webp)|Pictures/.+|(word|xl|ppt)/embeddings/.+",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"\bDDE(AUTO)?\b", re.IGNORECASE)


def read(item: Item) -> list[Fact]:
    """What an archive or office file says; never raises for bad bytes."""
    try:
        archive = Archive(item.content.read(MAX_BYTES))
        match _kind_of(archive):
            case "":
                return list(_members(item, archive))
            case kind:
                return list(_document(item, archive, kind))
    except EvidenceError as problem:
        return [failed(item, f"{problem}")]


def text_of(item: Item) -> str:
    """Its text; "" for a plain archive, whose members are files of their own."""
    try:
        data = item.content.read(MAX_BYTES)
        archive = Archive(data)
        kind = _kind_of(archive)
        if kind in {"xlsx", "ods"}:
            return sheets.text_of_sheets(_sheets(archive, data, kind))[:MAX_TEXT]
        return _flow(archive, kind).text()[:MAX_TEXT] if kind else ""
    except EvidenceError:
        return ""


def _kind_of(archive: Archive) -> str:
    """xlsx, xlsb, docx, pptx, ods, odt (any other OpenDocument); "" for a plain archive."""
    if "mimetype" in archive:
        said = archive.read("mimetype", limit=200).decode("ascii", "replace")
        if said.startswith(_OPEN_DOCUMENT) and "content.xml" in archive:
            return "ods" if "spreadsheet" in said else "odt"
    if "[Content_Types].xml" in archive:
        return next((kind for name, kind in _MAIN_PART.items() if name in archive), "")
    return ""


def _document(item: Item, archive: Archive, kind: str) -> Iterator[Fact]:
    yield from _stated(item, archive)
    if kind == "xlsb":
        yield failed(item, "it is a binary workbook (xlsb); ask for it as xlsx or CSV")
    else:
        try:
            yield from _said(item, archive, kind)
        except EvidenceError as problem:
            yield failed(item, f"{problem}")
    yield from _programs(item, archive)
    yield from _outside(item, archive)
    for name in archive.names:
        if _PICTURE.fullmatch(name):
            yield from _member(item, archive, name)


def _said(item: Item, archive: Archive, kind: str) -> list[Fact]:
    if kind in {"xlsx", "ods"}:
        data = item.content.read(MAX_BYTES)
        return facts_of_rows(item, sheets.lines_of_sheets(_sheets(archive, data, kind)))
    flow = _flow(archive, kind)
    facts = facts_of_rows(item, flow.lines())
    commands = [one for one in flow.instructions if _COMMAND.search(one)]
    said = (" ".join(command.split())[:200] for command in commands[:MAX_LINKS])
    facts += [fact(item, "file.program", f"a command in a field: {one}") for one in said]
    if not flow.paragraphs and not flow.tables:
        facts.append(failed(item, "it has no text"))
    return facts


def _sheets(archive: Archive, data: bytes, kind: str) -> list[sheets.Sheet]:
    if kind == "ods":
        return sheets.sheets_of_ods(archive.read("content.xml"))
    for name in archive.names:  # before a library that would believe it
        if name.endswith((".xml", ".rels")):
            _refuse_entities(archive, name)
    return sheets.sheets_of_xlsx(data)


def _refuse_entities(archive: Archive, name: str) -> None:
    part = archive.read(name)
    if b"<!" in part or part[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        walk(part, what=f"{name[:80]!r} in the workbook", start=lambda *_: None)


def _flow(archive: Archive, kind: str) -> Flow:
    flow = Flow()
    if kind == "odt":
        flow_of(archive.read("content.xml"), flow, what="the document", everywhere=True)
        return flow
    for name in sorted(filter(_TEXTS.fullmatch, archive.names), key=_reading_order):
        what = f"{name!r} in the document"
        flow_of(archive.read(name), flow, what=what, everywhere=False)
    return flow


def _reading_order(name: str) -> tuple[bool, int, str]:
    digits = re.search(r"\d+", name)
    return "document" not in name, int(digits[0]) if digits else 0, name


_STATED = {
    "docProps/core.xml": {"created": "document.created.at", "modified": "document.modified.at",
                          "creator": "", "lastModifiedBy": "", "title": ""},
    "docProps/app.xml": {"Application": "document.producer", "Template": "", "Company": ""},
    "meta.xml": {"creation-date": "document.created.at", "date": "document.modified.at",
                 "generator": "document.producer", "initial-creator": "", "creator": "",
                 "title": ""},
}  # fmt: skip


def _stated(item: Item, archive: Archive) -> Iterator[Fact]:
    """What the file states of itself: its program, its times, who made and changed it."""
    for part, names in _STATED.items():
        if part not in archive:
            continue
        try:
            texts = _texts(archive.read(part, limit=1 << 20), part)
        except EvidenceError as problem:
            yield failed(item, f"{problem}", meta(part))
            continue
        for name, as_fact in names.items():
            if not (said := texts.get(name, "")):
                continue
            if as_fact.endswith(".at"):
                try:
                    yield fact(item, as_fact, parse_iso(said[:40]), meta(name))
                except EvidenceError:
                    yield fact(item, "document.property", f"{name}: {said}", meta(name))
            elif as_fact:
                yield fact(item, as_fact, said, meta(name))
            else:
                yield fact(item, "document.property", f"{name}: {said}", meta(name))


def _texts(data: bytes, part: str) -> dict[str, str]:
    """The first text of each element name."""
    found: dict[str, str] = {}
    said: list[str] = []

    def ended(name: str) -> None:
        if text := " ".join("".join(said).split())[:200]:
            found.setdefault(name, text)
        said.clear()

    walk(data, what=part, start=lambda *_: said.clear(), end=ended, text=said.append)
    return found


def _programs(item: Item, archive: Archive) -> Iterator[Fact]:
    found = [name for name in archive.names if _PROGRAM.fullmatch(name)]
    for name in found[:MAX_LINKS]:
        at = attached(archive.number_of(name))
        yield fact(item, "file.program", f"a macro or control: {name[:200]}", at)


@dataclass(slots=True)
class _Links:
    """Takes relationships and references as they come; the value is what and where to."""

    found: dict[str, None]

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if len(self.found) >= MAX_LINKS:
            return
        if name == "Relationship" and attributes.get("TargetMode") == "External":
            kind = attributes.get("Type", "").rpartition("/")[2] or "link"
            self._add(kind, attributes.get("Target", ""))
        elif re.match(r"(?:https?|ftp|file|smb):|\\\\", said := attributes.get("href", "")):
            self._add(name, said)
        elif name == "ddeLink":
            self._add("DDE", f"{attributes.get('ddeService')}|{attributes.get('ddeTopic')}")
        elif name == "event-listener":
            self._add("script", attributes.get("href", ""))

    def _add(self, kind: str, target: str) -> None:
        self.found[f"{kind[:40]}: {' '.join(target.split())[:300]}"] = None


def _outside(item: Item, archive: Archive) -> Iterator[Fact]:
    links = _Links({})
    for name in archive.names:
        if name.endswith(".rels") or name.startswith("xl/externalLinks/") or name == "content.xml":
            try:
                walk(archive.read(name), what=name, start=links.start)
            except EvidenceError:
                continue  # the part that says something says so
    for said in links.found:
        yield fact(item, "file.outside", said)


def _members(item: Item, archive: Archive) -> Iterator[Fact]:
    """A plain archive's members, each as a file inside it."""
    if not archive.members:
        yield failed(item, "it is an archive with nothing in it")
    for name in archive.names:
        yield from _member(item, archive, name)


def _member(item: Item, archive: Archive, name: str) -> Iterator[Fact]:
    at = attached(archive.number_of(name))
    try:
        data = archive.read(name)
    except EvidenceError as problem:
        yield failed(item, f"{problem}", at)
        return
    yield from facts_inside(item, data, name=name, at=at)
