"""What happened and when, in one record of JSON or XML (records.py).

A day and a clock beside it are one moment, in the zone that the record names; and what happened
stands beside its moment, whatever the record holds between both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from verifiers.readers.names import words_of_name
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import labels_in
from verifiers.readers.said.moments import MAX_LINE
from verifiers.readers.said.named_rows import OPEN_NAME
from verifiers.readers.said.zone_fields import in_zone, names_zone

if TYPE_CHECKING:
    from verifiers.readers.records import Field


def told_together(fields: Sequence[Field], name: str) -> Iterable[Field]:
    """The fields as they are told; `name` is that of their record."""
    if any(isinstance(one.step, int) for one in fields):
        return fields  # a list
    return _together(_renamed(_in_their_zone(_with_moments(fields)), name))


# How many digits a count of seconds, milliseconds and microseconds since 1970 has in our days.
_UNITS = {10: 0, 13: 3, 16: 6}
_COUNTED = re.compile(r"(?:time|date|timestamp|ts|epoch|millis|ms|seconds|unix)$|(?:^|\s)at$")
_EARLIEST, _LATEST = 1_104_537_600, 2_556_144_000  # 2005 and 2051
_DESCRIBED = frozenset({"description", "message", "desc", "event", "content", "remark"})


# "20261120 141400", and a midnight to the second: so programs write a day alone.
_COMPACT = re.compile(
    r"(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])[ T]?([01]\d|2[0-3])([0-5]\d)([0-5]\d)"
)
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[T ]00:00:00(?:[.,]0+)?\s?(?:Z|[+-]\d\d:?\d\d)?")


def moment_of(label: str, said: str) -> str | None:
    """What a program wrote as people write it: a count since 1970 under a time's name, as the UTC
    moment that it is; the day alone that a midnight to the second stands for. Else None."""
    if midnight := _MIDNIGHT.fullmatch(said):
        return midnight[1]
    if (compact := _COMPACT.fullmatch(said)) and _COUNTED.search(label.casefold()):
        return "{}-{}-{}T{}:{}:{}".format(*compact.groups())
    if not said.isascii() or not said.isdigit() or (places := _UNITS.get(len(said))) is None:
        return None
    seconds, rest = divmod(int(said), 10**places)
    if not _COUNTED.search(label.casefold()) or not _EARLIEST <= seconds < _LATEST:
        return None
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{rest:0{places}d}Z" if rest else f"{moment}Z"


# A day and a time of day of one record, as carriers write them: "20261120" and "141400".
_DAY = re.compile(r"(20\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])")
_CLOCK = re.compile(r"([01]\d|2[0-3]):?([0-5]\d)(?::?([0-5]\d)(?:\.\d+)?)?")
# As they are written for people.
_DAY_WRITTEN = re.compile(r"(?=.*\d)[^:]{6,24}")
_CLOCK_WRITTEN = re.compile(r"\d{1,2}:\d\d(?::\d\d)?(?:\s?[AaPp]\.?[Mm]\.?)?")
_OFFSET = re.compile(r"[+-]\d\d:?\d\d")
_ITS_DATE = re.compile(r"(?P<of>|.+\s)date")


def _with_moments(fields: Sequence[Field]) -> Sequence[Field]:
    """The fields, a day with the time of day beside it as one moment: `date` and `time` of one
    record, or `event-date` and `event-time`; with its `gmtOffset`. The same moment in UTC
    (`gmtDate`) is left out there."""
    texts = {words_in(one): one.value for one in fields if isinstance(one.value, str)}
    whole: dict[str, str] = {}
    left_out: set[str] = set()
    for name, day in texts.items():
        if (found := _ITS_DATE.fullmatch(name)) is None:
            continue
        clock = texts.get(f"{found['of']}time", "")
        if (moment := _moment(day, clock)) is None:
            continue
        offset = texts.get("gmt offset") or texts.get("utc offset") or ""
        if name.startswith(("gmt ", "utc ")):
            moment += "Z" if "T" in moment else " UTC"
        elif _OFFSET.fullmatch(offset):
            moment += offset
            left_out |= {"gmt date", "utc date"}
        whole[name] = moment
        left_out.add(f"{found['of']}time")
    return [
        replace(one, value=whole[name]) if (name := words_in(one)) in whole else one
        for one in fields
        if words_in(one) not in left_out
    ]


def words_in(field: Field) -> str:
    return fold(words_of_name(field.name))


def _moment(day: str, clock: str) -> str | None:
    day, clock = day.strip(), clock.strip()
    if (whole := _DAY.fullmatch(day)) and (at := _CLOCK.fullmatch(clock)):
        return f"{'-'.join(whole.groups())}T{at[1]}:{at[2]}:{at[3] or '00'}"
    both = _DAY_WRITTEN.fullmatch(day) and _CLOCK_WRITTEN.fullmatch(clock)
    return f"{day} {clock}" if both else None


_OF_WHAT = re.compile(r"^(?:event|scan|local|status|activity|checkpoint)\s")


def _in_their_zone(fields: Sequence[Field]) -> Sequence[Field]:
    """The fields, each moment with the zone that a field of the same record names."""
    zones = [
        one.value for one in fields
        if isinstance(one.value, str) and names_zone(_OF_WHAT.sub("", words_in(one)))
    ]  # fmt: skip
    if len(zones) != 1:
        return fields
    return [
        replace(one, value=in_zone(one.value, zones[0])) if isinstance(one.value, str) else one
        for one in fields
    ]


def _renamed(fields: Sequence[Field], name: str) -> Sequence[Field]:
    """The fields, each under the name that it is told under; `name` is that of their record.

    The only time beside a description is when that happened, also where the vendor calls it the
    time of an update (TikTok Shop's `update_time_millis`). The `name` of an order is its number
    (Shopify), and so is the `number` of a parcel beside its carrier (17TRACK).
    """
    names = [one.name for one in fields]
    updates = [one.name for one in fields if isinstance(one.value, str) and _is_update(one.name)]
    described = any(
        one.name.casefold() in _DESCRIBED and isinstance(one.value, str) for one in fields
    )
    times = [key for key in names if "time" in key.casefold() or "date" in key.casefold()]
    is_open = described and len(updates) == 1 and times == updates
    parcel = not {"track_info", "track"}.isdisjoint(names)
    told = []
    for one in fields:
        if is_open and one.name in updates:
            told.append(replace(one, name="time"))
        elif one.name == "name" and name in {"order", "orders"}:
            told.append(replace(one, name="order number"))
        elif one.name == "number" and parcel:
            told.append(replace(one, name="tracking number"))
        else:
            told.append(one)
    return told


def _is_update(name: str) -> bool:
    return words_of_name(name).casefold() in {"update time", "update time millis"}


# A value that is a moment.
_MOMENT = re.compile(
    r"(?:\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{4}|20\d{6}(?!\d)|20\d{12}(?!\d)"
    r"|[^\W\d]{3,9}\.? \d{1,2},? 20\d\d|\d{1,2}\.? [^\W\d]{3,9}\.?,? 20\d\d).{0,25}"
)
# "timestamp" and "local_time" of one row are one moment.
_WRITTEN_TWICE = 3
# What a row of a history says happened, by its name; other names say it in words that are known.
_DESCRIBES = re.compile(
    r"(?:(?:event|status|state|activity|scan|checkpoint|tracking|code)\s)?"
    r"(?:description|message|desc|event|content|remark|status|activity|details?|text|context|action"
    r"|code|type|name|state|milestone|tag)"
)


def _together(fields: Sequence[Field]) -> Iterable[Field]:
    """The fields, those between what happened and when behind both: there vendors write where it
    was. Of several moments, when it happened is told by those whose name leaves open what did."""
    moments = [one for one in fields if is_moment(one)]
    if len(moments) > 1:
        moments = [one for one in moments if OPEN_NAME.fullmatch(words_in(one))]
    if not 0 < len(moments) <= _WRITTEN_TWICE:
        return fields
    when = set(map(id, moments))
    at = [n for n, one in enumerate(fields) if id(one) in when or _describes(one)]
    inner = range(at[0], at[-1] + 1)
    said = set(at)
    order = (*at, *(n for n in inner if n not in said))
    return [*fields[: at[0]], *(fields[n] for n in order), *fields[at[-1] + 1 :]]


def is_moment(field: Field) -> bool:
    said = field.value
    return isinstance(said, str) and bool(
        _MOMENT.fullmatch(said) or moment_of(words_of_name(field.name), said)
    )


def _describes(field: Field) -> bool:
    if _DESCRIBES.fullmatch(words_in(field)):
        return True
    return isinstance(field.value, str) and bool(labels_in(fold(field.value[:MAX_LINE])))
