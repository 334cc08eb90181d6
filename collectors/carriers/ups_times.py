"""The times in UPS's answers: what they say, and no more.

date 20250826, time 084434               a wall clock at the scan place, no zone
gmtDate 20250826, gmtTime 15:44:34       the same moment in UTC; also 154434 and 74700
gmtOffset -07:00                         the scan place's offset; Track Alert writes -07.00
deliveryDate 20250826, endTime 084434    a wall clock, no zone anywhere
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from evidence.errors import FormatError
from evidence.pages import Node
from evidence.times import (
    EAST_MOST,
    WEST_MOST,
    Instant,
    LocalDate,
    LocalTime,
    Time,
    ZoneBasis,
    zone_of,
)

_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CLOCK = re.compile(r"(\d{1,2}):?(\d{2}):?(\d{2})")
_OFFSET = re.compile(r"([+-]\d{2})[:.]?(\d{2})")
# UPS may round the two clocks apart.
_AGREE = timedelta(seconds=60)


def scan_time(activity: Node) -> Time | None:
    """When an activity was, or None if it has no date.

    An Instant if UPS states UTC or the offset. Where its UTC and its wall clock contradict each
    other, we do not choose: the wall clock stays, without a zone. ShapeError for other shapes.
    """
    wall = _wall(activity["date"], activity["time"])
    utc = _wall(activity["gmtDate"], activity["gmtTime"])
    zone = _zone(activity["gmtOffset"])
    if not isinstance(utc, datetime):
        utc = None
    if isinstance(wall, datetime):
        text = f"{activity['date'].text()} {activity['time'].text()}"
        if zone is not None:
            stated = wall.replace(tzinfo=zone_of(zone)).astimezone(UTC)
            if utc is None or abs(utc.replace(tzinfo=UTC) - stated) <= _AGREE:
                at = stated if utc is None else utc.replace(tzinfo=UTC)
                return Instant(at, f"{text} {zone}", zone, ZoneBasis.STATED)
            return LocalTime(wall, text)
        if utc is None or not WEST_MOST <= wall - utc <= EAST_MOST:
            return LocalTime(wall, text)
    if utc is not None:
        text = f"{activity['gmtDate'].text()} {activity['gmtTime'].text()} GMT"
        return Instant(utc.replace(tzinfo=UTC), text, "Z", ZoneBasis.STATED)
    if wall is not None and not isinstance(wall, datetime):
        return LocalDate(wall, activity["date"].text())
    return None


def delivery_time(said: Node, clock: Node) -> Time | None:
    """An entry of `deliveryDate` with the package's `deliveryTime`, if it says delivered (DEL)."""
    if said["type"].text_or_none() != "DEL":
        return None
    of_delivery = clock["type"].text_or_none() == "DEL"
    wall = _wall(said["date"], clock["endTime"] if of_delivery else clock["-"])
    if isinstance(wall, datetime):
        return LocalTime(wall, f"{said['date'].text()} {clock['endTime'].text()}")
    return None if wall is None else LocalDate(wall, said["date"].text())


def _wall(day: Node, clock: Node) -> datetime | date | None:
    """Date and clock together, the date alone, or None without a date."""
    on = day.text_or_none()
    if on is None:
        return None
    found = _DATE.fullmatch(on)
    try:
        if found is None or not 1990 <= int(found[1]) < 2200:
            raise ValueError("another form")
        calendar = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise day.misshapen("a date as YYYYMMDD") from None
    at = clock.text_or_none()
    if at is None:
        return calendar
    of_day = _CLOCK.fullmatch(at)
    try:
        if of_day is None:
            raise ValueError("another form")
        return datetime.combine(calendar, time(int(of_day[1]), int(of_day[2]), int(of_day[3])))
    except ValueError:
        raise clock.misshapen("a time as HHMMSS") from None


def _zone(offset: Node) -> str | None:
    said = offset.text_or_none()
    if said is None:
        return None
    found = _OFFSET.fullmatch(said)
    name = f"{found[1]}:{found[2]}" if found else ""
    try:
        zone_of(name)
    except FormatError:
        raise offset.misshapen("an offset as -05:00") from None
    return name
