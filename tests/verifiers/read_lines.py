"""Lines as if they had been read, and the facts that are found in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from evidence.facts import Facts
from evidence.items import Item
from evidence.locators import WHOLE, box
from tests.verifiers.documents import received
from verifiers.readers.lines import Line
from verifiers.readers.said.facts import facts_of_lines
from verifiers.readers.said.layout import Size

ITEM = received(b"a picture")
CAPTURED = "document.captured.at"


def recent() -> Item:
    return replace(ITEM, collected_at=datetime(2026, 8, 1, tzinfo=UTC))


def placed(*lines: tuple[str, int, int], confidence: float = 1.0, photo: bool = False) -> Facts:
    """Lines of twelve points height at x, y, on a page or in a picture of 600 x 800."""
    made = [
        Line(text, box(x, y, 7 * len(text), 12), (x, y, 7 * len(text), 12), 0, confidence)
        for text, x, y in lines
    ]
    return Facts(facts_of_lines(ITEM, made, sizes={0: Size(600, 800)}, photo=photo))


def said(*lines: str) -> Facts:
    return Facts(facts_of_lines(ITEM, [Line(line, WHOLE) for line in lines]))


def texts(facts: Facts, name: str) -> list[str]:
    return [one.time.text for one in facts.named(name)]


def numbers(facts: Facts) -> list[str]:
    return facts.values("shipment.tracking_number")
