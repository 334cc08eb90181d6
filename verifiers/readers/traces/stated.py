"""What a line states, in one form however it is written: days, clocks and long numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from verifiers.readers.said.clocks import clocks_in
from verifiers.readers.said.days import days_in
from verifiers.readers.said.fold import fold

YEARLESS = "0000-"


@dataclass(frozen=True, slots=True)
class Value:
    """What a line states, in one form however it is written.

    kind      "day" (2026-11-05; 0000 without a year), "clock" (14:32) or "number"
    weekdays  those that may stand beside a day; of no account where two values are compared
    figures   those of a clock as they are written: "918" where 21:18 is meant; of no account either
    """

    kind: str
    text: str
    weekdays: frozenset[int] = field(default=frozenset(), compare=False)
    figures: str = field(default="", compare=False)


# In groups, as numbers are printed: "1Z 5R8 939 03 5756 712 7", "304-1234567-1234567".
_NUMBER = re.compile(r"(?<![a-z\d])[a-z\d]*\d[a-z\d]*(?:[ -][a-z\d]*\d[a-z\d]*)*(?![a-z\d])")
_LEAST_DIGITS, _MOST_SIGNS = 8, 34


def values_in(text: str) -> tuple[Value, ...]:
    """The days, clocks and long numbers of a line, in their order."""
    return tuple(value for _, _, value in found_in(text))


def found_in(text: str) -> list[tuple[int, int, Value]]:
    """(start, end, value) of each, from left to right."""
    line = _mended(fold(text))
    days = [day for day in days_in(line) if day.readings]
    clocks = clocks_in(line, tuple(day.end for day in days))
    found: list[tuple[int, int, Value]] = []
    for day in days:
        one = day.readings[0]
        year = f"{one.year:04}-" if one.year else YEARLESS
        value = Value("day", f"{year}{one.month:02}-{one.day:02}", day.weekdays)
        found.append((day.start, day.end, value))
    for clock in clocks:
        figures = "".join(filter(str.isdigit, line[clock.start : clock.end]))
        value = Value("clock", f"{clock.at:%H:%M}", figures=figures)
        found.append((clock.start, clock.end, value))
    # No group of a number is a day's or a clock's.
    rest = list(line)
    for start, end, _ in found:
        rest[start:end] = "|" * (end - start)
    for match in _NUMBER.finditer("".join(rest)):
        number = re.sub(r"[ -]", "", match[0])
        if sum(map(str.isdigit, number)) >= _LEAST_DIGITS and len(number) <= _MOST_SIGNS:
            found.append((match.start(), match.end(), Value("number", number)))
    return sorted(found, key=lambda one: one[:2])


_WORD = re.compile(r"[a-z\d/.:,-]+")
_FOR_FIGURES = str.maketrans("oilzsbg", "0112569")


def _mended(line: str) -> str:
    """A line with the figures for which a recognition read letters: "2o26" where it is 2026."""
    return _WORD.sub(lambda word: _as_figures(word[0]), line)


def _as_figures(word: str) -> str:
    meant = word.translate(_FOR_FIGURES)
    letters = any(sign.isalpha() and sign != "h" for sign in meant)  # "10h12"
    return word if letters or not any(sign.isdigit() for sign in word) else meant
