"""Boxes and pictures that a page paints over text, and what it paints on top of them.

A whited-out value with another above it is how most PDF editors "change" text. Redaction (a dark
box, nothing above it) and a highlight (blended) look alike to a program that only compares boxes,
so each is told apart, and what is said to be hidden is rendered with and without its cover.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from verifiers.readers.traces.pdf_marks import WIDGET, Box, Mark, Note, Page
from verifiers.readers.traces.trace import Trace, shortened

# Ink of a cover: light paper is 200 and more in every channel, redaction bars are below 90.
_LIGHT, _DARK = 190, 90
# A cover of more texts than this is a panel of the page's own design, such as an open menu.
_FEW = 12
_REDACTED = re.compile(
    r"redact|removed|privat|confiden|masked|隐藏|已遮盖|geschwärzt", re.IGNORECASE
)

Shows = Callable[[Mark, Box], "Look | None"]
"""How the page looks inside a box, if it looks different there once a mark is taken away."""


@dataclass(frozen=True, slots=True)
class Look:
    """Brightness of a part of a page: its mean, and its spread, 0 to 255. No spread, no writing."""

    mean: float
    spread: float


def covered(page: Page, shows: Shows) -> list[Trace]:
    """Text that something painted later hides, and the text that stands there now."""
    traces = []
    texts = [mark for mark in page.texts if mark.shown]
    for cover in page.marks:
        if not _can_cover(cover, page):
            continue
        hidden = [
            text
            for text in texts
            if text.order < cover.order
            and text.box.area > 0
            and cover.box.common(text.box) >= 0.7 * text.box.area
            # Lines to write upon and boxes to tick, often signs of a font, say nothing.
            and any(char.isalnum() for char in text.text)
        ]
        if not hidden:
            hidden = [part for text in texts if (part := _part_under(cover, text)) is not None]
        if not hidden or _runs(hidden) > _FEW:
            continue
        above = [
            text
            for text in texts
            if text.order > cover.order and cover.box.common(text.box) >= 0.4 * text.box.area
        ]
        if _joined(hidden) == _joined(above):
            continue
        area = hidden[0].box
        for text in hidden[1:]:
            area = area.around(text.box)
        look = shows(cover, area)
        if look is not None:
            traces.append(_told(page, cover, hidden, above, area, look))
    return traces


# A patch is as wide as what it hides and hardly higher; the next cell of a table is wider.
_WIDE, _HIGH, _LEAST_LETTERS = 0.6, 2.5, 3


def _part_under(cover: Mark, text: Mark) -> Mark | None:
    """What a patch hides of a text that goes on beside it, such as a value behind its label."""
    if text.order > cover.order:
        return None
    under = [
        (box, sign) for box, sign in text.letters
        if not sign.isspace() and box.area > 0 and cover.box.common(box) >= 0.7 * box.area
    ]  # fmt: skip
    if sum(sign.isalnum() for _, sign in under) < _LEAST_LETTERS:
        return None
    area = under[0][0]
    for box, _ in under[1:]:
        area = area.around(box)
    if area.width < _WIDE * cover.box.width or cover.box.height > _HIGH * area.height:
        return None
    said = "".join(sign for box, sign in text.letters if box.common(area) > 0 or sign.isspace())
    return replace(text, box=area, text=said.strip(), letters=())


def _can_cover(cover: Mark, page: Page) -> bool:
    if cover.kind not in {"fill", "picture"} or cover.blended:
        return False
    if cover.kind == "fill" and not (cover.rectangle and cover.fill[3] >= 230):
        return False
    # What covers a large part of the page is its background, or the scan above its OCR layer.
    return cover.box.area < 0.25 * page.width * page.height


def _told(
    page: Page, cover: Mark, hidden: Sequence[Mark], above: Sequence[Mark], area: Box, look: Look
) -> Trace:
    was = shortened(_spaced(hidden))
    at = area.on(page.number)
    dark = look.mean < _DARK
    if above and not (dark or _REDACTED.search(_spaced(above))):
        now = shortened(_spaced(above))
        said = f'"{was}" is painted over; "{now}" stands there'
        return Trace("trace.cover.replaced", said, at, 0.97)
    if dark or above:
        said = f'"{was}" is under a redaction and can still be read'
        return Trace("trace.cover.redaction", said, at, 0.9)
    if cover.kind == "picture" and look.spread > 12 and _runs(hidden) <= 4:
        said = f'a small picture with writing is laid over "{was}"'
        return Trace("trace.cover.replaced", said, at, 0.85)
    light = look.mean >= _LIGHT
    said = f'"{was}" is hidden under {"paper" if light else "colour"}, and can still be read'
    return Trace("trace.cover.hidden", said, at, 0.6 if light else 0.3)


def noted(page: Page) -> list[Trace]:
    """Annotations with a fill that lie over text: they look like the page, and are not of it."""
    traces = []
    for place, note in enumerate(page.notes):
        if note.subtype not in _COVERING or not note.opaque:
            continue
        hidden = [
            text for text in page.texts
            if text.shown and note.box.common(text.box) >= 0.5 * text.box.area > 0
        ]  # fmt: skip
        if not hidden or _runs(hidden) > _FEW or note.box.area > 0.25 * page.width * page.height:
            continue
        was, field = shortened(_spaced(hidden)), note.subtype == WIDGET
        now = note.shows or next(_over(note, page.notes[place + 1 :]), "")
        unnamed = field and note.written and not now
        at = note.box.on(page.number)
        if unnamed or (now and _joined(hidden) != "".join(now.split())):
            with_text = f'"{shortened(now)}"' if now else "with text of its own"
            said = f'a {"field" if field else "note"} {with_text} is laid over "{was}"'
            # Forms print hints where their fields lie: "day, month, year".
            hint = field and not any(map(str.isdigit, was))
            traces.append(Trace("trace.cover.replaced", said, at, 0.4 if hint else 0.95))
        elif not field and not now:
            said = f'a filled annotation lies over "{was}"'
            traces.append(Trace("trace.cover.redaction", said, at, 0.6))
    return traces


def _over(note: Note, later: Sequence[Note]) -> Iterator[str]:
    """What later annotations write upon one, each with most of itself within it."""
    for other in later:
        written = other.subtype in _COVERING and other.shows
        if written and note.box.common(other.box) >= 0.5 * other.box.area > 0:
            yield other.shows


# FreeText, Square, Circle, Stamp, a form's field (ISO 32000-1, 12.5.6; pdfium's numbers).
_COVERING = frozenset({3, 5, 6, 13, WIDGET})


def _joined(marks: Sequence[Mark]) -> str:
    return "".join("".join(mark.text.split()) for mark in _in_reading_order(marks))


def _spaced(marks: Sequence[Mark]) -> str:
    return " ".join(mark.text.strip() for mark in _in_reading_order(marks))


def _runs(marks: Sequence[Mark]) -> int:
    """How many stretches of text they are: some programs paint each character by itself."""
    count, last = 0, None
    for mark in _in_reading_order(marks):
        gap = mark.box.x0 - last.box.x1 if last is not None else 0.0
        apart = last is None or abs(mark.baseline - last.baseline) > 3 or abs(gap) > mark.size
        count += apart
        last = mark
    return count


def _in_reading_order(marks: Sequence[Mark]) -> list[Mark]:
    return sorted(marks, key=lambda mark: (round(mark.baseline / 3), mark.box.x0))
