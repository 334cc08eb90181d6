"""XML as a stream of events, for parts that are too large for a tree, under bounds.

A document type is refused: without one no entity is fetched, and none multiplies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from xml.parsers import expat

from evidence.errors import FormatError, TooLargeError

MAX_DEPTH = 250
MAX_ELEMENTS = 3_000_000


def walk(
    data: bytes,
    *,
    what: str,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None] = lambda _: None,
    text: Callable[[str], None] = lambda _: None,
) -> None:
    """Call `start`, `end` and `text` in the document's order; names are without namespace.

    Raises FormatError, TooLargeError, naming `what`; and whatever the callbacks raise.
    """
    depth = count = 0

    def started(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth += 1
        count += 1
        if depth > MAX_DEPTH:
            raise FormatError(what=what, why="its XML is nested too deeply")
        if count > MAX_ELEMENTS:
            raise TooLargeError(what=f"{what} (in elements)", size=count, limit=MAX_ELEMENTS)
        start(_local(name), {_local(key): said for key, said in attributes.items()})

    def ended(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(_local(name))

    def refused(*_: object) -> None:
        why = "its XML has a document type, which may hold entities that multiply"
        raise FormatError(what=what, why=why)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refused
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as problem:
        raise FormatError(what=what, why="its XML is damaged or cut off") from problem


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
