"""Lines that one cell of a table or a sentence was wrapped into, put together again.

Only where it makes a difference to what is read: a day whose time of day or year stands in the line
under it, words that are a label only together ("Tracking" over "number"), a number that goes on.
Lines of a cell stand close under each other, and one edge or their middle is the same.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from verifiers.readers.lines import Line
from verifiers.readers.said.broken_numbers import CUT, goes_on, is_announced, is_broken
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import labels_in
from verifiers.readers.said.layout import rows_of
from verifiers.readers.said.moments import moments_in
from verifiers.readers.said.names_of_days import WEEKDAYS
from verifiers.readers.said.words import field_words

# Share of the line's height: the space between lines of one cell, and how far their edges differ.
_CLOSE, _EDGE = 0.75, 0.6
# How far over the lower of two lines the middle of a cell beside both is.
_CENTRED = 0.25
# A day that was broken at its dash, in a column that is narrower than a day: "2026-" over "11-05".
_CUT_DAY = re.compile(r"(?<!\d)(?:(?:19|20)\d{2}|(?:19|20)\d{2}-\d{1,2})-$")
_REST_OF_DAY = re.compile(r"\d{1,2}(?:-\d{1,2})?(?![\d-])")
_EAST_ASIAN = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]")
_YEAR = re.compile(r"(?:19|20)\d{2}[.,]?")
_WEEKDAY = re.compile(
    "(?:"
    + "|".join(sorted((name for name in WEEKDAYS if len(name) > 5), key=len, reverse=True))
    + r")[.,]?"
)
# What a line ends with whose moment goes on: a name, a number, a word that joins.
_GOES_ON = re.compile(
    r"[^\W\d]{3,}\.?$|\d[年月]$|\d{1,2}(?:\.|\sde)?$|(?<=\d|m|\.)\s(?:on|at|am|um|le|el|il|op|a|em|de)$|[^\W\d]{4,}\sde$"
)
_WORDS_BEFORE = re.compile(r"\W*([^\W\d_]{2,})\b")
_JOINING = frozenset("at um kl kl. om alle las ore les uhr time zeit pm am".split())
_LONGEST_MOMENT = 40
# A cell that is wrapped into more lines than this is a text.
_MOST = 4


def unwrapped(lines: Sequence[Line]) -> list[Line]:
    """The lines, those joined that say something only together; the place is the first one's."""
    kept: list[Line] = []
    below = _followers(lines)
    beside = {id(line): row.cells for row in rows_of(lines) for line in row.cells}
    gone: set[int] = set()
    both = _rows_of_cut_days(lines, below, beside) | _centred_cells(lines, below)
    both |= _wrapped_statuses(lines, below, beside) | _days_over_hours(lines, below, beside)
    headings = _headings(lines)
    for place, line in enumerate(lines):
        if place in gone:
            continue
        joined, at = line, place
        for joins in range(_MOST + 1):
            following = below.get(at)
            if following is None or following in gone or following in headings:
                break
            if joins >= _MOST - 1 and (at, following) not in both:
                break
            if (at, following) not in both and not _belong(joined, lines[following]):
                break
            if (at, following) not in both and _labelled_clock(
                lines[following], beside.get(id(lines[following]), ())
            ):
                break
            joined, at = _join(joined, lines[following]), following
            gone.add(following)
        kept.append(joined)
    return kept


def _rows_of_cut_days(
    lines: Sequence[Line], below: Mapping[int, int], beside: Mapping[int, Sequence[Line]]
) -> set[tuple[int, int]]:
    """The cells of two rows that are one, each with the one under it: a day was broken in them."""
    places = {id(line): place for place, line in enumerate(lines)}
    found: set[tuple[int, int]] = set()
    for at, under in below.items():
        if not _CUT_DAY.search(lines[at].text.strip()):
            continue
        if not _REST_OF_DAY.fullmatch(lines[under].text.strip()):
            continue
        row = {places[id(cell)] for cell in beside.get(id(lines[under]), ())} | {under}
        for cell in beside.get(id(lines[at]), (lines[at],)):
            upper = places[id(cell)]
            if below.get(upper) in row:
                found.add((upper, below[upper]))
        found.add((at, under))
    return found


def _days_over_hours(
    lines: Sequence[Line], below: Mapping[int, int], beside: Mapping[int, Sequence[Line]]
) -> set[tuple[int, int]]:
    """The cells of two rows that are one, each with the one under it, where a day stands over its
    one time of day: words beside both were wrapped. Several under it are a group's."""
    places = {id(line): place for place, line in enumerate(lines)}
    found: set[tuple[int, int]] = set()
    for at, under in below.items():
        if under in below or not _is_half(lines[at], lines[under]):
            continue
        row = {places[id(cell)] for cell in beside.get(id(lines[under]), ())}
        if any(one.day for place in row for one in moments_in(fold(lines[place].text[:80]))):
            continue
        uppers = [places[id(cell)] for cell in beside.get(id(lines[at]), ())]
        pairs = {(upper, below[upper]) for upper in uppers if below.get(upper) in row}
        # A cell that nothing in the day's row goes on in is centred beside both, or has a row of
        # its own.
        lowers, clock = {lower for _, lower in pairs}, lines[under]
        centred = _middle(clock) - _CENTRED * _box(clock)[3]
        if all(_middle(lines[place]) < centred for place in row - lowers) and any(
            map(str.isalpha, "".join(lines[upper].text for upper in uppers if upper != at))
        ):
            found |= pairs
    return found


def _is_half(day: Line, clock: Line) -> bool:
    """Whether one line is a day alone, and the other a time of day alone."""
    first, second = fold(day.text.strip()), fold(clock.text.strip())
    if not (first[:1].isalnum() and second[:1].isdigit()) or len(first + second) > _LONGEST_MOMENT:
        return False
    found = moments_in(f"{first} {second}")
    own = moments_in(second)
    whole = len(found) == 1 and found[0].start == 0 and found[0].day and found[0].clock
    return bool(whole) and len(own) == 1 and own[0].day is None and own[0].start == 0


def _centred_cells(lines: Sequence[Line], below: Mapping[int, int]) -> set[tuple[int, int]]:
    """Lines of a cell whose middle is that of a moment beside it: a row that is centred, in a
    column so narrow that its words are a label only together."""
    under = set(below.values())
    moments = {
        at
        for at, line in enumerate(lines)
        if line.box and any(map(str.isdigit, line.text)) and _is_moment(line.text, half=True)
    }
    middles: dict[int, list[float]] = {}
    for at in moments:
        middles.setdefault(lines[at].page, []).append(_middle(lines[at]))
    for heights in middles.values():
        heights.sort()
    found: set[tuple[int, int]] = set()
    for at in below if moments else ():
        if at in under:
            continue
        run = [at]
        while (following := below.get(run[-1])) is not None and len(run) < _MOST + 2:
            run.append(following)
        if moments.intersection(run):
            continue
        first, last = _box(lines[run[0]]), _box(lines[run[-1]])
        run_of = [lines[place] for place in run]
        top, bottom = first[1], last[1] + last[3]
        heights = middles.get(lines[at].page, [])
        beside = heights[bisect_right(heights, top) : bisect_left(heights, bottom)]
        # Moments at several heights beside them are several rows, close to each other.
        if not beside or any(abs(one - (top + bottom) / 2) >= 0.35 * first[3] for one in beside):
            continue
        named = labels_in(fold(run_of[0].text))
        if len(run) < 3 and named and not _label_across(*_two(lines, run)):
            continue
        if labels_in(fold("".join(lines[place].text.strip() for place in run))):
            found |= set(pairwise(run))
    return found


# A line that was wrapped fills its column: it is so much of the next one's width, at least.
_FILLED = 0.6


def _wrapped_statuses(
    lines: Sequence[Line], below: Mapping[int, int], beside: Mapping[int, Sequence[Line]]
) -> set[tuple[int, int]]:
    """Words beside a moment of which only their second line is a label, alone in its row: "Sendung
    wurde dem Empfänger" over "zugestellt"."""
    found: set[tuple[int, int]] = set()
    for at, under in below.items():
        upper, lower = lines[at], lines[under]
        others = [one for one in beside.get(id(upper), ()) if one is not upper]
        moments = [one for one in others if _is_moment(one.text, half=True)]
        if len(beside.get(id(lower), ())) != 1 or not moments:
            continue
        first, second = fold(upper.text.strip()), fold(lower.text.strip())
        if any(map(str.isdigit, first + second)) or first.endswith((":", ".", "!")):
            continue
        if not labels_in(first) and labels_in(second) and _box(upper)[2] > _FILLED * _box(lower)[2]:
            found.add((at, under))
    return found


def _headings(lines: Sequence[Line]) -> set[int]:
    """The days that head the times of day under them, in a column that begins with a day: one under
    a time of day is the next group's."""
    columns: dict[tuple[int, int], list[tuple[int, bool]]] = {}
    heights = sorted(line.box[3] for line in lines if line.box)
    unit = max(heights[len(heights) // 2], 1.0) if heights else 1.0
    for place, line in sorted(enumerate(lines), key=lambda pair: _box(pair[1])[1]):
        if line.box is None or not any(map(str.isdigit, line.text)):
            continue
        text = fold(line.text.strip())
        found = moments_in(text) if len(text) <= _LONGEST_MOMENT else []
        if len(found) == 1 and bool(found[0].day) != bool(found[0].clock):
            # A letter of another font begins a little further left.
            edge = round(line.box[0] / unit)
            columns.setdefault((line.page, edge), []).append((place, found[0].day is not None))
    return {
        place
        for column in columns.values()
        if column[0][1] and not all(is_day for _, is_day in column)
        for (_, over_is_day), (place, is_day) in pairwise(column)
        if is_day and not over_is_day
    }


def _middle(line: Line) -> float:
    return _box(line)[1] + _box(line)[3] / 2


def _two(lines: Sequence[Line], run: Sequence[int]) -> tuple[str, int]:
    first, second = (fold(lines[place].text.strip()) for place in run)
    return f"{first}{_between(first, second)}{second}", len(first)


def _is_moment(text: str, *, half: bool = False) -> bool:
    """Whether it holds one day with its hour; `half`: or is nothing but one of both."""
    folded = fold(text.strip()[:80])
    found = moments_in(folded)
    if len(found) != 1:
        return False
    (one,) = found
    if one.day is not None and one.clock is not None:
        return True
    return half and one.start == 0 and one.end == len(folded)


def _labelled_clock(line: Line, row: Sequence[Line]) -> bool:
    """Whether a time of day has its own label in its row: a history under the day's heading."""
    if len(row) < 2 or not (moments := moments_in(fold(line.text.strip()))):
        return False
    if moments[0].day or not moments[0].clock:
        return False
    return any(labels_in(fold(cell.text)) for cell in row if cell is not line)


def _followers(lines: Sequence[Line]) -> dict[int, int]:
    """The place of the line right under each line in its own column, where it is close."""
    below: dict[int, int] = {}
    by_page: dict[int, list[int]] = {}
    for place, line in enumerate(lines):
        if line.box is not None:
            by_page.setdefault(line.page, []).append(place)
    for places in by_page.values():
        ordered = sorted(places, key=lambda at: _box(lines[at])[1])
        for number, at in enumerate(ordered):
            for other in ordered[number + 1 : number + 12]:
                if _under(lines[at], lines[other]):
                    below[at] = other
                    break
    return below


def _box(line: Line) -> tuple[float, float, float, float]:
    return line.box or (0.0, 0.0, 0.0, 0.0)


def _under(upper: Line, lower: Line) -> bool:
    x, y, w, h = _box(upper)
    lower_x, lower_y, lower_w, lower_h = _box(lower)
    tall, low = max(h, lower_h), min(h, lower_h)
    if low <= 0 or tall > 1.5 * low:
        return False
    gap = lower_y - (y + h)
    if not -0.5 * low <= gap <= _CLOSE * tall or lower_y <= y:
        return False
    edges = (x - lower_x, x + w / 2 - lower_x - lower_w / 2, x + w - lower_x - lower_w)
    return any(abs(edge) < _EDGE * tall for edge in edges)


def _join(upper: Line, lower: Line) -> Line:
    x, y, w, _ = _box(upper)
    lx, ly, lw, lh = _box(lower)
    left, right = min(x, lx), max(x + w, lx + lw)
    box = (left, y, right - left, ly + lh - y)
    first, second = upper.text.rstrip(), lower.text.lstrip()
    text = f"{first}{_between(first, second)}{second}"
    return replace(
        upper, text=text, box=box, confidence=min(upper.confidence, lower.confidence)
    )  # fmt: skip


def _belong(upper: Line, lower: Line) -> bool:
    """Whether something is read across the end of the first line that is not read without it."""
    first, second = fold(upper.text.rstrip()), fold(lower.text.strip())
    between = _between(first, second)
    text, edge = f"{first}{between}{second}", len(first)
    if len(text) > 300:
        return False
    if re.search(r"\d[:.]\d{2}$", first) and re.match(r"[ap]\.?\s?m(?![a-z])", second):
        return True
    if goes_on(first, second) or is_broken(upper.text.rstrip(), lower.text.strip()):
        return True
    if _WEEKDAY.fullmatch(first) and (own := moments_in(second)) and own[0].start == 0:
        return own[0].day is not None and not own[0].day.weekdays  # "Friday" over "11/6/26"
    if is_announced(first, second, text):
        return True
    if _is_sentence(upper.text.rstrip(), lower.text.strip()) and (
        (moments_in(first) and labels_in(second)) or (labels_in(first) and moments_in(second))
    ):
        return True
    return _moment_across(first, second, text) or _label_across(text, edge)


def _between(first: str, second: str) -> str:
    """What stands between two lines of one text: words of East Asia are broken without a blank."""
    cut = CUT.search(first) and not _CUT_DAY.search(first)
    if cut and second[:1].isdigit():
        return ""
    if is_broken(first, second):
        return ""
    return "" if _EAST_ASIAN.match(first[-1:]) and _EAST_ASIAN.match(second) else " "


def _moment_across(first: str, second: str, text: str) -> bool:
    edge = len(first)
    own = moments_in(second)
    if own and own[0].start == 0 and own[0].day and _ends_in_a_label(first):
        return True
    if own and own[0].day and own[0].clock:
        return False  # what stands below is whole by itself
    if (labels := labels_in(second)) and labels[0].start == 0:
        return False  # and so is what begins with its own label
    tail = [one for one in moments_in(first) if not re.sub(r"[\s,.;·|-]", "", first[one.end :])]
    if tail and own and own[0].clock and (word := _WORDS_BEFORE.match(second[: own[0].start])):
        if word[1] not in WEEKDAYS and word[1] not in _JOINING:
            return False  # "Express 12:00": a name, and no rest of a day
    if not tail and not _GOES_ON.search(first) and not _CUT_DAY.search(first):
        return False
    if tail and tail[-1].day and own and own[0].start == 0 and own[0].day:
        return False  # "Jul 23" over "Jul 20, 2026" are two days, and so are "Nov. 23", "Nov. 22"
    for moment in moments_in(text):
        if moment.start < edge < moment.end:
            before = tail[-1] if tail else None
            if before and before.day and not before.day.has_year and _YEAR.fullmatch(second):
                return True
            # Two moments under each other, each whole, are two.
            whole = before is not None and before.day is not None and before.clock is not None
            return not whole or moment.zone is not None
    return False


# A line of running text is so long at least, and so much of it stands before its last label.
_RUNNING, _WORDS_BEFORE_LABEL = 40, 12
_TO_A_DAY = frozenset("on at am le el il em op den dnia vom".split())


def _is_sentence(upper: str, lower: str) -> bool:
    """Whether a line of running text goes on in the next one."""
    begins = lower[:1].islower() or lower.startswith("Uhr ")
    return len(upper) >= _RUNNING and begins and not upper.endswith((".", "!", "?", ":"))


def _ends_in_a_label(text: str) -> bool:
    """Whether a sentence breaks behind what is said of the day that follows: "… which was posted
    on". A label alone in its line is a field's name, and may have its value beside it."""
    labels = labels_in(text)
    if not labels or labels[-1].start < _WORDS_BEFORE_LABEL:
        return False
    rest = text[labels[-1].end :].strip()
    # The hour of a message is not what it tells of.
    return rest in _TO_A_DAY or (not rest and (labels[-1].field or text.startswith("[")))


def _are_two_names(text: str, edge: int) -> bool:
    """Whether a label is over the name of another field: "Delivery date" over "Order number"."""
    first, second = text[:edge].strip(), text[edge:].strip()
    if not any(label.start == 0 and label.end >= len(first) for label in labels_in(first)):
        return False
    names = (field_words("order_number"), field_words("tracking_number"))
    return any(shape.fullmatch(second) for shape in names)


def _label_across(text: str, edge: int) -> bool:
    own = {label.told for label in labels_in(text[:edge]) if label.end >= edge - 1}
    across = [label for label in labels_in(text) if label.start < edge < label.end]
    # "Despatch date" over "Delivered at" are two, though "date delivered" is one as well.
    own |= {label.told for label in labels_in(text[edge:].strip()) if label.start == 0}
    if any(label.told not in own for label in across) and not _are_two_names(text, edge):
        return True
    shapes: Iterable[re.Pattern[str]] = (
        field_words("tracking_number"),
        field_words("order_number"),
    )
    # "Suivi de votre colis" over "Numéro de colis" are two, though "colis numéro" is one as well.
    return any(
        m.start() < edge < m.end()
        for shape in shapes
        for m in shape.finditer(text)
        if not shape.search(text, edge + 1)
    )
