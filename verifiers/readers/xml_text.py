"""XML, and pictures written in it (SVG): each text with its path, under its element's name.

A document type is refused, and with it entities and whatever they would fetch or multiply. A
picture is not drawn: its text is what stands in its elements.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from evidence.errors import EvidenceError, FormatError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import Locator, xml_path
from evidence.xmlpages import Element, parse_xml
from verifiers.readers import text
from verifiers.readers.lines import Line
from verifiers.readers.reader import MAX_FOUND, MAX_SAID, MAX_TEXT, fact, failed
from verifiers.readers.records import Field, Record, apart, grouped, lines_of
from verifiers.readers.rows import told_of_rows
from verifiers.readers.said.facts import facts_of_lines

MAX_XML = 16 << 20
# Elements whose text is a program or a style, never what a person reads.
_SILENT = frozenset({"script", "style"})


def read(item: Item) -> list[Fact]:
    """Its texts, and the numbers, dates and names in them."""
    try:
        root = parse_xml(item.content.read(MAX_XML))
    except FormatError as problem:
        return [failed(item, f"it begins like XML, but {problem.why}"), *text.read(item)]
    except EvidenceError as problem:
        return [failed(item, f"{problem}")]
    record = _record_of(root)
    rows = [_place(*steps) for steps in apart(record)]
    facts = facts_of_lines(item, _lines(record), most=MAX_SAID if rows else MAX_FOUND)
    facts = told_of_rows(item, grouped(facts, rows))
    if _holds(root, "script"):
        facts.append(fact(item, "file.program", "a script", xml_path(root.name)))
    return facts


def _holds(root: Element, name: str) -> bool:
    waiting = [root]
    for element in waiting:
        waiting.extend(element.children)
    return any(element.name == name for element in waiting)


def text_of(item: Item) -> str:
    try:
        root = parse_xml(item.content.read(MAX_XML))
        return "\n".join(line.text for line in lines_in(root) if line.text)[:MAX_TEXT]
    except EvidenceError:
        return ""


# The first element of an answer that comes without a declaration, as those of SOAP do.
_ROOT = re.compile(
    rb"\s*<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)(?:\s+[\w:.-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'))*\s*/?>"
)
_HTML = frozenset(
    b"a abbr address article b blockquote body br center dd div dl dt em font footer form h1 h2 h3"
    b" h4 h5 h6 head header hr html i iframe img input label li link main meta nav ol p pre s"
    b" script section small span strong style table tbody td th title tr tt u ul".split()
)


def begins(head: bytes) -> bool:
    """Whether an element opens it that is none of a page's."""
    root = _ROOT.match(head.removeprefix(codecs.BOM_UTF8))
    return root is not None and root[1].lower() not in _HTML


def lines_in(root: Element) -> Iterator[Line]:
    return _lines(_record_of(root))


def _lines(record: Record) -> Iterator[Line]:
    for line in lines_of(record, _place):
        told = _UNNAMED.sub("", line.text)
        yield line if told == line.text else replace(line, text=told)


def _place(*steps: str | int) -> Locator:
    return xml_path(*map(str, steps))


# What a list is called: its only element is a row of it.
_LIST = re.compile(r"(?:s|list|history|历史|列表)$", re.IGNORECASE)
# What only says that text is text.
_UNNAMED = re.compile(r"^(?:text|tspan|title|desc|p): ")


def _record_of(root: Element) -> Record:
    """The document as a record with its root; what is said for people only is in it.

    Elements of one name that hold others are rows of a list, and so is the only one of "Events".
    Attributes say something but in a drawing, where they say how it looks.
    """
    drawn = root.name == "svg"
    # Parents before their children, whose records are made in the other order.
    order = [root]
    for element in order:
        order.extend(element.children)
    made: dict[int, str | Record] = {}
    # Who wrote the format is said by its namespace, told where it begins.
    first_of = {one.namespace: id(one) for one in reversed(order)}
    for element in reversed(order):
        fields = [] if drawn else _attributes(element)
        if not drawn and first_of[element.namespace] == id(element):
            fields.insert(0, Field(None, "namespace", element.namespace))
        alone = len(element.children) == 1 and _LIST.search(element.name) is not None
        count = Counter(one.name for one in element.children)
        seen: Counter[str] = Counter()
        for child in element.children:
            seen[child.name] += 1
            if child.name in _SILENT:
                continue
            nth = seen[child.name]
            step = child.name if nth == 1 else f"{child.name}[{nth}]"
            value = made[id(child)]
            listed = isinstance(value, Record) and (alone or count[child.name] > 1)
            fields.append(Field(step, child.name, value, apart=listed))
        if not fields:
            made[id(element)] = element.text
            continue
        made[id(element)] = Record([Field(None, element.name, element.text), *fields])
    return Record([Field(root.name, root.name, made[id(root)])])


def _attributes(element: Element) -> list[Field]:
    return [Field(f"@{name}", name, said) for name, said in element.attributes.items()]
