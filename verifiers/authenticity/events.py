"""What happened when, as an item itself tells it, and how much a contradiction of it weighs.

Reads     the times that readers found beside the words of an event (`delivery.at`, `scan.*`,
          `shipment.*`, `document.captured.at`), and the lines that they stood in.
Assumes   that one item tells of one parcel; where it names several, what is told twice is not held
          against it. Two times of one page are mostly of one zone, and need not be: a difference
          that zones could make is no contradiction.

Promises are no deliveries, and somebody who talks of a delivery dates the message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import combinations, pairwise

from evidence.facts import Fact, Facts
from evidence.times import Instant, LocalDate, LocalTime, Time, zone_of
from verifiers.authenticity.captions import is_in_other_words, is_of_another, is_of_another_day
from verifiers.authenticity.days import written_days
from verifiers.authenticity.lines import Area, Line, place_of
from verifiers.readers.figures import slips_of
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Told, labels_in

ORDERED, LABEL, SHIPPED, TRANSIT, OUT, DELIVERED, CAPTURED = 10, 40, 50, 60, 70, 80, 90
WAY = frozenset({SHIPPED, TRANSIT, OUT})

STEPS = {
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
    doubtful  a label of another event stands right over the date, or beside it where that is askew;
              or another day under its time
    worded  words that say no delivery stand before the date: a later one may be when the page was
            made, in words that are not known
    place   of the date's box
    form    of the date: "99/99/9999 9:99 AA"
    either  figures alone say it, 03/04/2026, and the page may write day and month in two orders
    waits   its words name a shop or a locker, so that another may follow
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
    either: bool = False
    waits: bool = False

    @property
    def days(self) -> set[date]:
        return {start.date() for start in self.starts}


def events_of(facts: Facts, lines: Sequence[Line]) -> list[Event]:
    """Each event that the item dates in its own words, in the order of reading."""
    standing = {fact.locator: line for line in lines for fact in line.facts}
    halves = any(_HALF.search(fact.text) for fact in facts if fact.name in STEPS)
    # "at 7:07" over "p.m.": the half of the day went to a line of its own.
    halves = halves or any(
        _A_HALF.fullmatch(one.text.strip()) for one in facts.named("document.text")
    )
    said = " ".join(fold(line.text) for line in lines)
    in_two_zones = bool(_LOCAL.search(said) and _UTC.search(said))
    found: list[Event] = []
    for fact in facts:
        name, timed = fact.name, False
        starts: tuple[datetime, ...] = ()
        if name == "document.date.open":
            name, starts = _open(fact)
        elif name in STEPS:
            starts, timed = _starts(fact.time)
        # A row of a record and a file inside the item tell of something else; a mail is the item.
        own = not fact.group or _MAIL.fullmatch(fact.group)
        if name not in STEPS or not starts or not own or not _stated(fact):
            continue
        timed = timed and not (in_two_zones and STEPS[name] == OUT)
        line = standing.get(fact.locator) or Line(fact.text, (fact,), fact.confidence >= _STATED)
        if _TALK.search(line.text) or len(line.text) > _LONG or _of_a_range(fact.text, line):
            continue
        at = fact.value.at if isinstance(fact.value, Instant) else None
        if halves and timed and not _HALF.search(fact.text):
            starts, at = _of_either_half(starts), None
        step = STEPS[name]
        doubtful = step == DELIVERED and (
            is_of_another(fact, line, facts)
            or is_of_another_day(fact, {start.date() for start in starts}, facts)
            or _goes_on_as_another(line, lines)
            or _OF_ANOTHER.search(_words_of(line, lines)) is not None
        )
        worded = step == DELIVERED and is_in_other_words(fact, line)
        form, either = form_of(fact.text), _EITHER.match(fact.text) is not None
        place = place_of(fact)
        waits = step == DELIVERED and _WAITS.search(_words_of(line, lines)) is not None
        found.append(
            Event(step, starts, timed, line, at, doubtful, place, worded, form, either, waits)
        )
    return _doubted(found, lines)


def _doubted(events: Sequence[Event], lines: Sequence[Line]) -> list[Event]:
    """Doubtful are deliveries of a row that is read as several, since columns ran together, and
    those older than the way there that only the label of another date above them names."""
    days: dict[int, set[date]] = {}
    for event in events:
        if event.step == DELIVERED and len(event.starts) == 1:
            days.setdefault(id(event.line), set()).update(event.days)
    several = {line for line, found in days.items() if len(found) > 1}
    newest = max((max(one.starts) for one in events if one.step in WAY), default=datetime.min)
    return [
        replace(event, doubtful=True)
        if event.step == DELIVERED
        and (
            id(event.line) in several
            or (max(event.starts) < newest and _is_under_a_dated_label(event.line, lines))
        )
        else event
        for event in events
    ]


def _is_under_a_dated_label(line: Line, lines: Sequence[Line]) -> bool:
    """Whether the words over a row without a label of its own have a date of their own."""
    if line not in lines or labels_in(fold(line.text)):
        return False
    over = lines[: lines.index(line)][-1:]
    return bool(over) and bool(labels_in(fold(over[0].text)) and written_days(over[0].text))


def _words_of(line: Line, lines: Sequence[Line]) -> str:
    """A row's words, folded; of a bare date those over and under it."""
    said = [line]
    if line in lines and not labels_in(fold(line.text)):
        at = lines.index(line)
        said = [*lines[max(0, at - 1) : at], line, *lines[at + 1 : at + 2]]
    return "\n".join(fold(one.text) for one in said)


def _goes_on_as_another(line: Line, lines: Sequence[Line]) -> bool:
    """Whether another event's words begin in the line and end in the next: "En cours de" over
    "livraison", while those over it end another row."""
    said = fold(line.text)
    if line not in lines or labels_in(said):
        return False
    under = lines[lines.index(line) + 1 :][:1]
    both = f"{said} {fold(under[0].text)}" if under else said
    over_the_end = [one for one in labels_in(both) if one.start < len(said) < one.end]
    return any(one.told is not Told.DELIVERED for one in over_the_end)


def _of_a_range(text: str, line: Line) -> bool:
    """Whether a date is one end of a span, as of a rule: "shipped November 1 to December 31"."""
    return any(
        _SPANS.fullmatch(line.text[one.end : other.start])
        and any(day.text in text or text in day.text for day in (one, other))
        for one, other in pairwise(written_days(line.text))
    )


_SPANS = re.compile(
    r"\s?(?:[-–—~～]|to|and|through|thru|until|till|bis|und|au|et|al|hasta|y|a|e|tot|do|至|到)\s?"
    r"(?:the |le |el |il )?"
)
# A row that puts an earlier one right is no second delivery, and what is sent in exchange has one
# of its own; folded.
_OF_ANOTHER = re.compile(
    r"\bcorrect(?:ed|ion)|\bkorrig|\bkorrekt|\bnachtraglich|\bcorrig|\bcorreg|\bcorrecao|\brettific"
    r"|\bgecorrigeerd|\bback-?dated|\bretroactiv|补录|更正|修正|訂正"
    r"|\b(?:exchange|replacement|umtausch\w*|ersatz\w*|echange|remplacement|cambio|reemplazo"
    r"|sostituzione)\b|换货|补发|交換"
)
# Where a parcel waits for its buyer; folded.
_WAITS = re.compile(
    r"\b(?:access|pick-?up|collection|parcel) ?(?:point|shop|locker)|\blocker\b|\bpost office"
    r"|\b(?:in|an) (?:die )?filiale|packstation|paketshop|\bpoint (?:de )?(?:relais|retrait)"
    r"|\brelais\b|\bpunto de recogida|\ben oficina|\bpunto di ritiro|驿站|代收点|快递柜|自提"
)
_EITHER = re.compile(r"\d{1,2}[/-]\d{1,2}[/-](?:\d{4}|\d{2})(?!\d)")


def form_of(text: str) -> str:
    """How a date is written: months' names and days are of any length."""
    return re.sub(r"[^\W\d_]+", "A", re.sub(r"\d+", "9", text))


# A page with a column for each: a bare time is of either, and its day alone is surely told.
_LOCAL = re.compile(r"\blocal\b|\bortszeit|\bheures? locales?|\bhora local|\bora locale|当地|現地")
_UTC = re.compile(r"\b(?:utc|gmt)\b(?!\s?[+-]\d)")
# Where a page tells the half of the day, a time without it lost it, as to the cell's next line.
_HALF = re.compile(r"\d\s?[ap]\.?\s?m\b", re.IGNORECASE)
_A_HALF = re.compile(r"[ap]\.?\s?m\.?", re.IGNORECASE)


def _of_either_half(starts: tuple[datetime, ...]) -> tuple[datetime, ...]:
    others = (one.replace(hour=(one.hour + 12) % 24) for one in starts if one.hour <= 12)
    return (*starts, *others)


_MAIL = re.compile(r"message/[^/]*")
# Somebody who talks of a delivery dates the message, not the delivery.
_TALK = re.compile(
    r"[?!？！]|\borders\s(?:shipped|placed|delivered|received)\b|\b(?:I|I'm|my|me|we|he|she|they|says?|said|shows?|told|please|sorry|hi|hello|thanks?)\b"
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
DOUBTED = 0.38  # two such contradictions are no proof either


def weight_of(*events: Event, contradict: Callable[..., bool] | None = None) -> float:
    """How much a contradiction of these events speaks for an edit.

    contradict  asked again of what a recognition may have misread: whether it holds all the same
    """
    if any(event.doubtful for event in events):
        return DOUBTED
    if contradict is not None and _by_an_order(events, contradict):
        return DOUBTED
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


def _by_an_order(events: Sequence[Event], contradict: Callable[..., bool]) -> bool:
    """Whether nothing is wrong if one date has day and month the other way round than was read,
    and all of it then is of a few days: pages put a browser's form beside their own."""
    for place, event in enumerate(events):
        turned = turned_over(event)
        if turned is None:
            continue
        read = [*events[:place], turned, *events[place + 1 :]]
        near = all(
            abs(min(one.starts) - min(other.starts)) <= _OF_ONE_WAY
            for one, other in combinations(read, 2)
        )
        if near and not contradict(*read):
            return True
    return False


# From the way's one step to the next.
_OF_ONE_WAY = timedelta(days=10)


def turned_over(event: Event) -> Event | None:
    """The event with its day and month exchanged; None where it cannot be meant so."""
    if not event.either or any(start.day > 12 for start in event.starts):
        return None
    starts = tuple(start.replace(month=start.day, day=start.month) for start in event.starts)
    return replace(event, starts=starts, at=None)


def _slipped(event: Event) -> Iterator[Event]:
    """The event as it may have been written, if one figure of it was misread."""
    form = "%Y%m%d%H%M" if event.timed else "%Y%m%d"
    for start in event.starts:
        for figures in slips_of(start.strftime(form)):
            try:
                yield replace(event, starts=(datetime.strptime(figures, form),), at=None)
            except ValueError:
                continue


def words_of(event: Event) -> str:
    text = " ".join(event.line.text.split())
    return text if len(text) <= 70 else f"{text[:69]}…"
