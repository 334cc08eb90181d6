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

from evidence.canonical import writable
from evidence.errors import FormatError
from evidence.fields import Fields

# The offsets in civil use since 1900 run from UTC-12 (Baker Island) to UTC+14 (Line Islands).
WEST_MOST = timedelta(hours=-12)
EAST_MOST = timedelta(hours=14)

# A time of any form we read is far shorter; longer text is not looked at.
MAX_TEXT = 100

# No source writes times to more than a day, and no clock change repeats more than one.
MAX_UNIT_US = 86_400_000_000
MAX_SLACK_US = 2 * MAX_UNIT_US

_LAST = datetime.max.replace(tzinfo=UTC)


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

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise FormatError(what="an instant", why="its time has no zone")
        if self.at.tzinfo is not UTC:
            object.__setattr__(self, "at", self.at.astimezone(UTC))
        object.__setattr__(self, "text", writable(self.text))

    @property
    def span(self) -> Span:
        # The last moment inside the unit: 14:00 to the minute is 14:00:00 to 14:00:59.999999.
        return Span(self.at, _later(self.at, self.unit_s + self.slack_s))

    def __str__(self) -> str:
        said = rfc3339(self.at, unit_s=self.unit_s)
        if self.slack_s:
            said += f" or up to {self.slack_s:.0f} s later"
        return f"{self.text} ({said})"


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A wall clock without a zone; `zones` are the IANA zones possible at its place, () if any."""

    wall: datetime
    text: str
    unit_s: float = 1.0
    zones: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.wall.tzinfo is not None:
            raise FormatError(what="a local time", why="it has a zone, so it is an instant")
        object.__setattr__(self, "text", writable(self.text))

    @property
    def span(self) -> Span:
        starts = _possible_starts(self.wall, self.zones)
        return Span(min(starts), _later(max(starts), self.unit_s))

    def __str__(self) -> str:
        where = " or ".join(self.zones[:3]) if self.zones else "zone unknown"
        return f"{self.text} (local, {where})"


@dataclass(frozen=True, slots=True)
class LocalDate:
    """A calendar day: 24 hours (23 or 25 at a clock change) in each zone that is possible."""

    day: date
    text: str
    zones: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.day, datetime):  # a datetime is a date to Python, and to mypy
            raise FormatError(what="a local date", why="it has a time of day")
        object.__setattr__(self, "text", writable(self.text))

    @property
    def span(self) -> Span:
        first = _possible_starts(datetime.combine(self.day, time()), self.zones)
        try:
            following = datetime.combine(self.day + timedelta(days=1), time())
        except OverflowError:  # 9999-12-31
            return Span(min(first), _LAST)
        after = _possible_starts(following, self.zones)
        return Span(min(first), max(after) - timedelta(microseconds=1))

    def __str__(self) -> str:
        where = " or ".join(self.zones[:3]) if self.zones else "zone unknown"
        return f"{self.text} (a day, {where})"


Time = Instant | LocalTime | LocalDate


def before(first: Time, second: Time) -> bool | None:
    """True if `first` ends before `second` begins whatever the zones, False if it cannot, or None.

    False means every reading puts `first` after `second`'s last moment. Two equal microseconds
    decide nothing: each may be the cut of a finer time.
    """
    a, b = first.span, second.span
    if a.latest < b.earliest:
        return True
    if a.earliest > b.latest:
        return False
    return None


def _later(start: datetime, width_s: float) -> datetime:
    """The last microsecond of a unit that begins at `start`; never past the year 9999."""
    try:
        return start + timedelta(seconds=max(width_s - 1e-6, 0.0))
    except OverflowError:
        return _LAST


def _possible_starts(wall: datetime, zones: tuple[str, ...]) -> list[datetime]:
    if not zones:
        return [_utc(wall, timezone(EAST_MOST)), _utc(wall, timezone(WEST_MOST))]
    # Both folds: a repeated hour is two instants, and the source did not say which.
    return [_utc(wall.replace(fold=fold), zone_of(name)) for name in zones for fold in (0, 1)]


def _utc(wall: datetime, zone: timezone | ZoneInfo) -> datetime:
    """The UTC instant of a wall clock; at the ends of the calendar the nearest there is."""
    try:
        return wall.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        edge = datetime.min if wall.year < 5000 else datetime.max
        return edge.replace(tzinfo=UTC)


_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,30}(/[A-Za-z0-9_+-]{1,30}){1,2}")


def zone_of(name: str) -> ZoneInfo | timezone:
    """The zone called `name`: an IANA name, "Z", "UTC" or an offset such as "+08:00".

    Raises FormatError for anything else; a zone is never guessed from an abbreviation.
    """
    if name in {"Z", "UTC"}:
        return UTC
    if match := re.fullmatch(r"([+-])([0-9]{2}):?([0-9]{2})", name):
        sign = -1 if match[1] == "-" else 1
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        if offset <= timedelta(hours=15) and int(match[3]) < 60:
            return timezone(sign * offset)
    # right/ counts leap seconds and so is 27 s off; posix/ is every zone under a second name.
    if _ZONE.fullmatch(name) and not name.startswith(("right/", "posix/")):
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

    In the hour that a clock change repeats, and in the hour that it skips, the offsets from before
    and from after the change both stay possible, so the instant gets that much wider.
    Raises FormatError outside the years 1 to 9999.
    """
    info = zone_of(zone)
    try:
        wall.replace(tzinfo=info).astimezone(UTC)
    except OverflowError as problem:
        raise _unreadable(text) from problem
    early = _utc(wall.replace(fold=0), info)
    late = _utc(wall.replace(fold=1), info)
    start, slack = min(early, late), abs((late - early).total_seconds())
    return Instant(start, text, zone, ZoneBasis.DECLARED, unit_s, slack)


_ISO = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:[Tt ](?P<h>\d{2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?P<frac>[.,]\d{1,9})?)?"
    r"\s?(?P<zone>Z|z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
_RFC3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{3}|\.[0-9]{6})?Z")


def parse_iso(text: str, *, zone: str | None = None) -> Time:
    """Read an ISO 8601 time: an Instant if it has an offset, else a LocalTime, or a LocalDate.

    zone  what an operator declared for this source's times without an offset, or None

    Fractions finer than a microsecond are cut, `text` keeps them. Raises FormatError for anything
    else; a leap second (:60) and 24:00 are refused, for they name the next minute and the next day.
    """
    found = _ISO.fullmatch(text.strip()) if len(text) <= MAX_TEXT else None
    if found is None:
        raise _unreadable(text)
    seconds, fraction = found["s"], (found["frac"] or ".")[1:]
    try:
        day = date.fromisoformat(found["day"])
        if found["h"] is None:
            if zone is not None:
                zone_of(zone)
            return LocalDate(day, text, (zone,) if zone else ())
        micro = int(fraction[:6].ljust(6, "0"))
        wall = datetime.combine(
            day, time(int(found["h"]), int(found["m"]), int(seconds or 0), micro)
        )
    except ValueError as problem:
        raise _unreadable(text) from problem
    unit_s = 60.0 if seconds is None else 10.0 ** -min(len(fraction), 6)
    if offset := found["zone"]:
        name = "Z" if offset in "Zz" else _offset_name(offset)
        stated = declared(wall, text, zone=name, unit_s=unit_s)
        return Instant(stated.at, text, name, ZoneBasis.STATED, unit_s)
    if zone is not None:
        return declared(wall, text, zone=zone, unit_s=unit_s)
    return LocalTime(wall, text, unit_s)


def _offset_name(offset: str) -> str:
    digits = offset[1:].replace(":", "").ljust(4, "0")
    return f"{offset[0]}{digits[:2]}:{digits[2:]}"


def from_epoch(seconds: float, text: str, *, unit_s: float = 1.0) -> Instant:
    """The instant of a POSIX time; FormatError for NaN and outside the years 1970 to 9999."""
    try:
        if not seconds >= 0:  # NaN is neither
            raise ValueError("before 1970")
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except (OverflowError, ValueError) as problem:
        raise _unreadable(text) from problem
    return Instant(at, text, "Z", ZoneBasis.STATED, unit_s)


def rfc3339(at: datetime, *, unit_s: float = 1e-6) -> str:
    """UTC with `Z`; microseconds unless a coarser unit is asked for.

    Raises FormatError for a time without a zone: the machine's own would be a guess.
    """
    if at.tzinfo is None:
        raise FormatError(what="a time to be written", why="it has no zone")
    whole = at if at.tzinfo is UTC else at.astimezone(UTC)
    spec = "microseconds" if unit_s < 1e-3 else "milliseconds" if unit_s < 1 else "seconds"
    return whole.isoformat(timespec=spec)[: -len("+00:00")] + "Z"


def parse_rfc3339(text: str) -> datetime:
    """The inverse of `rfc3339`; FormatError for anything that it would not write."""
    if not _RFC3339.fullmatch(text):
        raise _unreadable(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError as problem:
        raise _unreadable(text) from problem


def with_zones(moment: Time, zones: Iterable[str]) -> Time:
    """The same wall clock, narrowed to the zones that its place allows.

    An instant stays, and so does what was narrowed before. Raises FormatError for an unknown zone.
    """
    names = tuple(sorted(set(zones)))
    for name in names:
        zone_of(name)
    if isinstance(moment, Instant) or moment.zones:
        return moment
    if isinstance(moment, LocalTime):
        return LocalTime(moment.wall, moment.text, moment.unit_s, names)
    return LocalDate(moment.day, moment.text, names)


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


_SEALED = {
    "instant": ("at", "zone", "basis", "unit_us", "slack_us"),
    "local_time": ("wall", "zones", "unit_us"),
    "local_date": ("day", "zones"),
}


def time_from_json(value: object) -> Time:
    """The inverse of `time_to_json`; FormatError on any other shape.

    `earliest` and `latest` are for readers without time-zone data; here they only have to be times,
    and whoever checks a seal compares them with what `time_to_json` gives.
    """
    what = "a sealed time"
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if not isinstance(kind, str) or kind not in _SEALED:
        raise FormatError(what=what, why="its kind is not known")
    read = Fields(value, ("kind", "text", "earliest", "latest", *_SEALED[kind]), what=what)
    text = read.text("text")
    parse_rfc3339(read.text("earliest"))
    parse_rfc3339(read.text("latest"))
    if kind == "instant":
        zone = read.text("zone")
        zone_of(zone)
        return Instant(
            parse_rfc3339(read.text("at")),
            text,
            zone,
            read.choice("basis", ZoneBasis),
            read.number("unit_us", most=MAX_UNIT_US) / 1e6,
            read.number("slack_us", most=MAX_SLACK_US) / 1e6,
        )
    zones = read.texts("zones")
    for name in zones:
        zone_of(name)
    try:
        if kind == "local_time":
            said = read.text("wall")
            wall = datetime.fromisoformat(said)
            if wall.isoformat(timespec="microseconds") != said:
                raise ValueError("not the form that time_to_json writes")
            return LocalTime(wall, text, read.number("unit_us", most=MAX_UNIT_US) / 1e6, zones)
        said = read.text("day")
        day = date.fromisoformat(said)
        if day.isoformat() != said:
            raise ValueError("not the form that time_to_json writes")
    except ValueError as problem:
        raise FormatError(what=what, why="its wall clock or day is not a time") from problem
    return LocalDate(day, text, zones)


def _unreadable(text: str) -> FormatError:
    return FormatError(what=f"the time {text[:60]!r}", why="it is not a time of the form expected")
