"""A time exactly as wide as its source leaves it.

An `Instant` had a zone, stated by the source or declared by whoever configured it. A `LocalTime`
had none: every zone possible at its place stays possible, 26 hours wide where the place is unknown.
A `LocalDate` is a day wide, and wider still without a zone. Nothing here takes a bare time for UTC
or a bare date for midnight.

`span` is what a time allows, as UTC instants; `before` compares two times by their spans and
answers None where the spans do not decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from evidence.errors import FormatError

# The offsets in civil use run from UTC-12 (Baker Island) to UTC+14 (Line Islands).
WEST_MOST = timedelta(hours=-12)
EAST_MOST = timedelta(hours=14)


class ZoneBasis(StrEnum):
    """Why we believe in a zone: the source wrote it, an operator declared it, or nobody did."""

    STATED = "stated"
    DECLARED = "declared"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Span:
    """The UTC instants a time can mean, both ends included."""

    earliest: datetime
    latest: datetime

    @property
    def width_s(self) -> float:
        return (self.latest - self.earliest).total_seconds()

    def overlaps(self, other: Span) -> bool:
        return self.earliest <= other.latest and other.earliest <= self.latest


@dataclass(frozen=True, slots=True)
class Instant:
    """A time with a zone.

    at      UTC, aware
    text    as the source wrote it
    zone    "Z", "+08:00" or an IANA name
    unit_s  the source's smallest unit: a time written to the minute is 60 seconds wide
    slack_s extra width on top, where a declared zone leaves a repeated hour open
    """

    at: datetime
    text: str
    zone: str = "Z"
    basis: ZoneBasis = ZoneBasis.STATED
    unit_s: float = 1.0
    slack_s: float = 0.0

    @property
    def span(self) -> Span:
        # The last moment inside the unit: 14:00 to the minute is 14:00:00 to 14:00:59.999999.
        inside = max(self.unit_s + self.slack_s - 1e-6, 0.0)
        return Span(self.at, self.at + timedelta(seconds=inside))

    def __str__(self) -> str:
        return f"{self.text} ({rfc3339(self.at, unit_s=self.unit_s)})"


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A wall clock without a zone; `zones` are the IANA zones possible at its place, () if any."""

    wall: datetime
    text: str
    unit_s: float = 1.0
    zones: tuple[str, ...] = ()

    @property
    def span(self) -> Span:
        starts = _possible_starts(self.wall, self.zones)
        inside = timedelta(seconds=max(self.unit_s - 1e-6, 0.0))
        return Span(min(starts), max(starts) + inside)

    def __str__(self) -> str:
        where = " or ".join(self.zones[:3]) if self.zones else "zone unknown"
        return f"{self.text} (local, {where})"


@dataclass(frozen=True, slots=True)
class LocalDate:
    """A calendar day: 24 hours (23 or 25 at a clock change) in each zone that is possible."""

    day: date
    text: str
    zones: tuple[str, ...] = ()

    @property
    def span(self) -> Span:
        first = _possible_starts(datetime.combine(self.day, time()), self.zones)
        try:
            following = datetime.combine(self.day + timedelta(days=1), time())
        except OverflowError:  # 9999-12-31
            return Span(min(first), datetime.max.replace(tzinfo=UTC))
        after = _possible_starts(following, self.zones)
        return Span(min(first), max(after) - timedelta(microseconds=1))

    def __str__(self) -> str:
        where = " or ".join(self.zones[:3]) if self.zones else "zone unknown"
        return f"{self.text} (a day, {where})"


Time = Instant | LocalTime | LocalDate


def before(first: Time, second: Time) -> bool | None:
    """True if `first` ends before `second` begins whatever the zones, False if it cannot, or None.

    False means every reading puts `first` at or after `second`'s last moment.
    """
    a, b = first.span, second.span
    if a.latest < b.earliest:
        return True
    if a.earliest >= b.latest:
        return False
    return None


def _possible_starts(wall: datetime, zones: tuple[str, ...]) -> list[datetime]:
    if not zones:
        return [_utc(wall, timezone(EAST_MOST)), _utc(wall, timezone(WEST_MOST))]
    # Both folds: a repeated hour is two instants, and the source did not say which.
    return [_utc(wall.replace(fold=fold), zone_of(name)) for name in zones for fold in (0, 1)]


def _utc(wall: datetime, zone: timezone | ZoneInfo) -> datetime:
    try:
        return wall.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        edge = datetime.min if wall.year < 5000 else datetime.max
        return edge.replace(tzinfo=UTC)


def zone_of(name: str) -> ZoneInfo | timezone:
    """The zone called `name`: an IANA name, "Z", "UTC" or an offset such as "+08:00".

    Raises FormatError for anything else; a zone is never guessed from an abbreviation.
    """
    if name in {"Z", "UTC"}:
        return UTC
    if match := re.fullmatch(r"([+-])(\d{2}):?(\d{2})", name):
        sign = -1 if match[1] == "-" else 1
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        if offset <= timedelta(hours=15) and int(match[3]) < 60:
            return timezone(sign * offset)
    if re.fullmatch(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){1,2}", name):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise FormatError(
        what=f"the zone {name[:40]!r}",
        why="it is neither an IANA name such as Asia/Shanghai nor an offset such as +08:00",
    )


def declared(wall: datetime, text: str, *, zone: str, unit_s: float = 1.0) -> Instant:
    """The instant of a wall clock whose zone an operator declared.

    In the hour a clock change repeats both readings stay possible, so the instant gets wider;
    a wall time that the change skips is read with the offset from before the change.
    """
    info = zone_of(zone)
    early = _utc(wall.replace(fold=0), info)
    late = _utc(wall.replace(fold=1), info)
    start, slack = min(early, late), abs((late - early).total_seconds())
    return Instant(start, text, zone, ZoneBasis.DECLARED, unit_s, slack)


_ISO = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<hm>\d{2}:\d{2})(?::(?P<s>\d{2})(?P<frac>[.,]\d{1,9})?)?"
    r"\s?(?P<zone>Z|z|[+-]\d{2}(?::?\d{2})?)?)?"
)


def parse_iso(text: str, *, zone: str | None = None) -> Time:
    """Read an ISO 8601 time: an Instant if it has an offset, else a LocalTime, or a LocalDate.

    zone  what an operator declared for this source's times without an offset, or None

    Fractions finer than a microsecond are cut, `text` keeps them. Raises FormatError otherwise.
    """
    found = _ISO.fullmatch(text.strip())
    if found is None:
        raise _unreadable(text)
    try:
        day = date.fromisoformat(found["day"])
        if found["hm"] is None:
            if zone is not None:
                zone_of(zone)
            return LocalDate(day, text, (zone,) if zone else ())
        seconds = found["s"]
        clock = time.fromisoformat(found["hm"] + (f":{seconds}" if seconds else ""))
        wall = datetime.combine(day, clock)
        if found["frac"]:
            wall += timedelta(microseconds=int(found["frac"][1:7].ljust(6, "0")))
    except ValueError as problem:
        raise _unreadable(text) from problem
    unit_s = 60.0 if seconds is None else 10.0 ** -min(len(found["frac"] or ".") - 1, 6)
    if offset := found["zone"]:
        name = "Z" if offset in "Zz" else _offset_name(offset)
        return Instant(_utc(wall, zone_of(name)), text, name, ZoneBasis.STATED, unit_s)
    if zone is not None:
        return declared(wall, text, zone=zone, unit_s=unit_s)
    return LocalTime(wall, text, unit_s)


def _offset_name(offset: str) -> str:
    digits = offset[1:].replace(":", "").ljust(4, "0")
    return f"{offset[0]}{digits[:2]}:{digits[2:]}"


def from_epoch(seconds: float, text: str, *, unit_s: float = 1.0) -> Instant:
    """The instant of a POSIX time; FormatError outside the years 1970 to 9999."""
    try:
        if seconds < 0:
            raise ValueError("before 1970")
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except (OverflowError, ValueError) as problem:
        raise _unreadable(text) from problem
    return Instant(at, text, "Z", ZoneBasis.STATED, unit_s)


def rfc3339(at: datetime, *, unit_s: float = 1e-6) -> str:
    """UTC with `Z`; microseconds unless a coarser unit is asked for ."""
    whole = at.astimezone(UTC).replace(tzinfo=None)
    spec = "microseconds" if unit_s < 1e-3 else "milliseconds" if unit_s < 1 else "seconds"
    return whole.isoformat(timespec=spec) + "Z"


def parse_rfc3339(text: str) -> datetime:
    """The inverse of `rfc3339`; FormatError unless UTC with `Z`."""
    time_ = parse_iso(text)
    if not isinstance(time_, Instant) or time_.zone != "Z":
        raise _unreadable(text)
    return time_.at


def with_zones(moment: Time, zones: Iterable[str]) -> Time:
    """The same wall clock, narrowed to the zones that its place allows; instants stay."""
    names = tuple(sorted(set(zones)))
    if isinstance(moment, LocalTime):
        return LocalTime(moment.wall, moment.text, moment.unit_s, names)
    if isinstance(moment, LocalDate) and not moment.zones:
        return LocalDate(moment.day, moment.text, names)
    return moment


def time_to_json(moment: Time) -> dict[str, Any]:
    """The sealed form: what was written, what it can mean, and why we think so."""
    span = moment.span
    base: dict[str, Any] = {
        "text": moment.text,
        "earliest": rfc3339(span.earliest),
        "latest": rfc3339(span.latest),
    }
    extra: dict[str, Any]
    match moment:
        case Instant():
            extra = {
                "kind": "instant",
                "at": rfc3339(moment.at),
                "zone": moment.zone,
                "basis": str(moment.basis),
                "unit_us": round(moment.unit_s * 1e6),
                "slack_us": round(moment.slack_s * 1e6),
            }
        case LocalTime():
            extra = {
                "kind": "local_time",
                "wall": moment.wall.isoformat(timespec="microseconds"),
                "zones": list(moment.zones),
                "unit_us": round(moment.unit_s * 1e6),
            }
        case _:
            extra = {
                "kind": "local_date",
                "day": moment.day.isoformat(),
                "zones": list(moment.zones),
            }
    return base | extra


def time_from_json(value: Mapping[str, Any]) -> Time:
    """The inverse of `time_to_json`; FormatError on any other shape."""
    try:
        text = str(value["text"])
        zones = tuple(str(name) for name in value.get("zones", ()))
        match value["kind"]:
            case "instant":
                return Instant(
                    parse_rfc3339(value["at"]),
                    text,
                    str(value["zone"]),
                    ZoneBasis(value["basis"]),
                    value["unit_us"] / 1e6,
                    value["slack_us"] / 1e6,
                )
            case "local_time":
                wall = datetime.fromisoformat(value["wall"])
                return LocalTime(wall, text, value["unit_us"] / 1e6, zones)
            case "local_date":
                return LocalDate(date.fromisoformat(value["day"]), text, zones)
    except (KeyError, TypeError, ValueError) as problem:
        raise FormatError(what="a sealed time", why=f"{problem}") from problem
    raise FormatError(what="a sealed time", why=f"its kind is {value['kind']!r}")


def _unreadable(text: str) -> FormatError:
    return FormatError(what=f"the time {text[:60]!r}", why="it is not a time of the form expected")
