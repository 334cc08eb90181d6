"""Order numbers: of a platform's unmistakable shape, or announced by a label."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from verifiers.readers.lines import Line
from verifiers.readers.said.days import days_in
from verifiers.readers.said.fields import fields_of
from verifiers.readers.said.fold import fold
from verifiers.readers.said.layout import Row
from verifiers.readers.said.moments import MAX_LINE
from verifiers.readers.said.words import field_words

# What recognised text takes for a digit; only where the shape has nothing but digits.
_LIKE = str.maketrans(
    {"O": "0", "o": "0", "Q": "0", "I": "1", "l": "1", "|": "1", "S": "5", "B": "8"}
)
_D = r"[0-9OoQIl|SB]"
_DASH = r"\s?[-–—]\s?"
# Recognised text loses the space before a word that follows: "…-9031372Thursday".
_DAY = r"(?:(?:19|20)\d\d(?:年|[-/.]\d{1,2}[-/.])|\d\d[./]\d\d[./](?:19|20)\d\d)"
# Nor has a page one between two elements that a style sets apart: "Order number12-…".
_ALONE = (
    r"(?:(?<![A-Za-z0-9_-])|(?<=[Nn]umber)|(?<=[Nn]ummer)|(?<=[Oo]rder)|(?<=[Oo]rder ID)"
    r"|(?<=[Oo]rder no)|(?<=Order-ID))"
)
_ENDS = rf"(?:(?={_DAY})|(?![\d_]|-\d|[A-Za-z](?![a-z])))"
_SHAPES = (
    re.compile(rf"{_ALONE}({_D}{{3}}{_DASH}{_D}{{7}}{_DASH}{_D}{{7}}){_ENDS}"),  # Amazon
    re.compile(rf"{_ALONE}({_D}{{2}}{_DASH}{_D}{{5}}{_DASH}{_D}{{5}}){_ENDS}"),  # eBay
    re.compile(rf"{_ALONE}(57[5-9]\d{{15}}|58\d{{16}}){_ENDS}"),  # TikTok Shop
    re.compile(rf"{_ALONE}(P[O0]{_DASH}\d{{3}}{_DASH}\d{{14,20}}){_ENDS}"),  # Temu
)
_VALUE = re.compile(
    r"#?\s?([A-Za-z0-9](?:[A-Za-z0-9_.-]|(?<=\d)\s(?=\d{3,})|\s?[-–]\s?(?=\d)){2,38}[A-Za-z0-9])"
)
_SHORT_VALUE = re.compile(r"#\s?([A-Za-z]{0,4}\d{3,12})(?![\w-])")
# Shops whose pages head an order with its number and nothing else.
_HEADED_BY = frozenset({"shopify"})
_HEADING = re.compile(r"#([A-Z]{0,4}-?\d{3,8})")


@dataclass(frozen=True, slots=True)
class OrderNumber:
    """`sure` if its shape is a platform's own; else only its label speaks for it."""

    text: str
    sure: bool
    line: Line
    near: float


def order_numbers(rows: Sequence[Row], *, portals: Collection[str] = ()) -> list[OrderNumber]:
    """Each order number once, at its first and surest place.

    portals  platforms whose marks the document bears
    """
    found: dict[str, OrderNumber] = {}
    headings = _headings(rows) if _HEADED_BY & set(portals) else ()
    for one in (*_by_shape(rows), *_by_label(rows), *_by_reference(rows), *headings):
        known = found.get(one.text)
        if known is None or (one.sure and not known.sure):
            found[one.text] = one
    return list(found.values())


def _by_shape(rows: Sequence[Row]) -> Iterator[OrderNumber]:
    for row in rows:
        for cell in row.cells:
            for shape in _SHAPES:
                for match in shape.finditer(cell.text[:MAX_LINE]):
                    kept = match[1].translate(_LIKE)
                    if kept.startswith("P"):  # of Temu: the second sign is a letter
                        kept = f"PO{kept[2:]}"
                    text = re.sub(r"\s", "", kept).replace("–", "-")
                    yield OrderNumber(text.replace("—", "-"), True, cell, 1.0)


def _by_label(rows: Sequence[Row]) -> Iterator[OrderNumber]:
    for field in fields_of(field_words("order_number"), rows):
        # "#EU82130 2026年09月18日": the day goes on with figures, and is none of the number's.
        days = [day.start for day in days_in(fold(field.text[:80])) if day.start > 2]
        value = field.text[: min(days)] if days else field.text
        match = _SHORT_VALUE.match(value) or _VALUE.match(value)
        if match is None:
            continue
        text = re.sub(r"\s", "", match[1].replace("–", "-")).rstrip("._-")
        shaped = any(shape.match(field.text) for shape in _SHAPES)
        digits = sum(char.isdigit() for char in text)
        if shaped or digits < 3 or _is_day(field.text[: match.end() + 6], match.end()):
            continue
        if text.isalpha() or (field.near < 1 and digits < len(text) / 3):
            continue
        yield OrderNumber(text, False, field.line, field.near)


def _by_reference(rows: Sequence[Row]) -> Iterator[OrderNumber]:
    """A reference is an order's if it is written as shops write theirs: "#1234", "#EU1234"."""
    for field in fields_of(field_words("reference"), rows):
        # The sign may stand with the label's own ones in front of the value.
        at = field.line.text.find("#")
        text = field.text if field.text.startswith("#") or at < 0 else field.line.text[at:]
        if match := _SHORT_VALUE.match(text):
            yield OrderNumber(match[1], False, field.line, 0.95 * field.near)


def _headings(rows: Sequence[Row]) -> Iterator[OrderNumber]:
    """The one number of a page that is all of its line: "#1042" over a Shopify order."""
    found = [
        (match[1], cell)
        for row in rows
        for cell in row.cells
        if (match := _HEADING.fullmatch(cell.text.strip()))
    ]
    if len({text for text, _ in found}) == 1:
        yield OrderNumber(found[0][0], False, found[0][1], 0.95)


def _is_day(text: str, end: int) -> bool:
    return any(day.start == 0 and day.end >= min(end, 8) for day in days_in(fold(text)))
