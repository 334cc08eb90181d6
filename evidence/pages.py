"""A JSON answer, walked with a pointer in hand.

`page_of(item)` gives a Node; a Node knows where it stands, so a fact read from it carries its
locator, and a missing or oddly shaped field becomes a ShapeError that names the place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evidence.errors import ShapeError
from evidence.facts import Fact, Value
from evidence.items import Item
from evidence.locators import Locator, pointer
from evidence.times import Time, parse_iso

# A page larger than this is kept but not read as JSON.
MAX_PAGE = 32 << 20


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a JSON document; `value` is None where it has nothing, or null, there."""

    item: Item
    steps: tuple[str | int, ...]
    value: Any

    @property
    def locator(self) -> Locator:
        return pointer(*self.steps)

    def __getitem__(self, key: str | int) -> Node:
        """The child called `key`; a node without a value if there is none."""
        child: Any = None
        if isinstance(self.value, dict) and isinstance(key, str):
            child = self.value.get(key)
        elif isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            child = self.value[key]
        return Node(self.item, (*self.steps, key), child)

    def __contains__(self, key: object) -> bool:
        return isinstance(self.value, dict) and self.value.get(key) is not None

    @property
    def present(self) -> bool:
        return self.value is not None

    def each(self) -> Iterator[Node]:
        """The elements of a list; nothing if it is absent; ShapeError if it is not a list."""
        if self.value is None:
            return
        if not isinstance(self.value, list):
            raise self.misshapen("a list")
        for index, child in enumerate(self.value):
            yield Node(self.item, (*self.steps, index), child)

    def text(self) -> str:
        """Text that is there; numbers as JSON wrote them. ShapeError for anything else."""
        said = self.text_or_none()
        if said is None:
            raise self.misshapen("text")
        return said

    def text_or_none(self) -> str | None:
        """Text with its outer white space off; None if absent, null or empty."""
        if self.value is None:
            return None
        if isinstance(self.value, bool) or not isinstance(self.value, str | int | float):
            raise self.misshapen("text")
        return str(self.value).strip() or None

    def time(self, *, zone: str | None = None) -> Time:
        """An ISO 8601 time; `zone` is what an operator declared for times without an offset."""
        return parse_iso(self.text(), zone=zone)

    def fact(self, name: str, value: Value | None = None, *, group: str = "") -> Fact:
        """A fact that stands here; its value is this node's text unless given."""
        return Fact(
            name=name,
            value=self.text() if value is None else value,
            locator=self.locator,
            item=self.item.sha256,
            origin=self.item.origin,
            group=group,
        )

    def facts(self, name: str, *, group: str = "") -> list[Fact]:
        """The fact if there is text here, else none."""
        said = self.text_or_none()
        return [] if said is None else [self.fact(name, said, group=group)]

    def misshapen(self, expected: str) -> ShapeError:
        return ShapeError(
            source=self.item.source,
            pointer=str(self.locator),
            expected=expected,
            got="nothing" if self.value is None else f"a {type(self.value).__name__}",
        )


def page_of(item: Item) -> Node:
    """The item's JSON; ShapeError if it is not JSON, TooLargeError above MAX_PAGE bytes.

    Numbers keep the digits they were written with.
    """
    data = item.content.read(MAX_PAGE)
    try:
        value = json.loads(data, parse_float=_Digits, parse_int=_Digits)
    except (ValueError, RecursionError) as problem:
        raise ShapeError(
            source=item.source, pointer="json:", expected="JSON", got="other bytes"
        ) from problem
    return Node(item, (), value)


class _Digits(str):
    """A JSON number as its digits: 1.10 stays 1.10, and a huge integer costs no arithmetic."""

    __slots__ = ()
