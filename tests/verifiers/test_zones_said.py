"""Zones as people write them: which one a time has, which stay possible, and which are none."""

from __future__ import annotations

from datetime import datetime

import pytest

from verifiers.readers.said.fold import fold
from verifiers.readers.said.zones_said import stated_zone, zone_after, zones_at


@pytest.mark.parametrize(
    ("behind", "names"),
    [
        ("+0100", ("+01:00",)), (" +01:00", ("+01:00",)), ("-05:00", ("-05:00",)),
        (" (+8)", ("+08:00",)), ("(+05:30)", ("+05:30",)), (" [-3]", ("-03:00",)),
        (" +00:00", ("Z",)), ("Z", ("Z",)), (" UTC", ("Z",)), (" UTC+8", ("+08:00",)),
        (" GMT-3", ("-03:00",)), (" (GMT+08:00)", ("+08:00",)), (" EST", ("-05:00",)),
        (" EDT", ("-04:00",)), (" PT", ("America/Los_Angeles",)),
        (" Eastern Time", ("America/New_York",)), (" Europe/Berlin", ("Europe/Berlin",)),
        (" (Asia/Shanghai)", ("Asia/Shanghai",)), (" CEST", ("+02:00",)), (" MEZ", ("+01:00",)),
        (" 北京时间", ("Asia/Shanghai",)), (" China Standard Time", ("Asia/Shanghai",)),
        # India, Ireland and Israel: all stay possible.
        (" IST", ("+05:30", "+01:00", "+02:00")),
        # It says that it is local, and not where.
        (" local time", ()),
    ],
)  # fmt: skip
def test_a_zone_stands_right_behind_its_time(behind: str, names: tuple[str, ...]) -> None:
    found = zone_after(fold(f"14:15{behind}"), 5)
    assert found is not None and found.names == names
    assert found.end == len(fold(f"14:15{behind}").rstrip(")")) or behind.endswith(")")


@pytest.mark.parametrize("behind", ["", " Uhr", " ABC", " Mars/Base", " +25", " (local)"])
def test_what_is_no_zone_is_none(behind: str) -> None:
    assert zone_after(fold(f"14:15{behind}"), 5) is None


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("All times are in UTC+8", ("+08:00",)), ("Times shown in local time", ()),
        ("time zone: Europe/Berlin", ("Europe/Berlin",)), ("Timezone (+08:00)", ("+08:00",)),
        ("Time zone: +0800", ("+08:00",)), ("all times EST", ("-05:00",)),
        ("Zeitzone: MEZ", ("+01:00",)), ("时区：北京时间", ("Asia/Shanghai",)),
        ("times are in Pacific Time", ("America/Los_Angeles",)),
        ("Timestamps: UTC+1", ("+01:00",)), ("TZ: UTC-7", ("-07:00",)),
        ("Showing all scans in Eastern Daylight Time", ("America/New_York",)),
        ("Every event is in UTC-6 (Chicago).", ("-06:00",)),
        ("UTC offset: +02:00", ("+02:00",)), ("Offset from UTC: -0500", ("-05:00",)),
        ("(GMT+1) local, applies to all times", ("+01:00",)),
        ("Times: GMT", ("Z",)), ("Times: CET", ("+01:00",)), ("Clock in use: UTC", ("Z",)),
        ("Delivered 14:15", None), ("Time zone: nowhere", None), ("Printed 14:15 UTC", None),
        ("Gone on to EST", None), ("Depot: CST", None), ("UTC is not our clock", None),
    ],
)  # fmt: skip
def test_a_line_may_state_the_zone_of_its_whole_document(
    line: str, names: tuple[str, ...] | None
) -> None:
    found = stated_zone(fold(line))
    assert (None if found is None else found.names) == names


@pytest.mark.parametrize(
    ("behind", "month", "names"),
    [
        # Who writes EST in July means New York's clock, or EST: both stay.
        (" EST", 7, ("-05:00", "America/New_York")), (" EST", 1, ("-05:00",)),
        (" EDT", 1, ("-04:00", "America/New_York")), (" EDT", 7, ("-04:00",)),
        (" CET", 7, ("+01:00", "Europe/Berlin")), (" UTC+8", 7, ("+08:00",)),
        (" IST", 7, ("+05:30", "+01:00", "+02:00")),
    ],
)  # fmt: skip
def test_an_abbreviation_out_of_its_season_may_mean_its_place(
    behind: str, month: int, names: tuple[str, ...]
) -> None:
    line = fold(f"14:15{behind}")
    found = zone_after(line, 5)
    assert found is not None
    assert zones_at(found, datetime(2026, month, 1, 12)) == names
