"""Mail dates: an offset makes an instant, anything less stays local."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import FormatError
from evidence.mail_times import mail_time
from evidence.times import Instant, LocalTime, ZoneBasis


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Fri, 19 Jun 2026 05:22:00 +0200", datetime(2026, 6, 19, 3, 22, tzinfo=UTC)),
        ("17 Jun 2026 20:45:10 -0700 (PDT)", datetime(2026, 6, 18, 3, 45, 10, tzinfo=UTC)),
        ("Wed, 17 Jun 2026 09:15:30 GMT", datetime(2026, 6, 17, 9, 15, 30, tzinfo=UTC)),
        ("Wed, 17 Jun 2026 09:15:30 UT", datetime(2026, 6, 17, 9, 15, 30, tzinfo=UTC)),
        ("Wed, 17 Jun 2026 09:15:30 z", datetime(2026, 6, 17, 9, 15, 30, tzinfo=UTC)),
        ("Wed, 17 Jun 26 09:15 +0000", datetime(2026, 6, 17, 9, 15, tzinfo=UTC)),
        ("Tue, 31 Dec 2024 23:59:60 +0000", datetime(2025, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_offset_makes_an_instant_that_the_source_stated(text: str, at: datetime) -> None:
    time = mail_time(text)
    assert isinstance(time, Instant)
    assert (time.at, time.basis, time.text) == (at, ZoneBasis.STATED, text)


@pytest.mark.parametrize(
    "text",
    ["Wed, 17 Jun 2026 09:15", "Wed, 17 Jun 2026 09:15:00 -0000", "17 Jun 2026 09:15:00 EST"],
)
def test_without_an_offset_a_time_stays_local_and_26_hours_wide(text: str) -> None:
    time = mail_time(text)
    assert isinstance(time, LocalTime)
    assert time.wall == datetime(2026, 6, 17, 9, 15)
    assert time.span.width_s >= 26 * 3600


def test_a_zone_counts_only_where_an_operator_declared_it() -> None:
    time = mail_time("Wed, 17 Jun 2026 09:15:00", zone="Asia/Shanghai")
    assert isinstance(time, Instant)
    assert (time.at.hour, time.basis) == (1, ZoneBasis.DECLARED)


@pytest.mark.parametrize("written", ["17 Jun 2026 09:15", "17 Jun 2026 09:15:30"])
@pytest.mark.parametrize(
    ("offset", "declared", "zone"),
    [
        (" +0530", None, "+05:30"),
        (" -0330", "Asia/Shanghai", "-03:30"),
        (" GMT", None, "+00:00"),
        ("", "Asia/Shanghai", "Asia/Shanghai"),
        (" -0000", "Asia/Shanghai", "Asia/Shanghai"),
    ],
)
def test_a_date_without_seconds_is_a_minute_wide_in_the_zone_it_was_read_in(
    written: str, offset: str, declared: str | None, zone: str
) -> None:
    time = mail_time(written + offset, zone=declared)
    assert isinstance(time, Instant)
    assert (time.zone, time.unit_s) == (zone, 1.0 if written.endswith(":30") else 60.0)


def test_letters_that_name_no_one_zone_are_not_read_in_a_declared_one() -> None:
    time = mail_time("17 Jun 2026 09:15 EST", zone="Asia/Shanghai")
    assert isinstance(time, LocalTime) and time.unit_s == 60.0


@pytest.mark.parametrize(
    ("year", "meant"), [("49", 2049), ("50", 1950), ("00", 2000), ("99", 1999), ("2049", 2049)]
)
def test_a_year_of_two_digits_is_of_the_century_that_the_standard_gives(
    year: str, meant: int
) -> None:
    time = mail_time(f"17 Jan {year} 09:15:00")
    assert isinstance(time, LocalTime) and time.wall == datetime(meant, 1, 17, 9, 15)


@pytest.mark.parametrize(
    "text",
    [
        "17 Jun 2026 09:15:61 +0000",
        "31 Jun 2026 09:15",
        "31 Dec 9999 23:59:60",
        "1 Jan 0001 00:30 +0100",
    ],
)
def test_a_time_that_no_clock_shows_is_refused_in_its_own_words(text: str) -> None:
    with pytest.raises(FormatError, match=re.escape(text)):
        mail_time(text)


@given(st.text(max_size=60) | st.from_regex(r"\d{1,2} [A-Z][a-z]{2} \d{2,4} \d\d:\d\d.{0,9}"))
def test_any_other_text_is_a_time_or_a_format_error(text: str) -> None:
    try:
        assert mail_time(text).text == text
    except FormatError:
        pass
