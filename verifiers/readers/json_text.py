"""JSON: each value with its path, under the name it stands under.

Numbers are read as they are written, so that no digit of a tracking number is lost. What only
begins like JSON is read as the lines of text that it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import pointer
from verifiers.readers import text
from verifiers.readers.lines import Line
from verifiers.readers.reader import MAX_FOUND, MAX_LINES, MAX_SAID, MAX_TEXT, failed
from verifiers.readers.records import Field, Record, apart, grouped, lines_of
from verifiers.readers.rows import told_of_rows
from verifiers.readers.said.facts import facts_of_lines

MAX_JSON = 16 << 20


class NotJsonError(Exception):
    """The message says why, as a part of a sentence."""


def read(item: Item) -> list[Fact]:
    """Its values, and the numbers, dates and names in them."""
    try:
        root = _record_of(item.content.read(MAX_JSON))
    except EvidenceError as problem:
        return [failed(item, f"{problem}")]
    except NotJsonError as problem:
        return [failed(item, f"it begins like JSON, but {problem}"), *text.read(item)]
    rows = [pointer(*steps) for steps in apart(root)]
    most = MAX_SAID if rows else MAX_FOUND
    facts = facts_of_lines(item, lines_of(root, pointer), most=most)
    return told_of_rows(item, grouped(facts, rows))


def text_of(item: Item) -> str:
    try:
        lines = islice(lines_in(item.content.read(MAX_JSON)), MAX_LINES + 1)
        return "\n".join(line.text for line in lines if line.text)[:MAX_TEXT]
    except EvidenceError:
        return ""
    except NotJsonError:
        return text.text_of(item)


def lines_in(data: bytes) -> Iterator[Line]:
    """Raises NotJsonError."""
    yield from lines_of(_record_of(data), pointer)


def _record_of(data: bytes) -> str | Record:
    try:
        whole = json.loads(
            text.decoded(data),
            object_pairs_hook=_of_object,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
        )
        return _value_of(whole, "")
    except RecursionError:
        raise NotJsonError("it is nested too deeply") from None
    except ValueError as problem:
        at = f"line {problem.lineno}" if isinstance(problem, json.JSONDecodeError) else "a number"
        raise NotJsonError(f"what stands in {at} is none") from None


def _of_object(pairs: list[tuple[str, Any]]) -> Record:
    return Record([Field(key, key, _value_of(one, key)) for key, one in pairs])


def _value_of(value: Any, name: str) -> str | Record:
    """A list is a record whose values all have its name, apart if records are among them."""
    if isinstance(value, list):
        several = any(isinstance(one, Record) for one in value)
        return Record(
            [Field(n, name, _value_of(one, name), apart=several) for n, one in enumerate(value)]
        )
    return value if isinstance(value, str | Record) else ""
