"""A line of an item's text, with its place: what every reader of text gives, and layout needs."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.locators import Locator


@dataclass(frozen=True, slots=True)
class Line:
    """Text that stands together.

    box         x, y, width, height: pixels of a picture, points of a page from its upper left
                corner; None where the text has no layout, as in a mail
    page        counted from 1; 0 for what has no pages
    confidence  1.0 for text as it stands in the file, less for what was recognised
    """

    text: str
    locator: Locator
    box: tuple[float, float, float, float] | None = None
    page: int = 0
    confidence: float = 1.0
