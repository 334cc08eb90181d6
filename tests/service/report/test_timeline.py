"""The events of an order and their picture."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.times import parse_iso
from service.timeline.timeline import (
    REQUEST,
    Event,
    contradictions_of,
    described,
    events_of,
    timeline_svg,
    zone_words,
)
from service.wording.words import EVENTS
from tests.service.report.accounts import account, scan, story
from tests.verifiers.evidence_of import NEIGHBOUR, NUMBER, said

SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: str) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_events_stand_in_the_order_of_time_and_leave_out_the_neighbours_row() -> None:
    events = events_of(account())
    assert [event.name for event in events] == [
        "order.placed.at", "scan.accepted.at", "shipment.shipped.at", "delivery.recorded.at",
        "scan.delivered.at", "defect.noticed.at",
    ]  # fmt: skip
    assert all("2026-10-20" not in event.time.text for event in events)
    assert all(place for event in events if event.origin != REQUEST for place in event.rests)


def test_what_one_origin_says_twice_is_one_event_with_two_places() -> None:
    again = scan("delivered", "2026-11-03T14:31:07-08:00", "parcel/1", place="/again")
    delivered = [e for e in events_of(account([*story(), again])) if e.name == "scan.delivered.at"]
    assert [len(event.rests) for event in delivered] == [2]


def test_a_contradiction_numbers_the_events_that_it_rests_on() -> None:
    manifest = account()
    told = contradictions_of(manifest)
    assert "probable-zone-mistake" in {finding.code for finding in told}
    number = [f.code for f in told].index("probable-zone-mistake") + 1
    marked = {event.name for event in events_of(manifest) if number in event.against}
    assert marked == {"delivery.recorded.at", "scan.delivered.at"}


def test_the_picture_numbers_what_contradicts_and_never_by_colour_alone() -> None:
    manifest = account()
    svg = timeline_svg(events_of(manifest))
    assert sum(bool(re.fullmatch(r"(×\d+ ?)+", text)) for text in drawn(svg)) >= 2
    calm = [fact for fact in story() if fact.name != "delivery.recorded.at"]
    assert "×" not in timeline_svg(events_of(account(calm)))


def test_a_time_that_can_be_anywhere_in_two_days_is_a_bar_and_an_instant_is_a_dot() -> None:
    events = [
        Event(name="shipment.shipped.at", origin="erp", time=parse_iso("2026-10-29")),
        Event(name="scan.delivered.at", origin="ups", time=parse_iso("2026-11-03T14:31:07Z")),
    ]
    tree = ElementTree.fromstring(timeline_svg(events))
    bars = [float(r.get("width", "0")) for r in tree.iter(f"{SVG}rect") if r.get("rx")]
    assert len([width for width in bars if width > 40]) == 1
    # One for the event, one in the legend.
    assert len(list(tree.iter(f"{SVG}circle"))) == 2


@pytest.mark.parametrize("language", ["en", "zh", "both"])
def test_the_picture_speaks_the_language_that_is_asked_for(language: str) -> None:
    words = " ".join(drawn(timeline_svg(events_of(account()), language=language)))
    assert ("Paid" in words or "Ordered" in words) == (language != "zh")
    assert ("买家下单" in words) == (language != "en")


def test_without_events_there_is_a_picture_that_says_so() -> None:
    assert "No source states a time of this order." in drawn(timeline_svg([]))
    assert described([]).en == "Timeline without events."


def test_an_origin_that_is_made_to_fool_stays_text() -> None:
    origin = '"><script>alert(1)</script>\u202egpj\x00'
    event = Event(name="order.placed.at", origin=origin, time=parse_iso("2026-10-28T00:00:00Z"))
    svg = timeline_svg([event])
    assert "<script" not in svg and "\u202e" not in svg and "\x00" not in svg
    assert any("⟨U+202E⟩" in text or "…" in text for text in drawn(svg))


def test_a_zone_is_named_and_never_guessed() -> None:
    assert zone_words(parse_iso("2026-10-28T00:00:00+08:00")).en == "UTC+08:00"
    assert zone_words(parse_iso("2026-10-28T00:00:00")).en == "not stated"
    declared = zone_words(parse_iso("2026-10-28 00:00:00", zone="Asia/Shanghai"))
    assert declared.en == "Asia/Shanghai, declared"


def test_several_parcels_are_told_apart() -> None:
    other = said(
        "shipment.tracking_number", "1Z999AA10123456784", by="erp", item="record", group="row/1"
    )
    events = events_of(account([*story(), other]))
    assert {e.parcel for e in events if e.name.startswith("scan.")} == {NUMBER}
    assert NEIGHBOUR not in {e.parcel for e in events}


times = st.one_of(
    st.datetimes().map(lambda at: at.isoformat(timespec="seconds")),
    st.datetimes().map(lambda at: at.isoformat(timespec="seconds") + "Z"),
    st.dates().map(lambda day: day.isoformat()),
)


@given(
    st.lists(
        st.builds(
            lambda name, origin, time, against: Event(
                name=name, origin=origin, time=parse_iso(time), against=against
            ),
            st.sampled_from(sorted(EVENTS)),
            st.text(max_size=40),
            times,
            st.lists(st.integers(1, 9), max_size=3).map(tuple),
        ),
        max_size=12,
    )
)
def test_any_events_make_a_picture_that_is_xml_and_the_same_twice(events: list[Event]) -> None:
    svg = timeline_svg(events, language="both")
    assert svg == timeline_svg(events, language="both")
    ElementTree.fromstring(svg)
    for x in re.findall(r'(?:cx|x1|x)="(-?[0-9.]+)"', svg):
        assert -20 <= float(x) <= 980
