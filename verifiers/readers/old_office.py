"""Office files before 2007: a workbook's rows (extra `xls`); of others it is said what they are.

A container's directory names its streams in UTF-16, so that names tell what it is without walking
chains of sectors that a stranger laid.

Sources: [MS-CFB] 2.6.1 (names), [MS-XLS] 2.1.2, [MS-DOC] 2.1, [MS-OXMSG] 2.1, [MS-OFFCRYPTO] 1.3.
"""

from __future__ import annotations

from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item
from verifiers.readers import sheets
from verifiers.readers.reader import MAX_BYTES, MAX_TEXT, fact, failed
from verifiers.readers.tables import facts_of_rows

_OLD = (
    ("EncryptedPackage", "it is protected by a password; ask its sender for a copy without one"),
    ("WordDocument", "it is an old Word document; ask for it as docx or PDF"),
    ("PowerPoint Document", "it is an old PowerPoint file; ask for it as pptx or PDF"),
    ("__substg1.0_", "it is an Outlook message; save it as .eml"),
)


def read(item: Item) -> list[Fact]:
    """An Office file before 2007: a workbook is read (extra `xls`), of others it is said what."""
    try:
        data = item.content.read(MAX_BYTES)
        facts = []
        if _has_name(data, "_VBA_PROJECT") or _has_name(data, "Macros"):
            facts.append(fact(item, "file.program", "a macro"))
        why = next((why for name, why in _OLD if _has_name(data, name)), None)
        workbook = _has_name(data, "Workbook") or _has_name(data, "Book")
        if why is None and not workbook:
            why = "it is an old Office container that holds nothing known"
        if why is None and not sheets.xls_available():
            why = sheets.NEEDS_XLS
        if why is not None:
            return [*facts, failed(item, why)]
        return facts + facts_of_rows(item, sheets.lines_of_sheets(sheets.sheets_of_xls(data)))
    except EvidenceError as problem:
        return [failed(item, f"{problem}")]


def text_of(item: Item) -> str:
    try:
        if not sheets.xls_available():
            return ""
        return sheets.text_of_sheets(sheets.sheets_of_xls(item.content.read(MAX_BYTES)))[:MAX_TEXT]
    except EvidenceError:
        return ""


def _has_name(data: bytes, name: str) -> bool:
    """Whether a stream of this name, or one that begins with it, is in the directory."""
    return name.encode("utf-16-le") in data
