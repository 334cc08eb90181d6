"""Which moment of a document is that of its own capture or printing, where no word says so.

Who prints or saves a page sets it along the edge or at the end of the text, who writes a letter
over the salutation, and a camera into the picture.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from verifiers.readers.lines import Line
from verifiers.readers.said.context import Context, date_event, local_day
from verifiers.readers.said.days_of_events import Event
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Told, labels_in
from verifiers.readers.said.layout import Size
from verifiers.readers.said.moments import MAX_LINE
from verifiers.readers.said.names_of_days import WEEKDAYS

# The strip along the upper and the lower edge in which a browser prints the day of printing, and a
# camera its stamp; how sure that is.
_TOP, _BOTTOM, _EDGE_SURE = 0.05, 0.94, 0.75
# Rows that an event of a history takes at most, with its words and its place.
_ROWS_OF_EVENT = 4
# A zone behind a moment.
_ZONE_CHARS = 12
# Fewer lines than these are no page, whose uppermost or lowest one would say something.
_LEAST_LINES = 6


def captured_in(
    events: Sequence[Event],
    lines: Sequence[Line],
    context: Context,
    sizes: Mapping[int, Size],
    *,
    photo: bool,
) -> Iterator[tuple[Event, float]]:
    """Each event, told as the capture's where it is that, and how sure that is.

    sizes  of the pages by their number; only what is laid out in a size of its own has an edge
    photo  nothing in it was drawn by a program but, perhaps, a stamp
    """
    columns = _Columns(events)
    own = _own(events, columns, lines, context, photo=photo)
    for event in events:
        if _is_a_record(event, columns):
            yield replace(event, told=None), 1.0
        elif any(event is one for one in own):
            yield replace(event, told=Told.CAPTURED), 1.0
        elif _is_at_edge(event, events, columns, lines, sizes):
            yield replace(event, told=Told.CAPTURED), _EDGE_SURE
        else:
            yield event, 1.0


def _own(
    events: Sequence[Event],
    columns: _Columns,
    lines: Sequence[Line],
    context: Context,
    *,
    photo: bool,
) -> list[Event]:
    """The moments that are the document's own by the place in its text: the one that ends it, and
    one that heads it, stands at its foot or is its stamp."""
    told = {one.told for one in events if not _is_a_record(one, columns)}
    if Told.CAPTURED in told:
        return []
    stamp = _stamp_alone(events, lines) if photo else None
    closing = _closing(events, context, lines)
    if Told.PROMISED in told:
        # A moment with its hour behind all that was promised is no promise.
        return [
            one for one in (stamp, closing if closing and closing.moment.clock else None) if one
        ]
    found = (
        _letters_own(events, lines)
        or _papers_own(events, context)
        or stamp
        or _at_its_foot(events, columns, lines, context)
    )
    return [one for one in (closing, found) if one]


def _is_latest(own: Event, events: Sequence[Event], context: Context, *, alone: bool) -> bool:
    """Whether no other day is later, of days that are known.

    alone  nor is another one the same
    """
    days = {id(one): local_day(date_event(one, context).time) for one in events}
    mine = days.pop(id(own))
    latest = max((day for day in days.values() if day is not None), default=None)
    if mine is None or latest is None:
        return False
    return mine > latest if alone else mine >= latest


def _closing(events: Sequence[Event], context: Context, lines: Sequence[Line]) -> Event | None:
    """The moment that a page ends with: "Words: moment" in words that are not known, near the end
    of the text, and no other moment of it is later. Without the colon no other line is like it.

    Whoever prints or saves a page says so last, whatever the language.
    """
    last = max(events, key=lambda one: one.row, default=None)
    if last is None or last.told is not None or last.moment.day is None:
        return None
    if _is_a_column(last.line, lines) or _is_in_a_list(last.line):
        return None
    if last.moment.clock is None and all(one.told is not Told.DELIVERED for one in events):
        return None  # a day alone may be the one on which the parcel will come
    before = _before(last)
    if last.line not in lines or not (before.endswith((":", "：")) or _is_note(last, events)):
        return None
    if not _is_latest(last, events, context, alone=False):
        return None
    after = lines[lines.index(last.line) + 1 :]
    return last if sum(bool(one.text.strip()) for one in after) <= 2 else None


_NOTE = re.compile(r"[^\W\d_](?:[^\W\d_]|['’-])*(?:\s(?:[^\W\d_]|['’-])+){0,4}")


def _before(event: Event) -> str:
    """What stands before a moment in its line, but for a weekday."""
    before = event.line.text.strip().partition(event.text)[0].rstrip(" ,(")
    first, _, last = before.rpartition(" ")
    return first.rstrip() if fold(last).strip(".") in WEEKDAYS else before


def _is_note(event: Event, events: Sequence[Event]) -> bool:
    """Whether a few words and a day with its hour are all of a line, as no other line is."""
    moment = event.moment
    if moment.day is None or not moment.day.has_year or moment.clock is None:
        return False
    after = event.line.text.strip().partition(event.text)[2]
    if len(after.strip(" .)")) > _ZONE_CHARS or not _NOTE.fullmatch(_before(event)):
        return False
    others = [_before(one) for one in events if one is not event]
    return not any(before and ":" not in before for before in others)


def _is_a_column(line: Line, lines: Sequence[Line]) -> bool:
    """Whether it is the value of a table's column, with others in its row."""
    if line.locator.kind != "cell" or line.box is not None:
        return False
    row = line.locator.place.partition("/")[0]
    others = (one.locator for one in lines if one is not line)
    return any(one.kind == "cell" and one.place.partition("/")[0] == row for one in others)


_IN_A_LIST = re.compile(r"/\d+(?:/|$)|\[\d+\]")


def _is_in_a_list(line: Line) -> bool:
    """Whether it is of a row that JSON or XML lists: what is said there is not of the document."""
    return line.locator.kind in {"json", "xml"} and bool(_IN_A_LIST.search(line.locator.place))


# What programs that print a stamp into a photo call themselves.
_STAMPED_BY = re.compile(
    r"timemark|time\s?stamp\s?camera|gps\s?map\s?camera|solocator|photo\s?code|水印相机|水印相機|防伪|真实时间"
)
# Lines of a picture that shows a stamp and no page; of one that names its program.
_FEW_LINES, _MORE_LINES = 10, 30


def _stamp_alone(events: Sequence[Event], lines: Sequence[Line]) -> Event | None:
    """The one day that a picture of few lines shows, where nothing says what it is of: a camera
    printed it there, with its hour, the place and more."""
    shown = [line for line in lines if line.text.strip()]
    if any(line.page for line in shown) or len(shown) > _MORE_LINES:
        return None
    named = any(_STAMPED_BY.search(fold(line.text[:MAX_LINE])) for line in shown)
    if len(shown) > _FEW_LINES and not named:
        return None
    if not named and any(labels_in(fold(line.text[:MAX_LINE])) for line in shown):
        return None
    dated = [
        one for one in events
        if one.told is None and one.moment.day is not None and one.moment.day.has_year
    ]  # fmt: skip
    return dated[0] if len(dated) == 1 else None


_SALUTATION = re.compile(
    r"(?:dear|to whom|sehr geehrte|bonjour|madame|monsieur|chere?|estimad[oa]|gentile|spett|geachte"
    r"|prezad[oa]|szanown[iya]|basta|kara|尊敬的|敬启者|拝啓)(?![a-z])"
)


def _letters_own(events: Sequence[Event], lines: Sequence[Line]) -> Event | None:
    """The day over a letter's salutation, alone in its line: that of the letter, as carriers write
    their proofs of delivery."""
    alone = {
        id(one.line): one
        for one in events
        if one.told is None and one.moment.day is not None and one.moment.day.has_year
        and one.moment.clock is None and _is_alone(one)
    }  # fmt: skip
    before: list[Line] = []
    for line in lines if alone else ():
        if not line.text.strip():
            continue
        if _SALUTATION.match(fold(line.text.strip()[:MAX_LINE])):
            found = [alone[id(one)] for one in before if id(one) in alone]
            if found:
                return found[0]
        before = [*before[-1:], line]
    return None


def _at_its_foot(
    events: Sequence[Event], columns: _Columns, lines: Sequence[Line], context: Context
) -> Event | None:
    """A day with its hour that is all of the lowest line of a page, and later than all that the
    page tells: who saves a page says so there."""
    boxed = [line for line in lines if line.box and line.text.strip()]
    if len(boxed) < _LEAST_LINES:
        return None
    lowest = max(boxed, key=lambda line: (line.page, line.box[1] if line.box else 0.0))
    own = next((one for one in events if one.line is lowest), None)
    if own is None or own.told is not None or not (own.moment.day and own.moment.clock):
        return None
    if not own.moment.day.has_year or not _is_alone(own) or columns.hold(own):
        return None
    return own if _is_latest(own, events, context, alone=False) else None


_OWN_DAY = re.compile(
    r"(?:date|datum|fecha|data|日期|日付)\s?:\s?"
    r"|(?:fait\s(?:a|en)\s)?[^\W\d][\w .-]{2,30}(?:,?\s(?:den|le)|,\s(?:a|il|li|em|dnia|op|den))\s"
    r"|fait\sle\s"
)


def _papers_own(events: Sequence[Event], context: Context) -> Event | None:
    """The day of a paper: "Date: …" or "Hamburg, den …", alone in its line, and later than all
    that is told in it. Of the same day it may be the delivery's."""
    own = [one for one in events if _is_dated(one)]
    return own[0] if len(own) == 1 and _is_latest(own[0], events, context, alone=True) else None


def _is_dated(event: Event) -> bool:
    """Whether a day stands alone behind words that date a paper."""
    if event.told is not None or event.moment.day is None or not event.moment.day.has_year:
        return False
    before, _, after = event.line.text.partition(event.text)
    return not after.strip(" .") and _OWN_DAY.fullmatch(fold(before.lstrip())) is not None


def _is_at_edge(
    event: Event,
    events: Sequence[Event],
    columns: _Columns,
    lines: Sequence[Line],
    sizes: Mapping[int, Size],
) -> bool:
    """Whether it stands where programs set when a page was printed or captured."""
    if event.line.page not in sizes or columns.hold(event):
        return False
    if event.told is not None:
        return _is_printers(event, sizes)
    return (
        _along_edge(event.line, sizes)
        or _in_last_corner(event.line, lines)
        or (event.line.page == 0 and _opens(event, events, lines))
    )


def _is_a_record(event: Event, columns: _Columns) -> bool:
    """Whether a row of a history that begins with its moment only says that something was printed
    or made: "12 Jul 21:11 Label printed"."""
    if event.told is not Told.CAPTURED or event.firm or not columns.hold(event):
        return False
    return event.line.text.strip().startswith(event.text)


class _Columns:
    """Where the moments of a document begin, from left to right, those behind a field's name apart:
    the one is none of the other's history, though both begin at one edge."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._begin: dict[bool, list[tuple[float, int]]] = {False: [], True: []}
        for one in events:
            if one.line.box:
                self._begin[_is_named(one)].append((one.line.box[0], one.row))
        for begin in self._begin.values():
            begin.sort()

    def hold(self, event: Event) -> bool:
        """Whether two more moments stand over it or under it, one of them near: it is one of a
        history, not a stamp."""
        box = event.line.box
        if box is None:
            return False
        begin, apart = self._begin[_is_named(event)], 0.8 * max(box[3], 1.0)
        first = bisect_right(begin, (box[0] - apart, math.inf))
        last = bisect_left(begin, (box[0] + apart, -1))
        rows: set[int] = set()
        near = False
        for _, row in begin[first:last]:
            if row != event.row:
                rows.add(row)
                near = near or abs(row - event.row) <= _ROWS_OF_EVENT
                if near and len(rows) > 1:
                    return True
        return False


def _is_named(event: Event) -> bool:
    before, found, _ = event.line.text.partition(event.text)
    return bool(found) and (":" in before or "：" in before)


def _is_alone(event: Event) -> bool:
    """Whether the moment is all of its line, but for a weekday or a zone."""
    return len(event.line.text.strip()) <= len(event.text) + 12


def _along_edge(line: Line, sizes: Mapping[int, Size]) -> bool:
    size = sizes.get(line.page)
    if size is None or line.box is None:
        return False
    middle = line.box[1] + line.box[3] / 2
    return middle < _TOP * size.height or middle > _BOTTOM * size.height


def _opens(event: Event, events: Sequence[Event], lines: Sequence[Line]) -> bool:
    """Whether a day with its hour is all of one of the uppermost lines: the clock over a desktop,
    in a photo of a screen."""
    boxes = [one.box for one in lines if one.box and one.page == event.line.page]
    box = event.line.box
    if box is None or len(boxes) < _LEAST_LINES or not (event.moment.day and event.moment.clock):
        return False
    if not _is_alone(event) or any(one.row == event.row for one in events if one is not event):
        return False  # a history's or a bar's, of which each stands alone in its cell
    return box[1] <= min(one[1] for one in boxes) + 1.2 * box[3]  # a photo is askew


def _is_printers(event: Event, sizes: Mapping[int, Size]) -> bool:
    """Whether a moment is alone in its cell along the edge of a printed page: there a browser sets
    the day of printing beside the page's title, which may be "Proof of delivery"."""
    if event.told is Told.CAPTURED or event.firm or event.line.page == 0:
        return False
    whole = event.moment.day is not None and event.moment.clock is not None
    alone = event.line.text.strip() == event.text.strip()
    return whole and alone and _along_edge(event.line, sizes)


def _is_name_over(over: Line, line: Line) -> bool:
    """Whether words stand right over a line, as the name of a field does and no tray's clock."""
    if over.box is None or line.box is None or over.page != line.page:
        return False
    x, y, width, height = over.box
    near = (
        0 <= line.box[1] - (y + height) < line.box[3]
        and x < line.box[0] + line.box[2]
        and line.box[0] < x + width
    )
    return near and sum(map(str.isalpha, over.text)) > 4 and not any(map(str.isdigit, over.text))


def _in_last_corner(line: Line, lines: Sequence[Line]) -> bool:
    """Whether it ends the text of its page at the lower right: a desktop's clock in a photo."""
    boxes = [one.box for one in lines if one.box and one.page == line.page]
    if line.box is None or len(boxes) < _LEAST_LINES:
        return False
    x, y, width, height = line.box
    left, right = min(box[0] for box in boxes), max(box[0] + box[2] for box in boxes)
    lowest = max(box[1] + box[3] for box in boxes)
    if any(_is_name_over(one, line) for one in lines):
        return False
    cornered = x + width > right - 0.04 * (right - left) and x > left + 0.7 * (right - left)
    return cornered and y + height > lowest - 0.8 * height
