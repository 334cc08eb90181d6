"""From a fact to the place it stood: which line of what is shown, or which box of which picture."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from evidence.facts import Fact
from evidence.orders import OrderRef

_BOX = re.compile(r"(?:page:(\d{1,5})/box:|pixel:)(-?[\d.]+),(-?[\d.]+),([\d.]+),([\d.]+)")
_PAGE = re.compile(r"page:(\d{1,5})(?:/|$)")


def order_page(ref: OrderRef, below: str = "") -> str:
    return f"/console/orders/{ref.platform}/{quote(ref.id, safe='')}{below}?site={ref.site}"


def case_page(id: str, below: str = "") -> str:
    return f"/console/cases/{id}{below}"


def place_page(ref: OrderRef, sha256: str, locator: str = "") -> str:
    """The item's page, at the place if one is named."""
    page = order_page(ref, f"/items/{sha256}")
    return f"{page}&at={quote(locator, safe='')}#here" if locator else page


@dataclass(frozen=True, slots=True)
class Box:
    """A box over picture `page`, in that picture's own unit; `here` if it is the one looked for."""

    page: int
    x: float
    y: float
    width: float
    height: float
    locator: str
    said: str
    here: bool


def boxes(facts: Sequence[Fact], at: str) -> list[Box]:
    """One for each place that facts point at, with all that was read there."""
    said: dict[str, list[str]] = {at: []} if at else {}
    for fact in facts:
        said.setdefault(str(fact.locator), []).append(f"{fact.name}: {fact.text}")
    found = []
    for locator, texts in said.items():
        if (match := _BOX.fullmatch(locator)) is None:
            continue
        page, *sides = match.groups()
        x, y, width, height = map(float, sides)
        told = "\n".join(texts)[:500]
        found.append(Box(int(page or 1), x, y, width, height, locator, told, locator == at))
    # Small ones last, so that a large one never lies over them.
    return sorted(found, key=lambda box: -box.width * box.height)


def line_at(lines: Sequence[Sequence[str]], locator: str) -> int | None:
    """Index of the line that the locator names, or of the first one inside of what it names."""
    places = [line[0] for line in lines]
    if locator in places:
        return places.index(locator)
    inside = [n for n, place in enumerate(places) if place.startswith(f"{locator}/")]
    return inside[0] if inside else None


def page_at(locator: str) -> int | None:
    match = _PAGE.match(locator)
    return int(match[1]) if match else None


def rows(shown: Mapping[str, Any], facts: Sequence[Fact], at: str) -> list[dict[str, Any]]:
    """The lines to show: text, place, whether a fact stands there, whether it is looked for."""
    lines = shown["lines"]
    with_fact = {line_at(lines, str(fact.locator)) for fact in facts}
    here = line_at(lines, at) if at else None
    return [
        {"place": place, "text": text, "fact": number in with_fact, "here": number == here}
        for number, (place, text) in enumerate(lines)
    ]
