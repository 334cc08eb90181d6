"""What heads the columns of a table of moments: a zone of that column alone, or another happening.

    Event       Local time     UTC              Event       Scan time      Entered
    Delivered   12 Nov 14:08   12 Nov 13:08     Delivered   12 Nov 14:08   12 Nov 15:31

A head holds for each row of its table, however far under it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from verifiers.readers.lines import Line
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Told, labels_in
from verifiers.readers.said.layout import share_column
from verifiers.readers.said.named_rows import head_of_times
from verifiers.readers.said.spots import ReadRow, Spot, gap, zone_cell
from verifiers.readers.said.zone_fields import names_zone
from verifiers.readers.said.zones_said import WrittenZone, zone_after, zone_of_head

# A head is short, and no value.
_LONGEST = 40
# Between the lines of a head that was wrapped, and between a head and its table, in heights.
_CLOSE, _UNDER = 0.75, 3.2
# What heads the moments that were planned, beside those that came.
_PLAN = re.compile(
    r"(?:planned|scheduled|estimated|expected|promised|target|plan|eta|geplant|soll(?:zeit)?|erwartet|prevue?|estimee?"
    r"|previst[oa]|estimad[oa]|programad[oa]|stimat[oa]|gepland|verwacht|planowan[aey]|计划|预计|預計|計画|予定)"
    r"[\s/]?(?:date|time|datum|zeit|fecha|hora|data|heure|日期?|时间|時間|日時)?"
)


@dataclass(slots=True)
class _Heads:
    """The cells of a head row by their places in it.

    zones  that a head states for its column
    times  those over moments, which leave open of what they are
    plans  those over moments that were planned, and may never have come
    named  those that say it in words which are known
    zone   the one over the zone of each row
    """

    cells: tuple[Line, ...]
    page: int
    zones: dict[int, WrittenZone]
    times: frozenset[int]
    plans: frozenset[int]
    named: frozenset[int]
    zone: int | None


def read_columns(read: Sequence[ReadRow]) -> None:
    """Give each moment under a head that states a zone that zone, and note in `aside` the cells
    whose moments are of something else than their row: they stand beside the row's own."""
    heads: _Heads | None = None
    above: WrittenZone | None = None
    for number, here in enumerate(read):
        if heads and heads.page != here.row.page:
            heads = None
        if number and here.row.page != read[number - 1].row.page:
            above = None
        if not here.moments:
            above = _zone_alone(here) or above
            over = read[number - 1] if number else None
            texts = _texts(here, over if over and not over.moments else None)
            heads = _heads_of(here, texts, read[number + 1 : number + 2]) or heads
            continue
        if heads:
            _read_under(here, heads)
        if above and not any(one.label and one.label.told is Told.CAPTURED for one in here.labels):
            _lend(here, above)


def _zone_alone(here: ReadRow) -> WrittenZone | None:
    """The zone that has a cell of its own in a heading: the times of the list under it are in it.
    Figures alone may be anything, and so may letters."""
    zones = [
        zone
        for cell in here.row.cells
        if any(map(str.isalpha, cell.text)) and (zone := zone_cell(fold(cell.text).strip()))
    ]
    return zones[0] if len(zones) == 1 else None


def _lend(here: ReadRow, zone: WrittenZone) -> None:
    for spot in here.moments:
        if spot.moment and spot.moment.clock and spot.moment.zone is None:
            spot.moment = replace(spot.moment, zone=zone)


def _texts(here: ReadRow, over: ReadRow | None) -> list[tuple[Line, str]]:
    """The cells of a row with what they say; where a row of more cells stands right over it, those,
    with the lines that they go on in."""
    own = [(cell, fold(cell.text).strip()) for cell in here.row.cells]
    if over is None or over.row.page != here.row.page or len(over.row.cells) <= len(own):
        return own
    if gap(over.row, here.row) > _CLOSE * min(over.row.height, here.row.height):
        return own
    whole = []
    for cell in over.row.cells:
        rest = [text for line, text in own if share_column(cell, line)]
        whole.append((cell, " ".join((fold(cell.text).strip(), *rest))))
    return whole


def _heads_of(
    here: ReadRow, heads: Sequence[tuple[Line, str]], under: Sequence[ReadRow]
) -> _Heads | None:
    """The cells as heads, if a moment of the row under them stands under one of them."""
    cells, texts = tuple(cell for cell, _ in heads), [text for _, text in heads]
    if len(texts) < 2 or not under or under[0].row.page != here.row.page:
        return None
    if any(len(text) > _LONGEST or sum(map(str.isdigit, text)) > 4 for text in texts):
        return None
    placed = {_head_over(under[0].line(one), cells) for one in under[0].moments}
    zones = {at: zone for at, text in enumerate(texts) if (zone := zone_of_head(text))}
    times = frozenset(at for at, text in enumerate(texts) if at in placed and head_of_times(text))
    plans = frozenset(at for at, text in enumerate(texts) if at in placed and _PLAN.fullmatch(text))
    named = frozenset(at for at, text in enumerate(texts) if labels_in(text))
    of_rows = [at for at, text in enumerate(texts) if names_zone(text)]
    if not times and not zones and not of_rows and not plans:
        return None
    if gap(here.row, under[0].row) > _UNDER * min(here.row.height, under[0].row.height):
        return None  # names of what stands over them
    fields = of_rows[0] if len(of_rows) == 1 else None
    return _Heads(cells, here.row.page, zones, times, plans, named, fields)


def _read_under(here: ReadRow, heads: _Heads) -> None:
    over = {
        id(one): at
        for one in here.moments
        if (at := _head_over(here.line(one), heads.cells)) is not None
    }
    own = any(at in heads.times for at in over.values())
    beside = _zone_of_row(here, heads)
    for spot in here.moments:
        at = over.get(id(spot))
        if at is None or spot.moment is None:
            continue
        if at in heads.plans or (
            own and at not in heads.times | heads.named and not _has_label(here, spot)
        ):
            here.aside.add(spot.cell)
        zone = heads.zones.get(at, beside)
        if zone and spot.moment.clock and spot.moment.zone is None:
            spot.moment = replace(spot.moment, zone=zone)


def _zone_of_row(here: ReadRow, heads: _Heads) -> WrittenZone | None:
    """What stands under the head of zones, where it is one; letters alone are one there, too."""
    cells = [one for one in here.row.cells if _head_over(one, heads.cells) == heads.zone]
    if heads.zone is None or len(cells) != 1:
        return None
    text = f" {fold(cells[0].text).strip()}"
    zone = zone_after(text, 0)
    return zone if zone and zone.end == len(text) else None


def _has_label(here: ReadRow, spot: Spot) -> bool:
    return any(one.cell == spot.cell for one in here.labels)


def _head_over(line: Line, cells: Sequence[Line]) -> int | None:
    """The one head whose column a cell is in; None where it is in none, or between two."""
    if line.box is None:
        return None
    found = [at for at, cell in enumerate(cells) if cell.box and share_column(cell, line)]
    return found[0] if len(found) == 1 else None
