"""Moments in a line: a day, a time of day, or both, with the zone that stands beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from verifiers.readers.said.clocks import WrittenClock, clocks_in
from verifiers.readers.said.days import WrittenDay, days_in
from verifiers.readers.said.zones_said import WrittenZone, zone_after, zone_before, zone_in_brackets

# A line longer than this is cut before it is searched: the patterns are linear, hostile lines long.
MAX_LINE = 2_000

# What may stand between a day and its time of day.
_AT = (
    "at|um|a las|a la|las|a|as|alle|alle ore|ore|om|o godz|o|kl|klo|kello|@|by|around|time|zeit|uhr"
    "|den|,"
)
_THEN = re.compile(
    r"\.?(?:\s?[(（][月火水木金土日월화수목금토일][)）])?[\s,;·|/()\[\]T-]{0,6}"
    rf"(?:(?:{_AT})\.?[\s:]{{0,2}})?[\s,(]{{0,2}}",
    re.IGNORECASE,
)
_WEEKDAY_BETWEEN = re.compile(r"[\s,·|(]{0,4}[^\W\d]{2,12}\.?[)\]]?[\s,·|-]{0,4}(?:at\s|um\s)?")
_ON = re.compile(
    r"[\s,;·|()\[\]-]{0,5}(?:(?:on|am|le|el|il|em|op|den|dnia|,)\s)?(?:[^\W\d]{2,12}\.?,?\s)?[\s(]{0,2}",
    re.IGNORECASE,
)


_YEAR_BEHIND = re.compile(r"\s((?:19|20)\d\d)(?![\d:/.-])")
_OFFSET = re.compile(r"(?:utc|gmt)\s?[+-]\s?$")
_UNTIL = re.compile(r"(?<![a-z])(?:by|before|bis|avant|antes\sde(?:\slas)?|entro\sle|voor)\s?$")


_SERVICE = re.compile(
    r"(?<![a-z])(?:express|premium|priority|expresser|worldwide|overnight|next\sday|guaranteed"
    r"|service|produkt|product)\s?$"
)


_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_LOST_BLANK = re.compile(
    rf"(?<=[a-z])(?={_MONTH}[.,]{{0,2}}\s?\d"
    rf"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{{0,6}}[.,]{{0,2}}\s?(?:\d|{_MONTH}\s?\d))"
    r"|(?<=\d[h:]\d\d)(?=[A-Z\u00c0-\u00de][a-z\u00df-\u00ff]{2})"
)


def with_blanks(text: str) -> str:
    """The text with the blanks that a recognition lost, or that a page never had between elements
    that a style sets apart: "timeNov 22", "19h35Lyon"."""
    return _LOST_BLANK.sub(" ", text)


@dataclass(frozen=True, slots=True)
class Moment:
    """Between two positions of a line; `day` or `clock` is there, or both."""

    start: int
    end: int
    day: WrittenDay | None = None
    clock: WrittenClock | None = None
    zone: WrittenZone | None = None


def moments_in(folded: str) -> list[Moment]:
    """Every moment of a folded line, from left to right; a clock belongs to one day only."""
    text = folded[:MAX_LINE]
    days = days_in(text)
    masked = text
    for day in days:
        masked = masked[: day.start] + "\x00" * (day.end - day.start) + masked[day.end :]
    glued = tuple(day.end for day in days if re.match(r"\d|,\d|\.\d{1,2}:", text[day.end :]))
    clocks = clocks_in(_reopened(masked, days, text), glued)
    moments = [Moment(day.start, day.end, day=day) for day in days]
    for clock in clocks:
        if moments and moments[-1].zone and clock.start < moments[-1].end:
            continue  # the offset of the zone before: GMT+08:00
        if _OFFSET.search(text[: clock.start]):
            continue  # an offset that was wrapped away from its time
        if clock.start in glued and re.match(r"\d\d:", text[clock.start - 1 :]):
            continue  # right behind a day's figure: its hour lost the other one
        if _SERVICE.search(text[: clock.start]):
            continue  # "Express 12:00": a service that is named by its hour
        if clock.unit_s == 3600 and _UNTIL.search(text[: clock.start]):
            continue  # "guaranteed by 1pm": a service, not when something happened
        zone = zone_after(text, clock.end)
        end = zone.end if zone else clock.end
        moments.append(Moment(clock.start, end, clock=clock, zone=zone))
    moments.sort(key=lambda one: one.start)
    return _with_zones_before(text, _joined(text, moments))


def _with_zones_before(text: str, moments: list[Moment]) -> list[Moment]:
    """Times of day without a zone behind them get the one right before them: "北京时间 14:15"."""
    told: list[Moment] = []
    end = 0
    for one in moments:
        if one.clock and one.zone is None and (zone := zone_before(text, one.start, end)):
            one = replace(one, zone=zone)
        told.append(one)
        end = one.end
    return told


def _reopened(masked: str, days: list[WrittenDay], text: str) -> str:
    """The line without its days, but with the last digit of each, which a T may follow."""
    for day in days:
        if text[day.end : day.end + 1] == "t":
            masked = masked[: day.end - 1] + text[day.end - 1] + masked[day.end :]
    return masked


def _joined(text: str, moments: list[Moment]) -> list[Moment]:
    """Day and clock that stand together as one; first the order day, clock, then the other."""
    joined: list[Moment] = []
    rest = list(moments)
    while rest:
        one = rest.pop(0)
        if rest and one.day and not one.clock and rest[0].clock and not rest[0].day:
            between = text[one.end : rest[0].start]
            if _THEN.fullmatch(between) or _WEEKDAY_BETWEEN.fullmatch(between):
                after = rest.pop(0)
                joined.append(replace(one, end=after.end, clock=after.clock, zone=after.zone))
                continue
        joined.append(one)
    return [_with_year(text, one) for one in _days_behind(text, joined)]


def _with_year(text: str, moment: Moment) -> Moment:
    """A day whose year stands behind its time of day: "Mon Sep 28 09:05:49 2026"."""
    if not (moment.day and moment.clock) or moment.day.has_year or not moment.day.readings:
        return moment
    if (match := _YEAR_BEHIND.match(text, moment.end)) is None:
        return moment
    readings = tuple(replace(one, year=int(match[1])) for one in moment.day.readings)
    return replace(moment, end=match.end(), day=replace(moment.day, readings=readings))


def _days_behind(text: str, moments: list[Moment]) -> list[Moment]:
    joined: list[Moment] = []
    rest = list(moments)
    while rest:
        one = rest.pop(0)
        if rest and one.clock and not one.day and rest[0].day and not rest[0].clock:
            if _ON.fullmatch(text[one.end : rest[0].start]):
                after = rest.pop(0)
                # "2:15 pm, 6 Nov 2026 (AEST)"
                zone = one.zone or zone_in_brackets(text, after.end)
                end = max(after.end, zone.end if zone else 0)
                joined.append(replace(one, end=end, day=after.day, zone=zone))
                continue
        joined.append(one)
    return joined
