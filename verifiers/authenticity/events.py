"""What happened when, as an item itself tells it: and whether one telling agrees with the other.

Only lines that name an event and a day together are believed, or a label with the day right under
it. Promises ("estimated delivery") are no events. Two times of one page are mostly of one zone, and
need not be: a difference that zones could make is no contradiction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from evidence.facts import Facts
from evidence.times import Instant, LocalDate, LocalTime
from verifiers.authenticity.contradiction import Contradiction
from verifiers.authenticity.days import Written, written_days
from verifiers.authenticity.lines import Line

ORDERED, LABEL, SHIPPED, TRANSIT, OUT, DELIVERED, CAPTURED = 10, 40, 50, 60, 70, 80, 90

_PROMISE = re.compile(
    r"estimat|expect|schedul|promis|\bby end of\b|\bdue\b|latest|before|window|no later|attempt"
    r"|not\s+(?:yet\s+)?(?:been\s+)?deliver|undeliver|fail|unable|will be"
    r"|to be deliver|return|refus|claim"
    r"|voraussichtlich|erwartet|geplant|prévu|estimé|prevista|estimad|previst|verwacht|przewidywan"
    r"|预计|預計|予定|未|退",
    re.IGNORECASE,
)
_EVENTS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (DELIVERED, re.compile(
        r"\bdelivered\b(?!\s+to\s*:)|\bdelivery\s+(?:date|time|completed|confirmed)|date\s+(?:of\s+)?deliver"
        r"|\bzugestellt|zustell(?:datum|zeit)|zustellung\s+am|\blivré|date\s+de\s+livraison"
        r"|\bentregado|fecha\s+de\s+entrega|\bconsegnat[ao]|data\s+(?:di\s+)?consegna|\bentregue"
        r"|data\s+(?:da\s+)?entrega|\bbezorgd\b|\bafgeleverd|\bdoręczon|data\s+doręczenia|\blevererad"
        r"|\bsigned\s+for\b|签收|簽收|妥投|送达|已送達|配達完了|配達済|お届け済",
        re.IGNORECASE)),
    (OUT, re.compile(
        r"out\s+for\s+delivery|with\s+(?:the\s+)?courier|on\s+(?:the\s+)?vehicle|in\s+zustellung"
        r"|en\s+cours\s+de\s+livraison|en\s+reparto|in\s+consegna|派送中|派件|配送中|持ち出し",
        re.IGNORECASE)),
    (TRANSIT, re.compile(
        r"in\s+transit|\bdeparted|\barrived\s+at|\bdeparture\s+scan|\barrival\s+scan"
        r"|processed\s+(?:at|through)|destination\s+facility|unterwegs|en\s+transit[o]?|运输中|到达|离开",
        re.IGNORECASE)),
    (SHIPPED, re.compile(
        r"\bshipped\b|\bship(?:ped|ping|ment)?\s+date|\bdispatched|\bpicked\s+up\b|\bpick-?up\s+(?:scan|date)"
        r"|\baccept(?:ed|ance)\b|\borigin\s+scan|\bversandt|versanddatum|abgeholt|\bexpédié|\benviad[oa]\b"
        r"|fecha\s+de\s+envío|\bspedito|data\s+(?:di\s+)?spedizione|\bverzonden|\bnadan[oa]|揽收|揽件|已发货|發貨"
        r"|发货时间|引受|集荷",
        re.IGNORECASE)),
    (LABEL, re.compile(
        r"label\s+(?:created|printed|date)|shipping\s+label|shipment\s+information\s+(?:sent|received)"
        r"|order\s+processed|information\s+received|pre-?shipment|billing\s+information|manifested"
        r"|etikett|angekündigt|elektronisch\s+angemeldet|étiquette|etiqueta|etichetta|面单|下单时间",
        re.IGNORECASE)),
)  # fmt: skip
_CAPTURED = re.compile(
    r"\b(?:captured?|printed|generated|downloaded|exported|retrieved|viewed|created)\s*(?:on|at|:)"
    r"|\bscreenshot\b|\bas\s+of\b|tracking\s+results\s+provided|\bprint\s+date\b|截图时间|打印时间|導出|导出时间"
    r"|ausgedruckt|gedruckt\s+am|abgerufen|imprimé\s+le|impreso\s+el|stampato\s+il|印刷日",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Event:
    """An event on a day, perhaps at a minute; `days` are the days that its date can be."""

    step: int
    day: Written
    days: tuple[date, ...]
    line: Line

    def starts(self) -> list[datetime]:
        minute = self.day.minute or 0
        return [datetime(d.year, d.month, d.day) + timedelta(minutes=minute) for d in self.days]

    @property
    def timed(self) -> bool:
        return self.day.minute is not None


def events_of(lines: Sequence[Line]) -> list[Event]:
    """Each event that a line dates, in the order of the lines."""
    order = _order_of(lines)
    years = {day.year for line in lines for day in written_days(line.text) if day.year}
    year = years.pop() if len(years) == 1 else None
    found: list[Event] = []
    for place, line in enumerate(lines):
        text = line.text
        step = _step(text)
        if step is None:
            continue
        written = written_days(text)
        where = line
        if not written and place + 1 < len(lines) and _is_label(text):
            under = lines[place + 1]
            written = written_days(under.text)
            if len(written) != 1 or not _only_a_date(under.text, written[0]):
                continue
            where = Line(f"{text} {under.text}", (*line.facts, *under.facts), under.sure)
        if len(written) != 1:  # a sentence with two dates tells two things
            continue
        days = written[0].days(order=order, year=year)
        if days:
            found.append(Event(step, written[0], tuple(days), where))
    return found


# Somebody who talks of a delivery dates the message, not the delivery.
_TALK = re.compile(
    r"[?!？！]|\b(?:I|I'm|my|me|we|he|she|they|says?|said|shows?|told|please|sorry|hi|hello|thanks?)\b"
    r"|^\W{0,2}\d[\d/.:,\s-]{6,22}(?:[AaPp][Mm])?\W{0,3}\s*[^\W\d]{2,20}(?:\s[^\W\d]{1,20})?:\s",
    re.IGNORECASE,
)


def _step(text: str) -> int | None:
    if len(text) > 160 or _PROMISE.search(text) or _TALK.search(text):
        return None
    named = [step for step, shape in _EVENTS if shape.search(text)]
    if len(named) == 1:
        return named[0]
    if named:
        # "Shipped and delivered" tells two; "Out for delivery" is looked for before "delivered".
        return named[0] if named == [DELIVERED, SHIPPED] and "signed" in text.lower() else None
    return CAPTURED if _CAPTURED.search(text) else None


_LABEL = re.compile(r"[^\d,;]{3,40}")


def _is_label(text: str) -> bool:
    """Whether a line only names the event, so that its day may stand under it."""
    return _LABEL.fullmatch(text.strip()) is not None and len(text.split()) <= 4


def _only_a_date(text: str, day: Written) -> bool:
    rest = text[: day.start] + text[day.end :]
    rest = rest.replace(day.weekday, "") if day.weekday else rest
    named = any(shape.search(text) for _, shape in _EVENTS)
    return not named and len(re.sub(r"[\s,.()|·-]|\b[A-Z]{2,4}\b", "", rest)) <= 4


def _order_of(lines: Sequence[Line]) -> str | None:
    """How the item writes 03/04/2026, if one of its dates shows it."""
    seen = set()
    for line in lines:
        for day in written_days(line.text):
            if day.slashed and len(day.readings) == 1:
                match = re.match(r"(\d{1,2})[/-](\d{1,2})", day.text)
                if match:
                    first = int(match[1])
                    seen.add("dmy" if first > 12 else "mdy" if int(match[2]) > 12 else "")
    seen.discard("")
    return seen.pop() if len(seen) == 1 else None


def _weight(*events: Event) -> float:
    if all(event.line.sure for event in events):
        return 0.95
    low = min(event.line.confidence for event in events)
    return 0.85 if low >= 0.9 else 0.5


# Scans on one way are in their own places' zones, at most so far apart while a parcel travels.
_ZONES = timedelta(hours=14)
_HERE = timedelta(minutes=70)  # out for delivery and delivered are in one town


def out_of_order(events: Sequence[Event]) -> Iterator[Contradiction]:
    """Delivered before it was sent; captured before it was delivered."""
    delivered = [event for event in events if event.step == DELIVERED]
    for later in delivered:
        for earlier in events:
            if earlier.step in {LABEL, SHIPPED, TRANSIT, OUT} and _surely_after(earlier, later):
                said = f'"{_said(later)}" lies before "{_said(earlier)}"'
                facts = (*later.line.facts, *earlier.line.facts)
                yield Contradiction("order", said, facts, _weight(later, earlier))
                return
    for capture in events:
        if capture.step != CAPTURED:
            continue
        for event in events:
            if event.step == DELIVERED and _surely_after(event, capture):
                said = f'"{_said(event)}" lies after "{_said(capture)}"'
                facts = (*event.line.facts, *capture.line.facts)
                yield Contradiction("order", said, facts, _weight(event, capture))
                return


def _surely_after(first: Event, second: Event) -> bool:
    """Whether `first`, which must be the earlier, begins after `second` in every reading."""
    both = first.timed and second.timed
    slack = (_HERE if first.step == OUT else _ZONES) if both else timedelta()
    for one in first.starts():
        for other in second.starts():
            ends = other if second.timed else other + timedelta(days=1)
            if not both:
                ends = datetime(ends.year, ends.month, ends.day)
                if second.timed:
                    ends += timedelta(days=1)
            if one < ends + slack:
                return False
    return True


def told_twice(events: Sequence[Event]) -> Iterator[Contradiction]:
    """One delivery told at two times, such as in a heading and in the history under it."""
    delivered = [event for event in events if event.step == DELIVERED]
    if not 2 <= len(delivered) <= 3:
        return
    first = delivered[0]
    for other in delivered[1:]:
        if _agree(first, other):
            continue
        said = f'"{_said(first)}" and "{_said(other)}" tell of one delivery'
        facts = (*first.line.facts, *other.line.facts)
        yield Contradiction("twice", said, facts, _weight(first, other))
        return


def _agree(one: Event, other: Event) -> bool:
    """Whether they can be one time: the same day, or a difference that zones make."""
    if set(one.days) & set(other.days):
        if not (one.timed and other.timed):
            return True
        gap = abs((one.day.minute or 0) - (other.day.minute or 0))
        return _like_zones(timedelta(minutes=gap))
    if one.timed and other.timed:
        gaps = [abs(a - b) for a in one.starts() for b in other.starts()]
        return any(_like_zones(gap) for gap in gaps)
    return False


def _like_zones(gap: timedelta) -> bool:
    minutes = gap.total_seconds() / 60
    return minutes <= 2 or (minutes <= 14 * 60 and min(minutes % 30, 30 - minutes % 30) < 1)


def made_before(facts: Facts, events: Sequence[Event]) -> Iterator[Contradiction]:
    """A file that was made, or a picture that was taken, before what it tells of."""
    for name, what in (
        ("document.created.at", "the file was made"),
        ("picture.taken.at", "the picture was taken"),
    ):
        made = facts.first(name)
        if made is None:
            continue
        changed = facts.first("document.modified.at") if name == "document.created.at" else None
        ends = _wall_end(made.value)
        for event in events:
            if event.step not in {DELIVERED, OUT, SHIPPED, CAPTURED} or ends is None:
                continue
            if not all(start > ends for start in event.starts()):
                continue
            weight = _weight(event)
            # A form that is filled in is older than what is written into it.
            last = _wall_end(changed.value) if changed is not None else None
            if last is not None and any(last >= start for start in event.starts()):
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
