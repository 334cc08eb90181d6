"""The shape that every reader has, and what readers of text share.

A reader is a pure function of an item's bytes. It does not raise for bad bytes: what it could not
read becomes a `reading.failed` fact with a sentence, and what it read until then stays. The process
it runs in has limits of its own on time and memory; the bounds here keep honest files far from
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from evidence.facts import Fact, Value
from evidence.items import Item
from evidence.locators import WHOLE, Locator
from verifiers.readers.lines import Line
from verifiers.readers.patterns import (
    date_order,
    dates,
    delivered_on,
    left_at,
    order_numbers,
    taken_by,
    tracking_numbers,
)

MAX_BYTES = 64 << 20
# Lines that become facts of their own; the rest is still searched for numbers and dates.
MAX_TOLD_LINES = 400
MAX_TOLD_CHARS = 500
# Lines that are searched at all, and characters of text that are handed out.
MAX_LINES = 20_000
MAX_TEXT = 400_000
# Numbers and dates of one item; a document of an order has a handful.
MAX_FOUND = 500

_CAPTURED = re.compile(
    r"\bcaptured?\s*(?:on|at|time|date)\b|\bscreenshot\s+taken\b|截图时间", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Reader:
    """`read` and `text_of` never raise for bad bytes; `version` is raised when they say more."""

    name: str
    version: int
    media_types: frozenset[str]
    read: Callable[[Item], list[Fact]]
    text_of: Callable[[Item], str]


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


def facts_of_lines(item: Item, lines: Iterable[Line]) -> list[Fact]:
    """The lines themselves, and the numbers, dates and names that stand in them.

    An order number that only a label speaks for is an alias: it may be the shop's or the ERP's own.
    """
    known = [line for _, line in zip(range(MAX_LINES), lines, strict=False)]
    order = item.hints.get("date_order") or date_order("\n".join(line.text for line in known))
    zone = item.hints.get("zone")
    told: list[Fact] = []
    found: list[Fact] = []
    for line in known:
        if not line.text.strip():
            continue
        if len(told) < MAX_TOLD_LINES:
            text = line.text.strip()[:MAX_TOLD_CHARS]
            told.append(fact(item, "document.text", text, line.locator, confidence=line.confidence))
        if len(found) < MAX_FOUND:
            found.extend(_found_in(item, line, order=order, zone=zone))
    return told + found[:MAX_FOUND]


def _found_in(item: Item, line: Line, *, order: str | None, zone: str | None) -> list[Fact]:
    def said(name: str, value: Value, sure: float) -> Fact:
        return fact(item, name, value, line.locator, confidence=sure * line.confidence)

    text = line.text
    facts = [
        said("order.id" if one.sure else "order.alias", one.text, 0.95)
        for one in order_numbers(text)
    ]
    facts += [
        said("shipment.tracking_number", one.text, 0.95 if one.sure else 0.7)
        for one in tracking_numbers(text)
    ]
    delivered = delivered_on(text)
    if delivered is not None and (moments := dates(delivered, order=order, zone=zone)):
        facts.append(said("delivery.at", moments[0], 0.9))
    else:
        name = "document.captured.at" if _CAPTURED.search(text) else "document.printed.at"
        facts += [said(name, moment, 0.9) for moment in dates(text, order=order, zone=zone)]
    if who := taken_by(text):
        facts.append(said("delivery.received_by", who, 0.9))
    if where := left_at(text):
        facts.append(said("delivery.place", where, 0.9))
    return facts
