"""An XML answer, walked with a path in hand, as evidence/pages.py walks JSON.

Read by expat into a tree of our own, so that its limits hold while it is read: a document type is
refused (with it go entities, and whatever they would fetch or multiply), depth and elements are
counted. Names are used without their namespace: vendors change those and not their words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from evidence.errors import FormatError, ShapeError, TooLargeError
from evidence.items import Item
from evidence.locators import Locator, xml_path
from evidence.pages import MAX_DEPTH, MAX_PAGE, Node

# An element costs a kilobyte or so.
MAX_ELEMENTS = 200_000

_STEP = re.compile(r"(?P<name>[^/@\[\]]+)(?:\[(?P<nth>[1-9][0-9]{0,8})\])?|@(?P<attribute>.+)")


@dataclass(slots=True)
class Element:
    """A name without its namespace, attributes, child elements, and the text between them."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class XmlNode(Node):
    """A place in an XML document; `value` is an Element, an attribute's text, or None."""

    @property
    def locator(self) -> Locator:
        return xml_path(*(str(step) for step in self.steps))

    def __getitem__(self, key: str | int) -> XmlNode:
        """The first child element called `key`, or the attribute for "@key"."""
        name = str(key)
        value: Any = None
        if isinstance(self.value, Element):
            if name.startswith("@"):
                value = self.value.attributes.get(name[1:])
            else:
                value = next((one for one in self.value.children if one.name == name), None)
        return XmlNode(self.item, (*self.steps, name), value)

    def __contains__(self, key: object) -> bool:
        return self[str(key)].present

    def each(self) -> Iterator[XmlNode]:
        """Every child element, each with its place among those of its name."""
        if not isinstance(self.value, Element):
            return
        seen: dict[str, int] = {}
        for child in self.value.children:
            nth = seen[child.name] = seen.get(child.name, 0) + 1
            step = child.name if nth == 1 else f"{child.name}[{nth}]"
            yield XmlNode(self.item, (*self.steps, step), child)

    def every(self, name: str) -> Iterator[XmlNode]:
        """The child elements called `name`."""
        return (
            child
            for child in self.each()
            if isinstance(child.value, Element) and child.value.name == name
        )

    @property
    def as_written(self) -> str | None:
        if isinstance(self.value, Element):
            return None if self.value.children else self.value.text
        return self.value if isinstance(self.value, str) else None

    def text_or_none(self) -> str | None:
        """Text with its outer white space off; ShapeError where elements stand instead."""
        if self.value is None:
            return None
        if (said := self.as_written) is None:
            raise self.misshapen("text", got="elements")
        return said.strip() or None


def xml_page_of(item: Item) -> XmlNode:
    """The item's root element, as the child of a node that stands for the document.

    Raises ShapeError if it is not XML, has a document type, or is nested more than MAX_DEPTH deep;
    TooLargeError above MAX_PAGE bytes or MAX_ELEMENTS elements.
    """
    try:
        root = parse_xml(item.content.read(MAX_PAGE))
    except FormatError as problem:
        raise ShapeError(
            source=item.source,
            pointer="xml:",
            expected="XML",
            got=f"something else ({problem.why})",
        ) from problem
    return XmlNode(item, (), Element("", children=[root]))


def parse_xml(data: bytes) -> Element:
    """The root element. FormatError saying what it is instead; TooLargeError."""
    tree = _Tree()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.text
    parser.StartDoctypeDeclHandler = tree.doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as problem:
        raise FormatError(what="the XML", why="it is other bytes") from problem
    return tree.open[0].children[0]


def resolve_xml(root: Element, place: str) -> Element | str:
    """What a path (without its `xml:`) leads to from the root; FormatError if nowhere."""
    if not place:
        return root
    here = Element("", children=[root])
    first, *steps = place.split("/")
    if first:
        raise _nowhere(place)
    for number, step in enumerate(steps, start=1):
        found = _STEP.fullmatch(step)
        if found is None:
            raise _nowhere(place)
        if found["attribute"] is not None:
            if number == len(steps) and found["attribute"] in here.attributes:
                return here.attributes[found["attribute"]]
            raise _nowhere(place)
        alike = [one for one in here.children if one.name == found["name"]]
        nth = int(found["nth"] or 1)
        if nth > len(alike):
            raise _nowhere(place)
        here = alike[nth - 1]
    return here


def written_at(root: Element, place: str) -> str | None:
    """The text that stands at a path, as it stands; None where elements do."""
    found = resolve_xml(root, place)
    if isinstance(found, Element):
        return None if found.children else found.text
    return found


class _Tree:
    """Takes expat's events; raises out of them where a limit is passed."""

    def __init__(self) -> None:
        self.open = [Element("")]
        self._texts: list[list[str]] = [[]]
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            what = "the number of elements in a page"
            raise TooLargeError(what=what, size=self._count, limit=MAX_ELEMENTS)
        if len(self.open) > MAX_DEPTH:
            raise FormatError(what="the XML", why="it is nested too deeply")
        namespace, _, local = name.rpartition(" ")
        named = {_local(key): said for key, said in attributes.items()}
        made = Element(local, named, namespace=namespace)
        self.open[-1].children.append(made)
        self.open.append(made)
        self._texts.append([])

    def end(self, name: str) -> None:
        self.open.pop().text = "".join(self._texts.pop())

    def text(self, said: str) -> None:
        # Elements cut a text into pieces: put together at the end, or it costs their square.
        self._texts[-1].append(said)

    def doctype(self, *_: object) -> None:
        raise FormatError(what="the XML", why="it has a document type")


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _nowhere(place: str) -> FormatError:
    return FormatError(what=f"the XML path {place[:80]!r}", why="it leads nowhere")
