"""In which weeks does some place on earth change its clocks?

A source without a zone has one zone, but that zone may change its offset between two of its times.
Outside these weeks it cannot, so its times are tied to the second; inside them, to the hour.

Source: the time-zone database that Python finds (its version is sealed in the manifest). Each week
is compared with the next in every zone; no zone has changed twice within a week.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

# The largest change in civil use since 1970; Lord Howe's is half an hour, Samoa's day was once.
CHANGE = timedelta(hours=1)
_WEEK = timedelta(days=7)
_EPOCH = date(1970, 1, 1)


def may_change(first: date, last: date) -> bool:
    """Whether any zone changes its offset between these days, or within a day of them.

    True beyond 1970 to 2037, where the database does not say.
    """
    if first.year < 1971 or last.year > 2036 or last - first > timedelta(days=60):
        return True
    start, stop = _week(first - timedelta(days=1)), _week(last + timedelta(days=1))
    return any(_restless(week) for week in range(start, stop + 1))


def _week(day: date) -> int:
    return (day - _EPOCH).days // 7


@lru_cache(maxsize=4096)
def _restless(week: int) -> bool:
    begin = datetime(1970, 1, 1, tzinfo=UTC) + week * _WEEK
    end = begin + _WEEK
    return any(
        begin.astimezone(zone).utcoffset() != end.astimezone(zone).utcoffset() for zone in _zones()
    )


@lru_cache(maxsize=1)
def _zones() -> tuple[ZoneInfo, ...]:
    names = sorted(name for name in available_timezones() if "/" in name)
    zones = []
    for name in names:
        if name.startswith(("posix/", "right/", "Etc/")):
            continue
        try:
            zones.append(ZoneInfo(name))
        except (ZoneInfoNotFoundError, OSError, ValueError):
            continue
    return tuple(zones)
