"""Records: what JSON and XML hold. Each value with its place, under the name it stands under.

What stands in one record is said of one thing. So a day and a clock beside it are one moment, in
the zone that the record names; the one moment of a row of a list is when that happened which the
row describes; and what a list says of several parcels or orders is told of each apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from evidence.facts import Fact
from evidence.locators import WHOLE, Locator
from verifiers.readers.lines import Line
from verifiers.readers.names import words_of_name
from verifiers.readers.reader import MAX_LINES, MAX_TOLD_CHARS
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import labels_in
from verifiers.readers.said.moments import MAX_LINE
from verifiers.readers.said.named_rows import OPEN_NAME
from verifiers.readers.said.zone_fields import in_zone, names_zone

MAX_DEPTH = 100
_MOST = MAX_LINES + 1  # of one record: a line more than is searched, so that it shows
# Between the rows of a list: what is said in one is not of the next. So many empty lines part what
# stands in lines without a place (said/spots.py).
_ROOM = 3


@dataclass(frozen=True, slots=True)
class Field:
    """A value in a record.

    step   leads from the record to it; None where it stands in the place of the record itself
    apart  one of a list: what is said in it is not of its neighbours
    """

    step: str | int | None
    name: str
    value: str | Record
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """Its values in their order: a name that stands twice keeps both."""

    fields: Sequence[Field]


Steps = tuple[str | int, ...]


def lines_of(root: str | Record, place: Callable[..., Locator]) -> Iterator[Line]:
    """Each value as a line "name: value"; empty lines around each row of a list.

    place  the locator for the steps that lead to a value
    """
    waiting: list[tuple[Steps, str, str | Record | None]] = [((), "", root)]
    while waiting:
        steps, name, value = waiting.pop()
        match value:
            case None:
                yield from [Line("", WHOLE)] * _ROOM
            case Record(fields) if len(steps) < MAX_DEPTH:
                inner: list[tuple[Steps, str, str | Record | None]] = []
                for one in _told(fields[:_MOST], name):
                    below = (*steps, one.step) if one.step is not None else steps
                    inner.append((below, one.name, one.value))
                    if one.apart:
                        inner[-1:] = [((), "", None), inner[-1], ((), "", None)]
                waiting.extend(reversed(inner))
            case str() if value.strip():
                said = " ".join(value.split())[:MAX_TOLD_CHARS]
                label = words_of_name(name)
                said = moment_of(label, said) or said
                yield Line(f"{label}: {said}" if label else said, place(*steps))


def _told(fields: Sequence[Field], name: str) -> Iterable[Field]:
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
    texts = {_words(one): one.value for one in fields if isinstance(one.value, str)}
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
        replace(one, value=whole[name]) if (name := _words(one)) in whole else one
        for one in fields
        if _words(one) not in left_out
    ]


def _words(field: Field) -> str:
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
        if isinstance(one.value, str) and names_zone(_OF_WHAT.sub("", _words(one)))
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
    moments = [one for one in fields if _is_moment(one)]
    if len(moments) > 1:
        moments = [one for one in moments if OPEN_NAME.fullmatch(_words(one))]
    if not 0 < len(moments) <= _WRITTEN_TWICE:
        return fields
    when = set(map(id, moments))
    at = [n for n, one in enumerate(fields) if id(one) in when or _describes(one)]
    inner = range(at[0], at[-1] + 1)
    said = set(at)
    order = (*at, *(n for n in inner if n not in said))
    return [*fields[: at[0]], *(fields[n] for n in order), *fields[at[-1] + 1 :]]


def _is_moment(field: Field) -> bool:
    said = field.value
    return isinstance(said, str) and bool(
        _MOMENT.fullmatch(said) or moment_of(words_of_name(field.name), said)
    )


def _describes(field: Field) -> bool:
    if _DESCRIBES.fullmatch(_words(field)):
        return True
    return isinstance(field.value, str) and bool(labels_in(fold(field.value[:MAX_LINE])))


# What a parcel's or an order's own number is called.
_NUMBERED = re.compile(
    r"(?:(?:tracking|waybill|parcel|package|piece|shipment|consignment|awb|order|logistics|mail)\s?)"
    r"(?:number|no|nr|id|code|sn|num)|unitno|pin|waybill|awb|trackingnumber|运单号|订单号|快递单号"
)


def apart(root: str | Record) -> list[Steps]:
    """The steps to each row of the outermost list whose rows are of several parcels or orders:
    each names a number of its own, or has a history of its own."""
    waiting: list[tuple[Steps, str | Record]] = [((), root)]
    for steps, value in waiting:  # grows while it is walked, level by level
        if isinstance(value, str) or len(steps) >= MAX_DEPTH:
            continue
        rows = [
            one for one in value.fields[:_MOST]
            if one.apart and isinstance(one.value, Record) and one.step is not None
        ]  # fmt: skip
        numbers = {number for one in rows if (number := _own_number(one))}
        if len(numbers) > 1 or sum(_has_history(one) for one in rows) > 1:
            return [(*steps, one.step) for one in rows if one.step is not None]
        waiting.extend(
            ((*steps, one.step) if one.step is not None else steps, one.value)
            for one in value.fields[:_MOST]
        )
    return []


def _own_number(row: Field) -> str | None:
    return next(
        (
            one.value
            for one in _inside(row, lists=False)
            if isinstance(one.value, str) and _NUMBERED.fullmatch(_words(one))
        ),
        None,
    )


def _has_history(row: Field) -> bool:
    """Whether a list inside it has rows with moments."""
    return any(
        isinstance(value.value, str) and _MOMENT.fullmatch(value.value)
        for one in _inside(row, lists=True)
        if one.apart
        for value in _inside(one, lists=False)
    )


def _inside(row: Field, *, lists: bool) -> Iterator[Field]:
    """What stands in it, at most _MOST fields; `lists`: in the rows of lists too."""
    waiting = [(row, 0)]
    for one, depth in waiting:
        if one is not row:
            yield one
        if (
            isinstance(one.value, Record)
            and depth < MAX_DEPTH
            and (one is row or lists or not one.apart)
        ):
            waiting.extend((inner, depth + 1) for inner in one.value.fields[: _MOST - len(waiting)])


def grouped(facts: Iterable[Fact], rows: Sequence[Locator]) -> list[Fact]:
    """The facts, those that stand in one of these rows as a group of its own."""
    places = {f"{row}": f"{row.kind}{row.place}" for row in rows}
    return [
        replace(one, group=group) if (group := _row_of(f"{one.locator}", places)) else one
        for one in facts
    ]


def _row_of(place: str, rows: dict[str, str]) -> str | None:
    while place:
        if place in rows:
            return rows[place]
        place = place.rpartition("/")[0]
    return None
