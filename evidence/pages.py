"""A JSON answer, walked with a pointer in hand.

`page_of(item)` gives a Node; a Node knows where it stands, so a fact read from it carries its
locator, and a missing or oddly shaped field becomes a ShapeError that names the place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, NoReturn

from evidence.errors import FormatError, ShapeError, TooLargeError
from evidence.facts import Fact, Value
from evidence.items import Item
from evidence.locators import Locator, pointer
from evidence.times import Time, parse_iso, zone_of

# A page larger than this is kept but not read as JSON.
MAX_PAGE = 32 << 20

# Thirty megabytes of `[],[],` would be a gigabyte of lists. Commas and brackets are counted before
# anything is built: at about 100 bytes a value this is 200 MB at worst.
MAX_VALUES = 2_000_000

# Fixed, so that what can be read does not depend on how deep the caller stands.
MAX_DEPTH = 100

_KINDS = {dict: "an object", list: "a list", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a JSON document; `value` is None where it has nothing, or null, there."""

    item: Item
    steps: tuple[str | int, ...]
    value: Any

    # Without this, `for x in node` would ask for node[0], node[1] … and never end: use each().
    __iter__ = None

    @property
    def locator(self) -> Locator:
        return pointer(*self.steps)

    def __getitem__(self, key: str | int) -> Node:
        """The child called `key`; a node without a value if there is none."""
        child: Any = None
        if isinstance(self.value, dict) and isinstance(key, str):
            child = self.value.get(key)
        elif isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
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

    @property
    def as_written(self) -> str | None:
        """Text exactly as it stands, white space and all; None for what is no text."""
        return self.value if isinstance(self.value, str) else None

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
        """An ISO 8601 time; `zone` is what an operator declared for times without an offset.

        ShapeError for another text, FormatError for a zone that there is not.
        """
        if zone is not None:
            zone_of(zone)
        try:
            return parse_iso(self.text(), zone=zone)
        except FormatError as problem:
            raise self.misshapen("an ISO 8601 time", got="another text") from problem

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

    def misshapen(self, expected: str, *, got: str | None = None) -> ShapeError:
        """What to raise where something else stands here; it says the type and never the value."""
        return ShapeError(
            source=self.item.source,
            pointer=str(self.locator),
            expected=expected,
            got=got or _kind_of(self.value),
        )


def page_of(item: Item) -> Node:
    """The item's JSON; numbers keep the digits they were written with.

    Raises ShapeError if it is not JSON, or is JSON that two readers could read differently (a key
    twice in one object, NaN) or that is nested more than MAX_DEPTH deep; TooLargeError above
    MAX_PAGE bytes or MAX_VALUES values.
    """
    data = item.content.read(MAX_PAGE)
    if len(data) > MAX_VALUES:  # else there cannot be as many
        values = sum(map(data.count, (b",", b"[", b"{")))
        if values > MAX_VALUES:
            what = "the number of values in a page"
            raise TooLargeError(what=what, size=values, limit=MAX_VALUES)
    try:
        value = json.loads(data, **AS_WRITTEN)
        if not _no_key_twice(_keys(value), data):
            value = json.loads(data, **AS_WRITTEN, object_pairs_hook=_object)
    except (ValueError, RecursionError) as problem:
        raise ShapeError(
            source=item.source, pointer="json:", expected="JSON", got=_refusal(problem)
        ) from problem
    return Node(item, (), value)


class _RefusedError(ValueError):
    """JSON that we do not read; its message is the `got` of a ShapeError."""


def _refusal(problem: Exception) -> str:
    if isinstance(problem, _RefusedError):
        return str(problem)
    return "JSON nested too deeply" if isinstance(problem, RecursionError) else "other bytes"


def _no_number(name: str) -> NoReturn:
    raise _RefusedError(f"{name}, which is not a JSON number,")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _RefusedError("an object with one key twice")
    return made


# A number is its digits: 1.10 stays 1.10, and a huge integer costs no arithmetic.
AS_WRITTEN: Mapping[str, Any] = {
    "parse_float": str,
    "parse_int": str,
    "parse_constant": _no_number,
}


def _keys(value: Any) -> int:
    """How many keys its objects have. Raises RecursionError for what is nested too deeply."""
    keys = 0
    level: list[Any] = [value]
    kinds = {type(value)}
    for _ in range(MAX_DEPTH + 1):  # below the deepest nothing may be nested
        if _NESTED.isdisjoint(kinds):
            return keys
        # What a page has most of, rows that are all objects, is not sorted one by one.
        objects = level if kinds == _OBJECTS else [node for node in level if type(node) is dict]
        lists = [node for node in level if type(node) is list] if list in kinds else []
        keys += sum(map(len, objects))
        level = list(chain.from_iterable(chain(map(dict.values, objects), lists)))
        kinds = set(map(type, level))
    raise RecursionError


def _no_key_twice(keys: int, data: bytes) -> bool:
    """Whether it is certain that `data`, of which `keys` were read, has none twice in one object.

    To ask each object takes most of the time of reading a page. Each key ends with a quotation mark
    and a colon, so there are at most as many keys as such pairs; of a key that came twice one was
    lost. What has more, since a text has such a pair too, is to be asked. So is UTF-16 and UTF-32,
    where these are other bytes: they have a zero in every bracket.
    """
    if keys == data.count(b":"):
        return b"\0" not in data
    return keys == sum(1 for _ in _KEY_END.finditer(data)) and b"\0" not in data


_OBJECTS = frozenset({dict})
_NESTED = frozenset({dict, list})
_KEY_END = re.compile(rb'"[ \t\r\n]*:')


def _kind_of(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return "empty text" if not value.strip() else "text"
    return _KINDS.get(type(value), "elements")  # of an XML page
