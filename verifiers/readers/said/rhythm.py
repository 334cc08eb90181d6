"""Lists of records of several lines each: on which side of its moment the label of each stands.

    Out for delivery          10 May 14:02
    Leeds                     Out for delivery
    10 May 09:10              Leeds
    Delivered                 10 May 09:10
    Leeds                     Delivered
    10 May 14:02              Leeds

In the first list each label stands over its moment, in the second under it; between two moments one
cannot tell. The ends of the list can: only one of both has a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from verifiers.readers.lines import Line
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Label, Told
from verifiers.readers.said.layout import print_of
from verifiers.readers.said.spots import ReadRow, gap

# Records have so many lines at most, and a list so many records at least.
_LONGEST, _LEAST = 5, 3
_WORD = re.compile(r"[^\W\d_]{3,}|[\u3041-\u30ff\u3400-\u9fff]{2,}")


def rhythm_of(read: Sequence[ReadRow]) -> dict[int, int | None]:
    """The row of each moment's label, by the moment's own row; None where its record has none.

    Only of moments in lists that end in a label, or begin with one, and not both.
    """
    found: dict[int, int | None] = {}
    for run in _runs(read):
        found.update(_labels_of(run, read))
    return found


def _runs(read: Sequence[ReadRow]) -> Iterator[list[int]]:
    """Rows of one moment and no label that follow each other at about one step."""
    run: list[int] = []
    for number, row in enumerate(read):
        if len(row.moments) != 1 or row.labels or len(row.row.cells) != 1 or row.closed:
            continue
        if number and _is_asked(read[number - 1]):
            continue
        if run and not _goes_on(run, number, read):
            if len(run) >= _LEAST:
                yield run
            run = []
        run.append(number)
    if len(run) >= _LEAST:
        yield run


def _is_asked(over: ReadRow) -> bool:
    """Whether the row over a moment asks for it by a field's name: a pair, and no record."""
    return (
        bool(over.labels)
        and not over.moments
        and any(one.label and (one.label.field or one.label.firm) for one in over.labels)
    )


def _goes_on(run: Sequence[int], number: int, read: Sequence[ReadRow]) -> bool:
    last = run[-1]
    step, first = number - last, run[1] - run[0] if len(run) > 1 else number - last
    if not 2 <= step <= _LONGEST or abs(step - first) > 1:
        return False
    here, other = read[last], read[number]
    if here.row.page != other.row.page or any(one.moments for one in read[last + 1 : number]):
        return False
    return _one_edge(here.line(here.moments[0]), other.line(other.moments[0]))


def _one_edge(first: Line, second: Line) -> bool:
    """Whether both begin where the other does, as records of one list."""
    if first.box is None or second.box is None:
        return True
    return abs(first.box[0] - second.box[0]) < 0.8 * max(first.box[3], second.box[3])


def _labels_of(run: Sequence[int], read: Sequence[ReadRow]) -> dict[int, int | None]:
    inner = [_first_label(range(a + 1, b), read) for a, b in pairwise(run)]
    if sum(one is not None for one in inner) < 2:
        return {}
    step = max(b - a for a, b in pairwise(run))
    above = _window(run[0], -1, step, read)
    below = _window(run[-1], 1, step, read)
    first, last = _first_label(above, read), _first_label(below, read)
    begins, ends = first is not None, last is not None
    if not begins and not ends:
        known = _words(read[at] for a, b in pairwise(run) for at in range(a + 1, b))
        begins = bool(_words(read[at] for at in above) & known)
        ends = bool(_words(read[at] for at in below) & known)
        if ends and not begins and len(below) < step - 1 and _stand_right_over(inner, run):
            # What ends the list is a record's last line, and no label: that was over its moment.
            begins, ends = True, False
    if first is not None and not ends and inner[0] is not None:
        # A heading that the first record says again is none of the list's labels.
        again = _told(read[inner[0]]) is _told(read[first])
        begins, ends = not again, again
    # Where there is room between records, that decides: a heading over the first is none of them.
    apart = _ends_of_records(run, read)
    if any(apart):
        begins, ends = apart
    if begins == ends:
        return {}
    found = dict(zip(run, [first, *inner] if begins else [*inner, last], strict=True))
    if ends and found[run[0]] is None:
        del found[run[0]]  # it stands over the list, under words of its own
    return found


def _stand_right_over(labels: Sequence[int | None], run: Sequence[int]) -> bool:
    """Whether each label is in the row right over the next moment."""
    after = zip(labels, run[1:], strict=True)
    return all(label in {None, moment - 1} for label, moment in after)


def is_of_the_record_over(number: int, label: Label, read: Sequence[ReadRow]) -> bool:
    """Whether a label over a moment is that of the moment right over itself: between them there is
    less room than over the moment, which begins a record whose own words are not known."""
    at = next(n for n in range(number - 1, -1, -1) if any(o.label is label for o in read[n].labels))
    first, here = read[at - 1].row, read[number].row
    if at == 0 or not read[at - 1].moments or first.cells[0].box is None:
        return False
    if at > 1 and _is_asked(read[at - 2]) and gap(read[at - 2].row, first) < first.height:
        return False  # that moment has its own label over itself
    more = _room_over(number, read) - (read[at].row.top - first.bottom)
    return first.page == here.page and more > _MORE * print_of(first, here)


def _room_over(number: int, read: Sequence[ReadRow]) -> float:
    """How far over a moment the next row ends, below 0 where their boxes overlap.

    A day in a row of its own over its time of day is of the moment.
    """
    here = read[number]
    top = here.moments[0].top
    over = next(
        (one.row for one in reversed(read[:number]) if one.row.top < top - 0.3 * one.row.height),
        None,
    )
    return top - over.bottom if over and over.page == here.row.page else 0.0


# How much more room there is between two records than between the lines of one, in heights of
# print.
_MORE = 0.25


def _ends_of_records(run: Sequence[int], read: Sequence[ReadRow]) -> tuple[bool, bool]:
    """Whether each record ends with its moment, or begins with it: there is more room there."""
    if any(one.box is None for at in run for one in read[at].row.cells):
        return False, False
    more = [
        _room_over(b, read) - (read[a + 1].row.top - read[a].row.bottom) for a, b in pairwise(run)
    ]
    least = _MORE * print_of(*(read[at].row for at in run))
    return all(-one > least for one in more), all(one > least for one in more)


def _told(row: ReadRow) -> Told | None:
    return next((one.label.told for one in row.labels if one.label), None)


def _window(moment: int, way: int, step: int, read: Sequence[ReadRow]) -> list[int]:
    """The rows over or under an outermost moment that can be of its record, from top to bottom."""
    rows: list[int] = []
    at = moment + way
    while 0 <= at < len(read) and len(rows) < step - 1:
        other, beside = read[at], read[at - way]
        if other.row.page != beside.row.page or other.moments or other.closed:
            break
        if gap(other.row, beside.row) > 1.6 * max(other.row.height, beside.row.height):
            break
        rows.append(at)
        at += way
    return sorted(rows)


def _first_label(rows: Iterable[int], read: Sequence[ReadRow]) -> int | None:
    """The first row with a label that names no field."""
    return next(
        (at for at in rows if any(one.label and not one.label.field for one in read[at].labels)),
        None,
    )


def _words(rows: Iterable[ReadRow]) -> set[str]:
    return {
        word for row in rows for cell in row.row.cells for word in _WORD.findall(fold(cell.text))
    }
