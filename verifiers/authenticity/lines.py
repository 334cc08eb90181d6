"""The lines that an item says, with how sure their reading is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.facts import Fact, Facts

_BOX = re.compile(r"(?:(\d+)/box:)?(-?\d+),(-?\d+),(\d+),(\d+)")


Area = tuple[int, int, int, int, int]  # page, x, y, width, height


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or the parts of one row of a picture from left to right.

    sure  whether it was read from text, and not recognised in a picture
    """

    text: str
    facts: tuple[Fact, ...]
    sure: bool

    @property
    def confidence(self) -> float:
        return min(fact.confidence for fact in self.facts)


def lines_of(facts: Facts) -> list[Line]:
    """Every line of an item: of its text layer as they stand, of a picture row by row."""
    lines: list[Line] = []
    boxed: list[tuple[Area, Fact]] = []
    for fact in facts.named("document.text"):
        place = place_of(fact)
        if place is None:
            lines.append(Line(plain(fact.text), (fact,), fact.confidence > 0.995))
        else:
            boxed.append((place, fact))
    return lines + _rows(boxed)


def plain(text: str) -> str:
    """Fonts of PDF files give radicals and wide digits where their letters are meant.

    Thai's am is one letter here, as in the readers' words, and two in that form.
    """
    return unicodedata.normalize("NFKC", text).replace("\u0e4d\u0e32", "\u0e33")


def place_of(fact: Fact) -> Area | None:
    """Page (0 for a picture), x, y, width, height of a fact's box; None for a place without."""
    if fact.locator.kind not in {"pixel", "page"}:
        return None
    match = _BOX.fullmatch(fact.locator.place)
    if match is None:
        return None
    page, *rest = (int(group or 0) for group in match.groups())
    return (page, rest[0], rest[1], rest[2], rest[3])


def _rows(boxed: Iterable[tuple[Area, Fact]]) -> list[Line]:
    """Boxes whose middles lie at one height, joined; far apart they keep a wide gap."""
    rows: list[list[tuple[Area, Fact]]] = []
    for entry in sorted(boxed, key=lambda e: (e[0][0], e[0][2] + e[0][4] / 2)):
        (page, _, y, _, height), _ = entry
        if rows:
            (last_page, _, last_y, _, last_height), _ = rows[-1][-1]
            near = abs((y + height / 2) - (last_y + last_height / 2))
            if page == last_page and near < 0.5 * min(height, last_height):
                rows[-1].append(entry)
                continue
        rows.append([entry])
    lines = []
    for row in rows:
        row.sort(key=lambda e: e[0][1])
        facts = tuple(fact for _, fact in row)
        sure = all(fact.confidence > 0.995 for fact in facts)
        lines.append(Line("  ".join(plain(fact.text) for fact in facts), facts, sure))
    return lines


_LEAST_FIGURES = 5  # of a day, a time or a number


def is_stated(trace: Fact, facts: Facts) -> bool:
    """Whether a trace lies on a line with figures, and on none that says when it was captured."""
    area = place_of(trace)
    if area is None or any(_overlap(area, fact) for fact in facts.named("document.captured.at")):
        return False
    return any(
        sum(char.isdecimal() for char in fact.text) >= _LEAST_FIGURES
        for fact in facts.named("document.text")
        if _overlap(area, fact)
    )


_FEW_LINES = 2  # beside a stamp, as on a parcel's label; a page has more
_NEXT = 1.5  # heights to the next line of a stamp


def is_of_a_stamp(trace: Fact, facts: Facts) -> bool:
    """Whether a trace lies on the lines that a camera or its app printed over a picture: those
    around its moment, where little else is written in it."""
    area = place_of(trace)
    stamps = [at for fact in facts.named("document.captured.at") if (at := place_of(fact))]
    if area is None or not stamps:
        return False
    left = [fact for fact in facts.named("document.text") if place_of(fact) is not None]
    block = [stamps[0]]
    for at in block:  # grows
        near = [fact for fact in left if _is_next(at, place_of(fact) or at)]
        block += [place for fact in near if (place := place_of(fact))]
        left = [fact for fact in left if fact not in near]
    tops, ends = [at[2] for at in block], [at[2] + at[4] for at in block]
    return len(left) <= _FEW_LINES and min(tops) <= area[2] + area[4] / 2 <= max(ends)


def _is_next(one: Area, other: Area) -> bool:
    apart = max(one[2], other[2]) - min(one[2] + one[4], other[2] + other[4])
    across = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return one[0] == other[0] and across > 0 and apart < _NEXT * min(one[4], other[4])


def states_nothing(trace: Fact, facts: Facts) -> bool:
    """Whether what a trace is on was read, and no figure found there: words, or no writing at all.

    False where nothing was recognised in the picture, as without the extra `ocr`.
    """
    area = place_of(trace)
    if area is None:
        return False
    said = [fact.text for fact in facts.named("document.text") if _overlap(area, fact)]
    if not said:
        return facts.first("reading.engine") is not None
    return not any(char.isdecimal() for text in said for char in text)


def _overlap(area: Area, fact: Fact) -> bool:
    """Whether a fact's box has at least half of its height or of the area's in common with it."""
    other = place_of(fact)
    if other is None or other[0] != area[0]:
        return False
    across = min(area[1] + area[3], other[1] + other[3]) - max(area[1], other[1])
    down = min(area[2] + area[4], other[2] + other[4]) - max(area[2], other[2])
    return across > 0 and 2 * down >= min(area[4], other[4])
