"""What happened when, as an item itself tells it: and whether one telling agrees with the other.

Reads     the times that readers found beside the words of an event (`delivery.at`, `scan.*`,
          `shipment.*`, `document.captured.at`), and the lines that they stood in.
Assumes   that one item tells of one parcel; where it names several, what is told twice is not held
          against it. Two times of one page are mostly of one zone, and need not be: a difference
          that zones could make is no contradiction.

Promises are no deliveries, and somebody who talks of a delivery dates the message.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from evidence.facts import Fact, Facts
from evidence.times import Instant, LocalDate, LocalTime, Time, zone_of
from verifiers.authenticity.contradiction import Contradiction
from verifiers.authenticity.days import WEEKDAYS
from verifiers.authenticity.lines import Area, Line, place_of
from verifiers.readers.figures import slips_of
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Told, labels_in

ORDERED, LABEL, SHIPPED, TRANSIT, OUT, DELIVERED, CAPTURED = 10, 40, 50, 60, 70, 80, 90

_STEPS = {
    "order.placed.at": ORDERED,
    "order.paid.at": ORDERED,
    "shipment.label.at": LABEL,
    "shipment.shipped.at": SHIPPED,
    "scan.accepted.at": SHIPPED,
    "scan.transit.at": TRANSIT,
    "scan.out_for_delivery.at": OUT,
    "delivery.at": DELIVERED,
    "document.captured.at": CAPTURED,
}
# What is told with less was concluded: a day without a year, a date along an edge without a label.
_STATED = 0.7


@dataclass(frozen=True, slots=True)
class Event:
    """An event on a day, perhaps at a minute.

    starts  the wall clocks that it can begin at; more than one where 03/04/2026 can be two days
    at      the instant, where the zone is known
    doubtful  a label of another event stands right over the date, in its own column
    worded  words that say no delivery stand before the date: a later one may be when the page was
            made, in words that are not known
    place   of the date's box
    form    of the date: "99/99/9999 9:99 AA"
    """

    step: int
    starts: tuple[datetime, ...]
    timed: bool
    line: Line
    at: datetime | None = None
    doubtful: bool = False
    place: Area | None = None
    worded: bool = False
    form: str = ""

    @property
    def days(self) -> set[date]:
        return {start.date() for start in self.starts}


def events_of(facts: Facts, lines: Sequence[Line]) -> list[Event]:
    """Each event that the item dates in its own words, in the order of reading."""
    standing = {fact.locator: line for line in lines for fact in line.facts}
    halves = any(_HALF.search(fact.text) for fact in facts if fact.name in _STEPS)
    found: list[Event] = []
    for fact in facts:
        name, timed = fact.name, False
        starts: tuple[datetime, ...] = ()
        if name == "document.date.open":
            name, starts = _open(fact)
        elif name in _STEPS:
            starts, timed = _starts(fact.time)
        # A row of a record and a file inside the item tell of something else; a mail is the item.
        own = not fact.group or _MAIL.fullmatch(fact.group)
        if name not in _STEPS or not starts or not own or not _stated(fact):
            continue
        line = standing.get(fact.locator) or Line(fact.text, (fact,), fact.confidence >= _STATED)
        if _TALK.search(line.text) or len(line.text) > _LONG:
            continue
        at = fact.value.at if isinstance(fact.value, Instant) else None
        if halves and timed and not _HALF.search(fact.text):
            starts, at = _of_either_half(starts), None
        step = _STEPS[name]
        doubtful = step == DELIVERED and _under_another_label(fact, line, facts)
        worded = step == DELIVERED and _in_other_words(fact, line)
        form = form_of(fact.text)
        found.append(Event(step, starts, timed, line, at, doubtful, place_of(fact), worded, form))
    return found


def form_of(text: str) -> str:
    """How a date is written: months' names and days are of any length."""
    return re.sub(r"[^\W\d_]+", "A", re.sub(r"\d+", "9", text))


# Where a page tells the half of the day, a time without it lost it, as to the cell's next line.
_HALF = re.compile(r"\d\s?[ap]\.?\s?m\b", re.IGNORECASE)


def _of_either_half(starts: tuple[datetime, ...]) -> tuple[datetime, ...]:
    others = (one.replace(hour=(one.hour + 12) % 24) for one in starts if one.hour <= 12)
    return (*starts, *others)


# How far over a date its label stands, and how far behind the date it may begin, in heights.
_OVER, _EDGE = 2.2, 0.8
_OTHERS = frozenset({Told.ORDERED, Told.PAID, Told.LABEL, Told.SHIPPED, Told.ACCEPTED})


def _under_another_label(fact: Fact, line: Line, facts: Facts) -> bool:
    """Whether the date's own column says over it that it was ordered or shipped then.

    Pages set two columns beside each other, and what stands in the date's row may be the other's;
    not so a label that stands in one piece with its date.
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
    return False


# Letters before a date that say something of their own, unlike "on" and "um"; weekdays do not.
_LEAST_WORDS = 7
_A_WORD = re.compile(r"[^\W\d_]+")


def _in_other_words(fact: Fact, line: Line) -> bool:
    """Whether the date's own cell begins with words, and nothing in its row says a delivery."""
    before, found, _ = line.text.partition(fact.text)
    if not found or any(one.told is Told.DELIVERED for one in labels_in(fold(line.text))):
        return False
    words = _A_WORD.findall(before.rpartition("  ")[2].casefold())
    return sum(len(word) for word in words if word not in WEEKDAYS) >= _LEAST_WORDS


_MAIL = re.compile(r"message/[^/]*")
# Somebody who talks of a delivery dates the message, not the delivery.
_TALK = re.compile(
    r"[?!？！]|\b(?:I|I'm|my|me|we|he|she|they|says?|said|shows?|told|please|sorry|hi|hello|thanks?)\b"
    r"|^\W{0,2}\d[\d/.:,\s-]{6,22}(?:[AaPp][Mm])?\W{0,3}\s*[^\W\d]{2,20}(?:\s[^\W\d]{1,20})?:\s",
    re.IGNORECASE,
)
_LONG = 240


def _stated(fact: Fact) -> bool:
    """Whether the date is written there, rather than concluded from "yesterday" or an edge."""
    return fact.confidence >= _STATED and any(char.isdigit() for char in fact.text)


def _open(fact: Fact) -> tuple[str, tuple[datetime, ...]]:
    """The name and the days of a date that can be two: "delivery.at: 03/04/2026: … or …"."""
    name, _, rest = fact.text.partition(": ")
    days = rest.rpartition(": ")[2].split(" or ")
    try:
        return name, tuple(datetime.fromisoformat(day) for day in days)
    except ValueError:
        return name, ()


def _starts(time: Time) -> tuple[tuple[datetime, ...], bool]:
    if isinstance(time, LocalDate):
        return (datetime(time.day.year, time.day.month, time.day.day),), False
    if isinstance(time, LocalTime):
        wall = time.wall
    else:
        wall = time.at.astimezone(zone_of(time.zone)).replace(tzinfo=None)
    if time.unit_s > 60:  # "2 pm" is an hour wide
        return (datetime(wall.year, wall.month, wall.day),), False
    return (wall,), True


_READ_WELL, _READ = 0.9, 0.75
_DOUBTED = 0.38  # two such contradictions are no proof either


def _weight(*events: Event, contradict: Callable[..., bool] | None = None) -> float:
    """How much a contradiction of these events speaks for an edit.

    contradict  asked again of what a recognition may have misread: whether it holds all the same
    """
    if any(event.doubtful for event in events):
        return _DOUBTED
    if all(event.line.sure for event in events):
        return 0.95
    low = min(event.line.confidence for event in events)
    firm = contradict is not None and low >= _READ and not _by_a_slip(events, contradict)
    return 0.85 if low >= _READ_WELL or firm else 0.5


def _by_a_slip(events: Sequence[Event], contradict: Callable[..., bool]) -> bool:
    """Whether one figure of one date, taken for another, would be all that is wrong."""
    return any(
        not contradict(*events[:place], slipped, *events[place + 1 :])
        for place, event in enumerate(events)
        for slipped in _slipped(event)
    )


def _slipped(event: Event) -> Iterator[Event]:
    """The event as it may have been written, if one figure of it was misread."""
    form = "%Y%m%d%H%M" if event.timed else "%Y%m%d"
    for start in event.starts:
        for figures in slips_of(start.strftime(form)):
            try:
                yield replace(event, starts=(datetime.strptime(figures, form),), at=None)
            except ValueError:
                continue


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
        if later and (parcels > 1 or any(_delivered_again(event, one, events) for one in later)):
            continue
        said = f'"{_said(event)}" lies before "{_said(after)}"'
        facts = (*event.line.facts, *after.line.facts)
        weight = _weight(after, event, contradict=_surely_after)
        if parcels > len({min(one.days) for one in delivered}):
            weight = min(weight, _DOUBTED)  # of one that was not delivered, perhaps
        yield Contradiction("order", said, facts, weight)
        break
    for capture in events:
        if capture.step != CAPTURED:
            continue
        for event in events:
            if event.step == DELIVERED and _surely_after(event, capture):
                said = f'"{_said(event)}" lies after "{_said(capture)}"'
                facts = (*event.line.facts, *capture.line.facts)
                weight = _weight(event, capture, contradict=_surely_after)
                yield Contradiction("order", said, facts, weight)
                return


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


_WAY = frozenset({SHIPPED, TRANSIT, OUT})


def _delivered_again(early: Event, late: Event, events: Sequence[Event]) -> bool:
    """Whether a history has a second way between two deliveries: brought back, or told in error.

    The early one is a row of it: scans stand on both of its sides, and those up to the late one lie
    between both days. A heading that was changed has rows of all days on one side.
    """
    here, there = _places(early, late, events)
    first, last = min(early.days), max(late.days)
    rows = events[min(here, there) + 1 : max(here, there)]
    between = [event for event in rows if event.step in _WAY]
    before = events[:here] if here < there else events[here + 1 :]
    return (
        first < last
        and any(event.step in {TRANSIT, OUT} for event in between)
        and all(first <= day <= last for event in between for day in event.days)
        and any(event.step in _WAY and max(event.days) <= first for event in before)
    )


def _handed_over(early: Event, late: Event, events: Sequence[Event]) -> bool:
    """Whether both are rows of one history, without another between them: brought to a shop, and
    collected there. The early one's way lies before it, and the date of both has one form."""
    here, there = _places(early, late, events)
    beside = events[here + 1 :] if there < here else events[:here][::-1]
    way = next((event for event in beside if event.step in _WAY), None)
    return (
        abs(here - there) == 1
        and way is not None
        and max(way.days) <= min(early.days)
        and early.form == late.form != ""
    )


def _places(early: Event, late: Event, events: Sequence[Event]) -> tuple[int, int]:
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


def dated_places(facts: Facts) -> list[Area]:
    """Where each date stands, also of what happened in unknown words."""
    names = {*_STEPS, "document.printed.at"}
    return [at for fact in facts if fact.name in names and (at := place_of(fact)) is not None]


def told_twice(
    events: Sequence[Event], *, parcels: int, dated: Sequence[Area] = ()
) -> Iterator[Contradiction]:
    """One delivery told at two times, such as in a heading and in the history under it.

    parcels  how many tracking numbers the item names: those of several have a delivery each
    dated    where dates stand: a column of them that a delivery ends is a history
    """
    delivered = [event for event in events if event.step == DELIVERED]
    if not 2 <= len(delivered) <= 3 or parcels > 1:
        return
    way = any(event.step in {TRANSIT, OUT} or _of_a_way(event, delivered) for event in events)
    if not way and not any(_ends_a_column(event, dated) for event in delivered):
        # Without a history, only a row that names the delivery itself surely dates it.
        delivered = [event for event in delivered if _names_delivery(event)]
    first = next(iter(delivered), None)
    for other in delivered[1:]:
        # Of a row with two deliveries, such as of a page on its side, nobody knows which is which.
        if first is None or first.line is other.line or _agree(first, other):
            continue
        early, late = sorted((first, other), key=lambda one: min(one.days))
        told_again = [one for one in delivered if _agree(one, late)]
        if any(_delivered_again(early, one, events) for one in told_again):
            continue
        if any(_handed_over(early, one, events) for one in told_again if one is not late):
            continue
        if _are_next_rows(first, other, dated):
            continue
        said = f'"{_said(first)}" and "{_said(other)}" tell of one delivery'
        facts = (*first.line.facts, *other.line.facts)
        weight = _weight(first, other, contradict=lambda *both: not _agree(*both))
        if max(first, other, key=lambda one: one.starts).worded:
            weight = min(weight, _DOUBTED)
        yield Contradiction("twice", said, facts, weight)
        return


def _of_a_way(event: Event, delivered: Sequence[Event]) -> bool:
    """Whether it is a scan in one row or one column with a delivery, as pages draw the way."""
    return event.step == SHIPPED and event.timed and any(
        one.timed and (one.line is event.line or _under(one, event)) for one in delivered
    )  # fmt: skip


def _under(one: Event, other: Event) -> bool:
    """Whether both stand in one column, a few rows apart."""
    if one.place is None or other.place is None or one.place[0] != other.place[0]:
        return False
    height = max(one.place[4], other.place[4])
    apart = abs(one.place[2] - other.place[2])
    return abs(one.place[1] - other.place[1]) < 0.5 * height and apart > 2.5 * height


_LEAST_ROWS = 3


def _ends_a_column(event: Event, dated: Sequence[Area]) -> bool:
    """Whether other dates stand under or over it, each in a row of its own, set to one edge."""
    if event.place is None:
        return False
    page, x, y, width, height = event.place
    rows = [
        at[2] - y
        for at in dated
        if at[0] == page
        and min(abs(at[1] - x), abs(at[1] + at[3] - x - width)) < 0.5 * height
        and abs(at[2] - y) > 1.5 * height
    ]
    return len(rows) >= _LEAST_ROWS and (min(rows) > 0 or max(rows) < 0)


def _are_next_rows(one: Event, other: Event, dated: Sequence[Area]) -> bool:
    """Whether both are scans of one history, as far apart as its other rows: a row's words, such as
    "out for delivery", may be read in part. A heading may stand so, too: its label stands beside
    its date where a row's stands above, or the other way round."""
    if one.place is None or other.place is None or _names_delivery(one) != _names_delivery(other):
        return False
    page, x, y, _, height = one.place
    rows = sorted({at[2] for at in dated if at[0] == page and abs(at[1] - x) < 0.5 * height})
    steps = [after - before for before, after in pairwise(rows)]
    if len(rows) <= _LEAST_ROWS or other.place[2] not in rows or y not in rows:
        return False
    apart, usual = abs(y - other.place[2]), statistics.median(steps)
    return abs(rows.index(y) - rows.index(other.place[2])) == 1 and abs(apart / usual - 1) < 0.25


def _names_delivery(event: Event) -> bool:
    return any(one.told is Told.DELIVERED for one in labels_in(fold(event.line.text)))


def _agree(one: Event, other: Event) -> bool:
    """Whether they can be one time: the same day, or a difference that zones make."""
    if one.timed and other.timed:
        if one.at and other.at and abs(one.at - other.at) <= timedelta(minutes=2):
            return True
        return any(_like_zones(abs(a - b)) for a in one.starts for b in other.starts)
    return bool(one.days & other.days)


def _like_zones(gap: timedelta) -> bool:
    minutes = gap.total_seconds() / 60
    return minutes <= 2 or (minutes <= 14 * 60 and min(minutes % 30, 30 - minutes % 30) <= 1)


# A camera that lost its time starts again at a day of its maker's, and some are a year behind: an
# older picture that was altered is mostly of the same weeks.
_SET, _OF_AN_UNSET_CLOCK = timedelta(days=180), 0.5
# Where an office file says when it was made (verifiers/readers/office.py).
_OFFICE, _OF_A_TEMPLATE = frozenset({"meta:created", "meta:creation-date"}), 0.38


def made_before(facts: Facts, events: Iterable[Event]) -> Iterator[Contradiction]:
    """A file that was made, or a picture that was taken, before what it tells of."""
    told = [one for one in events if one.step in {DELIVERED, OUT, SHIPPED, CAPTURED}]
    for name, what in (
        ("document.created.at", "the file was made"),
        ("picture.taken.at", "the picture was taken"),
    ):
        made = facts.first(name)
        if made is None:
            continue
        changed = facts.first("document.modified.at") if name == "document.created.at" else None
        ends = _wall_end(made.value)
        for event in told:
            if ends is None or not all(start > ends for start in event.starts):
                continue
            weight = _weight(event)
            # What programs write into office files keeps the day when their template was made.
            if str(made.locator) in _OFFICE:
                weight = min(weight, _OF_A_TEMPLATE)
            if name == "picture.taken.at" and all(start > ends + _SET for start in event.starts):
                weight = min(weight, _OF_AN_UNSET_CLOCK)
            # A form that is filled in is older than what is written into it.
            last = _wall_end(changed.value) if changed is not None else None
            if last is not None and any(last >= start for start in event.starts):
                weight *= 0.5
            said = f'{what} {made.text}, and it says "{_said(event)}"'
            yield Contradiction("made-before", said, (made, *event.line.facts), weight)
            break


def _wall_end(moment: object) -> datetime | None:
    """The latest wall clock, anywhere on earth, at which a time can have been."""
    if isinstance(moment, Instant):
        return moment.at.replace(tzinfo=None) + timedelta(hours=14)
    if isinstance(moment, LocalTime):
        return moment.wall + timedelta(hours=26)
    if isinstance(moment, LocalDate):
        return datetime(moment.day.year, moment.day.month, moment.day.day) + timedelta(hours=50)
    return None


def _said(event: Event) -> str:
    text = " ".join(event.line.text.split())
    return text if len(text) <= 70 else f"{text[:69]}…"
