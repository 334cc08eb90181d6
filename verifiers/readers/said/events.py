"""What happened when, as a document tells it: which label belongs to which moment.

In one row a moment belongs to the label before it, or in a table that begins with the moment to the
one behind it. A moment alone in its row belongs to the label over or under it, whichever is
nearer; and days that stand apart from their time of day are in days_of_events.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from verifiers.readers.lines import Line
from verifiers.readers.said.columns import read_columns
from verifiers.readers.said.days_of_events import Event, merged, with_days
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Label, Told
from verifiers.readers.said.layout import are_interlaced, is_set_in, print_of, rows_of, share_column
from verifiers.readers.said.named_rows import (
    close_headers,
    headed,
    is_head_row,
    is_named,
    is_of_nearer,
    is_of_the_next_sentence,
    is_one_of_many,
    is_under_a_name,
)
from verifiers.readers.said.rhythm import is_of_the_record_over, rhythm_of
from verifiers.readers.said.spots import (
    NEAR,
    ReadRow,
    Spot,
    around,
    gap,
    is_of_a_range,
    read_row,
    stacked,
)


@dataclass(frozen=True, slots=True)
class _Page:
    """All rows; on which side of their moments labels stand, and what a list of records tells.

    below, above   under them, or over them whatever is between
    rhythm         the row of the label of a moment's row
    """

    read: Sequence[ReadRow]
    below: bool
    above: bool
    rhythm: Mapping[int, int | None]


def events_in(lines: Sequence[Line]) -> list[Event]:
    """Every moment of the lines, with what it is of as far as that is said."""
    read = [read_row(row) for row in rows_of(lines)]
    close_headers(read)
    for upper, lower in pairwise(read):
        stacked(upper, lower)
    for upper, middle, lower in zip(read, read[1:], read[2:], strict=False):
        around(upper, middle, lower)
    read_columns(read)
    below = _labels_below(read)
    page = _Page(read, below, not below and _labels_above(read), rhythm_of(read))
    events = [event for number in range(len(read)) for event in _row_events(number, page)]
    return with_days(merged(events))


def _row_events(number: int, page: _Page) -> Iterator[Event]:
    here = page.read[number]
    first = here.spots[0] if here.spots else None
    behind = bool(first and first.moment and here.labels and not _is_worded(first, here))
    for place, spot in enumerate(here.spots):
        if not spot.moment:
            continue
        if spot.cell in here.aside:
            yield Event(None, spot.moment, here.line(spot), spot.text, number)
            continue
        label = _in_row(here, place, behind=behind)
        if label is not None and is_of_the_next_sentence(here, place, label):
            label = None
        own = _of_its_column(number, spot, label, page.read)
        if own is not None:
            label = own
        elif label is not None and (head := headed(number, spot, label, page.read)):
            label = head[0]
        elif label is not None and _is_of_another_list(number, spot, label, page.read):
            label = None
        elif label is not None and is_of_nearer(here, place, label):
            over = _next_label(number, spot, page.read, -1)
            label = over[1] if over else None
        elif label is None and not _labels_for(here, place):
            label = _of_another_row(number, spot, page)
        told, firm = (
            (label.told, label.firm or _is_asked_by(label, place, here)) if label else (None, False)
        )
        if told is Told.DELIVERED and is_of_a_range(here, place):
            told = Told.PROMISED
        moment = spot.moment
        if label and label.zone and moment.clock and moment.zone is None:
            moment = replace(moment, zone=label.zone)
        yield Event(told, moment, here.line(spot), spot.text, number, firm)


def _is_asked_by(label: Label, place: int, here: ReadRow) -> bool:
    """Whether a label is the name of a field, right before its moment."""
    return label.field and any(one.label is label for one in here.spots[:place])


def _of_another_row(number: int, spot: Spot, page: _Page) -> Label | None:
    """The label over a moment or under it, unless its own row says in other words what it is of."""
    here = page.read[number]
    if here.closed or is_named(here, spot) or is_one_of_many(number, spot, page.read):
        return None
    if is_under_a_name(number, spot, page.read):
        return None
    if number in page.rhythm:
        at = page.rhythm[number]
        return page.read[at].labels[0].label if at is not None else None
    return _over_or_under(number, spot, page)


def _in_row(here: ReadRow, place: int, *, behind: bool) -> Label | None:
    """The nearest label before the moment; in a row that begins with a moment, the one behind."""
    spot = here.spots[place]
    fitting = [one for one in _labels_for(here, place) if not _is_of_the_next(one, spot, here)]
    before = [other for other in here.spots[:place] if other in fitting]
    after = [other for other in here.spots[place + 1 :] if other in fitting]
    if not before and after and _is_of_a_nearer_day(here, place, after[0]):
        return None
    nearest = before[-1].label if before else None
    # A label of the same cell that ends in a colon is this moment's, whatever the row is like.
    if nearest and nearest.firm and before[-1].cell == spot.cell:
        return nearest
    if behind and after:
        days = [o for o in here.spots[place + 1 :] if o.moment and o.moment.day]
        if not days or here.spots.index(after[0]) < here.spots.index(days[0]):
            return after[0].label
    return nearest or (after[0].label if after else None)


def _is_of_a_nearer_day(here: ReadRow, place: int, label: Spot) -> bool:
    """Whether words and another day stand between a day and the label behind both: "the parcel that
    was brought in on 13 May was on 15 May delivered"."""
    between = here.spots[place + 1 : here.spots.index(label)]
    days = [one for one in between if one.moment and one.moment.day and one.cell == label.cell]
    spot = here.spots[place]
    if not days or spot.cell != label.cell or spot.moment is None:
        return False
    said = fold(here.line(spot).text)[spot.moment.end : days[0].start]
    return sum(map(str.isalpha, said)) >= _LEAST_WORDS and not is_of_a_range(here, place)


def _of_its_column(
    number: int, spot: Spot, label: Label | None, read: Sequence[ReadRow], *, deep: bool = True
) -> Label | None:
    """The label right over a moment, or right under it, where the one in its row is of another
    column: there it has a moment of its own on its other side. Two lists side by side share rows
    by chance."""
    here = read[number]
    beside = next((one for one in here.labels if one.label is label), None)
    if beside is None or beside.cell == spot.cell:
        return None
    for side in (-1, 1):
        own = _next_label(number, spot, read, side, deep=deep)
        if own is not None and _has_its_own_moment(number, beside, read, -side):
            return own[1]
    return None


def _has_its_own_moment(number: int, label: Spot, read: Sequence[ReadRow], side: int) -> bool:
    """Whether a moment without a label stands in a label's column, in the row over it (-1) or
    under it (1)."""
    here, at = read[number], number + side
    if not 0 <= at < len(read) or read[at].row.page != here.row.page:
        return False
    other = read[at]
    column = [one for one in other.spots if share_column(here.line(label), other.line(one))]
    if not column or any(one.label for one in column):
        return False
    away, height = gap(here.row, other.row), min(here.row.height, other.row.height)
    over = [_next_label(at, one, read, -1, deep=False) for one in column] if side < 0 else []
    if any(one and one[0] <= away + 0.25 * height for one in over):
        return False  # what is over it has its label over itself
    return away <= NEAR * height


def _is_of_another_list(number: int, spot: Spot, label: Label, read: Sequence[ReadRow]) -> bool:
    """Whether words of its own cell say what a moment is of, and the label beside it has a moment
    of its own under itself."""
    here = read[number]
    beside = next((one for one in here.labels if one.label is label), None)
    if beside is None or beside.cell == spot.cell or not _is_worded(spot, here):
        return False
    return _has_its_own_moment(number, beside, read, 1)


def _asks(label: Label) -> bool:
    return label.field or label.firm


def _labels_for(here: ReadRow, place: int) -> list[Spot]:
    """The labels that can be of a moment in their row: a field's name, or what has a colon, is not
    of what is before it in another cell, nor a label that has its moment behind it in its own."""
    spot, behind = here.spots[place], here.spots[place + 1 :]
    return [
        one for one in here.labels
        if one.cell == spot.cell
        or not ((one.label and _asks(one.label) and one in behind) or _is_served(one, here))
    ]  # fmt: skip


# How near a moment stands behind its own label, and how far one before it that is another's.
_RIGHT_BEHIND, _FAR_BEFORE = 4, 12
# Letters that say something, unlike "on" and "am".
_LEAST_WORDS = 5


def _is_of_the_next(label: Spot, spot: Spot, here: ReadRow) -> bool:
    """Whether a label far behind a moment has one right behind itself: "[24/11, 10:15] Ann: they
    say it was delivered 20/11"."""
    place = here.spots.index(label)
    if place + 1 == len(here.spots) or not (label.label and spot.moment):
        return False
    behind = here.spots[place + 1]
    if behind is spot or not (
        behind.cell == label.cell == spot.cell and behind.moment and behind.moment.day
    ):
        return False
    if behind.moment.day.relative == 0 and not behind.moment.clock:
        return False  # "Out For Delivery Today" is of the row's day
    near = behind.start - label.label.end <= _RIGHT_BEHIND
    # A scan may say when the parcel is expected; the scan itself was not.
    far = label.label.told is Told.PROMISED or label.start - spot.moment.end > _FAR_BEFORE
    return near and (far or _is_worded(spot, here))


def _is_worded(spot: Spot, here: ReadRow) -> bool:
    """Whether words of its own cell, none of them a label, say before a moment what it is of."""
    first = not any(one.cell == spot.cell for one in here.spots[: here.spots.index(spot)])
    return first and sum(map(str.isalpha, here.line(spot).text[: spot.start])) >= _LEAST_WORDS


def _is_served(label: Spot, here: ReadRow) -> bool:
    behind = here.spots[here.spots.index(label) + 1 :]
    return any(one.cell == label.cell and one.moment and one.moment.day for one in behind[:1])


def _over_or_under(number: int, spot: Spot, page: _Page) -> Label | None:
    """The label of a row over the moment or under it: the nearer one; `below` decides a draw, and
    where `above` all labels stand over theirs, whatever stands between."""
    read, below = page.read, page.below
    over, under = (_next_label(number, spot, read, step) for step in (-1, 1))
    if under and not over and not below:
        if _has_its_own(number, read) or _is_headed(number, spot, read, under[0]):
            under = None
    found = [one for one in (over, under) if one]
    if not found:
        return None
    if over and not under and is_of_the_record_over(number, over[1], read):
        return None
    if over and page.above:
        return over[1]
    if len(found) == 2 and abs(found[0][0] - found[1][0]) <= 0.25 * read[number].row.height:
        asks = found[0][1].firm or found[0][1].field
        return found[1][1] if below and not asks else found[0][1]
    return min(found, key=lambda one: one[0])[1]


def _has_its_own(number: int, read: Sequence[ReadRow]) -> bool:
    """Whether the label under a moment has a moment under itself, where labels stand over theirs:
    what is over it lost its own label, such as by a crop."""
    here, *under = read[number : number + 3]
    if len(under) < 2 or any(one.row.page != here.row.page for one in under):
        return False
    label, after = under
    if not label.labels or label.moments or after.labels or not after.moments:
        return False
    near = gap(label.row, after.row) <= NEAR * min(label.row.height, after.row.height)
    return near and share_column(label.line(label.labels[0]), after.line(after.moments[0]))


def _is_headed(number: int, spot: Spot, read: Sequence[ReadRow], away: float) -> bool:
    """Whether words that are no known label head the moment, nearer than the label under it is,
    where labels stand over their moments: "Shp date" over it is as good a heading as any."""
    here = read[number]
    over = read[number - 1] if number else None
    if over is None or over.row.page != here.row.page:
        return False
    line = here.part(spot)
    if line.box is None or gap(over.row, here.row) >= away:
        return False
    read_cells = {one.cell for one in over.spots}
    heads = [
        one.text
        for at, one in enumerate(over.row.cells)
        if at not in read_cells and share_column(one, line)
    ]
    return bool(heads) and not any(map(str.isdigit, heads[0])) and len(heads[0]) <= 30


def _next_label(
    number: int, spot: Spot, read: Sequence[ReadRow], step: int, *, deep: bool = True
) -> tuple[float, Label] | None:
    """The first label over (-1) or under (1) a moment, with how far away it is.

    deep  the moments of that label's row are asked as well whether it is theirs
    """
    here = read[number]
    line = here.part(spot)
    at = number + step
    while 0 <= at < len(read) and abs(at - number) <= 3 and read[at].row.page == here.row.page:
        other = read[at]
        # Of a day over its time of day, what counts is how far away the day is.
        away = gap(other.row, here.row) if step > 0 else max(spot.top - other.row.bottom, 0.0)
        if away > NEAR * min(other.row.height, here.row.height):
            return None
        beside = step < 0 and other.row.top >= spot.top - 0.6 * print_of(other.row, here.row)
        beside = beside or are_interlaced(other.row, here.row)
        set_in = step < 0 and len(other.labels) == 1 and is_set_in(other.row, here.row)
        fitting = [
            one for one in other.labels
            if beside or set_in or share_column(other.part(one), line)
        ]  # fmt: skip
        if other.moments and other.labels and fitting:
            # That label is of its own row's moment, unless it names a field and none follows it.
            last = max(other.spots.index(spot) for spot in other.moments)
            free = step < 0 and fitting and fitting[-1].label and fitting[-1].label.field
            if not free or other.spots.index(fitting[-1]) < last:
                if not deep or not _is_anothers_row(at, fitting[-1 if step < 0 else 0], read):
                    return None
        if fitting:
            label = (fitting[-1] if step < 0 else fitting[0]).label
            if label is None or (label.firm and step > 0):
                return None  # a label with a colon speaks of what follows it
            if step < 0 and any(_has_moment(other, one, read[at + 1 : number]) for one in fitting):
                return None
            return (0.0 if beside else away), label
        if any(share_column(other.part(one), line) for one in other.moments):
            return None
        if step < 0 and is_head_row(other, here, spot):
            return None
        at += step
    return None


def _is_anothers_row(number: int, label: Spot, read: Sequence[ReadRow]) -> bool:
    """Whether all moments of a label's row are of another column, which has labels of its own: two
    lists side by side."""
    here = read[number]
    return all(
        not share_column(here.part(label), here.part(one))
        and (
            any(other.cell == one.cell for other in here.labels)
            or _is_worded(one, here)
            or any(_next_label(number, one, read, step, deep=False) for step in (-1, 1))
        )
        for one in here.moments
    )


def _has_moment(row: ReadRow, label: Spot, under: Sequence[ReadRow]) -> bool:
    """Whether a whole moment stands under a label, before those that are further down."""
    return any(
        one.moment
        and one.moment.day
        and one.moment.clock
        and share_column(row.part(label), other.part(one))
        for other in under
        for one in other.moments
    )


def _labels_below(read: Sequence[ReadRow]) -> bool:
    """Whether labels stand under their moments: the first moment of a row of its own has none
    over it, and one under it; or a heading over it that the first of a history says again."""
    hours = any(spot.moment and spot.moment.clock for here in read for spot in here.moments)
    for number, here in enumerate(read):
        if here.labels or not here.moments:
            continue
        timed = [one for one in here.moments if one.moment and (one.moment.clock or not hours)]
        if not timed:
            continue
        spot = timed[0]
        over = _next_label(number, spot, read, -1)
        under = _next_label(number, spot, read, 1)
        if over and under and over[1].told is under[1].told is Told.DELIVERED:
            return True
        if over or (under and not _is_headed(number, spot, read, under[0])):
            return over is None
    return False


def _labels_above(read: Sequence[ReadRow]) -> bool:
    """Whether labels stand over their moments with a place between, and the next label nearer: of
    days with their hour in rows of their own, the first that has a label under it has another one
    over it, and the last has one over it and none under it."""
    around = [
        tuple(_next_label(number, here.moments[0], read, step) for step in (-1, 1))
        for number, here in enumerate(read)
        if not here.labels and here.moments
        and (moment := here.moments[0].moment) and moment.day and moment.clock
    ]  # fmt: skip
    first = next(((over, under) for over, under in around if under), None)
    if first is None or first[0] is None or first[1] is None:
        return False
    # A heading that the first row of a history says again is over none of its moments.
    heading = first[0][1].told is first[1][1].told
    over, under = around[-1]
    return not heading and over is not None and under is None
