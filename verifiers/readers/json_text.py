"""JSON: each value with its path, under the name it stands under.

Numbers are read as they are written, so that no digit of a tracking number is lost. What only
begins like JSON is read as the lines of text that it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import WHOLE, pointer
from verifiers.readers import text
from verifiers.readers.lines import Line
from verifiers.readers.names import words_of_name
from verifiers.readers.reader import MAX_LINES, MAX_TEXT, MAX_TOLD_CHARS, failed
from verifiers.readers.said.facts import facts_of_lines
from verifiers.readers.said.fold import fold
from verifiers.readers.said.zone_fields import in_zone, names_zone

MAX_JSON = 16 << 20
MAX_DEPTH = 100
_MOST = MAX_LINES + 1  # of one list: a line more than is searched, so that it shows
# Between the objects of a list: what is said in one is not of the next. So many empty lines part
# what stands in lines without a place (said/spots.py).
_APART, _ROOM = object(), 3


class NotJsonError(Exception):
    """The message says why, as a part of a sentence."""


@dataclass(frozen=True, slots=True)
class _Object:
    """Names and values in their order: a name that stands twice keeps both values."""

    pairs: list[tuple[str, Any]]


def read(item: Item) -> list[Fact]:
    """Its values, and the numbers, dates and names in them."""
    try:
        lines = list(islice(lines_in(item.content.read(MAX_JSON)), _MOST))
    except EvidenceError as problem:
        return [failed(item, f"{problem}")]
    except NotJsonError as problem:
        return [failed(item, f"it begins like JSON, but {problem}"), *text.read(item)]
    return facts_of_lines(item, lines)


def text_of(item: Item) -> str:
    try:
        lines = islice(lines_in(item.content.read(MAX_JSON)), _MOST)
        return "\n".join(line.text for line in lines if line.text)[:MAX_TEXT]
    except EvidenceError:
        return ""
    except NotJsonError:
        return text.text_of(item)


def lines_in(data: bytes) -> Iterator[Line]:
    try:
        whole = json.loads(
            text.decoded(data),
            object_pairs_hook=_Object,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
        )
    except RecursionError:
        raise NotJsonError("it is nested too deeply") from None
    except ValueError as problem:
        at = f"line {problem.lineno}" if isinstance(problem, json.JSONDecodeError) else "a number"
        raise NotJsonError(f"what stands in {at} is none") from None
    waiting: list[tuple[tuple[str | int, ...], str, Any]] = [((), "", whole)]
    while waiting:
        steps, name, value = waiting.pop()
        match value:
            case _Object(pairs) if len(steps) < MAX_DEPTH:
                named = _renamed(_in_their_zone(_with_moments(pairs[:_MOST])), name)
                inner = [((*steps, key), name, one) for key, name, one in named]
                waiting.extend(reversed(inner))
            case list() if len(steps) < MAX_DEPTH:
                each = [((*steps, n), name, one) for n, one in enumerate(value[:_MOST])]
                if any(isinstance(one, _Object) for one in value[:_MOST]):
                    waiting.append(((*steps, "-"), "", _APART))
                    for one in reversed(each):
                        waiting.extend((one, ((*steps, "-"), "", _APART)))
                else:
                    waiting.extend(reversed(each))
            case _ if value is _APART:
                yield from [Line("", WHOLE)] * _ROOM
            case str() if value.strip():
                said = " ".join(value.split())[:MAX_TOLD_CHARS]
                label = words_of_name(name)
                said = moment_of(label, said) or said
                yield Line(f"{label}: {said}" if label else said, pointer(*steps))


# How many digits a count of seconds, milliseconds and microseconds since 1970 has in our days.
_UNITS = {10: 0, 13: 3, 16: 6}
_COUNTED = re.compile(r"(?:time|date|timestamp|ts|epoch|millis|ms|seconds|unix)$|(?:^|\s)at$")
_EARLIEST, _LATEST = 1_104_537_600, 2_556_144_000  # 2005 and 2051
_DESCRIBED = frozenset({"description", "message", "desc", "event", "content", "remark"})


def moment_of(label: str, said: str) -> str | None:
    """A count since 1970 under a time's name, as the UTC moment that it is; None for all else."""
    if not said.isascii() or not said.isdigit() or (places := _UNITS.get(len(said))) is None:
        return None
    seconds, rest = divmod(int(said), 10**places)
    if not _COUNTED.search(label.casefold()) or not _EARLIEST <= seconds < _LATEST:
        return None
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{rest:0{places}d}Z" if rest else f"{moment}Z"


# A day and a time of day of one object, as carriers write them: "20261120" and "141400".
_DAY = re.compile(r"(20\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])")
_CLOCK = re.compile(r"([01]\d|2[0-3]):?([0-5]\d)(?::?([0-5]\d))?")
_OFFSET = re.compile(r"[+-]\d\d:?\d\d")


def _with_moments(pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The pairs, a day with the time of day beside it as one moment: `date` and `time` of one
    object, with its `gmtOffset`. The same moment in UTC (`gmtDate`) is left out there."""
    texts = {key.casefold(): value for key, value in pairs if isinstance(value, str)}
    day, clock = _DAY.fullmatch(texts.get("date", "")), _CLOCK.fullmatch(texts.get("time", ""))
    if day is None or clock is None:
        return pairs
    offset = texts.get("gmtoffset", texts.get("utcoffset", ""))
    zone = offset if _OFFSET.fullmatch(offset) else ""
    whole = f"{'-'.join(day.groups())}T{clock[1]}:{clock[2]}:{clock[3] or '00'}{zone}"
    left_out = {"time"} | ({"gmtdate", "gmttime", "utcdate", "utctime"} if zone else set())
    return [
        (key, whole if key.casefold() == "date" else value)
        for key, value in pairs
        if key.casefold() not in left_out
    ]


def _in_their_zone(pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The pairs, each moment with the zone that a field of the same object names."""
    zones = [
        value for key, value in pairs
        if isinstance(value, str) and names_zone(fold(words_of_name(key)))
    ]  # fmt: skip
    if len(zones) != 1:
        return pairs
    return [
        (key, in_zone(value, zones[0]) if isinstance(value, str) else value) for key, value in pairs
    ]


def _renamed(pairs: list[tuple[str, Any]], name: str) -> Iterator[tuple[str, str, Any]]:
    """Key, the name it is told under, and value of each pair; `name` is that of the object.

    The only time beside a description is when that happened, also where the vendor calls it the
    time of an update (TikTok Shop's `update_time_millis`). The `name` of an order is its number
    (Shopify), and so is the `number` of a parcel beside its carrier (17TRACK).
    """
    updates = [key for key, value in pairs if isinstance(value, str) and _is_update(key)]
    described = any(key.casefold() in _DESCRIBED and isinstance(one, str) for key, one in pairs)
    times = [key for key, _ in pairs if "time" in key.casefold() or "date" in key.casefold()]
    is_open = described and len(updates) == 1 and times == updates
    parcel = any(key in {"track_info", "track"} for key, _ in pairs)
    for key, value in pairs:
        told = key
        if is_open and key in updates:
            told = "time"
        elif key == "name" and name in {"order", "orders"}:
            told = "order number"
        elif key == "number" and parcel:
            told = "tracking number"
        yield key, told, value


def _is_update(key: str) -> bool:
    return words_of_name(key).casefold() in {"update time", "update time millis"}
