"""The hidden text that a scanner lays under a scan, against what the scan's picture shows.

A scanner's program recognises the picture that it made. A picture that was altered afterwards shows
another date than the text that can still be searched and copied. Both texts are recognitions, and
both slip: a difference counts only where both read as a date, a clock or a number of one form, in
digits that are not taken for each other, and where nearly all else agrees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from verifiers.readers.said.clocks import clocks_in
from verifiers.readers.said.days import days_in
from verifiers.readers.said.fold import fold
from verifiers.readers.traces.pdf_marks import Box, Mark, Page
from verifiers.readers.traces.trace import Trace, shortened

# A scanned paper has one page or two that state something; each costs a second of recognition.
MAX_PAGES = 2
_OF_PAGE = 0.5  # of a page that its picture covers at least
_SURE = 0.9  # of our own recognition
_FEW = 2  # places that say otherwise; more are a poor recognition
_STRENGTH = 0.85
_NEEDS = "needs the extra `ocr`, which is not installed, or does not start"
# Figures that recognitions take for each other.
_ALIKE = {frozenset(pair) for pair in "17 27 38 56 68 08 06 58 49 89 35 14 09 59 39 69 90".split()}


@dataclass(frozen=True, slots=True)
class _Pair:
    """What the hidden text states at a place, and what the picture shows there."""

    hidden: str
    shown: str
    place: Box
    stated: tuple[str, ...]
    seen: tuple[str, ...]


def layered(page: Page) -> list[Mark]:
    """The hidden text of a page that is a picture; [] for a page of any other making."""
    shown = [mark for mark in page.texts if mark.shown]
    hidden = [mark for mark in page.texts if not mark.shown]
    whole = page.width * page.height
    pictures = [mark for mark in page.marks if mark.kind == "picture"]
    covered = any(mark.box.area > _OF_PAGE * whole for mark in pictures)
    return hidden if covered and len(shown) < 0.2 * len(hidden) else []


def disagreements(document: Any, pages: Sequence[Page]) -> list[Trace]:
    """Where the pictures of scanned pages show another value than the text hidden under them.

    Where there is such a text, and nothing to recognise the picture with, it says so.
    """
    from verifiers.readers import ocr

    traces: list[Trace] = []
    scans = [(page, hidden) for page in pages if _states(hidden := layered(page))]
    if scans and not ocr.available():
        return [
            Trace("trace.unchecked", f"comparing a scan's hidden text with its picture {_NEEDS}")
        ]
    for page, hidden in scans[:MAX_PAGES]:
        traces += _of_page(page, list(_pairs(document, page, hidden)))
    return traces


def _states(hidden: Sequence[Mark]) -> bool:
    return sum(any(c.isdigit() for c in mark.text) for mark in hidden) >= 3


def _of_page(page: Page, pairs: Sequence[_Pair]) -> list[Trace]:
    agreed = sum(pair.stated == pair.seen for pair in pairs)
    differing = [pair for pair in pairs if _differ(pair.stated, pair.seen)]
    # Of a poor recognition nothing can be told: most of what is stated has to agree.
    if not differing or len(differing) > _FEW or agreed < max(2, len(pairs) - agreed):
        return []
    return [
        Trace(
            "trace.text.layer",
            f'its hidden text says "{shortened(pair.hidden)}" where the picture shows '
            f'"{shortened(pair.shown)}"',
            pair.place.on(page.number),
            _STRENGTH,
        )
        for pair in differing
    ]


def _differ(stated: Sequence[str], seen: Sequence[str]) -> bool:
    """Whether they are two values, and not one that a recognition slipped in."""
    if [len(value) for value in stated] != [len(value) for value in seen]:
        return False
    off = [
        frozenset((a, b))
        for one, other in zip(stated, seen, strict=True)
        for a, b in zip(one, other, strict=True)
        if a != b
    ]
    if not all(sign.isdigit() for pair in off for sign in pair):
        return False  # a letter in a figure's place is a slip
    clear = sum(pair not in _ALIKE for pair in off)
    return clear >= 2 or (clear >= 1 and len(off) >= 3)


def _pairs(document: Any, page: Page, hidden: Sequence[Mark]) -> Iterator[_Pair]:
    """Each place where both texts state as many values."""
    from verifiers.readers import ocr, pdf_pages

    shown = document[page.number - 1]
    try:
        scale = pdf_pages.scale_of(shown)
        lines = ocr.read_lines(pdf_pages.render(shown, scale))
    finally:
        shown.close()
    for line in lines:
        if line.confidence < _SURE or not any(c.isdigit() for c in line.text):
            continue
        x, y, w, h = (side / scale for side in line.box)
        place = Box(x, y, x + w, y + h)
        text = " ".join(mark.text.strip() for mark in _under(place, hidden))
        stated, seen = _values(text), _values(line.text)
        if stated and len(stated) == len(seen):
            yield _Pair(text, line.text, place, stated, seen)


def _under(place: Box, hidden: Sequence[Mark]) -> list[Mark]:
    """The hidden words that begin within a line's box, from left to right."""
    slack = 0.6 * place.height
    found = [
        mark for mark in hidden
        if place.y0 < (mark.box.y0 + mark.box.y1) / 2 < place.y1
        and place.x0 - slack <= mark.box.x0 < place.x1 - slack / 2
    ]  # fmt: skip
    return sorted(found, key=lambda mark: mark.box.x0)


_NUMBER = re.compile(r"(?<![a-z\d])(?=(?:[a-z]{0,4}\d){8})[a-z\d]{10,26}(?![a-z\d])")


def _values(text: str) -> tuple[str, ...]:
    """The days, clocks and long numbers of a line, each in one form of digits, in their order."""
    line = fold(text)
    days = [day for day in days_in(line) if day.readings]
    clocks = clocks_in(line, tuple(day.end for day in days))
    found: list[tuple[int, str]] = []
    for day in days:
        one = day.readings[0]
        found.append((day.start, f"{one.year or 0:04}-{one.month:02}-{one.day:02}"))
    found += [(clock.start, f"{clock.at:%H:%M}") for clock in clocks]
    taken = [(day.start, day.end) for day in days]
    taken += [(clock.start, clock.end) for clock in clocks]
    found += [
        (match.start(), match[0])
        for match in _NUMBER.finditer(line)
        if not any(start < match.end() and match.start() < end for start, end in taken)
    ]
    return tuple(value for _, value in sorted(found))
