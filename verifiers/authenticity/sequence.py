"""Whether what an item tells could happen in that order: delivered behind all that comes before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from verifiers.authenticity.contradiction import Contradiction
from verifiers.authenticity.events import (
    CAPTURED,
    DELIVERED,
    DOUBTED,
    LABEL,
    ORDERED,
    OUT,
    SHIPPED,
    TRANSIT,
    WAY,
    Event,
    weight_of,
    words_of,
)

# Scans on one way are in their own places' zones, at most so far apart while a parcel travels.
_ZONES = timedelta(hours=14)
_HERE = timedelta(minutes=70)  # out for delivery and delivered are in one town


def out_of_order(events: Sequence[Event], *, parcels: int = 1) -> Iterator[Contradiction]:
    """Delivered before it was sent; captured before it was delivered.

    parcels  how many tracking numbers the item names: what happened may have been another one's
    """
    delivered = [event for event in events if event.step == DELIVERED]
    for event in delivered:
        after = _told_after(event, events)
        if after is None:
            continue
        later = [one for one in delivered if not _surely_after(after, one)]
        if later and (parcels > 1 or any(delivered_again(event, one, events) for one in later)):
            continue
        said = f'"{words_of(event)}" lies before "{words_of(after)}"'
        facts = (*event.line.facts, *after.line.facts)
        weight = weight_of(after, event, contradict=_surely_after)
        if parcels > len({min(one.days) for one in delivered}):
            weight = min(weight, DOUBTED)  # of one that was not delivered, perhaps
        yield Contradiction("order", said, facts, weight)
        break
    late = [
        (weight_of(event, capture, contradict=_surely_after), event, capture)
        for capture in events
        for event in delivered
        if capture.step == CAPTURED and _surely_after(event, capture)
    ]
    if late:
        # Of two places that tell one delivery, the surer counts.
        weight, event, capture = max(late, key=lambda one: one[0])
        said = f'"{words_of(event)}" lies after "{words_of(capture)}"'
        yield Contradiction("order", said, (*event.line.facts, *capture.line.facts), weight)


def _told_after(delivered: Event, events: Sequence[Event]) -> Event | None:
    """An event that must come before a delivery and is told to come after it.

    A parcel that went to a shop travels on after its delivery there: scans on the way count only if
    all of them lie behind it.
    """
    way = [event for event in events if event.step == TRANSIT]
    firsts = (_first(step, events) for step in (ORDERED, LABEL, SHIPPED))
    must = [event for event in firsts if event is not None]
    must += [event for event in events if event.step == OUT]
    if way and all(_surely_after(event, delivered) for event in way):
        must += way
    return next((event for event in must if _surely_after(event, delivered)), None)


def _first(step: int, events: Sequence[Event]) -> Event | None:
    """The earliest of a step: what comes back after its delivery is labelled and sent again."""
    return min(
        (event for event in events if event.step == step),
        key=lambda event: min(event.starts),
        default=None,
    )


def delivered_again(early: Event, late: Event, events: Sequence[Event]) -> bool:
    """Whether a history has a second way between two deliveries: brought back, or told in error.

    The early one is a row of it: scans stand on both of its sides, and those up to the late one lie
    between both days. A heading that was changed has rows of all days on one side.
    """
    here, there = places_of(early, late, events)
    first, last = min(early.days), max(late.days)
    rows = events[min(here, there) + 1 : max(here, there)]
    between = [event for event in rows if event.step in WAY]
    before = events[:here] if here < there else events[here + 1 :]
    return (
        first < last
        and any(event.step in {TRANSIT, OUT} for event in between)
        and all(first <= day <= last for event in between for day in event.days)
        and any(event.step in WAY and max(event.days) <= first for event in before)
    )


def places_of(early: Event, late: Event, events: Sequence[Event]) -> tuple[int, int]:
    at = {id(event): place for place, event in enumerate(events)}
    return at[id(early)], at[id(late)]


def _surely_after(first: Event, second: Event) -> bool:
    """Whether `first`, which must be the earlier, begins after `second` in every reading."""
    both = first.timed and second.timed
    if first.at and second.at and both and first.at <= second.at:
        return False
    slack = (_HERE if first.step == OUT else _ZONES) if both else timedelta()
    for one in first.starts:
        for other in second.starts:
            ends = other
            if not both:
                ends = datetime(other.year, other.month, other.day) + timedelta(days=1)
            if one < ends + slack:
                return False
    return True
