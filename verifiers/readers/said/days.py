"""Days as they are written: every form met in practice, with every reading that a form allows.

03/04/2026 is two days until something decides (context.py); 03.04.2026 is written day first; a
weekday that stands beside a day decides between readings, and against all of them it is kept for
those who look for edits. A day without a year is kept without one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from verifiers.readers.said.names_of_days import (
    MONTHS,
    SHORT_WEEKDAYS,
    SIGNS,
    WEAK_MONTHS,
    WEEKDAYS,
)

# Two digits of a year, and four, that an order's papers can bear.
_YEARS = range(2005, 2051)

# "mdy" or "dmy" for what only a custom decides, "ymd" for the year in front.
Form = str


@dataclass(frozen=True, slots=True)
class Reading:
    """One day it can be; `year` is None if none is written, `form` the custom it is read by."""

    year: int | None
    month: int
    day: int
    form: Form = ""

    def on(self, year: int | None = None) -> date | None:
        """The day, in `year` if it has none of its own; None if there is no such day."""
        try:
            return date(self.year or year or 1, self.month, self.day) if self.year or year else None
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class WrittenDay:
    """A day between two positions of a line.

    readings  what it can be; one, unless the custom of writing decides
    weekdays  the weekdays (0 is Monday) that stand beside it; empty if none does
    relative  0 for "today", -1 for "yesterday"; None for a date
    """

    start: int
    end: int
    readings: tuple[Reading, ...]
    weekdays: frozenset[int] = frozenset()
    relative: int | None = None

    @property
    def has_year(self) -> bool:
        return bool(self.readings) and self.readings[0].year is not None


def _any_of(names: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


_NAMED = f"(?P<month>{_any_of(MONTHS)})"
_WEAK = f"(?P<month>{_any_of(WEAK_MONTHS)})"
# Thailand counts from 543 years earlier: 2569 is 2026.
_Y4 = r"(?P<y>(?:19|20)\d{2}|25[4-9]\d)"
_BUDDHIST, _THAI = 543, re.compile("[\u0e00-\u0e4f]")
_Y2 = r"(?P<y2>\d{2})"
# No letter and figure follow two of a year: "20Z6" is a year that was misread.
# What may follow a day at once: nothing numeric, unless it is a clock that lost its space.
_END = r"(?:(?=\d{2}:\d{2}(?!\d))|(?![\d]|[/.-]\d(?!\d?:\d\d)))"
_GLUED = r"(?:(?=\d{2}(?::\d{2}(?!\d)|[時时点點시h]))|(?!\d))"
_SEP = r"\s?(?P<sep>[-/.])\s?"
_NTH = r"(?:st|nd|rd|th|er|e|o|º|ª|\.)?"
_OF = r"(?:\s?(?:de|del|of|d'|di|la|พ\.ศ\.)\s?)?"

# Behind a month of two digits, 09, the day has two as well: 2025-09-119:23 lost one of its hour.
_YMD = re.compile(
    rf"(?<![\d.]){_Y4}{_SEP}(?P<mo>\d{{1,2}})\s?(?P=sep)\s?"
    rf"(?P<d>(?<=0\d[-/.])\d{{2}}(?:(?=\d:\d{{2}})|{_GLUED})|(?<!0\d[-/.])\d{{1,2}}?{_GLUED})"
)
_EXIF = re.compile(rf"(?<!\d){_Y4}:(?P<mo>\d{{2}}):(?P<d>\d{{2}})(?=[\sT]\d{{2}}:\d{{2}})")
# Japan's years of the emperor: 令和8年11月6日, R8.11.6
_REIWA = (
    re.compile(r"令和\s?(?P<y>元|\d{1,2})\s?年\s?(?P<mo>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?日"),
    re.compile(
        r"(?<![a-z\d])r(?P<y>\d{1,2})(?P<sep>[./-])(?P<mo>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?!\d|[./-]\d)"
    ),
)
_CJK = re.compile(
    rf"(?:(?<!\d){_Y4}\s?[年년]\s?)?(?<!\d)(?P<mo>\d{{1,2}})\s?[月월]\s?(?P<d>\d{{1,2}})\s?[日号號일]"
)
_VIETNAMESE = re.compile(
    rf"(?<![\d./-])(?P<d>\d{{1,2}})\s(?:thang|thg\.?)\s(?P<mo>\d{{1,2}})(?!\d)(?:,?\s(?:nam\s)?{_Y4}{_GLUED})?"
)
_ABY = re.compile(
    rf"(?<![\d/.-])(?<!\d:)(?P<a>\d{{1,2}}){_SEP}(?P<b>\d{{1,2}})\s?(?P=sep)\s?(?:{_Y4}{_END}|{_Y2}(?![\d:]|[a-z]\d|[/.-]\d))"
)
_COMPACT = re.compile(r"(?<!\d)(?P<y>20[0-4]\d)(?P<mo>0[1-9]|1[0-2])(?P<d>[0-2]\d|3[01])"
                      r"(?=t\d{4}|\s\d{1,2}:\d{2})")  # fmt: skip
_MDY = re.compile(
    rf"(?<![a-z]){_NAMED}(?:\.?\s?|,\s|-)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|:\d|\.\d)(?:(?:[,.]?\s?|-){_Y4}{_GLUED})?"
)
_DMY = re.compile(
    rf"(?<![\d./])(?<!\d:)(?P<d>\d{{1,2}}){_NTH}[\s-]?{_OF}{_NAMED}(?![a-z])\.?"
    rf"(?:,?{_OF}[\s,-]{{0,2}}(?:{_Y4}{_GLUED}|(?P<y2>\d{{2}})(?:(?=\d\d:\d\d)|(?![\d:.]|\s?[ap]\.?m|[a-z]\d|\s\d(?!\d?:\d\d)))))?"
)
_DMY_WEAK = re.compile(
    rf"(?<![\d.:/])(?P<d>\d{{1,2}}){_NTH}[\s-]?{_OF}{_WEAK}(?![a-z])\.?,?{_OF}[\s,-]{{0,2}}{_Y4}{_GLUED}"
)
# 2026. július 25., 2026-Jul-25
_YEAR_FIRST = re.compile(rf"(?<!\d){_Y4}(?:\.\s|[-/]){_NAMED}[\s/-](?P<d>\d{{1,2}})\.?(?!\d)")
_DOTTED = re.compile(
    r"(?<![\d.])(?P<a>\d{1,2})\.\s?(?P<b>\d{1,2})\.(?!\s?\d{2,4}(?!\d|:|\.\d))(?!\d)"
)
# "3.2." is a section's number, unless a time stands behind it, or nothing at all.
_IS_A_DAY = re.compile(r"\s*(?:$|,?\s?(?:um\s)?\d{1,2}[:.]\d{2})")
_SLASHED = re.compile(
    r"(?<![\d/.-])(?P<a>\d{1,2})(?P<sep>[/-])(?P<b>\d{1,2})(?=[,\s]\s?\d{1,2}:\d{2}|(?<=\d\d)\d\d:\d\d(?!\d))"
)
_RELATIVE = re.compile(
    r"(?<![a-z])(?:(?P<today>today|heute|aujourd'hui|hoy|oggi|hoje|vandaag|dzisiaj|idag|i dag)"
    r"|(?P<yesterday>yesterday|gestern|hier|ayer|ieri|ontem|gisteren|wczoraj|igar|i gar))(?![a-z])"
    r"|(?P<heute>今天|今日|本日)|(?P<gestern>昨天|昨日)"
)
_BESIDE = re.compile(
    r"(?<![a-z])("
    + "|".join(sorted(map(re.escape, WEEKDAYS), key=len, reverse=True))
    + r")(?![a-z])"
)
_SHORT = re.compile(r"(?<![a-z])(" + "|".join(SHORT_WEEKDAYS) + r")\.?,?\s{0,2}$")
_SIGN = re.compile(r"[(\[（]\s?([" + "".join(SIGNS) + r"])\s?[)\]）]")


# What every day of each sort has, so that most lines of data are not searched for any.
_SIGNED = re.compile(r"\d\s?[-/.:年년月월]|\d{8}")
_HAS_MONTH = re.compile(_any_of({name[:3] for name in (*MONTHS, *WEAK_MONTHS)}))


def days_in(text: str) -> list[WrittenDay]:
    """Every day in a folded line, from left to right; overlaps go to the fuller form."""
    return list(_days_in(text))


# A line is asked by each rule that looks for something beside a day.
@lru_cache(maxsize=2048)
def _days_in(text: str) -> tuple[WrittenDay, ...]:
    found: list[WrittenDay] = []
    for one in _all(text):
        if not any(one.start < other.end and other.start < one.end for other in found):
            found.append(one)
    return tuple(sorted(found, key=lambda one: one.start))


def _all(text: str) -> Iterator[WrittenDay]:
    if any(character.isdigit() for character in text):
        named = _HAS_MONTH.search(text) is not None
        if _SIGNED.search(text):
            yield from _signed(text, named=named)
        if named:
            for shape in (_DMY, _MDY, _DMY_WEAK):
                for match in shape.finditer(text):
                    yield from _one(text, match, _by_name(match))
        for match in _VIETNAMESE.finditer(text):
            yield from _one(text, match, _numbers(match, "named"))
        for match in _DOTTED.finditer(text):
            if len(match[0]) == 4 and not _IS_A_DAY.match(text, match.end()):
                continue
            yield from _one(text, match, _short(match, "dmy"))
        for match in _SLASHED.finditer(text):
            both = (*_short(match, "mdy"), *_short(match, "dmy"))
            yield from _one(text, match, both)
    for match in _RELATIVE.finditer(text):
        back = 0 if match["today"] or match["heute"] else -1
        yield WrittenDay(match.start(), match.end(), (), relative=back)


def _signed(text: str, *, named: bool) -> Iterator[WrittenDay]:
    """Days whose year is written in four figures, or whose figures a sign parts."""
    for shape in _REIWA:
        for match in shape.finditer(text):
            year = 2018 + (1 if match["y"] == "元" else int(match["y"]))
            yield from _one(text, match, (Reading(year, int(match["mo"]), int(match["d"]), "ymd"),))
    for shape in (_YMD, _EXIF, _CJK, _COMPACT):
        for match in shape.finditer(text):
            yield from _one(text, match, _numbers(match, "ymd"))
    if named:
        for match in _YEAR_FIRST.finditer(text):
            yield from _one(text, match, _by_name(match))
    for match in _ABY.finditer(text):
        yield from _one(text, match, _either(match))


def _one(text: str, match: re.Match[str], readings: tuple[Reading, ...]) -> Iterator[WrittenDay]:
    days = tuple(dict.fromkeys(one for one in readings if _exists(one)))
    # One day under two customs (05/05) is one day.
    if len({(one.year, one.month, one.day) for one in days}) == 1:
        days = days[:1]
    if days:
        yield WrittenDay(match.start(), match.end(), days, _weekdays_beside(text, match))


def _exists(one: Reading) -> bool:
    if one.year is not None and one.year not in _YEARS:
        return False
    return one.on(2024) is not None


def year_of(text: str, *, month: str = "") -> int:
    """The year that two or four figures write, also of the Buddhist era.

    month  its name, if it is written: beside a Thai one 69 is 2569
    """
    year = int(text) if len(text) == 4 else (2500 if _THAI.match(month) else 2000) + int(text)
    return year - _BUDDHIST if year > 2500 else year


def _numbers(match: re.Match[str], form: Form) -> tuple[Reading, ...]:
    year = match["y"]
    return (Reading(year_of(year) if year else None, int(match["mo"]), int(match["d"]), form),)


def _by_name(match: re.Match[str]) -> tuple[Reading, ...]:
    groups = match.groupdict()
    written = groups.get("y") or groups.get("y2")
    name = match["month"]
    month = MONTHS.get(name) or WEAK_MONTHS[name]
    year = year_of(written, month=name) if written else None
    return (Reading(year, month, int(match["d"]), "named"),)


def _either(match: re.Match[str]) -> tuple[Reading, ...]:
    a, b, year = int(match["a"]), int(match["b"]), match["y"] or match["y2"]
    mdy, dmy = Reading(year_of(year), a, b, "mdy"), Reading(year_of(year), b, a, "dmy")
    if len(year) == 2 and a + 2000 in _YEARS and a > 12:
        # 26/11/03 is the third in East Asia; 26 November 2003 is too long ago for an order.
        return (Reading(2000 + a, b, int(year), "ymd"), dmy)
    if (match["sep"] == "." or int(year) > 2500) and _exists(dmy):
        return (dmy,)
    return (mdy, dmy)


def _short(match: re.Match[str], form: Form) -> tuple[Reading, ...]:
    a, b = int(match["a"]), int(match["b"])
    return (Reading(None, a, b, form) if form == "mdy" else Reading(None, b, a, form),)


def _weekdays_beside(text: str, match: re.Match[str]) -> frozenset[int]:
    """The weekday right before the day or right after it, in a word or a sign in brackets."""
    before = text[max(0, match.start() - 18) : match.start()]
    after = text[match.end() : match.end() + 16]
    if short := _SHORT.search(before):
        return SHORT_WEEKDAYS[short[1]]
    if named := list(_BESIDE.finditer(before)):
        if re.fullmatch(r"[.,\s·|(]*(?:den |the |le |el |ที่|,)?\s*", before[named[-1].end() :]):
            return WEEKDAYS[named[-1][1]]
    if sign := _SIGN.match(after.lstrip()):
        return SIGNS[sign[1]]
    if (name := _BESIDE.match(after.lstrip(" ,(·|"))) and len(after) - len(
        after.lstrip(" ,(·|")
    ) <= 3:
        return WEEKDAYS[name[1]]
    return frozenset()
