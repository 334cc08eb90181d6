"""Rows of a table, whatever program wrote them, as lines: each cell under its column's heading.

A table with a heading row gives a line a cell, "heading: value"; one without (a form of two
columns, a printed page) keeps its grid, so that a label is found beside or over its value.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import Locator
from verifiers.readers.lines import Line
from verifiers.readers.names import words_of_name
from verifiers.readers.reader import CUT, MAX_SAID, MAX_TOLD_CHARS, failed
from verifiers.readers.rows import FIRST, lines_to_search, told_of_rows
from verifiers.readers.said.facts import facts_of_lines
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import labels_in
from verifiers.readers.said.zone_fields import in_zone, names_zone

MAX_COLUMNS = 500
_DELIMITERS = ",;\t|"
# Rows that must have as many cells as the heading before text is taken for a table.
_LOOKED_AT = 20
_HEADING_CHARS = 60
# Rows of titles and blanks over a heading row.
_TITLES = 6
# A column as programs name it: order_id, ship-date, trackingNumber.
_MADE = re.compile(r"^[A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+)+$|^[a-z]+(?:[A-Z][a-z0-9]+)+$")
# A grid's cell, in points: what stands side by side or below each other is all that matters.
_WIDTH, _HEIGHT = 200.0, 20.0
# The line that stands for what lies behind the last column that is read.
_TOO_WIDE = "\x00"


def _narrow(lines: Iterable[Line], wide: list[Locator]) -> Iterator[Line]:
    """The lines that say something; where a row went on, its place is put into `wide`."""
    for line in lines:
        if line.text == _TOO_WIDE:
            wide.append(line.locator)
        else:
            yield line


def facts_of_rows(item: Item, lines: Iterable[Line]) -> list[Fact]:
    """What lines out of tables say; facts of one row share its group."""
    wide: list[Locator] = []
    left_out: list[Line] = []
    searched = lines_to_search(
        item, _narrow(lines, wide), lambda one: _row_of(one.locator), left_out
    )
    facts = facts_of_lines(item, searched, most=MAX_SAID)
    grouped = (
        replace(one, group=group) if (group := _row_of(one.locator)) else one for one in facts
    )
    told = told_of_rows(item, grouped)
    for place in wide[:1]:
        why = f"{CUT} the first {MAX_COLUMNS} columns of a row were read"
        told.append(failed(item, why, place))
    for line in left_out:
        why = f"behind its first {FIRST:,} cells only rows that name what was asked for were read"
        told.append(failed(item, why, line.locator))
    return told


def lines_of_rows(
    rows: Iterable[Sequence[str]], *, sheet: str = "", page: int = 1
) -> Iterator[Line]:
    """The cells, row by row; rows are counted from 1, as programs show them.

    page  apart from other tables' of the item, so that no cell stands beside one of theirs
    """
    sheet = f"{sheet}!" if sheet else ""
    numbered = enumerate(rows, start=1)
    above, first = _titles(list(islice(numbered, 2 + _TITLES)))
    heading: Sequence[str] | None = None
    if len(first) >= 2 and _is_heading(first[0][1], first[1][1]):
        heading = first[0][1]
        first = first[1:]
    zoned, statuses = _zone_column(heading or ()), _status_columns(heading or ())
    for number, title in above:
        yield Line(title, Locator("cell", f"{sheet}{number}/A"))
    for number, row in chain(first, numbered):
        for column, written in enumerate(row[:MAX_COLUMNS]):
            said = " ".join(written.split())[:MAX_TOLD_CHARS]
            if not said:
                continue
            name = heading[column].strip() if heading and column < len(heading) else ""
            place = Locator("cell", f"{sheet}{number}/{name or _letters(column)}")
            if zoned is not None and zoned < len(row) and column != zoned:
                said = in_zone(said, row[zoned])
            if column in statuses:
                said = _of_status(said, row, *statuses[column])
            if heading is not None:
                label = words_of_name(name) if _MADE.search(name) else name
                yield Line(f"{label}: {said}" if label else said, place)
            else:
                box = (column * _WIDTH, number * _HEIGHT, 0.9 * _WIDTH, 0.8 * _HEIGHT)
                yield Line(said, place, box, page)
        if any(cell.strip() for cell in row[MAX_COLUMNS:]):
            yield Line(_TOO_WIDE, Locator("cell", f"{sheet}{number}/{_letters(MAX_COLUMNS)}"))


def _zone_column(heading: Sequence[str]) -> int | None:
    """The one column that names the zone of its row's times; None where there are several."""
    found = [
        at for at, name in enumerate(heading)
        if names_zone(fold(words_of_name(name.strip())))
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


# The name of a column for when a status was reached, whose own column it names: "Last event time".
_WHEN = re.compile(
    r"(?P<of>\S.*?)\s?(?:date\s?/?\s?time|timestamp|date|time|datum|zeit|zeitpunkt|fecha|hora|data|heure|时间"
    r"|日期|時間|日時)(?P<zone>\W.*)?"
)


def _status_columns(heading: Sequence[str]) -> dict[int, tuple[int, str]]:
    """For each such column the one that it names, and the zone that its name ends in."""
    names = [fold(words_of_name(name.strip())).strip() for name in heading]
    found = {}
    for at, name in enumerate(names):
        when = _WHEN.fullmatch(name)
        if when and names.count(of := when["of"].rstrip(" _-")) == 1:
            found[at] = (names.index(of), when["zone"] or "")
    return found


def _of_status(said: str, row: Sequence[str], column: int, zone: str) -> str:
    """A moment with the status that it is of in front of it, where that says what happened."""
    status = " ".join(row[column].split()) if column < len(row) else ""
    if not any(map(str.isdigit, said)) or not labels_in(fold(status[:_HEADING_CHARS])):
        return said
    return f"{status[:_HEADING_CHARS]} {in_zone(said, zone)}"


_Numbered = list[tuple[int, Sequence[str]]]


def _titles(rows: _Numbered) -> tuple[list[tuple[int, str]], _Numbered]:
    """The rows of one cell, and the empty ones, with which exports begin over a heading, apart from
    the rest; none where no heading follows them."""
    told: list[tuple[int, str]] = []
    for at, (number, row) in enumerate(rows):
        said = [cell for cell in row if cell.strip()]
        if len(said) == 2 and _is_title(said, rows[at + 1 :]):
            name, value = (" ".join(one.split()) for one in said)
            told.append((number, f"{name.rstrip(':：')}: {value}"[:MAX_TOLD_CHARS]))
            continue
        if len(said) > 1:
            follows = rows[at : at + 2]
            headed = len(follows) == 2 and _is_heading(follows[0][1], follows[1][1])
            return (told, rows[at:]) if headed else ([], rows)
        if said:
            told.append((number, " ".join(said[0].split())[:MAX_TOLD_CHARS]))
    return [], rows


def _is_title(said: Sequence[str], under: _Numbered) -> bool:
    """Whether a row is a name and its value over a table that is wider: "Exported at", a moment."""
    name, value = (cell.strip() for cell in said)
    cells = [sum(bool(cell.strip()) for cell in row) for _, row in under]
    wider = next((count for count in cells if count > 2), 0)
    named = name.endswith((":", "：")) or any(map(str.isdigit, value))
    return bool(wider) and named and not any(map(str.isdigit, name))


def _is_heading(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether the first row names what the second one holds: words, no value, each once."""
    named = [cell.strip() for cell in first if cell.strip()]
    if len(named) < 2 or len(set(named)) < len(named):
        return False
    if any(len(name) > _HEADING_CHARS or sum(map(str.isdigit, name)) > 2 for name in named):
        return False
    values = [cell for cell in second if cell.strip()]
    # "Tracking number | 1Z…" over "Order | 112-…" is a form, whose first column are the names.
    digits = [any(map(str.isdigit, cell)) for cell in second[: len(first)]]
    return len(values) >= 2 and (any(digits[1:]) or len(named) > 2)


def _letters(column: int) -> str:
    """A column's name where it has no heading: A, B, … Z, AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _row_of(place: Locator) -> str:
    if place.kind != "cell":
        return ""
    sheet, mark, rest = place.place.rpartition("!")
    return f"row/{sheet}{mark}{rest.partition('/')[0]}"


def rows_of_text(text: str) -> Iterator[list[str]] | None:
    """The rows of text that is a table of separated values; None for other text.

    Commas stand in prose and in dates: they part a table only under a heading.
    """
    head = [line for line in text[:20_000].splitlines() if line.strip()][:_LOOKED_AT]
    if len(text) > 20_000 and len(head) < _LOOKED_AT:
        head = head[:-1]
    for delimiter in _DELIMITERS:
        rows = _under_titles(list(_parsed(head, delimiter)))
        if len(rows) < 2 or len(rows[0]) < 2:
            continue
        even = sum(len(row) == len(rows[0]) for row in rows)
        if even < (0.9 if len(rows[0]) > 2 else 1) * len(rows):
            continue
        if delimiter != "," or _is_heading(rows[0], rows[1]):
            return _parsed(text.splitlines(keepends=True), delimiter)
    return None


def _under_titles(rows: list[list[str]]) -> list[list[str]]:
    _, rest = _titles([(0, row) for row in rows])
    return [list(row) for _, row in rest]


def _parsed(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            yield [_unguarded(cell) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:  # a cell of more than 128 KB, a NUL: that row is none
            yield []


def _unguarded(cell: str) -> str:
    """A cell without what keeps a spreadsheet from changing a number: ="…", an apostrophe."""
    said = cell.strip()
    if said.startswith('="') and said.endswith('"') and len(said) > 2:
        return said[2:-1]
    return said[1:] if said.startswith("'") else said
