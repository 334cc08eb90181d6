"""Whose a date is by the labels around it, where a reader took it for a delivery's."""

from __future__ import annotations

import re
from datetime import date

from evidence.facts import Fact, Facts
from verifiers.authenticity.days import MONTHS, WEEKDAYS, written_days
from verifiers.authenticity.lines import Area, Line, place_of
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Told, labels_in

# How far over a date its label stands, and how far behind the date it may begin, in heights.
_OVER, _EDGE = 2.2, 0.8
_ASKEW = 0.8  # of its height: how far off its row a label on its left may be
_OTHERS = frozenset({Told.ORDERED, Told.PAID, Told.LABEL, Told.SHIPPED, Told.ACCEPTED})


def is_of_another(fact: Fact, line: Line, facts: Facts) -> bool:
    """Whether the date's own column says over it, or its own row on its left, that it was ordered
    or shipped then.

    Pages set two columns beside each other, and what stands in the date's row may be the other's;
    not so a label that stands in one piece with its date. In a photograph rows are askew.
    """
    own = place_of(fact)
    pieces = [part.text for part in line.facts if part.locator == fact.locator]
    labelled = (labels_in(fold(text.partition(fact.text)[0])) for text in pieces)
    if own is None or any(one.told is Told.DELIVERED for found in labelled for one in found):
        return False
    page, x, y, _, height = own
    for other in facts.named("document.text"):
        at = place_of(other)
        # A value may be set in a little under its label.
        if at is None or at[0] != page or not -_EDGE * height < x - at[1] < at[3]:
            continue
        if not 0 < y - at[2] <= _OVER * max(height, at[4]):
            continue
        said = {label.told for label in labels_in(fold(other.text))}
        if said & _OTHERS and Told.DELIVERED not in said:
            return True
    return _beside_another(own, facts)


def _beside_another(own: Area, facts: Facts) -> bool:
    """Whether the only label without a date of its own, left of a date in its row, is another's."""
    page, x, y, _, height = own
    said: set[Told] = set()
    for other in facts.named("document.text"):
        at = place_of(other)
        if at is None or at[0] != page or at[1] + at[3] > x or any(map(str.isdigit, other.text)):
            continue
        if abs(y + height / 2 - at[2] - at[4] / 2) < _ASKEW * height:
            said |= {label.told for label in labels_in(fold(other.text))}
    return bool(said & _OTHERS) and Told.DELIVERED not in said


_NUMBERS = re.compile(r"(?<!\d)\d{1,2}(?![\d:.])")


def is_of_another_day(fact: Fact, days: set[date], facts: Facts) -> bool:
    """Whether a time of day that was given a day from elsewhere has another one right under it, as
    a cell does that is too narrow: "8:25 am" over "on Monday 22" over "June 2026"."""
    own = place_of(fact)
    pieces = [part.text for part in facts.named("document.text") if part.locator == fact.locator]
    if own is None or not pieces or any(written_days(text) for text in pieces):
        return False
    page, x, y, _, height = own
    for other in facts.named("document.text"):
        at = place_of(other)
        if at is None or at[0] != page or abs(at[1] - x) > _EDGE * height:
            continue
        if not 0.5 * height < at[2] - y < 2 * height:
            continue
        words = {word.casefold() for word in _A_WORD.findall(other.text)}
        numbers = {int(number) for number in _NUMBERS.findall(other.text)}
        if words & (WEEKDAYS.keys() | MONTHS.keys()) and numbers:
            return not numbers & {day.day for day in days}
    return False


# Letters before a date that say something of their own, unlike "on" and "um"; weekdays do not.
_LEAST_WORDS = 7
_A_WORD = re.compile(r"[^\W\d_]+")


def is_in_other_words(fact: Fact, line: Line) -> bool:
    """Whether the date's own cell begins with words, and nothing in its row says a delivery."""
    before, found, _ = line.text.partition(fact.text)
    if not found or any(one.told is Told.DELIVERED for one in labels_in(fold(line.text))):
        return False
    words = _A_WORD.findall(before.rpartition("  ")[2].casefold())
    return sum(len(word) for word in words if word not in WEEKDAYS) >= _LEAST_WORDS
