"""What a document as a whole says about its dates: their custom, their year, their zone.

03/04/2026 is read one way only if something decides: a weekday beside it, another date of the
document in the same custom, a country whose custom it is, or that one way makes the document's days
lie together as a parcel's days do and the other spreads them over months. Otherwise both stay. A
year that is not written is the document's, or the last such day before the file came in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from evidence.errors import FormatError
from evidence.times import (
    Instant,
    LocalDate,
    LocalTime,
    Time,
    ZoneBasis,
    declared,
    with_zones,
    zone_of,
)
from verifiers.readers.lines import Line
from verifiers.readers.said.days import Reading, WrittenDay
from verifiers.readers.said.days_of_events import Event
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Told
from verifiers.readers.said.zones_said import stated_zone, zones_at

# Days of one parcel lie together; a custom that spreads them further is the wrong one.
_TOGETHER, _APART = 40, 75
# So many days of one month are no one day of so many months.
_SEVERAL = 3
# Whose custom it is to write the month first, and the day first.
MONTH_FIRST = frozenset({"US"})
# Who begins with the year, and with the month where none is written.
YEAR_FIRST = frozenset({"CN", "JP", "KR", "TW"})
DAY_FIRST = frozenset(
    ("GB IE DE AT CH FR BE NL LU IT ES PT PL SE DK NO FI CZ SK HU RO BG GR HR SI EE LV LT TR AU NZ"
     " IN SG MY ID TH VN BR MX AR CL CO PE ZA AE SA IL RU UA HK").split()
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Context:
    """How the document's dates are to be read.

    custom    "mdy", "dmy" or None: what 03/04/2026 is
    year      of days without one, or None
    zone      that the document states for its times; () says they are local, None says nothing
    declared  what an operator declared for times of this source without a zone
    captured  the day that "today" is there: of its capture, or on which a mail was sent
    countries whose words it uses for a zone: CST is one in Chicago and another in Shanghai
    writers   whose words it may use as well
    """

    custom: str | None = None
    year: int | None = None
    zone: tuple[str, ...] | None = None
    declared: str | None = None
    came_in: date = date(2100, 1, 1)
    captured: date | None = None
    countries: frozenset[str] = frozenset()
    writers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Dated:
    """A moment as a time; or the days between which nothing decides, and no time.

    sure  1.0 for what is written in full, less where something had to be concluded
    """

    time: Time | None
    either: tuple[date, ...] = ()
    sure: float = 1.0


def context_of(
    events: Sequence[Event],
    lines: Iterable[Line],
    *,
    countries: Iterable[str],
    hints: Mapping[str, str],
    came_in: datetime,
    writers: Iterable[str] = (),
    written: date | None = None,
) -> Context:
    """The context of a document's events.

    countries  that the document is from by its addresses and carrier, ISO 3166-1 alpha-2
    hints      `date_order` and `zone` as an operator declared them
    writers    countries that its carriers write from, beside `countries`
    written    the day on which its text was written, where something beside the text says so
    """
    countries = frozenset(countries)
    days = [event.moment.day for event in events if event.moment.day]
    lines = list(lines)
    custom = hints.get("date_order") or _custom(days, set(countries), came_in.date())
    if custom is None and not set(countries) & MONTH_FIRST and _is_of_day_first(lines):
        custom = "dmy"
    years = {r.year for day in days for r in day.readings if r.year is not None}
    zone = _stated_by(lines)
    known = Context(
        custom, years.pop() if len(years) == 1 else None, zone, hints.get("zone"), came_in.date(),
        countries=countries, writers=frozenset(writers),
    )  # fmt: skip
    captured = [
        dated.time
        for event in events
        if event.told is Told.CAPTURED and (dated := date_event(event, known)).time
    ]
    return Context(
        known.custom, known.year, known.zone, known.declared, known.came_in,
        local_day(captured[0]) if captured else written, known.countries,
        known.writers,
    )  # fmt: skip


def _stated_by(lines: Sequence[Line]) -> tuple[str, ...] | None:
    """The zone that the document states for all its times: what rows of a table and objects name
    may differ, and is then none of the document's."""
    stated = [
        (said.names, line.locator.kind)
        for line in lines
        if (said := stated_zone(fold(line.text[:500])))
    ]
    if not stated:
        return None
    zone, kind = stated[0]
    if kind in {"cell", "json"} and any(other != zone for other, _ in stated):
        return None
    return zone


# Words of languages whose readers all write the day first, folded.
_DAY_FIRST_WORDS = re.compile(
    r"(?<![a-z])(?:livree?|colis|commande|zugestellt|sendung(?:snummer)?|bestellnummer|consegnat[oa]"
    r"|spedizione|bezorgd|zending|pakket|dostarczono|przesylk[ai]|doreczon[aoy]|encomenda|levererad"
    r"|kollinummer|zustell(?:ung|datum|zeit)|paketnummer|paket)(?![a-z])"
)
_SEARCHED = 400


def _is_of_day_first(lines: Sequence[Line]) -> bool:
    """Whether the document is in a language in which 03/04/2026 is the third of April."""
    return any(_DAY_FIRST_WORDS.search(fold(line.text[:500])) for line in lines[:_SEARCHED])


def _custom(days: Sequence[WrittenDay], countries: set[str], came_in: date) -> str | None:
    votes: set[str] = set()
    open_days: list[WrittenDay] = []
    fixed: list[date] = []
    for day in days:
        readings = _by_weekday(day)
        forms = {reading.form for reading in readings}
        if len(readings) > 1:
            open_days.append(day)
        elif forms & {"mdy", "dmy"} and len({r.form for r in day.readings}) > 1:
            votes |= forms  # a weekday decided
        elif forms & {"mdy", "dmy"} and day.readings[0].day > 12:
            votes |= forms  # there is no thirteenth month
        if len(readings) == 1 and (on := _about(readings[0], came_in)):
            fixed.append(on)
    if len(votes) > 1:
        return None
    if not open_days:
        return next(iter(votes), None)
    together = _by_nearness(days, open_days, fixed, came_in)
    if votes and together is not None:
        # A computer's clock beside the page may have another custom than the page.
        return together if together in votes else None
    if votes or together is not None:
        return together or votes.pop()
    month_first, day_first = countries & MONTH_FIRST, countries & DAY_FIRST
    if not any(day.has_year for day in open_days):
        month_first |= countries & YEAR_FIRST
    if bool(month_first) != bool(day_first):
        return "mdy" if month_first else "dmy"
    return None


def _about(reading: Reading, came_in: date) -> date | None:
    """The day; without a year the last such one before it came in, or soon after."""
    on = reading.on(came_in.year)
    if on is not None and reading.year is None and on > came_in + timedelta(days=60):
        return reading.on(came_in.year - 1)
    return on


def _by_nearness(
    written: Sequence[WrittenDay],
    open_days: Sequence[WrittenDay],
    fixed: Sequence[date],
    came_in: date,
) -> str | None:
    """The one custom by which all days lie together, if by the other they lie far apart."""
    spread: dict[str, int] = {}
    for custom in ("mdy", "dmy", "ymd"):
        days = list(fixed)
        for day in open_days:
            reading = next((r for r in day.readings if r.form == custom), None)
            on = reading.on(came_in.year) if reading else None
            if on is None or on > came_in + timedelta(days=60):
                days = []
                break
            days.append(on)
        if days:
            spread[custom] = (max(days) - min(days)).days
    if len(spread) == 1 and len({d.readings for d in open_days}) >= 1:
        return next(iter(spread))
    if len(told := _differing(written, fixed)) == 1:
        return told.pop()
    if len(spread) > 1 and len({*fixed, *(d.readings for d in open_days)}) > 1:
        near, far, *_ = sorted(spread, key=lambda custom: spread[custom])
        if spread[near] <= _TOGETHER and spread[far] >= _APART:
            return near
    return None


def _differing(days: Sequence[WrittenDay], fixed: Sequence[date]) -> set[str]:
    """The custom by which days differ in more than their month: 07/03, 07/04 and 07/05 are three
    days of one week, and hardly the seventh of three months."""
    known = {(on.month, on.day) for on in fixed}
    forms = {"mdy": set(known), "dmy": set(known)}
    for day in days:
        for one in day.readings:
            # 07/07 is one day by either.
            same = one.month == one.day and one.form in forms
            for form in forms if same else {one.form} & forms.keys():
                forms[form].add((one.month, one.day))
    return {
        form
        for form, found in forms.items()
        if len(found) >= _SEVERAL and len({month for month, _ in found}) == 1
    }


def _by_weekday(day: WrittenDay) -> tuple[Reading, ...]:
    """The readings that the weekday beside the day allows; all of them if it allows none."""
    if not day.weekdays or len(day.readings) < 2:
        return day.readings
    fitting = tuple(
        r for r in day.readings if (on := r.on()) is not None and on.weekday() in day.weekdays
    )
    return fitting or day.readings


def date_event(event: Event, context: Context) -> Dated:
    """The time that an event's moment is, as wide as it is written."""
    moment = event.moment
    if moment.day is None:
        return Dated(None)
    days, sure = _days(moment.day, context, ahead=event.told is Told.PROMISED)
    if len(days) != 1:
        return Dated(None, tuple(sorted(days)))
    (on,) = days
    text = event.text
    if moment.clock is None:
        zones = (context.declared,) if context.declared else ()
        return Dated(LocalDate(on, text, zones), sure=sure)
    wall = datetime.combine(on, moment.clock.at)
    unit_s = moment.clock.unit_s
    if moment.zone is not None:
        names = zones_at(moment.zone, wall, context.countries, context.writers)
        return Dated(_placed(wall, text, names, unit_s), sure=sure)
    if context.zone is not None:
        return Dated(_placed(wall, text, context.zone, unit_s), sure=sure)
    if context.declared:
        return Dated(declared(wall, text, zone=context.declared, unit_s=unit_s), sure=sure)
    return Dated(LocalTime(wall, text, unit_s), sure=sure)


def _days(day: WrittenDay, context: Context, *, ahead: bool) -> tuple[set[date], float]:
    """The days it can be, and how sure that is; `ahead`: of something that was to come."""
    if day.relative is not None:
        if context.captured is None:
            return set(), 0.0
        return {context.captured + timedelta(days=day.relative)}, 0.8
    readings = _by_weekday(day)
    sure = 1.0
    if day.has_year and len(readings) > 1:
        readings = _of_these_years(readings, context) or readings
    if len(readings) > 1 and context.custom is not None:
        kept = tuple(r for r in readings if r.form in {context.custom, "ymd"})
        readings, sure = kept or readings, 0.95
    if day.has_year and len(readings) > 1:
        readings = _of_these_years(readings, context) or readings
        readings = tuple(r for r in readings if r.form == context.custom) or readings
    if day.has_year:
        return {on for r in readings if (on := r.on()) is not None}, sure
    dated = {
        on for r in readings if (on := _in_some_year(r, day.weekdays, context, ahead)) is not None
    }
    return dated, 0.9 * sure


def _of_these_years(readings: tuple[Reading, ...], context: Context) -> tuple[Reading, ...]:
    """Of 26/07/23, which is of 2026 or of 2023, what lies not long before it came in."""
    if len({reading.year for reading in readings}) == 1:
        return readings
    oldest, latest = context.came_in - timedelta(days=540), context.came_in + timedelta(days=60)
    return tuple(r for r in readings if (on := r.on()) is not None and oldest <= on <= latest)


def _in_some_year(
    reading: Reading, weekdays: frozenset[int], context: Context, ahead: bool
) -> date | None:
    """A day without a year: in the document's year, or the last one before it was written or soon
    after, where it would contradict the document. What was to come is after it."""
    latest = context.captured or context.came_in
    backs = (-1, 0, 1) if ahead else (0, 1)
    soon = timedelta(
        days=60 if ahead or context.year is not None else 14 if context.captured else 0
    )
    year = context.year or latest.year
    near = [
        on for back in backs if (on := reading.on(year - back)) is not None and on <= latest + soon
    ]
    if weekdays and any(on.weekday() in weekdays for on in near):
        near = [on for on in near if on.weekday() in weekdays]
    return near[0] if near else None


def _placed(wall: datetime, text: str, names: tuple[str, ...], unit_s: float) -> Time:
    local = LocalTime(wall, text, unit_s)
    if not names:
        return local
    if len(names) > 1 or "/" in names[0]:
        return with_zones(local, names)
    try:
        zone = zone_of(names[0])
        at = (wall - (zone.utcoffset(None) or timedelta())).replace(tzinfo=zone_of("Z"))
        return Instant(at, text, names[0], ZoneBasis.STATED, unit_s)
    except (FormatError, OverflowError):
        return local


def date_capture(event: Event, context: Context, shown: date | None) -> Dated:
    """The time of a capture: of two days that it may be, the one that is not before what the
    document shows, nor behind the day it came in.

    shown  the latest day that it tells of
    """
    dated = date_event(event, context)
    if not dated.either or shown is None:
        return dated
    read = [date_event(event, replace(context, custom=custom)) for custom in ("mdy", "dmy")]
    latest = context.came_in + timedelta(days=1)
    fitting = [
        one for one in read if (on := local_day(one.time)) is not None and shown <= on <= latest
    ]
    return fitting[0] if len(fitting) == 1 else dated


def latest_shown(events: Iterable[Event], context: Context) -> date | None:
    """The latest day that is told of, but for what was promised and the captures' own."""
    days = (
        local_day(date_event(one, context).time)
        for one in events
        if one.told not in {Told.CAPTURED, Told.PROMISED}
    )
    return max((day for day in days if day is not None), default=None)


def local_day(time: Time | None) -> date | None:
    """The day that a time shows on its own clock."""
    match time:
        case LocalDate():
            return time.day
        case LocalTime():
            return time.wall.date()
        case Instant():
            return time.at.astimezone(zone_of(time.zone)).date()
        case _:
            return None
