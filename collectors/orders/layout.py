"""How an operator declared that a table is to be read: which column is which fact, and its zone.

A layout travels with the item as canonical JSON (`Item.hints["table"]`), so that the table is read
the same way in ten years, whatever the configuration says by then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from evidence.canonical import canonical, parse_json
from evidence.errors import ConfigError, FormatError, RequestError
from evidence.items import Role
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
from evidence.vocabulary import VOCABULARY, Kind, name_of

# Columns that can say whose row it is.
IDENTITY = frozenset({"order.id", "order.alias", "shipment.tracking_number"})

_ROLES = {
    str(role)
    for role in (
        Role.ORDER_RECORD, Role.SHIPMENT_RECORD, Role.PAYMENT_RECORD, Role.REFUND_RECORD,
    )
}  # fmt: skip
_SETTINGS = frozenset(
    {
        "columns", "zone", "zones", "currency", "date_formats", "encoding", "delimiter", "decimal",
        "countries", "role", "sheet", "pattern",
    }
)  # fmt: skip
_YEAR_FIRST = re.compile(
    r"(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_GROUPED = {
    ".": re.compile(r"[+-]?\d{1,3}(?:,\d{3})*(?:\.\d+)?"),
    ",": re.compile(r"[+-]?\d{1,3}(?:\.\d{3})*(?:,\d+)?"),
}
_CODED = re.compile(r"(?:([A-Z]{3})\s*)?([+-]?[\d.,]+)(?:\s*([A-Z]{3}))?")


@dataclass(frozen=True, slots=True)
class Layout:
    """The declaration.

    columns       heading -> fact name
    zone, zones   zone of all times without an offset, and of single columns; "" where undeclared
    currency      of amounts that do not name theirs; "" where undeclared
    date_formats  strptime formats, tried in order after ISO 8601 and year-first dates
    decimal       "." or "," where amounts group their thousands; "" allows plain numbers only
    countries     a source's words for countries -> ISO 3166-1 alpha-2
    """

    columns: Mapping[str, str]
    zone: str = ""
    zones: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    date_formats: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    countries: Mapping[str, str] = field(default_factory=dict)
    sheet: str = ""

    def hint(self) -> str:
        return canonical({name: _plain(getattr(self, name)) for name in self.__slots__}).decode()

    def encoded(self, encoding: str) -> Layout:
        return replace(self, encoding=encoding)

    @classmethod
    def from_hint(cls, hint: str) -> Layout:
        """The inverse of `hint`; FormatError on any other shape."""
        value = parse_json(hint.encode(), limit=1 << 20, what="the table's layout")
        try:
            return _checked(value)
        except RequestError as problem:
            raise FormatError(what="the table's layout", why=problem.why) from problem

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Layout:
        """Check a source's settings; RequestError that names the setting and what is wrong."""
        if unknown := sorted(set(settings) - _SETTINGS):
            raise _wrong(unknown[0], f"it is none of {', '.join(sorted(_SETTINGS))}")
        return _checked({k: v for k, v in settings.items() if k not in {"role", "pattern"}})

    def value_of(self, heading: str, said: str) -> str | Time:
        """The fact value of a cell; FormatError with the reason if it cannot be one."""
        name = self.columns[heading]
        match name_of(name).kind:
            case Kind.TIME:
                return self.time_of(heading, said)
            case Kind.AMOUNT:
                return self._amount(said)
            case Kind.NUMBER:
                return self._number(said)
            case Kind.COUNTRY:
                code = self.countries.get(said, said).upper()
                if not re.fullmatch(r"[A-Z]{2}", code):
                    raise FormatError(
                        what=f"the country under {heading!r}",
                        why="it is no two-letter code; declare the word under `countries`",
                    )
                return code
            case Kind.FLAG:
                if said.lower() not in {"yes", "no"}:
                    raise FormatError(what=f"the flag under {heading!r}", why="it is not yes or no")
                return said.lower()
        return said

    def zone_of(self, heading: str) -> str | None:
        return self.zones.get(heading) or self.zone or None

    def time_of(self, heading: str, said: str) -> Time:
        """A time as wide as the cell and the declared zone leave it.

        ISO 8601 and dates that begin with the year are read as they stand. Anything else needs a
        declared format: 6/7/2026 is June to some and July to others.
        """
        zone = self.zone_of(heading)
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
            what=f"the time under {heading!r}",
            why="it is neither ISO 8601 nor in a declared one of `date_formats`",
        )

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


def role_of(settings: Mapping[str, Any]) -> Role:
    said = str(settings.get("role", Role.ORDER_RECORD))
    if said not in _ROLES:
        raise _wrong("role", f"it is none of {', '.join(sorted(_ROLES))}")
    return Role(said)


def _checked(said: Any) -> Layout:
    if not isinstance(said, Mapping):
        raise _wrong("table", "it is not a table")
    columns = _words(said, "columns")
    for heading, name in columns.items():
        if name not in VOCABULARY:
            raise _wrong(f"columns.{heading}", f"{name[:60]!r} is no fact name of ours")
    if not IDENTITY & set(columns.values()):
        raise _wrong("columns", f"none is {' or '.join(sorted(IDENTITY))}, so no row has an order")
    zones = _words(said, "zones")
    zone = _word(said, "zone")
    for name in filter(None, (zone, *zones.values())):
        zone_of(name)
    if stray := sorted(set(zones) - set(columns)):
        raise _wrong(f"zones.{stray[0]}", "there is no such column")
    currency = _word(said, "currency")
    if currency and not re.fullmatch(r"[A-Z]{3}", currency):
        raise _wrong("currency", "it is no three-letter code such as USD")
    decimal = _word(said, "decimal")
    if decimal not in {"", ".", ","}:
        raise _wrong("decimal", 'it is neither "." nor ","')
    delimiter = _word(said, "delimiter")
    if delimiter not in {"", ",", ";", "\t", "|"}:
        raise _wrong("delimiter", "it is none of comma, semicolon, tab and bar")
    formats = said.get("date_formats", ())
    if isinstance(formats, str) or not all(isinstance(f, str) and "%" in f for f in formats):
        raise _wrong("date_formats", "it is not a list of formats such as %d.%m.%Y %H:%M")
    if any("%Z" in f for f in formats):
        raise _wrong("date_formats", "%Z reads names such as EST, which are no zones")
    return Layout(
        columns=columns,
        zone=zone,
        zones=zones,
        currency=currency,
        date_formats=tuple(formats),
        encoding=_word(said, "encoding"),
        delimiter=delimiter,
        decimal=decimal,
        countries=_words(said, "countries"),
        sheet=_word(said, "sheet"),
    )


def _word(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name, "")
    if not isinstance(value, str):
        raise _wrong(name, "it is not text")
    return value


def _words(said: Mapping[str, Any], name: str) -> dict[str, str]:
    value = said.get(name, {})
    if not isinstance(value, Mapping) or not all(
        isinstance(k, str) and isinstance(v, str) for k, v in value.items()
    ):
        raise _wrong(name, "it is not a table of texts")
    return {k.strip(): v for k, v in value.items()}


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def _wrong(name: str, why: str) -> RequestError:
    return ConfigError(what=f"the setting {name[:80]}", why=why)
