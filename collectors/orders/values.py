"""How an operator declared that a source's values are to be read: zones, currency, formats.

What a source writes without saying more (a local time, an amount without a currency) is only made
more of it where somebody declared what it means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from evidence.errors import ConfigError, FormatError, RequestError
from evidence.times import (
    Instant,
    LocalDate,
    LocalTime,
    Time,
    ZoneBasis,
    declared,
    parse_iso,
    zone_of,
)
from evidence.vocabulary import Kind, name_of

_YEAR_FIRST = re.compile(
    r"(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}(?:,\d{3})*(?:\.\d+)?"),
    ",": re.compile(r"[+-]?\d{1,3}(?:\.\d{3})*(?:,\d+)?"),
}
_CODED = re.compile(r"(?:([A-Z]{3})\s*)?([+-]?[\d.,]+)(?:\s*([A-Z]{3}))?")

_EPOCH = {"s": 1, "ms": 1_000}
_DIGITS = re.compile(r"\d{1,16}(?:\.\d{1,9})?")
_SINCE = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The declaration. A `place` is a column's heading, or a path into an answer.

    zone, zones   zone of all times without an offset, and of single places; "" where undeclared
    currency      of amounts that do not name theirs; "" where undeclared
    date_formats  strptime formats, tried in order after ISO 8601 and year-first dates
    epoch         "s" or "ms" where times are numbers counted from 1970, UTC; "" where they are not
    decimal       "." or "," where amounts group their thousands; "" allows plain numbers only
    countries     a source's words for countries -> ISO 3166-1 alpha-2
    """

    zone: str = ""
    zones: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    date_formats: tuple[str, ...] = ()
    epoch: str = ""
    decimal: str = ""
    countries: Mapping[str, str] = field(default_factory=dict)

    def value_of(self, name: str, place: str, said: str) -> str | Time:
        """What the fact `name` is if `said` is said of it; FormatError if it can be nothing."""
        match name_of(name).kind:
            case Kind.TIME:
                return self.time_of(place, said)
            case Kind.AMOUNT:
                return self._amount(said)
            case Kind.NUMBER:
                return self._number(said)
            case Kind.COUNTRY:
                code = self.countries.get(said, said).upper()
                if not re.fullmatch(r"[A-Z]{2}", code):
                    raise FormatError(
                        what=f"the country under {place!r}",
                        why="it is no two-letter code; declare the word under `countries`",
                    )
                return code
            case Kind.FLAG:
                if said.lower() not in {"yes", "no"}:
                    raise FormatError(what=f"the flag under {place!r}", why="it is not yes or no")
                return said.lower()
        return said

    def zone_of(self, place: str) -> str | None:
        return self.zones.get(place) or self.zone or None

    def time_of(self, place: str, said: str) -> Time:
        """A time as wide as what is said and the declared zone leave it.

        ISO 8601 and dates that begin with the year are read as they stand. Anything else needs a
        declared format: 6/7/2026 is June to some and July to others.
        """
        zone = self.zone_of(place)
        if self.epoch and _DIGITS.fullmatch(said):
            return self._since_1970(said)
        try:
            return parse_iso(said, zone=zone)
        except FormatError:
            pass
        if found := _YEAR_FIRST.fullmatch(said):
            year, month, day, h, m, s = (int(part or 0) for part in found.groups())
            unit_s = 86400.0 if found[4] is None else 60.0 if found[6] is None else 1.0
            try:
                return wall_time(datetime(year, month, day, h, m, s), said, unit_s, zone=zone)
            except ValueError:
                pass
        for layout in self.date_formats:
            try:
                wall = datetime.strptime(said, layout)
            except ValueError:
                continue
            unit_s = 1.0 if re.search(r"%[STcX]", layout) else 60.0 if "%M" in layout else 86400.0
            if wall.tzinfo is not None:
                offset = wall.strftime("%z")
                name = f"{offset[:3]}:{offset[3:5]}"
                naive = wall.replace(tzinfo=None)
                at = declared(naive, said, zone=name).at
                return Instant(at, said, name, ZoneBasis.STATED, unit_s)
            return wall_time(wall, said, unit_s, zone=zone)
        raise FormatError(
            what=f"the time under {place!r}",
            why="it is neither ISO 8601 nor in a declared one of `date_formats`",
        )

    def _since_1970(self, said: str) -> Time:
        try:
            at = _SINCE + timedelta(seconds=float(said) / _EPOCH[self.epoch])
        except OverflowError:
            raise FormatError(what="a time counted from 1970", why="it is too large") from None
        return Instant(at, said, "Z", ZoneBasis.DECLARED, 1 / _EPOCH[self.epoch])

    def _number(self, said: str) -> str:
        if _PLAIN_NUMBER.fullmatch(said):
            return said
        if self.decimal and _GROUPED[self.decimal].fullmatch(said):
            group = "," if self.decimal == "." else "."
            return said.replace(group, "").replace(",", ".")
        raise FormatError(
            what="a number",
            why="it is not written with digits and a point; declare `decimal` if it is a comma",
        )

    def _amount(self, said: str) -> str:
        found = _CODED.fullmatch(said)
        currency = (found[1] or found[3] or self.currency) if found else ""
        if found is None or not currency:
            raise FormatError(
                what="an amount", why="it names no currency, and no `currency` is declared"
            )
        return f"{self._number(found[2])} {currency}"


def wall_time(wall: datetime, said: str, unit_s: float, *, zone: str | None) -> Time:
    """A clock's reading without an offset: a day, a local time, or, declared, an instant."""
    if unit_s >= 86400:
        return LocalDate(wall.date(), said, (zone,) if zone else ())
    if zone is not None:
        return declared(wall, said, zone=zone, unit_s=unit_s)
    return LocalTime(wall, said, unit_s)


def checked(said: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a Values, checked; RequestError that names the one that is wrong."""
    zones = words(said, "zones")
    zone = word(said, "zone")
    named = {"zone": zone, **{f"zones.{place}": of for place, of in zones.items()}}
    for setting, name in named.items():
        try:
            zone_of(name or "UTC")
        except FormatError:
            why = f"{name[:60]!r} is no time zone, such as Asia/Shanghai"
            raise wrong(setting, why) from None
    currency = word(said, "currency")
    if currency and not re.fullmatch(r"[A-Z]{3}", currency):
        raise wrong("currency", "it is no three-letter code such as USD")
    decimal = word(said, "decimal")
    if decimal not in {"", ".", ","}:
        raise wrong("decimal", 'it is neither "." nor ","')
    epoch = word(said, "epoch")
    if epoch not in {"", *_EPOCH}:
        raise wrong("epoch", 'it is neither "s" nor "ms"')
    formats = said.get("date_formats", ())
    if isinstance(formats, str) or not all(isinstance(f, str) and "%" in f for f in formats):
        raise wrong("date_formats", "it is not a list of formats such as %d.%m.%Y %H:%M")
    if any("%Z" in f for f in formats):
        raise wrong("date_formats", "%Z reads names such as EST, which are no zones")
    return {
        "zone": zone,
        "zones": zones,
        "currency": currency,
        "date_formats": tuple(formats),
        "epoch": epoch,
        "decimal": decimal,
        "countries": words(said, "countries"),
    }


def word(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name, "")
    if not isinstance(value, str):
        raise wrong(name, "it is not text")
    return value


def words(said: Mapping[str, Any], name: str) -> dict[str, str]:
    value = said.get(name, {})
    if not isinstance(value, Mapping) or not all(
        isinstance(k, str) and isinstance(v, str) for k, v in value.items()
    ):
        raise wrong(name, "it is not a table of texts")
    return {k.strip(): v for k, v in value.items()}


def wrong(name: str, why: str) -> RequestError:
    return ConfigError(what=f"the setting {name[:80]}", why=why)
