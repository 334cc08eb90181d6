"""What a sandbox knows, written as TOML.

[ups]
client_id = "demo-client"
client_secret = "demo-secret"
unknown = "404"                     or "warning": HTTP 200 with TW0001, as UPS does at times
token_lasts_s = 14399

[[ups.parcel]]
tracking_number = "1Z..."
reference = "112-..."               a list is fine too
service = "UPS Ground"
weight = "3.20"
weight_unit = "LBS"
received_by = "DOE"
left_at = "Front Door"
recipient_name = "..."
recipient_city = "PORTLAND"         and _street, _state, _postal_code, _country
pod_letter = true                   or the letter's own HTML
signature = true                    or the text that is drawn
photo = false

[[ups.parcel.event]]                in any order
at = "2026-11-03T14:31:07-08:00"
code = "011"                        UPS's statusCode
type = "D"
description = "DELIVERED"
city = "PORTLAND"                   and state, postal_code, country
gmt = true                          false: without gmt*, as older answers came

[[fault]]                           see faults.py
kind = "status"
status = 500
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.errors import RequestError
from service.sandbox.faults import Fault, parse_fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A scan; `at` is aware, in the scan place's offset."""

    at: datetime
    code: str = ""
    type: str = "I"
    description: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = "US"
    gmt: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    tracking_number: str
    references: tuple[str, ...] = ()
    service: str = "UPS Ground"
    weight: str = ""
    weight_unit: str = "LBS"
    received_by: str = ""
    left_at: str = ""
    recipient_name: str = ""
    recipient_street: str = ""
    recipient_city: str = ""
    recipient_state: str = ""
    recipient_postal_code: str = ""
    recipient_country: str = "US"
    pod_letter: bool | str = False
    signature: bool | str = False
    photo: bool = False
    events: tuple[Event, ...] = ()

    @property
    def delivered(self) -> Event | None:
        """The newest scan that says delivered."""
        found = [event for event in self.events if event.code == "011"]
        return max(found, key=lambda event: event.at, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsScenario:
    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"
    unknown: str = "404"
    token_lasts_s: int = 14399
    parcels: tuple[Parcel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    ups: UpsScenario = field(default_factory=UpsScenario)
    faults: tuple[Fault, ...] = ()


def parse_scenario(data: bytes) -> Scenario:
    """Read a scenario. RequestError naming the table and what is wrong with it."""
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise _wrong("it", f"it is not TOML ({problem})") from problem
    if unknown := sorted(set(table) - {"ups", "fault"}):
        raise _wrong("it", f"nobody reads {', '.join(unknown)}")
    ups = _table(table.get("ups", {}), "ups")
    parcels = tuple(_parcel(one) for one in _tables(ups, "parcel", "ups.parcel"))
    settings = {key: value for key, value in ups.items() if key != "parcel"}
    made: UpsScenario = _made(UpsScenario, settings | {"parcels": parcels}, "ups")
    if made.unknown not in ("404", "warning"):
        raise _wrong("ups.unknown", "it is neither 404 nor warning")
    faults = tuple(parse_fault(one) for one in _tables(table, "fault", "fault"))
    return Scenario(ups=made, faults=faults)


def load_scenario(path: Path) -> Scenario:
    """Read a scenario's file; RequestError if it cannot be."""
    try:
        return parse_scenario(path.read_bytes())
    except OSError as problem:
        raise _wrong(str(path), "it cannot be read") from problem


def _parcel(table: Mapping[str, Any]) -> Parcel:
    said = dict(table)
    reference = said.pop("reference", [])
    said["references"] = (reference,) if isinstance(reference, str) else tuple(reference)
    said["events"] = tuple(_event(one) for one in _tables(said, "event", "ups.parcel.event"))
    said.pop("event", None)
    parcel: Parcel = _made(Parcel, said, "ups.parcel")
    return parcel


def _event(table: Mapping[str, Any]) -> Event:
    said = dict(table)
    at = said.get("at")
    try:
        moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _wrong("ups.parcel.event", "at is not a time with an offset")
    said["at"] = moment
    event: Event = _made(Event, said, "ups.parcel.event")
    return event


def _made(kind: type[Any], said: Mapping[str, Any], where: str) -> Any:
    known = {one.name for one in fields(kind)}
    if unknown := sorted(set(said) - known):
        raise _wrong(where, f"nobody reads {', '.join(unknown)}")
    try:
        return kind(**said)
    except TypeError as problem:
        raise _wrong(where, str(problem)) from problem


def _tables(table: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
    found = table.get(key, [])
    if not isinstance(found, list):
        raise _wrong(where, f"it is not written [[{where}]]")
    return [_table(one, where) for one in found]


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(where, "it is not a table")
    return value


def _wrong(what: str, why: str) -> RequestError:
    return RequestError(what=f"the sandbox's scenario ({what})", why=why)
