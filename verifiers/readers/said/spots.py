"""The rows of a document with the moments and labels that stand in each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from verifiers.readers.lines import Line
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Label, Told, labels_in
from verifiers.readers.said.layout import Row, share_column
from verifiers.readers.said.moments import Moment, moments_in
from verifiers.readers.said.zones_said import WrittenZone, zone_after

# A label stands at most so many of its heights away from the moment under or over it.
NEAR = 2.6
# What is a moment only together, in two columns: 11/10 | 14:34, and 10.11.2026 | 14.34.
_SHORT_DAY = re.compile(r"\d{1,2}[/-]\d{1,2}")
_CLOCK = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?:\s?[ap]\.?m\.?)?")
# What a field for a time of day is called, where the one for its day says of what.
_HOUR = re.compile(r"(?:time|uhrzeit|zeit|heure|hora|ora|tijd|godzina|时间|時間|時刻)\s?:\s?")
_DOTTED = re.compile(r"([01]?\d|2[0-3])\.([0-5]\d)")
# A zone that fills a cell. Letters alone may be an airport's.
_ZONE_CELL = re.compile(
    r"(?:utc|gmt)\s?[+-]\s?\d{1,2}(?::?[0-5]\d)?|[+-]\d\d:?[0-5]\d|[a-z]{2,12}/[a-z_]{3,20}(?:/[a-z_]{3,20})?"
)
# Who says so denies what a carrier's page says, and tells of no moment of it.
_DENIED = re.compile(
    r"(?:never|not|n't|nothing|haven't)\s(?:\w+\s){0,2}?(?:receiv|arriv|came|got|get|show|here)"
    r"|have\snothing|nicht\s(?:\w+\s){0,2}?(?:erhalten|bekommen|angekommen|da\b)|nichts\s(?:erhalten|bekommen)"
    r"|rien\srecu|pas\s(?:\w+\s)?recu|no\s(?:\w+\s){0,2}?recibi|non\s(?:\w+\s){0,2}?ricevut"
    r"|但[^\W\d]{0,4}没|(?:deliver|zugestell|livre|entregad|consegnat)\w*,?\s(?:but|aber|mais|pero|ma)\s"
    r"|没有?收到|未收到|沒有?收到|届いて(?:い)?(?:ない|ません)|受け取って(?:い)?(?:ない|ません)"
)


@dataclass(slots=True)
class Spot:
    """A moment or a label in a row; `top` is that of its first line, `first` the cell of its day
    where that is not the same."""

    cell: int
    start: int
    moment: Moment | None = None
    label: Label | None = None
    text: str = ""
    top: float = 0.0
    first: int | None = None


@dataclass(slots=True)
class ReadRow:
    """A row, and what stands in it from left to right."""

    row: Row
    spots: list[Spot]
    closed: bool = False  # its moment is what it is, and has no label
    aside: set[int] = field(default_factory=set)  # cells whose moments are of something else

    @property
    def moments(self) -> list[Spot]:
        return [spot for spot in self.spots if spot.moment]

    @property
    def labels(self) -> list[Spot]:
        return [spot for spot in self.spots if spot.label]

    def line(self, spot: Spot) -> Line:
        return self.row.cells[spot.cell]

    def part(self, spot: Spot) -> Line:
        """The spot's line; of one that holds several labels, or several moments, and nothing
        else, the part in which this one stands: a recognition joined columns that are close."""
        line = self.line(spot)
        if spot.first is not None and line.box and (day := self.row.cells[spot.first].box):
            return replace(
                line, box=(day[0], *line.box[1:2], line.box[0] + line.box[2] - day[0], line.box[3])
            )
        beside = [one for one in self.spots if one.cell == spot.cell]
        if line.box is None or len(beside) < 2 or len({one.label is None for one in beside}) > 1:
            return line
        x, y, width, height = line.box
        end = spot.label.end if spot.label else spot.moment.end if spot.moment else spot.start
        before, own = _width(line.text[: spot.start]), _width(line.text[spot.start : end])
        share = width / max(_width(line.text), 1.0)
        return replace(line, box=(x + share * before, y, share * own, height))


# About how wide print is, in figures: signs of East Asia, and what is narrow.
_WIDE, _NARROW = 2.0, 0.5


def _width(text: str) -> float:
    return sum(
        _WIDE if "\u2e80" <= sign <= "\uffef" else _NARROW if sign in " .,:;'|!iljI" else 1.0
        for sign in text
    )


def read_row(row: Row) -> ReadRow:
    spots: list[Spot] = []
    texts = [fold(cell.text) for cell in row.cells]
    tops = [cell.box[1] if cell.box else row.top for cell in row.cells]
    over_two = {place: text for place in range(1, len(texts)) if (text := _over_two(texts, place))}
    for number, cell in enumerate(row.cells):
        text = texts[number]
        if number in over_two:
            for moment in moments_in(over_two[number]):
                spots.append(
                    Spot(number, moment.start, moment, None, over_two[number], tops[number])
                )
            continue
        moments = [] if number + 1 in over_two else moments_in(text)
        for moment in moments:
            said = cell.text[moment.start : moment.end].strip(" ,;([-|·")
            spots.append(Spot(number, moment.start, moment, None, said, tops[number]))
        denied = not moments and _denies(text)
        for label in labels_in(text):
            if denied and label.told is Told.DELIVERED:
                continue
            if not any(m.start < label.end and label.start < m.end for m in moments):
                spots.append(Spot(number, label.start, None, label, "", tops[number]))
    spots.sort(key=lambda spot: (spot.cell, spot.start))
    joined: list[Spot] = []
    for spot in _without_ends_of_promises(spots):
        if joined and spot.cell != joined[-1].cell and (both := _both(joined[-1], spot)):
            # A day in one cell, its time of day in the next.
            joined[-1] = replace(both, first=joined[-1].cell)
        else:
            joined.append(spot)
    return ReadRow(row, _with_zone(joined, texts))


# Between a label and its moment, within words that belong together.
_TOUCH = 1


def _without_ends_of_promises(spots: Sequence[Spot]) -> list[Spot]:
    """Without the second half of 预计2026-07-26送达: what is expected was not delivered."""
    ends = [
        last
        for first, day, last in zip(spots, spots[1:], spots[2:], strict=False)
        if first.label and first.label.told is Told.PROMISED and day.moment
        and last.label and last.label.told is Told.DELIVERED
        and not (last.label.firm or last.label.field)
        and first.cell == day.cell == last.cell
        and day.start - first.label.end <= _TOUCH >= last.start - day.moment.end
    ]  # fmt: skip
    return [spot for spot in spots if not any(spot is end for end in ends)]


def _with_zone(spots: list[Spot], texts: Sequence[str]) -> list[Spot]:
    """The row's one time of day with the zone that has a cell of its own beside it."""
    zones = [zone for text in texts if (zone := zone_cell(text.strip()))]
    clocks = [at for at, one in enumerate(spots) if one.moment and one.moment.clock]
    if len(zones) != 1 or len(clocks) != 1:
        return spots
    at = clocks[0]
    moment = spots[at].moment
    if moment is not None and moment.zone is None:
        spots[at] = replace(spots[at], moment=replace(moment, zone=zones[0]))
    return spots


def zone_cell(text: str) -> WrittenZone | None:
    zone = zone_after(text, 0) if _ZONE_CELL.fullmatch(text) else None
    return zone if zone and zone.end == len(text) else None


def _denies(text: str) -> bool:
    """Whether somebody says that what was told is not so; "Didn't get it?" is what a page asks."""
    denied = _DENIED.search(text)
    return denied is not None and not re.search(r"[?？]", text[denied.end() :])


def _over_two(texts: Sequence[str], place: int) -> str | None:
    """The text of a cell and the one before it, where they are a moment only together."""
    day, clock = texts[place - 1].strip(), texts[place].strip()
    if _SHORT_DAY.fullmatch(day) and _CLOCK.fullmatch(clock):
        return f"{day} {clock}"
    if (dotted := _DOTTED.fullmatch(clock)) and len(found := moments_in(day)) == 1:
        if found[0].day and not found[0].clock and found[0].end == len(day):
            return f"{day} {dotted[1]}:{dotted[2]}"
    return None


def _both(day: Spot, clock: Spot) -> Spot | None:
    """A day without a time and a time without a day as one; None if they are something else."""
    if day.moment is None or clock.moment is None:
        return None
    if day.moment.clock or clock.moment.day or not day.moment.day:
        return None
    moment = replace(clock.moment, day=day.moment.day)
    return replace(clock, moment=moment, text=f"{day.text} {clock.text}", top=day.top)


def stacked(upper: ReadRow, lower: ReadRow) -> None:
    """A day right over its time of day, without a label in the row of that: one moment."""
    if upper.row.page != lower.row.page or lower.labels:
        return
    near = NEAR if _are_alike(upper, lower) else 1.2
    if gap(upper.row, lower.row) > near * min(upper.row.height, lower.row.height):
        return
    if upper.labels:
        _hour_of_labelled_day(upper, lower)
        return
    for spot in list(upper.moments):
        for place, other in enumerate(lower.spots):
            if share_column(upper.part(spot), lower.part(other)) and (both := _both(spot, other)):
                lower.spots[place] = both
                upper.spots.remove(spot)
                break


def around(upper: ReadRow, middle: ReadRow, lower: ReadRow) -> None:
    """A row of days and one of hours with the labels of both between them."""
    if middle.moments or not middle.labels or upper.labels or lower.labels:
        return
    if not upper.row.page == middle.row.page == lower.row.page or not _are_alike(upper, lower):
        return
    if gap(upper.row, lower.row) > NEAR * (upper.row.height + middle.row.height):
        return
    for place, spot in enumerate(lower.spots):
        if both := _both(upper.spots[place], spot):
            lower.spots[place] = replace(both, top=spot.top)
    upper.spots.clear()


def _are_alike(upper: ReadRow, lower: ReadRow) -> bool:
    """Whether a table has a row of days and under it one of hours, each in its column."""
    days = [one for one in upper.moments if one.moment and not one.moment.clock]
    hours = [one for one in lower.moments if one.moment and not one.moment.day]
    return (
        len(days) == len(hours) > 1
        and len(upper.row.cells) == len(lower.row.cells)
        and all(
            share_column(upper.part(a), lower.part(b)) for a, b in zip(days, hours, strict=True)
        )
    )


def _hour_of_labelled_day(upper: ReadRow, lower: ReadRow) -> None:
    """A time of day alone under a day that has its label beside it: "Nov 6 | Delivered" over
    "3:19 pm | Austin, TX". Behind a label in the day's own cell it must be alone in its row."""
    if len(upper.moments) != 1 or len(lower.spots) != 1:
        return
    (day,), (clock,) = upper.moments, lower.spots
    line, over = lower.line(clock), upper.line(day)
    both = _both(day, clock)
    said = _HOUR.sub("", fold(line.text.strip()))
    # In lines without a place, a field's name for a time of day says that it is of the day over it.
    named = line.box is None and said != fold(line.text.strip())
    if both is None or said != fold(clock.text) or not (named or _edges_agree(over, line)):
        return
    if any(one.cell == day.cell for one in upper.labels) and len(lower.row.cells) > 1:
        return
    upper.spots[upper.spots.index(day)] = replace(both, cell=day.cell, start=day.start)
    lower.spots.clear()


def _edges_agree(first: Line, second: Line) -> bool:
    """Whether both begin, or both end, at one edge."""
    if first.box is None or second.box is None:
        return False
    (x, _, width, height), (other, _, wide, high) = first.box, second.box
    return min(abs(x - other), abs(x + width - other - wide)) < max(height, high)


def gap(first: Row, second: Row) -> float:
    upper, lower = (first, second) if first.top <= second.top else (second, first)
    return max(lower.top - upper.bottom, 0.0)


# What stands between the first and the last day that something may come on.
_UNTIL = re.compile(
    r"[\s,(]*(?:[^\W\d]{2,9}\.?,?\s)?(?:[-–—~～至到]|to|bis|au|al?|hasta|tot|do|and|und)"
    r"(?:[\s,]+[^\W\d]{2,9}\.?,?)?[\s,]*"
)


def is_of_a_range(here: ReadRow, place: int) -> bool:
    """Whether a day is the first or the last of several: what was delivered was so on one."""
    spot = here.spots[place]
    text = fold(here.line(spot).text)
    for first, last in ((place - 1, place), (place, place + 1)):
        if first < 0 or last >= len(here.spots):
            continue
        one, two = here.spots[first], here.spots[last]
        if one.cell != two.cell or not (one.moment and two.moment):
            continue
        days = one.moment.day and two.moment.day and not (one.moment.clock or two.moment.clock)
        if days and _UNTIL.fullmatch(text[one.moment.end : two.moment.start]):
            return True
    return False
