"""What can be recognised in a line of text: order numbers, tracking numbers, dates, names.

Shared by all readers of text. A pattern finds what is written, and says so: a day and a month that
could be swapped are not read, an abbreviation such as EST is not taken for a zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
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

# A line longer than this is cut before it is searched: the patterns are linear, hostile lines long.
MAX_LINE = 2_000

_AMAZON = re.compile(r"(?<![\w-])\d{3}-\d{7}-\d{7}(?![\w-])")
_EBAY = re.compile(r"(?<![\w-])\d{2}-\d{5}-\d{5}(?![\w-])")
_LABELLED_ORDER = re.compile(
    r"(?:\border\s*(?:no\.?|number|id|#)|订单编?号|訂單編號|注文番号)\s*[:：#]?\s*"
    r"([A-Za-z0-9][A-Za-z0-9_.-]{4,39})",
    re.IGNORECASE,
)
_UPS = re.compile(r"(?<![A-Za-z0-9])1Z(?:\s?[A-Za-z0-9]){16}(?![A-Za-z0-9])", re.IGNORECASE)
_LABELLED_NUMBER = re.compile(
    r"(?:\btracking\s*(?:no\.?|number|id|#)|\bwaybill(?:\s*(?:no\.?|number))?|运单号|物流单号|快递单号"
    r"|追跡番号|sendungsnummer)\s*[:：#]?\s*([A-Za-z0-9][A-Za-z0-9 -]{6,38}[A-Za-z0-9])",
    re.IGNORECASE,
)
_TAKEN_BY = re.compile(
    r"(?:\b(?:signed|received)(?:\s+for)?\s+by|签收人|簽收人)\s*[:：]\s*(\S.{0,78})", re.IGNORECASE
)
_LEFT_AT = re.compile(r"^\s*(?:left at|delivery location)\s*[:：]\s*(\S.{0,78})", re.IGNORECASE)
# Anchored to the start: "estimated to be delivered on" is a promise, not a delivery.
_DELIVERED = re.compile(
    r"^\s*(?:delivered\s*(?:on|at)?|delivery\s+(?:date|time|date\s*/\s*time)|date\s+delivered"
    r"|签收时间|妥投时间|送达时间)\s*[:：]?\s*(?=\S)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Found:
    """A number in a line; `sure` is False where only its label speaks for it."""

    text: str
    sure: bool


def order_numbers(line: str) -> list[Found]:
    """Order numbers of a shape that is unmistakable, or that a label announces; each once."""
    line = line[:MAX_LINE]
    found = [Found(match[0], True) for shape in (_AMAZON, _EBAY) for match in shape.finditer(line)]
    known = {one.text for one in found}
    for match in _LABELLED_ORDER.finditer(line):
        text = match[1].rstrip(".-_")
        if text not in known and any(char.isdigit() for char in text):
            found.append(Found(text, False))
    return list(dict.fromkeys(found))


def tracking_numbers(line: str) -> list[Found]:
    """UPS numbers, sure if the check digit holds, and numbers that a label announces."""
    line = line[:MAX_LINE]
    found = []
    for match in _UPS.finditer(line):
        number = re.sub(r"\s", "", match[0]).upper()
        found.append(Found(number, ups_check_holds(number)))
    known = {one.text for one in found}
    for match in _LABELLED_NUMBER.finditer(line):
        number = re.sub(r"[\s-]", "", _until_a_word(match[1])).upper()
        digits = sum(char.isdigit() for char in number)
        if digits >= 6 and 8 <= len(number) <= 34 and not any(number in one for one in known):
            found.append(Found(number, False))
    return list(dict.fromkeys(found))


def _until_a_word(text: str) -> str:
    """The label's value up to the next word without a digit, such as the next label of the line."""
    kept: list[str] = []
    for word in text.split():
        if kept and not any(char.isdigit() for char in word):
            break
        kept.append(word)
    return " ".join(kept)


def ups_check_holds(number: str) -> bool:
    """Whether the last digit of a 1Z number is the check digit of the fifteen before it.

    Letters count as (their place from A + 2) mod 10; every second character is doubled in the sum.
    Source: the rule as publicly known; real numbers published by shippers test it. Some of UPS's
    own test numbers (account 12345E) break it.
    """
    if not re.fullmatch(r"1Z[0-9A-Z]{15}[0-9]", number):
        return False
    values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in number[2:17]]
    total = sum(values[0::2]) + 2 * sum(values[1::2])
    return -total % 10 == int(number[17])


def taken_by(line: str) -> str | None:
    """Who signed or received, as far as the line says."""
    match = _TAKEN_BY.search(line[:MAX_LINE])
    return _value_only(match[1]) if match else None


def left_at(line: str) -> str | None:
    match = _LEFT_AT.search(line[:MAX_LINE])
    return _value_only(match[1]) if match else None


def delivered_on(line: str) -> str | None:
    """The rest of a line that states a delivery, such as "Delivered On: …"; None if it does not."""
    match = _DELIVERED.match(line[:MAX_LINE])
    return line[match.end() : MAX_LINE] if match else None


def _value_only(text: str) -> str | None:
    value = re.split(r"\s{3,}|\t", text)[0].strip(" .;,:：")
    return value or None


_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july",
         "aug august", "sep sept september", "oct october", "nov november", "dec december"), 1
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_CLOCK = (
    r"(?:[\sT,]{1,3}(?:at\s|@\s)?(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2}))?(?!\d)"
    r"(?:\s?(?P<half>[AaPp])\.?[Mm]\b\.?)?"
    r"(?:\s?\(?(?P<zone>Z\b|(?:UTC|GMT)(?:\s?[+-]\d{1,2}(?::?\d{2})?)?|[+-]\d{2}:?\d{2}(?!\d)"
    r"|(?:Eastern|Central|Mountain|Pacific)\sTime\s\(USA\)|Beijing\s[Tt]ime|北京时间))?)?"
)
_DATES = (
    re.compile(r"(?<!\d)(?P<y>\d{4})[-/.](?P<mo>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)" + _CLOCK),
    re.compile(r"(?<!\d)(?P<y>\d{4})\s?年\s?(?P<mo>\d{1,2})\s?月\s?(?P<d>\d{1,2})\s?日" + _CLOCK),
    re.compile(
        r"(?<!\w)" + _MONTH + r"\s(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s(?P<y>\d{4})(?!\d)" + _CLOCK,
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<!\w)(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s-]" + _MONTH + r",?[\s-](?P<y>\d{4})(?!\d)"
        + _CLOCK,
        re.IGNORECASE,
    ),
)  # fmt: skip
_SLASHED = re.compile(r"(?<![\d/])(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4})(?![\d/])" + _CLOCK)
# Names of zones that are written out in full; abbreviations such as EST or CST mean several.
_ZONES = {
    "eastern": "America/New_York",
    "central": "America/Chicago",
    "mountain": "America/Denver",
    "pacific": "America/Los_Angeles",
    "beijing": "Asia/Shanghai",
    "北京时间": "Asia/Shanghai",
}


def date_order(text: str) -> str | None:
    """ "mdy" or "dmy" if dates such as 13/01/2026 in the text show one and not the other."""
    seen = set()
    for match in _SLASHED.finditer(text[:200_000]):
        a, b = int(match["a"]), int(match["b"])
        if a > 12 >= b:
            seen.add("dmy")
        elif b > 12 >= a:
            seen.add("mdy")
    return seen.pop() if len(seen) == 1 else None


def dates(line: str, *, order: str | None = None, zone: str | None = None) -> list[Time]:
    """Every date of a line, as wide as it is written, in the order of the line.

    order  "mdy" or "dmy": how 03/04/2026 is read; without it such a date is not read
    zone   what an operator declared for times of this source without a zone
    """
    line = line[:MAX_LINE]
    found = [
        (match.start(), moment)
        for match, year, month, day in _days(line, order)
        if (moment := _time(match, year, month, day, zone)) is not None
    ]
    return [moment for _, moment in sorted(found, key=lambda entry: entry[0])]


def _days(line: str, order: str | None) -> Iterator[tuple[re.Match[str], int, int, int]]:
    for shape in _DATES:
        for match in shape.finditer(line):
            fields = match.groupdict()
            named = fields.get("month")
            month = _MONTHS[named.casefold()] if named else int(fields["mo"])
            yield match, int(fields["y"]), month, int(fields["d"])
    for match in _SLASHED.finditer(line):
        a, b, year = int(match["a"]), int(match["b"]), int(match["y"])
        if a == b or b > 12 or (a <= 12 and order == "mdy"):
            yield match, year, a, b
        elif a > 12 or order == "dmy":
            yield match, year, b, a


def _time(match: re.Match[str], year: int, month: int, day: int, zone: str | None) -> Time | None:
    if not 1990 <= year <= 2100:  # a part number or a typing error, not a date of an order
        return None
    try:
        on = date(year, month, day)
        text = " ".join(match[0].split())
        if match["h"] is None:
            return LocalDate(on, text, (zone,) if zone else ())
        hour, half = int(match["h"]), (match["half"] or "").casefold()
        if half:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if half == "p" else 0)
        second = int(match["s"] or 0)
        wall = datetime(year, month, day, hour, int(match["m"]), min(second, 59))
    except ValueError:
        return None
    unit_s = 1.0 if match["s"] else 60.0
    return _placed(wall, text, match["zone"], zone, unit_s)


def _placed(wall: datetime, text: str, said: str | None, zone: str | None, unit_s: float) -> Time:
    local = LocalTime(wall, text, unit_s)
    if said is None:
        return declared(wall, text, zone=zone, unit_s=unit_s) if zone else local
    key = said.casefold()
    for word, name in _ZONES.items():
        if key.startswith(word):
            return with_zones(local, [name])
    offset = re.fullmatch(r"(?:utc|gmt)?\s?([+-])(\d{1,2}):?(\d{2})?", key)
    name = f"{offset[1]}{int(offset[2]):02}:{offset[3] or '00'}" if offset else "Z"
    try:
        shift = zone_of(name).utcoffset(None) or timedelta()
    except FormatError:
        return local
    at = declared(wall - shift, text, zone="Z", unit_s=unit_s).at
    return Instant(at, text, name, ZoneBasis.STATED, unit_s)
