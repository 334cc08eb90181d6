"""The long lists of a sealed document, read line by line and by pattern.

A manifest of 20,000 items is 14 MB of JSON. Parsed, checked and written again to be compared it
takes seconds; a pattern that matches the one canonical form of a line takes microseconds a line.
What the pattern does not match is read as any JSON is, so it decides how quickly a line is read
and never what is accepted. Whoever cuts a list out here puts the document together again and
compares: see `Manifest.exactly`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

from evidence.canonical import canonical
from evidence.errors import FormatError

# Each has one group. Texts without quote, backslash and control characters are written as they are.
TEXT = r'"([^"\\\x00-\x1f]*)"'
TEXT_OR_NULL = rf"(?:{TEXT}|null)"
HASH = r'"([0-9a-f]{64})"'
HASH_OR_NULL = rf"(?:{HASH}|null)"
WORD = r'"([a-z_.]+)"'
NUMBER = r"(0|[1-9][0-9]{0,14})"  # below 2^53 for certain
TIME = r'"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)"'
OBJECT = r"(\{[^{}]*\})"  # to be read, and compared, by whoever matched it
OBJECT_OR_NULL = rf"(?:{OBJECT}|null)"

_DECODER = json.JSONDecoder()


class Line(Protocol):
    """What stands in such a list."""

    def to_json(self) -> dict[str, Any]: ...

    @classmethod
    def from_json(cls, value: object) -> Self: ...


_Line = TypeVar("_Line", bound=Line)


def line_pattern(fields: Mapping[str, str]) -> re.Pattern[str]:
    """The canonical JSON object with these fields, in their order: a group each."""
    return re.compile(
        r"\{" + ",".join(f'"{name}":{fields[name]}' for name in sorted(fields)) + r"\}"
    )


@dataclass(frozen=True, slots=True)
class Cut(Generic[_Line]):
    """A list that was cut out of a text: its lines, and where its brackets are."""

    lines: list[_Line]
    begin: int
    end: int


def cut(
    text: str,
    name: str,
    kind: type[_Line],
    pattern: re.Pattern[str],
    quick: Callable[[tuple[Any, ...]], _Line | None],
    *,
    after: int = 0,
) -> Cut[_Line] | None:
    """The first list called `name` from `after` on, if all of it is written canonically.

    quick   a line from the groups of `pattern`, or None if it must be read by `kind.from_json`

    None if there is no such list, or something in it is not what `to_json` gives.
    """
    begin = text.find(f'"{name}":[', after) + len(name) + 3
    if begin < len(name) + 3:
        return None
    lines: list[_Line] = []
    at = begin + 1
    if text.startswith("]", at):
        return Cut(lines, begin, at + 1)
    match = pattern.match
    while True:
        found = match(text, at)
        line = quick(found.groups()) if found else None
        if line is not None and found is not None:
            at = found.end()
        else:
            try:
                value, end = _DECODER.raw_decode(text, at)
                line = kind.from_json(value)
                if canonical(line.to_json()).decode() != text[at:end]:
                    return None
            except (ValueError, RecursionError, FormatError):
                return None
            at = end
        lines.append(line)
        if text.startswith(",", at):
            at += 1
        elif text.startswith("]", at):
            return Cut(lines, begin, at + 1)
        else:
            return None


def consists_of(text: str, pieces: Iterable[str | Cut[Any]]) -> bool:
    """Whether the text is these pieces, one after the other; a Cut is what was cut out there."""
    at = 0
    for piece in pieces:
        if isinstance(piece, str):
            if not text.startswith(piece, at):
                return False
            at += len(piece)
        elif piece.begin == at:
            at = piece.end
        else:
            return False
    return at == len(text)
