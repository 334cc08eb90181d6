"""Times as mails write them: the Date header and the stamps of the servers on the way."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from evidence.errors import FormatError
from evidence.times import Instant, LocalTime, Time, ZoneBasis, declared, zone_of

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DATE = re.compile(
    r"(?:[A-Za-z]{2,9},?\s+)?(?P<day>\d{1,2})[\s-]+(?P<month>[A-Za-z]{3})[A-Za-z]{0,6}[\s-]+"
    r"(?P<year>\d{4}|\d{2})\s+(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2}))?"
    r"\s*(?P<zone>[+-]\d{4}|[A-Za-z]{1,5})?\s*(?:\(.{0,60}\))?"
)


def mail_time(text: str, *, zone: str | None = None) -> Time:
    """The time of a Date header, or of what follows the last `;` of a Received header.

    zone  what an operator declared for this clock where it writes no offset, or None

    An offset, or UT, UTC, GMT and Z, gives an Instant. No zone, `-0000` ("no information about the
    local time zone", RFC 5322, 3.3) and other letters give a LocalTime: RFC 5322, 4.3 would take
    EST for -0500, and mails sent in August say EST. Raises FormatError for anything else.
    """
    found = _DATE.fullmatch(text.strip()[:200])
    if found is None:
        raise _unreadable(text)
    seconds = int(found["s"] or 0)
    year = int(found["year"])
    if len(found["year"]) == 2:  # RFC 5322, 4.3
        year += 2000 if year < 50 else 1900
    try:
        month = _MONTHS.index(found["month"].lower()) + 1
        wall = datetime(year, month, int(found["day"]), int(found["h"]), int(found["m"]))
        if seconds > 60:  # 60 is a leap second
            raise ValueError(seconds)
        wall += timedelta(seconds=seconds)
    except (ValueError, OverflowError) as problem:
        raise _unreadable(text) from problem
    unit_s = 1.0 if found["s"] else 60.0
    offset = found["zone"] or ""
    if offset.upper() in {"UT", "UTC", "GMT", "Z"}:
        offset = "+0000"
    if offset[:1] in {"+", "-"} and offset != "-0000":
        stated = f"{offset[:3]}:{offset[3:]}"
        at = declared(wall, text, zone=stated).at
        return Instant(at, text, stated, ZoneBasis.STATED, unit_s)
    if zone is not None and offset in {"", "-0000"}:
        zone_of(zone)
        return declared(wall, text, zone=zone, unit_s=unit_s)
    return LocalTime(wall, text, unit_s)


def _unreadable(text: str) -> FormatError:
    return FormatError(
        what=f"the mail date {text[:60]!r}", why="it is not written as RFC 5322 asks"
    )
