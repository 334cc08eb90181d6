"""Weekdays that are not those of their dates, and days that no month has."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence

from evidence.facts import Fact
from verifiers.authenticity.contradiction import Contradiction
from verifiers.authenticity.days import WEEKDAYS, Written, written_days
from verifiers.authenticity.lines import Line, place_of, plain
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import labels_in

# One misread digit makes a wrong weekday out of a right one; text that was recognised counts less.
_READ, _RECOGNISED = 0.95, 0.85


def weekdays(lines: Sequence[Line]) -> Iterator[Contradiction]:
    """Each date whose weekday is wrong however it is read, and each that does not exist."""
    years = {
        day.year
        for line in lines
        for day in written_days(line.text)
        if _is_meant(day, line) and not _never(day)
    } - {None}
    for line in [*lines, *_wrapped(lines)]:
        for day in written_days(line.text):
            weight = _READ if line.sure else _RECOGNISED * _trust(line, day)
            if _never(day) and _is_meant(day, line):
                said = f'"{day.text}" is no day of the calendar'
                yield Contradiction("day", said, line.facts, weight)
            elif day.weekdays and (real := _real(day, years)) and not real & day.weekdays:
                if not line.sure and _lost_a_figure(day, lines, years):
                    continue
                name = calendar.day_name[min(real)]
                said = f'"{day.text}" was a {name}, and "{day.weekday}" stands beside it'
                yield Contradiction("weekday", said, line.facts, weight)


def _lost_a_figure(day: Written, lines: Sequence[Line], years: set[int | None]) -> bool:
    """Whether the page has the date whole elsewhere: "Tuesday, October 1" beside "Tuesday 21"."""
    return any(
        other.weekdays == day.weekdays & _real(other, years)
        and any(
            month == its and number < 10 <= whole and str(number) in str(whole)
            for month, number in day.readings
            for its, whole in other.readings
        )
        for line in lines
        for other in written_days(line.text)
        if other.weekdays
    )


def _wrapped(lines: Sequence[Line]) -> Iterator[Line]:
    """Each weekday that ends a line, with the date that begins the line right under it."""
    parts = [(plain(fact.text).strip(), fact) for line in lines for fact in line.facts]
    ends = [part for part in parts if _ENDS.search(part[0]) and not written_days(part[0])]
    if not ends:
        return
    begins = [part for part in parts if any(not day.start for day in written_days(part[0]))]
    for text, over in ends:
        for date, under in begins:
            if _is_under(over, under):
                sure = min(over.confidence, under.confidence) > 0.995
                yield Line(f"{text} {date}", (over, under), sure)


_ENDS = re.compile(
    r"(?<![^\W\d_])(?:" + "|".join(sorted(word for word in WEEKDAYS if len(word) > 3)) + r"),?$",
    re.IGNORECASE,
)


def _is_under(over: Fact, under: Fact) -> bool:
    one, other = place_of(over), place_of(under)
    if one is None or other is None or one[0] != other[0]:
        return False
    height = max(one[4], other[4])
    return abs(one[1] - other[1]) < 0.6 * height and 0.5 * height < other[2] - one[2] < 2 * height


def _trust(line: Line, day: Written) -> float:
    """By how well the date was read, whatever stands beside it in its row."""
    own = [fact.confidence for fact in line.facts if day.text in plain(fact.text)]
    return 1.0 if max(own, default=line.confidence) >= 0.9 else 0.6


_FIGURES = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-](?P<year>\d+)")


def _is_meant(day: Written, line: Line) -> bool:
    """Whether figures alone mean a day: goods, versions and sizes are numbered like 31.04.20.

    A day has a clock, a weekday or a label beside it, or stands alone with its whole year.
    """
    figures = _FIGURES.match(day.text)
    if figures is None or day.minute is not None or day.weekdays:
        return True
    piece = next((part for part in line.text.split("  ") if day.text in part), line.text)
    alone = not re.search(r"\w", piece.replace(day.text, "", 1))
    return bool(labels_in(fold(piece))) or (alone and len(figures["year"]) == 4)


def _never(day: Written) -> bool:
    """Whether it exists in no reading; without a year 29 February may."""
    return not day.days(year=2024)


def _real(day: Written, years: set[int | None]) -> set[int]:
    """The weekdays it can have had. Without a year, the document's only one counts, and at the
    turn of the year its neighbour; with several years nothing is known."""
    if day.year is not None:
        return {one.weekday() for one in day.days()}
    if len(years) != 1:
        return set()
    (year,) = years
    if year is None:
        return set()
    month = day.readings[0][0]
    near = {year} | ({year - 1} if month >= 10 else set()) | ({year + 1} if month <= 3 else set())
    return {one.weekday() for at in near for one in day.days(year=at)}
