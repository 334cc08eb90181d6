"""The hidden text that a scanner lays under a scan, against what the scan's picture shows.

A scanner's program recognises the picture that it made. A picture that was altered afterwards shows
another date than the text that can still be searched and copied. Both texts are recognitions, and
both slip: a difference counts only where both read as a date, a clock or a number, in digits that
are not taken for each other, in the weekday too, or all over a number, and where nearly all else
agrees. A difference in a single digit is told, and does not decide, unless one day became another
at two places.

Recognising a page takes most of a second. So first only the places are read at which the hidden
text states a value, where it lies: a fifth of that. Where a place does not show what is stated, the
lines around it are looked for; only where they show another value, the whole page is recognised,
and judged by that alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from verifiers.readers.figures import ALIKE
from verifiers.readers.said.fold import fold
from verifiers.readers.traces.pdf_marks import Box, Mark, Page
from verifiers.readers.traces.stated import YEARLESS, Value, found_in, values_in
from verifiers.readers.traces.trace import Trace, shortened

if TYPE_CHECKING:
    from verifiers.readers.ocr import Seen

# A scanned paper has one page or two that state something.
MAX_PAGES = 2
_OF_PAGE = 0.5  # of a page that its picture covers at least
_SURE = 0.9  # of our own recognition
_FEW = 2  # places that say otherwise; more are a poor recognition, if not so many agree to each
_TO_ONE = 4
_STRENGTH, _ONE_DIGIT = 0.85, 0.6
# Of one figure of a day or a clock that no recognition takes for the other, and nothing else is
# off: how surely we read it, and how many values agree.
_CLEARLY, _LEAST_AGREED = 0.97, 3
# Of a line's height: how far over and under its hidden text it may reach, and how far a word of it
# is from the next one.
_ASKEW, _APART = 0.3, 3.0
# Of its width: how much less or more the shown text may take.
_SHORTER, _LONGER = 0.2, 0.5
# Places that are read, and strips in which lines are looked for; more cost as much as the page.
_MOST_PLACES, _LOOKS = 40, 3
_LEAST_STRIP = 16  # pixels wide and high; hidden text may lie beside the page
# How much two numbers have in common that are one number, misread.
_ONE_NUMBER = 0.6
_NEEDS = "needs the extra `ocr`, which is not installed, or does not start"


@dataclass(frozen=True, slots=True)
class _Pair:
    """What the hidden text states at a place, and what the picture shows there; how surely."""

    hidden: str
    shown: str
    place: Box
    stated: tuple[Value, ...]
    seen: tuple[Value, ...]
    sure: float


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
        scale, pixels = _drawn(document, page)
        if not _shows_as_stated(pixels, scale, hidden):
            traces += _of_page(page, list(_pairs(ocr.read_lines(pixels), scale, hidden)))
    return traces


def _drawn(document: Any, page: Page) -> tuple[float, Any]:
    """How many pixels a point has, and the page's picture."""
    from verifiers.readers import pdf_pages

    shown = document[page.number - 1]
    try:
        scale = pdf_pages.scale_of(shown)
        return scale, pdf_pages.render(shown, scale)
    finally:
        shown.close()


def _states(hidden: Sequence[Mark]) -> bool:
    return sum(any(c.isdigit() for c in mark.text) for mark in hidden) >= 3


def _of_page(page: Page, pairs: Sequence[_Pair]) -> list[Trace]:
    agreed = sum(pair.stated == pair.seen for pair in pairs)
    differing = [(pair, how) for pair in pairs if (how := _difference(pair.stated, pair.seen))]
    # Of a poor recognition nothing can be told: most of what is stated has to agree.
    most = max(_FEW, agreed // _TO_ONE)
    if not differing or len(differing) > most or agreed < max(2, len(pairs) - agreed):
        return []
    again = Counter(change for pair, _ in differing for change in _days_changed(pair))
    alone = len(differing) == 1 and _LEAST_AGREED <= agreed == len(pairs) - 1
    return [
        Trace(
            "trace.text.layer",
            f'its hidden text says "{shortened(pair.hidden)}" where the picture shows '
            f'"{shortened(pair.shown)}"',
            pair.place.on(page.number),
            _STRENGTH
            if any(again[change] > 1 for change in _days_changed(pair))
            or (alone and _is_clear(pair))
            else how,
        )
        for pair, how in differing
    ]


def _is_clear(pair: _Pair) -> bool:
    """Whether a time, and no number, was read surely as another one."""
    off = {one.kind for one, other in zip(pair.stated, pair.seen, strict=True) if one != other}
    return pair.sure >= _CLEARLY and "number" not in off


def _days_changed(pair: _Pair) -> list[tuple[str, str]]:
    """Each day that became another one; one that did so at two places is no slip."""
    return [
        (one.text, other.text)
        for one, other in zip(pair.stated, pair.seen, strict=True)
        if one.kind == other.kind == "day" and one.text != other.text
    ]


def _difference(stated: Sequence[Value], seen: Sequence[Value]) -> float:
    """How surely they are two values, and not one that a recognition slipped in; 0.0 if hardly."""
    if [value.kind for value in stated] != [value.kind for value in seen]:
        return 0.0
    off: list[frozenset[str]] = []
    for one, other in zip(stated, seen, strict=True):
        if one.kind == "number" and _are_two(one.text, other.text):
            return _STRENGTH
        texts = _both_dated(one.text, other.text)
        if one.figures != other.figures and len(one.figures) == len(other.figures):
            texts = one.figures, other.figures  # "9:18 pm" and "4:18 pm" are one slip apart
        if len(texts[0]) != len(texts[1]):
            return 0.0
        found = [frozenset((a, b)) for a, b in zip(*texts, strict=True) if a != b]
        if found and one.weekdays and other.weekdays and not one.weekdays & other.weekdays:
            return _STRENGTH
        off += found
    if not all(sign.isdigit() for pair in off for sign in pair):
        return 0.0  # a letter in a figure's place is a slip
    clear = sum(pair not in ALIKE for pair in off)
    if clear >= 2 or (clear >= 1 and len(off) >= 3):
        return _STRENGTH
    return _ONE_DIGIT if clear else 0.0


def _are_two(one: str, other: str) -> bool:
    """Whether two numbers have no more in common than any two have."""
    return SequenceMatcher(None, one, other, autojunk=False).ratio() < _ONE_NUMBER


def _both_dated(one: str, other: str) -> tuple[str, str]:
    """The two without their year where a slip has hidden it in one of them, as in "2O26"."""
    if YEARLESS in (one[:5], other[:5]):
        return one[5:], other[5:]
    return one, other


def _shows_as_stated(pixels: Any, scale: float, hidden: Sequence[Mark]) -> bool:
    """Whether the picture shows no other values than the hidden text states, where it lies."""
    from verifiers.readers import ocr

    places = list(_places(hidden))
    if len(places) > _MOST_PLACES:
        return False
    read = ocr.read_boxes(pixels, [place.box(scale) for place in places])
    doubtful = []
    for place, (text, sure) in zip(places, read, strict=True):
        if re.search(rf"(?<!\d){_signs(place.text)}(?!\d)", _signs(text)):
            continue  # whatever blanks were lost
        seen = values_in(text)
        if sure < _SURE or len(seen) != len(place.stated):
            doubtful.append(place)
        elif _difference(place.stated, seen):
            return False
    if len(doubtful) > _LOOKS:
        return False
    return not any(
        _difference(pair.stated, pair.seen)
        for place in doubtful
        for pair in _pairs(_lines_around(place.line, pixels, scale), scale, hidden)
    )


def _lines_around(line: Box, pixels: Any, scale: float) -> list[Seen]:
    """The lines in a strip of the picture, two lines higher and lower than the hidden one."""
    from verifiers.readers import ocr

    high = line.height
    top, left = (max(0, round(side * scale)) for side in (line.y0 - 2 * high, line.x0 - 4 * high))
    bottom = round((line.y1 + 2 * high) * scale)
    right = round((line.x1 + max(4 * high, _LONGER * line.width)) * scale)
    strip = pixels[top:bottom, left:right]
    return [
        replace(one, box=(one.box[0] + left, one.box[1] + top, one.box[2], one.box[3]))
        for one in (ocr.read_lines(strip) if min(strip.shape[:2]) >= _LEAST_STRIP else ())
    ]


@dataclass(frozen=True, slots=True)
class _Place:
    """A line of the hidden text that states values.

    line    around all its words
    value   around what it states of them, as wide as the letters let suppose, and more
    size    of its print, in points
    text    what it states, as it is written; `stated` in one form
    """

    line: Box
    value: Box
    size: float
    text: str
    stated: tuple[Value, ...]

    def box(self, scale: float) -> tuple[float, float, float, float]:
        """What is to be read, in pixels; a scan lies askew, and its text is laid on roughly."""
        more, box = _ASKEW * max(self.size, self.value.height), self.value
        return (
            (box.x0 - more) * scale, (box.y0 - more) * scale,
            (box.x1 + more) * scale, (box.y1 + more) * scale,
        )  # fmt: skip


def _signs(text: str) -> str:
    return "".join(sign for sign in fold(text) if sign.isalnum())


def _places(hidden: Sequence[Mark]) -> Iterator[_Place]:
    lines = list(_lines(hidden))
    for words, after in zip_longest(lines, lines[1:]):
        text = " ".join(mark.text.strip() for mark in words)
        if not (found := found_in(text)):
            continue
        first, last = found[0][0], max(end for _, end, _ in found)
        box = words[0].box
        for mark in words[1:]:
            box = box.around(mark.box)
        left, right = _across(words, first, last)
        if after and _level(words[-1].box, after[0].box) and after[0].box.x0 > words[-1].box.x1:
            right = min(right, after[0].box.x0)
        stated = tuple(value for _, _, value in found)
        size = max(mark.size for mark in words)
        yield _Place(box, replace(box, x0=left, x1=right), size, text[first:last], stated)


def _lines(hidden: Sequence[Mark]) -> Iterator[list[Mark]]:
    """Words that follow each other in the file and stand side by side."""
    line: list[Mark] = []
    for mark in hidden:
        if line and not _beside(line[-1].box, mark.box):
            yield line
            line = []
        line.append(mark)
    if line:
        yield line


def _beside(left: Box, right: Box) -> bool:
    high = max(left.height, right.height)  # a word such as "on" is half as high as its line
    return _level(left, right) and -high < right.x0 - left.x1 < _APART * high


def _level(one: Box, other: Box) -> bool:
    return abs(one.y0 + one.y1 - other.y0 - other.y1) < min(one.height, other.height)


def _across(words: Sequence[Mark], first: int, last: int) -> tuple[float, float]:
    """From where to where the characters `first` to `last` of the joined words may stand.

    A hidden word begins where the shown one does; how wide it is depends on its font.
    """
    left, right, at = words[0].box.x0, words[-1].box.x1, 0
    for number, mark in enumerate(words):
        length = len(mark.text.strip())
        a_sign = mark.box.width / max(length, 1)
        if at < first < at + length:
            left = mark.box.x0 + (1 - _SHORTER) * (first - at) * a_sign
        elif at == first:
            left = mark.box.x0
        if at < last <= at + length:
            right = mark.box.x0 + (1 + _LONGER) * (last - at) * a_sign
            if number + 1 < len(words) and last == at + length:
                right = min(right, max(words[number + 1].box.x0, mark.box.x1))
        at += length + 1
    return left, right


def _pairs(lines: Sequence[Seen], scale: float, hidden: Sequence[Mark]) -> Iterator[_Pair]:
    """Each line of the picture where both texts state as many values."""
    placed = [(line, _place_of(line, scale)) for line in lines]
    for line, place in placed:
        if line.confidence < _SURE or not any(c.isdigit() for c in line.text):
            continue
        seen, words = values_in(line.text), _under(place, hidden)
        others = [other for _, other in placed if other is not place]
        for under in (words, _gone_on(words, hidden, others)):
            text = " ".join(mark.text.strip() for mark in under)
            stated = values_in(text)
            if stated and len(stated) == len(seen):
                yield _Pair(text, line.text, place, stated, seen, line.confidence)
                break


def _place_of(line: Seen, scale: float) -> Box:
    x, y, w, h = (side / scale for side in line.box)
    return Box(x, y, x + w, y + h)


def _under(place: Box, hidden: Sequence[Mark]) -> list[Mark]:
    """The hidden words that begin within a line's box, from left to right."""
    return sorted((mark for mark in hidden if _begins(mark, place)), key=lambda mark: mark.box.x0)


def _begins(mark: Mark, place: Box) -> bool:
    slack = 0.6 * place.height
    return (
        place.y0 < (mark.box.y0 + mark.box.y1) / 2 < place.y1
        and place.x0 - slack <= mark.box.x0 < place.x1 - slack / 2
    )


def _gone_on(words: Sequence[Mark], hidden: Sequence[Mark], others: Sequence[Box]) -> list[Mark]:
    """The words and those that follow in their line: what is shown now may be shorter."""
    line = list(words)
    for mark in hidden:
        under_another = any(_begins(mark, other) for other in others)
        if line and mark not in line and not under_another and _beside(line[-1].box, mark.box):
            line.append(mark)
    return line
