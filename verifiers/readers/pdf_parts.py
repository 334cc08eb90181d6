"""What a PDF holds beside its pages' text: form fields, attachments, XMP, programs, links.

A form's values are what somebody typed into it; a viewer shows them and the text layer has them
not. An attachment is read as a file inside it. A script or a command is named and never run.

Sources: ISO 32000-1, 7.7.4 (name trees), 7.11.4 (embedded files), 12.5.6.15 (file attachment
annotations), 12.6.4 (actions), 12.7.3 (fields), 14.3.2 (metadata streams).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, StreamObject

from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import WHOLE, Locator, attached, meta, page_box
from verifiers.readers.inside import facts_inside
from verifiers.readers.lines import Line
from verifiers.readers.reader import CUT, fact, failed, why_not
from verifiers.readers.traces.xmp import xmp_of
from verifiers.readers.xmp_said import STATED

MAX_FIELDS = 500
MAX_NODES = 2_000
MAX_ATTACHED = 60
_DEPTH = 12
_CHARS = 500
_RUNS = {"/JavaScript": "a script", "/Launch": "a command that starts a program"}
_REFERS = {"/URI": "/URI", "/GoToR": "/F", "/SubmitForm": "/F", "/ImportData": "/F"}
_MAX_LINKS = 50


def fields_of(reader: PdfReader, pages: int) -> list[Line]:
    """Each form field as "label: value", at its box on its page; without a box where it is listed.

    Raises whatever hostile objects make the parser raise.
    """
    lines: dict[str, Line] = {}
    for number in range(1, min(len(reader.pages), pages) + 1):
        page = reader.pages[number - 1]
        height = float(page.mediabox.top)
        for annotation in _array(page.get("/Annots"))[:MAX_FIELDS]:
            widget = _dictionary(annotation)
            if widget is None or widget.get("/Subtype") != "/Widget" or len(lines) >= MAX_FIELDS:
                continue
            name, value = _named(widget)
            if value and name not in lines:
                told = _told(widget, name, value)
                at, box = _box(widget, number, height)
                lines[name] = Line(told, at, box, number)
    root = _dictionary(reader.trailer.get("/Root"))
    form = _dictionary(root.get("/AcroForm")) if root is not None else None
    for node in _each(form.get("/Fields") if form is not None else None):
        name, value = _named(node)
        if value and name not in lines and len(lines) < MAX_FIELDS:
            lines[name] = Line(_told(node, name, value), meta(f"field {name}"))
    return list(lines.values())


# Names that programs give to fields: f3, Text12, form1[0].field_7[0]. They say nothing of a value.
_NUMBERED = re.compile(
    r"(?:.*[.\]])?(?:f|fld|fields?|text|textfield|txt|untitled|input|box)[\W_]*\d*(?:\[\d+\])?",
    re.IGNORECASE,
)


def _told(field: DictionaryObject, name: str, value: str) -> str:
    """A field as a line: under what a reader is shown for it (`TU`), else under a name of words."""
    shown = _got(field.get("/TU"))
    label = " ".join(shown.split())[:120] if isinstance(shown, str) else ""
    if not label and not _NUMBERED.fullmatch(name):
        label = name
    return f"{label}: {value}" if label else value


def facts_of(item: Item, reader: PdfReader) -> list[Fact]:
    """XMP properties, programs, links and attachments; a part that is damaged costs only itself."""
    facts: list[Fact] = []
    for what, part in (
        ("XMP", _xmp),
        ("actions", _actions),
        ("attachments", _attachments),
    ):
        try:
            facts += part(item, reader)
        except Exception as problem:  # hostile objects reach every corner of the parser
            facts.append(failed(item, why_not(problem, f"its {what} cannot be read"), meta(what)))
    return facts


def _box(
    widget: DictionaryObject, page: int, height: float
) -> tuple[Locator, tuple[float, float, float, float] | None]:
    sides = [float(side) for side in _array(widget.get("/Rect"))[:4]]
    if len(sides) < 4 or not all(abs(side) < 1e6 for side in sides):
        return meta(f"field on page {page}"), None
    x0, x1 = sorted(sides[::2])
    y0, y1 = sorted(sides[1::2])
    box = (x0, height - y1, x1 - x0, y1 - y0)
    return page_box(page, *(round(side) for side in box)), box


def _named(node: DictionaryObject) -> tuple[str, str]:
    """A field's full name, and what stands in it; both may be its parents'."""
    steps: list[str] = []
    value: Any = None
    at: DictionaryObject | None = node
    for _ in range(_DEPTH):
        if at is None:
            break
        if (said := at.get("/T")) is not None:
            steps.append(str(said))
        value = at.get("/V") if value is None else value
        at = _dictionary(at.get("/Parent"))
    name = " ".join(".".join(reversed(steps)).split())[:120] or "a field without a name"
    return name, _said(value)


def _said(value: Any) -> str:
    match _got(value):
        case None | DictionaryObject():  # a signature's dictionary says nothing to read
            return ""
        case list() as several:
            return ", ".join(filter(None, (_said(one) for one in several[:50])))[:_CHARS]
        case other:
            said = " ".join(str(other).split())[:_CHARS]
            return "" if said in {"/Off", "/"} else said.removeprefix("/")


def _xmp(item: Item, reader: PdfReader) -> Iterator[Fact]:
    root = _dictionary(reader.trailer.get("/Root"))
    stream = _got(root.get("/Metadata")) if root is not None else None
    packet = xmp_of(stream.get_data()) if isinstance(stream, StreamObject) else None
    if packet is None:
        return
    for name in STATED:
        for said in dict.fromkeys(packet.all(name)[:5]):
            shown = " ".join(said.split())[:200]
            yield fact(item, "document.property", f"{name}: {shown}", meta(name))


def _actions(item: Item, reader: PdfReader) -> Iterator[Fact]:
    """Programs and what lies outside, wherever an action stands; each once."""
    told: set[str] = set()
    for at, action in _all_actions(reader):
        kind = str(action.get("/S"))
        if kind in _RUNS:
            said = " ".join(str(_got(action.get("/JS")) or action.get("/F") or "").split())[:120]
            name, what = "file.program", f"{_RUNS[kind]}: {said}"
        elif kind in _REFERS:
            target = _got(action.get(_REFERS[kind]))
            if isinstance(target, DictionaryObject):
                target = target.get("/UF") or target.get("/F")
            name, what = "file.outside", f"{kind[1:]}: {' '.join(str(target).split())[:300]}"
        else:
            continue
        if what not in told and len(told) < _MAX_LINKS:
            told.add(what)
            yield fact(item, name, what, at)


def _all_actions(reader: PdfReader) -> Iterator[tuple[Locator, DictionaryObject]]:
    root = _dictionary(reader.trailer.get("/Root"))
    if root is None:
        return
    holders: list[tuple[Locator, Any]] = [
        (WHOLE, root.get("/OpenAction")),
        (WHOLE, root.get("/AA")),
    ]
    names = _dictionary(root.get("/Names"))
    if names is not None:
        holders += [(WHOLE, one) for _, one in _tree(names.get("/JavaScript"))]
    for number, page in enumerate(reader.pages[:50], start=1):
        height = float(page.mediabox.top)
        holders.append((WHOLE, page.get("/AA")))
        for annotation in _array(page.get("/Annots"))[:MAX_FIELDS]:
            if (one := _dictionary(annotation)) is not None:
                at, _ = _box(one, number, height)
                holders += [(at, one.get("/A")), (at, one.get("/AA"))]
    for at, holder in holders:
        if (found := _dictionary(holder)) is None:
            continue
        yield at, found
        for inner in found.values():  # the actions of /AA, and /Next of an action
            if (action := _dictionary(inner)) is not None:
                yield at, action


def _attachments(item: Item, reader: PdfReader) -> Iterator[Fact]:
    specifications: list[Any] = []
    root = _dictionary(reader.trailer.get("/Root"))
    names = _dictionary(root.get("/Names")) if root is not None else None
    if names is not None:
        specifications += [one for _, one in _tree(names.get("/EmbeddedFiles"))]
    for page in reader.pages[:50]:
        for annotation in _array(page.get("/Annots"))[:MAX_FIELDS]:
            one = _dictionary(annotation)
            if one is not None and one.get("/Subtype") == "/FileAttachment":
                specifications.append(one.get("/FS"))
    for number, each in enumerate(specifications[:MAX_ATTACHED], start=1):
        at = attached(number)
        found = _dictionary(each)
        held = _dictionary(found.get("/EF")) if found is not None else None
        stream = _got(held.get("/F") or held.get("/UF")) if held is not None else None
        if found is None or not isinstance(stream, StreamObject):
            yield failed(item, f"its attachment {number} is named and not there", at)
            continue
        name = str(found.get("/UF") or found.get("/F") or "")
        try:
            data = stream.get_data()
        except Exception as problem:  # as above; the other attachments are read
            why = why_not(problem, f"its attachment {number} cannot be unpacked")
            yield failed(item, why, at)
            continue
        yield from facts_inside(item, data, name=name, at=at)
    if len(specifications) > MAX_ATTACHED:
        why = f"{CUT} {MAX_ATTACHED} of its {len(specifications)} attachments were read"
        yield failed(item, why)


def _tree(root: Any) -> Iterator[tuple[str, Any]]:
    """The names and values of a name tree, in its order."""
    waiting = [(root, 0)]
    seen = 0
    while waiting and seen < MAX_NODES:
        node, depth = waiting.pop()
        found = _dictionary(node)
        seen += 1
        if found is None or depth > _DEPTH:
            continue
        names = _array(found.get("/Names"))
        yield from zip(map(str, names[::2]), names[1::2], strict=False)
        waiting += [(kid, depth + 1) for kid in reversed(_array(found.get("/Kids"))[:MAX_NODES])]


def _each(fields: Any) -> Iterator[DictionaryObject]:
    """Every node of a form's tree of fields."""
    waiting = [(one, 0) for one in reversed(_array(fields)[:MAX_NODES])]
    seen = 0
    while waiting and seen < MAX_NODES:
        node, depth = waiting.pop()
        seen += 1
        if (found := _dictionary(node)) is None or depth > _DEPTH:
            continue
        yield found
        waiting += [(kid, depth + 1) for kid in reversed(_array(found.get("/Kids"))[:MAX_NODES])]


def _got(value: Any) -> Any:
    return None if value is None else value.get_object() if hasattr(value, "get_object") else value


def _dictionary(value: Any) -> DictionaryObject | None:
    found = _got(value)
    return found if isinstance(found, DictionaryObject) else None


def _array(value: Any) -> list[Any]:
    found = _got(value)
    return list(found) if isinstance(found, ArrayObject) else []
