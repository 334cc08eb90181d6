"""Runs of text that are unlike the text around them, as a value put in later is.

One oddity is normal: a value in bold, a footer that a portal added, a page number. What is looked
for is a run inside the page's own lines that is odd in several ways at once: its font stands
nowhere else, it is painted after what follows it, it has a box of paper behind it, its size or
baseline is slightly off.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from verifiers.readers.traces.pdf_marks import Box, Mark, Page
from verifiers.readers.traces.trace import Trace, shortened

_SUBSET = re.compile(r"^[A-Z]{6}\+")
_STYLE = re.compile(
    r"[-, ]?(?:bold|italic|oblique|regular|medium|light|black|semi|demi|book|roman|psmt|ps|mt"
    r"|std)+$",
    re.IGNORECASE,
)
# More odd runs than this are how the document was made: a form that was filled in, an overlay of
# a letterhead.
_FEW = 4
_LEAST = 0.5
# Headings and formulas are odd in three ways, too: a run without a figure does not decide alone.
_OF_WORDS = 0.75


def family_of(font: str) -> str:
    """The family in a font's name, without the subset's prefix and the style."""
    name = _SUBSET.sub("", font)
    while (shorter := _STYLE.sub("", name)) != name and shorter:
        name = shorter
    return name.casefold().replace(" ", "")


def odd_runs(pages: Sequence[Page]) -> list[Trace]:
    """The odd runs of a document, with the ways in which each is odd."""
    weight: Counter[str] = Counter()
    uses: Counter[str] = Counter()
    fonts: Counter[tuple[int, str, int]] = Counter()
    styles: Counter[tuple[int, str]] = Counter()
    embedded: Counter[bool] = Counter()
    for page in pages:
        for mark in page.texts:
            if not mark.nested:
                fonts[page.number, mark.font, mark.font_id] += 1
                styles[page.number, _SUBSET.sub("", mark.font)] += 1
            weight[family_of(mark.font)] += len(mark.text)
            uses[family_of(mark.font)] += 1
            embedded[mark.embedded] += len(mark.text)
    total = sum(weight.values())
    if total < 40:
        return []
    mostly_embedded = embedded[True] > 0.8 * total
    found: list[tuple[float, Page, Mark, list[str]]] = []
    for page in pages:
        texts = [mark for mark in page.texts if mark.shown]
        backed = _backed(page)
        for place, mark in enumerate(texts):
            if not any(c.isalnum() for c in mark.text):
                continue
            line = _line(texts, mark)
            if not line and not _in_column(texts, mark):
                continue
            if _of_a_form(texts, mark):
                continue
            score, why = _oddity(page, texts, place, line, backed)
            family = family_of(mark.font)
            plain, own = _SUBSET.sub("", mark.font), (page.number, mark.font, mark.font_id)
            second = not mark.nested and fonts[own] <= 2
            # Dates, times and numbers are what is replaced; a letterhead may be split.
            second = second and any(c.isdigit() for c in mark.text)
            if second and styles[page.number, plain] > fonts[own] + 4:
                score += 0.5
                why.append("its font is the others', put in a second time")
            if uses[family] <= 3 and weight[family] < 0.12 * total and len(weight) > 1:
                score += 0.3
                why.append(f"the font {shortened(mark.font, 40)} stands nowhere else")
                if _among_others_values(texts, mark, family):
                    score += 0.25
                    why.append("and it is a date or a time among values of one font")
            if mostly_embedded and not mark.embedded:
                score += 0.25
                why.append("its font alone is not embedded")
            if not any(c.isdigit() for c in mark.text):
                score = min(score, _OF_WORDS)
            if score >= _LEAST:
                found.append((score, page, mark, why))
    if len(found) > _FEW:
        return []
    return [
        Trace(
            "trace.text.odd_run",
            f'"{shortened(mark.text)}": {"; ".join(why)}',
            mark.box.on(page.number),
            min(0.95, score),
        )
        for score, page, mark, why in found
    ]


_DATE = re.compile(r"\d{1,4}\s?[./:年-]\s?\d{1,2}|\d{1,2}\.?\s+\w{3,}\.?\s+\d{4}|\d{1,2},\s+\d{4}")


def _among_others_values(texts: Sequence[Mark], mark: Mark, family: str) -> bool:
    """Whether a standard font tells a date in a column whose other values all share another."""
    if mark.embedded or not _DATE.search(mark.text):
        return False  # figures of Chinese pages are honestly set in a Latin font of theirs
    column = [
        other for other in texts
        if other is not mark and abs(other.box.x0 - mark.box.x0) < 3 and other.text.strip()
        and abs(other.size / max(mark.size, 1) - 1) < 0.05
    ]  # fmt: skip
    return len(column) >= 3 and len({family_of(one.font) for one in column} - {family}) == 1


def _line(texts: Sequence[Mark], mark: Mark) -> list[Mark]:
    """The other runs of its line."""
    reach = max(4.0, 0.5 * mark.size)
    return [
        other for other in texts
        if other is not mark and abs(other.baseline - mark.baseline) <= reach
        and any(c.isalnum() for c in other.text)
    ]  # fmt: skip


def _of_a_form(texts: Sequence[Mark], mark: Mark) -> bool:
    """Whether all values of its column share its font, or three of them: a program filled them in.

    An edit puts in a value or two among others.
    """
    column = [
        other for other in texts
        if abs(other.box.x0 - mark.box.x0) < 1 and other.text.strip()
        and any(one.box.x1 < other.box.x0 for one in _line(texts, other))
    ]  # fmt: skip
    own = [
        one for one in column
        if (one.font, one.font_id) == (mark.font, mark.font_id) and abs(one.size - mark.size) < 0.1
    ]  # fmt: skip
    rows = len({round(one.baseline) for one in own})
    return rows >= _FILLED_IN or (rows > 1 and len(own) == len(column))


_FILLED_IN = 3


def _in_column(texts: Sequence[Mark], mark: Mark) -> bool:
    """Whether text stands right above and right below it, beginning or ending where it does."""
    above = below = False
    for other in texts:
        gap = other.baseline - mark.baseline
        aligned = abs(other.box.x0 - mark.box.x0) < 3 or abs(other.box.x1 - mark.box.x1) < 3
        if other is mark or not aligned or abs(gap) > 4 * max(mark.size, 6):
            continue
        above = above or gap < -2
        below = below or gap > 2
    return above and below


def _oddity(
    page: Page, texts: Sequence[Mark], place: int, line: Sequence[Mark], backed: dict[int, Box]
) -> tuple[float, list[str]]:
    mark = texts[place]
    score, why = 0.0, []
    following = [
        other for other in texts[:place]
        if other.baseline > mark.baseline + 0.8 * mark.size
        and other.baseline < 0.94 * page.height
    ]  # fmt: skip
    if len(following) >= 3 and texts[place - 1].baseline > mark.baseline + 0.8 * mark.size:
        score += 0.35 if place >= len(texts) - 2 else 0.25
        why.append("it is painted after what stands below it")
    if mark.order in backed and len(backed) <= 3:
        score += 0.3
        why.append("a box of its own lies behind it")
    beside = [other for other in line if _gap(other, mark) < 12 * mark.size]
    if beside:
        sizes = [other.size for other in beside if other.size]
        if sizes and all(0.01 < abs(mark.size / size - 1) < 0.2 for size in sizes):
            score += 0.2
            why.append("its size is slightly off")
        shifts = [abs(other.baseline - mark.baseline) for other in beside]
        if all(0.3 < shift for shift in shifts):
            score += 0.25
            why.append("it stands off the line")
        colours = [_colour_gap(other, mark) for other in beside]
        if all(4 < gap < 60 for gap in colours):
            score += 0.1
            why.append("its colour is slightly off")
    return score, why


def _backed(page: Page) -> dict[int, Box]:
    """Text marks, by order, with a box of paper painted shortly before and tightly around."""
    found: dict[int, Box] = {}
    boxes = [
        mark for mark in page.marks
        if mark.kind == "fill" and mark.rectangle and mark.fill[3] > 230
        and min(mark.fill[:3]) > 200 and not mark.blended
    ]  # fmt: skip
    for text in page.texts:
        for box in boxes:
            tight = box.box.area < 6 * max(text.box.area, 1) and box.box.height < 3.5 * text.size
            if (
                tight and 0 < text.order - box.order < 12
                and box.box.common(text.box) > 0.6 * text.box.area > 0
            ):  # fmt: skip
                found[text.order] = box.box
    return found


def _gap(one: Mark, other: Mark) -> float:
    return max(one.box.x0 - other.box.x1, other.box.x0 - one.box.x1, 0.0)


def _colour_gap(one: Mark, other: Mark) -> int:
    return max(abs(a - b) for a, b in zip(one.fill[:3], other.fill[:3], strict=True))
