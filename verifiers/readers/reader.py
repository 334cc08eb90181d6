"""The shape that every reader has, and the facts that all of them make.

A reader is a pure function of an item's bytes. It does not raise for bad bytes: what it could not
read becomes a `reading.failed` fact with a sentence, and what it read until then stays. The process
it runs in has limits of its own on time and memory; the bounds here keep honest files far from
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from evidence.facts import Fact, Value
from evidence.items import Item
from evidence.locators import WHOLE, Locator

MAX_BYTES = 64 << 20
# Twice a large phone camera's picture; more is a bomb, or not a photo of a parcel.
MAX_PIXELS = 100_000_000
# Lines that become facts of their own; the rest is still searched for numbers and dates.
MAX_TOLD_LINES = 400
MAX_TOLD_CHARS = 500
# Lines that are searched at all, and characters of text that are handed out.
MAX_LINES = 20_000
MAX_TEXT = 400_000
# Numbers, dates and names that are told of one item: a document of an order has a handful, an
# export of many orders some in each row.
MAX_FOUND, MAX_FOUND_IN_ROWS = 500, 1_000
# What is looked at, of which these are told.
MAX_SAID = 8 * MAX_LINES
# How the reason begins where only a part was read: what was not found may stand in the rest.
CUT = "only"


@dataclass(frozen=True, slots=True)
class Reader:
    """`read` and `text_of` never raise for bad bytes; `version` is raised when they say more."""

    name: str
    version: int
    media_types: frozenset[str]
    read: Callable[[Item], list[Fact]]
    text_of: Callable[[Item], str]


def why_not(problem: Exception, otherwise: str) -> str:
    """A parser's own error as a phrase that says whose trouble it is.

    otherwise  what it means if nothing else does: "it is damaged or not a PDF"

    Hostile files reach every corner of a parser, and each corner raises its own. What a file asks
    for is not damage, and an engine that fails says nothing of the file.
    """
    name = type(problem).__name__
    said = f"{problem}".lower()
    if isinstance(problem, MemoryError) or "bad_alloc" in said or "out of memory" in said:
        return "it needs more memory than a reading may take"
    if isinstance(problem, RecursionError) or "recursion" in said[:200]:
        return "it is nested too deeply"
    if name == "DecompressionBombError":
        return f"it has more than {MAX_PIXELS:,} pixels"
    if re.search(r"\btoo large\b|\blimit\b|\bexceed", said[:200]):
        return f"a part of it unpacks to more than is read ({name})"
    if type(problem).__module__.startswith(("onnxruntime", "rapidocr", "cv2")):
        return f"recognising its text failed, which says nothing of the file ({name})"
    return f"{otherwise} ({name})"


def fact(
    item: Item, name: str, value: Value, locator: Locator = WHOLE, *, confidence: float = 1.0
) -> Fact:
    """A fact that the item states about itself or what it documents."""
    return Fact(
        name=name,
        value=value,
        locator=locator,
        item=item.sha256,
        origin=item.origin,
        confidence=confidence,
    )


def failed(item: Item, why: str, locator: Locator = WHOLE) -> Fact:
    """`why` is a phrase that may follow "it could not be read:"; no bytes of the item in it."""
    return fact(item, "reading.failed", why, locator)
