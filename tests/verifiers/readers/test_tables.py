"""Tables as programs export them: titles over the heading, and a column for the zone."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from evidence.facts import Fact, Facts
from evidence.times import Instant, LocalTime
from tests.verifiers.documents import received
from tests.verifiers.sayings import kinds
from verifiers.readers.registry import read


def facts_of(text: str) -> Facts:
    return Facts(read(received(text.encode())) or [])


def zone_of(told: Fact) -> str:
    time = told.time
    if isinstance(time, Instant):
        return time.zone
    return "".join(time.zones) if isinstance(time, LocalTime) else ""


HEADING = "order-id,carrier,tracking-id,ship-date,delivery-date"
ROW = "111-2454185-0741421,UPS,1Z4F52P10353369905,10.11.2026 12:08,13.11.2026 19:18"
AT = datetime(2026, 11, 13, 18, 18, tzinfo=UTC)


def test_rows_of_a_name_and_its_value_are_titles_over_a_wider_table() -> None:
    titles = "Report generated:,15.11.2026 01:29,\nTime zone:,UTC+01:00,\n"
    facts = facts_of(f"{titles}{HEADING}\n{ROW}\n")
    (told,) = facts.named("delivery.at")
    assert isinstance(told.time, Instant) and told.time.at == AT
    assert [one.text for one in facts.named("document.captured.at")] == ["15.11.2026 01:29"]
    assert kinds(facts) == []


@pytest.mark.parametrize("name", ["tz", "time_zone", "UTC Offset", "时区"])
@pytest.mark.parametrize("zone", ["+01:00", "UTC+01:00", "GMT+1", "Europe/Berlin", "CET"])
def test_a_column_for_the_zone_is_of_its_rows_times(name: str, zone: str) -> None:
    (told,) = facts_of(f"{HEADING},{name}\n{ROW},{zone}\n").named("delivery.at")
    assert zone_of(told) == ("Europe/Berlin" if "/" in zone else "+01:00")


@pytest.mark.parametrize(
    "more", [("note", "+01:00"), ("tz", "unknown"), ("tz,timezone", "CET,EST")]
)
def test_what_names_no_zone_gives_none(more: tuple[str, str]) -> None:
    (told,) = facts_of(f"{HEADING},{more[0]}\n{ROW},{more[1]}\n").named("delivery.at")
    assert isinstance(told.time, LocalTime)


@pytest.mark.parametrize(
    ("name", "zone"), [("Last event time", ""), ("last_event_time UTC", "Z"),
                       ("Last event date/time (UTC+8)", "+08:00")],
)  # fmt: skip
def test_a_column_that_names_another_is_of_its_status(name: str, zone: str) -> None:
    heading = f"Order Number,Tracking,Last event,{name}"
    facts = facts_of(f"{heading}\nSO-2026-1234,EE123456785GB,Delivered,13 Nov 2026 10:52\n")
    (told,) = facts.named("delivery.at")
    assert zone_of(told) == zone and not facts.named("document.captured.at")


def test_what_one_object_of_a_list_says_is_not_of_the_next() -> None:
    events = [
        {"time": "2026-11-16 10:08:19", "description": "Delivered", "location": "Leeds"},
        {"time": "2026-11-16 06:27:19", "description": "Onto the cart", "location": "Leeds"},
        {"time": "2026-11-15 06:26:19", "description": "In transit", "location": "York"},
    ]
    facts = facts_of(json.dumps({"status": "delivered", "checkpoints": events}))
    assert [one.text for one in facts.named("delivery.at")] == ["2026-11-16 10:08:19"]
    assert kinds(facts) == []


def test_each_object_names_its_own_zone() -> None:
    way = [
        {"time": "2026-11-16 10:08", "tz": "America/New_York", "event": "Delivered"},
        {"time": "2026-11-15 06:27", "tz": "America/Chicago", "event": "In transit"},
    ]
    facts = facts_of(json.dumps({"events": way}))
    zones = [zone_of(facts.named(name)[0]) for name in ("delivery.at", "scan.transit.at")]
    assert zones == ["America/New_York", "America/Chicago"]
