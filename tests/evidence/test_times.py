"""A time is as wide as its source leaves it: never narrower, on any place of the earth."""

import json
import pickle
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evidence.canonical import canonical, parse_canonical
from evidence.errors import EvidenceError, FormatError
from evidence.times import (
    EAST_MOST,
    WEST_MOST,
    Instant,
    LocalDate,
    LocalTime,
    Time,
    ZoneBasis,
    before,
    declared,
    from_epoch,
    parse_iso,
    parse_rfc3339,
    rfc3339,
    time_from_json,
    time_to_json,
    with_zones,
    zone_of,
)
from tests.evidence.strategies import STRANGE, instants, local_times, mangled, times

MICRO = timedelta(microseconds=1)


@cache
def every_zone() -> tuple[str, ...]:
    return tuple(sorted(name for name in available_timezones() if "/" in name))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def is_instant(text: str, **kwargs: Any) -> Instant:
    read = parse_iso(text, **kwargs)
    assert isinstance(read, Instant)
    return read


# Sealing


@given(times())
def test_every_time_comes_back_from_its_sealed_form(moment: Time) -> None:
    sealed = canonical(time_to_json(moment))
    assert time_from_json(parse_canonical(sealed)) == moment
    assert pickle.loads(pickle.dumps(moment)) == moment


@given(times())
def test_a_span_has_its_ends_in_order_and_is_never_outside_the_calendar(moment: Time) -> None:
    assert moment.span.earliest <= moment.span.latest
    assert moment.span.width_s >= 0


@given(st.data())
def test_a_mangled_sealed_time_is_refused_or_read_as_it_stands(data: st.DataObject) -> None:
    value = data.draw(times().map(time_to_json).flatmap(mangled))
    try:
        read = time_from_json(value)
    except FormatError:
        return
    again = time_to_json(read)
    # `earliest` and `latest` only have to be times: see time_from_json.
    assert {k: v for k, v in value.items() if k not in {"earliest", "latest"}} == {
        k: v for k, v in again.items() if k not in {"earliest", "latest"}
    }


@pytest.mark.parametrize("value", STRANGE, ids=repr)
def test_what_is_no_time_at_all_is_a_format_error(value: Any) -> None:
    with pytest.raises(FormatError):
        time_from_json(value)
    with pytest.raises(FormatError):
        time_from_json({"kind": value})


@pytest.mark.parametrize(
    "change",
    [
        {"unit_us": True},
        {"unit_us": float("nan")},
        {"unit_us": 10**30},
        {"unit_us": -1},
        {"slack_us": 10**15},
        {"zone": "EST"},
        {"zone": "../../etc/passwd"},
        {"at": "2026-01-01T00:00:00.000000+00:00"},
        {"at": "2026-01-01"},
        {"at": 5},
        {"earliest": "soon"},
    ],
    ids=str,
)
def test_a_sealed_instant_is_held_to_its_types_and_bounds(change: dict[str, Any]) -> None:
    sealed = time_to_json(parse_iso("2026-01-01T00:00:00Z")) | change
    with pytest.raises(FormatError):
        time_from_json(sealed)


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("2026-01-01T10:00", {"wall": "2026-01-01T10:00:00.000000+05:00"}),
        ("2026-01-01T10:00", {"wall": "20260101T100000"}),
        ("2026-01-01T10:00", {"zones": "Z"}),
        ("2026-01-01T10:00", {"zones": ["Nowhere/Else"]}),
        ("2026-01-01", {"day": "2026-W01-1"}),
        ("2026-01-01", {"day": "20260101"}),
        ("2026-01-01", {"wall": "2026-01-01T10:00:00.000000"}),
    ],
)
def test_a_sealed_local_time_has_no_zone_and_one_spelling(
    text: str, change: dict[str, Any]
) -> None:
    with pytest.raises(FormatError):
        time_from_json(time_to_json(parse_iso(text)) | change)


def test_text_that_json_cannot_hold_does_not_stop_the_seal() -> None:
    read = LocalTime(datetime(2026, 1, 1), "1 Jan\udce9")
    assert read.text == "1 Jan\ufffd"
    canonical(time_to_json(read))


# Reading


def test_every_contract_time_is_read_as_far_as_it_goes(shared: Path) -> None:
    cases = json.loads((shared / "contracts/market/timestamps.json").read_bytes())["cases"]
    iso = [c for c in cases if isinstance(c["wire"], str) and c["wire"][:4].isdigit()]
    seen = set()
    for case in iso:
        certainty, wire = case["certainty"], case["wire"]
        try:
            read = parse_iso(wire)
        except FormatError:
            # An abbreviation is no zone, and 2026/6/14 is not ISO 8601.
            assert certainty == "explicit-abbrev" or "/" in wire
            continue
        seen.add(certainty)
        if certainty == "explicit":
            assert isinstance(read, Instant) and read.basis is ZoneBasis.STATED
            assert read.at == datetime.fromisoformat(case["utc"])
        elif certainty == "date-only":
            assert isinstance(read, LocalDate)
        else:  # naive, whatever somebody assumes of it
            assert isinstance(read, LocalTime)
        if case["utc"]:
            at = datetime.fromisoformat(case["utc"])
            assert read.span.earliest <= at <= read.span.latest
    assert seen >= {"explicit", "naive", "date-only", "naive-utc"}


def test_epoch_seconds_and_milliseconds_of_the_contracts_are_instants(shared: Path) -> None:
    cases = json.loads((shared / "contracts/market/timestamps.json").read_bytes())["cases"]
    numbers = [c for c in cases if isinstance(c["wire"], int)]
    assert numbers
    for case in numbers:
        wire = case["wire"]
        milli = wire > 10**11
        read = from_epoch(wire / 1000 if milli else wire, str(wire), unit_s=0.001 if milli else 1)
        assert rfc3339(read.at, unit_s=1) == case["utc"]


@given(st.datetimes(datetime(1900, 1, 2), datetime(2100, 12, 30)), st.sampled_from(every_zone()))
def test_a_local_time_without_a_zone_contains_its_instant_in_every_zone(
    wall: datetime, zone: str
) -> None:
    read = parse_iso(wall.isoformat(" "))
    day = parse_iso(wall.date().isoformat())
    for fold in (0, 1):
        at = wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
        assert read.span.earliest <= at <= read.span.latest
        assert day.span.earliest <= at <= day.span.latest


@given(st.datetimes(datetime(1900, 1, 2), datetime(2100, 12, 30)), st.sampled_from(every_zone()))
def test_a_declared_or_narrowed_zone_keeps_both_readings(wall: datetime, zone: str) -> None:
    text = wall.isoformat(" ")
    narrowed = with_zones(parse_iso(text), [zone])
    for fold in (0, 1):
        at = wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
        for read in (parse_iso(text, zone=zone), narrowed):
            assert read.span.earliest <= at <= read.span.latest
    assert narrowed.span.width_s <= parse_iso(text).span.width_s


@given(st.dates(date(1900, 1, 2), date(2100, 12, 30)), st.sampled_from(every_zone()))
def test_a_declared_day_contains_every_hour_that_bears_its_date(day: date, zone: str) -> None:
    read = parse_iso(day.isoformat(), zone=zone)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    for quarter in range(-4 * 38, 4 * 38):
        at = noon + timedelta(minutes=15 * quarter)
        if at.astimezone(ZoneInfo(zone)).date() == day:
            assert read.span.earliest <= at <= read.span.latest


def test_the_offsets_assumed_possible_are_those_of_the_zone_data() -> None:
    offsets = {
        offset
        for name in every_zone()
        for year in range(1901, 2040, 3)
        for month in (1, 7)
        if (offset := datetime(year, month, 1, tzinfo=ZoneInfo(name)).utcoffset()) is not None
    }
    assert min(offsets) == WEST_MOST
    assert max(offsets) == EAST_MOST


@pytest.mark.parametrize(
    ("text", "zone", "earliest", "latest"),
    [
        pytest.param(
            "2026-11-01 01:30:00", "America/New_York",
            utc(2026, 11, 1, 5, 30), utc(2026, 11, 1, 6, 30, 0, 999999),
            id="the hour New York has twice",
        ),
        pytest.param(
            "2026-03-08 02:30:00", "America/New_York",
            utc(2026, 3, 8, 6, 30), utc(2026, 3, 8, 7, 30, 0, 999999),
            id="the hour New York skips",
        ),
        pytest.param(
            "1991-09-14 23:30:00", "Asia/Shanghai",
            utc(1991, 9, 14, 14, 30), utc(1991, 9, 14, 14, 30, 0, 999999),
            id="Shanghai in its last summer time",
        ),
        pytest.param(
            "1991-09-15 01:30:00", "Asia/Shanghai",
            utc(1991, 9, 14, 16, 30), utc(1991, 9, 14, 17, 30, 0, 999999),
            id="the hour Shanghai had twice in 1991",
        ),
        pytest.param(
            "2026-04-05 01:45:00", "Australia/Lord_Howe",
            utc(2026, 4, 4, 14, 45), utc(2026, 4, 4, 15, 15, 0, 999999),
            id="Lord Howe changes by half an hour",
        ),
        pytest.param(
            "2026-07-01 09:00", "+08:00",
            utc(2026, 7, 1, 1), utc(2026, 7, 1, 1, 0, 59, 999999),
            id="a declared offset, to the minute",
        ),
        pytest.param(
            "2011-12-30", "Pacific/Apia",
            utc(2011, 12, 29, 10), utc(2011, 12, 30, 9, 59, 59, 999999),
            id="the day Samoa never had",
        ),
        pytest.param(
            "2026-11-01", "America/New_York",
            utc(2026, 11, 1, 4), utc(2026, 11, 2, 4, 59, 59, 999999),
            id="a day of 25 hours",
        ),
        pytest.param(
            "2026-03-08", "America/New_York",
            utc(2026, 3, 8, 5), utc(2026, 3, 9, 3, 59, 59, 999999),
            id="a day of 23 hours",
        ),
    ],
)  # fmt: skip
def test_a_declared_zone_with_its_clock_changes(
    text: str, zone: str, earliest: datetime, latest: datetime
) -> None:
    span = parse_iso(text, zone=zone).span
    assert (span.earliest, span.latest) == (earliest, latest)


def test_both_sides_of_the_date_line_stay_possible() -> None:
    span = parse_iso("2026-06-01T12:00:00").span
    assert span.earliest == utc(2026, 5, 31, 22)
    assert span.latest == utc(2026, 6, 2, 0, 0, 0, 999999)
    assert parse_iso("2026-06-01").span.width_s == pytest.approx(50 * 3600, abs=1e-3)


def test_a_time_to_the_minute_is_a_minute_wide() -> None:
    read = is_instant("2020-11-18T23:59Z")
    assert read.at == utc(2020, 11, 18, 23, 59)
    assert read.span.latest == utc(2020, 11, 18, 23, 59, 59, 999999)


def test_nine_digits_are_cut_and_kept_as_text() -> None:
    read = is_instant("2026-06-14T01:26:56.123456789Z")
    assert read.at == utc(2026, 6, 14, 1, 26, 56, 123456)
    assert "123456789" in read.text
    other = is_instant("2026-06-14T01:26:56.123456012Z")
    assert before(read, other) is None
    assert before(other, read) is None


@given(st.integers(1, 9), st.integers(0, 999_999_999))
def test_a_fraction_is_as_wide_as_its_last_digit(digits: int, nanos: int) -> None:
    fraction = f"{nanos:09}"[:digits]
    read = is_instant(f"2026-01-01T00:00:00.{fraction}Z")
    true = int(fraction.ljust(9, "0"))
    micro = read.at.microsecond
    assert micro == true // 1000
    assert read.span.width_s == pytest.approx(max(10**-digits, 1e-6) - 1e-6, abs=1e-9)
    assert time_from_json(time_to_json(read)) == read


@pytest.mark.parametrize(
    "text",
    [
        "2016-12-31T23:59:60Z",
        "2026-01-01T24:00:00Z",
        "2026-02-30",
        "2026-01-01T25:00",
        "2026-01-01T10:60",
        "0000-01-01",
        "10000-01-01",
        "-2026-01-01",
        "2026-01-01T10:00:00+24:00",
        "2026-01-01T10:00:00+08:60",
        "2026-01-01T10:00:00.Z",
        "2026-01-01T10:00:00.1234567890Z",
        "2013-01-07 07:35:42 PST",
        "2026-1-1",
        "٢٠٢٦-٠١-٠١",
        "２０２６-01-01T10:00Z",
        "2026-01-01T10:00:00+٠٨:٠٠",
        "",
        "now",
        " " * 100 + "2026-01-01",
        "9" * 100_000,
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:00-12:00",
    ],
    ids=lambda text: str(text)[:40],
)
def test_what_is_not_a_time_of_ours_is_refused_in_a_short_sentence(text: str) -> None:
    with pytest.raises(FormatError) as refused:
        parse_iso(text)
    assert len(str(refused.value)) < 400


@given(st.text(max_size=200) | st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?.{0,9}"))
def test_any_text_is_a_time_or_a_format_error(text: str) -> None:
    try:
        read = parse_iso(text, zone="Australia/Lord_Howe")
    except FormatError:
        return
    assert read.text == text
    assert time_from_json(time_to_json(read)) == read


@pytest.mark.parametrize("text", ["0001-01-01", "0001-01-01T00:00:00", "9999-12-31T23:59:59.9"])
@pytest.mark.parametrize("zone", [None, "America/New_York", "Asia/Shanghai"])
def test_the_ends_of_the_calendar_do_not_break_anything(text: str, zone: str | None) -> None:
    read = with_zones(parse_iso(text), [zone] if zone else [])
    assert read.span.earliest <= read.span.latest
    assert time_from_json(time_to_json(read)) == read
    assert before(read, parse_iso("2026-01-01")) is (text[0] == "0")


def test_an_offset_of_minus_zero_is_utc() -> None:
    assert is_instant("2026-01-01T00:00:00-00:00").at == utc(2026, 1, 1)


def test_a_stated_offset_wins_over_a_declared_zone() -> None:
    read = is_instant("2026-01-01T00:00:00+01:00", zone="Asia/Shanghai")
    assert (read.zone, read.basis) == ("+01:00", ZoneBasis.STATED)


# Zones


@pytest.mark.parametrize(
    "name",
    [
        "EST", "PST", "CST", "GMT+8", "", "+8", "+٠٨:٠٠", "+16:00", "../etc/passwd", "/etc/passwd",
        "Asia/../Asia/Shanghai", "Asia", "Asia/", "right/Asia/Shanghai", "posix/Asia/Shanghai",
        "Asia/Nowhere", "A" * 5000 + "/B", "Asia/Shanghai\n",
    ],
    ids=lambda name: str(name)[:30],
)  # fmt: skip
def test_a_zone_is_never_guessed(name: str) -> None:
    with pytest.raises(FormatError):
        zone_of(name)
    with pytest.raises(FormatError):
        parse_iso("2026-01-01 10:00", zone=name)
    with pytest.raises(FormatError):
        parse_iso("2026-01-01", zone=name)
    with pytest.raises(FormatError):
        with_zones(parse_iso("2026-01-01 10:00"), [name])


def test_what_was_narrowed_is_not_widened_again() -> None:
    read = with_zones(parse_iso("2026-01-01 10:00"), ["Asia/Shanghai"])
    assert with_zones(read, []) == read
    assert with_zones(read, ["America/New_York"]) == read
    instant = parse_iso("2026-01-01T10:00Z")
    assert with_zones(instant, ["America/New_York"]) == instant


# Order


@given(times(), times())
def test_before_is_antisymmetric(a: Time, b: Time) -> None:
    forward, backward = before(a, b), before(b, a)
    if forward is True:
        assert backward is False
    if forward is None:
        assert backward is None
    assert before(a, a) is None


def instants_possible(moment: Time) -> list[datetime]:
    """Every quarter of an hour of offset, both ends of the unit: brute force, without `span`."""
    if isinstance(moment, Instant):
        width = timedelta(seconds=moment.unit_s + moment.slack_s) - MICRO
        return [moment.at, moment.at + width]
    offsets = [timedelta(minutes=15 * n) for n in range(-48, 57)]
    if isinstance(moment, LocalTime):
        width = timedelta(seconds=moment.unit_s) - MICRO
        naive = [moment.wall, moment.wall + width]
    else:
        start = datetime(moment.day.year, moment.day.month, moment.day.day)
        naive = [start, start + timedelta(days=1) - MICRO]
    return [(wall - offset).replace(tzinfo=UTC) for wall in naive for offset in offsets]


near = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 4))


def near_times() -> st.SearchStrategy[Time]:
    units = st.sampled_from([1.0, 60.0, 1e-6, 0.001])
    return st.one_of(
        st.builds(Instant, at=near.map(lambda at: at.replace(tzinfo=UTC)), text=st.just("x"),
                  unit_s=units),
        st.builds(LocalTime, wall=near, text=st.just("x"), unit_s=units),
        st.builds(LocalDate, day=near.map(datetime.date), text=st.just("x")),
    )  # fmt: skip


@given(near_times(), near_times())
def test_before_agrees_with_every_possible_pair_of_offsets(a: Time, b: Time) -> None:
    firsts, seconds = instants_possible(a), instants_possible(b)
    if max(firsts) < min(seconds):
        assert before(a, b) is True
    elif min(firsts) > max(seconds):
        assert before(a, b) is False
    else:
        assert before(a, b) is None


@given(instants(), local_times())
def test_a_span_holds_exactly_what_brute_force_allows(a: Instant, b: LocalTime) -> None:
    assume(10 < a.at.year < 9000 and 10 < b.wall.year < 9000 and not b.zones)
    for moment in (a, b):
        assert moment.span.earliest == min(instants_possible(moment))
        assert moment.span.latest == max(instants_possible(moment))


# Making


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -float("inf"), -1, 1e15, 10**400])
def test_an_epoch_that_is_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(FormatError):
        from_epoch(seconds, "x")


def test_an_instant_needs_a_zone_and_is_kept_in_utc() -> None:
    with pytest.raises(FormatError):
        Instant(datetime(2026, 1, 1), "x")
    east = Instant(datetime(2026, 1, 1, 8, tzinfo=ZoneInfo("Asia/Shanghai")), "x")
    assert east.at == utc(2026, 1, 1) and east.at.tzinfo is UTC


def test_a_local_time_with_a_zone_and_a_day_with_a_clock_are_refused() -> None:
    with pytest.raises(FormatError):
        LocalTime(utc(2026, 1, 1), "x")
    with pytest.raises(FormatError):
        LocalDate(datetime(2026, 1, 1), "x")


def test_a_bare_datetime_is_never_written_as_utc() -> None:
    with pytest.raises(FormatError):
        rfc3339(datetime(2026, 1, 1))


def test_a_time_of_another_zone_is_written_as_the_moment_it_means() -> None:
    east = datetime(2026, 1, 1, 2, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert rfc3339(east, unit_s=1) == "2025-12-31T18:30:00Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_rfc3339_comes_back(at: datetime) -> None:
    assert parse_rfc3339(rfc3339(at)) == at
    assert parse_rfc3339(rfc3339(at, unit_s=1.0)) == at.replace(microsecond=0)
    assert len(rfc3339(at)) == 27


@pytest.mark.parametrize(
    "text",
    ["2026-01-01T00:00:00+00:00", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00z", " 2026-01-01",
     "2026-01-01T00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00.00.00Z", "2026-13-01T00:00:00Z"],
)  # fmt: skip
def test_only_our_own_spelling_of_a_time_is_read_back(text: str) -> None:
    with pytest.raises(EvidenceError):
        parse_rfc3339(text)


def test_a_time_prints_what_it_leaves_open() -> None:
    assert str(parse_iso("2026-01-01")) == "2026-01-01 (a day, zone unknown)"
    assert "zone unknown" in str(parse_iso("2026-01-01 10:00"))
    assert "Asia/Shanghai" in str(with_zones(parse_iso("2026-01-01 10:00"), ["Asia/Shanghai"]))
    twice = declared(datetime(2026, 11, 1, 1, 30), "01:30", zone="America/New_York")
    assert str(twice) == "01:30 (2026-11-01T05:30:00Z or up to 3600 s later)"
