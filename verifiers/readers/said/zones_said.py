"""Zones as they are written beside a time: an offset, a name, or an abbreviation.

An abbreviation is taken for the zones that it is used for in trade; where these are several, all
stay possible. "EST" in July is written by people who mean New York's clock, so both stay.

zones.toml has them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from evidence.errors import FormatError
from evidence.times import zone_of
from verifiers.readers.said.words import field_words, table


@dataclass(frozen=True, slots=True)
class WrittenZone:
    """Between two positions of a line; `names` as evidence.times.zone_of reads them.

    One name is a stated zone. Several are those that the writing leaves possible; none is a time
    that says it is local and not where ("local time"). `word` is the abbreviation, if it is one.
    """

    start: int
    end: int
    names: tuple[str, ...]
    word: str = ""


_TABLE = table("zones.toml")
_NAMES: dict[str, str] = _TABLE["clocks"]
_LETTERS: dict[str, str] = _TABLE["letters"]
_WORDS: dict[str, str] = _TABLE["words"]
# Abbreviation: the offsets that it stands for, then the zone whose season it must fit.
_ABBREVIATIONS: dict[str, tuple[tuple[str, ...], str]] = {
    name: (tuple(entry["offsets"]), entry.get("place", ""))
    for name, entry in _TABLE["abbreviations"].items()
}
# Abbreviation of several: who means which offset by it, ISO 3166-1 alpha-2.
_MEANT_IN: dict[str, dict[str, frozenset[str]]] = {
    name: {offset: frozenset(countries) for offset, countries in entry["in"].items()}
    for name, entry in _TABLE["abbreviations"].items()
    if "in" in entry
}
_OFFSET = r"(?P<sign>[+-])\s?(?P<oh>\d{1,2})(?::?(?P<om>[0-5]\d))?(?![\d:])"
_ZONE = re.compile(
    r"[\s(\[,·|]{0,3}(?:"
    r"(?P<z>(?<=\d)z(?![a-z0-9]))"
    rf"|(?P<utc>utc|gmt)\s?{_OFFSET}"
    r"|(?P<named>" + "|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True)) + r")"
    r"|(?P<us>" + "|".join(_NAMES) + r")\s?(?:(?:standard|daylight)\s)?time"
    r"|(?<=[(\[])(?P<named_us>" + "|".join(_NAMES) + r")(?=[)\]])"
    r"|(?P<iana>[a-z]{2,12}/[a-z_]{3,20}(?:/[a-z_]{3,20})?)"
    r"|(?P<local>local\s?time|ortszeit|heure\slocale|hora\slocal|ora\slocale|当地时间|當地時間"
    r"|现地时间|現地時間|เวลาท้องถิ่น|ب?التوقيت المحلي)"
    r"|(?P<abbr>[a-z]{3,4})(?![a-z])"
    r"|(?P<letters>et|ct|mt|pt)(?![a-z])"
    r")[)\]]?"
)
# An offset alone is a zone only right behind the clock: "14:15 +0100", "14:15:22-05:00", "(+8)".
_BARE = re.compile(rf"(?:\s?\(\s?|\s?){_OFFSET}\)?")
_BARE_LONG = re.compile(r"\s?\(?\s?(?P<sign>[+-])(?P<oh>\d{2}):?(?P<om>[0-5]\d)\)?(?![\d:])")
_IN_BRACKETS = re.compile(
    r"\s?[(\[]\s?(?P<sign>[+-])\s?(?P<oh>\d{1,2})(?::?(?P<om>[0-5]\d))?\s?[)\]]"
)


_BRACKET = re.compile(r"\s?[(\[]")
# The heading of a column of times, in front of its zone.
_COLUMN = re.compile(
    r"(?:(?:tracking|shipment|history|events|progress|updates|物流|轨迹|信息|详情|追踪|记录"
    r"|local|event|scan|date|day|times?|datum|zeit|uhrzeit|tijd|heure|fecha|hora|data|ora|czas|godzina|and|und|et|y|e|en|i"
    r"|时间|時間|日時|日期|日付|时刻)[\s/&,]{0,3}){1,4}(?=[(\[])"
)


def zone_after(text: str, place: int) -> WrittenZone | None:
    """The zone that stands at `place` of a folded line, right behind a time; None if none does."""
    for shape in (_BARE_LONG, _IN_BRACKETS):
        if match := shape.match(text, place):
            return WrittenZone(place, match.end(), (_offset(match),))
    match = _ZONE.match(text, place)
    if match is None:
        return None
    names = _names(match)
    return None if names is None else WrittenZone(place, match.end(), names, match["abbr"] or "")


def zone_in_brackets(text: str, place: int) -> WrittenZone | None:
    """The zone in brackets right behind a label of a folded line: "Delivery time (UTC+8)"."""
    return zone_after(text, place) if _BRACKET.match(text, place) else None


_BEFORE = re.compile(
    r"(?<![a-z\d])(?P<zone>(?:utc|gmt)\s?[+-]\s?\d{1,2}(?::?[0-5]\d)?|"
    + "|".join(re.escape(word) for word in sorted(_WORDS, key=len, reverse=True))
    + r")[)\]）]?\s?:?\s{0,3}$"
)


def zone_before(text: str, place: int, since: int) -> WrittenZone | None:
    """The zone that ends right before `place` of a folded line, and begins not before `since`."""
    match = _BEFORE.search(text, max(since, place - 48), place)
    return zone_after(text, match.start("zone")) if match else None


def stated_zone(text: str) -> WrittenZone | None:
    """The zone that a folded line states for the times of its document: in a sentence, or over a
    column, "Date / Time (UTC+8)"."""
    if (column := _COLUMN.match(text)) and (over := zone_in_brackets(text, column.end())):
        if over.end >= len(text.rstrip()):
            return over
    if not (said := field_words("zone_of_document").search(text)):
        return closing_zone(text)
    for match in re.finditer(
        r"(?<![a-z])(?=[a-z(+\[\u0e00-\u0e4f\u0621-\u064a一-鿿-])", text[said.end() :]
    ):
        place = said.end() + match.start()
        found = _ZONE.match(text, place)
        if found and (names := _names(found)) is not None:
            return WrittenZone(place, found.end(), names, found["abbr"] or "")
        if found := _BARE_LONG.match(text, place) or _IN_BRACKETS.match(text, place):
            return WrittenZone(place, found.end(), (_offset(found),))
    # "(GMT+1) applies to all times"
    found = re.match(r"[(\[]?(?=utc|gmt)", text)
    return zone_after(text, 0) if found and not _STAMPED.search(text) else None


_STAMPED = re.compile(r"\d{1,2}:\d{2}(?!\d).*\d{1,2}:\d{2}|(?:19|20)\d\d")


# What a sentence that ends in its zone says before it: "showing all scans in UTC", "timestamps:".
_IN = re.compile(r"(?:[:：]|(?<![a-z])(?:in|en|em|auf|nach|w|i|are|is|=))\s?[(\[]?$")
_AFTER = re.compile(r"[\s.)\]*]*(?:\([^()\d]{2,60}\)[\s.]*)?")


def closing_zone(text: str) -> WrittenZone | None:
    """The zone that ends a folded line which tells no moment: "Every scan in Eastern Time"."""
    if not any(sign.isalpha() for sign in text):
        return None
    for match in re.finditer(r"(?<![a-z])(?=[a-z(\[一-鿿])", text):
        if match.start() == 0 or not _IN.search(text[: match.start()].rstrip(" ")):
            continue
        found = _ZONE.match(text, match.start())
        if found is None or found["z"] or found["letters"]:
            continue
        if found["abbr"] and found["abbr"] not in {"utc", "gmt"}:
            continue
        names = _names(found)
        if names and _AFTER.fullmatch(text[found.end() :]):
            before = text[: match.start()]
            return (
                None
                if any(map(str.isdigit, before))
                else WrittenZone(match.start(), found.end(), names)
            )
    return None


# A head that is a zone, with or without words for times around it: "Time (UTC+8)", "UTC time".
_TIMES = re.compile(
    r"(?:(?:date|day|times?|datum|zeit|uhrzeit|tijd|heure|fecha|hora|data|ora|czas|时间|時間|日時|in)"
    r"[\s/&,]{0,3}){0,3}"
)


def zone_of_head(text: str) -> WrittenZone | None:
    """The zone that a folded head states for the times of its column."""
    for match in re.finditer(r"(?<![a-z])(?=[a-z(\[一-鿿])", text):
        found = _ZONE.match(text, match.start())
        names = _names(found) if found else None
        if found and names and _is_of_times(text[: match.start()], text[found.end() :]):
            return WrittenZone(match.start(), found.end(), names, found["abbr"] or "")
    return None


def _is_of_times(before: str, after: str) -> bool:
    return bool(_TIMES.fullmatch(before.strip()) and _TIMES.fullmatch(after.strip()))


def _names(match: re.Match[str]) -> tuple[str, ...] | None:
    if match["z"]:
        return ("Z",)
    if match["utc"]:
        return (_offset(match),)
    if match["named"]:
        return (_WORDS[match["named"]],)
    if clock := match["us"] or match["named_us"]:
        return (_NAMES[clock],)
    if match["local"]:
        return ()
    if match["letters"]:
        return (_LETTERS[match["letters"]],)
    if match["iana"]:
        known = _IANA.get(match["iana"])
        return None if known is None else (known,)
    found = _ABBREVIATIONS.get(match["abbr"] or "")
    return None if found is None else found[0]


def _offset(match: re.Match[str]) -> str:
    hours, minutes = int(match["oh"]), match["om"] or "00"
    if hours == 0 and minutes == "00":
        return "Z"
    return f"{match['sign']}{hours:02}:{minutes}"


_IANA = {name.casefold(): name for name in available_timezones() if "/" in name}


def zones_at(
    zone: WrittenZone,
    wall: datetime,
    countries: frozenset[str] = frozenset(),
    writers: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """The zones possible for this wall clock: an abbreviation out of its season means its place.

    countries  that the document is from; where only one meaning is theirs, it is that one
    writers    countries that its carriers write from: what they may mean as well leaves it open
    """
    _, place = _ABBREVIATIONS.get(zone.word, ((), ""))
    names = zone.names
    if meant := _MEANT_IN.get(zone.word):
        own = tuple(offset for offset in names if meant[offset] & (countries | writers))
        names = own if len(own) == 1 and meant[own[0]] & countries else names
    if not place or len(names) != 1:
        return names
    try:
        there = wall.replace(tzinfo=ZoneInfo(place)).utcoffset()
        stated = zone_of(names[0]).utcoffset(None)
    except (FormatError, ZoneInfoNotFoundError):
        return names
    if (
        there == stated
        or there is None
        or stated is None
        or abs(there - stated) > timedelta(hours=1)
    ):
        return names
    return (*names, place)
