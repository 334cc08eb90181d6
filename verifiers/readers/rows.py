"""Exports of many orders and answers of many parcels: which of their rows are told.

All of them are read, and a bounded number told: first the rows that name what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from evidence.facts import Fact
from evidence.items import Item
from verifiers.readers.lines import Line
from verifiers.readers.reader import MAX_FOUND_IN_ROWS, MAX_LINES, failed

# Lines of rows that name what was asked for, of those that are searched, behind all others.
_KEPT = 2_000
FIRST = MAX_LINES - _KEPT


def told_of_rows(item: Item, facts: Iterable[Fact]) -> list[Fact]:
    """Of an item's facts, grouped by row, as many as may be told of one."""
    facts = list(facts)
    if sum(bool(one.group) for one in facts) <= MAX_FOUND_IN_ROWS:
        return facts
    asked = _asked(item)
    named = {one.group for one in facts if one.group and _names(one.text, asked)}
    room = MAX_FOUND_IN_ROWS
    kept: dict[str, list[Fact]] = {}
    for one in facts:
        kept.setdefault(one.group, []).append(one)
    told = set()
    for group in sorted(kept, key=lambda group: (bool(group), group not in named)):
        room -= len(kept[group]) if group else 0
        if group and room < 0:
            break
        told.add(group)
    rows, all_rows = len(told - {""}), len(kept.keys() - {""})
    why = f"of its {all_rows:,} rows {rows:,} are told, first those that name what was asked for"
    return [*(one for one in facts if one.group in told), failed(item, why)]


def lines_to_search(
    item: Item, lines: Iterable[Line], row_of: Callable[[Line], str], left_out: list[Line]
) -> Iterator[Line]:
    """The first lines, and behind them those of the rows that name what was asked for.

    left_out  takes the first line of those that are not searched
    """
    asked = _asked(item)
    if not asked:
        yield from lines
        return
    row: list[Line] = []
    for number, line in enumerate(lines):
        if number < FIRST:
            yield line
            continue
        if row and row_of(line) != row_of(row[0]):
            yield from _named(row, asked, left_out)
            row = []
        row.append(line)
    yield from _named(row, asked, left_out)


def _named(row: list[Line], asked: set[str], left_out: list[Line]) -> list[Line]:
    if any(_names(line.text, asked) for line in row):
        return row
    left_out.extend(row[: not left_out])
    return []


# A shorter one stands in too many others: a site's "US".
_LEAST = 4


def asked_for(item: Item) -> list[str]:
    """The numbers that an item was asked for, as they were written."""
    return [said for said in item.about.values() if len(_plain(said)) >= _LEAST]


def _asked(item: Item) -> set[str]:
    return set(map(_plain, asked_for(item)))


def _names(text: str, asked: set[str]) -> bool:
    said = _plain(text)
    return any(one in said for one in asked)


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
