"""What happened when: a moment with its label, and the day of one that stands apart from its hour.

A time of day without a day belongs to the day over it. A label with its day and its hour in two
fields ("Delivery date", "Delivery time") is one event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from verifiers.readers.lines import Line
from verifiers.readers.said.labels import Told
from verifiers.readers.said.moments import Moment

# Rows over a time of day among which its day is looked for.
_DAY_ABOVE = 40


@dataclass(frozen=True, slots=True)
class Event:
    """A moment with its label; `told` is None where no label is near.

    line    where the moment stands; its time of day, if its day is in another line
    text    the moment as it is written
    firm    whether a label with a colon says so in the same row
    row     the number of the row, from the top of the first page
    """

    told: Told | None
    moment: Moment
    line: Line
    text: str
    row: int
    firm: bool = False


def merged(events: Sequence[Event]) -> list[Event]:
    """A day and a time of day under the same label in rows near each other are one event."""
    merged: list[Event] = []
    for event in events:
        place = _same_label(event, merged)
        if place is None:
            merged.append(event)
            continue
        other = merged[place]
        day, clock = (other, event) if other.moment.day else (event, other)
        moment = replace(clock.moment, day=day.moment.day)
        merged[place] = replace(
            clock, moment=moment, text=f"{day.text} {clock.text}", row=other.row,
            firm=day.firm or clock.firm,
        )  # fmt: skip
    return merged


def _same_label(event: Event, earlier: Sequence[Event]) -> int | None:
    """The place of the event that has the other half of this one's moment."""
    for place in range(len(earlier) - 1, -1, -1):
        other = earlier[place]
        # The time of day stands behind its day; before it, only right before.
        if event.row - other.row > (4 if other.moment.day else 1):
            return None
        halves = {bool(event.moment.day), bool(other.moment.day)} == {True, False}
        whole = (event.moment.day and event.moment.clock) or (
            other.moment.day and other.moment.clock
        )
        if other.told is event.told is not None and halves and not whole:
            # "Delivered today" over "Friday, November 6" lends its day to nothing under that.
            dated = any(one.moment.day and one.moment.day.readings for one in earlier[place + 1 :])
            if not (other.moment.day and other.moment.day.relative is not None and dated):
                return place
    return None


def with_days(events: Sequence[Event]) -> list[Event]:
    """Times of day get the day over them, or the one right under them where none is over them."""
    dated: list[Event] = []
    lent: list[Event] = []
    last: Event | None = None
    for number, event in enumerate(events):
        if event.moment.day:
            last = event
            dated.append(event)
            continue
        source = last
        if (
            source is None
            or source.line.page != event.line.page
            or event.row - source.row > _DAY_ABOVE
        ):
            following = events[number + 1] if number + 1 < len(events) else None
            near = following is not None and following.row - event.row <= 1
            source = following if near and following and not following.moment.clock else None
        # When a page was captured is no hour of its history's days: its own day was cut off.
        apart = source and (event.row - source.row > 1 or source.told not in {None, event.told})
        foreign = apart and event.told is Told.CAPTURED
        # A tablet's clock over the page lends its day to nothing: that day was not read.
        if source and source.row == 0 and source.told is None and source.moment.clock:
            foreign = foreign or event.row > 1
        if source is None or event.told is None or source.moment.day is None or foreign:
            dated.append(event)
            continue
        moment = replace(event.moment, day=source.moment.day)
        dated.append(replace(event, moment=moment, text=f"{_day_text(source)} {event.text}"))
        lent.append(source)
    # A heading that only gave its day to what stands under it is no event of its own.
    headings = {id(one) for one in lent if one.told is None and one.moment.clock is None}
    return [event for event in dated if id(event) not in headings]


def _day_text(event: Event) -> str:
    """The day of an event as it is written, without its time of day."""
    moment = event.moment
    if moment.day is None or moment.clock is None:
        return event.text
    return event.text[: max(moment.day.end - moment.start, 0)] or event.text
