"""The one number of a carrier's page that nothing known announces.

A page of DPD whose label is in unknown words still shows a number as DPD writes them. It is taken
for the parcel's only if the page bears the carrier's mark, shows no other number that could be one,
and no label says that it is something else: a telephone, an account, an order.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from evidence.tracking_numbers import identify, normalize
from verifiers.readers.lines import Line
from verifiers.readers.said.days import days_in
from verifiers.readers.said.fold import fold
from verifiers.readers.said.layout import Row, share_column
from verifiers.readers.said.moments import MAX_LINE
from verifiers.readers.said.words import field_words

# Letters and many figures: YW252506970154. No table has them all.
_LETTERED = re.compile(r"[A-Z]{2,6}\d{11,18}[A-Z]{0,2}")
# Figures, in groups or not; a value of its own, behind at most a label.
_VALUE = re.compile(r"(?:^|[:：#]\s?|\s)((?=[A-Z]*\d)[A-Z0-9]{2,24}(?:\s\d{2,4}){0,8})$")
# Figures in the middle of a sentence are a number only if nothing else is as long.
_LONG = re.compile(r"(?<![\w.,:/+-])\d{14,26}(?![\w.,:/-]\S)(?!\w)")
_SHORTEST = 10
# How far over a value its label stands at most, in heights of a row.
_OVER = 2.6


def lone_numbers(rows: Sequence[Row], marks: Collection[str]) -> list[tuple[str, Line]]:
    """The number and where it stands; [] where none or several could be it.

    marks  carriers whose marks the document bears, by the names of evidence/tracking_numbers/
    """
    if not marks:
        return []
    found: dict[str, Line] = {}
    for number, row in enumerate(rows):
        for place, cell in enumerate(row.cells):
            if sum(char.isdigit() for char in cell.text) < _SHORTEST:
                continue
            for text in _possible(cell.text[:MAX_LINE].strip(), marks):
                if not _is_something_else(rows, number, place):
                    found.setdefault(text, cell)
    return list(found.items()) if len(found) == 1 else []


def _possible(text: str, marks: Collection[str]) -> Iterator[str]:
    days = days_in(fold(text))
    for shape in (_VALUE, _LONG):
        for match in shape.finditer(text):
            start = match.start(match.lastindex or 0)
            written = match[match.lastindex or 0]
            number = normalize(written)
            if any(day.start < match.end() and start < day.end for day in days):
                continue
            if not _in_even_groups(written.split()):
                continue
            if _LETTERED.fullmatch(number) or _is_of(number, marks):
                yield number


def _in_even_groups(groups: Sequence[str]) -> bool:
    """Whether all groups but the last have as many signs; a telephone's seldom have."""
    *front, last = groups
    if [len(one) for one in groups] == [4, 3, 3, 4]:
        return True  # as DPD writes its fourteen
    return len({len(one) for one in front}) <= 1 and all(len(last) <= len(one) for one in front)


def _is_of(number: str, marks: Collection[str]) -> bool:
    """Whether a carrier of the page writes such numbers. A telephone's begin with a nought, and so
    do hardly any as short."""
    if len(number) < _SHORTEST or (number.isdigit() and number[0] == "0" and len(number) < 14):
        return False
    return any(one.carrier in marks for one in identify(number).possible)


def _is_something_else(rows: Sequence[Row], number: int, place: int) -> bool:
    """Whether a label in the same line, left of it or over it says so."""
    row = rows[number]
    cell = row.cells[place]
    said = [cell.text]
    if place:
        said.append(row.cells[place - 1].text)
    for above in rows[max(0, number - 1) : number]:
        if above.page == row.page and row.top - above.bottom <= _OVER * row.height:
            said += [other.text for other in above.cells if share_column(other, cell)]
    other_words = field_words("other_number")
    return any(other_words.search(fold(text[:MAX_LINE])) for text in said)
