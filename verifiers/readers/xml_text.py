"""XML, and pictures written in it (SVG): each text with its path, under its element's name.

A document type is refused, and with it entities and whatever they would fetch or multiply. A
picture is not drawn: its text is what stands in its elements.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import xml_path
from evidence.xmlpages import Element, parse_xml
from verifiers.readers.lines import Line
from verifiers.readers.names import words_of_name
from verifiers.readers.reader import MAX_TEXT, MAX_TOLD_CHARS, fact, failed
from verifiers.readers.said.facts import facts_of_lines

MAX_XML = 16 << 20
# Elements whose text is a program or a style, never what a person reads.
_SILENT = frozenset({"script", "style"})


def read(item: Item) -> list[Fact]:
    """Its texts, and the numbers, dates and names in them."""
    try:
        root = parse_xml(item.content.read(MAX_XML))
    except EvidenceError as problem:
        return [failed(item, f"{problem}")]
    facts = facts_of_lines(item, lines_in(root))
    if any(element.name == "script" for _, element in _each(root)):
        facts.append(fact(item, "file.program", "a script", xml_path(root.name)))
    return facts


def text_of(item: Item) -> str:
    try:
        return "\n".join(line.text for line in lines_in(parse_xml(item.content.read(MAX_XML))))[
            :MAX_TEXT
        ]
    except EvidenceError:
        return ""


def lines_in(root: Element) -> Iterator[Line]:
    for steps, element in _each(root):
        if element.name in _SILENT:
            continue
        if said := " ".join(element.text.split())[:MAX_TOLD_CHARS]:
            label = words_of_name(element.name)
            told = said if label in {"text", "tspan", "title", "desc", "p"} else f"{label}: {said}"
            yield Line(told, xml_path(*steps))


def _each(root: Element) -> Iterator[tuple[tuple[str, ...], Element]]:
    """Every element in the document's order, with the steps that lead to it."""
    waiting: list[tuple[tuple[str, ...], Element]] = [((root.name,), root)]
    while waiting:
        steps, element = waiting.pop()
        yield steps, element
        seen: dict[str, int] = {}
        inner = []
        for child in element.children:
            nth = seen[child.name] = seen.get(child.name, 0) + 1
            inner.append(((*steps, child.name if nth == 1 else f"{child.name}[{nth}]"), child))
        waiting.extend(reversed(inner))
