"""JSON: each value with its path, under the name it stands under.

Numbers are read as they are written, so that no digit of a tracking number is lost. What only
begins like JSON is read as the lines of text that it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import pointer
from verifiers.readers import text
from verifiers.readers.lines import Line
from verifiers.readers.reader import MAX_LINES, MAX_TEXT, MAX_TOLD_CHARS, failed
from verifiers.readers.said.facts import facts_of_lines

MAX_JSON = 16 << 20
MAX_DEPTH = 100
_MOST = MAX_LINES + 1  # of one list: a line more than is searched, so that it shows


class NotJsonError(Exception):
    """The message says why, as a part of a sentence."""


@dataclass(frozen=True, slots=True)
class _Object:
    """Names and values in their order: a name that stands twice keeps both values."""

    pairs: list[tuple[str, Any]]


def read(item: Item) -> list[Fact]:
    """Its values, and the numbers, dates and names in them."""
    try:
        lines = list(islice(lines_in(item.content.read(MAX_JSON)), _MOST))
    except EvidenceError as problem:
        return [failed(item, f"{problem}")]
    except NotJsonError as problem:
        return [failed(item, f"it begins like JSON, but {problem}"), *text.read(item)]
    return facts_of_lines(item, lines)


def text_of(item: Item) -> str:
    try:
        lines = islice(lines_in(item.content.read(MAX_JSON)), _MOST)
        return "\n".join(line.text for line in lines)[:MAX_TEXT]
    except EvidenceError:
        return ""
    except NotJsonError:
        return text.text_of(item)


def lines_in(data: bytes) -> Iterator[Line]:
    try:
        whole = json.loads(
            text.decoded(data),
            object_pairs_hook=_Object,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
        )
    except RecursionError:
        raise NotJsonError("it is nested too deeply") from None
    except ValueError as problem:
        at = f"line {problem.lineno}" if isinstance(problem, json.JSONDecodeError) else "a number"
        raise NotJsonError(f"what stands in {at} is none") from None
    waiting: list[tuple[tuple[str | int, ...], str, Any]] = [((), "", whole)]
    while waiting:
        steps, name, value = waiting.pop()
        match value:
            case _Object(pairs) if len(steps) < MAX_DEPTH:
                inner = [((*steps, key), key, one) for key, one in pairs[:_MOST]]
                waiting.extend(reversed(inner))
            case list() if len(steps) < MAX_DEPTH:
                each = [((*steps, n), name, one) for n, one in enumerate(value[:_MOST])]
                waiting.extend(reversed(each))
            case str() if value.strip():
                said = " ".join(value.split())[:MAX_TOLD_CHARS]
                label = words_of_name(name)
                yield Line(f"{label}: {said}" if label else said, pointer(*steps))


def words_of_name(name: str) -> str:
    """A name as a person would write it: `trackingNumber` and `tracking_number` are labels."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name[:80])
    return " ".join(parted.replace("_", " ").replace("-", " ").split())
